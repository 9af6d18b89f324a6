"""Giving a page sequences: pasted, from a file, or from an example."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.skipped import show_skipped
from dnaconv_core.data.fasta import told_apart
from dnaconv_core.errors import DataError, UnsafeFileError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import parse_records
from dnaconv_core.text import text_of
from frame.language import said, tr
from frame.words import Words, plain

_MOST = 64 << 20  # bytes a packed upload may unpack to


def uploaded_text(upload: Any, wanted: str = "FASTA, plain or gzip") -> str:
    """The text of an uploaded file, plain or gzip. Raises DataError when it is neither, and says what is `wanted`."""
    try:
        return text_of(upload.getvalue(), upload.name, limit=_MOST)
    except UnsafeFileError:
        raise DataError(f"{upload.name} unpacks to more than {_MOST >> 20} MiB: use the command line for it") from None
    except DataError as error:
        raise DataError(f"{error}; give {wanted}") from None


def pasted_or_file(
    key: str, examples: dict[str, str], alphabet: str, *, what: Words, height: int = 130
) -> list[Record]:
    """Ask for sequences; the records given, or none. At first the first example stands there.

    A record that cannot be used is listed and the others go on; an id that comes again gets a number behind it.

    examples: texts by the names of their buttons. what: the label of the text.
    """
    name = f"{key}_text"
    if name not in st.session_state:
        st.session_state[name] = st.session_state.get(f"_{name}", next(iter(examples.values()), ""))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(tr("**Try**"), width="content")
        for label, text in examples.items():
            st.button(plain(said(label)), key=f"{key}_{label}", on_click=st.session_state.update, args=({name: text},))
    left, right = st.columns([2.4, 1])
    shown = st.session_state[name]  # a slow browser may miss that it was set
    hint = tr("Letters, or FASTA with any number of records")
    text = left.text_area(what, shown, key=name, height=height, placeholder=hint)
    upload = right.file_uploader(
        tr("or a FASTA file"),
        ["fa", "fasta", "fna", "txt", "gz"],
        key=f"{key}_file",
        help=tr("Plain or gzip, up to 50 MB."),
    )
    st.session_state[f"_{name}"] = text  # kept while other pages are looked at
    if upload is None and not text.strip():
        return []
    source = upload.name if upload is not None else ""
    given = uploaded_text(upload) if upload is not None else text
    found = parse_records(given, alphabet, name=source, bare=True, masked=upload is not None).usable()
    found, notes = told_apart(found, source or "the text")
    for note in notes:
        st.caption(plain(said(note)))
    show_skipped(found.skipped)
    return found.records


def covariate_inputs(config: ModelConfig, key: str, default: float = 0.02) -> tuple[float, ...]:
    """One number for each covariate of the model, the same for every window."""
    return tuple(
        st.number_input(
            plain(said(name).capitalize()),
            min_value=0.0,
            value=default,
            format="%.4f",
            step=0.001,
            key=f"{key}_covariate_{name}",
            width=200,
            help=tr("The raw value, as measured; every window gets it."),
        )
        for name in config.covariates
    )
