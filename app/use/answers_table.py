"""All answers of the Predict page in a table, to choose from and to take away."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from dnaconv_core.evaluate.ask import Answer, as_csv, as_parquet, for_files
from dnaconv_core.evaluate.detail import Detail
from frame import state
from frame.models import ModelRef
from frame.words import plain

_SEEDS, _MEMBERS = ("lowest seed", "highest seed"), ("members −1 SD", "members +1 SD")


def answers_table(answers: list[Answer], more: Detail, model: ModelRef) -> int:
    """All answers; the number of the one to look at."""
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"**{len(answers):,} sequences**", help="Choose a row to see that sequence below.")
        every = _of_every_output(answers, model)
        beside: dict[str, Any] = dict(every)
        if answers[0].other_strand is not None:
            beside["other strand"] = [answer.other_strand for answer in answers]
        beside |= _extra_columns(more)
        beside["unknown bases"] = [answer.record.n_ambiguous for answer in answers]
        with right, st.container(horizontal=True, horizontal_alignment="right"):
            for label, write in (("CSV", as_csv), ("Parquet", as_parquet)):
                st.download_button(
                    plain(label),
                    lambda write=write: write(for_files(answers, beside)),
                    f"predictions.{label.lower()}",
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"predictions_{label}",
                )
        columns = {
            "sequence": [answer.record.id for answer in answers],
            "bases": [len(answer.record.sequence) for answer in answers],
            **({} if every else {"prediction": [answer.prediction for answer in answers]}),
            **beside,
        }
        top = max(1.0, *(value for answer in answers for value in (answer.prediction, *answer.outputs)))
        bar = st.column_config.ProgressColumn(format="%.3f", min_value=0.0, max_value=top)
        picked = st.dataframe(
            columns,
            hide_index=True,
            height=min(38 + 35 * len(answers), 300),
            on_select="rerun",
            selection_mode="single-row",
            key="answers",
            column_config={
                **dict.fromkeys(("prediction", *every), bar),
                "called": st.column_config.TextColumn(help="The class with the highest probability."),
                "other strand": st.column_config.NumberColumn(format="%.3f"),
                **_column_formats(),
            },
        )
    rows = picked["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(answers) else 0


def _of_every_output(answers: list[Answer], model: ModelRef) -> dict[str, list[Any]]:
    """What each of several outputs says, by its name, and of classes the one called; {} where there is one output."""
    if not model.outputs:
        return {}
    found: dict[str, list[Any]] = {}
    if state.experiment().answer.joint:
        found["called"] = [model.outputs[int(np.argmax(answer.outputs))] for answer in answers]
    for number, name in enumerate(model.outputs):
        found[f"prediction: {name}"] = [float(answer.outputs[number]) for answer in answers]
    return found


def _extra_columns(found: Detail) -> dict[str, Any]:
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


def _column_formats() -> dict[str, Any]:
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
