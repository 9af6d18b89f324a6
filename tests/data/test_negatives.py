"""Negatives: like the positives where they should be, and away from them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import ks_2samp

from dnaconv_core.data.examples import Examples, Loci
from dnaconv_core.data.genome import Genome, stretches
from dnaconv_core.data.intervals import locus_ids
from dnaconv_core.data.loci import overlapping
from dnaconv_core.data.negatives import flanks, gc_content, gc_matched, shuffled
from dnaconv_core.errors import DataError, InputError


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """Three contigs of which the GC content changes along the way, with a stretch of N."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    with path.open("w") as file:
        for name, length in (("chr1", 400_000), ("chr2", 300_000), ("chr3", 50_000)):
            gc = 0.45 + 0.25 * np.sin(np.arange(length) / 5000)
            strong, second = rng.random(length) < gc, rng.random(length) < 0.5
            letters = np.frombuffer(b"ATCG", np.uint8)[2 * strong + second].copy()
            letters[1000:3000] = ord("N")
            file.write(f">{name}\n" + letters.tobytes().decode() + "\n")
    with Genome(path) as opened:
        yield opened


def positives(genome, n: int = 400, seed: int = 1, part=None) -> Examples:
    """GC-rich windows of several lengths on chr1 and chr2, named without 'chr'."""
    rng = np.random.default_rng(seed)
    chrom, start = rng.choice(["1", "2"], 3 * n), rng.integers(4000, 290_000, 3 * n)
    loci = Loci(chrom, start, start + rng.choice([80, 100, 151], 3 * n), rng.choice(list("+-"), 3 * n))
    codes, offsets = stretches(genome, loci)
    one = np.ones((3 * n, 1), np.float32)
    made = Examples(codes, offsets, locus_ids(loci), one, one, loci=loci, tasks=("bound",))
    best = made.subset(np.argsort(-gc_content(made) + rng.normal(0, 0.1, 3 * n))[:n])
    return best._replace(part=part)


def overlap(loci: Loci) -> bool:
    """Whether any two overlap, by the definition."""
    order = np.lexsort((loci.start, loci.chrom))
    chrom, start, end = loci.chrom[order], loci.start[order], loci.end[order]
    return bool(((chrom[1:] == chrom[:-1]) & (start[1:] < end[:-1])).any())


@pytest.mark.parametrize("ratio", [1, 2.5])
def test_matched_windows_have_the_lengths_and_gc_of_the_positives(ratio, genome):
    some = positives(genome)
    avoid = Loci(np.array(["chr1"]), np.array([100_000]), np.array([200_000]), np.array(["."]))
    found = gc_matched(some, genome, ratio, 3, avoid)
    made = found.examples
    assert made.n == round(ratio * some.n) and made.y.max() == 0 and made.w.min() == 1 and made.tasks == ("bound",)
    if ratio == 1:
        assert sorted(made.lengths.tolist()) == sorted(some.lengths.tolist())
    truth = ks_2samp(gc_content(some), gc_content(made)).statistic
    assert found.gc_distance == pytest.approx(truth) and truth < 0.08 and f"KS distance {truth:.3f}" in found.sentence
    whole = Examples(*stretches(genome, Loci(np.array(["chr1", "chr2"]), np.array([0, 0]),
                     np.array([400_000, 300_000]), np.array([".", "."]))), *[np.zeros((2, 1))] * 3)  # fmt: skip
    assert gc_content(some).mean() - gc_content(whole).mean() > 0.05  # so that drawing without matching would fail
    assert not overlapping(made.loci, some.loci).any() and not overlapping(made.loci, avoid).any()
    assert not overlap(made.loci) and (made.codes < 4).all() and set(made.loci.chrom.tolist()) == {"1", "2"}
    assert (stretches(genome, made.loci)[0] == made.codes).all() and made.ids.tolist() == locus_ids(made.loci).tolist()
    assert "away from them and from the blacklist" in found.sentence and "nobody measured" in found.sentence


def test_the_same_seed_draws_the_same_windows(genome):
    some = positives(genome, 60)
    first, again, other = (gc_matched(some, genome, 1, seed).examples.ids.tolist() for seed in (5, 5, 6))
    assert first == again != other


def test_negatives_stand_in_the_part_of_their_positives(genome):
    part = np.array(["train"] * 50 + ["test"] * 30)
    some = positives(genome, 80, part=part)
    for found in (gc_matched(some, genome, 2, 0), flanks(some, genome, 2, 0), shuffled(some, 2, 0)):
        assert Counter(found.examples.part.tolist()) == {"train": 100, "test": 60}


def test_where_the_genome_is_full_fewer_are_found_and_said(genome):
    start = np.arange(4000, 48_000, 150)
    loci = Loci(np.full(len(start), "chr3"), start, start + 100, np.full(len(start), "+"))
    one = np.ones((len(start), 1), np.float32)
    some = Examples(*stretches(genome, loci), locus_ids(loci), one, one, loci=loci)
    found = gc_matched(some, genome, 1, 0)
    assert 0 < found.examples.n < len(start) and f"{len(start) - found.examples.n:,} fewer than asked" in found.sentence


def pairs(text: str) -> Counter:
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


def test_shuffles_keep_dinucleotides_and_the_locus(genome):
    some = positives(genome, 50)
    found = shuffled(some, 2, 7)
    made = found.examples
    assert made.n == 100 and made.y.max() == 0
    for i in range(100):
        assert pairs(made.text(i)) == pairs(some.text(i // 2)) and made.text(i) != some.text(i // 2)
        assert (
            made.ids[i] == f"{some.ids[i // 2]}_shuffle_{i % 2 + 1}" and made.loci.start[i] == some.loci.start[i // 2]
        )
    assert len({made.text(i) for i in range(100)}) == 100 and found.gc_distance == 0
    assert made.codes.tolist() == shuffled(some, 2, 7).examples.codes.tolist()
    assert made.codes.tolist() != shuffled(some, 2, 8).examples.codes.tolist()
    assert "They are easy to tell apart" in found.sentence


def test_what_no_shuffle_changes_is_left_out():
    one = np.ones((2, 1), np.float32)
    codes = np.array([0] * 9 + [0, 1, 2, 3, 1, 3, 0, 2, 1, 0])
    some = Examples(codes, np.array([0, 9, 19]), np.array(["a", "b"]), one, one)
    found = shuffled(some, 1, 0)
    assert (
        found.examples.ids.tolist() == ["b_shuffle_1"] and "1 that no shuffle changes were left out" in found.sentence
    )


def test_flanks_lie_beside_their_positive(genome):
    start = np.array([10_000, 10_250, 3100])
    loci = Loci(np.array(["chr1", "chr1", "chr2"]), start, start + 100, np.array(["+", "-", "+"]))
    one = np.ones((3, 1), np.float32)
    some = Examples(*stretches(genome, loci), locus_ids(loci), one, one, loci=loci)
    made = flanks(some, genome, 2, 0, distance=50).examples
    assert made.n == 6 and not overlap(made.loci) and not overlapping(made.loci, loci).any() and (made.codes < 4).all()
    third = sorted(zip(made.loci.start[4:].tolist(), made.loci.end[4:].tolist(), strict=True))
    assert third == [(3250, 3350), (3350, 3450)]  # to its left there are unknown bases
    near = flanks(some, genome, 1, 0, distance=10).examples.loci
    for i, (low, high) in enumerate([(9890, 10_110), (10_140, 10_360), (None, 3210)]):
        assert near.start[i] in (low, high) and near.end[i] - near.start[i] == 100
    assert "beside the positives, 50 bases away or more" in flanks(some, genome, 1, 0, distance=50).sentence


def test_what_negatives_need_is_said(genome):
    some = positives(genome, 5)
    with pytest.raises(DataError, match="need the locus of every positive: use shuffles instead"):
        gc_matched(some._replace(loci=None), genome)
    with pytest.raises(InputError, match="ratio is 0: ask for more than 0"):
        shuffled(some, 0)
    with pytest.raises(DataError, match="there are no positives"):
        flanks(some.subset(np.zeros(0, int)), genome)
    with pytest.raises(InputError, match="distance is -1"):
        flanks(some, genome, distance=-1)
