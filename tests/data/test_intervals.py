"""Intervals of every kind, and the windows around them, on a genome of three contigs worked out by hand."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from dnaconv_core.data.examples import Loci
from dnaconv_core.data.genome import Genome
from dnaconv_core.data.intervals import interval_examples, read_intervals
from dnaconv_core.data.loci import best_apart
from dnaconv_core.errors import DataError, InputError

#              0123456789012345678901234567
CONTIGS = {
    "chr1": "AACCGGTTACGTNNACGTACGATCGATC",
    "chr2": "TTTTTTTTTTCCCCCCCCCC",
    "MT": "GATTACAGATTACA",
}
BED = """browser position chr1:1-20
track name="ten lines" useScore=1
# made by hand
chr1\t2\t6\ta\t10\t+
1\t8\t12\tb\t30\t-
chr1\t9\t13\tc\t20\t+
chr2\t10\t14\td\t5\t-
chrM\t0\t4\te\t7\t.
chrM\t1\t3\tf\t9\t+
chr2\t19\t19\tg\t1\t+
chr2\t8\t6\th\t1\t+
chr9\t1\t5\ti\t1\t+
chr2\t18\t26\tj\t1\t+
"""


@pytest.fixture
def genome(tmp_path):
    path = tmp_path / "genome.fa"
    path.write_text("".join(f">{name}\n{text[:10]}\n{text[10:20]}\n{text[20:]}\n" for name, text in CONTIGS.items()))
    with Genome(path) as opened:
        yield opened


def written(tmp_path, content: str | bytes, name: str = "x.bed"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(examples) -> list[str]:
    return [examples.text(i) for i in range(examples.n)]


def test_ten_lines_by_hand(tmp_path, genome):
    intervals = read_intervals(written(tmp_path, BED))
    assert (intervals.kind, intervals.n, intervals.line.tolist()) == ("BED", 8, [4, 5, 6, 7, 8, 9, 12, 13])
    assert [(row.line, row.reason) for row in intervals.skipped] == [
        (10, "ends at 19, not after its start, 19"),
        (11, "ends at 6, not after its start, 8"),
    ]
    examples = interval_examples(intervals, genome, width=4)
    assert texts(examples) == ["CCGG", "ACGT", "CGTN", "CCCC", "GATT", "GATT"]
    assert examples.ids.tolist() == [
        "chr1:2-6", "1:8-12", "chr1:9-13", "chr2:10-14", "chrM:0-4", "chrM:0-4"
    ]  # names as given  # fmt: skip
    assert examples.y.tolist() == [[1.0]] * 6 and examples.w.tolist() == [[1.0]] * 6
    assert [(row.line, row.reason) for row in examples.skipped[2:]] == [
        (12, "is on a contig that the genome lacks"),
        (13, "ends beyond its contig: is the genome of another assembly?"),
    ]


def test_strands_are_read_for_rna_or_when_asked(tmp_path, genome):
    intervals = read_intervals(written(tmp_path, BED))
    rna = interval_examples(intervals, genome, width=4, alphabet="RNA")
    assert texts(rna) == ["CCGG", "ACGU", "CGUN", "GGGG", "GAUU", "GAUU"]
    assert rna.notes == (
        f"{intervals.file} was read as BED.",
        "1 interval has no strand and is read from the + strand.",
    )
    assert interval_examples(intervals, genome, width=4).notes[1:] == (
        "Strands were not used: every window is read from the + strand.",
    )
    assert rna.loci.strand.tolist() == ["+", "-", "+", "-", ".", "+"] and rna.ids[3] == "chr2:10-14(-)"
    dna = interval_examples(intervals, genome, width=2, stranded=True)
    assert texts(dna)[:4] == ["CG", "CG", "GT", "GG"]


def test_ends_are_dropped_or_padded(tmp_path, genome):
    intervals = read_intervals(written(tmp_path, "chr1\t0\t4\nchr2\t16\t20\nchr2\t5\t6\n"))
    dropped = interval_examples(intervals, genome, width=8)
    assert texts(dropped) == ["TTTTTTTT"]
    assert [(row.line, row.reason) for row in dropped.skipped] == [
        (line, "has a window that reaches beyond its contig's end") for line in (1, 2)
    ]
    padded = interval_examples(intervals, genome, width=8, ends="pad")
    assert texts(padded) == ["NNAACCGG", "CCCCCCNN", "TTTTTTTT"] and padded.ids[0] == "chr1:0-6"
    own = interval_examples(intervals, genome)  # the intervals themselves
    assert texts(own) == ["AACC", "CCCC", "T"] and own.lengths.tolist() == [4, 4, 1]


def test_blacklist_and_overlaps(tmp_path, genome):
    intervals = read_intervals(written(tmp_path, BED))
    black = Loci(np.array(["1", "MT"]), np.array([12, 9]), np.array([13, 12]), np.array([".", "."]))
    kept = interval_examples(intervals, genome, width=4, blacklist=black)
    assert kept.ids.tolist() == ["chr1:2-6", "1:8-12", "chr2:10-14", "chrM:0-4", "chrM:0-4"]
    best = interval_examples(intervals, genome, width=4, overlaps="drop")
    assert best.ids.tolist() == ["chr1:2-6", "1:8-12", "chr2:10-14", "chrM:0-4"]
    assert [row.line for row in best.skipped if "higher score" in row.reason] == [6, 8]  # c below b, e below f
    stranded = interval_examples(intervals, genome, width=4, overlaps="drop", stranded=True)
    assert stranded.n == 6  # b and c lie on opposite strands
    union = interval_examples(intervals, genome, overlaps="merge")
    assert sorted(union.ids.tolist()) == ["1:8-13", "chr1:2-6", "chr2:10-14", "chrM:0-4"]


def test_merged_values_are_means_by_length(tmp_path, genome):
    path = written(tmp_path, "chr1 0 4 1\nchr1 3 5 4\nchr2 0 2 -2\n", "x.bedgraph")
    examples = interval_examples(read_intervals(path), genome, overlaps="merge")
    assert examples.ids.tolist() == ["chr1:0-5", "chr2:0-2"]
    assert examples.y.tolist() == [[2.0], [-2.0]]  # (4 · 1 + 2 · 4) / 6


NARROW = "chr1\t4\t20\tp1\t100\t.\t7.5\t3\t2\t{}\nchr2\t2\t12\tp2\t90\t.\t9\t3\t2\t-1\n"


def test_narrow_peaks_are_centred_on_their_summit(tmp_path, genome):
    intervals = read_intervals(written(tmp_path, NARROW.format(5), "peaks.txt"))
    assert intervals.kind == "narrowPeak" and intervals.score.tolist() == [7.5, 9.0]
    assert intervals.summit.tolist() == [9, -1]
    assert interval_examples(intervals, genome, width=3).ids.tolist() == ["chr1:8-11", "chr2:6-9"]
    assert interval_examples(intervals, genome, width=3).notes[1:] == (
        "1 interval without a summit is centred on the middle.",
    )
    middle = interval_examples(intervals, genome, width=3, centre="middle")
    assert middle.ids.tolist() == ["chr1:11-14", "chr2:6-9"]


KINDS = {
    "broadPeak": ("chr1 4 20 p 100 + 7.5 3 2\n", "a.bed", 7.5),
    "BED": ("chr1 4 20 p 100 + 4 20 0\n", "b.bed", 100.0),  # BED9: thickStart, thickEnd, colour
    "bedGraph": ("chr1 4 20 0.25\n", "c.txt", 0.25),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_recognised_by_their_content(kind, tmp_path):
    content, name, score = KINDS[kind]
    found = read_intervals(written(tmp_path, content, name))
    assert (found.kind, found.score.tolist()) == (kind, [score])


def test_a_name_of_digits_in_a_bed_file_is_no_value(tmp_path):
    assert read_intervals(written(tmp_path, "chr1\t4\t20\t17\n", "peaks.bed")).kind == "BED"
    assert read_intervals(written(tmp_path, "chr1\t4\t20\t17\n", "peaks.bed"), "bedGraph").score.tolist() == [17]
    with pytest.raises(InputError, match="kind of intervals is 'GFF': choose BED, narrowPeak"):
        read_intervals(tmp_path / "peaks.bed", "GFF")


@pytest.mark.parametrize(
    "content",
    [
        "chr1\t2\t6\nchr2\t3\t9\n", "chr1 2 6\nchr2   3 9\n", "chr1\t2\t6\r\nchr2\t3\t9\r\n", "chr1\t2\t6\rchr2\t3\t9",
        "chrom\tstart\tend\nchr1\t2\t6\nchr2\t3\t9", "\n\nchr1\t2\t6\n\nchr2\t3\t9\n",
        gzip.compress(b"chr1\t2\t6\nchr2\t3\t9\n", mtime=0), "chr1\t2\t6\nchr2\t3\t9\n".encode("utf-16"),
        b"\xef\xbb\xbfchr1\t2\t6\nchr2\t3\t9\n",
    ],
)  # fmt: skip
def test_everyday_forms_of_text(content, tmp_path):
    found = read_intervals(written(tmp_path, content))
    assert list(zip(*(column.tolist() for column in found.loci), strict=True)) == [
        ("chr1", 2, 6, "."),
        ("chr2", 3, 9, "."),
    ]
    assert not found.skipped


def test_each_bad_line_is_listed_and_the_others_go_on(tmp_path):
    bad = {
        "chr1\t5": "has 2 fields where chromosome, start and end are needed",
        "chr1\tx\t9": "has 'x' as its start, which is no whole number",
        "chr1\t1\t9.5": "has '9.5' as its end, which is no whole number",
        "chr1\t--1\t9": "has '--1' as its start, which is no whole number",
        "chr1\t-4\t9": "starts at -4, before the contig",
        "chr1\t9\t4": "ends at 4, not after its start, 9",
        "\t1\t4": "has 3 fields where chromosome, start and end are needed",
        "chr1\t1\t" + "9" * 400: "lies farther than any contig reaches",
    }
    path = written(tmp_path, "chr1\t1\t2\n" + "\n".join(bad) + "\nchr1\t3\t4\n")
    found = read_intervals(path)
    assert found.loci.start.tolist() == [1, 3] and found.line.tolist() == [1, 10]
    assert list(found.skipped) == [(str(path), line, why) for line, why in enumerate(bad.values(), 2)]


def test_bad_values_and_summits_are_listed(tmp_path):
    graph = read_intervals(written(tmp_path, "chr1 1 2 0.5\nchr1 2 3 NA\nchr1 3 4\n"), "bedGraph")
    assert [row.reason for row in graph.skipped] == ["has 'NA' as its value, which is no number", "has no value"]
    peaks = read_intervals(written(tmp_path, NARROW.format("x")), "narrowPeak")
    assert [row.reason for row in peaks.skipped] == ["has 'x' as its summit, which is no whole number"]


REFUSED = {
    "is empty: it should hold an interval on each line": "# nothing\n\n",
    "has no interval: line 1 has 1 field where chromosome": "hello\n",
    "cannot be read to its end": gzip.compress(b"chr1\t2\t6\n" * 900)[:-9],
    "is not a text file": b"\0\1\2\3" * 50,
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_file_without_an_interval_is_refused(sentence, tmp_path):
    with pytest.raises(DataError, match=sentence):
        read_intervals(written(tmp_path, REFUSED[sentence]))


def test_what_does_not_go_together_is_said(tmp_path, genome):
    with pytest.raises(DataError, match=r"no contig of .*x.bed \(chrX, chrY\) is in .*genome.fa \(chr1, chr2, MT\)"):
        interval_examples(read_intervals(written(tmp_path, "chrX\t1\t2\nchrY\t1\t2\n")), genome)
    far = read_intervals(written(tmp_path, "chr1\t900\t950\n"))
    with pytest.raises(DataError, match="no interval of .* is left: line 1, for one, ends beyond its contig: is the"):
        interval_examples(far, genome)
    near = read_intervals(written(tmp_path, "chr1\t9\t12\n"))
    with pytest.raises(InputError, match="overlaps is 'join': choose 'keep', 'drop', 'merge'"):
        interval_examples(near, genome, overlaps="join")
    with pytest.raises(InputError, match="width is 0: a window has at least 1 base"):
        interval_examples(near, genome, width=0)


def test_the_best_that_lie_apart_against_the_definition():
    rng = np.random.default_rng(4)
    start, number = rng.integers(0, 300, 80), rng.integers(0, 2, 80)
    end, score = start + rng.integers(1, 30, 80), rng.integers(0, 9, 80).astype(float)
    score[:10] = np.nan
    found = best_apart(Loci(number.astype(str), start, end, np.full(80, ".")), score, number)
    kept: list[int] = []
    for i in sorted(range(80), key=lambda i: (-np.nan_to_num(score[i], nan=-1), i)):
        if not any(number[i] == number[j] and start[i] < end[j] and start[j] < end[i] for j in kept):
            kept.append(i)
    assert np.flatnonzero(found).tolist() == sorted(kept) and 10 < len(kept) < 70
