"""One reader for text: every odd encoding through every reader that takes a text file."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnaconv_core import text as text_module
from dnaconv_core.data.covariates import read_covariates
from dnaconv_core.data.examples import Examples
from dnaconv_core.data.fasta import read_fasta
from dnaconv_core.data.fasta_examples import labelled_fasta
from dnaconv_core.data.table import read_table
from dnaconv_core.data.tables import guess_columns, read_columns, table_examples
from dnaconv_core.errors import DataError, DnaConvError, UnsafeFileError
from dnaconv_core.sequence.motif_text import read_motifs
from dnaconv_core.sirna.offtargets import find_offtargets
from dnaconv_core.text import open_text, read_text, text_of, whole_number
from dnaconv_core.variants.vcf import read_vcf

ODD = {
    "as it is": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 little-endian": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 big-endian": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 little-endian without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 big-endian without a mark": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "Windows": lambda text: text.encode("cp1252"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip in two members": lambda text: gzip.compress(text[:9].encode()) + gzip.compress(text[9:].encode()),
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CRLF in UTF-16": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "no end of the last line": lambda text: text.rstrip("\n").encode(),
}
MEME = """MEME version 4

ALPHABET= ACGT

MOTIF é1 été
letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0
0 0 0 1
1 0 0 0
"""
_DIGITS = b"9" * 30
GUIDE = "ACGUACGUACGUACGUACGUA"


def found_table(path: Path) -> tuple:
    data = read_table(path)
    return data.ids.tolist(), data.sequences(), data.y.tolist()


def found_covariates(path: Path) -> tuple:
    found = read_covariates(path)
    return found.ids.tolist(), found.values.tolist(), found.names


def found_variants(path: Path) -> list:
    file = read_vcf(path)
    return [file.header, *((v.chrom, v.pos, v.id, v.fields[-1], v.line) for v in file.variants)]


def found_offtargets(path: Path) -> tuple:
    found = find_offtargets([GUIDE], path)
    return found.exact.tolist(), found.names, found.n_bases


def found_examples(read: Callable[[Path], Examples]) -> Callable[[Path], tuple]:
    def found(path: Path) -> tuple:
        examples = read(path)
        return examples.ids.tolist(), [examples.text(i) for i in range(examples.n)], examples.y.ravel().tolist()

    return found


def own_table(path: Path) -> Examples:
    table = read_columns(path)
    return table_examples(table, guess_columns(table))


READERS = {  # what reads it, the text, what it holds
    "table": (found_table, "id,sequence,label\né,ACG,1\nb,CCN,0\n", (["é", "b"], ["ACG", "CCN"], [[1.0], [0.0]])),
    "own table": (
        found_examples(own_table),
        "name;seq;mäß\né;ACGTA;0,5\nb;CCNTA;-1\n",
        (["é", "b"], ["ACGTA", "CCNTA"], [0.5, -1.0]),
    ),
    "own FASTA": (found_examples(labelled_fasta), ">é;y:2\nACG\nT\n>b;y:3\nGG\n", (["é", "b"], ["ACGT", "GG"], [2, 3])),
    "covariates": (found_covariates, "id;né\na;1.5\né;-2\n", (["a", "é"], [[1.5], [-2.0]], ("né",))),
    "FASTA": (
        lambda path: [(r.id, r.sequence) for r in read_fasta(path)],
        ">é un\nACG\nT\n>b\nGG\n",
        [("é", "ACGT"), ("b", "GG")],
    ),
    "VCF": (
        found_variants,
        "##source=é\n#CHROM\tPOS\tID\tREF\tALT\nchr1\t7\té\tA\tC,G\n",
        [["##source=é", "#CHROM\tPOS\tID\tREF\tALT"], ("chr1", 7, "é", "C,G", 3)],
    ),
    "motifs": (lambda path: [(m.name, m.ppm.T.tolist()) for m in read_motifs(path)], MEME, [
        ("été", [[0, 0, 0, 1], [1, 0, 0, 0]])
    ]),
    "JASPAR": (lambda path: [m.name for m in read_motifs(path)], ">m é\n1\n0\n0\n1\n", ["é"]),
    "transcriptome": (found_offtargets, ">é\nTACGTACGTACGTACG\nTACGT\n>b\nA\n", ([1], [["é"]], 22)),
    "upload": (lambda path: text_of(path.read_bytes(), "it").splitlines(), "é\na\n\nb\n", ["é", "a", "", "b"]),
    "lines": (lambda path: list(open_text(path)), "é\na\n\nb\n", ["é", "a", "", "b"]),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_of_text_takes_every_odd_file(tmp_path, reader, odd):
    read, text, expected = READERS[reader]
    file = tmp_path / "file.dat"  # no name tells what it is
    file.write_bytes(ODD[odd](text))
    assert read(file) == expected


@pytest.mark.parametrize("reader", [name for name in READERS if name != "upload"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b">a\nACGT\n" * 999, mtime=0)[:-9], "cannot be read to its end"),
        (b"PK\x03\x04" + bytes(40), "is not a text file but a zip archive or an Excel workbook: unpack it, or save"),
        (b"BZh91AY&SY" + bytes(9), "is not a text file but packed with bzip2: unpack it, or pack it with gzip"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not a text file: byte 0 is neither UTF-8 nor Windows text"),
        (b">a\nAC\0GT\n", "is not a text file: it has a zero byte at position 5"),
        (codecs.BOM_UTF16_LE + b"a\0b", "is not a text file: byte 4 is not UTF-16"),
        (None, "does not exist: check the name"),
    ],
)
def test_every_reader_refuses_what_is_no_text_in_a_sentence(tmp_path, reader, content, message):
    file = tmp_path / "file.dat"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        READERS[reader][0](file)
    assert str(caught.value).startswith(str(file)) and "\n" not in str(caught.value)


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_give_a_sentence_or_a_result(tmp_path, data):
    read, text, _ = READERS[data.draw(st.sampled_from(list(READERS)))]
    content = bytearray(ODD[data.draw(st.sampled_from(list(ODD)))](text))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        new = data.draw(
            st.sampled_from([b"", b"\0", b"\xff", b'"', b"\n", b"\r", b",", b">", b"\xe2\x80\xa8", b"9" * 30])
        )
        content[at : at + data.draw(st.integers(0, 3))] = new
    file = tmp_path / "file.dat"
    file.write_bytes(content)
    with contextlib.suppress(DnaConvError):
        read(file)


def test_letters_that_were_guessed_are_told(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"x\n" * 600_000 + "Müller – 5 €\n".encode("cp1252"))  # in the second piece
    notes: list[str] = []
    assert read_text(file, notes=notes).endswith("\nMüller – 5 €\n")
    assert notes == [f"{file} is not UTF-8 and was read as Windows text (cp1252): check letters with accents"]
    lines = open_text(file)
    assert len(list(lines)) == 600_001 and lines.notes == notes and lines.fraction == 1


@pytest.mark.parametrize("at", [-2, -1, 0, 1])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_letters_and_line_ends_across_pieces(tmp_path, monkeypatch, at, end):
    monkeypatch.setattr(text_module, "_PIECE", 16)
    text = "a" * (16 + at - 2) + "é" + end + "b" * 20 + end + end + "c"
    file = tmp_path / "a.txt"
    file.write_bytes(text.encode())
    expected = ["a" * (14 + at) + "é", "b" * 20, "", "c"]
    assert list(open_text(file)) == expected and read_text(file) == "\n".join(expected)


def test_what_unpacks_to_too_much_is_refused_before_it_is_held(tmp_path):
    file = tmp_path / "a.gz"
    file.write_bytes(gzip.compress(b"ab\n" * 3_000_000))
    with pytest.raises(UnsafeFileError, match="holds more than 2 MiB of text: split it"):
        read_text(file, limit=2 << 20)
    with pytest.raises(UnsafeFileError, match="holds more than 2 MiB of text: split it"):
        list(open_text(file, limit=2 << 20))
    file.write_bytes(b"short\n" + b"x" * 5_000_000)
    with pytest.raises(UnsafeFileError, match="line 2 has more than 4,000,000 characters"):
        list(open_text(file, longest=4_000_000))
    file.write_bytes(b"short\n" + b"x" * 50 + b"\nshort\n")
    with pytest.raises(UnsafeFileError, match="line 2 has more than 49 characters"):
        list(open_text(file, longest=49))
    assert len(list(open_text(file, longest=50))) == 3


def test_a_pipe_is_read_as_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(gzip.compress("é\nb\n".encode())))
    writer.start()
    assert list(open_text(pipe)) == ["é", "b"]
    writer.join()


@pytest.mark.parametrize("text", ["", "-1", "1.0", "\u00b2", "\u0663", "1_0", " 1", "9" * 19, "9" * 5000])
def test_a_whole_number_is_written_in_few_plain_digits(text):
    assert whole_number(text) is None and whole_number("007") == 7 and whole_number("9" * 18) == 10**18 - 1
