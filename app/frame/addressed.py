"""A row of choices whose names are in the page's language, while the address holds what is chosen, in no language.

`bind="query-params"` of Streamlit puts the drawn names into the address: a link would mean nothing in another language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from frame import state
from frame.language import said
from frame.words import Words, plain


def choose_one(label: Words, names: Mapping[str, str], *, key: str, **look: Any) -> str:
    """Draw `st.segmented_control`; returns the key of `names` that is chosen: the address's, else the first.

    names: of each choice a marked text, or one of the core. key: of the address; the first choice is not written there.
    look: what else the widget takes.
    """
    first, asked = next(iter(names)), st.query_params.get(key, "")
    st.session_state[f"_{key}"] = asked if asked in names else first

    def write() -> None:
        chosen = st.session_state[f"_{key}"]
        state.write({key: "" if chosen == first else chosen})

    return st.segmented_control(
        label, list(names), format_func=lambda name: plain(said(names[name])), required=True, key=f"_{key}",
        on_change=write, **look,
    )  # fmt: skip
