"""Two alleles side by side, worked out by hand, and motif changes in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.motif_changes import Hit
from dnaconv_core.variants.vcf import Variant
from dnaconv_core.variants.words import aligned, in_columns

APP = Path(__file__).parents[2] / "app"


def effect(ref: str, alt: str, ref_window: str, alt_window: str, **more) -> VariantEffect:
    """Of a variant at the window's fourth base; the window begins at base 10."""
    return VariantEffect(Variant("c", 14, ".", ref, (alt,), (), 0), alt, "ok", 10, ref_window, alt_window, **more)


@pytest.mark.parametrize(
    "ref, alt, ref_window, alt_window, upper, lower",
    [
        ("C", "G", "AAACTTGT", "AAAGTTGT", "AAACTTGT", "AAAGTTGT"),
        ("C", "CGG", "AAACTTGT", "AAACGGTT", "AAAC--TTGT", "AAACGGTT--"),
        ("CTT", "C", "AAACTTGT", "AAACGTCA", "AAACTTGT--", "AAAC--GTCA"),
        ("CTTGTAAA", "C", "AAACTTGT", "AAACGGGG", "AAACTTGT----", "AAAC----GGGG"),  # beyond the window's end
    ],
)
def test_alleles_stand_one_below_the_other(ref, alt, ref_window, alt_window, upper, lower):
    columns = aligned(effect(ref, alt, ref_window, alt_window))
    drawn = [
        "".join("-" if i < 0 else window[i] for i in some)
        for some, window in zip(columns, (ref_window, alt_window), strict=True)
    ]
    assert drawn == [upper, lower]
    heights = np.arange(32.0).reshape(4, 8) + 1
    put = in_columns(heights, columns[0])
    assert put.shape == (4, len(upper)) and (put[:, [c == "-" for c in upper]] == 0).all()
    assert (put[:, columns[0] >= 0] == heights).all()


def test_motif_changes_in_words(monkeypatch):
    monkeypatch.syspath_prepend(str(APP))
    from use.one_variant import motif_sentences

    hits = Hit("TGASTCA", -3, "+", "TGACTCA"), Hit("TGASTCA", 1, "-", "TGAGTCA"), Hit("CACGTG", 0, "+", "CACGTG")
    assert motif_sentences(effect("C", "G", "AAACTTGT", "AAAGTTGT", gained=hits[:2], lost=hits[2:])) == [
        "It creates a TGASTCA site: TGACTCA, + strand, beginning 3 bases left of the variant.",
        "It creates a TGASTCA site: TGAGTCA, − strand, beginning 1 base right of the variant.",
        "It destroys a CACGTG site: CACGTG, + strand, beginning with it.",
    ]
