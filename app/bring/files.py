"""Bringing files, and what each of them is: its form is seen from its content, its role can be changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from bring.draft import Draft, translated
from dnaconv_core.experiments.recipe import Input
from dnaconv_core.experiments.recognise import ROLES, Recognised, recognise_one, with_roles
from dnaconv_core.storing import check_path
from frame.language import mark, said, tr
from frame.storing import stores
from frame.words import Words, plain

ROLE_WORDS = {
    "table": mark("Table of examples"),
    "positives": mark("Positives (yes)"),
    "negatives": mark("Negatives (no)"),
    "test_positives": mark("Test part: positives"),
    "test_negatives": mark("Test part: negatives"),
    "fasta": mark("Labels in its headers"),
    "class": mark("One class"),
    "genome": mark("Genome"),
    "bed": mark("Intervals to learn from"),
    "blacklist": mark("Blacklist: windows to avoid"),
    "bigwig_covariate": mark("Covariate beside each sequence"),
    "bigwig_label": mark("Label: its signal"),
    "dataset": mark("Examples"),
    "valid": mark("Validation part"),
    "test": mark("Test part"),
    "": mark("Leave out"),
}
_NAMED = {"class": mark("Word for the class"), "bigwig_covariate": mark("Name of the covariate")}
_FORMS = {
    "": mark("not usable"),
    "table": mark("table"),
    "genome": mark("genome FASTA"),
    "intervals": mark("intervals"),
}  # others have names


def bring_files(draft: Draft) -> None:
    """The box to drag files into, and a path on the server."""
    limit = int(st.get_option("server.maxUploadSize"))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        number = st.session_state.setdefault("_uploads", 0)
        given = st.file_uploader(
            tr("Drag files here (up to {limit:d} MB each)", limit=limit),
            accept_multiple_files=True,
            key=f"uploads_{number}",
            **stores(
                tr(
                    "Tables (CSV, TSV, Excel's CSV, Parquet), FASTA, BED, narrowPeak, broadPeak, bedGraph, bigWig, "
                    "NPZ; plain or gzip. They stay on the machine that runs the dashboard."
                )
            ),
        )
    form = right.form("path", border=False, clear_on_submit=True)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        path = st.text_input(
            tr("Or a path on the server"),
            placeholder=tr("/data/genome.fa"),
            help=tr(
                "For files larger than {limit:d} MB, such as a genome: they are read where they are. To upload larger "
                "files, start the dashboard with --server.maxUploadSize and a number of MB.",
                limit=limit,
            ),
            key="path_on_server",
        )
        named = st.form_submit_button(tr("Add"), icon=":material/add:", **stores())
    if given:
        for one in given:
            draft.lot.keep(one.name, one.getbuffer())
        st.session_state["_uploads"] = number + 1  # the box is empty again: the files are listed below
        st.rerun()
    if named and path.strip():
        _add_path(draft, path.strip())


def _add_path(draft: Draft, text: str) -> None:
    check_path()
    path = Path(text).expanduser().absolute()
    paths = draft.values.get("paths", [])
    if not path.exists():
        st.error(
            tr("{path} does not exist on the machine the dashboard runs on: check the path", path=plain(path)),
        )
    elif str(path) not in paths:
        draft.set("paths", [*paths, str(path)])
        st.rerun()


def brought(draft: Draft) -> list[Path]:
    """Every file there is: those uploaded, then those named by a path."""
    return [*draft.lot.files(), *(Path(path) for path in draft.values.get("paths", []))]


@st.cache_data(show_spinner=False, max_entries=200)
def _recognised(path: str, changed: float, size: int) -> Recognised:
    return recognise_one(Path(path))


def recognised(paths: list[Path]) -> list[Recognised]:
    return with_roles([_recognised(str(path), *stamp(path)) for path in paths])


def stamp(path: Path) -> tuple[float, int]:
    """When a file last changed, and its size; zeros where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return 0.0, 0
    return found.st_mtime, found.st_size


def what_they_are(draft: Draft, files: list[Recognised]) -> tuple[Input, ...]:
    """A line for each file with its role, which can be changed; returns those that are used."""
    inputs = [_line(draft, one, place) for place, one in enumerate(files)]
    return tuple(one for one in inputs if one is not None)


def _line(draft: Draft, one: Recognised, place: int) -> Input | None:
    role, name, known = "", one.name, str(one.path)
    with st.container(horizontal=True, vertical_alignment="center", key=f"file_{place}"):
        with st.container(gap=None, width=330):
            st.markdown(f"**{plain(one.path.name)}**")
            why = f" · {plain(said(one.why))}" if one.why else ""
            form = tr(_FORMS[one.form]) if one.form in _FORMS else plain(one.form)
            st.caption(f"{form} · {_size(stamp(one.path)[1])}{why}")
        if one.form:
            every = translated(ROLE_WORDS)
            choices = {key: every[key] for key in (*ROLES[one.form], "")}
            look = {"label_visibility": "collapsed", "width": 250}
            label = tr("Role of {file}", file=plain(one.path.name))
            role = draft.select(label, f"role {known}", choices, one.role, **look)
        if role in _NAMED:
            look = {"label_visibility": "collapsed", "width": 170, "placeholder": tr(_NAMED[role])}
            name = draft.text(tr(_NAMED[role]), f"name {known}", one.name, max_chars=60, **look) or one.name
        if one.head:
            with st.popover(tr("First lines"), icon=":material/notes:", type="tertiary"):
                st.code("\n".join(line[:120] for line in one.head[:8]), language=None)
        if st.button(tr("Remove"), key=f"remove_{place}", icon=":material/close:", type="tertiary"):
            _remove(draft, one.path)
    if one.problem:
        st.error(plain(said(one.problem.replace(f"{draft.lot.folder}/", ""))), icon=":material/error:")
    return Input(role, known, name) if role else None


def _remove(draft: Draft, path: Path) -> None:
    draft.lot.remove(path)
    kept = [other for other in draft.values.get("paths", []) if other != str(path)]
    draft.set("paths", kept)
    st.rerun()


def _size(size: float) -> Words:
    if size < 1000:
        return tr("{n:,} bytes", n=int(size))
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 1000:
            return plain(f"{size:,.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}")
    return f"{size / 1000:,.1f} GB"
