"""Two to six runs side by side: settings, curves, predictions, and which is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from components.chart import chart
from dnaconv_core.answers.outputs import answer_of_one, output_names
from dnaconv_core.evaluate.intervals import SAME
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import get_experiment
from dnaconv_core.runs.compare import LEAST, Comparison, Pair, compare_runs, held_out
from dnaconv_core.runs.store import Run, Store
from frame.language import said, tr
from frame.words import Words, plain
from learn.compared_charts import measured_charts, roc_and_pr_charts
from learn.data_labels import chosen_output
from learn.named import setting_name

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def comparison(runs: list[Run]) -> None:
    """Draw the comparison; the first run is the one that the others are held against."""
    store = Store()
    with st.spinner(tr("Comparing on the same examples…")):
        found = _compared(str(store.home), tuple(run.id for run in runs), tuple(_version(run) for run in runs))
    names = dict(zip((run.id for run in found.runs), _names(found.runs), strict=True))
    if found.apart:
        _parted(found, names)
        same = [run for run in found.runs if run.id not in found.apart]
        if len(same) < LEAST:
            return
        found = _compared(str(store.home), tuple(run.id for run in same), tuple(_version(run) for run in same))
    _drawn(store, found, [names[run.id] for run in found.runs])


def _parted(found: Comparison, names: dict[str, str]) -> None:
    """Said before all else: these were measured on other examples."""
    others = ", ".join(names[run] for run in found.apart)
    st.warning(
        tr(
            "**Not measured on the same examples.** {others} and {first} have no validation example in common, so they "
            "cannot be compared, and no chart shows them together. Train them on the same data.",
            others=plain(others),
            first=plain(names[found.runs[0].id]),
        ),
        icon=":material/difference:",
    )


def _drawn(store: Store, found: Comparison, names: list[str]) -> None:
    with st.container(key="shape_compared"):  # one below the other where the window is narrow
        left, right = st.columns([1, 1.25], gap="medium")
    with left:
        st.markdown(tr("**Settings**"), help=tr("Those that differ come first, marked with ≠."))
        same = st.toggle(tr("Also show settings that are the same"), key="all_settings", bind="query-params")
        _settings(found, names, everything=same)
        st.markdown(tr("**On validation data**"))
        _metrics(found, names)
    with right:
        metric = plain(said(LABELS[found.metric].name))
        st.markdown(tr("**{metric} on validation data, by epoch**", metric=metric))
        chart(_curves(store, found, names), key="compared_curves", height=260)
        experiment = get_experiment(found.runs[0].experiment)
        output = chosen_output(experiment)
        named = zip(found.runs, names, strict=True)
        parts = {name: part for run, name in named if (part := held_out(store, run.id, output))}
        if answer_of_one(experiment.answer).yes_or_no:
            roc_and_pr_charts(parts, names)
        else:
            st.markdown(tr("**Measured against predicted**"))
            label = said(experiment.label) if experiment.n_tasks == 1 else output_names(experiment)[output]
            measured_charts(parts, label, names)
    _differences(found, dict(zip((run.id for run in found.runs), names, strict=True)))


@st.cache_data(show_spinner=False, max_entries=16)
def _compared(home: str, ids: tuple[str, ...], versions: tuple[str, ...]) -> Comparison:
    return compare_runs(Store(), ids)


def _version(run: Run) -> str:
    """Changes whenever what is compared does."""
    return f"{run.state} {run.epoch} {run.seconds}"


def _names(runs: list[Run]) -> list[str]:
    """The runs' names, with the id where two are the same."""
    names = [run.name for run in runs]
    return [f"{run.name} ({run.id})" if names.count(run.name) > 1 else run.name for run in runs]


def _settings(found: Comparison, names: list[str], *, everything: bool) -> None:
    shown = [setting for setting in found.settings if everything or setting.differs]
    if not shown:
        st.caption(tr("All settings are the same: the runs differ only by chance."))
        return
    rows = [
        {"": "≠" if s.differs else "", tr("setting"): setting_name(s.name).replace("_", " ")}
        | {name: _words(value) for name, value in zip(names, s.values, strict=True)}
        for s in shown
    ]
    st.dataframe(rows, hide_index=True, height="content", key="compared_settings")


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _metrics(found: Comparison, names: list[str]) -> None:
    rows = [
        {tr("metric"): said(LABELS[metric].name)}
        | {
            name: "–"
            if value is None or value.value is None
            else f"{value.value:.4f}" + f"  ({said(value.told())})" * bool(value.told())
            for name, value in zip(names, values, strict=True)
        }
        for metric, values in found.metrics.items()
    ]
    st.dataframe(rows, hide_index=True, height="content", key="compared_metrics")


def _curves(store: Store, found: Comparison, names: list[str]) -> Figure:
    from dnaconv_core.plot.colors import categorical
    from dnaconv_core.plot.style import blank, safe

    label = said(LABELS[found.metric].name)
    figure = blank(tr("Epoch"), label)
    for index, (run, name) in enumerate(zip(found.runs, names, strict=True)):
        rows = [r for r in store.metrics(run.id) if r.split == "valid" and r.name == found.metric]
        figure.add_scatter(
            x=[row.epoch for row in rows],
            y=[row.value for row in rows],
            name=safe(name),
            mode="lines+markers" if len(rows) <= 40 else "lines",
            line={"color": categorical(index), "width": 2},
            marker={"size": 5},
            hovertemplate=tr("epoch %{x}") + f"<br>{label} %{{y:.4g}}",
        )
    return figure


def _differences(found: Comparison, names: dict[str, str]) -> None:
    st.markdown(
        tr(
            "**Which is better?** Each against {first}, on the examples both predicted",
            first=plain(names[found.runs[0].id]),
        ),
        help=tr(
            "Both runs are measured on the same examples, so the difference is surer than either figure. In brackets: "
            "the 95 % interval, and p, the chance of a difference this large, either way, between equal runs."
        ),
    )
    for pair in found.pairs:
        name = plain(names[pair.run])
        if pair.difference.value is None:
            reason = plain(said(pair.difference.undefined or ""))
            st.markdown(tr("- {run}: not compared, {reason}", run=name, reason=reason))
        else:
            st.markdown(f"- {name}: {_told(pair)}")


def _told(pair: Pair) -> Words:
    """The verdict with its figures."""
    difference = pair.difference
    verdict = tr("no clear difference")
    if difference.verdict == "better":
        verdict = f":green[{tr('better')}]"
    elif difference.verdict == "worse":
        verdict = f":red[{tr('worse')}]"
    inside = plain(said(difference.told())) + ("" if difference.p is None else f", p = {difference.p:.3f}")
    metric = plain(said(LABELS[difference.name].name))
    words = [f"**{verdict}**", f"{metric} {difference.value:+.4f} ({inside})", tr("{n:,} examples", n=pair.n)]
    if difference.low is not None and difference.note:
        note = plain(said(difference.note))
        words.append(note if difference.note == SAME else tr("interval by {method}", method=note))
    return ", ".join(words)
