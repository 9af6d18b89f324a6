"""Bringing files, and what each of them is: its form is seen from its content, its role can be changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from bring.draft import Draft
from dnaconv_core.experiments.recipe import Input
from dnaconv_core.experiments.recognise import ROLES, Recognised, recognise_one, with_roles
from dnaconv_core.storing import check_path
from frame.storing import stores
from frame.words import plain

ROLE_WORDS = {
    "table": "Table of examples",
    "positives": "Positives (yes)",
    "negatives": "Negatives (no)",
    "test_positives": "Test part: positives",
    "test_negatives": "Test part: negatives",
    "fasta": "Labels in its headers",
    "class": "One class",
    "genome": "Genome",
    "bed": "Intervals to learn from",
    "blacklist": "Blacklist: windows to avoid",
    "bigwig_covariate": "Covariate beside each sequence",
    "bigwig_label": "Label: its signal",
    "dataset": "Examples",
    "valid": "Validation part",
    "test": "Test part",
    "": "Leave out",
}
_NAMED = {"class": "Word for the class", "bigwig_covariate": "Name of the covariate"}
_FORMS = {"": "not usable", "FASTA": "FASTA", "genome": "genome FASTA", "bigWig": "bigWig"}


def bring_files(draft: Draft) -> None:
    """The box to drag files into, and a path on the server."""
    limit = st.get_option("server.maxUploadSize")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        number = st.session_state.setdefault("_uploads", 0)
        given = st.file_uploader(
            f"Drag files here (up to {int(limit)} MB each)",
            accept_multiple_files=True,
            key=f"uploads_{number}",
            **stores(
                "Tables (CSV, TSV, Excel's CSV, Parquet), FASTA, BED, narrowPeak, broadPeak, bedGraph, bigWig, NPZ; "
                "plain or gzip. They stay on the machine the dashboard runs on."
            ),
        )
    form = right.form("path", border=False, clear_on_submit=True)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        path = st.text_input(
            "Or a path on the server",
            placeholder="/data/genome.fa",
            help=f"For files larger than {int(limit)} MB, such as a genome: they are read where they are. To upload "
            "larger ones, start the dashboard with --server.maxUploadSize and a number of MB.",
        )
        named = st.form_submit_button("Add", icon=":material/add:", **stores())
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
        st.error(plain(f"{path} does not exist on the machine the dashboard runs on: check the path"))
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
            why = f" · {plain(one.why)}" if one.why else ""
            st.caption(f"{plain(_FORMS.get(one.form, one.form))} · {plain(_size(stamp(one.path)[1]))}{why}")
        if one.form:
            choices = {key: ROLE_WORDS[key] for key in (*ROLES[one.form], "")}
            look = {"label_visibility": "collapsed", "width": 250}
            role = draft.select(f"Role of {plain(one.path.name)}", f"role {known}", choices, one.role, **look)
        if role in _NAMED:
            look = {"label_visibility": "collapsed", "width": 170, "placeholder": _NAMED[role]}
            name = draft.text(_NAMED[role], f"name {known}", one.name, max_chars=60, **look) or one.name
        if one.head:
            with st.popover("First lines", icon=":material/notes:", type="tertiary"):
                st.code("\n".join(line[:120] for line in one.head[:8]), language=None)
        if st.button("Remove", key=f"remove_{place}", icon=":material/close:", type="tertiary"):
            _remove(draft, one.path)
    if one.problem:
        st.error(plain(one.problem.replace(f"{draft.lot.folder}/", "")), icon=":material/error:")
    return Input(role, known, name) if role else None


def _remove(draft: Draft, path: Path) -> None:
    draft.lot.remove(path)
    kept = [other for other in draft.values.get("paths", []) if other != str(path)]
    draft.set("paths", kept)
    st.rerun()


def _size(size: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
