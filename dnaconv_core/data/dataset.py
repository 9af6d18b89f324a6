"""A dataset: sequences, labels, weights, ids, covariates, and the planted truth where it is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dnaconv_core.data.on_disk import MappedRows as MappedRows
from dnaconv_core.data.on_disk import chosen
from dnaconv_core.errors import DataError
from dnaconv_core.results import Site, Skipped
from dnaconv_core.sequence.encoding import decode


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """N examples of length L with T labels and C covariates.

    X: `(N, 4, L)` int8 one-hot; of a large dataset it lies on the disk (see on_disk.py), as the ids then do: index
    it, do not copy it whole. y, w: `(N, T)` float32 labels and weights. ids: `(N,)` text, unique.
    covariates: `(N, C)` float32, raw values.
    """

    X: np.ndarray
    y: np.ndarray
    w: np.ndarray
    ids: np.ndarray
    covariates: np.ndarray | None = None
    covariate_names: tuple[str, ...] = ()
    alphabet: str = "DNA"
    name: str = ""  # where it came from, for records and captions
    truth: tuple[Site, ...] = field(default=(), repr=False)  # planted sites of synthetic data
    notes: tuple[str, ...] = ()  # what its reader had to decide, a sentence each
    skipped: tuple[Skipped, ...] = field(default=(), repr=False)  # rows of its file that could not be used

    def __post_init__(self) -> None:
        n = len(self.X)
        if self.X.ndim != 3 or self.X.shape[1] != 4:
            raise DataError(f"{self.label}: X has shape {self.X.shape}; one-hot sequences are (examples, 4, length)")
        for part in ("y", "w", "ids", "covariates"):
            values = getattr(self, part)
            if values is not None and len(values) != n:
                raise DataError(f"{self.label}: {part} has {len(values)} rows but X has {n}: they must be equal")
        if (0 if self.covariates is None else self.covariates.shape[1]) != len(self.covariate_names):
            raise DataError(f"{self.label}: each covariate needs a name; the names are {list(self.covariate_names)}")

    @property
    def label(self) -> str:
        return self.name or "the dataset"

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        beside = f", covariates {', '.join(self.covariate_names)}" if self.covariate_names else ""
        shape = f"{len(self):,} sequences of {self.length} bases of {self.alphabet}"
        return f"<Dataset {self.label}: {shape}, {self.y.shape[1]} label{'s' * (self.y.shape[1] != 1)}{beside}>"

    @property
    def length(self) -> int:
        """Bases per sequence."""
        return self.X.shape[2]

    def covariate(self, name: str) -> np.ndarray:
        """The raw values `(N,)` of one covariate. Raises DataError where there is none of that name."""
        if self.covariates is None or name not in self.covariate_names:
            raise DataError(f"{self.label} has no covariate {name!r}: join it by id first")
        return self.covariates[:, self.covariate_names.index(name)]

    def sequences(self, index: np.ndarray | slice = slice(None)) -> list[str]:
        """Letters of the chosen examples."""
        return decode(self.X[index], self.alphabet)

    def subset(self, index: np.ndarray) -> Dataset:
        """The examples at `index`, in that order, truth renumbered to match."""
        index = np.asarray(index)
        if index.dtype == bool:
            index = np.flatnonzero(index)
        place = {int(old): new for new, old in enumerate(index)} if self.truth else {}
        truth = tuple(site._replace(index=place[site.index]) for site in self.truth if site.index in place)
        covariates = None if self.covariates is None else self.covariates[index]
        return replace(
            self,
            X=chosen(self.X, index),
            y=self.y[index],
            w=self.w[index],
            ids=chosen(self.ids, index),
            covariates=covariates,
            truth=truth,
        )

    def labelled(self) -> Dataset:
        """The examples whose first label is known (a number, of weight above 0); all, without labels, where none is."""
        if not self.y.shape[1]:
            return self
        known = (self.w[:, 0] > 0) & np.isfinite(self.y[:, 0])
        return self.subset(known) if known.any() else replace(self, y=self.y[:, :0], w=self.w[:, :0])

    def with_covariates(self, values: np.ndarray, names: tuple[str, ...]) -> Dataset:
        """The same examples with these raw covariates `(N, C)` in place of any others."""
        return replace(self, covariates=np.asarray(values, np.float32), covariate_names=tuple(names))
