"""What the store hands out: a run's record, its metric rows and its filters."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.runs.spec import RunSpec

LIVE = ("queued", "running")
ENDED = ("finished", "failed", "cancelled", "interrupted")
RESUMABLE = ("cancelled", "failed", "interrupted")
MOST_NAME, MOST_TAGS, MOST_TAG, MOST_NOTES = 60, 12, 24, 10_000  # characters; tags


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
    fields = dict(row)
    fields["spec"] = RunSpec.recorded(json.loads(fields["spec"]))
    fields["metrics"] = json.loads(fields["metrics"])
    fields["cancel"] = bool(fields["cancel"])
    fields["tags"] = tuple(tag for tag in fields["tags"].split(",") if tag)
    return Run(**fields)


def read_filters(row: sqlite3.Row) -> Filters:
    shape = tuple(int(n) for n in row["shape"].split("x"))
    return Filters(row["epoch"], np.frombuffer(row["kernels"], np.float16).reshape(shape).astype(np.float32))


def checked_name(name: str) -> str:
    """A run's name without surrounding blanks. Raises InputError when it is empty, too long or of several lines."""
    name = name.strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise InputError(f"the name {name[:MOST_NAME]!r} does not do: give 1 to {MOST_NAME} characters on one line")
    return name


def checked_tags(tags: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Tags in order, each once. Raises InputError naming the first that does not do."""
    found = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(found) > MOST_TAGS:
        raise InputError(f"there are {len(found)} tags: a run may have {MOST_TAGS}, leave some out")
    for tag in found:
        if len(tag) > MOST_TAG or "," in tag or not tag.isprintable():
            raise InputError(f"the tag {tag!r} does not do: at most {MOST_TAG} characters and no comma")
    return found
