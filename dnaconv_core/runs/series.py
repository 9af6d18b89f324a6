"""What a run tells of itself by epoch, in `runs.db`: its metrics and the filters of its first layer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.runs.kept import once
from dnaconv_core.runs.record import Filters, MetricRow, read_filters
from dnaconv_core.runs.schema import connect

if TYPE_CHECKING:
    import sqlite3

MOST_FILTERS = 120  # evaluations whose filters are kept; of more, every second of the older ones goes


class Series:
    """The rows stored with a run's record: the part of `Store` that is by epoch."""

    database: Path

    def _connect(self, *, write: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        return connect(self.database, write=write)

    def metrics(self, run: str, after: int = -1) -> list[MetricRow]:
        """The metric rows of epochs later than `after`, by epoch."""
        with self._connect() as db:
            rows = db.execute(
                "SELECT epoch, split, name, value FROM metrics WHERE run = ? AND epoch > ? ORDER BY epoch, split, name",
                (run, after),
            )
            return [MetricRow(*row) for row in rows]

    def curves(self, split: str, names: dict[str, str]) -> dict[str, list[float | None]]:
        """For each run of `names` (id → metric), that metric's values by epoch: one question for a whole table."""
        return once(self.database, ("curves", split, *names.items()), lambda: self._curves(split, names))

    def _curves(self, split: str, names: dict[str, str]) -> dict[str, list[float | None]]:
        found: dict[str, list[float | None]] = {run: [] for run in names}
        if not self.database.exists():
            return found
        marks = ", ".join("?" for _ in set(names.values()))
        question = f"SELECT run, name, value FROM metrics WHERE split = ? AND name IN ({marks}) ORDER BY run, epoch"
        with self._connect() as db:
            for run, name, value in db.execute(question, (split, *set(names.values()))):
                if names.get(run) == name:
                    found[run].append(value)
        return found

    def add_metrics(self, run: str, epoch: int, metrics: dict[str, dict[str, float | None]]) -> None:
        rows = [(run, epoch, split, name, value) for split, part in metrics.items() for name, value in part.items()]
        with self._connect(write=True) as db:
            db.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", rows)

    def add_filters(self, run: str, epoch: int, kernels: np.ndarray) -> None:
        """Keep the first layer's kernels `(F, 4, K)` of this evaluation, rounded to half precision."""
        shape = "x".join(map(str, kernels.shape))
        with self._connect(write=True) as db:
            db.execute(
                "INSERT OR REPLACE INTO filters VALUES (?, ?, ?, ?)",
                (run, epoch, shape, np.ascontiguousarray(kernels, np.float16).tobytes()),
            )
            kept = [
                row["epoch"] for row in db.execute("SELECT epoch FROM filters WHERE run = ? ORDER BY epoch", (run,))
            ]
            if len(kept) > MOST_FILTERS:
                thinned = kept[1 : MOST_FILTERS // 2 : 2]
                db.executemany("DELETE FROM filters WHERE run = ? AND epoch = ?", [(run, old) for old in thinned])

    def filters(self, run: str, epoch: int | None = None) -> Filters | None:
        """The filters kept at `epoch` or last before it; by default the newest. None where there are none."""
        with self._connect() as db:
            row = db.execute(
                "SELECT epoch, shape, kernels FROM filters WHERE run = ? AND epoch <= ? ORDER BY epoch DESC LIMIT 1",
                (run, 2**62 if epoch is None else epoch),
            ).fetchone()
        return None if row is None else read_filters(row)

    def filter_epochs(self, run: str) -> list[int]:
        """The epochs whose filters are kept."""
        with self._connect() as db:
            return [
                row["epoch"] for row in db.execute("SELECT epoch FROM filters WHERE run = ? ORDER BY epoch", (run,))
            ]

    def forget_after(self, run: str, epoch: int) -> None:
        """Drop metrics and filters of later epochs: a run that goes on from `epoch` makes them again."""
        with self._connect(write=True) as db:
            for table in ("metrics", "filters"):
                db.execute(f"DELETE FROM {table} WHERE run = ? AND epoch > ?", (run, epoch))
