"""Loci: reading, writing, and the browser's way of counting."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.interval import Locus, browser_url, find_locus, format_locus, parse_locus


def test_parse_by_hand():
    locus = parse_locus("chr22:20208963-20209064")
    assert locus == Locus("chr22", 20208963, 20209064, ".") and locus.length == 101
    assert parse_locus(" HLA-A*01:1,000-2,500(-) ") == Locus("HLA-A*01", 1000, 2500, "-")


@given(
    st.sampled_from(["chr1", "X", "GL000192.1"]), st.integers(0, 10**9), st.integers(1, 10**6), st.sampled_from("+-.")
)
def test_format_and_parse_are_inverse(chrom, start, length, strand):
    locus = Locus(chrom, start, start + length, strand)
    assert parse_locus(format_locus(locus)) == locus


@pytest.mark.parametrize(
    "text",
    ["", "chr1", "chr1:5", "chr1:a-b", "chr1:-5-10", "chr 1:5-6", "chr1:5-6 x", "synthetic_1", f"chr1:5-{'9' * 5000}"],
)
def test_what_is_no_locus(text):
    assert find_locus(text) is None
    with pytest.raises(InputError, match="is no locus: write chromosome:start-end"):
        parse_locus(text)


@pytest.mark.parametrize("text", ["chr1:6-6", "chr1:9-6", "chr1:,-6"])
def test_empty_loci(text):
    assert find_locus(text) is None
    with pytest.raises(InputError, match="its end must be greater than its start"):
        parse_locus(text)


def test_the_browser_counts_from_one():
    url = urlparse(browser_url(Locus("chr22", 100, 200), "hg19"))
    assert url.scheme == "https" and url.netloc == "genome.ucsc.edu"
    assert parse_qs(url.query) == {"db": ["hg19"], "position": ["chr22:101-200"]}
    flanked = parse_qs(urlparse(browser_url(Locus("chr22", 100, 200), "hg19", flank=150)).query)
    assert flanked["position"] == ["chr22:1-350"]


def test_names_cannot_break_out_of_the_url():
    url = browser_url(Locus('a&db=x"<', 1, 2), "hg19")
    assert parse_qs(urlparse(url).query)["db"] == ["hg19"]
    assert '"' not in url and "<" not in url
    with pytest.raises(InputError, match="assembly is 'hg19&x'"):
        browser_url(Locus("chr1", 1, 2), "hg19&x")
