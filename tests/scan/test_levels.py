"""What a view of a long sequence shows: by hand, against plain maxima, and from a bigWig."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.genome import RecordContig
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.scan.along import TILE, motif_places, worth
from dnaconv_core.scan.levels import BigWigScores, HeldScores, contigs_of, range_of
from dnaconv_core.scan.scan import Chunk, Plan, Scan
from dnaconv_core.scan.tracks import Peak, PeakSite, read_bed, write_bed, write_bedgraph, write_bigwig
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import from_iupac
from tests.scan.test_sites_and_chance import contig, looks_for, plain


def held(scores: np.ndarray, strands: str = "+", start: int = 0, window: int = 5) -> HeldScores:
    return HeldScores(Scan("chr1", start, window, strands, scores[:, :, None], Plan("dense", "exact", "")))


def test_strands_that_agree_are_one_line():
    one = np.float32([0.2, np.nan, 0.7])
    assert held(np.stack([one, one]), "+-").names == ("both strands",)
    assert held(np.stack([one, one[::-1]]), "+-").names == ("+ strand", "− strand")


def test_a_score_stands_at_its_windows_middle():
    levels = held(np.float32([[0.1, 0.9, 0.3, np.nan]]), start=100)
    assert (levels.start, levels.end) == (102, 106)
    np.testing.assert_array_equal(levels.bins(101, 107, 6)[0], np.float32([np.nan, 0.1, 0.9, 0.3, np.nan, np.nan]))
    np.testing.assert_array_equal(levels.bins(102, 106, 2)[0], np.float32([0.9, 0.3]))
    np.testing.assert_array_equal(levels.bins(102, 104, 4)[0], np.float32([0.1, 0.1, 0.9, 0.9]))  # closer than a base
    with pytest.raises(InputError, match="the view 9-9 in 3 bins is empty"):
        levels.bins(9, 9, 3)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20_000), st.integers(0, 10_000), st.data())
def test_no_zoom_loses_a_peak(n, seed, data):
    """Each bin has the maximum of its bases, and at most that of a quarter of a bin more on either side."""
    scores = np.random.default_rng(seed).random((1, n)).astype(np.float32)
    levels = held(scores, window=1)
    start = data.draw(st.integers(0, n - 1))
    end = data.draw(st.integers(start + 1, n))
    many = data.draw(st.integers(1, 50))
    found = levels.bins(start, end, many)[0]
    edges = start + (end - start) * np.arange(many + 1) / many
    slack = (end - start) / many / 4
    for value, low, high in zip(found, edges[:-1], edges[1:], strict=True):
        inside = scores[0, int(np.floor(low + 1e-9)) : int(np.ceil(high - 1e-9))]
        wider = scores[0, max(int(np.floor(low - slack)), 0) : int(np.ceil(high + slack))]
        assert inside.max() <= value <= wider.max()


def test_a_bigwig_shows_what_was_scanned(tmp_path):
    scores = np.random.default_rng(3).random((1, 9000, 1)).astype(np.float32)
    scores[0, 4000:4100] = np.nan
    with open(tmp_path / "s.bedgraph", "w") as file:
        write_bedgraph(file, "chr7", Chunk(0, scores), window=1)
    write_bigwig(tmp_path / "s.bw", tmp_path / "s.bedgraph", {"chr7": 9000, "chr9": 50})
    levels, memory = BigWigScores(tmp_path / "s.bw", "chr7"), held(scores[:, :, 0], window=1)
    assert contigs_of(tmp_path / "s.bw")["chr7"] == 9000 == levels.end
    assert range_of(tmp_path / "s.bw") == pytest.approx((np.nanmin(scores), np.nanmax(scores)), rel=1e-4)
    for start, end, many in ((3990, 4110, 120), (10, 20, 40), (8990, 9000, 10)):
        np.testing.assert_allclose(levels.bins(start, end, many), memory.bins(start, end, many), rtol=1e-5)
    coarse = levels.bins(0, 9000, 30)[0]
    assert coarse.max() == pytest.approx(np.nanmax(scores), rel=1e-5) and not np.isnan(coarse).any()
    assert np.isnan(levels.bins(-20, 0, 5)).all()
    with pytest.raises(InputError, match="has no contig 'chr1'"):
        BigWigScores(tmp_path / "s.bw", "chr1")
    (tmp_path / "no.bw").write_text("chr1 0 5 1")
    with pytest.raises(DataError, match="cannot be read as bigWig"):
        contigs_of(tmp_path / "no.bw")


@pytest.mark.slow
def test_a_base_is_worth_what_its_windows_lose():
    """Each base by hand: every window that holds it, every other base in its place."""
    model = looks_for("GATTACA", padding="valid")
    one = contig(plain(700, 3)[:331] + "GATTACA" + plain(700, 4)[:340])  # (678,): tiles of 256, windows of 31
    length, step = 31, 7
    starts = sorted({min(max(s, 0), one.length - length) for s in range(-28, one.length, step)})
    found = np.concatenate([worth(model, one, number) for number in range(3)])[: one.length]
    for at in (0, 255, 256, 331, 334, 337, 400, 677):
        falls = []
        for start in (s for s in starts if s <= at < s + length):
            text = one.text(start, start + length)
            turned = text.translate(str.maketrans("ACGT", "TGCA"))[::-1]
            both = predict(model, one_hot([text, turned]), output="logit")[:, 0]
            place, read = (at - start, text) if both[0] >= both[1] else (length - 1 - at + start, turned)
            others = [read[:place] + base + read[place + 1 :] for base in "ACGT" if base != read[place]]
            falls.append(both.max() - predict(model, one_hot(others), output="logit")[:, 0].mean())
        assert found[at] == pytest.approx(np.mean(falls), abs=1e-4)
    assert found[331:338].min() > 0.5 and not worth(model, one, 3).any()
    assert worth(model, contig("ACGT"), 0).shape == (TILE,) and not worth(model, contig("ACGT"), 0).any()


def test_motif_hits_have_a_word_and_a_strand():
    one = RecordContig(Record("s", "CCCCCTGACTTTCCCCCAAGTCACCCTGACTCACC", 0))
    at = [(p.start, p.end, p.strand, p.word) for p in motif_places(one, 0, 99, from_iupac("TGACTT"), "DNA", 1e-3)]
    assert at == [(5, 11, "+", "TGACTT"), (17, 23, "-", "TGACTT")]
    same = motif_places(one, 10, 99, from_iupac("TGASTCA", "AP-1"), "DNA", 1e-3)
    assert [(p.start, p.strand, p.word, p.motif) for p in same] == [(26, ".", "TGACTCA", "AP-1")]
    assert motif_places(one, 0, 4, from_iupac("TGASTCA"), "DNA", 1e-3) == []


def test_peaks_are_read_as_they_were_written(tmp_path):
    peaks = [
        Peak(5, 36, "+", 0.91, PeakSite(20, 17, 24, "TGACTCA", strand="+")),
        Peak(80, 111, ".", 1.25e-05),
        Peak(300, 331, "-", -2.5),
    ]
    with open(tmp_path / "p.bed", "w") as file:
        file.write("track name=x\n")
        write_bed(file, "chr1", peaks[:2])
        write_bed(file, "chr2", peaks[2:])
    found = read_bed(tmp_path / "p.bed")
    assert [(p.start, p.end, p.strand, p.score) for p in found["chr1"]] == [p[:4] for p in peaks[:2]]
    assert found["chr1"][0].site[:3] == (20, 17, 24) and found["chr1"][1].site is None
    assert [p[:4] for p in found["chr2"]] == [peaks[2][:4]]
    (tmp_path / "no.bed").write_text("chr1 5 9\n")
    with pytest.raises(DataError, match="has no peaks: give the BED file"):
        read_bed(tmp_path / "no.bed")
