"""Which column of a table is what: guessed, with the reason, and changed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from bring.draft import Draft, sentence
from bring.files import stamp
from dnaconv_core.data.tables import Columns, Table, guess_columns, read_columns
from dnaconv_core.experiments.recipe import NO_COLUMN
from frame.language import mark, tr
from frame.words import plain

_NONE = "—"


class Chosen(NamedTuple):
    """The table, what was guessed, and the fields of a recipe that say which column is what."""

    table: Table
    guessed: Columns
    labels: tuple[str, ...]
    fields: dict[str, Any]


@st.cache_resource(show_spinner=False, max_entries=3)
def read_table(path: str, changed: float, size: int) -> tuple[Table, Columns]:
    table = read_columns(Path(path))
    return table, guess_columns(table)


def columns(draft: Draft, path: Path) -> Chosen:
    """Draw the choice of columns. Raises DataError where the file is no table that can be read."""
    with st.spinner(tr("Reading the table…")):
        table, guessed = read_table(str(path), *stamp(path))
    names = list(table.header)
    st.markdown(tr("**Columns of {file}** · {n:,} rows", file=plain(path.name), n=table.n))
    _first_rows(table)
    optional = {_NONE: _NONE, **{name: name for name in names}}
    one, two, three = st.columns(3)
    with one:
        sequence = draft.select(tr("Sequence"), "sequence", optional, guessed.sequence or _NONE)
        _why(guessed, "sequence", sequence, guessed.sequence)
    with two:
        labels = draft.several(tr("Label or labels"), "labels", names, guessed.labels, placeholder=tr("Choose"))
        _why(guessed, "labels", labels, list(guessed.labels))
    with three:
        part = draft.select(tr("Part (train, validation, test)"), "part", optional, guessed.part or _NONE)
        _why(guessed, "part", part, guessed.part)
    if sequence == _NONE:
        words = tr(
            "No column of {file} holds sequences: choose it above, or bring another file.", file=plain(path.name)
        )
        st.error(words, icon=":material/error:")
    one, two, three = st.columns(3)
    with one:
        identifier = draft.select(tr("Id"), "id", optional, guessed.id or _NONE)
    with two:
        weight = draft.select(tr("Weight"), "weight", optional, guessed.weight or _NONE)
    with three:
        covariates = draft.several(
            tr("Covariates"), "covariates", names, (), placeholder=tr("None"), help=tr(_COVARIATES)
        )
    fields = {"sequence": sequence, "id": identifier, "weight": weight, "part": part}
    fields = {name: NO_COLUMN if value == _NONE else value for name, value in fields.items()}
    return Chosen(table, guessed, tuple(labels), {**fields, "covariates": tuple(covariates)})


_COVARIATES = mark("Numbers known for each sequence, such as accessibility: the network reads them too.")


def _why(guessed: Columns, role: str, chosen: Any, guess: Any) -> None:
    """Why this column, under its box; nothing once another was chosen."""
    if (chosen == (guess or _NONE) or chosen == guess) and guessed.why.get(role):
        st.caption(plain(sentence(guessed.why[role])))


def _first_rows(table: Table) -> None:
    shown = {
        name: [str(value)[:80] for value in column[:4]]
        for name, column in zip(table.header, table.columns, strict=True)
    }
    st.dataframe(shown, hide_index=True, height="content", key="first_rows")
