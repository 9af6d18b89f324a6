"""Two to six runs side by side: settings, curves, predictions, and which is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from components.chart import chart
from dnaconv_core.answers.outputs import answer_of_one, output_names
from dnaconv_core.evaluate.metrics import LABELS, labelled
from dnaconv_core.experiments import get_experiment
from dnaconv_core.runs.compare import LEAST, Comparison, HeldOut, compare_runs, held_out
from dnaconv_core.runs.store import Run, Store
from frame.words import ours, plain
from learn.compared_dots import dots
from learn.data_labels import chosen_output

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def comparison(runs: list[Run]) -> None:
    """Draw the comparison; the first run is the one that the others are held against."""
    store = Store()
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
        f"**Not measured on the same examples.** {plain(others)} and {plain(names[found.runs[0].id])} have no "
        "validation example in common, so their figures cannot be compared, and no chart shows them together. Train "
        "them on the same data.",
        icon=":material/difference:",
    )


def _drawn(store: Store, found: Comparison, names: list[str]) -> None:
    with st.container(key="shape_compared"):  # one below the other where the window is narrow
        left, right = st.columns([1, 1.25], gap="medium")
    with left:
        st.markdown("**Settings**", help="Those that differ come first, marked with ≠.")
        same = st.toggle("Also show what they share", key="all_settings", bind="query-params")
        _settings(found, names, everything=same)
        st.markdown("**On validation data**")
        _metrics(found, names)
    with right:
        st.markdown(f"**{LABELS[found.metric].name} on validation, by epoch**")
        chart(_curves(store, found, names), key="compared_curves", height=260)
        experiment = get_experiment(found.runs[0].experiment)
        output = chosen_output(experiment)
        named = zip(found.runs, names, strict=True)
        parts = {name: part for run, name in named if (part := held_out(store, run.id, output))}
        if answer_of_one(experiment.answer).yes_or_no:
            _roc_and_pr(parts, names)
        else:
            st.markdown("**Measured against predicted**")
            label = experiment.label if experiment.n_tasks == 1 else output_names(experiment)[output]
            chart(_colored(dots(parts, label), names), key="compared_dots", height=340)
    _differences(found, dict(zip((run.id for run in found.runs), names, strict=True)))


@st.cache_data(show_spinner="Comparing on the same examples…", max_entries=16)
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
        st.caption("They were set in the same way: only chance differs.")
        return
    rows = [
        {"": "≠" if s.differs else "", "setting": s.name.replace("_", " ")}
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
        {"metric": LABELS[metric].name}
        | {
            name: "–"
            if value is None or value.value is None
            else f"{value.value:.4f}" + f"  ({value.told()})" * bool(value.told())
            for name, value in zip(names, values, strict=True)
        }
        for metric, values in found.metrics.items()
    ]
    st.dataframe(rows, hide_index=True, height="content", key="compared_metrics")


def _curves(store: Store, found: Comparison, names: list[str]) -> Figure:
    from dnaconv_core.plot.colors import categorical
    from dnaconv_core.plot.style import blank, safe

    label = LABELS[found.metric].name
    figure = blank("Epoch", label)
    for index, (run, name) in enumerate(zip(found.runs, names, strict=True)):
        rows = [r for r in store.metrics(run.id) if r.split == "valid" and r.name == found.metric]
        figure.add_scatter(
            x=[row.epoch for row in rows],
            y=[row.value for row in rows],
            name=safe(name),
            mode="lines+markers" if len(rows) <= 40 else "lines",
            line={"color": categorical(index), "width": 2},
            marker={"size": 5},
            hovertemplate=f"epoch %{{x}}<br>{label} %{{y:.4g}}",
        )
    return figure


def _colored(figure: Figure, names: list[str]) -> Figure:
    """A run has one colour in every chart, also where others have nothing to draw."""
    from dnaconv_core.plot.colors import categorical
    from dnaconv_core.plot.style import safe

    colors = {safe(name): categorical(index) for index, name in enumerate(names)}
    for trace in figure.data:
        if trace.name in colors:
            (trace.marker if trace.mode == "markers" else trace.line).color = colors[trace.name]
    return figure


def _roc_and_pr(parts: dict[str, HeldOut], names: list[str]) -> None:
    from dnaconv_core.evaluate.curves import pr_curve_points, roc_curve_points
    from dnaconv_core.plot.curves import pr_figure, roc_figure

    given = {name: ((p.y, p.prediction), {"weights": labelled(p.w)}) for name, p in parts.items()}
    with st.container(key="shape_compared_curves"):
        left, right = st.columns(2)
    with left:
        st.markdown("**ROC**")
        rocs = {name: roc_curve_points(*arrays, **weights) for name, (arrays, weights) in given.items()}
        chart(_colored(roc_figure(rocs), names), key="compared_roc", height=320)
    with right:
        st.markdown("**Precision and recall**")
        prs = {name: pr_curve_points(*arrays, **weights) for name, (arrays, weights) in given.items()}
        chart(_colored(pr_figure(prs), names), key="compared_pr", height=320)


def _differences(found: Comparison, names: dict[str, str]) -> None:
    st.markdown(
        f"**Which is better?** Each against {plain(names[found.runs[0].id])}, on the examples both predicted",
        help="Both runs are measured on the same examples, so the difference is surer than either figure. In brackets: "
        "the 95 % interval, and p, the chance of a difference this large, either way, between equal runs.",
    )
    for pair in found.pairs:
        difference, name = pair.difference, plain(names[pair.run])
        if difference.value is None:
            st.markdown(f"- {name}: not compared, {plain(difference.undefined or '')}")
            continue
        verdict = {"better": ":green[better]", "worse": ":red[worse]"}.get(difference.verdict, "no clear difference")
        sure = "" if difference.p is None else f", p = {difference.p:.3f}"
        by = f", interval by {difference.note}" if difference.low is not None and difference.note else ""
        st.markdown(
            f"- {name}: **{ours(verdict)}**, {LABELS[difference.name].name} {difference.value:+.4f} "
            f"({plain(difference.told())}{sure}), {pair.n:,} examples{plain(by)}"
        )
