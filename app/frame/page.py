"""What surrounds every page: the selection in the sidebar, errors as one sentence, and a few styles."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.sources import default_preset, default_source
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import LIVE, Store
from frame import state
from frame.models import Choice, catalog, selected
from frame.pages import EVALUATE, PREDICT, TRAIN

_log = logging.getLogger("dnaconv.app")

_FITS = 20  # letters that the box of the model has room for
_STYLES = """
<style>
[data-testid="stMainBlockContainer"] { max-width: 1440px; padding: 2.2rem 2.6rem 4rem; }
[data-testid="stMain"] .stMarkdown p, [data-testid="stMain"] [data-testid="stCaptionContainer"] p { line-height: 1.45; }
[data-testid="stMetric"] label p { opacity: .75; }
[data-testid="stSidebar"] input { text-overflow: ellipsis; }
[class*="st-key-card_"] { height: 100%; transition: border-color .15s; }
[class*="st-key-card_"]:hover { border-color: var(--st-primary-color, #5A52D5); }
@media (max-width: 1080px) {
  [data-testid="stMainBlockContainer"] { padding: 2.2rem 1.4rem 4rem; }
  [class*="st-key-shape"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  [class*="st-key-shape"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"]
    > [data-testid="stColumn"] {
    min-width: 100%; }
  [class*="st-key-card_"] [data-testid="stColumn"]:has([data-testid="stImage"]) { display: none; }
  [class*="st-key-card_"] [data-testid="stColumn"] { min-width: 100%; }
  .st-key-settings { display: grid !important; grid-template-columns: 1fr 1fr; align-items: start; }
}
.st-key-card_on { border-color: var(--st-primary-color, #5A52D5); }
</style>
"""


def styles() -> None:
    st.html(_STYLES)


@contextmanager
def errors_shown() -> Iterator[None]:
    """A user's mistake is shown where it happened; a bug is one sentence here and a traceback in the terminal."""
    try:
        yield
    except DnaConvError as error:
        st.error(str(error), icon=":material/error:")
    except Exception as error:
        _log.exception("an unexpected error while drawing the page")
        st.error(
            f"Something went wrong here that should not have ({type(error).__name__}). The terminal has the details; "
            f"the other pages still work.",
            icon=":material/bug_report:",
        )


def sidebar() -> None:
    """Choose the experiment and the model that every page shows."""
    missing = state.unknown_experiment()
    current, known = state.experiment(), all_experiments()
    with st.sidebar:
        st.session_state["_experiment"] = current.key
        st.selectbox(
            "Experiment",
            list(known),
            format_func=lambda key: known[key].title,
            key="_experiment",
            on_change=lambda: state.choose(experiment=st.session_state["_experiment"]),
        )
        choices, metric = catalog(current.key), LABELS[current.main_metric].name
        chosen = state.run()
        keys = [*choices] if not chosen or chosen in choices else [chosen, *choices]
        if not keys:
            st.caption("No model yet: train one on the **Train** page.")
        else:
            first = selected() if not chosen else None
            shown = st.session_state["_model"] = chosen or (first.key if first else keys[0])
            st.selectbox(
                "Model",
                keys,
                format_func=lambda key: choices[key].label if key in choices else f"{key} (not here)",
                key="_model",
                on_change=lambda: state.choose(run=st.session_state["_model"]),
                help=f"Your runs, newest first, then models that came with the project; the number is {metric} on "
                "validation data.",
            )
            run = choices[shown].run if shown in choices else None
            st.session_state["_state_shown"] = run.state if run else ""
            if shown in choices and len(choices[shown].label) > _FITS:
                st.caption(plain(choices[shown].name))
    if missing:
        st.warning(
            f"There is no experiment '{missing}': this is {current.title}. The link may be from a newer version."
        )


def no_model_yet(choice: Choice | None) -> None:
    """In place of what needs a finished model: why there is none, and the way to one."""
    with st.container(border=True):
        if choice is not None and choice.run is not None and choice.run.state in LIVE:
            st.markdown(f"**{plain(choice.name)} is still {choice.run.state}**: {choice.run.message}.")
            words = "Watch it learn"
        elif choice is not None and choice.run is not None:
            st.markdown(f"**{plain(choice.name)} has no model**: it {choice.run.state}. {choice.run.error}")
            words = "See the run"
        else:
            st.markdown("**There is no model yet.** Train one now, or shape your own network first.")
            words = "Shape a network"
        with st.container(horizontal=True, vertical_alignment="center"):
            if choice is None:
                _train_now()
            st.page_link(TRAIN, label=words, icon=":material/model_training:", query_params=state.link())


def _train_now() -> None:
    """A button that starts a first run as it is, and goes where one sees it learn."""
    experiment = state.experiment()
    preset = default_preset(experiment, default_source(experiment))
    on = "its own" if experiment.own else "synthetic"
    help = f"On {on} data: {experiment.presets[preset].why}."
    if st.button(f"Train the {preset} preset", icon=":material/play_arrow:", type="primary", help=help):
        run = submit(Store(), RunSpec(experiment.key, preset=preset))
        state.choose(run=run.id)
        st.switch_page(TRAIN, query_params=state.link())


def links_to_use() -> None:
    """To the pages that use the selected model."""
    selection = state.link()
    st.page_link(EVALUATE, label="Evaluate", icon=":material/insights:", query_params=selection)
    st.page_link(PREDICT, label="Predict", icon=":material/biotech:", query_params=selection)


def plain(text: str) -> str:
    """A user's words without Markdown in them."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|~$:<>&" else c for c in text)


def header(title: str, line: str, help: str | None = None) -> None:
    """A page's title and one line about it."""
    state.enter(title)
    st.title(title, help=help, anchor=False)
    st.caption(line)
