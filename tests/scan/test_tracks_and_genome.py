"""Peaks, tracks and genomes on tiny files whose truth is worked out by hand."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dnaconv_core.data.genome import Genome, RecordContig, text_codes
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.results import Record
from dnaconv_core.scan.files import scan_to_files
from dnaconv_core.scan.scan import Chunk, scan
from dnaconv_core.scan.tracks import (
    Peak,
    PeakCaller,
    call_peaks,
    spans,
    threshold_at,
    write_bed,
    write_bedgraph,
    write_bigwig,
)
from dnaconv_core.sequence.encoding import decode, from_codes

NAN = np.nan


def chunk(start, *strands) -> Chunk:
    return Chunk(start, np.array(strands, np.float32)[:, :, None])


def model():
    return build(ModelConfig(length=13, depth=2, kernel_size=4, filters=3), 3).eval()


def text(n: int, seed: int = 0) -> str:
    return decode(from_codes(np.random.default_rng(seed).integers(0, 4, n)))[0]


def test_peaks_are_the_best_of_overlapping_windows():
    plus = [0.1, 0.7, 0.9, 0.2, NAN, 0.6, 0.1, 0.1, 0.8, 0.8]
    minus = [0.1, 0.2, 0.3, 0.2, NAN, 0.95, 0.1, 0.1, 0.8, 0.3]
    found = call_peaks(chunk(100, plus, minus).scores, 0.6, window=3, strands="+-", start=100)
    # 102 and 105 do not overlap (3 bases each); 101 overlaps the better 102; 108 and 109 score the same
    assert [(p.start, p.end, p.strand) for p in found] == [(102, 105, "+"), (105, 108, "-"), (108, 111, ".")]
    assert [p.score for p in found] == pytest.approx([0.9, 0.95, 0.8])


@pytest.mark.parametrize("size", [1, 2, 7, 50])
def test_peaks_do_not_depend_on_the_pieces(size):
    rng = np.random.default_rng(1)
    scores = rng.random((2, 50, 1)).astype(np.float32)
    caller = PeakCaller(0.8, 4, "+-")
    for start in range(0, 50, size):
        caller.add(Chunk(start, scores[:, start : start + size]))
    found = caller.finish()
    assert found == call_peaks(scores, 0.8, window=4, strands="+-")
    best, free, expected = scores.max(axis=0)[:, 0], np.ones(50, bool), []
    for i in np.argsort(-best, kind="stable"):  # the definition, the slow way
        if best[i] >= np.float32(0.8) and free[i]:
            expected.append(i)
            free[max(i - 3, 0) : i + 4] = False
    assert [p.start for p in found] == sorted(expected)


def test_few_hits_wait_where_every_window_is_one():
    rng, caller = np.random.default_rng(2), PeakCaller(0.0, 10, "+")
    whole = rng.random((1, 5000, 1)).astype(np.float32)
    for start in range(0, 5000, 500):
        caller.add(Chunk(start, whole[:, start : start + 500]))
        assert caller._waiting.shape[1] < 100
    assert caller.finish() == call_peaks(whole, 0.0, window=10, strands="+")


def test_the_threshold_of_a_false_positive_rate():
    negatives = np.linspace(0.01, 1.0, 100)
    cut = threshold_at(negatives, 0.05)
    assert (negatives.astype(np.float32) >= cut).sum() == 5 and 0.95 < cut < 0.96
    assert (np.full(50, 0.3) >= threshold_at(np.full(50, 0.3), 0.1)).mean() <= 0.1  # ties
    with pytest.raises(InputError, match="have 100 negatives, too few to see that rate: choose at least 0.01"):
        threshold_at(negatives, 0.001)
    with pytest.raises(InputError, match="fpr is 2: give a share between 0 and 1"):
        threshold_at(negatives, 2)


def test_bed_and_bedgraph_by_hand():
    out = io.StringIO()
    write_bed(out, "chr1", [Peak(5, 18, "+", 0.91234), Peak(30, 43, ".", 1.4)])
    assert out.getvalue() == "chr1\t5\t18\tpeak_1_0.9123\t912\t+\nchr1\t30\t43\tpeak_2_1.4\t1000\t.\n"
    piece = chunk(10, [0.5, 0.5, 0.25, NAN, NAN, 1.0], [0.1, 0.5, 0.1, NAN, NAN, 0.0])
    assert list(spans(piece, window=5)) == [(12, 14, 0.5), (14, 15, 0.25), (17, 18, 1.0)]
    out = io.StringIO()
    write_bedgraph(out, "chr1", piece, window=5)
    assert out.getvalue() == "chr1\t12\t14\t0.5\nchr1\t14\t15\t0.25\nchr1\t17\t18\t1\n"


def test_bigwig_is_read_back_by_its_own_library(tmp_path):
    pybigtools = pytest.importorskip("pybigtools")
    (tmp_path / "a.bedgraph").write_text("# note\nchr2\t5\t6\t0.5\nchr2\t7\t9\t1\nchr1\t1\t2\t0.25\n")
    write_bigwig(tmp_path / "a.bw", tmp_path / "a.bedgraph", {"chr1": 10, "chr2": 20})
    read = pybigtools.open(str(tmp_path / "a.bw"))
    assert read.chroms() == {"chr1": 10, "chr2": 20}
    assert list(read.records("chr2")) == [(5, 6, 0.5), (7, 9, 1.0)] and list(read.records("chr1")) == [(1, 2, 0.25)]
    (tmp_path / "damaged").write_text("chr1\t1\t2\t0.5\nchr9\t1\t2\t0.5\n")
    with pytest.raises(DataError, match="cannot be written as bigWig"):
        write_bigwig(tmp_path / "a.bw", tmp_path / "damaged", {"chr1": 10})
    assert pybigtools.open(str(tmp_path / "a.bw")).chroms() == {"chr1": 10, "chr2": 20}  # as it was
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bedgraph", "a.bw", "damaged"]
    with pytest.raises(DataError, match="cannot be written as bigWig"):
        write_bigwig(tmp_path / "none" / "a.bw", tmp_path / "a.bedgraph", {"chr1": 10, "chr2": 20})


def test_letters_to_codes():
    assert text_codes("ACGTUacgtuNRx").tolist() == [0, 1, 2, 3, 3, 0, 1, 2, 3, 3, 4, 4, 4]
    assert text_codes("ACGUT", "RNA").tolist() == [0, 1, 2, 3, 3]
    contig = RecordContig(Record("r", "ACGT", 0))
    assert contig.codes(-2, 6).tolist() == [4, 4, 0, 1, 2, 3, 4, 4] and contig.codes(9, 11).tolist() == [4, 4]


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "g.fa"
    path.write_text(">chr1 first\nACGTACGTAC\nGTNNAC\n>2\nTTTTTTTTTT\nT\n")
    return path


def test_a_genome_is_read_by_position(fasta):
    with Genome(fasta) as genome:
        assert genome.names == ["chr1", "2"] and "chr1" in genome and "chr9" not in genome
        contig = genome["chr1"]
        assert (contig.length, contig.text(8, 14), contig.text(3, 3)) == (16, "ACGTNN", "")
        assert contig.codes(14, 18).tolist() == [0, 1, 4, 4]
        assert genome["chr2"].name == "2" and genome["1"].name == "chr1"
        assert [one.name for one in genome] == ["chr1", "2"]
        found, locus = genome.region("chr1:2-9")
        assert (found.name, locus.start, locus.end) == ("chr1", 1, 9)
        assert genome.region("2")[1] == ("2", 0, 11, ".")
        with pytest.raises(InputError, match="ends beyond chr1, which has 16 bases"):
            genome.region("chr1:2-17")
        with pytest.raises(InputError, match="has no contig 'chrX': it has chr1, 2"):
            genome.region("chrX:1-2")


@pytest.mark.slow
def test_an_index_that_another_thread_writes_is_waited_for(tmp_path):
    path = tmp_path / "many.fa"
    path.write_text("".join(f">c{number}\nACGT\n" for number in range(3000)))
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            path.with_name("many.fa.fai").unlink(missing_ok=True)
            assert set(pool.map(lambda _: len(Genome(path).names), range(4))) == {3000}


def test_what_is_no_genome_is_named(tmp_path):
    with pytest.raises(DataError, match="is a folder: give the genome's FASTA file"):
        Genome(tmp_path)
    with pytest.raises(DataError, match="does not exist: check the name of the genome"):
        Genome(tmp_path / "none.fa")
    (tmp_path / "x.fa").write_text("hello")
    with pytest.raises(DataError, match="is not FASTA"):
        Genome(tmp_path / "x.fa")


def test_files_hold_what_the_scan_found(tmp_path):
    pybigtools = pytest.importorskip("pybigtools")
    network = model()
    first, second = text(60, 1), text(20, 2) + "N" * 9 + text(25, 3)
    targets = [
        (RecordContig(Record("a", first, 0)), 10, 50),
        (RecordContig(Record("b", second, 9)), 0, 54),
        (RecordContig(Record("short", "ACGT", 0)), 0, 4),
    ]
    expected = [scan(network, first, (10, 50)), scan(network, second)]
    cut = float(np.nanquantile(expected[0].scores, 0.9))
    names = {name: tmp_path / f"x.{name}" for name in ("bed", "bedgraph", "bigwig")}
    found = scan_to_files(network, targets, threshold=cut, **names)
    assert [(r.id, r.length, r.n_scored, r.n_missing) for r in found] == [
        ("a", 40, 28, 0),
        ("b", 54, 8 + 13, 21),
        ("short", 4, 0, 0),
    ]
    assert found[0].peaks == call_peaks(expected[0].scores, cut, window=13, strands="+-", start=10)
    bed = [line.split("\t") for line in names["bed"].read_text().splitlines()]
    assert [row[0] for row in bed] == ["a"] * len(found[0].peaks) + ["b"] * len(found[1].peaks)
    lines = names["bedgraph"].read_text().splitlines()
    assert lines[0].endswith("the higher strand; exact")
    values = {}
    for line in lines[1:]:
        name, low, high, value = line.split("\t")
        values |= {(name, base): float(value) for base in range(int(low), int(high))}
    assert len(values) == 28 + 21 and values["a", 16] == pytest.approx(expected[0].scores[:, 0].max(), rel=1e-5)
    read = pybigtools.open(str(names["bigwig"]))
    assert read.chroms() == {"a": 60, "b": 54}  # contigs with values
    assert sum(high - low for low, high, _ in read.records("b")) == 21
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.bed", "x.bedgraph", "x.bigwig"]  # nothing left over


def test_what_cannot_be_scanned_or_written_is_named(tmp_path):
    network, contig = model(), RecordContig(Record("a", text(40), 0))
    with pytest.raises(InputError, match="the longest sequence has 5 bases; this model reads 13"):
        scan_to_files(network, [(contig, 0, 5)])
    with pytest.raises(InputError, match="the sequence 'a' comes twice"):
        scan_to_files(network, [(contig, 0, 20), (contig, 20, 40)])
    with pytest.raises(DataError, match="cannot be written .*: check its folder"):
        scan_to_files(network, [(contig, 0, 40)], bed=tmp_path / "none" / "x.bed")
    unknown = RecordContig(Record("n", "N" * 30, 30))
    with pytest.raises(InputError, match="no window could be scored"):
        scan_to_files(network, [(unknown, 0, 30)], bigwig=tmp_path / "x.bw")
    assert not list(tmp_path.iterdir())
