"""What is known of a search for a better network: `searches/<name>/search.json`, written by the process that leads it.

The sampler's own memory lies beside it (`study.db`, SQLite); pages and commands read the record alone.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnaconv_core.errors import RunError
from dnaconv_core.files import write_atomic
from dnaconv_core.runs import lock
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.storing import check_storing, read_only

RECORD, STUDY, STOP, LOG = "search.json", "study.db", "stop", "log.txt"
AUTO = 0  # the number of the trial that is `auto` itself
STATES = ("waiting", "running", "finished", "stopped", "failed", "interrupted")


@dataclass
class Trial:
    """One network that was tried, on one inner fold after the other."""

    number: int
    params: dict[str, Any]  # its point in the space
    settings: dict[str, Any]  # what differs from `auto`
    state: str = "running"  # finished, pruned, skipped, failed, stopped
    scores: list[float] = field(default_factory=list)  # of each fold done
    seconds: float = 0.0  # of all its runs
    words: str = ""  # why it ended early

    @property
    def value(self) -> float | None:
        """The mean over all folds; None where it did not come so far."""
        return sum(self.scores) / len(self.scores) if self.state == "finished" else None


@dataclass
class Search:
    """A search, as it is and as it is stored."""

    name: str  # of its folder
    experiment: str
    metric: str
    tag: str  # of its runs
    spec: dict[str, Any]  # of `auto` trained on the whole training part, as RunSpec.to_json
    seed: int = 0
    on: str = ""  # the Dask cluster that trains its runs; '' for this machine
    minutes: float = 0.0  # of searching in all; 0: as long as it takes
    trials: int = 0  # in all; 0: as many as there is time for
    folds: int = 3
    state: str = "waiting"
    stage: str = "starting"
    fraction: float = 0.0
    left: float | None = None  # seconds, estimated
    error: str = ""
    created: float = 0.0
    seconds: float = 0.0  # spent, over all continuations
    start: dict[str, Any] = field(default_factory=dict)  # what `auto` chose, of the settings that are searched
    why: str = ""  # `auto` chose that
    tried: list[Trial] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)  # what a run is for: its id
    importance: dict[str, float] = field(default_factory=dict)  # share of each setting
    winner: int | None = None  # number of the trial
    pairs: list[list[float]] = field(default_factory=list)  # (winner, auto) of each seed
    verdict: dict[str, Any] = field(default_factory=dict)  # kind, sentence, difference, reported

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @property
    def run_spec(self) -> RunSpec:
        return RunSpec.from_json(self.spec)

    @property
    def best(self) -> Trial | None:
        """The finished trial with the highest mean over the folds, the first of equals."""
        done = [trial for trial in self.tried if trial.value is not None]
        return max(done, key=lambda trial: (trial.value or 0.0, -trial.number), default=None)

    @property
    def n_tried(self) -> int:
        """Trials that ended and count: those passed over do not."""
        return sum(trial.state not in ("running", "skipped") for trial in self.tried)


def folder_of(store: Store, name: str) -> Path:
    return store.home / "searches" / name


def read_search(store: Store, name: str) -> Search:
    """The search of this name as it truly is. Raises RunError where there is none, or its record is damaged."""
    path = folder_of(store, name) / RECORD
    try:
        stored = json.loads(path.read_bytes())
        known = {spec.name for spec in dataclasses.fields(Search)}
        search = Search(**{key: value for key, value in stored.items() if key in known})
        search.tried = [Trial(**trial) for trial in stored.get("tried", [])]
    except FileNotFoundError:
        raise RunError(f"there is no search {name[:60]!r} in {store.home}") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise RunError(f"{path} cannot be read ({error}): remove its folder, and search again") from None
    if search.state in ("waiting", "running") and not read_only() and not lock.is_held(path.parent):
        search.state = "interrupted"
    return search


def write_search(store: Store, search: Search) -> None:
    check_storing()
    write_atomic(folder_of(store, search.name) / RECORD, json.dumps(search.to_json()).encode())


def list_searches(store: Store, experiment: str = "") -> list[Search]:
    """All searches, newest first, of one experiment if named; damaged ones are left out."""
    root, found = store.home / "searches", []
    for path in root.glob(f"*/{RECORD}") if root.is_dir() else ():
        try:
            found.append(read_search(store, path.parent.name))
        except RunError:
            continue
    chosen = [search for search in found if experiment in ("", search.experiment)]
    return sorted(chosen, key=lambda search: -search.created)


def ask_search_to_stop(store: Store, name: str) -> None:
    """Ask the process that leads a search to end; what was found is kept. Raises RunError where none does."""
    check_storing()
    search = read_search(store, name)
    if search.state not in ("waiting", "running"):
        raise RunError(f"the search {name} is {search.state}: only a running one can be stopped")
    (folder_of(store, name) / STOP).touch()
