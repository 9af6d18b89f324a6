"""Searches for a better network on the Runs page: how far one is, how it went, and whether it found one."""

from __future__ import annotations

import streamlit as st

from components.chart import chart
from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import RunError
from dnaconv_core.experiments import all_experiments
from dnaconv_core.plot.search import history_figure, importance_figure, parallel_figure, setting_label
from dnaconv_core.runs.queue import ensure_workers
from dnaconv_core.runs.search import search_in_background
from dnaconv_core.runs.search_record import Search, ask_search_to_stop, list_searches, read_search
from dnaconv_core.runs.store import Store
from frame.page import errors_shown
from frame.pages import EVALUATE, RUNS
from frame.storing import stores
from frame.words import ours, plain, show_error
from learn.live import duration

_AXES = 6  # settings that have one
_EVERY = 2.0  # seconds between looks at one that is on
ALIVE = ("waiting", "running")
_BADGES = {
    "waiting": ("gray", "starting"),
    "running": ("violet", "searching"),
    "finished": ("green", "finished"),
    "failed": ("red", "failed"),
    "stopped": ("orange", "stopped"),
    "interrupted": ("orange", "interrupted"),
}
_VERDICTS = {"better": ":material/trending_up:", "worse": ":material/trending_down:"}
_HELP = (
    "Networks around what auto chooses, each trained on inner folds of the training part. The validation part has no "
    "share in the choice."
)


def search_section(store: Store, experiment: str) -> None:
    """The newest search of this experiment ('' for all), and a choice among them where there are several."""
    found = list_searches(store, experiment)
    if not found:
        return
    st.subheader("Searches for a better network", help=_HELP, anchor=False)
    names = [search.name for search in found]
    chosen = names[0]
    if len(names) > 1:
        titles = {search.name: _title(search) for search in found}
        chosen = st.selectbox("Search", names, format_func=titles.__getitem__, key="search", bind="query-params")
    search = next((search for search in found if search.name == chosen), found[0])
    alive = search.state in ALIVE
    st.fragment(_panel, run_every=_EVERY if alive else None)(search.name, search.state)


def _title(search: Search) -> str:
    known = all_experiments().get(search.experiment)
    return f"{known.title if known else search.experiment} · {search.tag} · {search.state}"


def _panel(name: str, shown: str) -> None:
    with errors_shown(), st.container(border=True):
        store = Store()
        search = read_search(store, name)
        if search.state != shown and (search.state not in ALIVE or shown not in ALIVE):
            st.rerun()  # the runs below have changed too
        if search.state in ALIVE:
            ensure_workers(store)
        _head(store, search)
        if search.error:
            show_error(search.error)
        _verdict(search)
        if search.tried:
            with st.expander("How it went", expanded=True):
                _charts(search)
            _early(search)
        _links(search)


def _head(store: Store, search: Search) -> None:
    color, word = _BADGES[search.state]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.markdown(f"**{plain(_title(search).rpartition(' · ')[0])}**", width="content")
            st.badge(plain(word), color=color)
            st.caption(plain(_doing(search)), width="content")
        if search.state in ALIVE:
            if st.button("Stop", icon=":material/stop:", key="search_halt", **stores("What was found is kept.")):
                ask_search_to_stop(store, search.name)
                st.toast("The search stops at its next look.")
        elif search.state != "finished" and st.button(
            "Continue", icon=":material/play_arrow:", key="search_on", **stores()
        ):
            search_in_background(store, search.name)
            st.rerun()
    if search.state in ALIVE:
        st.progress(search.fraction)


def _doing(search: Search) -> str:
    spent = f"{search.n_tried} tried in {duration(search.seconds)}"
    if search.state not in ALIVE:
        return spent
    left = "" if search.left is None else f" · about {duration(search.left)} left"
    return f"{search.stage}{left}"


def _verdict(search: Search) -> None:
    if not search.verdict:
        return
    icon = _VERDICTS.get(search.verdict["kind"], ":material/trending_flat:")
    st.markdown(f"{ours(icon)} **{plain(search.verdict['sentence'])}**")
    if search.verdict["reported"]:
        st.markdown(plain(search.verdict["reported"]))
    if search.verdict["settings"]:
        label = LABELS[search.metric].name
        changed = "; ".join(
            f"{setting_label(name)} {value} instead of {search.start.get(name)}"
            for name, value in search.verdict["settings"].items()
        )
        st.caption(plain(f"The winner, with a mean {label} of {search.best.value:.4f} on the inner folds: {changed}."))


def _charts(search: Search) -> None:
    shown = [trial for trial in search.tried if trial.state != "skipped"]
    done = [trial for trial in search.tried if trial.value is not None]
    with st.container(key="shape_search"):
        left, right = st.columns([1.4, 1], gap="medium")
    with left:
        st.markdown("**Each network in turn**")
        figure = history_figure([t.scores for t in shown], [t.value is not None for t in shown], metric=search.metric)
        chart(figure, key=f"search_history_{search.name}", height=280)
    with right:
        st.markdown(
            "**Which settings decided**",
            help="How much each setting tells the best networks of the search from the others (PED-ANOVA), in the "
            "range that was tried. It says nothing of settings that were not searched.",
        )
        chart(importance_figure(search.importance), key=f"search_importance_{search.name}", height=280)
    st.markdown(
        "**What the best have in common**",
        help="A line for each network that has been through all folds; the better, the darker, the best in orange. Of "
        "the settings, those that decided most.",
    )
    names = list(search.importance)[:_AXES]  # those that decided most, where that is known
    params = [{name: t.params[name] for name in names or t.params} for t in done]
    figure = parallel_figure(params, [t.value or 0.0 for t in done], metric=search.metric)
    chart(figure, key=f"search_parallel_{search.name}", height=300)


def _early(search: Search) -> None:
    early: dict[str, int] = {}
    for trial in search.tried:
        if trial.words:
            early[trial.state] = early.get(trial.state, 0) + 1
    if early:
        with st.expander("Given up early: " + plain(", ".join(f"{n} {state}" for state, n in early.items()))):
            rows = [{"Trial": t.number + 1, "State": t.state, "Why": t.words} for t in search.tried if t.words]
            st.dataframe(rows, hide_index=True, height="content" if len(rows) < 12 else 400)


def _links(search: Search) -> None:
    runs = {name: search.runs[name] for name in ("the winner", "auto") if name in search.runs}
    if not search.verdict or not runs:
        return
    with st.container(horizontal=True):
        first = next(iter(runs.values()))
        query = {"experiment": search.experiment, "run": first}
        st.page_link(EVALUATE, label="Evaluate the winner", icon=":material/insights:", query_params=query)
        if len(runs) > 1:
            query = {"experiment": search.experiment, "runs": f"{runs['auto']},{first}"}
            st.page_link(RUNS, label="Compare it with auto", icon=":material/compare_arrows:", query_params=query)


def newest_alive(store: Store, experiment: str) -> Search | None:
    """The search of this experiment that is on, if one is."""
    try:
        return next((search for search in list_searches(store, experiment) if search.state in ALIVE), None)
    except RunError:
        return None
