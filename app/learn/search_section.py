"""Searches for a better network on the Runs page: how far one is, how it went, and whether it found one."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import RunError
from dnaconv_core.experiments import all_experiments
from dnaconv_core.runs.queue import ensure_workers
from dnaconv_core.runs.search import search_in_background
from dnaconv_core.runs.search_record import Search, ask_search_to_stop, list_searches, read_search
from dnaconv_core.runs.store import Store
from frame.language import mark, said, tr
from frame.looking import looking, redraw
from frame.page import errors_shown
from frame.pages import EVALUATE, RUNS
from frame.storing import stores
from frame.words import Words, ours, plain, show_error
from learn.form import keep_choice, kept_choice
from learn.named import duration, setting_name
from learn.search_charts import search_charts

_EVERY = 2.0  # seconds between looks at one that is on
ALIVE = ("waiting", "running")
_BADGES = {
    "waiting": ("gray", mark("starting")),
    "running": ("violet", mark("searching")),
    "finished": ("green", mark("finished")),
    "failed": ("red", mark("failed")),
    "stopped": ("orange", mark("stopped")),
    "interrupted": ("orange", mark("interrupted")),
}
_VERDICTS = {"better": ":material/trending_up:", "worse": ":material/trending_down:"}
_HELP = mark(
    "Networks like the one that auto chooses, each trained on folds of the training part. The validation part is not "
    "used for the choice."
)


def search_section(store: Store, experiment: str) -> None:
    """The newest search of this experiment ('' for all), and a choice among them where there are several."""
    found = list_searches(store, experiment)
    if not found:
        return
    st.subheader(tr("Searches for a better network"), help=tr(_HELP), anchor=False)
    names = [search.name for search in found]
    chosen = names[0]
    if len(names) > 1:
        titles = {search.name: _title(search) for search in found}
        kept_choice("search", names, names[0])
        shown = names.index(st.session_state["search"])
        chosen = st.selectbox(tr("Search"), names, shown, format_func=titles.__getitem__, key="search")
        keep_choice("search", chosen, names[0])
    search = next((search for search in found if search.name == chosen), found[0])
    alive = search.state in ALIVE
    looking(_panel, _EVERY if alive else None)(search.name, search.state)


def _title(search: Search) -> str:
    return f"{_called(search)} · {tr(_BADGES[search.state][1])}"


def _called(search: Search) -> str:
    known = all_experiments().get(search.experiment)
    return f"{said(known.title) if known else search.experiment} · {search.tag}"


def _panel(name: str, shown: str) -> None:
    with errors_shown(), st.container(border=True):
        store = Store()
        search = read_search(store, name)
        if search.state != shown and (search.state not in ALIVE or shown not in ALIVE):
            return redraw()  # the runs below have changed too
        if search.state in ALIVE:
            ensure_workers(store)
        _head(store, search)
        if search.error:
            show_error(search.error)
        _verdict(search)
        if search.tried:
            with st.expander(tr("How it went"), expanded=True):
                search_charts(search)
            _early(search)
        _links(search)


def _head(store: Store, search: Search) -> None:
    color, word = _BADGES[search.state]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.markdown(f"**{plain(_called(search))}**", width="content")
            st.badge(tr(ours(word)), color=color)
            st.caption(_doing(search), width="content")
        if search.state in ALIVE:
            if st.button(
                tr("Stop"), icon=":material/stop:", key="search_halt", **stores(tr("What was found is kept."))
            ):
                ask_search_to_stop(store, search.name)
                st.toast(tr("The search stops soon."))
        elif search.state != "finished" and st.button(
            tr("Continue"), icon=":material/play_arrow:", key="search_on", **stores()
        ):
            search_in_background(store, search.name)
            st.rerun()
    if search.state in ALIVE:
        st.progress(search.fraction)


def _doing(search: Search) -> Words:
    if search.state not in ALIVE:
        return tr("{n:,} tried in {time}", n=search.n_tried, time=duration(search.seconds))
    stage = plain(said(search.stage))
    return stage if search.left is None else f"{stage} · {tr('about {time} left', time=duration(search.left))}"


def _verdict(search: Search) -> None:
    if not search.verdict:
        return
    icon = _VERDICTS.get(search.verdict["kind"], ":material/trending_flat:")
    st.markdown(f"{ours(icon)} **{plain(said(search.verdict['sentence']))}**")
    if search.verdict["reported"]:
        st.markdown(plain(said(search.verdict["reported"])))
    if search.verdict["settings"]:
        changed = "; ".join(
            tr(
                "{setting} {value} instead of {before}",
                setting=plain(setting_name(name)),
                value=plain(value),
                before=plain(search.start.get(name)),
            )
            for name, value in search.verdict["settings"].items()
        )
        text = tr(
            "The best network, with a mean {metric} of {value:.4f} on the folds: {changed}.",
            metric=plain(said(LABELS[search.metric].name)), value=search.best.value, changed=changed,
        )  # fmt: skip
        st.caption(text)


def _early(search: Search) -> None:
    early: dict[str, int] = {}
    for trial in search.tried:
        if trial.words:
            early[trial.state] = early.get(trial.state, 0) + 1
    if early:
        counts = ", ".join(f"{n} {said(state)}" for state, n in early.items())
        with st.expander(tr("Stopped early: {counts}", counts=plain(counts))):
            rows = [
                {tr("Network"): t.number + 1, tr("State"): said(t.state), tr("Why"): said(t.words)}
                for t in search.tried
                if t.words
            ]
            st.dataframe(rows, hide_index=True, height="content" if len(rows) < 12 else 400)


def _links(search: Search) -> None:
    runs = {name: search.runs[name] for name in ("the winner", "auto") if name in search.runs}
    if not search.verdict or not runs:
        return
    with st.container(horizontal=True):
        first = next(iter(runs.values()))
        query = {"experiment": search.experiment, "run": first}
        st.page_link(EVALUATE, label=tr("Evaluate the best network"), icon=":material/insights:", query_params=query)
        if len(runs) > 1:
            query = {"experiment": search.experiment, "runs": f"{runs['auto']},{first}"}
            st.page_link(RUNS, label=tr("Compare it with auto"), icon=":material/compare_arrows:", query_params=query)


def newest_alive(store: Store, experiment: str) -> Search | None:
    """The search of this experiment that is on, if one is."""
    try:
        return next((search for search in list_searches(store, experiment) if search.state in ALIVE), None)
    except RunError:
        return None
