"""What a file is, by its content, and which role it plays beside the others."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.experiments.recognise import recognise, recognise_one, title_of
from dnaconv_core.experiments.templates import TEMPLATES

FASTA = ">a\nACGTACGT\n>b\nTTTTACGT\n"
FORMS = {
    "bound.csv": ("seq,label\nACGTACGTAA,1\nTTGTACGTAA,0\n", "table"),
    "semicolons.csv": ("\ufeffseq;y\nACGTACGTAA;0,5\nTTGTACGTAA;1,5\n", "table"),
    "counts.tsv": ("sequence\trna\tdna\nACGTACGTACGT\t5\t7\n", "table"),
    "loci.tsv": ("chrom\tstart\tend\tseq\ty\nchr1\t5\t15\tACGTACGTAC\t1\n", "table"),
    "reads.txt": (FASTA, "FASTA"),
    "genome.fa": (">chr1\n" + "ACGTACGTAC\n" * 2500, "genome"),
    "peaks.narrowPeak": ("chr1\t5\t15\tp\t1\t.\t2.5\t-1\t-1\t4\n", "intervals"),
    "named.bed": ("track name=x\n#remark\nchr1 5 15\nchr2 7 9\n", "intervals"),
    "headed.bed": ("chrom\tstart\tend\nchr1\t5\t15\n7\t7\t9\n", "intervals"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_the_form_is_seen_from_the_content(name, packed, tmp_path):
    text, form = FORMS[name]
    path = tmp_path / f"upload{'.gz' * packed}"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    found = recognise_one(path)
    assert (found.form, found.problem) == (form, "")
    assert found.head[0] == text.removeprefix("\ufeff").splitlines()[0]


def test_binary_forms(tmp_path):
    (tmp_path / "a").write_bytes(struct.pack("<I", 0x888FFC26) + bytes(60))
    np.savez(tmp_path / "x.npz", X=np.zeros(3))
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "metadata.csv.gzip").write_bytes(b"")
    forms = [recognise_one(tmp_path / name).form for name in ("a", "x.npz", "disk")]
    assert forms == ["bigWig", "dataset", "dataset"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty|is empty: nothing can be read from it"),
        (b"\n\n# only a remark\n", "is empty: it has no line that says anything"),
        (bytes(range(256)), "is not a text file"),
        (gzip.compress(FASTA.encode() * 500)[:60], "cannot be read to its end"),
        (struct.pack("<I", 0x8789F2EB), "is a bigBed: turn it into BED with 'bigBedToBed'"),
        (b"PK\x03\x04rest", "a zip archive or an Excel workbook"),
    ],
    ids=["empty", "remarks", "binary", "truncated", "bigBed", "zip"],
)
def test_what_cannot_be_used_is_one_sentence(content, sentence, tmp_path):
    path = tmp_path / "given.dat"
    path.write_bytes(content)
    found = recognise_one(path)
    assert found.form == found.role == "" and "\n" not in found.problem and "given.dat" in found.problem
    assert any(part in found.problem for part in sentence.split("|"))


def test_what_is_not_there_is_said(tmp_path):
    assert "does not exist on the machine the dashboard runs on" in recognise_one(tmp_path / "gone").problem
    assert "is a folder, but no DiskDataset" in recognise_one(tmp_path).problem


def roles(tmp_path: Path, files: dict[str, str]) -> dict[str, str]:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return {one.path.name: one.role for one in recognise([tmp_path / name for name in files])}


def test_a_pair_is_told_apart_by_its_names_in_any_order(tmp_path):
    wanted = {"a_background.fa": "negatives", "a_bound.fa": "positives"}
    assert roles(tmp_path, dict.fromkeys(wanted, FASTA)) == wanted
    assert roles(tmp_path, dict.fromkeys(reversed(wanted), FASTA)) == wanted
    assert roles(tmp_path, {"x.fa": FASTA, "y.fa": FASTA}) == {"x.fa": "positives", "y.fa": "negatives"}
    assert roles(tmp_path, {"control.fa": FASTA}) == {"control.fa": "positives"}


def test_a_test_part_of_its_own(tmp_path):
    wanted = {
        "test_neg.fa": "test_negatives", "train_pos.fa": "positives", "train_neg.fa": "negatives",
        "test_pos.fa": "test_positives",
    }  # fmt: skip
    assert roles(tmp_path, dict.fromkeys(wanted, FASTA)) == wanted


def test_labels_in_headers_classes_and_intervals(tmp_path):
    assert roles(tmp_path, {"l.fa": ">a;class:1\nACGT\n>b;class:0\nACGA\n"}) == {"l.fa": "fasta"}
    assert set(roles(tmp_path, dict.fromkeys(("k.fa", "l.fa", "m.fa"), FASTA)).values()) == {"class"}
    bed, small = "chr1\t2\t6\nchr1\t3\t8\n", ">chr1\nACGTACGTACGT\n"
    wanted = {"exclude_blacklist.bed": "blacklist", "p.bed": "bed", "hg.fa": "genome"}
    assert roles(tmp_path, {"exclude_blacklist.bed": bed, "p.bed": bed, "hg.fa": small}) == wanted


def test_a_second_table_is_left_out(tmp_path):
    text = FORMS["bound.csv"][0]
    assert roles(tmp_path, {"a.csv": text, "b.csv": text}) == {"a.csv": "table", "b.csv": ""}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("pum2_positives.fasta.gz", "pum2"),
        ("mpsa_data.csv.gz", "mpsa"),
        ("peaks.bed", "peaks"),
        ("K562-CTCF.narrowPeak", "K562 CTCF"),
    ],
)
def test_titles_come_from_names(name, title):
    assert title_of(Path(name)) == title


@pytest.mark.parametrize("key", TEMPLATES)
def test_templates_are_recognised_as_what_they_are(key, tmp_path):
    files = TEMPLATES[key].make()
    assert files == TEMPLATES[key].make()  # always the same bytes
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = sorted(one.role for one in recognise([tmp_path / name for name in files]))
    wanted = {
        "table": ["table"], "counts": ["table"], "pair": ["negatives", "positives"], "headers": ["fasta"],
        "classes": ["class"] * 3, "intervals": ["bed", "genome"],
    }  # fmt: skip
    assert found == wanted[key]
