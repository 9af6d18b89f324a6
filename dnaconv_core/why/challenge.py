"""The challenge: five levels of data with a secret, questions about it, and points for the answers.

Data and truth are in hidden.py; here is what is asked, which hints there are, and how an answer is scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.sequence.motif import from_iupac, information_content
from dnaconv_core.why import hidden
from dnaconv_core.why.hidden import BOTH, COPIES, EITHER, GC, GIVEN, MARK, MOTIF, REVERSED, hide

HINT_COSTS = 15  # points
FULL, NOTHING = 0.85, 0.6  # overlap of two motifs that has all points, and up to which it has none
_SUSPECTS = 8  # validation examples of which the player says which leak
WORDS = {  # of choices, for people
    EITHER: "on either strand", GIVEN: "only as written",
    MOTIF: "a motif", GC: "GC content", BOTH: "a motif and GC content",
    COPIES: "copies of training examples", REVERSED: "reverse complements of training examples",
    MARK: "a mark at the start of positives",
}  # fmt: skip


class Question(NamedTuple):
    """One question of a level. kind: 'letters', 'number', 'choice' or 'rows'."""

    key: str  # of the truth in hidden.py
    words: str
    kind: str
    points: int
    choices: tuple[str, ...] = ()  # of 'choice': words of hidden.py, in order
    help: str = ""


class Level(NamedTuple):
    """What a player reads of a level, and what is asked."""

    title: str
    story: str
    tools: str  # where in the program to look
    questions: tuple[Question, ...]


class Marked(NamedTuple):
    """One answer with its points."""

    question: Question
    answer: str
    truth: str
    points: int
    why: str  # of the points, where they are some


class Score(NamedTuple):
    points: int  # of 100, hints taken off
    hints: int  # points that the hints cost
    marked: tuple[Marked, ...]


class Suspect(NamedTuple):
    id: str
    sequence: str
    leaks: bool


_LETTERS = "A, C, G, T, or IUPAC letters such as R or N for several bases. A close answer gets a part of the points."

LEVELS: dict[int, Level] = {
    1: Level(
        "Hidden motif",
        "One motif makes a sequence positive. The negatives contain its letters in another order.",
        "Train, then look at Filters and Motifs.",
        (Question("motif", "Which motif is it?", "letters", 100, help=_LETTERS),),
    ),
    2: Level(
        "Strand",
        "Again one motif. Does it count on both strands, or only as it is written?",
        "Filters and Motifs. The bench on the Motifs page tests a motif on both strands.",
        (
            Question("motif", "Which motif is it?", "letters", 60, help=_LETTERS),
            Question("strand", "Where does it count?", "choice", 40, (EITHER, GIVEN)),
        ),
    ),
    3: Level(
        "Spacing",
        "All sequences contain two motifs. In the positives, a fixed number of bases lies between them.",
        "Filters shows both motifs. The bench on the Motifs page takes a second motif and shows the best distance.",
        (
            Question("motif", "The first motif, as written", "letters", 35, help=_LETTERS),
            Question("second", "The second motif, to its right", "letters", 35, help=_LETTERS),
            Question("distance", "Bases between them", "number", 30, help="Off by one: half of the points."),
        ),
    ),
    4: Level(
        "Motif or GC?",
        "A network can tell these classes apart. What does it use: a motif, the share of G and C, or both?",
        "The referee and the simple predictors under Evaluate measure GC content. Filters and Motifs show a motif.",
        (
            Question("cause", "What makes a sequence positive?", "choice", 60, (MOTIF, GC, BOTH)),
            Question("motif", "The motif (leave empty if there is none)", "letters", 40, help=_LETTERS),
        ),
    ),
    5: Level(
        "The leak",
        "Some validation examples are not a fair test: the network knows them from training, or they give their label "
        "away. Which is it?",
        "The referee on the Your data page, Saliency of single examples, the letter search below, and the test part on "
        "the Evaluate page.",
        (
            Question("leak", "What is the leak?", "choice", 50, (COPIES, REVERSED, MARK)),
            Question(
                "share", "Share of validation examples that leak (%)", "number", 20,
                help="Off by up to 3: all points. Off by up to 8: half of them.",
            ),
            Question("rows", "Which of these validation examples leak?", "rows", 30),
        ),
    ),
}  # fmt: skip


def truth_in_words(question: Question, truth: Any) -> str:
    """What is right, or what was answered, for people."""
    if truth is None:
        return "no answer"
    if question.kind == "choice":
        return WORDS.get(truth, str(truth))
    if question.kind == "rows":
        return ", ".join(sorted(truth)) or "none"
    return str(truth) or "none"


def suspects(level: int, number: int) -> tuple[Suspect, ...]:
    """Eight validation examples, four of which leak, in random order; () for a level without a leak."""
    part = hide(level, number).parts["valid"]
    if not part.leaks.any():
        return ()
    rng = np.random.default_rng([level, number, 1])
    rows = [rng.choice(np.flatnonzero(part.leaks == leaks), _SUSPECTS // 2, replace=False) for leaks in (True, False)]
    names = ids("valid")
    return tuple(
        Suspect(names[row], hidden.word(part.codes[row]), bool(part.leaks[row]))
        for row in rng.permutation(np.concatenate(rows)).tolist()
    )


def ids(part: str) -> list[str]:
    """Names of the examples of a part; they say nothing of the secret."""
    return [f"{part}_{row:04d}" for row in range(1, hidden.SIZES[part] + 1)]


def hints(level: int, number: int) -> tuple[str, ...]:
    """Three sentences, each of which says more."""
    truth = hide(level, number).truth
    motif = truth.get("motif") or "····"
    if level == 3:
        low = max(hidden.CLOSEST, truth["distance"] - 2)
        return (
            f"Each motif has {hidden.SHORT} letters.",
            f"They begin with {motif[:2]} and {truth['second'][:2]}.",
            f"There are {low} to {truth['distance'] + 2} bases between them.",
        )
    if level == 4:
        return _of_causes(truth)
    if level == 5:
        mark = truth["leak"] == MARK
        known = "Saliency shows a mark." if mark else "Look for the validation examples in the training part."
        low = truth["share"] // 10 * 10
        return known, f"Between {low} and {low + 10} % of the validation examples leak.", _in_test(truth["leak"])
    return (
        f"The motif has {hidden.WIDTH} letters.",
        f"It begins with {motif[:3]}.",
        f"It ends with {motif[-3:]}.",
    )


def _of_causes(truth: Mapping[str, Any]) -> tuple[str, str, str]:
    same = truth["cause"] == MOTIF
    first = "GC content is the same in both classes." if same else "GC content differs between the classes."
    if truth["cause"] == GC:
        common = "The motif in these data is as common in negatives as in positives."
        return first, common, "No motif makes a sequence positive."
    return first, "The positives contain a motif.", f"It begins with {truth['motif'][:3]}."


def _in_test(leak: str) -> str:
    if leak == MARK:
        return "The test part has no such mark: compare the two parts."
    return "Some validation examples are not new to the network: search for their letters."


def overlap(guess: str, truth: str, *, both_strands: bool = True) -> float:
    """How much of the information of two IUPAC words is shared, 0 to 1, at the best offset (and strand).

    Of two aligned columns, the probability that both give a base, summed over bases, times the smaller information in
    bits; all columns together over the information of the richer word. Raises InputError for other letters.
    """
    a, b = from_iupac(guess).ppm, from_iupac(truth).ppm
    most = max(information_content(a).sum(), information_content(b).sum())
    if most == 0:
        return 0.0
    turned = [a, a[::-1, ::-1]] if both_strands else [a]
    return max(_shared(one, b, offset) for one in turned for offset in range(1 - a.shape[1], b.shape[1])) / most


def _shared(a: np.ndarray, b: np.ndarray, offset: int) -> float:
    """Bits shared where column 0 of a `(4, v)` lies on column `offset` of b `(4, w)`."""
    low, high = max(0, offset), min(b.shape[1], offset + a.shape[1])
    a, b = a[:, low - offset : high - offset], b[:, low:high]
    alike = np.minimum(a, b).sum(axis=0)
    return float((alike * np.minimum(information_content(a), information_content(b))).sum())


def score(level: int, number: int, answers: Mapping[str, Any], hints_used: int = 0) -> Score:
    """Points for answers by the key of their question: letters, a number, a word of `choices`, or a set of ids.

    What was not answered has no points. Raises InputError for a motif with other letters than IUPAC's.
    """
    truth = dict(hide(level, number).truth)
    if level == 5:
        truth["rows"] = {one.id for one in suspects(level, number) if one.leaks}
    marked = []
    for question in LEVELS[level].questions:
        answer, right = answers.get(question.key), truth[question.key]
        both = truth.get("strand") != GIVEN and level != 3
        share, why = _share(question, answer, right, both_strands=both)
        marked.append(
            Marked(question, truth_in_words(question, answer), truth_in_words(question, right),
                   round(share * question.points), why)
        )  # fmt: skip
    cost = HINT_COSTS * hints_used
    return Score(max(0, sum(one.points for one in marked) - cost), cost, tuple(marked))


def _share(question: Question, answer: Any, right: Any, *, both_strands: bool) -> tuple[float, str]:
    """Which share of the points an answer has, 0 to 1, and why."""
    if question.kind == "letters":
        return _letters(str(answer or "").strip(), right, both_strands)
    if answer is None:
        return 0.0, "no answer"
    if question.kind == "number":
        off = abs(float(answer) - right)
        close, near = (3, 8) if question.key == "share" else (0, 1)
        return (1.0 if off <= close else 0.5 if off <= near else 0.0), f"off by {off:g}" if off else ""
    if question.kind == "rows":
        hits, misses = len(set(answer) & right), len(set(answer) - right)
        return max(0.0, (hits - misses) / len(right)), f"{hits} right, {misses} wrong"
    return float(answer == right), ""


def _letters(guess: str, right: str, both_strands: bool) -> tuple[float, str]:
    if not guess or not right:
        return float(guess == right), "" if guess == right else "there is no motif" if guess else "no answer"
    found = overlap(guess, right, both_strands=both_strands)
    if found < FULL <= overlap(guess, right):
        return 0.0, "its reverse complement, which does not count here"
    return float(np.clip((found - NOTHING) / (FULL - NOTHING), 0, 1)), f"{found:.0%} of the motif"
