"""The dashboard's entry: navigation, and what surrounds every page. Start it with `streamlit run app`.

The pages lie in `views/`: a folder called `pages` makes Streamlit open a link to a page, on a server that has just
started, without running this file.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

st.set_page_config(
    page_title="dnaconv",
    page_icon=str(Path(__file__).parent / "assets" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=256,
)

import state  # noqa: E402
from cache import warm_up  # noqa: E402
from components.frame import errors_shown, sidebar, styles  # noqa: E402
from components.workers import wake_workers  # noqa: E402

pages = {
    "Set up": [
        st.Page("views/experiments.py", title="Experiments", icon=":material/science:", default=True),
        st.Page("views/train.py", title="Train", icon=":material/model_training:"),
        st.Page("views/runs.py", title="Runs", icon=":material/list_alt:"),
    ],
    "Understand": [
        st.Page("views/evaluate.py", title="Evaluate", icon=":material/insights:"),
        st.Page("views/filters.py", title="Filters", icon=":material/filter_alt:"),
        st.Page("views/saliency.py", title="Saliency", icon=":material/highlight:"),
        st.Page("views/motifs.py", title="Motifs", icon=":material/genetics:"),
        st.Page("views/why.py", title="Why Conv1D?", icon=":material/psychology_alt:"),
    ],
    "Use": [
        st.Page("views/predict.py", title="Predict", icon=":material/biotech:"),
        st.Page("views/scan.py", title="Scan", icon=":material/timeline:"),
        st.Page("views/variants.py", title="Variants", icon=":material/difference:"),
        st.Page("views/sirna.py", title="siRNA design", icon=":material/content_cut:"),
    ],
}
page = st.navigation(pages)
state.restore()
styles()
with errors_shown():
    wake_workers()
with errors_shown():
    sidebar()
    page.run()
warm_up()
