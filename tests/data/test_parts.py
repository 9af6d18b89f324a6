"""Parts: what belongs together never crosses them, shares come out, and the safest kind is chosen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.drawing import choose_chromosomes
from dnaconv_core.data.examples import Examples, Loci
from dnaconv_core.data.parts import assign_parts, safest
from dnaconv_core.data.similar import copies, find_similar, similar_groups
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.sequence.interval import contig_key


def made(rows: list[list[int]], y=None, loci: Loci | None = None, alphabet: str = "DNA", part=None) -> Examples:
    n = len(rows)
    y = np.arange(n) % 2 if y is None else np.asarray(y)
    y = y.reshape(n, -1).astype(np.float32)
    codes = np.concatenate([np.asarray(row, np.uint8) for row in rows]) if n else np.zeros(0, np.uint8)
    offsets = np.cumsum([0, *map(len, rows)])
    ids = np.array([f"e{i}" for i in range(n)])
    return Examples(codes, offsets, ids, y, np.ones_like(y), alphabet, loci=loci, part=part)


def drawn(n: int, length: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (n, length)).astype(np.uint8)


def scattered(n: int, contigs: int, span: int, width: int, seed: int = 0) -> Loci:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, span, n)
    return Loci(np.char.add("chr", rng.integers(1, contigs + 1, n).astype(str)), start, start + width, np.full(n, "+"))


def counts(part: np.ndarray) -> dict[str, int]:
    return {str(name): int(n) for name, n in zip(*np.unique(part, return_counts=True), strict=True)}


sequences = st.lists(st.lists(st.integers(0, 4), max_size=12), min_size=1, max_size=25)


@given(sequences, st.sampled_from(["DNA", "RNA"]))
def test_copies_are_equal_letters_on_either_strand(rows, alphabet):
    found = copies(made(rows, alphabet=alphabet))
    opposite = [[3 - c if c < 4 else 4 for c in reversed(row)] for row in rows]
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            same = one == other or (alphabet == "DNA" and opposite[i] == other)
            assert (found[i] == found[j]) == same


def shares(one: list[int], other: list[int], k: int, both: bool) -> bool:
    """Whether two sequences have k known bases in a row in common, by the definition."""
    words = {tuple(one[i : i + k]) for i in range(len(one) - k + 1)}
    if both:
        words |= {tuple(3 - c if c < 4 else 4 for c in reversed(word)) for word in words}
    words = {word for word in words if 4 not in word}
    return any(tuple(other[i : i + k]) in words for i in range(len(other) - k + 1))


@pytest.mark.parametrize("alphabet", ["DNA", "RNA"])
def test_groups_are_the_components_of_shared_stretches(alphabet):
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(1)
    rows = [row.tolist() for row in drawn(60, 35)] + [rng.integers(0, 5, 30).tolist() for _ in range(3)]
    rows[10] = [*rows[3][5:], 0, 1]  # shifted
    rows[11] = [3 - c for c in reversed(rows[10])]  # the other strand of a shifted one: similar on DNA alone
    rows[40][:20] = rows[41][15:]
    rows[50] = rows[51].copy()
    examples = made(rows, alphabet=alphabet)
    found = find_similar(examples)
    assert found.limit == 0 and 8 <= found.k <= 16
    share = [[shares(a, b, found.k, alphabet == "DNA") for b in rows] for a in rows]
    expected = connected_components(np.array(share))[1]
    pairs = set(zip(found.group.tolist(), expected.tolist(), strict=True))
    assert len(pairs) == len(set(expected.tolist())) == len(set(found.group.tolist()))
    assert found.group[3] == found.group[10] and found.group[40] == found.group[41] != found.group[3]
    assert (found.group[11] == found.group[10]) == (alphabet == "DNA")


def test_groups_of_codes_and_of_examples_agree():
    codes = drawn(30, 50)
    codes[7] = 3 - codes[2, ::-1]
    assert similar_groups(codes).tolist() == similar_groups(made(codes.tolist())).tolist()
    assert similar_groups(codes)[7] == similar_groups(codes)[2] and similar_groups(codes, "RNA").max() == 29
    with pytest.raises(InputError, match="codes have shape"):
        similar_groups(codes[0])


def test_a_common_repeat_does_not_join_everything():
    codes = drawn(200, 110)
    codes[:150, 20:45] = drawn(1, 25, seed=9)
    codes[190:, :50] = codes[180:190, 60:]
    found = find_similar(made(codes.tolist()))
    assert found.limit <= 10 and f"found in more than {found.limit} sequences were passed over" in found.sentence
    assert found.largest < 0.05 and (found.group[190:] == found.group[180:190]).all()


def test_sequences_that_share_most_stay_together_beside_a_repeat():
    codes = drawn(400, 80)
    codes[:300, 30:60] = drawn(1, 30, seed=9)
    family = np.repeat(drawn(1, 80, seed=8), 100, axis=0)
    family[np.arange(100), np.random.default_rng(0).integers(0, 80, 100)] = 0  # one base differs, at most
    codes[300:] = family
    found = find_similar(made(codes.tolist()))
    assert 0 < found.limit < 100 and len(set(found.group[300:].tolist())) == 1 and found.largest == 0.25


def test_a_chain_of_all_sequences_is_told():
    long = drawn(1, 700)[0]
    codes = np.stack([long[at : at + 100] for at in range(0, 600, 6)])  # each shares 94 bases with the next
    examples = made(codes.tolist())
    assert find_similar(examples).giant
    assigned = assign_parts(examples, {"kind": "groups"})
    assert assigned.sentence.startswith("Nearly all sequences share a stretch with others")
    assert counts(assigned.part) == {"train": 80, "valid": 10, "test": 10}


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from(["random", "groups", "blocks", "chromosome"]),
    st.booleans(),
    st.integers(1, 4),
)
def test_what_belongs_together_never_crosses_parts(seed, kind, tiled, repeats):
    rng = np.random.default_rng(seed)
    n = 120
    codes = drawn(n, 30, seed)
    for _ in range(repeats):  # copies and opposite strands anywhere
        a, b = rng.integers(0, n, 2)
        codes[a] = codes[b]
        a, b = rng.integers(0, n, 2)
        codes[a] = 3 - codes[b, ::-1]
    loci = scattered(n, 6, 3000 if tiled else 300_000, 30, seed)
    examples = made(codes.tolist(), rng.integers(0, 2, n), None if kind == "groups" and tiled else loci)
    try:
        part = assign_parts(examples, {"kind": kind, "seed": int(rng.integers(9))}).part
    except DataError:  # of tiny parts; the test below shows that this is rare
        return
    assert set(part.tolist()) <= {"train", "valid", "test", ""} and (part == "").mean() < 0.3
    for i in range(n):
        for j in range(i):
            if "" in (part[i], part[j]):
                continue
            same = (codes[i] == codes[j]).all() or (codes[i] == 3 - codes[j, ::-1]).all()
            lie = examples.loci is not None and (
                loci.chrom[i] == loci.chrom[j] and loci.start[i] < loci.end[j] and loci.start[j] < loci.end[i]
            )
            similar = kind == "groups" and shares(codes[i].tolist(), codes[j].tolist(), 18, True)
            assert part[i] == part[j] or not (same or lie or similar)


@pytest.mark.parametrize("kind", ["random", "groups", "blocks", "chromosome"])
def test_parts_have_their_shares_and_labels_alike(kind):
    y = np.arange(2000) % 10 == 0
    examples = made(drawn(2000, 40).tolist(), y, scattered(2000, 20, 2_000_000, 40))
    assigned = assign_parts(examples, {"kind": kind})
    found = counts(assigned.part)
    assert 0.08 < found["valid"] / 2000 < 0.16 and 0.08 < found["test"] / 2000 < 0.16
    assert f"{found['train']:,} train, {found['valid']} valid, {found['test']} test." in assigned.sentence
    for name in ("valid", "test"):
        assert abs(y[assigned.part == name].mean() - 0.1) < (0.006 if kind in ("random", "groups") else 0.06)
    again = assign_parts(examples, {"kind": kind})
    assert (again.part == assigned.part).all()


def test_measured_labels_are_drawn_by_fifths_and_rare_classes_reach_every_part():
    y = np.random.default_rng(0).normal(size=500)
    part = assign_parts(made(drawn(500).tolist(), y), {"kind": "random"}).part
    fifth = np.searchsorted(np.quantile(y, [0.2, 0.4, 0.6, 0.8]), y)
    assert np.bincount(fifth[part == "test"]).tolist() == [10] * 5 == np.bincount(fifth[part == "valid"]).tolist()
    rare = np.zeros(300)
    rare[:3] = 1
    part = assign_parts(made(drawn(300).tolist(), rare), {"kind": "random"}).part
    assert sorted(part[:3].tolist()) == ["test", "train", "valid"]


def test_chromosomes_by_name_and_a_copy_that_goes_to_train():
    codes = drawn(100, 30)
    codes[90] = codes[0]  # chr2 and chr3
    loci = Loci(np.repeat(["1", "chr2", "chr3"], [50, 40, 10]), np.arange(100) * 500, np.arange(100) * 500 + 30,
                np.full(100, "."))  # fmt: skip
    assigned = assign_parts(made(codes.tolist(), loci=loci), {"kind": "chromosome", "valid": ["2"], "test": ["chr3"]})
    assert counts(assigned.part) == {"train": 51, "valid": 40, "test": 9} and assigned.part[90] == "train"
    assert assigned.sentence == (
        "Whole chromosomes are held out: 2 for valid, chr3 for test; 1 went to train because a copy or an overlap of "
        "them is there. 51 train, 40 valid, 9 test."
    )
    with pytest.raises(InputError, match="no example lies on 'chr7': their chromosomes are 1, chr2, chr3"):
        assign_parts(made(codes.tolist(), loci=loci), {"kind": "chromosome", "valid": ["chr7"], "test": ["chr3"]})
    with pytest.raises(InputError, match="chromosome 2 is named for valid and for test"):
        assign_parts(made(codes.tolist(), loci=loci), {"kind": "chromosome", "valid": ["chr2"], "test": ["2"]})


def test_tiles_are_cut_into_blocks_with_the_crossing_ones_taken_out():
    start = np.arange(3000) * 50
    examples = made(drawn(3000, 100).tolist(), loci=Loci(np.full(3000, "chr1"), start, start + 100, np.full(3000, ".")))
    assigned = assign_parts(examples, {"kind": "blocks"})
    found = counts(assigned.part)
    assert 0 < found[""] < 60 and "were taken out because a copy or an overlap" in assigned.sentence
    for one, other in pairwise(assigned.part.tolist()):  # each tile overlaps the next
        assert one == other or "" in (one, other)
    with pytest.raises(DataError, match="100% of the examples are copies of each other or overlap.*: split by blocks"):
        assign_parts(examples, {"kind": "random"})


def test_a_column_is_taken_as_it_is_and_missing_parts_are_drawn():
    part = np.array(["train"] * 80 + ["test"] * 18 + [""] * 2)
    y = np.arange(100) % 2
    assigned = assign_parts(made(drawn(100).tolist(), y, part=part), {"kind": "column"})
    assert counts(assigned.part) == {"train": 74, "valid": 8, "test": 18}
    assert (assigned.part[80:98] == "test").all() and y[assigned.part == "valid"].sum() == 4
    assert assigned.sentence == (
        "The parts are those of the file; 2 without one went to train; valid was missing and drawn from train. "
        "74 train, 8 valid, 18 test."
    )
    with pytest.raises(DataError, match="no column that says which examples are for training"):
        assign_parts(made(drawn(5).tolist()), {"kind": "column"})


def test_the_safest_kind_that_the_examples_allow():
    codes = drawn(400, 50).tolist()
    given = safest(made(codes, part=np.full(400, "train")))
    assert given.spec == {"kind": "column"} and given.why == "The file says which part each example belongs to."
    many = safest(made(codes, loci=scattered(400, 12, 10_000_000, 50)))
    assert many.spec["kind"] == "chromosome" and many.spec["valid"] and "lie on 12 chromosomes" in many.why
    few = safest(made(codes, loci=scattered(400, 2, 90_000_000, 50)))
    assert few.spec == {"kind": "blocks"} and few.why == "The loci lie on 2 chromosomes: blocks are held out."
    alike = drawn(400, 50)
    alike[200:220] = np.roll(alike[:20], 3, axis=1)
    assert safest(made(alike.tolist())).spec == {"kind": "groups"}
    assert safest(made(codes)).spec == {"kind": "random"}
    for found in (many, few):
        check = assign_parts(made(codes, loci=scattered(400, 12, 10_000_000, 50)), found.spec).part
        assert {"train", "valid", "test"} <= set(check.tolist())


@pytest.mark.slow
def test_sex_chromosomes_and_the_mitochondrion_are_left_to_train():
    names = ["chr1", "chr2", "3", "chr4", "chr5", "chr6", "chr7", "chr8", "chrX", "MT"]
    chrom = np.repeat(names, 40)
    loci = Loci(chrom, np.arange(400) * 1000, np.arange(400) * 1000 + 30, np.full(400, "."))
    for seed in range(5):
        valid, test = choose_chromosomes(made(drawn(400).tolist(), loci=loci), seed=seed)
        assert {"chrX", "MT"}.isdisjoint([*valid, *test]) and set(map(contig_key, valid)).isdisjoint(
            map(contig_key, test)
        )
    assert choose_chromosomes(made(drawn(400).tolist(), loci=loci), ["chr1"], seed=1)[0] == ["chr1"]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"kind": "luck"}, "kind of parts is 'luck': choose 'column', 'chromosome'"),
        ({}, "kind of parts is 'None'"),
        ({"kind": "random", "block": 5}, "parts by random have no 'block': they take fraction, seed"),
        ({"kind": "random", "seed": "x"}, "seed of the parts is 'x': it must be a int"),
        ({"kind": "random", "fraction": 0.5}, "fraction is 0.5: valid and test each take more than 0"),
        ({"kind": "blocks", "block": 0}, "a block has at least 1 base"),
    ],
)
def test_a_spec_that_cannot_be_is_refused(spec, sentence):
    with pytest.raises(InputError, match=sentence):
        assign_parts(made(drawn(9).tolist()), spec)


def test_parts_that_need_loci_say_so():
    with pytest.raises(DataError, match="parts by blocks need the locus of every example"):
        assign_parts(made(drawn(9).tolist()), {"kind": "blocks"})
    with pytest.raises(DataError, match="there are 2 examples: three parts need at least 3"):
        assign_parts(made(drawn(2).tolist()), {"kind": "random"})
