"""The scripts in `js/` as Streamlit components; each is prefixed with the helpers of `shared.js`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent / "js"


def register(name: str, *, isolate_styles: bool = True, **replaced: str) -> Any:
    """The component in `js/name.js` and `js/name.css`; words in `replaced` are put in place in the script."""
    script = (_FOLDER / "shared.js").read_text() + (_FOLDER / f"{name}.js").read_text()
    for word, value in replaced.items():
        script = script.replace(word, value)
    styles = (_FOLDER / "shared.css").read_text() + (_FOLDER / f"{name}.css").read_text()
    return st.components.v2.component(f"dnaconv_{name}", js=script, css=styles, isolate_styles=isolate_styles)


def nothing() -> None:
    """A callback for values that are read from the component's result."""
