"""What the store hands out: a run's record, its metric rows and its filters."""

from __future__ import annotations

import json
import math
import sqlite3
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.runs.spec import RunSpec

LIVE = ("queued", "running")
ENDED = ("finished", "failed", "cancelled", "interrupted")
RESUMABLE = ("cancelled", "failed", "interrupted")
_WORDS = {"queued": "waiting", "running": "training", "cancelled": "stopped"}  # the other states are words
MOST_NAME, MOST_TAGS, MOST_TAG, MOST_NOTES = 60, 12, 24, 10_000  # characters; tags


_FAR = 1e11  # seconds: no time that is shown is later
_DIGITS = 18  # of a whole number that is kept
_KINDS: dict[str, tuple[type, ...]] = {  # what the columns of a run may hold, first what stands in for a damaged one
    **dict.fromkeys(("id", "name", "experiment", "state", "spec", "device", "message", "error", "metrics"), (str,)),
    **dict.fromkeys(("slot", "place", "parent", "tags", "notes"), (str,)),
    **dict.fromkeys(("epoch", "epochs", "cancel", "turn", "threads"), (int,)),
    **dict.fromkeys(("created", "seconds"), (float, int)),
    **dict.fromkeys(("started", "finished", "remaining"), (type(None), float, int)),
}


class Run(NamedTuple):
    id: str
    name: str
    experiment: str
    state: str
    spec: RunSpec
    device: str  # where it trains or trained; it stays there when resumed
    created: float  # Unix time; likewise started and finished, which a clock set back may put in any order
    started: float | None
    finished: float | None
    epoch: int  # done so far
    epochs: int  # planned
    message: str  # what it is doing, for a user
    error: str  # why it failed
    metrics: dict[str, dict[str, Any]]  # final, by split, as in Metric.as_json
    cancel: bool  # a user has asked it to stop
    turn: int  # its place among the waiting; 0 when no worker is to take it
    slot: str  # 'cpu/0' of the worker that took it; '' when it trained in the foreground
    place: str  # the Dask cluster that is to train it; '' for this machine
    threads: int  # CPU threads it computes with: the sums of floats depend on them, so a resume keeps them
    seconds: float  # spent so far, over all resumes, by a clock that nobody can set
    remaining: float | None  # seconds left, estimated while it trains
    parent: str  # the run it was cloned from
    tags: tuple[str, ...]
    notes: str

    def as_json(self) -> dict[str, Any]:
        """What the command line prints of a run."""
        rest = {k: v for k, v in self._asdict().items() if k not in ("id", "spec", "cancel", "turn", "tags")}
        return {"run": self.id, **rest, "tags": list(self.tags), "spec": self.spec.to_json()}


def state_word(state: str) -> str:
    """What a run in this stored state is called in what people read."""
    return _WORDS.get(state, state)


class MetricRow(NamedTuple):
    epoch: int
    split: str
    name: str
    value: float | None


class Filters(NamedTuple):
    """The first layer's kernels `(F, 4, K)` as they were after `epoch` epochs."""

    epoch: int
    kernels: np.ndarray


def read_run(row: sqlite3.Row) -> Run:
    """A row as a run. One that is damaged says so, as a failed run that can be deleted: the others are still shown."""
    fields = dict(row)
    wrong = [name for name, kinds in _KINDS.items() if not _fits(fields.get(name), kinds)]
    fields |= {name: _KINDS[name][0]() for name in wrong}
    for name in ("spec", "metrics"):
        fields[name] = _stored(fields[name])
        if not isinstance(fields[name], dict) or not _INNER[name](fields[name]):
            wrong.append(name)
            fields[name] = {}
    fields["spec"] = RunSpec.recorded({"experiment": fields["experiment"]} | fields["spec"])
    fields["cancel"] = bool(fields["cancel"])
    fields["tags"] = tuple(tag for tag in fields["tags"].split(",") if tag)
    if fields["state"] not in (*LIVE, *ENDED):
        wrong.append("state")
    if wrong:
        listed = ", ".join(dict.fromkeys(wrong))
        fields |= {"state": "failed", "turn": 0, "message": "its record is damaged"}
        fields["error"] = f"the record of run {fields['id']} is damaged ({listed} cannot be read): delete the run"
    return Run(**{name: fields[name] for name in Run._fields})


def _fits(stored: Any, kinds: tuple[type, ...]) -> bool:
    return type(stored) in kinds and (not isinstance(stored, float) or abs(stored) < _FAR)


def _is_spec(stored: dict[str, Any]) -> bool:
    texts = [stored.get(name, "") for name in ("experiment", "data", "valid", "covariates", "preset")]
    tables = [stored.get(name, {}) for name in ("split", "settings")]
    return all(isinstance(text, str) for text in texts) and all(isinstance(table, dict) for table in tables)


def _are_metrics(stored: dict[str, Any]) -> bool:
    return all(isinstance(part, dict) for part in stored.values())


_INNER = {"spec": _is_spec, "metrics": _are_metrics}


def _stored(text: str) -> Any:
    """What a column of JSON holds, numbers that nothing can be done with left out; None for what is no JSON."""
    try:
        found = json.loads(text, parse_constant=lambda _: None, parse_int=_integer, parse_float=_real)
        if "\\ud" in text.lower():  # half of a pair, which no screen can show
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
        return found
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None


def _real(digits: str) -> float | None:
    return value if math.isfinite(value := float(digits)) else None


def read_filters(row: sqlite3.Row) -> Filters | None:
    """The kernels in a row; None for one that is damaged."""
    try:
        shape = tuple(int(n) for n in row["shape"].split("x"))
        kernels = np.frombuffer(row["kernels"], np.float16).reshape(shape).astype(np.float32)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None
    return Filters(row["epoch"], kernels) if kernels.ndim == 3 and np.isfinite(kernels).all() else None


def checked_name(name: str) -> str:
    """A run's name without surrounding blanks. Raises InputError when it is empty, too long or of several lines."""
    name = name.strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise InputError(f"the name {name[:MOST_NAME]!r} is not allowed: give 1 to {MOST_NAME} characters on one line")
    return name


def checked_tags(tags: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Tags in order, each once. Raises InputError naming the first that does not do."""
    found = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(found) > MOST_TAGS:
        raise InputError(f"there are {len(found)} tags: a run may have {MOST_TAGS}, leave some out")
    for tag in found:
        if len(tag) > MOST_TAG or "," in tag or not tag.isprintable():
            raise InputError(f"the tag {tag!r} is not allowed: at most {MOST_TAG} characters and no comma")
    return found
