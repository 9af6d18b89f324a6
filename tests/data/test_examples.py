"""Examples of unequal lengths: subsets and joins keep every column in step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.examples import Examples, Loci, blocks, count_bases, joined
from dnaconv_core.data.similar import copies


def made(texts: list[str], first: int = 0) -> Examples:
    codes = np.frombuffer("".join(texts).translate(str.maketrans("ACGTN", "\x00\x01\x02\x03\x04")).encode(), np.uint8)
    n = len(texts)
    rows = np.arange(first, first + n)
    loci = Loci(np.full(n, "chr1"), rows * 10, rows * 10 + 5, np.full(n, "-"))
    y = rows[:, None].astype(np.float32)
    ids = np.array([f"e{row}" for row in rows])
    return Examples(
        codes, np.cumsum([0, *map(len, texts)]), ids, y, np.ones_like(y), loci=loci, part=np.full(n, "train")
    )


def test_a_subset_keeps_letters_and_columns_together():
    examples = made(["ACG", "T", "", "NNAC"])
    chosen = examples.subset(np.array([3, 0, 2]))
    assert [chosen.text(i) for i in range(3)] == ["NNAC", "ACG", ""]
    assert chosen.y[:, 0].tolist() == [3, 0, 2] and chosen.ids.tolist() == ["e3", "e0", "e2"]
    assert chosen.loci.start.tolist() == [30, 0, 20] and chosen.lengths.tolist() == [4, 3, 0]
    assert examples.subset(examples.lengths > 2).ids.tolist() == ["e0", "e3"]


def test_joining_adds_rows_and_drops_what_one_lacks():
    whole = joined([made(["ACG", "T"]), made(["GG"], first=2)._replace(part=None)])
    assert [whole.text(i) for i in range(3)] == ["ACG", "T", "GG"] and whole.loci.start.tolist() == [0, 10, 20]
    assert whole.part is None and whole.y[:, 0].tolist() == [0, 1, 2]


@given(
    lengths=st.lists(st.integers(0, 9), max_size=30),
    at_once=st.sampled_from([1, 5, 40, 1 << 21]),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_what_is_handled_in_blocks_is_what_one_would_do_at_once(lengths, at_once, seed):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = [rng.integers(0, 5, n).astype(np.uint8) for n in lengths]
    flat = np.concatenate([np.zeros(0, np.uint8), *rows])
    y = np.zeros((len(rows), 1), np.float32)
    examples = Examples(flat, offsets, np.arange(len(rows)).astype(str), y, y)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dnaconv_core.data.examples._BASES", at_once)
        found = list(blocks(offsets))
        assert [row for low, high in found for row in range(low, high)] == list(range(len(rows)))
        counted = count_bases(flat, offsets, (1, 4))
        index = rng.permutation(len(rows))[: len(rows) // 2 + 1]
        some = examples.subset(index)
    assert counted.tolist() == [int((row == 1).sum() + (row == 4).sum()) for row in rows]
    np.testing.assert_array_equal(some.codes, np.concatenate([np.zeros(0, np.uint8), *(rows[i] for i in index)]))
    assert some.lengths.tolist() == [lengths[i] for i in index] and some.ids.tolist() == [str(i) for i in index]


@pytest.mark.parametrize("alphabet", ["DNA", "RNA"])
def test_equally_long_sequences_get_the_numbers_of_any_sequences(alphabet, monkeypatch):
    """The fast way for one length against the way for all: the same numbers, hence the same groups."""
    codes = np.random.default_rng(0).integers(0, 5, (40, 7)).astype(np.uint8)
    codes[5], codes[6] = codes[2], np.where(codes[3] < 4, 3 - codes[3].astype(np.int8), 4)[::-1]
    one = Examples(codes.ravel(), np.arange(41) * 7, np.arange(40).astype(str), *[np.zeros((40, 1), np.float32)] * 2)
    one = one._replace(alphabet=alphabet)
    fast = copies(one)
    assert fast[5] == fast[2] and (fast[6] == fast[3]) == (alphabet == "DNA")
    mixed = joined([one, one.subset(np.array([0]))._replace(codes=np.zeros(3, np.uint8), offsets=np.array([0, 3]))])
    slow = copies(mixed)[:40]
    np.testing.assert_array_equal(np.unique(fast, return_inverse=True)[1], np.unique(slow, return_inverse=True)[1])
