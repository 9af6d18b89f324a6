from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.plot.glyphs import GLYPHS, glyphs
from dnaconv_core.plot.logo import KINDS, logo_spec, logo_svg, nice_ticks

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("letter", GLYPHS)
def test_glyphs_fill_the_unit_box(letter):
    assert set(re.findall("[A-Za-z]", GLYPHS[letter])) <= set("MLHVCZ")  # absolute commands only
    numbers = [float(n) for n in re.findall(r"\d*\.?\d+", GLYPHS[letter])]
    assert min(numbers) == 0 and max(numbers) == 1
    assert "-" not in GLYPHS[letter]
    assert glyphs(letter) == {letter: {"path": GLYPHS[letter], "width": 1.0, "height": 1.0}}


def test_letters_are_stacked_from_the_smallest():
    heights = np.array([[0.1, 0.0], [0.5, 0.0], [0.3, 0.0], [0.0, 1.5]]).T  # (2, 4): transposed on purpose
    spec = logo_spec(heights)
    assert spec["positions"] == [[["A", 0, 0.1], ["G", 0.1, 0.4], ["C", 0.4, 0.9]], [["T", 0, 1.5]]]
    assert (spec["length"], spec["unit"], spec["y_min"], spec["y_max"]) == (2, "bits", 0, 2)
    assert spec["ticks"] == [0, 0.5, 1, 1.5, 2]
    assert json.loads(json.dumps(spec)) == spec
    assert logo_spec(heights.T)["positions"] == spec["positions"]  # either way round


def test_negative_letters_hang_below_the_axis_the_largest_lowest():
    spec = logo_spec(np.array([[0.2], [-0.1], [-0.6], [0.5]]), kind="contribution", alphabet="RNA", unit="Δ logit")
    assert spec["positions"] == [[["C", -0.1, 0], ["A", 0, 0.2], ["U", 0.2, 0.7], ["G", -0.7, -0.1]]]
    assert (spec["y_min"], spec["y_max"], spec["unit"]) == pytest.approx((-0.7, 0.7, "Δ logit"))


def test_four_positions_are_read_as_channels_first():
    heights = np.zeros((4, 4))
    heights[3, 0] = 1.0  # T at position 1
    assert logo_spec(heights)["positions"] == [[["T", 0, 1]], [], [], []]


def test_a_long_attribution_stays_small():
    rng = np.random.default_rng(0)
    one_hot = np.eye(4)[rng.integers(0, 4, 101)].T
    assert len(json.dumps(logo_spec(one_hot * rng.normal(size=101), kind="contribution"))) < 8 * 1024


def test_nothing_to_show_still_has_an_axis():
    spec = logo_spec(np.zeros((4, 3)), kind="contribution")
    assert (spec["y_min"], spec["y_max"], spec["positions"]) == (0, 1, [[], [], []])
    ET.fromstring(logo_svg(np.zeros((4, 3)), kind="contribution"))


def placed(svg):
    """(letter, x, top, width, height) of each letter drawn."""
    root = ET.fromstring(svg)
    found = []
    for use in root.iter(f"{SVG}use"):
        x, y, w, h = map(float, re.findall(r"-?[\d.]+", use.get("transform")))
        found.append((use.get("href")[1:], x, y, w, h))
    return root, found


def test_svg_has_letters_at_their_heights_axis_and_unit():
    root, letters = placed(logo_svg(np.array([[1.0], [0], [0], [0.5]]), height=130, column=20))
    assert [letter for letter, *_ in letters] == ["T", "A"]
    (_, tx, t_top, tw, t_height), (_, ax, a_top, _, a_height) = letters
    assert t_height == pytest.approx(a_height / 2, abs=0.01) and a_height == pytest.approx((130 - 30) / 2, abs=0.01)
    assert t_top == pytest.approx(a_top + a_height, abs=0.02)  # T stands under A
    assert tx == ax and tw == pytest.approx(0.96 * 20)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert "bits" in texts and "2" in texts and "0" in texts
    assert {path.get("id") for path in root.find(f"{SVG}defs")} == {"A", "T"}


def test_svg_draws_negative_letters_below_zero_and_upright():
    root, letters = placed(logo_svg(np.array([[1.0, 0], [0, -1.0], [0, 0], [0, 0]]), kind="contribution"))
    (_, _, a_top, _, a_height), (_, _, c_top, _, c_height) = letters
    assert c_top == pytest.approx(a_top + a_height, abs=0.02) and a_height == c_height > 0
    assert "contribution" in [node.text for node in root.iter(f"{SVG}text")]


def test_letters_are_cut_at_a_given_range():
    _, letters = placed(logo_svg(np.array([[3.0], [0], [0], [0]]), y_range=(0, 1), height=130))
    assert letters[0][4] == pytest.approx(100)


def test_user_text_is_escaped():
    svg = logo_svg(np.ones((4, 2)) / 4, kind="probability", title="<script>&\"'", unit="<b>")
    assert "<script" not in svg and "<b>" not in svg
    root = ET.fromstring(svg)
    assert root.find(f"{SVG}title").text == "<script>&\"' (<b>)"


def test_position_numbers_start_where_asked_and_do_not_crowd():
    root = ET.fromstring(logo_svg(np.ones((4, 101)) / 4, kind="probability", column=9, first=-50))
    numbers = [n.text for n in root.iter(f"{SVG}text") if n.get("y") == "124"]
    assert numbers[0] == "-50" and "0" in numbers and "50" in numbers and len(numbers) <= 22


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 2, [0, 0.5, 1, 1.5, 2]),
        (-0.7, 0.7, [-0.5, 0, 0.5]),
        (0, 0.013, [0, 0.005, 0.01]),
        (-30, 0, [-30, -20, -10, 0]),
    ],
)
def test_ticks_are_round(low, high, ticks):
    assert nice_ticks(low, high) == ticks


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match=r"heights have shape \(3, 5\): give \(4, positions\)"):
        logo_spec(np.zeros((3, 5)))
    with pytest.raises(InputError, match=r"heights have shape \(4, 0\)"):
        logo_spec(np.zeros((4, 0)))
    with pytest.raises(InputError, match="NaN"):
        logo_spec(np.full((4, 2), np.nan))
    with pytest.raises(InputError, match=f"kind is 'info': a logo shows {', '.join(KINDS)}"):
        logo_spec(np.zeros((4, 2)), kind="info")
    with pytest.raises(InputError, match="alphabet is 'protein'"):
        logo_spec(np.zeros((4, 2)), alphabet="protein")
    with pytest.raises(InputError, match=r"y_range is \(1, 1\)"):
        logo_spec(np.zeros((4, 2)), y_range=(1, 1))
    with pytest.raises(InputError, match="height is 20"):
        logo_svg(np.zeros((4, 2)), height=20)
