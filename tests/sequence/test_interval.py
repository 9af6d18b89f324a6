"""Loci: reading, writing, and the browser's way of counting."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.interval import Locus, browser_url, find_locus, format_locus, format_region, parse_region


def test_parse_by_hand():
    locus = find_locus("chr22:20208963-20209064")
    assert locus == Locus("chr22", 20208963, 20209064, ".") and locus.length == 101
    assert find_locus(" HLA-A*01:1,000-2,500(-) ") == Locus("HLA-A*01", 1000, 2500, "-")


def test_regions_count_from_one_and_include_both_ends():
    assert parse_region("chr22:101-200") == Locus("chr22", 100, 200)
    assert parse_region(" HLA-A*01:1,000-2,500(-) ") == Locus("HLA-A*01", 999, 2500, "-")
    assert parse_region("X:7-7") == Locus("X", 6, 7) and format_region(Locus("X", 6, 7)) == "X:7-7"
    with pytest.raises(InputError, match="begins at 0: bases are counted from 1 here"):
        parse_region("chr1:0-6")


@given(
    st.sampled_from(["chr1", "X", "GL000192.1"]), st.integers(0, 10**9), st.integers(1, 10**6), st.sampled_from("+-.")
)
def test_format_and_parse_are_inverse(chrom, start, length, strand):
    locus = Locus(chrom, start, start + length, strand)
    assert find_locus(format_locus(locus)) == locus
    assert parse_region(format_region(locus)) == locus._replace(strand=".")


@pytest.mark.parametrize(
    "text",
    ["", "chr1", "chr1:5", "chr1:a-b", "chr1:-5-10", "chr 1:5-6", "chr1:5-6 x", "synthetic_1", f"chr1:5-{'9' * 5000}"],
)
def test_what_is_no_locus(text):
    assert find_locus(text) is None
    with pytest.raises(InputError, match="is no region: write chromosome:first-last"):
        parse_region(text)


@pytest.mark.parametrize("text", ["chr1:6-6", "chr1:9-6", "chr1:,-6"])
def test_empty_loci(text):
    assert find_locus(text) is None
    if text != "chr1:6-6":  # as a region it is one base
        with pytest.raises(InputError, match="its last base must not lie before its first|begins at 0"):
            parse_region(text)


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
