"""What can be taken away from a page: a logo as a picture, and the whole interpretation as one file."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.logo import Logo
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError
from dnaconv_core.interpret.discovery import Discovery
from dnaconv_core.interpret.keep import kept_with, load_discovery, patterns_file
from dnaconv_core.plot.logo import logo_svg
from dnaconv_core.plot.raster import logo_png
from dnaconv_core.runs.held_out import HeldOut
from frame.cache import bundle, held_out
from frame.job import background, known
from frame.language import language, mark, said, saying, tr
from frame.models import ModelRef
from frame.words import plain
from open_up.explaining import siblings
from open_up.interpretation import compiled
from open_up.targets import Targets

_TOGETHER = 5  # seconds between files that were written together, as by an import
_HELP = mark("Metrics, patterns, filters and attributions in one HTML file that opens without the internet.")


def pictures(logo: Logo, file: str, alphabet: str, **look: Any) -> None:
    """Buttons for a logo as SVG and PNG, drawn when they are clicked."""
    look = {"kind": logo.kind, "unit": logo.unit, "alphabet": alphabet, "title": logo.title} | look
    for kind, draw in (("SVG", logo_svg), ("PNG", logo_png)):
        st.download_button(
            plain(kind), _drawn(draw, logo, look), f"{file}.{kind.lower()}",
            f"image/{'svg+xml' if kind == 'SVG' else 'png'}", key=f"{file}_{kind}", icon=":material/download:",
            type="tertiary", on_click="ignore",
        )  # fmt: skip


def _drawn(draw: Any, logo: Logo, look: dict[str, Any]) -> Any:
    return lambda: draw(logo.heights, **look)


def kept_patterns(model: ModelRef) -> Discovery | None:
    """What was found for these weights and kept; None where there is nothing, or it cannot be read, which is told."""
    folder = kept_with(model.path)
    file = patterns_file(folder, model.output)
    if file.is_file() and file.stat().st_mtime < model.changed - _TOGETHER:
        return None  # the run was trained further since
    try:
        return load_discovery(folder, model.output)
    except DataError as error:
        st.warning(plain(said(str(error))), icon=":material/warning:")
        return None


def report_button(model: ModelRef, by: Targets, found: Discovery | None) -> None:
    """Make the report in the background when asked, with names from `by` and these patterns, then offer it."""
    code, say = language(), saying()
    key = ("report", code, model, by, None if found is None else (found.method, len(found.rows), len(found.seqlets)))

    def work(progress: Any) -> str:
        from dnaconv_core.plot.report import write_report

        config, data = bundle(model).config, held_out(model)
        may_name = by.fit(config.alphabet)
        if may_name:
            compiled(progress)
        seeds = [bundle(other).model for other in siblings(model)]
        return write_report(
            bundle(model), _examples(data, config.covariates), motifs=by.motifs() if may_name else "",
            named_by=by.words, may_name=may_name, siblings=seeds, task=model.output, discovery=found,
            progress=progress, say=say, language=code,
        )  # fmt: skip

    if not known(key):
        place = st.empty()
        if not place.button(tr("Make a report"), icon=":material/description:", help=tr(_HELP), key="report"):
            return
        place.empty()
    page = background(key, work, words=tr("Writing the report"), going_on=True)
    if page is not None:
        st.download_button(
            tr("Report as HTML"), page, f"{model.path.name}.html", "text/html", icon=":material/download:",
            key="report_file", help=tr(_HELP), on_click="ignore",
        )  # fmt: skip


def _examples(data: HeldOut, names: tuple[str, ...]) -> Dataset:
    X, y = data.one_hot(), data.y[:, None].astype("float32")
    beside = data.beside() if names else None
    known_labels = (y == y).astype("float32")
    return Dataset(X, y, known_labels, data.ids, beside, names, data.alphabet, data.words)
