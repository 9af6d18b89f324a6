"""Name a motif: Tomtom (Gupta et al. 2007; memelite's implementation) against JASPAR or a user's motifs.

memelite compiles itself for a minute or more the first time on a machine. `warm_up` does that in a process of its own;
`is_warm` says whether it is done.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.files import write_atomic
from dnaconv_core.home import home
from dnaconv_core.sequence.motif import Motif, information_content, reverse_complement_motif

SIGNIFICANT = 0.05  # q-values above read "no significant match"
NO_MATCH = "no significant match"
_LEAST_BITS = 7.0  # of the whole motif
_TRIM = 0.25  # bits: flanking columns with less say nothing and only lengthen the overlap


class Match(NamedTuple):
    """A target that resembles a query. `offset`: the query's column where the target's first lies (may be negative),
    with the target read on `strand`."""

    name: str
    matrix_id: str
    p_value: float
    q_value: float
    offset: int
    strand: str
    target: Motif

    @property
    def significant(self) -> bool:
        return self.q_value <= SIGNIFICANT

    def oriented(self) -> Motif:
        """The target on the strand that matches."""
        return self.target if self.strand == "+" else reverse_complement_motif(self.target)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "matrix_id": self.matrix_id,
            "p_value": self.p_value,
            "q_value": self.q_value,
            "offset": self.offset,
            "strand": self.strand,
            "significant": self.significant,
        }


def match_motifs(motifs: Sequence[Motif], targets: Sequence[Motif], *, most: int = 5) -> list[list[Match]]:
    """The best `most` targets of each motif, best first, with q-values (Benjamini-Hochberg over motifs × targets).

    Motifs are trimmed to their informative core first; offsets count from the whole motif. One with less than 7 bits
    (three and a half certain bases) resembles too much and is not asked. Raises InputError when there is nothing to
    compare with.
    """
    if not len(targets):
        raise InputError("there are no motifs to compare with: choose JASPAR, or a file that holds some")
    cores = [_core(motif) for motif in motifs]
    asked = [i for i, core in enumerate(cores) if core is not None]
    if not asked:
        return [[] for _ in motifs]
    from memelite import tomtom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few targets: said by the q-values' words where they are shown
        found = tomtom(
            [np.ascontiguousarray(cores[i][1]) for i in asked],
            [np.ascontiguousarray(target.ppm) for target in targets],
            n_jobs=1,
        )
    p_values, _, offsets, _, strands = (np.asarray(part) for part in found)
    p_values = np.clip(p_values, 0.0, 1.0)
    q_values = benjamini_hochberg(p_values.ravel()).reshape(p_values.shape)
    results: list[list[Match]] = [[] for _ in motifs]
    for row, i in enumerate(asked):
        for t in np.argsort(p_values[row], kind="stable")[:most]:
            strand = "-" if strands[row, t] else "+"
            offset = cores[i][0] - int(offsets[row, t])  # memelite says where the query begins in the target
            p, q = float(p_values[row, t]), float(q_values[row, t])
            results[i].append(Match(targets[t].name, targets[t].matrix_id, p, q, offset, strand, targets[t]))
    return results


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """q-values `(n,)` of p-values `(n,)` (Benjamini & Hochberg 1995)."""
    p = np.asarray(p, np.float64)
    order = np.argsort(p)
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def is_warm() -> bool:
    """Whether Tomtom has been compiled on this machine, so that a call takes seconds."""
    return _marker().is_file()


def warm_up() -> subprocess.Popen | None:
    """Start compiling in a process of its own; None when it is compiled already. It ends by itself."""
    if is_warm():
        return None
    return subprocess.Popen(
        [sys.executable, "-m", "dnaconv_core.interpret.match"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def compile_now() -> None:
    """Call Tomtom once on a small example, so that numba keeps the compiled code on disk, and note that it is done."""
    rng = np.random.default_rng(0)
    targets = [Motif(str(i), str(i), rng.dirichlet(np.full(4, 0.3), 8 + i % 5).T) for i in range(30)]
    match_motifs(targets[:2], targets)
    marker = _marker()
    marker.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(marker, b"")


def _marker() -> Path:
    return home() / "cache" / f"tomtom-{version('memelite')}-{version('numba')}"


def _core(motif: Motif) -> tuple[int, np.ndarray] | None:
    """First informative column, and the PPM from there to the last one; None where there is too little to compare."""
    bits = information_content(motif.ppm)
    kept = np.flatnonzero(bits >= _TRIM)
    return (int(kept[0]), motif.ppm[:, kept[0] : kept[-1] + 1]) if bits.sum() >= _LEAST_BITS else None


if __name__ == "__main__":
    compile_now()
