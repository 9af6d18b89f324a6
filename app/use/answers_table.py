"""All answers of the Predict page in a table, to choose from and to take away."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.evaluate.ask import Answer, as_csv, as_parquet, for_files
from dnaconv_core.evaluate.detail import Detail
from dnaconv_core.plot.data import histogram
from frame import state
from frame.language import mark, tr
from frame.models import ModelRef
from frame.outputs import question
from frame.words import plain

_SEEDS = (mark("lowest seed"), mark("highest seed"))
_MEMBERS = (mark("members −1 SD"), mark("members +1 SD"))
_SCORE, _PREDICTION = mark("score"), mark("prediction")
_OTHERS = (mark("sequence"), mark("unknown bases"), mark("bases"))  # columns
_BELOW = mark("Share of the validation examples with a lower score.")
_BELOW_IN_CLASS = mark("Share of the validation examples of this class with a lower score.")
_ENDS = mark("End of the 95 % interval of the probability: how well the validation examples fix it.")
_UNLIKE = mark(
    "Share of the validation examples that are closer to the others in composition: at 99 % or more this sequence is "
    "unlike what the model was trained on."
)


def answers_table(answers: list[Answer], more: Detail, model: ModelRef) -> int:
    """All answers, the highest first; the number of the one to look at. Columns have English names, as in the files."""
    order = np.argsort([-answer.prediction for answer in answers], kind="stable")
    unit = _SCORE if question(model).answer.yes_or_no else _PREDICTION
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(
            tr("**{n:,} sequences**, the highest {unit} first", n=len(answers), unit=tr(unit)),
            help=tr("Choose a row to see that sequence below. The files keep the order in which they were given."),
        )
        every = _of_every_output(answers, model, unit)
        beside: dict[str, Any] = dict(every) | _extra_columns(more)
        if answers[0].other_strand is not None:
            beside["other strand"] = [answer.other_strand for answer in answers]
        beside["unknown bases"] = [answer.record.n_ambiguous for answer in answers]
        with right:
            _downloads(answers, beside)
        columns = {
            "sequence": [answer.record.id for answer in answers],
            **({} if every else {unit: [answer.prediction for answer in answers]}),
            **beside,
            "bases": [len(answer.record.sequence) for answer in answers],
        }
        with st.container(key="shape_answers"):
            table, chart_side = st.columns([2, 1])
        with table:
            row = _shown(
                answers, {name: [values[i] for i in order] for name, values in columns.items()}, (unit, *every)
            )
        number = int(order[row])
        with chart_side:
            figure = histogram(
                {tr(unit): np.array([answer.prediction for answer in answers])},
                x_title=tr(unit),
                marks={tr("shown below"): answers[number].prediction},
            )
            chart(figure, key="answers_histogram", height=300, revision=str(len(answers)))
    return number


def _shown(answers: list[Answer], columns: dict[str, list[Any]], bars: tuple[str, ...]) -> int:
    """The table; the row that is chosen. Its key is of the answers, so that no choice outlives the input it was of."""
    top = max(1.0, *(value for answer in answers for value in (answer.prediction, *answer.outputs)))
    bar = st.column_config.ProgressColumn(format="%.3f", min_value=0.0, max_value=top)
    asked = hash(tuple((answer.record.id, answer.sequence, answer.prediction) for answer in answers))
    picked = st.dataframe(
        columns,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(answers), 300),
        on_select="rerun",
        selection_mode="single-row",
        key=f"answers_{asked}",
        column_config={
            **{name: {"label": _name(name)} for name in columns},
            **{name: bar | {"label": _name(name)} for name in bars},
            "called": st.column_config.TextColumn(tr("called"), help=tr("The class with the highest score.")),
            "other strand": st.column_config.NumberColumn(tr("other strand"), format="%.3f"),
            **_column_formats(),
        },
    )
    rows = picked["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(answers) else 0


def _name(column: str) -> str:
    """A column's name in the page's language; of an output's, the word before it."""
    unit, colon, output = column.partition(": ")
    return f"{tr(unit)}{colon}{output}"


def _downloads(answers: list[Answer], beside: dict[str, Any]) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        for label, write in (("CSV", as_csv), ("Parquet", as_parquet)):
            st.download_button(
                plain(label),
                lambda write=write: write(for_files(answers, beside)),
                f"predictions.{label.lower()}",
                icon=":material/download:",
                on_click="ignore",
                key=f"predictions_{label}",
            )


def _of_every_output(answers: list[Answer], model: ModelRef, unit: str) -> dict[str, list[Any]]:
    """What each of several outputs says, by its name, and of classes the one called; {} where there is one output."""
    if not model.outputs:
        return {}
    found: dict[str, list[Any]] = {}
    if state.experiment().answer.joint:
        found["called"] = [model.outputs[int(np.argmax(answer.outputs))] for answer in answers]
    for number, name in enumerate(model.outputs):
        found[f"{unit}: {name}"] = [float(answer.outputs[number]) for answer in answers]
    return found


def _extra_columns(found: Detail) -> dict[str, Any]:
    """For the table of answers: what is known first."""
    low, high = _SEEDS if found.seeds.startswith("lowest") else _MEMBERS
    means = found.meaning
    named = {
        "probability": means.calibrated,
        "probability from": means.calibrated_low,
        "probability to": means.calibrated_high,
        "above all": _percents(means.percentile),
        "above negatives": _percents(means.among_negatives),
        "above positives": _percents(means.among_positives),
        low: found.low,
        high: found.high,
        "unlike": _percents(means.strangers and means.strangers.share),
    }
    return {name: values for name, values in named.items() if values is not None}


def _percents(shares: np.ndarray | None) -> np.ndarray | None:
    return None if shares is None else 100 * shares


def _column_formats() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    seeds = tr("Score of the same network trained from other seeds.")
    members = tr("One standard deviation over the members.")
    return {
        "probability": number(
            tr("probability"), format="%.3f", help=tr("By a calibration fitted on validation predictions.")
        ),
        "probability from": number(tr("probability from"), format="%.3f", help=tr(_ENDS)),
        "probability to": number(tr("probability to"), format="%.3f", help=tr(_ENDS)),
        "above all": number(tr("above all"), format="%.1f %%", help=tr(_BELOW)),
        "above negatives": number(tr("above negatives"), format="%.1f %%", help=tr(_BELOW_IN_CLASS)),
        "above positives": number(tr("above positives"), format="%.1f %%", help=tr(_BELOW_IN_CLASS)),
        "unlike": number(tr("unlike"), format="%.1f %%", help=tr(_UNLIKE)),
        **{name: number(tr(name), format="%.3f", help=seeds) for name in _SEEDS},
        **{name: number(tr(name), format="%.3f", help=members) for name in _MEMBERS},
    }
