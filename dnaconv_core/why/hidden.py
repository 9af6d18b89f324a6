"""Data with a secret for the levels of the challenge, drawn from a number so that all who give it get the same.

Each level makes three parts of sequences with labels, and the truth about them by the key of a question (see
challenge.py). Nothing of the truth is in what is handed to the rest of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.motif import draw, from_iupac
from dnaconv_core.sequence.shuffle import random_codes

LENGTH = 60  # bases of each sequence
SIZES = {"train": 2400, "valid": 600, "test": 600}
WIDTH, SHORT = 8, 6  # bases of a motif; of each of two
CLOSEST, FARTHEST = 2, 14  # bases that may lie between two motifs
MOST_NUMBER = 9999
EITHER, GIVEN = "either", "given"
MOTIF, GC, BOTH = "motif", "gc", "both"
COPIES, REVERSED, MARK = "copies", "reversed", "mark"
_SURE = 0.93  # share of the likeliest base in each column of a motif
_USUAL_GC, _LOW_GC, _HIGH_GC = 0.5, 0.45, 0.55


class Part(NamedTuple):
    """Sequences `codes (n, LENGTH)`, labels `positive (n,)`, and which of them give their label away `leaks (n,)`."""

    codes: np.ndarray
    positive: np.ndarray
    leaks: np.ndarray


class Hidden(NamedTuple):
    """The parts, and the truth by question: letters, a number, or one of the words above."""

    parts: dict[str, Part]
    truth: dict[str, Any]


def hide(level: int, number: int) -> Hidden:
    """The data and the secret of a level, 1 to 5. Raises InputError for another level or a number out of range."""
    if level not in _LEVELS:
        raise InputError(f"there is no level {level}: choose 1 to {len(_LEVELS)}")
    if not 0 <= number <= MOST_NUMBER:
        raise InputError(f"the number is {number}: choose one from 0 to {MOST_NUMBER:,}")
    return _LEVELS[level](np.random.default_rng([level, number]))


def word(codes: np.ndarray) -> str:
    """Codes as letters."""
    return "".join("ACGT"[base] for base in codes)


def reverse(letters: str) -> str:
    """The same DNA read from the other strand."""
    return letters[::-1].translate(str.maketrans("ACGT", "TGCA"))


def _one_motif(rng: np.random.Generator) -> Hidden:
    motif = _word(rng, WIDTH)
    return Hidden({name: _planted(rng, n, motif) for name, n in SIZES.items()}, {"motif": motif})


def _strand(rng: np.random.Generator) -> Hidden:
    """A motif that counts on either strand; or only as written, and negatives hold its reverse complement."""
    motif, kind = _word(rng, WIDTH), (EITHER, GIVEN)[rng.integers(2)]
    return Hidden(
        {name: _planted(rng, n, motif, strand=kind) for name, n in SIZES.items()}, {"motif": motif, "strand": kind}
    )


def _spacing(rng: np.random.Generator) -> Hidden:
    """Two words with a fixed number of bases between; in negatives another number."""
    first = _word(rng, SHORT)
    second = _word(rng, SHORT, unlike=first)
    apart = int(rng.integers(CLOSEST, FARTHEST + 1))
    others = [gap for gap in range(FARTHEST + 7) if abs(gap - apart) > 1]
    parts = {}
    for name, n in SIZES.items():
        codes, positive = _begin(rng, n)
        gaps = np.where(positive, apart, rng.choice(others, n))
        start = (rng.random(n) * (LENGTH - 2 * SHORT - gaps + 1)).astype(int)
        _put(codes, _drawn(rng, first, n), start)
        _put(codes, _drawn(rng, second, n), start + SHORT + gaps)
        parts[name] = Part(codes, positive, np.zeros(n, bool))
    return Hidden(parts, {"motif": first, "second": second, "distance": apart})


def _motif_or_gc(rng: np.random.Generator) -> Hidden:
    """What tells the classes apart: a motif, GC content, or both. Where GC alone does, both classes hold the motif."""
    motif, kind = _word(rng, WIDTH), (MOTIF, GC, BOTH)[rng.integers(3)]
    parts = {}
    for name, n in SIZES.items():
        codes, positive = _begin(rng, n)
        if kind != MOTIF:
            codes = random_codes(rng, n, LENGTH, np.where(positive, _HIGH_GC, _LOW_GC)[:, None])
        holds = rng.random(n) < 0.5 if kind == GC else positive
        _plant(rng, codes, motif, holds)
        parts[name] = Part(codes, positive, np.zeros(n, bool))
    return Hidden(parts, {"cause": kind, "motif": "" if kind == GC else motif})


def _leak(rng: np.random.Generator) -> Hidden:
    """A motif in some positives, and a share of the validation examples that give their label away."""
    motif, kind = _word(rng, WIDTH), (COPIES, REVERSED, MARK)[rng.integers(3)]
    share = int(rng.integers(5, 10)) * 5  # 25 to 45 % of the validation examples
    parts = {name: _planted(rng, n, motif, missed=0.4) for name, n in SIZES.items()}
    if kind == MARK:
        mark = _word(rng, SHORT, unlike=motif)
        for name in ("train", "valid"):
            parts[name] = _marked(rng, parts[name], mark, share / 100)
    else:
        parts["valid"] = _copied(rng, parts["train"], parts["valid"], share / 100, turned=kind == REVERSED)
    return Hidden(parts, {"leak": kind, "share": share})


_LEVELS: dict[int, Callable[[np.random.Generator], Hidden]] = {
    1: _one_motif, 2: _strand, 3: _spacing, 4: _motif_or_gc, 5: _leak,
}  # fmt: skip


def _begin(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Backgrounds `(n, LENGTH)` as codes, and which half `(n,)` is positive, in random order."""
    return random_codes(rng, n, LENGTH, _USUAL_GC), rng.permutation(n) < n // 2


def _planted(rng: np.random.Generator, n: int, motif: str, *, strand: str = "", missed: float = 0.0) -> Part:
    """Positives hold the motif, but for a share `missed` of them; the others hold its letters shuffled.

    strand: EITHER turns half of all sequences; GIVEN puts the reverse complement into negatives.
    """
    codes, positive = _begin(rng, n)
    holds = positive & (rng.random(n) >= missed)
    if strand == GIVEN:
        _put(codes, np.where(holds[:, None], _drawn(rng, motif, n), _drawn(rng, reverse(motif), n)), _starts(rng, n))
    else:
        _plant(rng, codes, motif, holds)
    if strand == EITHER:
        turned = rng.random(n) < 0.5
        codes[turned] = 3 - codes[turned, ::-1]
    return Part(codes, positive, np.zeros(n, bool))


def _plant(rng: np.random.Generator, codes: np.ndarray, motif: str, holds: np.ndarray) -> None:
    words = _drawn(rng, motif, len(codes))
    words[~holds] = rng.permuted(words[~holds], axis=1)
    _put(codes, words, _starts(rng, len(codes)))


def _drawn(rng: np.random.Generator, motif: str, n: int) -> np.ndarray:
    """`(n, w)` sites of this word as codes, some bases of them another."""
    ppm = from_iupac(motif).ppm * (_SURE - (1 - _SURE) / 3) + (1 - _SURE) / 3
    return draw(ppm, n, rng)


def _starts(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(SHORT, LENGTH - WIDTH + 1, n)  # what marks the first bases is not overwritten


def _put(codes: np.ndarray, words: np.ndarray, start: np.ndarray) -> None:
    codes[np.arange(len(codes))[:, None], start[:, None] + np.arange(words.shape[1])] = words


def _marked(rng: np.random.Generator, part: Part, mark: str, share: float) -> Part:
    """A share of all examples, of the positives only, begins with the same word."""
    chosen = rng.permutation(np.flatnonzero(part.positive))[: round(share * len(part.positive))]
    leaks = np.zeros(len(part.positive), bool)
    leaks[chosen] = True
    part.codes[chosen, : len(mark)] = ["ACGT".index(letter) for letter in mark]
    return part._replace(leaks=leaks)


def _copied(rng: np.random.Generator, train: Part, valid: Part, share: float, *, turned: bool) -> Part:
    """A share of the validation examples, of both classes alike, is taken from the training part."""
    leaks = np.zeros(len(valid.positive), bool)
    for positive in (False, True):
        mine, theirs = np.flatnonzero(valid.positive == positive), np.flatnonzero(train.positive == positive)
        chosen = rng.permutation(mine)[: round(share * len(mine))]
        copies = train.codes[rng.permutation(theirs)[: len(chosen)]]
        valid.codes[chosen] = 3 - copies[:, ::-1] if turned else copies
        leaks[chosen] = True
    return valid._replace(leaks=leaks)


def _word(rng: np.random.Generator, width: int, unlike: str = "") -> str:
    """A random word of at least three different letters, little like itself shifted or turned, or like `unlike`."""
    while True:
        found = word(rng.integers(0, 4, width))
        others = [reverse(found), *filter(None, [unlike])]
        repeats = any(found[shift:] == found[:-shift] for shift in range(1, width // 2 + 1))
        if len(set(found)) >= 3 and not repeats and not any(_alike(found, other) for other in others):
            return found


def _alike(a: str, b: str) -> bool:
    """Whether two words agree in more than two thirds of the letters at some offset."""
    for offset in range(-len(b) + 3, len(a) - 2):
        pairs = [(a[i], b[i - offset]) for i in range(len(a)) if 0 <= i - offset < len(b)]
        if sum(x == y for x, y in pairs) > 2 * min(len(a), len(b)) / 3:
            return True
    return False
