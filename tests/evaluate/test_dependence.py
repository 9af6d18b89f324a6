from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.similar import near_copies
from dnaconv_core.evaluate.dependence import groups_of, groups_of_codes


def windows(sequence, length, step=1):
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(sequence, length)[::step])


def by_ids(ids):
    return groups_of_codes(ids, np.zeros((len(ids), 0), np.uint8), "DNA")


def test_windows_within_a_window_length_of_each_other_are_one_group():
    """100 bases each: 99 bases apart is near, 100 is not; chr1 and 1 are one contig, another contig is far."""
    ids = ["chr1:0-100", "chr1:199-299", "1:399-499", "chr2:450-550", "chr1:5000-5100", "chr1:5050-5150(-)"]
    found = by_ids(ids)
    assert found.number.tolist() == [0, 0, 1, 3, 2, 2]
    assert found.words == "4 groups of neighbouring windows"


def test_a_tiled_genome_is_cut_into_blocks_of_ten_windows():
    ids = [f"chr1:{start}-{start + 50}" for start in range(0, 50_000, 25)]
    found = by_ids(ids)
    assert found.words == "99 groups of neighbouring windows"  # of 500 bases; what is left is with the last
    assert np.bincount(found.number).tolist() == [20] * 98 + [40]
    assert (np.diff(found.number) >= 0).all()


def test_few_windows_are_cut_into_shorter_blocks():
    ids = [f"chr1:{start}-{start + 50}" for start in range(0, 10_000, 25)]
    assert by_ids(ids).words == "66 groups of neighbouring windows"  # of three windows, 150 bases


def test_an_id_without_a_locus_leaves_the_sequences_to_decide():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (40, 60)).astype(np.uint8)
    codes[7] = codes[3]
    codes[8] = np.where(np.arange(60) == 1, (codes[3] + 1) % 4, codes[3])  # one base apart
    codes[9] = 3 - codes[3][::-1]  # the other strand
    found = groups_of_codes(["chr1:0-60", *(f"s{i}" for i in range(39))], codes, "DNA")
    assert found.words == "37 groups of similar sequences"
    assert len(set(found.number[[3, 7, 8, 9]])) == 1
    alone = groups_of_codes([f"s{i}" for i in range(40)], rng.integers(0, 4, (40, 60)).astype(np.uint8), "DNA")
    assert alone.words == "" and sorted(alone.number) == list(range(40))


@pytest.mark.parametrize("shuffled", [False, True])
def test_tiles_without_loci_are_cut_along_their_chain(shuffled):
    """Whatever their order in the file, a block holds tiles from one stretch, a few hundred bases long."""
    rng = np.random.default_rng(1)
    tiles = windows(rng.integers(0, 4, 12_000).astype(np.uint8), 60)
    order = rng.permutation(len(tiles)) if shuffled else np.arange(len(tiles))
    found = groups_of_codes([f"tile{i}" for i in order], tiles[order], "DNA")
    n = found.number.max() + 1
    assert n >= 40 and found.words == f"{n} groups of similar sequences"
    spans = [np.ptp(order[found.number == group]) for group in range(n)]
    assert np.median(spans) < 1000
    assert near_copies(tiles, "DNA").reach == pytest.approx(60 - 15, abs=8)


def test_guides_of_one_target_that_overlap_are_one_group():
    rng = np.random.default_rng(2)
    targets = rng.integers(0, 4, (30, 40)).astype(np.uint8)
    guides = np.concatenate([windows(target, 21, 3)[:4] for target in targets])
    found = groups_of_codes([f"g{i}" for i in range(120)], guides, "RNA")
    assert found.words == "30 groups of similar sequences"
    assert (found.number.reshape(30, 4) == found.number.reshape(30, 4)[:, :1]).all()


def test_groups_of_a_dataset_and_of_a_part_of_it():
    codes = np.repeat(np.random.default_rng(3).integers(0, 4, (6, 25)), 2, axis=0)
    X = (codes[:, None] == np.arange(4)[:, None]).astype(np.int8)
    data = Dataset(X, np.zeros((12, 1)), np.ones((12, 1)), np.arange(12).astype(str))
    found = groups_of(data)
    assert found.words == "6 groups of similar sequences"
    part = found.subset(np.arange(12) % 4 != 3)
    assert part.words == "6 groups of similar sequences" and len(part.number) == 9
    assert found.subset(np.arange(0, 12, 2)).words == ""  # one of each pair


def test_nothing_has_no_groups():
    assert by_ids([]).words == "" and len(by_ids([]).number) == 0
    none = np.zeros((0, 20), np.uint8)
    assert groups_of_codes([], none, "DNA").words == ""


def test_sequences_are_not_read_where_the_ids_say_where_they_lie():
    class Unread:
        shape = (3, 4, 10)

        def __len__(self):
            return 3

        def __getitem__(self, rows):
            raise AssertionError("they were read")

    ids = np.array(["chr1:0-10", "chr2:0-10", "chr1:9-19"])
    data = Dataset(np.zeros((3, 4, 10), np.int8), np.zeros((3, 1)), np.ones((3, 1)), ids)
    object.__setattr__(data, "X", Unread())
    assert groups_of(data).number.tolist() == [0, 1, 0]
