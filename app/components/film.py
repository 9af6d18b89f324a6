"""One filter while it learns, as a film: its weights after every epoch of a real training (benchmarks/film.py)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from components.palette import base_pairs
from components.source import register
from dnaconv_core.plot.glyphs import glyphs

_film = register("film")
_FILE = Path(__file__).parents[1] / "assets" / "film.json"


@cache
def recorded() -> dict[str, Any]:
    """The film's experiment, and its frames: an epoch and a kernel `(4, K)` each."""
    return json.loads(_FILE.read_text())


def film(*, key: str, height: int = 110) -> None:
    """Draw the film; it plays in a loop, and stands at its end where motion is not wanted."""
    _film(data={"frames": recorded()["frames"], "glyphs": glyphs(), "colors": base_pairs(), "height": height}, key=key)
