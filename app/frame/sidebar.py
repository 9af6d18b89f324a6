"""A few styles, and what stands below the navigation."""

from __future__ import annotations

import streamlit as st

from bring.underway import underway
from dnaconv_core.storing import read_only
from frame import state
from frame.language import LANGUAGES, address, choose_language, language, tr
from frame.users import whose

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
.st-key-context { border-bottom: 1px solid var(--st-border-color, #8883); padding-bottom: .8rem; }
.st-key-context [data-testid="stSelectbox"] { flex: 1 1 15rem; min-width: 0; }
.st-key-card_on { border-color: var(--st-primary-color, #5A52D5); }
</style>
"""


def styles() -> None:
    st.html(_STYLES)


def sidebar() -> None:
    """What stands below the navigation."""
    with st.sidebar:
        whose()
        underway()
        if read_only():
            st.caption(f":material/visibility: {tr('For looking only: nothing is kept here.')}")
        _language()


def _language() -> None:
    """The switch between the languages; each is called by its own name in all of them."""
    st.session_state["_speak"] = language()
    st.segmented_control(
        tr("Language"),
        list(LANGUAGES),
        format_func=lambda code: LANGUAGES[code],
        required=True,
        key="_speak",
        on_change=_speak,
        label_visibility="collapsed",
    )


def _speak() -> None:
    choose_language(st.session_state["_speak"])
    state.write(address())
