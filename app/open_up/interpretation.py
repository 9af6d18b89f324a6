"""What the pages about interpretation share: filters, what they are worth, names of motifs, and their logos."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from components.logo import Logo
from dnaconv_core.errors import InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.sequence.motif import Motif, to_icm
from frame.cache import bundle, held_out
from frame.job import background
from frame.language import mark, tr
from frame.models import ModelRef
from open_up.targets import Targets
from open_up.worded import no_match, strand_words

if TYPE_CHECKING:
    from dnaconv_core.interpret.ablation import Ablation
    from dnaconv_core.interpret.families import Family
    from dnaconv_core.interpret.filters import FilterScan
    from dnaconv_core.interpret.match import Match

_COMPILING = mark(
    "Tomtom is being compiled for this machine. This happens once and takes a minute or more; the rest of the page "
    "works meanwhile."
)
_READING, _COMPARING = mark("reading the motifs to compare with"), mark("comparing")


def sample(model: ModelRef) -> tuple[HeldOut, np.ndarray]:
    """Held-out examples and the rows to read filters from: all positives first, then others, up to a number."""
    from dnaconv_core.interpret.findings import rows_to_read

    data = held_out(model)
    return data, rows_to_read(data.y)


@st.cache_resource(show_spinner=False, max_entries=12)
def filters(model: ModelRef, layer: int, fraction: float, _on: str = "", _progress: Progress = SILENT) -> FilterScan:
    """The windows that activate each filter of a layer, above this fraction of its maximum: the same wherever they are
    looked for. Raises InputError when asked to stop, so that no half of them is kept."""
    from dnaconv_core.interpret.filters import filter_motifs

    data, rows = sample(model)
    how: dict[str, Any] = {"layer": layer, "fraction": fraction, "on": _on, "progress": _progress}
    found = filter_motifs(bundle(model).model, data.one_hot(rows), **how)
    if _progress.should_stop():
        raise InputError("reading the filters was stopped")
    return found


def filters_on(model: ModelRef, layer: int, fraction: float, on: str) -> FilterScan | None:
    """What `filters` gives; None while the cluster `on` reads them, or after a stop."""
    if not on:
        with st.spinner(tr("Reading the filters…")):
            return filters(model, layer, fraction)
    asked = (model, layer, fraction)
    return background(
        ("reading filters", on, *asked), lambda progress: filters(*asked, on, progress),
        words=tr("Reading the filters"), on=on,
    )  # fmt: skip


@st.cache_resource(show_spinner=False, max_entries=12)
def together(model: ModelRef, layer: int, fraction: float) -> np.ndarray:
    """How filters fire together `(F, F)`: half a second for hundreds of them, so kept."""
    from dnaconv_core.interpret.filters import co_firing

    return co_firing(filters(model, layer, fraction))


def useful_first(model: ModelRef, scan: FilterScan) -> list[int]:
    """The filters' indices, first those that tell the classes of the held-out examples apart most."""
    from dnaconv_core.interpret.filters import by_usefulness

    data, rows = sample(model)
    return [int(i) for i in by_usefulness(scan, data.y[rows])]


def ablations(model: ModelRef, layer: int, indices: Sequence[int], kind: str = "ablation") -> list[Ablation] | None:
    """What each of these filters is worth; None while it is being measured. kind: of the background work."""

    def work(progress: Any) -> list[Ablation]:
        from dnaconv_core.interpret.findings import worth_of

        data = held_out(model)
        return worth_of(
            bundle(model).model, data.one_hot(), data.y, data.beside(), layer=layer, indices=indices,
            task=model.output, groups=data.groups(), progress=progress,
        )  # fmt: skip

    words = tr("Measuring the model without each filter")
    if len(indices) == 1:
        words = tr("Measuring the model without filter {number:d}", number=indices[0] + 1)
    return background((kind, model, layer, tuple(indices)), work, words=words)


def families_worth(model: ModelRef, layer: int, families: Sequence[Family]) -> dict[int, Ablation]:
    """What each family's filters are worth together, by its number; nothing while it is being measured."""
    members = [family.filters for family in families]

    def work(progress: Any) -> list[Ablation]:
        from dnaconv_core.interpret.ablation import ablate_together
        from dnaconv_core.interpret.findings import MOST_SILENCED

        data = held_out(model)
        return ablate_together(
            bundle(model).model, data.one_hot(), data.y, data.beside(), members=members, layer=layer,
            task=model.output, most=MOST_SILENCED, groups=data.groups(), progress=progress,
        )  # fmt: skip

    if not members:
        return {}
    words = tr("Measuring the model without each family")
    found = background(("families", model, layer, tuple(members)), work, words=words)
    return {one.index: one for one in found or []}


def names(
    motifs: Sequence[Motif], key: tuple, by: Targets, *, order: Sequence[int] | None = None
) -> list[list[Match]] | None:
    """The best matches of each motif; None while they are looked for.

    order: of filters, the most useful first; their q-values are then those of `dnaconv filters`.
    """

    def work(progress: Any) -> list[list[Match]]:
        from dnaconv_core.interpret.match import match_motifs
        from dnaconv_core.interpret.naming import families

        progress.report(0.1, _READING)
        compared = by.motifs()
        compiled(progress)
        if progress.should_stop():
            return []
        progress.report(0.7, _COMPARING)
        both = by.alphabet == "DNA"
        found = None if order is None else families(len(motifs), order)
        return match_motifs(motifs, compared, families=found, both_strands=both)

    return background(("names", *key, by), work, words=tr("Naming the motifs"))


def compiled(progress: Any) -> None:
    """Wait until Tomtom is compiled, by a process of its own: here it would hold up every page."""
    from dnaconv_core.interpret.compiled import compile_now, compiling, is_warm, warm_up

    begun = 0
    while not is_warm() and not progress.should_stop():
        progress.report(0.2, _COMPILING)
        begun += not compiling()
        if begun > 3:  # it ends without a result there: let its error be seen
            return compile_now()
        warm_up()
        time.sleep(0.5)


def best_name(matches: list[Match]) -> str:
    """The first match's name, or that there is none."""
    return matches[0].name if matches and matches[0].significant else no_match()


def aligned(motif: Motif, matches: Sequence[Match]) -> list[Logo]:
    """The motif and its matches as logos whose columns stand under one another."""
    first = min([0, *(m.offset for m in matches)])
    last = max([motif.width, *(m.offset + m.target.width for m in matches)])

    def placed(ppm: np.ndarray, offset: int) -> np.ndarray:
        heights = np.zeros((4, last - first))
        heights[:, offset - first : offset - first + ppm.shape[1]] = to_icm(ppm)
        return heights

    drawn = [Logo(placed(motif.ppm, 0), motif.name)]
    for m in matches:
        note = tr(
            "{id} · q = {q:.2g} · {strand} · offset {offset:+d}",
            id=m.matrix_id, q=m.q_value, strand=strand_words(m.strand == "-"), offset=m.offset,
        )  # fmt: skip
        drawn.append(Logo(placed(m.oriented().ppm, m.offset), m.name, note))
    return drawn
