"""What can be taken away from a page: a logo as a picture, and the whole interpretation as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from components.logo import Logo
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.plot.logo import logo_svg
from dnaconv_core.plot.raster import logo_png
from frame.cache import bundle, changed
from frame.held_out import HeldOut, held_out
from frame.job import background, known
from open_up.interpretation import compiled, covariates_of, one_hot_of
from open_up.targets import Targets

_HELP = "Metrics, patterns, filters and attributions in one HTML file that opens without a network."


def pictures(logo: Logo, file: str, alphabet: str, **look: Any) -> None:
    """Buttons for a logo as SVG and PNG, drawn when they are clicked."""
    look = {"kind": logo.kind, "unit": logo.unit, "alphabet": alphabet, "title": logo.title} | look
    for kind, draw in (("SVG", logo_svg), ("PNG", logo_png)):
        st.download_button(
            kind, _drawn(draw, logo, look), f"{file}.{kind.lower()}",
            f"image/{'svg+xml' if kind == 'SVG' else 'png'}", key=f"{file}_{kind}", icon=":material/download:",
            type="tertiary", on_click="ignore",
        )  # fmt: skip


def _drawn(draw: Any, logo: Logo, look: dict[str, Any]) -> Any:
    return lambda: draw(logo.heights, **look)


def report_button(path: Path, by: Targets) -> None:
    """Make the report in the background when asked, with names from `by`, then offer it."""
    key = ("report", str(path), changed(path), by)

    def work(progress: Any) -> str:
        from dnaconv_core.plot.report import write_report
        from dnaconv_core.runs.siblings import sibling_folders
        from dnaconv_core.runs.store import Store

        model, data = bundle(path), held_out(path)
        may_name = by.fit(model.config.alphabet)
        if may_name:
            compiled(progress)
        seeds = [bundle(folder).model for folder in sibling_folders(Store(), path.name)]
        return write_report(
            model, _examples(data, model.config.covariates), motifs=by.motifs() if may_name else "",
            named_by=by.words, may_name=may_name, siblings=seeds, progress=progress,
        )  # fmt: skip

    if not known(key):
        place = st.empty()
        if not place.button("Make a report", icon=":material/description:", help=_HELP, key="report"):
            return
        place.empty()
    page = background(key, work, words="Writing the report", going_on=True)
    if page is not None:
        st.download_button(
            "Report as HTML", page, f"{path.name}.html", "text/html", icon=":material/download:", key="report_file",
            help=_HELP, on_click="ignore",
        )  # fmt: skip


def _examples(data: HeldOut, names: tuple[str, ...]) -> Dataset:
    X, y = one_hot_of(data), data.y[:, None].astype("float32")
    beside = covariates_of(data) if names else None
    known_labels = (y == y).astype("float32")
    return Dataset(X, y, known_labels, data.ids, beside, names, data.alphabet, data.words)
