"""One sequence through the network, step by step, with the arithmetic of each unit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from components.palette import base_pairs
from components.sequence import Mark
from components.source import register
from dnaconv_core.engine.excerpt import choose, network_json, numbers_json
from dnaconv_core.engine.stepping import Walk
from dnaconv_core.sequence.encoding import LETTERS

_step = register("step", ("walk", "arithmetic"))
_CHANGED = ("#B45309", "#F0A63A")


class Told(NamedTuple):
    """A walk as the component reads it: long lists of numbers as text, which Streamlit need not write anew."""

    net: str  # JSON of the weights of what is shown
    numbers: str  # JSON of the sequence's numbers in it
    alphabet: str
    output: int


def tell(walk: Walk, first: Walk | None = None) -> Told:
    """What of `walk` is shown; where it is to be compared with that of a `first` sequence, what is shown of both."""
    shown = choose(walk if first is None else first)
    net, numbers = (json.dumps(part(walk, shown)) for part in (network_json, numbers_json))
    return Told(net, numbers, walk.model.config.alphabet, walk.output)


def step(
    told: Told,
    sequence: str,
    *,
    model: str,
    before: tuple[Told, str] | None = None,
    edits: Sequence[str] = (),
    names: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    on_edit: Callable[[int, str], None],
    on_undo: Callable[[], None],
    key: str,
) -> None:
    """Draw the walk of a sequence; what changed since that of another, `before`, is marked.

    model: what tells this network from another. edits: what led from that one to this, as 'A12G'. names: of several
    outputs. on_edit(position, base) is called for a base that is chosen in place of another, on_undo() for the last
    edit; both before the page is drawn again.
    """
    data = {
        "model": model,
        "net": told.net,
        "now": told.numbers,
        "was": None if before is None else before[0].numbers,
        "sequence": sequence,
        "original": sequence if before is None else before[1],
        "edits": list(edits),
        "bases": LETTERS[told.alphabet],
        "marks": [mark._asdict() for mark in marks],
        "names": list(names) or [""],
        "output": told.output,
        "colors": base_pairs() | {"changed": _CHANGED},
    }
    _step(data=data, key=key, on_edit_change=lambda: _edited(key, on_edit), on_undo_change=on_undo)


def _edited(key: str, act: Callable[[int, str], None]) -> None:
    asked: dict[str, Any] = st.session_state[key]["edit"]
    act(int(asked["position"]), str(asked["base"]))
