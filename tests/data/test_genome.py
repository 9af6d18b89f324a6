"""The one door to a genome: indices that no longer fit, odd files, and windows compared with pyfaidx."""

from __future__ import annotations

import fcntl
import gzip
import os
import zlib

import numpy as np
import pyfaidx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnaconv_core.data import genome_index
from dnaconv_core.data.genome import Genome, stretches, text_codes, windows
from dnaconv_core.data.loci import Loci, clusters, overlapping
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.home import cache_folder

PLAIN = ">chr1 first\nACGTACGTAC\nGTNNAC\n>MT\nTTTTTTTTTT\nG\n"
TRUTH = {"chr1": "ACGTACGTACGTNNAC", "MT": "TTTTTTTTTTG"}


def read(path) -> dict[str, str]:
    with Genome(path) as genome:
        return {contig.name: contig.text(0, contig.length) for contig in genome}


def letters(seed: int, n: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGTacgtN"), n))


def wrapped(records: dict[str, str], width: int) -> str:
    lines = []
    for name, text in records.items():
        lines += [f">{name}"] + [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join(lines) + "\n"


def bgzipped(content: bytes) -> bytes:
    """Blocks as bgzip writes them: gzip members whose extra field holds their size, then an empty one."""
    blocks = b""
    for at in range(0, len(content) + 20, 20):
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(content[at : at + 20]) + packer.flush()
        size = (len(packed) + 25).to_bytes(2, "little")
        check = zlib.crc32(content[at : at + 20]).to_bytes(4, "little") + len(content[at : at + 20]).to_bytes(
            4, "little"
        )
        blocks += b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + size + packed + check
    return blocks


ODD = {
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "CR": PLAIN.replace("\n", "\r").encode(),
    "UTF-16": PLAIN.encode("utf-16"),
    "a byte-order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "gzip": gzip.compress(PLAIN.encode()),
    "bgzip": bgzipped(PLAIN.encode()),
    "gzip of CRLF": gzip.compress(PLAIN.replace("\n", "\r\n").encode()),
    "blank lines between contigs": PLAIN.replace(">MT", "\n\n>MT").encode() + b"\n\n",
    "blank lines first": b"\n\n" + PLAIN.encode(),
    "blank lines after a header": PLAIN.replace("first\n", "first\n\n\n").encode(),
    "a blank line inside": PLAIN.replace("TAC\nGT", "TAC\n\nGT").encode(),
    "spaces at all ends": PLAIN.replace("\n", "  \n").encode(),
    "a space at one end": PLAIN.replace("TAC\n", "TAC \n").encode(),
    "uneven lines": PLAIN.replace("ACGTAC\nGT", "AC\nGTACGT").encode(),
    "one line each": b">chr1\n" + TRUTH["chr1"].encode() + b"\n>MT\n" + TRUTH["MT"].encode(),
    "no line end": PLAIN.rstrip().encode(),
    "comments": b"; made by hand\n" + PLAIN.encode(),
    "soft and hard masks": PLAIN.replace("NN", "X-").replace("GTAC\n", "gtac\n").encode(),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_file_gives_the_right_letters(kind, tmp_path):
    path = tmp_path / "g.fa"
    path.write_bytes(ODD[kind])
    assert read(path) == TRUTH
    assert read(path) == TRUTH  # now from the index, or the copy
    with Genome(path) as genome:
        for start, end in [(0, 16), (3, 9), (8, 12), (9, 10), (10, 16), (15, 16)]:
            assert genome["chr1"].text(start, end) == TRUTH["chr1"][start:end]
        assert genome["1"].codes(11, 18).tolist() == [3, 4, 4, 0, 1, 4, 4]


def test_names_with_and_without_chr_and_of_the_mitochondrion(tmp_path):
    (tmp_path / "g.fa").write_text(">1\nA\n>chrM\nC\n>Chr2\nG\n>scaffold_7\nT\n>chr1\nN\n")
    genome = Genome(tmp_path / "g.fa")
    asked = ["1", "chr1", "M", "MT", "chrMT", "chr2", "2", "scaffold_7", "chr7", "X"]
    assert [genome.find(name) for name in asked] == [
        "1", "chr1", "chrM", "chrM", "chrM", "Chr2", "Chr2", "scaffold_7", None, None
    ]  # fmt: skip
    with pytest.raises(InputError, match="has no contig 'X': it has 1, chrM, Chr2, scaffold_7, chr1$"):
        genome["X"]


def test_a_region_of_a_contig_with_colons_in_its_name(tmp_path):
    (tmp_path / "g.fa").write_text(">HLA-A*01:01 x\nACGTAC\n>chr1:5-10\nGG\n")
    genome = Genome(tmp_path / "g.fa")
    contig, locus = genome.region("HLA-A*01:01:2-5")
    assert (contig.text(locus.start, locus.end), locus.chrom) == ("CGTA", "HLA-A*01:01")
    assert genome.region("chr1:5-10")[1] == ("chr1:5-10", 0, 2, ".")


def put(path, content: str, *, days: float = 0) -> None:
    path.write_text(content)
    when = path.stat().st_mtime - days * 86400
    os.utime(path, (when, when))


@pytest.mark.parametrize("days", [0, 1])  # changed after the index was made, or an older file moved here
def test_an_index_that_does_not_fit_is_made_again(days, tmp_path):
    path = tmp_path / "g.fa"
    put(path, wrapped({"chr1": "A" * 95, "chr2": "ACGT" * 9}, 10), days=2)
    assert read(path)["chr2"] == "ACGT" * 9
    old = (tmp_path / "g.fa.fai").read_text()
    put(path, wrapped({"chr1": "A" * 41, "chr2": "ACGT" * 9}, 10), days=days)
    assert read(path) == {"chr1": "A" * 41, "chr2": "ACGT" * 9}
    new = (tmp_path / "g.fa.fai").read_text()
    assert new != old and new == "chr1\t41\t6\t10\t11\nchr2\t36\t58\t10\t11\n"


@pytest.mark.parametrize(
    "index",
    [
        "", "nonsense", "chr1\t16\t12\t10\t11\n", "chr1\t16\t12\t10\t11\nMT\t12\t34\t10\t11\n",
        "chr1\t16\t12\t10\t11\nchr2\t11\t34\t10\t11\n", "chr1\t16\t12\t0\t0\nMT\t11\t34\t10\t11\n",
        "chr1\t-16\t12\t10\t11\nMT\t11\t34\t10\t11\n", "chr1\t16\t12\t10\t11\nchr1\t16\t12\t10\t11\n",
        "chr1\t16\t11\t10\t11\nMT\t11\t34\t10\t11\n", "chr1\t99999999999999\t12\t10\t11\n",
        "chr1\t16\t12\t9\t11\nMT\t11\t34\t10\t11\n",
    ],
)  # fmt: skip
def test_a_wrong_index_beside_the_file_is_not_believed(index, tmp_path):
    (tmp_path / "g.fa").write_text(PLAIN)
    (tmp_path / "g.fa.fai").write_text(index)
    assert read(tmp_path / "g.fa") == TRUTH
    assert (tmp_path / "g.fa.fai").read_text() == "chr1\t16\t12\t10\t11\nMT\t11\t34\t10\t11\n"


def test_an_index_that_pyfaidx_wrote_is_taken_as_it_is(tmp_path):
    (tmp_path / "g.fa").write_text(PLAIN)
    pyfaidx.Faidx(str(tmp_path / "g.fa")).close()
    before = (tmp_path / "g.fa.fai").stat().st_mtime_ns
    assert read(tmp_path / "g.fa") == TRUTH and (tmp_path / "g.fa.fai").stat().st_mtime_ns == before


def test_where_the_folder_is_closed_the_index_stands_in_the_cache(tmp_path, monkeypatch):
    (tmp_path / "g.fa").write_text(PLAIN)
    write = genome_index.write_atomic

    def closed(path, content):
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        write(path, content)

    monkeypatch.setattr(genome_index, "write_atomic", closed)
    assert read(tmp_path / "g.fa") == TRUTH and not (tmp_path / "g.fa.fai").exists()
    assert [path.suffix for path in cache_folder().iterdir()] == [".fai"]
    monkeypatch.setattr(genome_index, "build_index", None)  # from now on only read
    assert read(tmp_path / "g.fa") == TRUTH


def test_a_copy_is_made_once_and_again_when_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "g.fa.gz"
    path.write_bytes(gzip.compress(PLAIN.encode()))
    assert read(path) == TRUTH and not (tmp_path / "g.fa.gz.fai").exists()
    first = sorted(path.name for path in cache_folder().iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(genome_index, "_write_copy", None)
        assert read(path) == TRUTH
    path.write_bytes(gzip.compress(PLAIN.replace("GTNN", "GGGG").encode()))
    assert read(path)["chr1"] == "ACGTACGTACGGGGAC"
    second = sorted(path.name for path in cache_folder().iterdir())
    assert len(first) == len(second) == 2 and not set(first) & set(second)


BAD = {
    "two contigs named 'a': give each": b">a\nAC\n>b\nAC\n>a\nGT\n",
    "contig 2 has no name": b">a\nAC\n> \nAC\n",
    "is not FASTA: its first line should begin with '>'": gzip.compress(b"chr1\t5\t9\n"),
    "cannot be unpacked to its end .*: fetch it again": gzip.compress(PLAIN.encode() * 50)[:-12],
    "is empty: it should hold a genome": b"",
    "cannot be read as utf-16": b"\xff\xfe" + PLAIN.encode("utf-16-le") + b"\0",
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(sentence, tmp_path):
    (tmp_path / "g.fa").write_bytes(BAD[sentence])
    with pytest.raises(DataError, match=sentence) as caught:
        Genome(tmp_path / "g.fa")
    assert str(tmp_path / "g.fa") in str(caught.value)
    assert not cache_folder().exists() or not list(cache_folder().iterdir())  # nothing half-made


def test_what_a_killed_process_left_is_swept_and_what_is_being_written_stays(tmp_path):
    cache_folder().mkdir(parents=True)
    (cache_folder() / ".dead.part").write_text("half")
    with (cache_folder() / ".alive.part").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        (tmp_path / "g.fa.gz").write_bytes(gzip.compress(PLAIN.encode()))
        assert read(tmp_path / "g.fa.gz") == TRUTH
    assert [path.name for path in cache_folder().glob(".*")] == [".alive.part"]


def by_the_book(text: str) -> dict[str, str] | None:
    """FASTA read line by line, the slow way; None where it should be refused."""
    records: dict[str, str] = {}
    name = None
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.strip().startswith(">"):
            name = (line.strip()[1:].split() or [""])[0]
            if not name or name in records:
                return None
            records[name] = ""
        elif line.strip():
            if name is None:
                return None
            records[name] += "".join("N" if c in "x>" else c.upper() for c in "".join(line.split()))
    return records or None


PIECES = [">a", ">b x", ">", "ACGT", "ACGTA", "\n", "\n", "\n\n", "\r\n", " ", "T"]


@pytest.mark.slow
@given(st.lists(st.sampled_from(PIECES), max_size=25))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_gives_what_reading_by_line_gives(tmp_path, pieces):
    text = "".join(pieces)
    path = tmp_path / "fuzzed.fa"
    path.unlink(missing_ok=True)
    path.write_bytes(text.encode())
    expected = by_the_book(text)
    for _ in range(2):
        if expected is None:
            with pytest.raises(DataError):
                read(path)
        else:
            assert read(path) == expected


def test_stopping_leaves_nothing(tmp_path):
    class Stop:
        def report(self, fraction, message):
            pass

        def should_stop(self):
            return True

    (tmp_path / "g.fa.gz").write_bytes(gzip.compress(PLAIN.encode()))
    with pytest.raises(DataError, match="unpacking .* was stopped: nothing was kept"):
        Genome(tmp_path / "g.fa.gz", progress=Stop())
    assert not list(cache_folder().iterdir())


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "g.fa"
    path.write_text(wrapped({"a": "ACGT" * 25}, 10))
    genome = Genome(path)
    with path.open("r+b") as file:
        file.seek(20)
        file.write(b"\n")
    with pytest.raises(DataError, match="was changed while it was read"):
        genome["a"].text(0, 100)


@pytest.mark.parametrize("width", [7, 60, 1000])
def test_windows_are_what_pyfaidx_reads(width, tmp_path):
    records = {"chr2": letters(0, 997), "chr1": letters(1, 420), "s": letters(2, 35)}
    path = tmp_path / "g.fa"
    path.write_text(wrapped(records, width))
    rng = np.random.default_rng(3)
    chrom = rng.choice(list(records), 300)
    start = np.array([rng.integers(0, len(records[name]) - 30) for name in chrom])
    length = rng.integers(1, 31, 300)
    strand = rng.choice(list("+-."), 300)
    with Genome(path) as genome, pyfaidx.Fasta(str(path), as_raw=True, sequence_always_upper=True) as oracle:
        codes, offsets = stretches(genome, Loci(chrom, start, start + length, strand))
        fixed = windows(genome, chrom, start, start + 21, strand, 21)
        for i in range(300):
            for found, n in [(codes[offsets[i] : offsets[i + 1]], length[i]), (fixed[i], 21)]:
                text = oracle[str(chrom[i])][int(start[i]) : int(start[i] + n)]
                if strand[i] == "-":
                    text = pyfaidx.complement(text)[::-1]
                assert found.tolist() == text_codes(text).tolist()


def test_windows_beyond_an_end_are_padded_and_centred(tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\nACGTAC\n")
    with Genome(tmp_path / "g.fa") as genome:
        found = windows(genome, np.array(["1", "chr1"]), np.array([1, 3]), np.array([2, 6]), np.array(["+", "-"]), 4)
    assert found.tolist() == [[4, 0, 1, 2], [2, 3, 0, 1]]  # [-1, 3) NACG; [2, 6) GTAC is its own opposite


def loci(*rows) -> Loci:
    chrom, start, end = zip(*rows, strict=True)
    return Loci(np.array(chrom), np.array(start), np.array(end), np.full(len(rows), "."))


def test_overlaps_by_hand():
    some = loci(("chr1", 0, 10), ("chr1", 10, 20), ("2", 5, 8), ("chr1", 15, 17), ("chr2", 7, 9), ("chr1", 16, 40))
    assert clusters(some).tolist() == [1, 2, 0, 2, 0, 2]
    others = loci(("1", 9, 10), ("chr2", 8, 9), ("chr1", 30, 31))
    assert overlapping(some, others).tolist() == [True, False, False, False, True, True]


def test_overlaps_against_every_pair():
    rng = np.random.default_rng(0)
    chrom, start = rng.choice(["a", "b", "c"], 90), rng.integers(0, 400, 90)
    all_of = Loci(chrom, start, start + rng.integers(1, 25, 90), np.full(90, "."))
    mine, others = all_of.subset(np.arange(50)), all_of.subset(np.arange(50, 90))
    share = (
        (mine.chrom[:, None] == others.chrom) & (mine.start[:, None] < others.end) & (others.start < mine.end[:, None])
    )
    assert overlapping(mine, others).tolist() == share.any(axis=1).tolist() and 0 < share.any(axis=1).sum() < 50
    from scipy.sparse.csgraph import connected_components

    near = (mine.chrom[:, None] == mine.chrom) & (mine.start[:, None] < mine.end) & (mine.start < mine.end[:, None])
    expected = connected_components(near)[1]
    found = clusters(mine)
    assert len(set(zip(found.tolist(), expected.tolist(), strict=True))) == len(set(expected)) == len(set(found))


def test_loci_far_apart_are_read_one_by_one_with_the_same_result(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    (tmp_path / "g.fa").write_text(f">a\n{''.join('ACGTN'[i] for i in rng.integers(0, 5, 700))}\n>b\nACGTACGTTT\n")
    start, length = rng.integers(-9, 690, 40), rng.integers(1, 30, 40)  # some reach beyond an end
    chrom = np.array(["a", "b"])[(start < 8).astype(int)]
    loci = Loci(chrom, start, start + length, rng.choice(["+", "-", "."], 40))
    with Genome(tmp_path / "g.fa") as genome:
        together = stretches(genome, loci)
        monkeypatch.setattr("dnaconv_core.data.genome._ALONE", 0)
        alone = stretches(genome, loci)
    assert (alone[0] == together[0]).all() and (alone[1] == together[1]).all() and len(alone[0]) == length.sum()
