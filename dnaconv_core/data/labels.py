"""From columns to labels: words to numbers, ratios, mean bins, transforms; what was done is a recipe that is kept."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.data.values import MISSING, Numbers, numbers_of
from dnaconv_core.errors import ConfigError, DataError

MOST_CLASSES = 50
PAIRS = (  # yes, no
    ("1", "0"), ("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"), ("bound", "unbound"), ("+", "-"),
    ("positive", "negative"), ("pos", "neg"), ("binder", "nonbinder"), ("active", "inactive"), ("on", "off"),
    ("high", "low"), ("case", "control"), ("open", "closed"), ("present", "absent"), ("functional", "nonfunctional"),
)  # fmt: skip
_YES, _NO = ({pair[i] for pair in PAIRS} for i in (0, 1))


class Guess(NamedTuple):
    """How a column's words become numbers."""

    kind: str  # 'numbers', 'binary', 'classes', or 'words' where there are too many of them
    words: dict[str, float]  # a number for each word as it stands; empty where values are numbers already
    classes: tuple[str, ...]  # words of the classes 0, 1, …; of 'binary' those of no and yes
    counts: dict[str, int]  # how often each word came
    why: str

    def swapped(self) -> Guess:
        """Yes and no the other way round."""
        if self.kind != "binary":
            raise ConfigError(f"only yes and no can be swapped: these labels are {self.kind}")
        words = self.words or {word: float(word.replace(",", ".")) for word in self.counts}
        words = {word: 1 - value for word, value in words.items()}
        return self._replace(words=words, classes=self.classes[::-1], why="swapped by hand")


_INFINITE = ("inf", "infinity")


def guess_mapping(values: Sequence[Any] | np.ndarray, wanted: str = "", separator: str | None = None) -> Guess:
    """What the words of a column mean. wanted: 'binary', 'regression' or 'classes' where the user chose it.

    Numbers stay numbers unless they are 0 and 1. Two words become yes and no: known pairs by their meaning, others by
    the alphabet (the second is yes). 3 to 50 words become classes, in sorted order.
    """
    counts = _counted(values)
    signs = {"+", "-"} <= {_key(word) for word in counts}  # beside '+', '-' is no missing value
    counts = Counter({word: n for word, n in counts.items() if word.lower() not in MISSING or (signs and word)})
    if not counts:
        return Guess("numbers", {}, (), {}, "every value is missing")
    known = Counter({word: n for word, n in counts.items() if word.lower().lstrip("+-") not in _INFINITE})
    if known and numbers_of(list(known), separator).share == 1:
        counts = known  # numbers, some of which are none: no class
    found = numbers_of(list(counts), separator)
    share = sum(n for n, value in zip(counts.values(), found.values, strict=True) if value == value) / counts.total()
    told = dict(counts.most_common(200))
    if wanted == "regression" or (wanted != "classes" and share >= 0.5):
        if wanted != "regression" and set(found.values.tolist()) == {0.0, 1.0}:
            return Guess("binary", {}, ("0", "1"), told, "the values are 0 and 1")
        if wanted != "binary" or len(counts) != 2:
            return Guess("numbers", {}, (), told, "the values are numbers")
    return _words(counts, told, wanted)


def _counted(values: Sequence[Any] | np.ndarray) -> Counter[str]:
    """How often each value comes, as text."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        found, times = np.unique(values[np.isfinite(values)], return_counts=True)
        return Counter(dict(zip(map(_text, found.tolist()), times.tolist(), strict=True)))
    counts: Counter[str] = Counter()
    for value, n in Counter(values).items():
        counts[str(value).strip()] += n
    return counts


def _text(value: float) -> str:
    return repr(int(value) if value == int(value) else value)


def _words(counts: Counter[str], told: dict[str, int], wanted: str) -> Guess:
    keys: dict[str, list[str]] = {}  # spellings that differ in case only are one word
    for word, _ in counts.most_common():
        keys.setdefault(_key(word), []).append(word)
    if len(keys) > MOST_CLASSES:
        return Guess("words", {}, (), told, f"there are {len(keys):,} different words: these are names, not classes")
    if len(keys) <= 2 and wanted != "classes":
        no, yes, why = _no_and_yes(sorted(keys))
        words = {word: float(key == yes) for key, spellings in keys.items() for word in spellings}
        names = tuple(keys[key][0] if key in keys else key for key in (no, yes))
        return Guess("binary", words, names, told, why)
    ordered = sorted(keys, key=_natural)
    words = {word: float(place) for place, key in enumerate(ordered) for word in keys[key]}
    return Guess("classes", words, tuple(keys[key][0] for key in ordered), told, f"there are {len(keys)} words")


def _key(word: str) -> str:
    return word.strip().casefold().replace("\N{MINUS SIGN}", "-").replace("–", "-")


def _natural(word: str) -> tuple[int, float, str]:
    """Numbers by value, before words by the alphabet."""
    value = numbers_of([word]).values[0]
    return (0, float(value), word) if np.isfinite(value) else (1, 0.0, word)


def _no_and_yes(keys: list[str]) -> tuple[str, str, str]:
    """Which of one or two words is no, which yes, and why."""
    bare = {"".join(c for c in key if c.isalnum() or c in "+-"): key for key in keys}
    bare = {word.replace("non-", "non"): key for word, key in bare.items()}
    for yes, no in PAIRS:
        if bare.keys() <= {yes, no}:
            return bare.get(no, no), bare.get(yes, yes), f"{bare.get(yes, yes)!r} means yes"
    if len(keys) == 1:
        return keys[0], "yes", f"every label is {keys[0]!r}"
    first, second = keys
    for no, yes in ((first, second), (second, first)):
        if no.endswith(yes) and no.removesuffix(yes).strip(" _-") in ("non", "not", "no", "un", "in"):
            return no, yes, f"{no!r} denies {yes!r}"
    return first, second, f"of two unknown words the later in the alphabet, {second!r}, was taken for yes: check"


def guess_task(values: Sequence[Any] | np.ndarray, separator: str | None = None) -> tuple[str, str]:
    """The kind of answer, 'binary', 'regression' or 'classes', and why. Raises DataError for names."""
    guess = guess_mapping(values, separator=separator)
    if guess.kind == "words":
        raise DataError(f"this column is no label: {guess.why}")
    if guess.kind == "numbers" and 2 <= len(guess.counts) <= 10 and not any("." in word for word in guess.counts):
        return "regression", f"the values are {len(guess.counts)} whole numbers: choose classes if they are names"
    return {"numbers": "regression"}.get(guess.kind, guess.kind), guess.why


# The recipe

_TRANSFORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda y: y,
    "log2": np.log2,
    "log10": np.log10,
    "ln": np.log,
    "scale01": lambda y: (y - np.nanmin(y)) / ((np.nanmax(y) - np.nanmin(y)) or 1.0),
    "rank": lambda y: _ranks(y),
    "zscore": lambda y: (y - np.nanmean(y)) / (np.nanstd(y) or 1.0),
}
TRANSFORMS = tuple(_TRANSFORMS)
_HOW = ("columns", "ratio", "bins")


@dataclass(frozen=True)
class LabelRecipe:
    """How labels come from columns. Checked when made: raises ConfigError naming the field and what is allowed."""

    columns: tuple[str, ...] = ()  # as they are; of 'ratio' two; of 'bins' one for each bin, the lowest first
    how: str = "columns"  # 'columns', 'ratio' log2((a + pseudo) / (b + pseudo)), or 'bins', the mean bin of counts
    pseudo: float = 1.0  # added to both counts of a ratio
    bins: tuple[float, ...] = ()  # what each bin stands for; () for 1, 2, 3, …
    transform: str = "none"  # afterwards: one of TRANSFORMS
    task: str = ""  # 'binary', 'regression' or 'classes'; '' as guessed
    words: tuple[tuple[str, float], ...] = ()  # numbers for words; () as guessed
    classes: tuple[str, ...] = ()  # words of the classes, with `words`

    def __post_init__(self) -> None:
        for name, allowed in (("how", _HOW), ("transform", TRANSFORMS), ("task", ("", *_TASKS))):
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} is {getattr(self, name)!r}: choose {' or '.join(map(repr, allowed))}")
        if self.how == "ratio" and len(self.columns) != 2:
            raise ConfigError(f"a ratio needs two columns: {len(self.columns)} are named")
        if self.how == "bins" and (len(self.columns) < 2 or (self.bins and len(self.bins) != len(self.columns))):
            raise ConfigError(
                f"mean bins need two columns or more, and a number for each: {len(self.columns)} are named"
            )
        if not (isinstance(self.pseudo, int | float) and 0 <= self.pseudo < 1e9):
            raise ConfigError(f"pseudo is {self.pseudo!r}: it must be 0 or more")

    def to_json(self) -> dict[str, Any]:
        """Plain lists and values, as `from_json` takes them."""
        stored = dataclasses.asdict(self)
        return stored | {"columns": list(self.columns), "bins": list(self.bins), "classes": list(self.classes),
                         "words": [list(pair) for pair in self.words]}  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LabelRecipe:
        """What `to_json` described. Raises ConfigError naming the first unknown key."""
        known = {spec.name for spec in dataclasses.fields(cls)}
        if unknown := [key for key in stored if key not in known]:
            raise ConfigError(f"unknown setting {unknown[0]!r}: a label's settings are {', '.join(sorted(known))}")
        lists = {k: tuple(v) for k, v in stored.items() if isinstance(v, list | tuple)}
        if "words" in lists:
            lists["words"] = tuple((str(word), float(value)) for word, value in lists["words"])
        return cls(**{**stored, **lists})


_TASKS = ("binary", "regression", "classes")


class Labels(NamedTuple):
    """y `(N, T)` float32, NaN where missing; what they are, and the rows that hold something else."""

    y: np.ndarray
    task: str
    tasks: tuple[str, ...]
    classes: tuple[str, ...]
    wrong: dict[int, str]  # row: what it has instead
    recipe: LabelRecipe  # with what was guessed filled in
    notes: tuple[str, ...] = ()


def make_labels(columns: Mapping[str, Any], recipe: LabelRecipe, separator: str | None = None) -> Labels:
    """Labels of a table by a recipe. columns: values of each column that the recipe names, N each.

    Raises DataError where a column holds names, classes come with other labels, or more than half of its values are
    neither numbers nor missing.
    """
    if recipe.how == "columns":
        return _as_they_are(columns, recipe, separator)
    found = [_known(numbers_of(columns[name], separator), columns[name], name) for name in recipe.columns]
    values = np.stack([one.values for one in found], axis=1)  # (N, B)
    wrong = _wrong_rows(columns, recipe.columns, found)
    wrong |= {int(row): "has a count below 0" for row in np.flatnonzero((values < 0).any(axis=1))}
    values[list(wrong)] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        if recipe.how == "ratio":
            top, bottom = values.T + recipe.pseudo
            y, name = np.log2(top / bottom), f"log2 {recipe.columns[0]}/{recipe.columns[1]}"
        else:
            places = np.array(recipe.bins or range(1, values.shape[1] + 1), np.float64)
            y, name = values @ places / values.sum(axis=1), "mean bin"
    y = np.where(np.isfinite(y), y, np.nan)
    y = _transformed(y, recipe.transform, wrong)
    notes = tuple(note for one in found for note in one.notes)
    recipe = dataclasses.replace(recipe, task="regression")
    tasks = (_named(name, recipe.transform),)
    return Labels(y[:, None].astype(np.float32), "regression", tasks, (), wrong, recipe, notes)


def _as_they_are(columns: Mapping[str, Any], recipe: LabelRecipe, separator: str | None) -> Labels:
    guesses = [_guess(columns[name], name, recipe, separator) for name in recipe.columns]
    kinds = {guess.kind for guess in guesses}
    if "classes" in kinds and len(guesses) > 1:
        raise DataError(f"{', '.join(recipe.columns)[:200]}: one column of classes is a label by itself: choose one")
    task = "classes" if "classes" in kinds else "binary" if kinds == {"binary"} else "regression"
    ys, found = [], []
    for name, guess in zip(recipe.columns, guesses, strict=True):
        one = _read(columns[name], guess, separator)
        found.append(_known(one, columns[name], name))
        ys.append(one.values)
    wrong = _wrong_rows(columns, recipe.columns, found)
    if "classes" not in kinds and kinds != {"binary"}:
        ys = [_transformed(y, recipe.transform, wrong) for y in ys]
    elif recipe.transform != "none":
        raise DataError(f"labels that are {task} cannot be transformed by {recipe.transform}: choose none")
    words = {word: value for guess in guesses for word, value in guess.words.items()}
    same = len({guess.classes for guess in guesses}) == 1
    classes = guesses[0].classes if same and words else ()
    told = dataclasses.replace(recipe, task=task, words=tuple(words.items()), classes=classes)
    notes = [note for one in found for note in one.notes]
    notes += [f"{n}: {g.why}" for n, g in zip(recipe.columns, guesses, strict=True) if g.words and not recipe.words]
    tasks = tuple(_named(name, recipe.transform) for name in recipe.columns)
    return Labels(np.stack(ys, axis=1).astype(np.float32), task, tasks, classes, wrong, told, tuple(notes))


def _named(name: str, transform: str) -> str:
    """What a label is called after its transform."""
    if transform == "none":
        return name
    return f"{name} scaled to 0–1" if transform == "scale01" else f"{transform.replace('rank', 'rank of')} {name}"


def _guess(column: Any, name: str, recipe: LabelRecipe, separator: str | None) -> Guess:
    wanted, known = recipe.task, {_key(word) for word, _ in recipe.words}
    if not known.isdisjoint(map(_key, _counted(column))):
        kind = "classes" if wanted == "classes" else "binary"
        return Guess(kind, dict(recipe.words), recipe.classes, {}, "as told")
    guess = guess_mapping(column, wanted, separator)
    if guess.kind == "words":
        raise DataError(f"column {name!r} is no label: {guess.why}")
    if wanted == "binary" and guess.kind != "binary":
        raise DataError(f"column {name!r} is not yes or no: it holds {', '.join(list(guess.counts)[:5])[:60]}")
    return guess


def _read(column: Any, guess: Guess, separator: str | None) -> Numbers:
    if not guess.words:
        return numbers_of(column, separator)
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        column = [_text(value) if np.isfinite(value) else "" for value in column.tolist()]
    by_key = {_key(word): value for word, value in guess.words.items()}
    known = {text: by_key.get(_key(text), np.nan) for text in set(column)}
    values = np.array([known[text] for text in column], np.float64)
    missing = np.array([str(text).strip().lower() in MISSING for text in column], bool)
    return Numbers(values, np.isnan(values) & ~missing)


def _known(found: Numbers, column: Any, name: str) -> Numbers:
    """Raises DataError unless most of what stands in the column could be read."""
    if found.share < 0.5:
        first = str(column[int(found.wrong.argmax())])[:60]
        raise DataError(f"column {name!r} is no label: {found.wrong.sum():,} values such as {first!r} are no numbers")
    return found


def _wrong_rows(columns: Mapping[str, Any], names: Sequence[str], found: list[Numbers]) -> dict[int, str]:
    wrong: dict[int, str] = {}
    for name, one in zip(names, found, strict=True):
        for row in np.flatnonzero(one.wrong).tolist():
            wrong.setdefault(row, f"has {str(columns[name][row])[:60]!r} in column {name!r}: it is no label")
    return wrong


def _transformed(y: np.ndarray, transform: str, wrong: dict[int, str]) -> np.ndarray:
    """y after the transform; what has no logarithm becomes NaN and is noted in `wrong`."""
    if not np.isfinite(y).any():
        return y
    with np.errstate(divide="ignore", invalid="ignore"):
        new = _TRANSFORMS[transform](y)
    for row in np.flatnonzero(np.isfinite(y) & ~np.isfinite(new)).tolist():
        wrong.setdefault(row, f"has {y[row]:g}, which has no logarithm")
    return np.where(np.isfinite(new), new, np.nan)


def _ranks(y: np.ndarray) -> np.ndarray:
    """Ranks from 0 to 1, ties sharing their mean."""
    from scipy.stats import rankdata

    known = np.isfinite(y)
    ranks = np.full(len(y), np.nan)
    ranks[known] = (rankdata(y[known]) - 1) / max(int(known.sum()) - 1, 1)
    return ranks


def histogram(values: np.ndarray, bins: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Counts `(B,)` and edges `(B + 1,)` of the finite values; few whole numbers get a bar each."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if len(known) and (known == np.round(known)).all() and known.max() - known.min() < bins:
        edges = np.arange(known.min(), known.max() + 2) - 0.5
        return np.histogram(known, edges)
    return np.histogram(known, bins) if len(known) else (np.zeros(1, int), np.array([0.0, 1.0]))
