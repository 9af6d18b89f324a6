"""The scripts in `js/` as Streamlit components; each is prefixed with the helpers of `shared.js`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent / "js"
# plotly.min.js of the installed package, served by Streamlit as a folder of files: no copy here, no network.
_PLOTLY = Path(find_spec("plotly").origin).parent / "package_data"  # found without importing plotly
st.components.v1.declare_component("plotly_files", path=str(_PLOTLY))
_ROUTE = f"{__name__}.plotly_files"


def register(name: str, parts: Sequence[str] = (), *, isolate_styles: bool = True) -> Any:
    """The component in `js/name.js` and `js/name.css`; parts: other scripts that it uses."""
    script = "".join((_FOLDER / f"{part}.js").read_text() for part in ("shared", *parts, name))
    styles = (_FOLDER / "shared.css").read_text() + (_FOLDER / f"{name}.css").read_text()
    script = script.replace("PLOTLY_ROUTE", _ROUTE)
    return st.components.v2.component(f"dnaconv_{name}", js=script, css=styles, isolate_styles=isolate_styles)


def nothing() -> None:
    """A callback for values that are read from the component's result."""
