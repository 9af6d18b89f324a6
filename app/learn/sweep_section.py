"""Sweeps on the Runs page: how far one is, its runs side by side while they train, and which is best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from components.chart import chart
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.results import Metric
from dnaconv_core.runs.queue import ensure_workers
from dnaconv_core.runs.store import LIVE, Run, Store
from dnaconv_core.runs.sweep import TAG, varied
from frame.language import mark, said, tr, tr_n
from frame.looking import looking, redraw
from frame.models import state_of
from frame.page import errors_shown
from frame.pages import RUNS
from frame.storing import stores
from frame.where import cluster_line
from frame.words import Words, plain
from learn.form import keep_choice, kept_choice
from learn.named import duration, setting_name

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_EVERY = 2.0  # seconds between looks while one of its runs lives
_HELP = mark(
    "Runs that differ only in these settings, ordered by their best value on validation data so far. The first may be "
    "ahead by chance: compare the best two."
)


def sweep_section(store: Store, runs: list[Run]) -> None:
    """The sweep that the address names, else the newest, and a choice among them where there are several."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        for tag in run.tags:
            if tag.startswith(TAG):
                found.setdefault(tag, []).append(run)
    if not found:
        return
    st.subheader(tr("Sweeps: several values of a setting"), help=tr(_HELP), anchor=False)
    tags, chosen = list(found), next(iter(found))
    if len(tags) > 1:
        titles = {tag: f"{_title(of)} · {_runs(len(of))} · {tag.removeprefix(TAG)}" for tag, of in found.items()}
        kept_choice("sweep", tags, tags[0])
        shown = tags.index(st.session_state["sweep"])
        chosen = st.selectbox(tr("Sweep"), tags, shown, format_func=titles.__getitem__, key="sweep")
        keep_choice("sweep", chosen, tags[0])
    ids = [run.id for run in found[chosen]]
    alive = any(run.state in LIVE for run in found[chosen])
    looking(_panel, _EVERY if alive else None)(chosen, ids, alive)


def _title(runs: list[Run]) -> str:
    return " × ".join(setting_name(name) for name in varied(runs)) or runs[0].name


def _runs(n: int) -> Words:
    return tr_n("{n:,} run", "{n:,} runs", n)


def _panel(tag: str, ids: list[str], alive: bool) -> None:
    with errors_shown(), st.container(border=True):
        store = Store()
        runs = [run for run in store.list() if run.id in ids]
        if alive and not any(run.state in LIVE for run in runs):
            return redraw()  # the table below has changed too
        if not runs:
            return
        if any(run.state == "queued" for run in runs):
            ensure_workers(store)
        _head(store, runs)
        cluster_line({run.place for run in runs if run.state in LIVE})
        names, metric = varied(runs), recorded_experiment(runs[0].experiment).main_metric
        curves = {run.id: [r for r in store.metrics(run.id) if (r.split, r.name) == ("valid", metric)] for run in runs}
        best = {run.id: max((r.value for r in curves[run.id] if r.value is not None), default=None) for run in runs}
        runs = sorted(runs, key=lambda run: -1e9 if (value := best[run.id]) is None else value, reverse=True)
        with st.container(key="shape_sweep"):  # one below the other where the window is narrow
            left, right = st.columns([1.3, 1], gap="medium")
        with left:
            label = said(LABELS[metric].name)
            st.markdown(tr("**{metric} on validation data, by epoch**", metric=plain(label)))
            lines = [(_values(run, names), [(r.epoch, r.value) for r in curves[run.id]]) for run in runs]
            chart(_figure(lines, label), key=f"sweep_curves_{tag}", height=320, revision=tag)
        with right:
            st.markdown(tr("**Best first**"))
            _table(runs, names, best, metric)
            _compare(runs, best)


def _head(store: Store, runs: list[Run]) -> None:
    counts = [(sum(run.state == state for run in runs), state) for state in dict.fromkeys(run.state for run in runs)]
    words = ", ".join(f"{n:,} {state_of(state)}" for n, state in counts)
    lives = [run for run in runs if run.state in LIVE]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.markdown(f"**{plain(_title(runs))}**", width="content")
            st.caption(f"{_runs(len(runs))}: {words}{_left(runs)}", width="content")
        if lives and st.button(
            tr("Stop all"), icon=":material/stop:", key="sweep_stop", **stores(tr("Each run keeps its network."))
        ):
            for run in lives:
                store.ask_to_stop(run.id)
            st.toast(tr("The runs stop soon."))
    if lives:
        st.progress(sum(_done(run) for run in runs) / len(runs))


def _done(run: Run) -> float:
    return 1.0 if run.state not in LIVE else min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0


def _left(runs: list[Run]) -> Words:
    """About how long the rest takes, by what was done; '' before anything was."""
    done, spent = sum(_done(run) for run in runs), sum(run.seconds for run in runs)
    running = max(1, sum(run.state == "running" for run in runs))
    if not any(run.state in LIVE for run in runs) or done < 0.05 or not spent:
        return ""
    return f" · {tr('about {time} left', time=duration(spent / done * (len(runs) - done) / running))}"


def _values(run: Run, names: list[str]) -> str:
    return ", ".join(f"{setting_name(name)} {_value(run, name)}" for name in names) or run.name


def _value(run: Run, name: str) -> str:
    return str(run.spec.settings[name]) if name in run.spec.settings else tr("as preset")


def _figure(lines: list[tuple[str, list[tuple[int, float | None]]]], label: str) -> Figure:
    """A line for each run by its values; the best are coloured, the rest grey."""
    from dnaconv_core.plot.colors import CATEGORICAL, NEUTRAL
    from dnaconv_core.plot.style import blank, safe

    figure, most = blank(tr("Epoch"), label), max((epoch for _, points in lines for epoch, _ in points), default=0)
    for place, (name, points) in reversed(list(enumerate(lines))):
        colored = place < len(CATEGORICAL)
        figure.add_scatter(
            x=[epoch for epoch, _ in points],
            y=[None if value is None else float(f"{value:.5g}") for _, value in points],
            name=safe(name),
            mode="lines+markers" if len(points) <= 40 else "lines",
            line={"color": CATEGORICAL[place] if colored else NEUTRAL, "width": 2 if colored else 1},
            marker={"size": 5},
            showlegend=colored,
            hovertemplate=tr("epoch %{x}") + f"<br>{safe(label)} %{{y:.4g}}",
        )
    whole = {"tickformat": ",d"} | ({"dtick": 1} if most <= 12 else {})
    return figure.update_layout(legend_traceorder="reversed").update_xaxes(**whole)


def _table(runs: list[Run], names: list[str], best: dict[str, float | None], metric: str) -> None:
    label = said(LABELS[metric].name)
    rows = [
        {setting_name(name): _value(run, name) for name in names}
        | {
            label: best[run.id],
            "95 %": said(Metric.from_json(run.metrics.get("valid", {}).get(metric)).told()),
            tr("State"): state_of(run.state),
            tr("Epochs"): tr("{epoch} of {n}", epoch=run.epoch, n=run.epochs) if run.epochs else "",
        }
        for run in runs
    ]
    number = st.column_config.NumberColumn(format="%.4f", help=tr("The best so far, on validation data."))
    config = {label: number, "95 %": st.column_config.TextColumn(tr("95 % interval"))}
    st.dataframe(
        rows, hide_index=True, height="content" if len(rows) <= 8 else 320, column_config=config, placeholder="–"
    )


def _compare(runs: list[Run], best: dict[str, float | None]) -> None:
    ended = [run for run in runs if run.state == "finished" and best[run.id] is not None]
    if len(ended) > 1:
        query = {"experiment": runs[0].experiment, "runs": f"{ended[1].id},{ended[0].id}"}
        st.page_link(RUNS, label=tr("Compare the best two"), icon=":material/compare_arrows:", query_params=query)
