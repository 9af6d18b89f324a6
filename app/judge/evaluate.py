"""How good a model is, on examples it did not learn from, and where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from components.chart import chart, selectable_chart
from components.sequence import Row, marks_of, sequences
from dnaconv_core.evaluate.metrics import LABELS, evaluate
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import COMPARED, StoredBaseline, load_baselines
from dnaconv_core.sequence.interval import browser_url, find_locus
from frame import state
from frame.held_out import HeldOut, held_out, stored_metrics
from frame.models import selected
from frame.page import errors_shown, header, no_model_yet, plain
from frame.pages import PREDICT, SALIENCY

_ROWS = 500
_AT_THRESHOLD = ("accuracy", "precision", "recall", "f1", "mcc")
_SHORT = {"mcc": "Matthews"}
_THIS = "this model"
_PAIRED = (
    "This model minus the simpler one on the same examples, with a 95 % interval of paired resamples. 'Better' and "
    "'worse' stand only where that interval excludes zero."
)
_SIDES = ("x0", "x1", "y0", "y1")
_DRAG = "Drag over a part of the curve to see the examples behind it; a double click takes the choice away."
_SCATTER = "On the dotted line prediction and measurement agree. Click a dot to see its sequence."


def page() -> None:
    experiment = state.experiment()
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Evaluate", "How good a model is, on examples it did not learn from.")
            no_model_yet(choice)
            return
        data = held_out(choice.path)
        line = f"**{plain(choice.name)}** on {data.words}: {len(data.y):,} examples it did not learn from."
        header("Evaluate", line)
        stored = stored_metrics(choice.path)
        valid = (stored.get("valid") if data.own else None) or evaluate(experiment.task, data.y, data.prediction)
        simpler = load_baselines(choice.path).found if data.own else ()
        _strip(experiment, valid, stored.get("train", {}))
        if experiment.answer.yes_or_no:
            _curves(data, valid, simpler)
            if _box() is not None:  # what was just pointed at comes first
                _examples(experiment, data)
            _threshold(experiment, data)
            _beside(experiment, valid, simpler)
        else:
            with st.container(key="shape_numbers"):  # one below the other where the window is narrow
                left, right = st.columns([3, 2]) if simpler else (st.container(), st.container())
            with left:
                _scatter(experiment, data)
            with right:
                _beside(experiment, valid, simpler)
        if _box() is None:
            _examples(experiment, data)


def _strip(experiment: Experiment, valid: dict[str, Metric], train: dict[str, Metric]) -> None:
    """The few numbers to look at first; far better on training than on validation means learned by heart."""
    names = experiment.answer.first_metrics
    with st.container(border=True):
        row = st.container(horizontal=True, gap="medium")  # wraps where the window is narrow
        for name in names:
            metric = valid.get(name, Metric(None, undefined="it was not computed"))
            below = [f"95 %: {metric.low:.3f} – {metric.high:.3f}"] if metric.low is not None else []
            if name in train and name != "prevalence":
                below.append(f"training {_number(train[name])}")
            with row.container(width="content"):
                st.metric(LABELS[name].name, _number(metric), help=_explained(name, metric), width="content")
                st.caption("  \n".join(below) or "\u00a0")


def _number(metric: Metric) -> str:
    return "undefined" if metric.value is None else f"{metric.value:.3f}"


def _explained(name: str, metric: Metric) -> str:
    return f"{LABELS[name].explanation}." + (f" Undefined here: {metric.undefined}." if metric.undefined else "")


def _curves(data: HeldOut, metrics: dict[str, Metric], simpler: Sequence[StoredBaseline]) -> None:
    """ROC and precision-recall of the model and, faint, of the best simpler predictor."""
    from dnaconv_core.evaluate.curves import pr_curve_points, roc_curve_points
    from dnaconv_core.plot.curves import pr_figure, roc_figure

    shown = {_THIS: (data.prediction, metrics)}
    known = [b for b in simpler if b.prediction is not None and b.metrics["auroc"].value is not None]
    if known:
        best = max(known, key=lambda b: b.metrics["auroc"].value)
        shown[best.name] = (best.prediction[data.rows], best.metrics)
    faint = [name for name in shown if name != _THIS]
    pages = (
        ("roc", "ROC curve", "auroc", roc_curve_points, roc_figure),
        ("pr", "Precision-recall curve", "auprc", pr_curve_points, pr_figure),
    )
    chosen = _box()
    with st.container(key="shape_curves"):  # one below the other where the window is narrow
        columns = st.columns(2)
    for column, (key, title, name, points, figure) in zip(columns, pages, strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{title}**", help=f"{LABELS[name].explanation}. {_DRAG}")
            curves = {who: points(data.y, prediction) for who, (prediction, _) in shown.items()}
            values = {who: found[name] for who, (_, found) in shown.items()}
            drawn = figure(curves, metrics=values, faint=faint)
            box = dict(zip(_SIDES, chosen[1], strict=True)) if chosen is not None and chosen[0] == key else None
            dragged = selectable_chart(drawn, key=name, height=340, box=box)
            if dragged is not None:
                sides = ",".join(f"{dragged[side]:.4g}" for side in _SIDES) if dragged else ""
                state.write({"stretch": f"{key},{sides}" if sides else ""})
                st.rerun()


def _box() -> tuple[str, tuple[float, ...]] | None:
    """The curve ('roc' or 'pr') and the box on it that the address asks for."""
    curve, *sides = st.query_params.get("stretch", "").split(",")
    try:
        box = tuple(float(side) for side in sides)
    except ValueError:
        return None
    return (curve, box) if curve in ("roc", "pr") and len(box) == len(_SIDES) and np.isfinite(box).all() else None


def _beside(experiment: Experiment, valid: dict[str, Metric], simpler: Sequence[StoredBaseline]) -> None:
    """The main metric beside what simple predictors reach on the same examples."""
    from dnaconv_core.plot.curves import interval_figure

    if not simpler:
        return
    name = experiment.main_metric
    with st.container(border=True, height="stretch"):
        st.markdown("**Beside simpler models**", help="  \n".join(f"**{b.name}**: {b.explanation}." for b in simpler))
        results = {_THIS: valid[name]} | {b.name: b.metrics[name] for b in simpler if name in b.metrics}
        figure = interval_figure(results, metric=name, faint=[b.name for b in simpler])
        chart(figure, key="beside", height=90 + 34 * len(results))
        for compared in COMPARED[experiment.task]:
            words = _verdicts(compared, simpler)
            if words:
                st.caption(f"{LABELS[compared].name}:  \n{words}", help=_PAIRED)


def _verdicts(name: str, simpler: Sequence[StoredBaseline]) -> str:
    """What the paired intervals say of this model against each simpler one, in a line."""
    told: dict[str, list[str]] = {"better": [], "worse": [], "": []}
    for baseline in simpler:
        found = baseline.differences.get(name)
        if found is not None and found.value is not None and found.low is not None:
            words = f"{plain(baseline.name)} ({found.value:+.3f}, {found.low:+.3f} to {found.high:+.3f})"
            told[found.verdict].append(words)
    heads = {"better": "**Better** than", "worse": "**Worse** than", "": "No clear difference from"}
    return "  \n".join(f"{heads[verdict]} {', '.join(words)}." for verdict, words in told.items() if words)


def _threshold(experiment: Experiment, data: HeldOut) -> None:
    with st.container(border=True, key="shape_threshold"):
        left, right = st.columns([1.3, 2], gap="large")
        with left:
            negative, positive = experiment.class_names
            label = f"Call it {positive} from a probability of"
            threshold = st.slider(label, 0.0, 1.0, value=0.5, step=0.01, key="threshold", bind="query-params")
            called, truly = data.prediction >= threshold, data.y >= 0.5
            lines = [f"| | called {positive} | called {negative} |", "|---|---:|---:|"]
            for name, part in ((positive, truly), (negative, ~truly)):
                lines.append(f"| **{name}** | {(called & part).sum():,} | {(~called & part).sum():,} |")
            st.markdown("\n".join(lines))
        with right:
            found = evaluate(experiment.task, data.y, data.prediction, threshold=threshold, names=_AT_THRESHOLD)
            with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
                for name, metric in found.items():
                    words = _SHORT.get(name, LABELS[name].name)
                    st.metric(words, _number(metric), help=_explained(name, metric), width="content")
            st.caption("These depend on the threshold; ROC-AUC and PR-AUC do not.")


def _scatter(experiment: Experiment, data: HeldOut) -> None:
    from dnaconv_core.plot.curves import scatter_figure

    with st.container(border=True, height="stretch"):
        st.markdown("**Predicted against measured**", help=_SCATTER)
        chosen = _chosen(data)
        figure = scatter_figure(data.y, data.prediction, data.ids, unit=experiment.label.split(" (")[0], chosen=chosen)
        clicked = chart(figure, key="scatter", height=430, clickable=True)
        if clicked is not None and clicked["data"] is not None:
            _choose(int(clicked["data"]))
            st.rerun()
        if chosen is not None:
            _one(experiment, data, chosen, "scattered")


def _choose(index: int) -> None:
    st.session_state["_example"] = index


def _chosen(data: HeldOut) -> int | None:
    index = st.session_state.get("_example")
    return index if index is not None and index < len(data.y) else None


def _examples(experiment: Experiment, data: HeldOut) -> None:
    error = data.prediction - data.y
    kinds = {"All": np.ones(len(data.y), bool)}
    if experiment.answer.yes_or_no:
        negative, positive = experiment.class_names
        kinds |= {positive.capitalize(): data.y >= 0.5, negative.capitalize(): data.y < 0.5}
    else:
        kinds |= {"Predicted too low": error < 0, "Predicted too high": error > 0}
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Examples, largest error first**", help="Choose a row to see its sequence.", width="content")
            kind = st.segmented_control(
                "Which",
                list(kinds),
                default="All",
                required=True,
                key="which",
                bind="query-params",
                label_visibility="collapsed",
            )
        of_kind = kinds.get(kind, kinds["All"])
        rows = _behind(data, of_kind) if experiment.answer.yes_or_no and _box() else np.flatnonzero(of_kind)
        rows = rows[np.argsort(-np.abs(error[rows]), kind="stable")][:_ROWS]
        picked = _table(experiment, data, rows, error)
        if picked is not None:
            _choose(picked)
            _one(experiment, data, picked, "picked")


def _behind(data: HeldOut, of_kind: np.ndarray) -> np.ndarray:
    """The examples of a kind behind the stretch of the curve, and a line about them."""
    from dnaconv_core.evaluate.curves import stretch_of

    curve, (x0, x1, y0, y1) = _box()
    found = stretch_of(curve, data.y, data.prediction, across=(x0, x1), upwards=(y0, y1))
    rows = np.empty(0, int) if found is None else found.rows[of_kind[found.rows]]
    name = "ROC" if curve == "roc" else "precision-recall"
    with st.container(horizontal=True, vertical_alignment="center"):
        if found is None:
            st.markdown(f"The box on the {name} curve holds no part of it: drag over the line.", width="content")
        else:
            scores = f"{found.low:.3f} to {found.high:.3f}"
            st.markdown(
                f"**{len(rows):,}** behind the chosen stretch of the {name} curve, predicted {scores}", width="content"
            )
        st.button("Show all", icon=":material/close:", type="tertiary", on_click=state.write, args=({"stretch": ""},))
    return rows


def _table(experiment: Experiment, data: HeldOut, rows: np.ndarray, error: np.ndarray) -> int | None:
    """The examples at `rows`; the index of the one just picked."""
    columns: dict[str, Any] = {"id": [str(data.ids[i]) for i in rows]}
    links = [_browser(experiment, name) for name in columns["id"]]
    if any(links):
        columns["browser"] = links
    columns |= {"measured": data.y[rows], "predicted": data.prediction[rows], "error": error[rows]}
    letters = [data.sequence(int(i)) for i in rows]
    columns["why"] = [f"saliency?{urlencode(data.link(int(i)))}" for i in rows]
    columns["sequence"] = letters
    number = st.column_config.NumberColumn(format="%.3f", width="small")
    event = st.dataframe(
        columns,
        hide_index=True,
        height=300,
        on_select="rerun",
        selection_mode="single-row",
        key=f"examples_{hash(rows.tobytes())}",  # other rows: another table, or the choice would move
        column_config={
            "browser": st.column_config.LinkColumn("genome browser", display_text="open ↗", width="small"),
            "measured": number,
            "predicted": number,
            "error": number,
            "sequence": st.column_config.TextColumn(width="large"),
            "why": st.column_config.LinkColumn(
                display_text="saliency ↗", width="small", help="Which bases the prediction rests on, in a new tab."
            ),
        },
    )
    chosen = event["selection"]["rows"]
    return int(rows[chosen[0]]) if chosen and chosen[0] < len(rows) else None


def _one(experiment: Experiment, data: HeldOut, index: int, key: str) -> None:
    """One example close up."""
    name, sequence = str(data.ids[index]), data.sequence(index)
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"**{plain(name)}** · measured {data.y[index]:.3g} · predicted {data.prediction[index]:.3f}"
        st.markdown(words, width="content")
        link = _browser(experiment, name)
        if link:
            st.link_button("Genome browser", link, icon=":material/open_in_new:", type="tertiary")
        to = data.link(index)
        st.page_link(SALIENCY, label="See why", icon=":material/highlight:", query_params=to)
        st.page_link(PREDICT, label="Try changes", icon=":material/biotech:", query_params=to)
    row = Row(sequence, marks=marks_of(experiment.motif, sequence))
    sequences([row], key=f"one_{key}", wrap=True, numbers=True)


def _browser(experiment: Experiment, name: str) -> str | None:
    """The genome browser at this example's locus, where its id is one."""
    locus = find_locus(name) if experiment.assembly else None
    return None if locus is None else browser_url(locus, experiment.assembly)


page()
