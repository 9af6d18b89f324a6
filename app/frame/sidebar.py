"""The selection in the sidebar, which every page shows, and a few styles."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import all_experiments
from dnaconv_core.runs.models import words_back
from dnaconv_core.storing import read_only
from frame import state
from frame.models import catalog, selected
from frame.words import plain

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


def sidebar() -> None:
    """Choose the experiment and the model that every page shows."""
    missing = state.unknown_experiment()
    if missing and words_back(missing):
        st.warning(f"The data of {plain(missing)} are gone; its models still say what they answer.")
        missing = ""
    current, known = state.experiment(), all_experiments()
    with st.sidebar:
        if read_only():
            st.caption(":material/visibility: For looking only: nothing is kept here.")
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
            f"There is no experiment '{plain(missing)}': this is {plain(current.title)}. The link may be from a newer "
            "version."
        )
