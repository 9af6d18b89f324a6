"""Text to be copied. Streamlit's `st.code` would load a highlighter for hundreds of languages to draw it."""

from __future__ import annotations

from components.source import register

_copied = register("copied")


def copied(text: str, *, key: str) -> None:
    """Draw `text` as it is, in letters of one width, with a button that copies it."""
    _copied(data={"text": text}, key=key)
