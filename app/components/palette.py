"""Colours for the scripts: each a pair, for the light and the dark theme."""

from __future__ import annotations

from dnaconv_core.plot.colors import CATEGORICAL, base_colors

_DARK_SERIES = (
    "#9C96FF", "#F0A63A", "#3FBF8F", "#5AA7F0", "#F0776F", "#C99562", "#3FC0CC", "#DD7FC0", "#A3ACBA", "#C6C24A",
)  # fmt: skip


def base_pairs() -> dict[str, tuple[str, str]]:
    """A light and a dark colour for each letter."""
    dark = base_colors(dark=True)
    return {letter: (color, dark[letter]) for letter, color in base_colors().items()}


def figure_pairs() -> dict[str, tuple[str, str]]:
    """What a figure may name as "theme:…", and the light colours in figures made by the core."""
    letters = base_pairs()
    series = dict(zip(CATEGORICAL, zip(CATEGORICAL, _DARK_SERIES, strict=True), strict=True))
    return letters | {pair[0]: pair for pair in letters.values()} | series
