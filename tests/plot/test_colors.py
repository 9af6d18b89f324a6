from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from dnaconv_core.plot import colors

WHITE, DARK = "#FFFFFF", "#101318"
# Machado, Oliveira & Fernandes 2009, severity 1: what eyes without one kind of cone see, in linear RGB.
CONES = {
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(color):
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("color", [*colors.CATEGORICAL, *colors.BASE_COLORS.values(), colors.NEUTRAL])
def test_shades_show_on_white_and_on_dark(color):
    assert contrast(color, WHITE) >= 3
    assert contrast(color, DARK) >= 3


@pytest.mark.parametrize("color", colors.BASE_COLORS_DARK.values())
def test_shades_for_dark_show_on_dark(color):
    assert contrast(color, DARK) >= 4.5


@pytest.mark.parametrize("cones", CONES)
@pytest.mark.parametrize("dark", [False, True])
def test_bases_stay_apart_for_every_eye(cones, dark):
    seen = {k: lab(np.array(CONES[cones]) @ linear(v)) for k, v in colors.base_colors(dark=dark).items() if k != "U"}
    for a, b in combinations(seen, 2):
        assert np.linalg.norm(seen[a] - seen[b]) >= 20, (a, b)  # ΔE 1976; 2.3 is a just noticeable difference


def test_hues_are_the_usual_ones():
    for shades in (colors.base_colors(), colors.base_colors(dark=True)):
        red, green, blue = ([int(shades[k][i : i + 2], 16) for k in "ACGT"] for i in (1, 3, 5))
        assert max(red[0], green[0], blue[0]) == green[0] and max(red[1], green[1], blue[1]) == blue[1]
        assert red[2] > green[2] > blue[2] and red[3] > 2 * green[3]
        assert shades["T"] == shades["U"]


def test_there_are_enough_series_and_they_go_round():
    assert len(set(colors.CATEGORICAL)) >= 10
    assert colors.categorical(len(colors.CATEGORICAL) + 3) == colors.CATEGORICAL[3]


def test_diverging_scale_is_clear_at_zero():
    assert [at for at, _ in colors.DIVERGING] == [0, 0.25, 0.5, 0.75, 1]
    assert colors.DIVERGING[2][1] == colors.ZERO and colors.ZERO.startswith("rgba") and colors.ZERO.endswith("0.08)")
