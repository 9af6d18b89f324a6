"""What the Predict page adds to an answer: files of sequences, calibration, other seeds, and shares of a covariate."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from components.sequences_in import uploaded_text
from dnaconv_core.data.columns import ID_NAMES, SEQUENCE_NAMES
from dnaconv_core.data.textfile import SEPARATORS, Rows, split_rows
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import read_reference
from dnaconv_core.evaluate.detail import Detail, explain
from dnaconv_core.results import Record
from dnaconv_core.runs.siblings import sibling_folders
from dnaconv_core.runs.store import Store
from dnaconv_core.sequence.encoding import clean, count_ambiguous, one_hot, parse_pasted
from frame.cache import bundle
from frame.models import Choice
from use.answers import Answer

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_LETTERS = re.compile(r"[ACGTUN]{12,}", re.IGNORECASE)  # no word, but a sequence
_SEEDS, _MEMBERS = ("lowest seed", "highest seed"), ("members −1 SD", "members +1 SD")
_MARGIN = {"l": 46, "r": 14, "t": 8, "b": 40}


class Given(NamedTuple):
    """Sequences of a file; covariates `(N, C)` where it has columns of their names."""

    records: list[Record]
    covariates: np.ndarray | None


def upload(model: Bundle) -> Given | None:
    """Ask for a file of sequences; None without one."""
    file = st.file_uploader(
        "or a file: FASTA, CSV or TSV, plain or gzip",
        ["fa", "fasta", "fna", "txt", "csv", "tsv", "gz"],
        key="predict_file",
        help="Its sequences take the place of the text. A table needs a header; a column named as what the model "
        "needs beside the sequence is used.",
    )
    if file is None:
        return None
    text = uploaded_text(file, "FASTA, CSV or TSV, plain or gzip")
    first = text.lstrip().split("\n", 1)[0].strip()
    table = Path(file.name.lower().removesuffix(".gz")).suffix in (".csv", ".tsv") or first.lower() in SEQUENCE_NAMES
    if first.startswith(">") or not (table or any(separator in first for separator in SEPARATORS)):
        return Given(parse_pasted(text, model.config.alphabet), None)
    return _table(split_rows(text, file.name), file.name, model)


def _table(rows: Rows, file: str, model: Bundle) -> Given:
    header = [name.strip().lstrip("#") for name in rows.fields[0]]
    if any(_LETTERS.fullmatch(name) for name in header):
        raise InputError(
            f"the first line of {file} holds a sequence: put names above the columns, such as id and sequence"
        )
    if len(rows.fields) == 1:
        raise InputError("the table has a header but no lines below it")
    lower = [name.lower() for name in header]
    like = (i for i, text in enumerate(rows.fields[1][: len(header)]) if _LETTERS.fullmatch(text.strip()))
    usual = next((lower.index(name) for name in SEQUENCE_NAMES if name in lower), next(like, 0))
    column = st.selectbox("Column of sequences", range(len(header)), usual, format_func=header.__getitem__)
    names = next((lower.index(name) for name in ID_NAMES if name in lower and lower.index(name) != column), None)
    wanted = model.config.covariates
    beside = [header.index(name) for name in wanted] if wanted and all(name in header for name in wanted) else []
    records, values = [], []
    for number, (row, place) in enumerate(zip(rows.fields[1:], rows.places[1:], strict=True), 1):
        if len(row) != len(header):
            raise InputError(f"line {place} has {len(row)} fields and the header {len(header)}: correct the line")
        letters = clean(row[column], model.config.alphabet, where=f"the sequence in line {place}")
        if not letters:
            raise InputError(f"line {place} has no sequence in column {header[column]!r}: add it or remove the line")
        name = row[names].strip() if names is not None else f"row_{number}"
        records.append(Record(name, letters, count_ambiguous(letters)))
        values.append([_covariate(row[i], header[i], place) for i in beside])
    return Given(records, np.array(values, np.float32) if beside else None)


def _covariate(text: str, name: str, place: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise InputError(f"line {place} has {text.strip()[:40]!r} as {name}: write a number that is not below 0")
    return value


def detail(choice: Choice, model: Bundle, answers: list[Answer], covariates: np.ndarray | None) -> Detail:
    """Calibration, percentiles and other seeds for what the model read of each record. covariates: `(N, C)`."""
    X = one_hot([answer.sequence for answer in answers], model.config.alphabet)
    others = [bundle(folder).model for folder in sibling_folders(Store(), choice.key)]
    return explain(model.model, X, covariates, reference=read_reference(Path(choice.path)), siblings=others)


def extra_columns(found: Detail) -> dict[str, Any]:
    """For the table of answers."""
    low, high = _SEEDS if found.seeds.startswith("lowest") else _MEMBERS
    named = {
        "calibrated": found.calibrated,
        "above all": None if found.percentile is None else 100 * found.percentile,
        "above negatives": None if found.among_negatives is None else 100 * found.among_negatives,
        "above positives": None if found.among_positives is None else 100 * found.among_positives,
        low: found.low,
        high: found.high,
    }
    return {name: values for name, values in named.items() if values is not None}


def column_formats() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    help_ = "Share of the validation examples of that class with a lower prediction."
    return {
        "calibrated": number(format="%.3f", help="Probability by a calibration fitted on validation predictions."),
        "above all": number(format="%.1f %%", help="Share of the validation examples with a lower prediction."),
        "above negatives": number(format="%.1f %%", help=help_),
        "above positives": number(format="%.1f %%", help=help_),
        **{name: number(format="%.3f", help="Of the same network trained from other seeds.") for name in _SEEDS},
        **{name: number(format="%.3f", help="One standard deviation over the members.") for name in _MEMBERS},
    }


def as_parquet(columns: dict[str, Any]) -> bytes:
    """The table as Parquet, for pandas, polars or R."""
    import pyarrow
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def caption(found: Detail, number: int, positive: str) -> str:
    """What one prediction means: its rank among held-out examples, the calibrated share, other seeds; '' without any.

    positive: the name of the class 1.
    """
    parts = []
    if found.percentile is not None:
        parts.append(f"Higher than **{share_below(found.percentile[number])}** of the held-out examples.")
    if found.calibrated is not None and found.prevalence:
        share, times = found.calibrated[number], found.calibrated[number] / found.prevalence
        parts.append(
            f"Of those predicted like it, about **{_percent(share)}** are {positive}: {times:.1f} times the "
            f"{_percent(found.prevalence)} of all. :gray[({found.calibration})]"
        )
    if found.low is not None:
        parts.append(f"Over seeds: {found.low[number]:.3f} to {found.high[number]:.3f} ({found.seeds}).")
    return "  \n".join(parts)


def share_below(share: float) -> str:
    """A share in words that says 'all' only where it is all: 99.97 % are not 100 %."""
    return "all" if share == 1 else f"{min(100 * share, 99.9):.1f} %"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.01 else f"{100 * share:.2g} %"


def shares(model: Bundle, sequence: str, tried: np.ndarray, others: np.ndarray) -> dict[str, np.ndarray]:
    """The logit `(K,)` split in two as the first covariate takes the values `tried`: of the sequence, of the covariate.

    The covariate enters the last layer beside the sequence, so the logit is their sum; its share is measured from the
    training mean (from zero where it is not standardised).
    """
    from dnaconv_core.evaluate.detail import covariate_shares
    from dnaconv_core.model.convnet import LOG_OFFSET

    config = model.config
    zero = config.covariate_mean[0] if config.covariate_mean else 0.0
    if config.covariate_transform == "log":
        zero = np.exp(zero) - LOG_OFFSET
    X = one_hot(sequence, config.alphabet)[0]
    _, logits = covariate_shares(model.model, X, np.append(tried, max(zero, 0.0)), others)
    return {"sequence": np.full(len(tried), logits[-1]), config.covariates[0]: logits[:-1] - logits[-1]}


def shares_figure(tried: np.ndarray, parts: dict[str, np.ndarray], here: float, unit: str) -> dict[str, Any]:
    """Both shares against the covariate, on a logarithmic axis."""
    name = list(parts)[1]
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": tried.tolist(),
            "y": np.round(values, 4).tolist(),
            "name": label,
            "line": {"color": color, "width": 2},
            "hovertemplate": f"{label}: %{{y:+.2f}} at {name} %{{x:.4f}}<extra></extra>",
        }
        for (label, values), color in zip(parts.items(), ("theme:series0", "theme:series1"), strict=True)
    ]
    mark = {"type": "line", "x0": here, "x1": here, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "data": lines,
        "layout": {
            "margin": _MARGIN,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "log", "title": {"text": name}, "dtick": 1, "tickformat": "~g"},
            "yaxis": {"title": {"text": f"share of the {unit}"}},
            "shapes": [mark | {"line": {"color": "theme:muted", "width": 1, "dash": "dot"}}] if here > 0 else [],
        },
    }
