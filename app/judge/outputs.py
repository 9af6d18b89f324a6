"""All outputs of a model that has several side by side, and what is known of one of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.evaluate.each import confusion
from dnaconv_core.evaluate.metrics import LABELS, evaluate, labelled
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import StoredBaseline
from dnaconv_core.runs.held_out import HeldOut
from frame import state
from frame.cache import every_output
from frame.language import mark, said, tr
from frame.models import ModelRef
from frame.words import plain
from judge.strip import strip

Stored = dict[str, dict[str, Metric]]  # by part, and 'valid: NAME' of one output on validation data
_MOST = 30  # classes whose confusions can still be seen
_CONFUSION = mark("Rows: what was measured. Columns: what is called. The darker, the larger its share of the row.")


def all_outputs(model: ModelRef, stored: Stored, *, own: bool) -> dict[str, Metric]:
    """The means over all outputs, which are returned, a line for each, and of classes which is taken for which."""
    answer, kept = state.experiment().answer, every_output(model)
    n = len(model.outputs)
    st.markdown(tr("**All {n} classes**", n=n) if answer.joint else tr("**All {n} labels**", n=n))
    valid = stored.get("valid") if own else None
    if valid is None:
        valid = evaluate(answer.key, kept.y, kept.prediction, weights=labelled(kept.w))
    strip(answer.first_metrics, valid, stored.get("train", {}))
    drawn = answer.joint and len(model.outputs) <= _MOST
    with st.container(key="shape_outputs"):  # one below the other where the window is narrow
        left, right = st.columns([3, 2]) if drawn else (st.container(), None)
    with left, st.container(border=True, height="stretch"):
        st.markdown(tr("**Each class**, against all others") if answer.joint else tr("**Each label**"))
        _table(model, stored, own=own)
    if right is not None:
        with right, st.container(border=True, height="stretch"):
            _confusion(model)
    return valid


def of_one(model: ModelRef, output: int, stored: Stored, *, own: bool) -> dict[str, Metric]:
    """Metrics of one output alone, of a class against all others: those stored, else measured now."""
    found = stored.get(f"valid: {model.outputs[output]}") if own else None
    if found:
        return found
    y, w, prediction = every_output(model).of_output(output)
    return evaluate(_task(), y, prediction, weights=(labelled(w) * np.isfinite(y)))


def simpler_of_one(simpler: Sequence[StoredBaseline], data: HeldOut, output: int) -> tuple[StoredBaseline, ...]:
    """What simple predictors reach for one output; older runs have no intervals of that, nor runs of many outputs."""
    return tuple(_of_one(b, data, output) for b in simpler if b.prediction is not None and b.prediction.ndim == 2)


def _of_one(baseline: StoredBaseline, data: HeldOut, output: int) -> StoredBaseline:
    assert baseline.prediction is not None
    if output < len(baseline.each):
        metrics, differences = baseline.each[output]
    else:
        metrics, differences = evaluate(_task(), data.y, baseline.prediction[data.rows, output]), {}
    return baseline._replace(
        prediction=baseline.prediction[:, output], metrics=metrics, differences=differences, each=()
    )


def _task() -> str:
    return answer_of_one(state.experiment().answer).key


def _table(model: ModelRef, stored: Stored, *, own: bool) -> None:
    kept, one = every_output(model), answer_of_one(state.experiment().answer)
    rows = []
    for output, name in enumerate(model.outputs):
        y, w, _ = kept.of_output(output)
        known = (w > 0) & np.isfinite(y)
        found = of_one(model, output, stored, own=own)
        row: dict[str, Any] = {"": "▸" if output == model.output else "", "name": name, "known": int(known.sum())}
        if one.yes_or_no:
            row["positives"] = int((y[known] >= 0.5).sum())
        main = found[one.main_metric]
        row |= {LABELS[one.main_metric].name: main.value, "95 %": said(main.told())}
        others = [metric for metric in one.first_metrics if metric != one.main_metric]
        rows.append(row | {LABELS[metric].name: found[metric].value for metric in others})
    number = partial(st.column_config.NumberColumn, format="%.3f")
    whole = partial(st.column_config.NumberColumn, format="localized")
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(rows), 390),
        key="each_output",
        column_config={
            **{LABELS[metric].name: number(plain(said(LABELS[metric].name))) for metric in one.first_metrics},
            "name": st.column_config.TextColumn(tr("name")),
            "known": whole(tr("examples"), help=tr("Whose label is known.")),
            "positives": whole(tr("positives")),
            "95 %": st.column_config.TextColumn(tr("95 % interval")),
        },
    )


def _confusion(model: ModelRef) -> None:
    from dnaconv_core.plot.confusion import confusion_figure

    kept = every_output(model)
    known = np.isfinite(kept.y[:, 0])
    counts = confusion(kept.y[known], kept.prediction[known], labelled(kept.w[known]))
    st.markdown(tr("**Which classes are confused**"), help=tr(_CONFUSION))
    chart(confusion_figure(counts, model.outputs), key="confusion", height=330, revision=model.key)
