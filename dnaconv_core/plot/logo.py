"""Sequence logos: letter heights as a description for the browser, or as a standalone SVG image.

A logo's heights may be information (Schneider & Stephens 1990, bits), probabilities, or signed contributions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.plot.colors import BASE_COLORS, BASE_COLORS_DARK
from dnaconv_core.plot.glyphs import GLYPHS
from dnaconv_core.sequence.encoding import LETTERS


class Kind(NamedTuple):
    """What heights mean: their unit, and the axis they always have (none: the data's own)."""

    unit: str
    axis: tuple[float, float] | None


KINDS = {
    "information": Kind("bits", (0.0, 2.0)),
    "probability": Kind("probability", (0.0, 1.0)),
    "contribution": Kind("contribution", None),
}


def logo_spec(
    values: np.ndarray,
    *,
    kind: str = "information",
    alphabet: str = "DNA",
    unit: str | None = None,
    y_range: tuple[float, float] | None = None,
    first: int = 1,
) -> dict[str, Any]:
    """What to draw, ready for JSON: axis, unit, and for each position its letters from the axis outwards.

    values: heights `(4, L)` or `(L, 4)`, channels A C G T/U (4 × 4 is read as `(4, L)`). unit and y_range replace those
    of the kind. first: the number of the first position.
    Returns `{"kind", "unit", "alphabet", "length", "first", "y_min", "y_max", "ticks", "positions"}`; a position is a
    list of `[letter, bottom, top]` with bottom < top; positive letters are stacked upwards from zero, the highest on
    top, negative ones downwards, the largest at the bottom.
    Raises InputError for another shape, kind or alphabet, or a height that is not a finite number.
    """
    heights = _heights(values, kind, alphabet)
    low, high = y_range or KINDS[kind].axis or _range(heights)
    if not low < high:
        raise InputError(f"y_range is ({low:g}, {high:g}): its first number must be below the second")
    letters, digits = LETTERS[alphabet], max(0, 3 - int(np.floor(np.log10(high - low))))
    positions = []
    for column in heights.T:
        up = down = 0.0
        stack: list[list[str | float]] = []
        for k in np.argsort(np.abs(column), kind="stable"):
            height = float(column[k])
            bottom, top = (up, up + height) if height > 0 else (down + height, down)
            up, down = (top, down) if height > 0 else (up, bottom)
            if round(top, digits) > round(bottom, digits):
                stack.append([letters[k], round(bottom, digits), round(top, digits)])
        positions.append(stack)
    return {
        "kind": kind,
        "unit": KINDS[kind].unit if unit is None else unit,
        "alphabet": alphabet,
        "length": heights.shape[1],
        "first": first,
        "y_min": low,
        "y_max": high,
        "ticks": nice_ticks(low, high),
        "positions": positions,
    }


def logo_svg(
    values: np.ndarray,
    *,
    kind: str = "information",
    alphabet: str = "DNA",
    title: str = "",
    unit: str | None = None,
    y_range: tuple[float, float] | None = None,
    first: int = 1,
    column: float = 18.0,
    height: float = 130.0,
    dark: bool = False,
    spans: Sequence[tuple[int, int]] = (),
) -> str:
    """A standalone SVG of the logo, with its axis, unit and position numbers; letters are paths, so no font is needed.

    column: pixels a letter is wide. height: of the whole image, pixels. spans: stretches [start, end) of positions,
    from 0, that are shaded. Other arguments and errors as in `logo_spec`.
    """
    spec = logo_spec(values, kind=kind, alphabet=alphabet, unit=unit, y_range=y_range, first=first)
    colors, ink = (BASE_COLORS_DARK, "#E4E7EC") if dark else (BASE_COLORS, "#1C212B")
    left, top, bottom = 52.0, 10.0 + 16 * bool(title), 20.0
    width, tall = left + spec["length"] * column + 8, height - top - bottom
    if tall <= 0:
        raise InputError(f"height is {height:g}: the image needs more than {top + bottom:g} pixels for its labels")
    scale = tall / (spec["y_max"] - spec["y_min"])

    def y(value: float) -> float:
        return top + (spec["y_max"] - value) * scale

    used = sorted({letter for stack in spec["positions"] for letter, _, _ in stack})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="sans-serif" font-size="10" fill="{ink}">',
        f"<title>{escape(title) or 'Sequence logo'} ({escape(spec['unit'])})</title>",
        "<defs>" + "".join(f'<path id="{letter}" d="{GLYPHS[letter]}"/>' for letter in used) + "</defs>",
    ]
    if title:
        parts.append(f'<text x="{left:g}" y="14" font-size="12" font-weight="600">{escape(title)}</text>')
    parts += _axis(spec, y, (left, width - 8), ink)
    for start, end in spans:
        box = f'x="{left + start * column:g}" y="{top:g}" width="{(end - start) * column:g}" height="{tall:g}"'
        parts.append(f'<rect {box} fill="{ink}" fill-opacity="0.1"/>')
    for number, stack in enumerate(spec["positions"]):
        x = left + number * column
        for letter, low, high in stack:
            low, high = max(low, spec["y_min"]), min(high, spec["y_max"])
            if high > low:
                size = f"scale({0.96 * column:.2f} {(high - low) * scale:.3f})"
                place = f"translate({x + 0.02 * column:.2f} {y(high):.2f}) {size}"
                parts.append(f'<use href="#{letter}" fill="{colors[letter]}" transform="{place}"/>')
    parts += _numbers(spec, left, column, height)
    return "\n".join([*parts, "</svg>"])


def nice_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from low to high, at most `most` + 1 of them, zero among them where it lies within."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * (1 - 1e-9))
    count = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return [float(f"{tick:.6g}") + 0.0 for tick in count * step]


def _heights(values: np.ndarray, kind: str, alphabet: str) -> np.ndarray:
    """`(4, L)` float64, checked."""
    if kind not in KINDS:
        raise InputError(f"kind is {kind!r}: a logo shows {', '.join(KINDS)}")
    if alphabet not in LETTERS:
        raise InputError(f"alphabet is {alphabet!r}: choose {' or '.join(LETTERS)}")
    heights = np.asarray(values, np.float64)
    if heights.ndim == 2 and heights.shape[0] != 4:
        heights = heights.T
    if heights.ndim != 2 or heights.shape[0] != 4 or heights.shape[1] == 0:
        raise InputError(f"the logo's heights have shape {np.shape(values)}: give (4, positions) or (positions, 4)")
    if not np.isfinite(heights).all():
        raise InputError("the logo's heights hold NaN or an infinity: a letter needs a finite height")
    return heights


def _range(heights: np.ndarray) -> tuple[float, float]:
    """From the deepest stack to the highest; 0 to 1 when nothing has a height."""
    low, high = float(np.minimum(heights, 0).sum(0).min()), float(np.maximum(heights, 0).sum(0).max())
    return (low, high) if high > low else (0.0, 1.0)


def _axis(spec: dict[str, Any], y: Callable[[float], float], x: tuple[float, float], ink: str) -> list[str]:
    bottom, top, (left, right) = y(spec["y_min"]), y(spec["y_max"]), x
    parts = [f'<path d="M{left - 4:g} {top:.2f}V{bottom:.2f}" stroke="{ink}" fill="none"/>']
    if spec["y_min"] < 0 < spec["y_max"]:
        parts.append(f'<path d="M{left:g} {y(0):.2f}H{right:g}" stroke="{ink}" stroke-width="0.5" fill="none"/>')
    for tick in spec["ticks"]:
        parts.append(f'<path d="M{left - 8:g} {y(tick):.2f}h4" stroke="{ink}" fill="none"/>')
        parts.append(f'<text x="{left - 10:g}" y="{y(tick) + 3.5:.2f}" text-anchor="end">{tick:g}</text>')
    middle = (top + bottom) / 2
    parts.append(
        f'<text x="11" y="{middle:.2f}" text-anchor="middle" transform="rotate(-90 11 {middle:.2f})">'
        f"{escape(spec['unit'])}</text>"
    )
    return parts


def _numbers(spec: dict[str, Any], left: float, column: float, height: float) -> list[str]:
    """Position numbers below, every 1, 2, 5, 10, … so that they do not touch."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if s * column >= 22)
    first, last = spec["first"], spec["first"] + spec["length"] - 1
    shown = [p for p in range(first, last + 1) if p % step == 0 or p == first]
    return [
        f'<text x="{left + (p - first + 0.5) * column:.2f}" y="{height - 6:g}" text-anchor="middle">{p}</text>'
        for p in shown
        if p == first or p - first >= step * 0.6
    ]
