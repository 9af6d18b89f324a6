"""A user's own experiments: `experiments/KEY/experiment.json` in the home folder, to an Experiment and back.

Beside it lie its examples as DiskDatasets (`train/`, `valid/`, `test/`), `audit.json` (what the referee found),
`recipe.json` (how all was made) and `looks.json` (how often the test part was opened).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core.answers import ANSWERS
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.experiments.base import Example, Experiment
from dnaconv_core.experiments.own_presets import own_presets
from dnaconv_core.files import write_atomic
from dnaconv_core.home import home
from dnaconv_core.sequence.encoding import LETTERS
from dnaconv_core.sharing import EXPERIMENTS, shared_by_others
from dnaconv_core.train.facts import Facts

EXPERIMENT, AUDIT, RECIPE, LOOKS = "experiment.json", "audit.json", "recipe.json", "looks.json"
PARTS = ("train", "valid", "test")
FORMAT = 1
MOST_BYTES = 1 << 20  # of one experiment.json
MOST_NAMES, MOST_EXAMPLES = 1000, 12
FILE_NAME = re.compile(r"shard-\d{1,9}-(X|y|w|ids|a)\.joblib")
KEY = re.compile(r"[a-z0-9_]{1,40}")
_IUPAC = re.compile(r"[ACGTURYSWKMBDHVN]{0,60}")
_TEXTS = {  # longest, and whether it may be empty
    "title": (80, False), "question": (300, False), "explanation": (4000, True), "label": (120, False),
    "unit": (40, True), "assembly": (40, True), "motif": (60, True), "note": (4000, True),
}  # fmt: skip
_COUNTED, _SCORES = ("padded", "n", "rarest", "n_tasks"), ("one_hot", "words", "placed", "boosted")  # of facts
_MAYBE = ("skewed", "stranded", "usual")  # of facts: older ones lack them
_LEAST_SCORE = 100  # of classes it is minus a log loss, which ends at 36 (see answers.classes)
_SHORT = 24  # letters of a label that stands beside an axis as it is
_LINES = ("explanation", "note")  # may have several


class Found(NamedTuple):
    """What is in the home folder: experiments by key, and of damaged ones the sentence that says what is wrong."""

    experiments: dict[str, Experiment]
    damaged: dict[str, str]


def experiments_folder() -> Path:
    return home() / "experiments"


def folder_of(key: str) -> Path:
    """Where an experiment is to be read: in the home folder, else where another user shares one of this key."""
    own = experiments_folder() / key
    return own if own.exists() else next((one.path for one in shared_by_others(EXPERIMENTS) if one.key == key), own)


def words_of(experiment: Experiment) -> dict[str, Any]:
    """All that an own experiment says of itself, as `experiment.json` and a model's bundle hold it."""
    plain = ("key", *_TEXTS, "task", "alphabet", "length", "strand", "data_hash")
    lists = ("names", "class_names", "covariates")
    return {
        "format": FORMAT,
        **{name: getattr(experiment, name) for name in plain},
        **{name: list(getattr(experiment, name)) for name in lists},
        "examples": [{**e._asdict(), "covariates": list(e.covariates)} for e in experiment.examples],
        "parts": dict(experiment.parts),
        "facts": _facts_as_json(experiment.facts),
    }


def from_words(stored: Any, where: str) -> Experiment:
    """The experiment that `words_of` described; `where` names the file in messages.

    Nothing in it is trusted: unknown keys, other types, too long texts and values that do not fit each other raise
    DataError naming the first.
    """
    try:
        return _checked(stored)
    except (_Wrong, DnaConvError) as error:
        raise DataError(f"{where} does not describe an experiment: {error}") from None


def read_experiment(folder: Path) -> Experiment:
    """The experiment in this folder. Raises DataError that names the file and what is wrong."""
    file = folder / EXPERIMENT
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DataError(f"{file} has more than {MOST_BYTES >> 20} MiB: no experiment needs that")
        content = file.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{file} is missing: import the experiment again, or remove its folder") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror})") from None
    experiment = from_words(read_words(content, str(file)), str(file))
    if experiment.key != folder.name:
        raise DataError(f"{file} is of {experiment.key!r} but lies in the folder {folder.name!r}: rename the folder")
    return experiment


def read_words(content: bytes, where: str) -> Any:
    """What `experiment.json` holds, not checked yet. Raises DataError naming `where`."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise DataError(f"{where} is not readable JSON: import the experiment again") from None


def write_experiment(folder: Path, experiment: Experiment) -> None:
    """Write `experiment.json`, checked as it would be when read."""
    words = words_of(experiment)
    from_words(words, "this")
    write_atomic(folder / EXPERIMENT, (json.dumps(words, indent=1, ensure_ascii=False) + "\n").encode())


_known: dict[Path, tuple[tuple[int, int], Experiment | str]] = {}  # what was read of a file, until it changes


def own_experiments() -> Found:
    """The home folder's experiments in the order of their keys; each file is read again when it has changed."""
    found = Found({}, {})
    root = experiments_folder()
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for name in names:
        if name.startswith("."):
            continue
        read = _read_once(root / name) if KEY.fullmatch(name) else f"the folder {name[:60]!r} is no experiment's key"
        if isinstance(read, str):
            found.damaged[name] = read
        else:
            found.experiments[name] = read
    return found


def shared_experiments() -> dict[str, Experiment]:
    """Those that other users share, by key; of two with one key the first owner's, and none that is damaged."""
    found: dict[str, Experiment] = {}
    for one in shared_by_others(EXPERIMENTS):
        read = _read_once(one.path) if KEY.fullmatch(one.key) else ""
        if not isinstance(read, str):
            found.setdefault(one.key, replace(read, title=f"{read.title} (shared by {one.owner})"))
    return found


def _read_once(folder: Path) -> Experiment | str:
    file = folder / EXPERIMENT
    try:
        status = file.stat()
        now = (status.st_mtime_ns, status.st_size)
    except OSError:
        now = (0, 0)
    if file not in _known or _known[file][0] != now:
        try:
            _known[file] = (now, read_experiment(folder))
        except DnaConvError as error:
            _known[file] = (now, str(error))
    return _known[file][1]


class _Wrong(Exception):
    """What is wrong with a stored experiment, as the end of a sentence."""


def _checked(stored: Any) -> Experiment:
    _need(isinstance(stored, dict), "it is no JSON object")
    expected = {"format", "key", *_TEXTS, "task", "alphabet", "length", "strand", "data_hash", "names", "class_names"}
    expected |= {"covariates", "examples", "parts", "facts"}
    odd = sorted(set(stored) ^ expected)
    _need(not odd, f"{odd[0][:60]!r} is {'missing' if odd[0] in expected else 'unknown'}" if odd else "")
    _need(stored["format"] == FORMAT, f"its format is {str(stored['format'])[:20]!r} and this version reads {FORMAT}")
    _need(isinstance(stored["key"], str) and bool(KEY.fullmatch(stored["key"])), KEY_RULE)
    for name, (most, empty) in _TEXTS.items():
        _text(name, stored[name], most, empty=empty, lines=name in _LINES)
    for name, choices in {"task": tuple(ANSWERS), "alphabet": tuple(LETTERS), "strand": ("both", "one")}.items():
        _need(stored[name] in choices, f"{name} is {str(stored[name])[:60]!r}: it must be {' or '.join(choices)}")
    length = stored["length"]
    _need(type(length) is int and 1 <= length <= 100_000, "length must be 1 to 100,000 bases")
    _need(bool(_IUPAC.fullmatch(stored["motif"])), "motif must be written in IUPAC letters")
    digest = stored["data_hash"]
    _need(isinstance(digest, str) and bool(re.fullmatch(r"([0-9a-f]{64})?", digest)), "data_hash is no sha256")
    names, covariates = _texts("names", stored["names"]), _texts("covariates", stored["covariates"])
    _need(not ANSWERS[stored["task"]].joint or len(names) > 1, "a question of classes needs the names of two or more")
    class_names = _texts("class_names", stored["class_names"])
    _need(len(class_names) == 2, "class_names must hold two words")
    parts = stored["parts"]
    _need(isinstance(parts, dict) and set(parts) <= set(PARTS), f"parts must be some of {', '.join(PARTS)}")
    _need(all(type(n) is int and n >= 0 for n in parts.values()), "a part's number of examples must be a whole number")
    facts = _facts(stored)
    plain = {name: stored[name] for name in (*_TEXTS, "task", "alphabet", "length", "strand", "data_hash", "key")}
    return Experiment(
        **plain,
        names=names,
        class_names=(class_names[0], class_names[1]),
        quantity=stored["label"] if len(stored["label"]) <= _SHORT else "value",
        covariates=covariates,
        parts=tuple((name, parts[name]) for name in PARTS if name in parts),
        examples=_examples(stored["examples"], length, LETTERS[stored["alphabet"]], len(covariates)),
        presets=own_presets(stored["task"], stored["alphabet"], length, stored["strand"], facts),
        facts=facts,
        synthetic=None,
        own=True,
    )


KEY_RULE = "its key must be 1 to 40 of a-z, 0-9 and _"


def _need(so: bool, words: str) -> None:
    if not so:
        raise _Wrong(words)


def _text(name: str, value: Any, most: int, *, empty: bool = False, lines: bool = False) -> str:
    _need(isinstance(value, str) and (empty or bool(value.strip())), f"{name} must be a text")
    _need(len(value) <= most, f"{name} has {len(value):,} letters and may have {most:,}")
    _need((value.replace("\n", "") if lines else value).isprintable(), f"{name} holds control characters")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    _need(isinstance(value, list) and len(value) <= MOST_NAMES, f"{name} must be a list of at most {MOST_NAMES} names")
    found = tuple(_text(f"a name in {name}", one, 80) for one in value)
    _need(len(set(found)) == len(found), f"{name} holds a name twice")
    return found


def _facts_as_json(facts: Facts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {name: getattr(facts, name) for name in (*_COUNTED, *_SCORES, *_MAYBE)}


def _facts(stored: dict[str, Any]) -> Facts | None:
    """What settings are chosen from, where it is known."""
    told = stored["facts"]
    if told is None:
        return None
    known = isinstance(told, dict) and {*_COUNTED} <= set(told) <= {
        *_COUNTED,
        *_SCORES,
        *_MAYBE,
    }  # older ones know less
    _need(known, "its facts are not those that are expected")
    _need(type(told["padded"]) is bool, "padded must be true or false")
    _need(told.get("skewed") is None or type(told["skewed"]) is bool, "skewed must be true, false or null")
    sure = all(type(told.get(name, True)) is bool for name in ("stranded", "usual"))
    _need(sure, "stranded and usual must be true or false")
    counts = [told[name] for name in ("n", "rarest", "n_tasks")]
    _need(all(type(value) is int and 0 <= value < 2**62 for value in counts), "n, rarest and n_tasks must be counts")
    _need(0 < told["n"] >= told["rarest"], "n must be above 0 and not below rarest")
    scores = [told[name] for name in _SCORES if told.get(name) is not None]
    fine = all(type(score) in (int, float) and -_LEAST_SCORE <= score <= 1 for score in scores)
    _need(fine, f"a score of its facts must be -{_LEAST_SCORE} to 1")
    both = stored["alphabet"] == "DNA" and stored["strand"] == "both"
    plain: dict[str, Any] = {name: stored[name] for name in ("task", "alphabet", "length")}
    return Facts(**plain, both_strands=both, **told)


def _examples(value: Any, length: int, letters: str, n_covariates: int) -> tuple[Example, ...]:
    _need(isinstance(value, list) and len(value) <= MOST_EXAMPLES, f"examples must be at most {MOST_EXAMPLES}")
    found = []
    for one in value:
        _need(isinstance(one, dict) and set(one) == set(Example._fields), "an example lacks something")
        sequence, beside = one["sequence"], one["covariates"]
        fits = isinstance(sequence, str) and len(sequence) == length and not set(sequence) - set(letters + "N")
        _need(fits, f"an example's sequence does not have {length} of {letters}N")
        numbers = isinstance(beside, list) and all(type(v) in (int, float) and abs(v) < 1e38 for v in beside)
        _need(numbers and len(beside) == n_covariates, f"an example needs {n_covariates} covariates")
        name, note = _text("an example's name", one["name"], 200), _text("a note", one["note"], 300, empty=True)
        found.append(Example(name, sequence, tuple(float(v) for v in beside), note))
    return tuple(found)
