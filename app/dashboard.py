"""The dashboard: navigation, and what surrounds every page. `streamlit run app` starts it through streamlit_app.py.

No folder here may be called `pages`: Streamlit would open a link to a page in it, on a server that has just started,
without running this file.
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

from frame import pages, state  # noqa: E402
from frame.cache import warm_up  # noqa: E402
from frame.context import context  # noqa: E402
from frame.language import follow_address, tr  # noqa: E402
from frame.looking import here, page_drawn  # noqa: E402
from frame.page import errors_shown  # noqa: E402
from frame.sidebar import sidebar, styles  # noqa: E402
from frame.users import enter  # noqa: E402
from frame.workers import wake_workers  # noqa: E402
from learn.tour import tour  # noqa: E402

follow_address()
navigation = {
    tr("Set up"): [
        st.Page(pages.YOUR_DATA, title=tr("Your data"), icon=":material/upload_file:"),
        st.Page(pages.EXPERIMENTS, title=tr("Experiments"), icon=":material/science:", default=True),
        st.Page(pages.TRAIN, title=tr("Train"), icon=":material/model_training:"),
        st.Page(pages.RUNS, title=tr("Runs"), icon=":material/list_alt:"),
    ],
    tr("Understand"): [
        st.Page(pages.EVALUATE, title=tr("Evaluate"), icon=":material/insights:"),
        st.Page(pages.FILTERS, title=tr("Filters"), icon=":material/filter_alt:"),
        st.Page(pages.SALIENCY, title=tr("Saliency"), icon=":material/highlight:"),
        st.Page(pages.STEP_THROUGH, title=tr("Step through"), icon=":material/calculate:"),
        st.Page(pages.MOTIFS, title=tr("Motifs"), icon=":material/genetics:"),
        st.Page(pages.WHY, title=tr("Why Conv1D?"), icon=":material/psychology_alt:"),
    ],
    tr("Use"): [
        st.Page(pages.PREDICT, title=tr("Predict"), icon=":material/biotech:"),
        st.Page(pages.SCAN, title=tr("Scan"), icon=":material/timeline:"),
        st.Page(pages.VARIANTS, title=tr("Variants"), icon=":material/difference:"),
        st.Page(pages.SIRNA, title=tr("siRNA design"), icon=":material/content_cut:"),
        st.Page(pages.DESIGN, title=tr("Design"), icon=":material/draw:"),
    ],
}
page = st.navigation(navigation, expanded=True)
styles()
here()
with errors_shown():
    enter()
state.restore()
with errors_shown():
    wake_workers()
with errors_shown():
    sidebar()
    context(trains=page.url_path == "train")
    tour()
    page.run()
page_drawn()
warm_up()
