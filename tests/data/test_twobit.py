"""2bit genomes: a file written by hand, against another reader, and damaged ones; references kept by name."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import twobitreader

from dnaconv_core.data.genome import Genome
from dnaconv_core.data.references import GENOMES, TRANSCRIPTOMES, keep_reference, reference, references
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.storing import ReadOnlyError


def twobit(sequences: dict[str, str], order: str = "<", version: int = 0) -> bytes:
    """As UCSC's page on the format says; small letters are masked, N are blocks of their own."""
    wide = "I" if version == 0 else "Q"
    size = 16 + sum(1 + len(name) + struct.calcsize(wide) for name in sequences)
    index, records = b"", b""
    for name, text in sequences.items():
        index += (
            struct.pack(f"{order}B", len(name)) + name.encode() + struct.pack(f"{order}{wide}", size + len(records))
        )
        records += struct.pack(f"{order}I", len(text))
        for is_in in (lambda c: c in "Nn", str.islower):
            edges = np.flatnonzero(np.diff([0, *(is_in(c) for c in text), 0]))
            starts, ends = edges[::2], edges[1::2]
            numbers = [len(starts), *starts, *(ends - starts)]
            records += struct.pack(f"{order}{len(numbers)}I", *map(int, numbers))
        codes = ["TCAG".find(c) if c in "TCAG" else 0 for c in text.upper()] + [0] * (-len(text) % 4)
        four = [codes[i] << 6 | codes[i + 1] << 4 | codes[i + 2] << 2 | codes[i + 3] for i in range(0, len(codes), 4)]
        records += struct.pack(f"{order}I", 0) + bytes(four)
    return struct.pack(f"{order}4I", 0x1A412743, version, len(sequences), 0) + index + records


def some(n: int, seed: int) -> str:
    rng = np.random.default_rng(seed)
    text = rng.choice(list("ACGTacgt"), n)
    for at in rng.integers(0, n, 4):
        text[at : at + int(rng.integers(1, 9))] = "N"
    return "".join(text)


@pytest.mark.parametrize("order, version", [("<", 0), (">", 0), ("<", 1)])
def test_every_stretch_is_read(tmp_path, order, version):
    sequences = {"chr1": "NN" + some(61, 1), "2": some(40, 2) + "N", "chrM": "ACG"}
    (tmp_path / "g.2bit").write_bytes(twobit(sequences, order, version))
    with Genome(tmp_path / "g.2bit") as genome:
        assert genome.names == list(sequences)
        assert {name: genome[name].length for name in genome.names} == {k: len(v) for k, v in sequences.items()}
        for name, text in sequences.items():
            for start in range(len(text)):
                for end in range(start, len(text) + 1):
                    assert genome[name].text(start, end) == text[start:end].upper()
        assert genome["chr2"].name == "2" and genome["MT"].name == "chrM"
        assert genome["chrM"].codes(-1, 5).tolist() == [4, 0, 1, 2, 4, 4]
        with pytest.raises(InputError, match="2:3-99 reaches beyond 2, which has 41 bases"):
            genome["2"].text(3, 99)
        assert list(genome.region("chrM")[1]) == ["chrM", 0, 3, "."]


def test_another_reader_says_the_same(tmp_path):
    text = some(5000, 3)
    (tmp_path / "g.2bit").write_bytes(twobit({"a": text, "b": some(7, 4)}))
    other = twobitreader.TwoBitFile(str(tmp_path / "g.2bit"))
    with Genome(tmp_path / "g.2bit") as genome:
        for start, end in ((0, 5000), (1, 4999), (1234, 1240), (4996, 5000)):
            assert genome["a"].text(start, end) == other["a"][start:end].upper()
        assert genome["b"].text(0, 7) == other["b"][0:7].upper()


@pytest.mark.parametrize("cut, said", [(30, "damaged 2bit file"), (18, "damaged 2bit file"), (120, "reaches beyond")])
def test_a_damaged_file_is_refused(tmp_path, cut, said):
    (tmp_path / "g.2bit").write_bytes(twobit({"chr1": some(900, 1)})[:cut])
    with pytest.raises(DataError, match=said):
        Genome(tmp_path / "g.2bit")


def test_references_are_kept_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "home"))
    assert references(GENOMES) == []
    keep_reference(GENOMES, "../mine.fa.gz", gzip.compress(b">chr1\nACGT\n"))
    keep_reference(GENOMES, "b.2bit", twobit({"chr1": "ACGTN"}))
    keep_reference(TRANSCRIPTOMES, "t.fa", b">t|CDS:1-4|\nACGTACGT\n>t|CDS:1-4|\nACGT\n")  # names may come twice
    assert [path.name for path in references(GENOMES)] == ["b.2bit", "mine.fa.gz"]
    assert reference(GENOMES, "mine") == reference(GENOMES, "mine.fa.gz") == references(GENOMES)[1]
    assert str(reference(GENOMES, "elsewhere/x.fa")) == "elsewhere/x.fa"
    with pytest.raises(InputError, match=r"the file is called 'x.exe': name it like hg38.fa"):
        keep_reference(GENOMES, "x.exe", b">a\nA\n")
    for kind in (GENOMES, TRANSCRIPTOMES):
        with pytest.raises(DataError, match="is not FASTA"):
            keep_reference(kind, "no.fa", b"hello")
    assert [path.name for path in references(TRANSCRIPTOMES)] == ["t.fa"] and len(references(GENOMES)) == 2
    monkeypatch.setenv("DNACONV_READONLY", "1")
    with pytest.raises(ReadOnlyError):
        keep_reference(GENOMES, "c.fa", b">a\nA\n")
