"""The scripts in `js/` as Streamlit components; each is prefixed with the helpers of `shared.js`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

from frame.language import ENGLISH, language, tr

_FOLDER = Path(__file__).parent / "js"
# plotly.min.js of the installed package, served by Streamlit as a folder of files: no copy here, no network.
_PLOTLY = Path(find_spec("plotly").origin).parent / "package_data"  # found without importing plotly
st.components.v1.declare_component("plotly_files", path=str(_PLOTLY))
_TEXT = re.compile(r'\btr\("((?:[^"\\]|\\.)*)"')
_ROUTE = f"{__name__}.plotly_files"
_VERSION = version("plotly")


def register(name: str, parts: Sequence[str] = (), *, isolate_styles: bool = True) -> Any:
    """The component in `js/name.js` and `js/name.css`; parts: other scripts that it uses."""
    script = "".join((_FOLDER / f"{part}.js").read_text() for part in ("shared", *parts, name))
    styles = (_FOLDER / "shared.css").read_text() + (_FOLDER / f"{name}.css").read_text()
    script = script.replace("PLOTLY_ROUTE", _ROUTE).replace("PLOTLY_VERSION", _VERSION)
    made = st.components.v2.component(f"dnaconv_{name}", js=script, css=styles, isolate_styles=isolate_styles)
    texts = texts_of(script)

    def drawn(*, data: dict[str, Any], **options: Any) -> Any:
        words = {text: tr(text) for text in texts} if language() != ENGLISH else {}
        return made(data={**data, "words": words} if texts else data, **options)

    return drawn


def texts_of(script: str) -> list[str]:
    """The texts that a script hands to its own `tr`."""
    return list(dict.fromkeys(found.replace('\\"', '"') for found in _TEXT.findall(script)))


def nothing() -> None:
    """A callback for values that are read from the component's result."""
