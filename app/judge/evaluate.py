"""How good a model is, on examples it did not learn from, and where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.chart import chart
from dnaconv_core.evaluate.metrics import LABELS, evaluate
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.bundle import stored_metrics
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import COMPARED, StoredBaseline, load_baselines
from dnaconv_core.runs.held_out import HeldOut
from frame import state
from frame.cache import held_out
from frame.language import mark, said, tr
from frame.models import the_model
from frame.outputs import question
from frame.page import model_page
from frame.words import Words, ours, plain
from judge.curves import box, curves, take_threshold, this_model
from judge.deciding import deciding
from judge.examples import choose, chosen, examples, one_example
from judge.outputs import all_outputs, of_one, simpler_of_one
from judge.strip import explained, number, strip
from judge.verdict import test_part, verdict

_AT_THRESHOLD = ("accuracy", "precision", "recall", "f1", "mcc")
_SHORT = {"mcc": mark("Matthews")}
_PAIRED = mark(
    "This model minus the simpler one on the same examples, with a 95 % interval of that difference. 'Better' and "
    "'worse' are said only where that interval excludes zero."
)
_CLASS = mark("**The class {name}**, against all others")
_LABEL = mark("**The label {name}**")
_SCATTER = mark("On the dotted line prediction and measurement agree. Click a dot to see its sequence.")


def draw() -> None:
    with model_page(tr("Evaluate"), tr("How good a model is, on examples it did not learn from.")) as head:
        model = the_model()
        experiment, data = question(model), held_out(model)
        line = tr(
            "**{model}** on {data}: {n:,} examples it did not learn from.",
            model=plain(model.name),
            data=plain(said(data.words)),
            n=len(data.y),
        )
        head(line, model)
        stored = stored_metrics(model.path)
        kept = load_baselines(model.path)
        simpler = kept.found if data.own else ()
        if model.outputs:
            _beside(state.experiment(), all_outputs(model, stored, own=data.own), simpler, "beside_all")
            valid, train = of_one(model, model.output, stored, own=data.own), {}
            simpler = simpler_of_one(simpler, data, model.output)
            alone = _CLASS if state.experiment().answer.joint else _LABEL
            st.markdown(tr(ours(alone), name=plain(model.output_name)))
        else:
            valid = (stored.get("valid") if data.own else None) or evaluate(experiment.task, data.y, data.prediction)
            train = stored.get("train", {})
        strip(experiment.answer.first_metrics, valid, train)
        verdict(model, state.experiment())
        if simpler and kept.reason:
            st.caption(tr("Not all simple predictors are here: {reason}.", reason=plain(said(kept.reason))))
        if experiment.answer.yes_or_no:
            _classes(experiment, data, valid, simpler)
        else:
            _numbers(experiment, data, valid, simpler)
        test_part(model)


def _classes(
    experiment: Experiment, data: HeldOut, valid: dict[str, Metric], simpler: Sequence[StoredBaseline]
) -> None:
    take_threshold()
    curves(data, valid, simpler)
    if box() is not None:  # what was just pointed at comes first
        examples(experiment, data)
    _threshold(experiment, data)
    deciding(experiment, data, valid)
    _beside(experiment, valid, simpler)
    if box() is None:
        examples(experiment, data)


def _numbers(
    experiment: Experiment, data: HeldOut, valid: dict[str, Metric], simpler: Sequence[StoredBaseline]
) -> None:
    with st.container(key="shape_numbers"):  # one below the other where the window is narrow
        left, right = st.columns([3, 2]) if simpler else (st.container(), st.container())
    with left:
        _scatter(experiment, data)
    with right:
        _beside(experiment, valid, simpler)
    examples(experiment, data)


def _beside(
    experiment: Experiment, valid: dict[str, Metric], simpler: Sequence[StoredBaseline], key: str = "beside"
) -> None:
    """The main metric beside what simple predictors reach on the same examples."""
    from dnaconv_core.plot.curves import interval_figure

    if not simpler:
        return
    name = experiment.main_metric
    with st.container(border=True, height="stretch"):
        st.markdown(
            tr("**Compared with simpler models**"),
            help="  \n".join(f"**{plain(said(b.name))}**: {plain(said(b.explanation))}." for b in simpler),
        )
        results = {this_model(): valid[name]} | {said(b.name): b.metrics[name] for b in simpler if name in b.metrics}
        figure = interval_figure(results, metric=name, faint=[said(b.name) for b in simpler])
        chart(figure, key=key, height=90 + 34 * len(results))
        for compared in COMPARED[experiment.task]:
            words = _verdicts(compared, simpler)
            if words:
                st.caption(f"{plain(said(LABELS[compared].name))}:  \n{words}", help=tr(_PAIRED))


_HEADS = {
    "better": mark("**Better** than {names}."),
    "worse": mark("**Worse** than {names}."),
    "": mark("No clear difference from {names}."),
}


def _verdicts(name: str, simpler: Sequence[StoredBaseline]) -> Words:
    """What the paired intervals say of this model against each simpler one, in a line."""
    told: dict[str, list[str]] = {verdict: [] for verdict in _HEADS}
    for baseline in simpler:
        found = baseline.differences.get(name)
        if found is not None and found.value is not None and found.low is not None:
            words = tr(
                "{name} ({value:+.3f}, {low:+.3f} to {high:+.3f})",
                name=plain(said(baseline.name)),
                value=found.value,
                low=found.low,
                high=found.high,
            )
            told[found.verdict].append(words)
    return "  \n".join(
        tr(ours(_HEADS[verdict]), names=ours(", ".join(words))) for verdict, words in told.items() if words
    )


def _threshold(experiment: Experiment, data: HeldOut) -> None:
    with st.container(border=True, key="shape_threshold"):
        left, right = st.columns([1.3, 2], gap="large")
        with left:
            negative, positive = map(said, experiment.class_names)
            label = tr("Call it {positive} at or above", positive=plain(positive))
            threshold = st.slider(label, 0.0, 1.0, step=0.001, format="%.3f", key="threshold", bind="query-params")
            called, truly = data.prediction >= threshold, data.y >= 0.5
            yes, no = tr("called {name}", name=plain(positive)), tr("called {name}", name=plain(negative))
            lines = [f"| | {yes} | {no} |", "|---|---:|---:|"]
            for name, part in ((plain(positive), truly), (plain(negative), ~truly)):
                lines.append(f"| **{name}** | {(called & part).sum():,} | {(~called & part).sum():,} |")
            st.markdown("\n".join(lines))
        with right:
            found = evaluate(experiment.task, data.y, data.prediction, threshold=threshold, names=_AT_THRESHOLD)
            with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
                for name, metric in found.items():
                    words = _SHORT.get(name, LABELS[name].name)
                    st.metric(plain(said(words)), number(metric), help=explained(name, metric), width="content")
            st.caption(tr("These depend on the threshold; ROC-AUC and PR-AUC do not."))


def _scatter(experiment: Experiment, data: HeldOut) -> None:
    from dnaconv_core.plot.curves import scatter_figure

    with st.container(border=True, height="stretch"):
        st.markdown(tr("**Predicted against measured**"), help=tr(_SCATTER))
        index = chosen(data)
        figure = scatter_figure(data.y, data.prediction, data.ids, unit=experiment.label.split(" (")[0], chosen=index)
        clicked = chart(figure, key="scatter", height=430, clickable=True)
        if clicked is not None and clicked["data"] is not None:
            choose(int(clicked["data"]))
            st.rerun()
        if index is not None:
            one_example(experiment, data, index, "scattered")


draw()
