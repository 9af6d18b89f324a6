"""Interpretation as tables for a spreadsheet, in which no name can act as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dnaconv_core.files import safe_cell
from dnaconv_core.interpret.hits import Hits


def attribution_csv(ids: Sequence[Any] | np.ndarray, sequences: Sequence[str], scores: dict[str, np.ndarray]) -> str:
    """A line for each base of the scores `(N, L)` of each method: id, method, position (from 1), base, attribution."""
    lines = ["id,method,position,base,attribution"]
    for method, rows in scores.items():
        for name, sequence, row in zip(ids, sequences, rows, strict=True):
            start = f"{_quoted(name)},{method}"
            lines += [f"{start},{p},{b},{v:.6g}" for p, (b, v) in enumerate(zip(sequence, row, strict=True), 1)]
    return "\n".join(lines) + "\n"


def substitutions_csv(ids: Iterable[Any], sequences: Sequence[str], change: np.ndarray, letters: str) -> str:
    """A line for each substitution of `change (N, 4, L)`: id, position (from 1), the base, the other, the change."""
    lines = ["id,position,base,to,change"]
    for name, sequence, table in zip(ids, sequences, change, strict=True):
        name = _quoted(name)
        for p, base in enumerate(sequence):
            lines += [
                f"{name},{p + 1},{base},{other},{table[b, p]:.6g}" for b, other in enumerate(letters) if other != base
            ]
    return "\n".join(lines) + "\n"


def hits_csv(ids: Sequence[Any] | np.ndarray, hits: Hits, motif: str) -> str:
    """A line for each hit: id, motif, first and last base (from 1), strand, score in bits, p and q."""
    lines = ["id,motif,start,end,strand,score_bits,p_value,q_value"]
    for row, start, strand, score, p, q in zip(*hits[:6], strict=True):
        name = _quoted(ids[row])
        lines.append(f"{name},{_quoted(motif)},{start + 1},{start + hits.width},{strand},{score:.4g},{p:.4g},{q:.4g}")
    return "\n".join(lines) + "\n"


def _quoted(name: object) -> str:
    return '"' + safe_cell(str(name)).replace('"', '""') + '"'
