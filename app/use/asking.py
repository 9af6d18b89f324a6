"""What the Predict page asks for: sequences, typed or from a file, and what belongs beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from components.sequences_in import uploaded_text
from dnaconv_core.evaluate.ask import FITS, SLIDE
from dnaconv_core.evaluate.given import Given, fasta_records, is_table, read_sheet, sheet_records
from dnaconv_core.experiments.base import Example, Experiment
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import parse_records
from frame import state
from frame.addressed import choose_one
from frame.language import said, tr, tr_n
from frame.words import plain

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_IN_ADDRESS = 600  # letters that still make a link one can send


def ask_for(experiment: Experiment, model: Bundle) -> tuple[str, tuple[float, ...], Given | None]:
    """The pasted text, the covariates and a file; at first those of the address, or of the first example."""
    _begin(experiment)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(tr("**Try**"), width="content")
            for number, example in enumerate(experiment.examples):
                st.button(
                    plain(said(example.name)),
                    key=f"try_{number}",
                    help=plain(said(example.note)),
                    on_click=_take,
                    args=(experiment, example),
                )
        text = st.text_area(
            tr("Sequence"),
            st.session_state["pasted"],  # a slow browser may miss that it was set
            key="pasted",
            height=110,
            placeholder=tr("Letters, GenBank lines, or FASTA with any number of records"),
            help=tr(
                "Upper or lower case; spaces, line breaks and digits are ignored. U and T are read as the alphabet "
                "needs; other IUPAC codes become unknown bases."
            ),
        )
        values = [
            st.number_input(
                plain(name.capitalize()),
                min_value=0.0,
                value=float(st.session_state.get(f"covariate_{name}", 0.0)),
                format="%.4f",
                step=0.001,
                key=f"covariate_{name}",
                width=220,
                help=tr("The raw value, as measured; the model transforms it as it did in training."),
            )
            for name in model.config.covariates
        ]
        with st.expander(tr("Many sequences"), icon=":material/upload_file:"):
            file = _upload(model)
    return text, tuple(values), file


def _begin(experiment: Experiment) -> None:
    """What stands in the fields before anything is typed."""
    if st.session_state.get("_asked_of") != experiment.key:
        first = experiment.examples[0]
        given = st.query_params.get("sequence", "")
        fresh = _linked(experiment, given) if given and "_asked_of" not in st.session_state else first
        st.session_state["_asked_of"] = experiment.key
        _take(experiment, fresh)
    elif "pasted" not in st.session_state:  # back from another page
        _take(experiment, _linked(experiment, st.query_params.get("sequence", "")))


def _upload(model: Bundle) -> Given | None:
    """Ask for a file of sequences; None without one."""
    file = st.file_uploader(
        tr("or a file: FASTA, CSV or TSV, plain or gzip"),
        ["fa", "fasta", "fna", "txt", "csv", "tsv", "gz"],
        key="predict_file",
        help=tr(
            "Its sequences take the place of the text. A table needs a header; a column is used that has the name of "
            "what the model needs beside the sequence."
        ),
    )
    if file is None:
        return None
    text = uploaded_text(file, "FASTA, CSV or TSV, plain or gzip")
    if not is_table(text, file.name):
        parsed = parse_records(text, model.config.alphabet, name=file.name, bare=True)
        return fasta_records(parsed, file.name)
    sheet = read_sheet(text, file.name)
    columns = range(len(sheet.header))
    column = st.selectbox(
        tr("Column of sequences"), columns, sheet.likely, format_func=sheet.header.__getitem__, key="predict_column"
    )
    return sheet_records(sheet, column, model.config)


def _linked(experiment: Experiment, sequence: str) -> Example:
    """What a link from another page asks for; covariates that it does not tell are those of the first example."""
    first = experiment.examples[0]
    beside = zip(experiment.covariates, first.covariates, strict=True)
    values = tuple(state.given_beside(name, value) for name, value in beside)
    return first._replace(sequence=sequence, covariates=values)


def _take(experiment: Experiment, example: Example) -> None:
    st.session_state["pasted"] = example.sequence
    for name, value in zip(experiment.covariates, example.covariates, strict=False):
        st.session_state[f"covariate_{name}"] = value


def remember(text: str) -> None:
    """Keep a short sequence in the address, so that the view can be shared."""
    short = text if ">" in text else "".join(text.split())
    if len(short) > _IN_ADDRESS:
        st.query_params.pop("sequence", None)
    elif st.query_params.get("sequence") != short:
        st.query_params["sequence"] = short


def ask_fit(records: list[Record], length: int) -> str:
    """What to do with sequences that do not have the model's length; asked only where there are any."""
    long = sum(len(record.sequence) > length for record in records)
    short = sum(len(record.sequence) < length for record in records)
    if not long and not short:
        return SLIDE
    with st.container(border=True):
        reads = tr("This model reads {length:d} bases.", length=length)
        if short:
            words = tr_n(
                "One sequence is shorter: unknown bases (N) fill both sides.",
                "{n:,} sequences are shorter: unknown bases (N) fill both sides.",
                short,
            )
            st.markdown(f":material/straighten: {reads} {words}")
        if not long:
            return SLIDE
        words = tr_n("One sequence is longer.", "{n:,} sequences are longer.", long)
        st.markdown(f":material/straighten: {reads} {words}")
        return choose_one(tr("What to use"), FITS, key="fit", label_visibility="collapsed")
