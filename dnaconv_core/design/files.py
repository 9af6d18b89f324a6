"""Designs as FASTA and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from dnaconv_core.design.design import Design
from dnaconv_core.files import safe_cell

COLUMNS = (
    "id", "sequence", "start", "n_edits", "edits", "score_start", "score", "logit_start", "logit", "spread",
    "judge_start", "judge", "distance_start", "distance", "gc", "scores_by_edit",
)  # fmt: skip


def designs_csv(designs: Sequence[Design]) -> str:
    """A line for each design; edits as A5G, positions from 1; empty where a number is not known."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in designs:
        judge, distance = one.judge or (None, None), one.distance or (None, None)
        numbers = (
            one.scores[0], one.scores[-1], one.logits[0], one.logits[-1], one.spread, *judge, *distance, one.gc
        )  # fmt: skip
        table.writerow(
            [
                safe_cell(one.id),
                one.sequence,
                one.start,
                len(one.edits),
                " ".join(map(str, one.edits)),
                *("" if number is None else f"{number:.6g}" for number in numbers),
                " ".join(f"{score:.6g}" for score in one.scores),
            ]
        )
    return out.getvalue()


def designs_fasta(designs: Sequence[Design]) -> str:
    """A record for each design: its id with the score and the number of edits behind it."""
    return "".join(
        f">{one.id} score={one.scores[-1]:.6g} start={one.scores[0]:.6g} edits={len(one.edits)}\n{one.sequence}\n"
        for one in designs
    )
