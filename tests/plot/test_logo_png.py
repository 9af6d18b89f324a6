"""Logos as PNG: read back pixel by pixel."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from dnaconv_core.errors import InputError
from dnaconv_core.plot.colors import BASE_COLORS
from dnaconv_core.plot.raster import logo_png

LEFT, TOP, BOTTOM = 52, 10, 20  # of logo_svg's letters
WHITE = (255, 255, 255)


def picture(values, **options) -> Image.Image:
    return Image.open(BytesIO(logo_png(values, **options)))


def rgb(letter: str) -> tuple[int, ...]:
    color = BASE_COLORS[letter]
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def test_letters_stand_where_the_svg_has_them_in_their_colours():
    heights = np.zeros((4, 3))
    heights[0, 0], heights[3, 1], heights[2, 2], heights[1, 2] = 2.0, 1.0, 1.5, 0.5
    image = picture(heights, column=40, height=130, scale=3)
    assert image.format == "PNG" and image.size == (3 * (LEFT + 120 + 8), 3 * 130)

    def at(x: float, bits: float):  # x in columns
        return image.getpixel((round(3 * (LEFT + 40 * x)), round(3 * (TOP + (2 - bits) / 2 * 100))))

    assert at(0.5, 0.55) == rgb("A") and at(0.5, 1.95) == rgb("A")  # its bar and its tip
    assert (
        at(0.5, 0.1) == WHITE and at(0.5, 1.2) == WHITE and at(0.06, 1.9) == WHITE
    )  # between the legs, the hole, beside
    assert at(1.5, 0.4) == rgb("T") and at(1.1, 0.95) == rgb("T")  # stem and beam
    assert at(1.1, 0.4) == WHITE and at(1.5, 1.1) == WHITE  # beside the stem, above the letter
    assert at(2.1, 1.25) == rgb("G") and at(2.1, 0.25) == rgb("C")  # the smaller one below


def test_negative_letters_hang_below_zero():
    heights = np.zeros((4, 2))
    heights[3, 0], heights[3, 1] = 1.0, -1.0
    image = picture(heights, kind="contribution", column=40, height=130, scale=1)
    assert image.getpixel((LEFT + 20, TOP + 45)) == rgb("T") and image.getpixel((LEFT + 20, TOP + 55)) == WHITE
    assert image.getpixel((LEFT + 60, TOP + 45)) == WHITE and image.getpixel((LEFT + 60, TOP + 55)) == rgb("T")


def test_axis_title_and_unit_are_drawn_also_with_signs_that_the_font_lacks():
    heights = np.full((4, 2), 0.2)
    plain, titled = picture(heights, height=130), picture(heights, title="Δ − × 漢", height=146)
    above = np.asarray(titled)[: 2 * 16]
    assert (above < 100).any() and plain.height + 32 == titled.height
    left = np.asarray(plain)[:, : 2 * 20]
    assert (left < 100).any()  # the unit, turned
    with pytest.raises(InputError, match="kind is 'weather'"):
        logo_png(heights, kind="weather")
