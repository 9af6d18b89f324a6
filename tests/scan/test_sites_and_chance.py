"""A peak is a site, and how many come by chance: truth planted by hand, and sequences without any."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from dnaconv_core.data.genome import RecordContig
from dnaconv_core.errors import InputError
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.results import Record
from dnaconv_core.scan.chance import Chance, by_chance
from dnaconv_core.scan.scan import ScanOptions, scan
from dnaconv_core.scan.sites import locate, site_span
from dnaconv_core.scan.tracks import Peak, PeakSite, call_peaks, write_bed
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot, to_codes
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle

PRETRAINED = Path(__file__).parents[2] / "pretrained"
AP1 = from_iupac("TGASTCA", "AP-1")


def contig(text: str, name: str = "s") -> RecordContig:
    return RecordContig(Record(name, text, 0))


def plain(n: int, seed: int) -> str:
    """Bases without a site or half of one that the synthetic network was taught to tell from it."""
    text = decode(from_codes(np.random.default_rng(seed).integers(0, 4, (1, n))))[0]
    return re.sub("TGA[CG]|[CG]TCA", "CCCC", text)


def looks_for(word: str, **settings):
    """A network whose one filter scores a word's letters, + strand: its logit is the most that agree, minus a bias."""
    config = ModelConfig(length=31, depth=1, kernel_size=len(word), filters=1, dropout=0.0, pooling="max", **settings)
    model = build(config, 0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.convs[0].weight[0] = torch.from_numpy(one_hot(word)[0]).float()
        list(model.parameters())[-2].fill_(1.0)
        list(model.parameters())[-1].fill_(-5.5)
    return model


@pytest.mark.slow
def test_two_planted_sites_are_two_peaks_in_their_middle():
    model = load_bundle(PRETRAINED / "tf_binding_synthetic").model
    text = plain(5000, 1)
    for at in (1200, 3700):
        text = text[:at] + "ATGACTCAT" + text[at + 9 :]
    one = contig(text)
    chance = by_chance(model, [(one, 0, 5000)])
    found = scan(model, one)
    peaks = call_peaks(found.scores, chance.threshold(1), window=found.window, strands=found.strands)
    peaks = chance.told(locate(model, one, peaks, motifs=[AP1]))
    assert len(peaks) == 2 and [abs(p.site.summit - at) <= 3 for p, at in zip(peaks, (1204, 3704), strict=True)]
    for peak, at in zip(peaks, (1201, 3701), strict=True):
        assert (peak.site.motif, peak.site.word, peak.site.at) == ("AP-1", "TGACTCA", at)
        assert peak.site.strand == "." and peak.site.p_value == pytest.approx(2 / 4**7)
        assert 0 < peak.expected <= 1 and peak.q == pytest.approx(peak.expected / 2)


@pytest.mark.slow
def test_summits_lie_on_planted_sites():
    model = load_bundle(PRETRAINED / "tf_binding_synthetic").model
    rng, away = np.random.default_rng(3), []
    for seed in range(40):
        at, text = int(rng.integers(60, 332)), plain(400, 100 + seed)
        text = text[:at] + ("ATGACTCAT", "GTGAGTCAC")[seed % 2] + text[at + 9 :]
        found = scan(model, contig(text))
        best = call_peaks(found.scores, 0.0, window=found.window, strands=found.strands)
        best = max(best, key=lambda peak: peak.score)
        (located,) = locate(model, contig(text), [best])
        away.append(abs(located.site.summit - (at + 4)))
    assert np.median(away) <= 1


@pytest.mark.parametrize(
    "settings", [{}, {"strands": "both"}, {"keep_layers": True}, {"stretches": 3}, {"hidden": 4}, {"pool_between": 2}]
)
def test_any_network_is_located_and_compared(settings):
    depth = 2 if "pool_between" in settings or "keep_layers" in settings else 1
    model = build(ModelConfig(length=31, depth=depth, kernel_size=5, filters=4, pooling="max", **settings), 1).eval()
    text = plain(300, 5)[:150] + "N" * 7 + plain(200, 6)
    one = contig(text)
    chance = by_chance(model, [(one, 20, 340)])
    found = scan(model, one, (20, 340))
    peaks = call_peaks(found.scores, 0.0, window=31, strands=found.strands, start=20)
    located = chance.told(locate(model, one, peaks, motifs=[from_iupac("TTAAT")]))
    assert 0 < len(located) <= len(peaks) and chance.bases >= 20_000
    for peak in located:
        site = peak.site
        assert site is None or peak.start - 10 <= site.start <= site.summit < site.end <= peak.end + 10
        assert peak.site is None or peak.site.motif or peak.site.word == text[peak.site.start : peak.site.end]
        assert 0 < peak.q <= 1


def test_a_site_on_the_other_strand_by_hand():
    model = looks_for("TTGACC")
    text = "A" * 40 + "GGTCAA" + "A" * 40
    found = scan(model, contig(text))
    peaks = call_peaks(found.scores, 0.5, window=31, strands=found.strands)
    (peak,) = locate(model, contig(text), peaks, motifs=[from_iupac("TTGACC"), AP1])
    assert (peak.strand, peak.side) == ("-", "-")
    site = peak.site
    assert (site.start, site.end, site.word, site.motif, site.strand, site.at) == (40, 46, "TTGACC", "TTGACC", "-", 40)
    assert site.summit in (42, 43) and site.p_value == pytest.approx(1 / 4**6)
    (bare,) = locate(model, contig(text), peaks, motifs=[AP1])
    assert (bare.site.motif, bare.site.word, bare.site.strand) == ("", "GGTCAA", ".") and bare.side == "-"


def test_neighbouring_windows_of_one_site_are_one_peak():
    model = looks_for("TTGACC")
    one = contig("A" * 60 + "TTGACC" + "A" * 60)
    halves = [Peak(35, 66, "+", 0.9), Peak(60, 91, "+", 0.8), Peak(4, 35, "+", 0.2)]
    found = locate(model, one, halves)
    assert [(peak.start, peak.site and (peak.site.start, peak.site.end)) for peak in found][-1] == (35, (60, 66))
    assert 60 not in [peak.start for peak in found]


def test_the_span_by_hand():
    assert site_span(np.array([0, 0.1, 1, 0.9, 0.1, 1, 0.1, 0, 0.2])) == (2, 6, 3)  # 0.15 is lost in the gap, 0.75 won
    assert site_span(np.array([-3.0, 1, -1, 0, 0, 0, 2, 2])) == (6, 8, 7)
    assert site_span(np.array([0.0, 5, 0])) == (1, 2, 1)


def test_expected_peaks_and_q_by_hand():
    chance = Chance(np.float32([0.1, 0.2, 0.3, 0.4, 0.5]), 0.5, 1000)
    assert chance.expected([0.05, 0.3, 0.45, 0.9]).tolist() == [2.5, 1.5, 0.5, 0.5]
    peaks = [Peak(0, 9, "+", score) for score in (0.9, 0.35, 0.45, 0.12)]
    told = chance.told(peaks)
    assert [p.expected for p in told] == [0.5, 1.0, 0.5, 2.0]
    # in order of height: 0.5 / 1, 0.5 / 2, 1 / 3, 2 / 4; never above what a lower cut gives
    assert [p.q for p in told] == pytest.approx([0.25, 1 / 3, 0.25, 0.5])
    for wish, reached in ((1, 2), (0.5, 1), (0.4, 0), (2.5, 5)):
        assert (chance.heights >= chance.threshold(wish)).sum() == reached
    assert chance.words(0.45) == "0.5 false peaks expected by chance"
    assert chance.words(0.35) == "1 false peak expected by chance"
    assert chance.words(0.6) == "fewer than 0.5 false peaks expected by chance"
    with pytest.raises(InputError, match="the false peaks to expect are 0: give a number above 0"):
        chance.threshold(0)
    with pytest.raises(InputError, match="this model reads 31 bases, give a longer one"):
        by_chance(looks_for("TTGACC"), [(contig("ACGT"), 0, 4)])


def test_shuffles_give_as_many_peaks_as_expected():
    """Of sequences that are shuffles themselves every peak is a false one."""
    model, counts = looks_for("TTGACC"), []
    text = decode(from_codes(np.random.default_rng(0).integers(0, 4, (1, 4000))))[0]
    shuffled = dinucleotide_shuffle(one_hot(text), 30, seed=9)[0]
    chance = by_chance(model, [(contig(text), 0, 4000)], how=ScanOptions(strands="+"))
    threshold = chance.threshold(8)
    for codes in to_codes(shuffled):
        found = scan(model, contig("".join("ACGT"[code] for code in codes)), strands="+")
        counts.append(len(call_peaks(found.scores, threshold, window=31, strands="+")))
    expected = float(chance.expected(threshold))
    assert 0 < expected <= 8
    assert abs(np.mean(counts) - expected) < 4 * np.sqrt(expected / len(counts)) + 0.1  # counts scatter as Poisson's do


def test_bed_of_sites_by_hand():
    import io

    site = PeakSite(8, 7, 12, "TGACT", "AP-1", "-", 7, 0.001)
    out = io.StringIO()
    write_bed(out, "chr1", [Peak(5, 18, ".", 0.91234, site), Peak(30, 43, "+", 0.5)])
    assert out.getvalue() == "chr1\t5\t18\tpeak_1_0.9123\t912\t-\t7\t12\nchr1\t30\t43\tpeak_2_0.5\t500\t+\t30\t30\n"


def test_no_more_is_shuffled_than_the_threshold_needs():
    """Thirty false peaks of those that are expected; more for rarer ones, up to what takes seconds."""
    model = load_bundle(PRETRAINED / "tf_binding_synthetic").model
    one = contig(plain(2500, 5))
    bases = [by_chance(model, [(one, 0, 2500)], false_peaks=wish).bases for wish in (10.0, 1.0)]
    assert bases == [52_000, 76_000]  # whole pieces
    with pytest.raises(InputError, match="the false peaks to expect are 0: give a number above 0"):
        by_chance(model, [(one, 0, 2500)], false_peaks=0)
