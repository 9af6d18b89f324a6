"""Sequence logos as PNG images: the SVG of logo.py, drawn by resvg."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dnaconv_core.plot.logo import logo_svg

_FONT = "DejaVu Sans"  # comes with matplotlib, so that a machine without fonts draws the same picture
_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


def logo_png(values: np.ndarray, *, scale: float = 2.0, **options: Any) -> bytes:
    """The logo of `logo_svg` as a PNG image on white, `scale` image pixels for each of its pixels.

    Options and errors as in `logo_svg`.
    """
    from resvg_py import svg_to_bytes

    drawn = svg_to_bytes(
        logo_svg(values, **options), background="white", zoom=scale, skip_system_fonts=True, font_files=_font_files(),
        font_family=_FONT, sans_serif_family=_FONT,
    )  # fmt: skip
    opaque = BytesIO()
    Image.open(BytesIO(drawn)).convert("RGB").save(opaque, "PNG")
    return opaque.getvalue()


def _font_files() -> list[str]:
    found = find_spec("matplotlib")  # not imported: that takes a while and writes a folder of settings
    folders = (found and found.submodule_search_locations) or []
    return [str(Path(folder) / "mpl-data" / "fonts" / "ttf" / name) for folder in folders for name in _FILES]
