"""Examples of unequal lengths: subsets and joins keep every column in step."""

from __future__ import annotations

import numpy as np

from dnaconv_core.data.examples import Examples, Loci, joined


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
