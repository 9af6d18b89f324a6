"""How a search for a better network went, in three charts."""

from __future__ import annotations

import streamlit as st

from components.chart import chart
from dnaconv_core.plot.search import history_figure, importance_figure, parallel_figure
from dnaconv_core.runs.search_record import Search
from frame.language import tr

_AXES = 6  # settings that have one


def search_charts(search: Search) -> None:
    shown = [trial for trial in search.tried if trial.state != "skipped"]
    done = [trial for trial in search.tried if trial.value is not None]
    with st.container(key="shape_search"):
        left, right = st.columns([1.4, 1], gap="medium")
    with left:
        st.markdown(tr("**Each network in turn**"))
        figure = history_figure([t.scores for t in shown], [t.value is not None for t in shown], metric=search.metric)
        chart(figure, key=f"search_history_{search.name}", height=280)
    with right:
        st.markdown(
            tr("**Which settings decided**"),
            help=tr(
                "How well each setting separates the best networks of the search from the others (PED-ANOVA), in the "
                "range that was tried. It says nothing about settings that were not searched."
            ),
        )
        chart(importance_figure(search.importance), key=f"search_importance_{search.name}", height=280)
    st.markdown(
        tr("**What the best have in common**"),
        help=tr(
            "A line for each network that was trained on all folds. Darker lines are better networks, the best is "
            "orange. The settings are those that decided most."
        ),
    )
    names = list(search.importance)[:_AXES]  # those that decided most, where that is known
    params = [{name: t.params[name] for name in names or t.params} for t in done]
    figure = parallel_figure(params, [t.value or 0.0 for t in done], metric=search.metric)
    chart(figure, key=f"search_parallel_{search.name}", height=300)
