"""The letters of sequence logos as SVG paths that fill a unit box, so that scaling gives any width and height.

The box is 1 wide and 1 tall with y pointing down, as in SVG; curves touch its edges. Holes run against their outline:
both fill rules give the same picture.
"""

from __future__ import annotations

GLYPHS = {
    "A": "M0 1L.36 0H.64L1 1H.76L.69 .79H.31L.24 1ZM.365 .61H.635L.5 .2Z",
    "C": "M1 .34C.95 .12.77 0 .52 0C.2 0 0 .2 0 .5C0 .8.2 1 .52 1C.77 1 .95 .88 1 .66L.77 .61"
    "C.73 .75.65 .81.53 .81C.34 .81.24 .7.24 .5C.24 .3.34 .19.53 .19C.65 .19.73 .25.77 .39Z",
    "G": "M.98 .33C.93 .12.77 0 .52 0C.2 0 0 .2 0 .5C0 .8.2 1 .52 1C.72 1 .89 .94 1 .84V.45H.52V.63H.78V.74"
    "C.72 .79.64 .81.54 .81C.34 .81.24 .7.24 .5C.24 .3.34 .19.53 .19C.65 .19.72 .25.75 .38Z",
    "T": "M0 0H1V.2H.615V1H.385V.2H0Z",
    "U": "M0 0H.24V.61C.24 .75.34 .81.5 .81C.66 .81.76 .75.76 .61V0H1V.62C1 .87.8 1 .5 1C.2 1 0 .87 0 .62Z",
}


def glyphs(letters: str = "ACGTU") -> dict[str, dict[str, str | float]]:
    """{letter: {"path", "width", "height"}}, ready for JSON and the browser."""
    return {letter: {"path": GLYPHS[letter], "width": 1.0, "height": 1.0} for letter in letters}
