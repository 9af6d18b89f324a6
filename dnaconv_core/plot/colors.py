"""Every colour in one place.

All shades reach a contrast of 3 : 1 (WCAG 2, graphics) on the theme they are for; those without a theme do so on white
and on the dark background both. The four bases stay apart for eyes that lack red, green or blue cones, in the
simulation of Machado et al. (2009); a test computes all of this. Letters are shown beside colours anyway.
"""

from __future__ import annotations

BASE_COLORS = {"A": "#18A077", "C": "#2858E6", "G": "#D97A00", "T": "#C8002D", "U": "#C8002D"}  # both themes
BASE_COLORS_DARK = {
    "A": "#3FD0A4",
    "C": "#5B93FF",
    "G": "#FFB02E",
    "T": "#FF4D5E",
    "U": "#FF4D5E",
}  # brighter

# Series in charts, in this order; the dashboard's light theme has the same.
CATEGORICAL = (
    "#5A52D5", "#C77700", "#12805C", "#1F6FC2", "#C03B34", "#8A5A2B", "#0B7F8C", "#A63C86", "#5F6775", "#7D7A00",
)  # fmt: skip
NEUTRAL = "#7F8694"  # reference lines, what is only there to compare with

# Signed values: blue below zero, red above, and at zero nearly transparent, so that both backgrounds show through.
NEGATIVE, ZERO, POSITIVE = "rgb(33,102,172)", "rgba(127,134,148,0.08)", "rgb(200,0,45)"
DIVERGING = (
    (0.0, NEGATIVE),
    (0.25, "rgba(67,147,195,0.75)"),
    (0.5, ZERO),
    (0.75, "rgba(226,94,88,0.75)"),
    (1.0, POSITIVE),
)


def categorical(index: int) -> str:
    """The colour of the series number `index`, from the start again after the last."""
    return CATEGORICAL[index % len(CATEGORICAL)]


def base_colors(*, dark: bool = False) -> dict[str, str]:
    """A colour for each letter A C G T U."""
    return dict(BASE_COLORS_DARK if dark else BASE_COLORS)
