"""Buttons that store something: where nothing may be kept they stand there, rest, and say why."""

from __future__ import annotations

from typing import Any

from dnaconv_core.storing import READ_ONLY, read_only
from frame.language import said
from frame.words import Words, plain


def stores(help: Words | None = None, *, disabled: bool = False) -> dict[str, Any]:
    """`disabled` and `help` of a widget whose use changes or keeps something."""
    if read_only():
        return {"disabled": True, "help": plain(said(f"{READ_ONLY[:1].upper()}{READ_ONLY[1:]}."))}
    return {"disabled": disabled, "help": help}
