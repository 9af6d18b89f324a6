"""FASTA as examples: pairs of files, a file for each class, labels and loci in headers."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from dnaconv_core.data.examples import Skipped
from dnaconv_core.data.fasta_examples import class_examples, labelled_fasta, pair_examples, unlabelled_fasta
from dnaconv_core.data.headers import header_id, header_locus, label_place
from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.errors import DataError, InputError


def write(tmp_path, text: str, name: str = "a.fa"):
    file = tmp_path / name
    file.write_bytes(text.encode())
    return file


def letters(examples) -> list[str]:
    return [examples.text(i) for i in range(examples.n)]


@pytest.mark.parametrize(
    ("header", "locus"),
    [
        ("chr1:100-200(-)", ("chr1", 100, 200, "-")),
        ("chr1:1-100", ("chr1", 1, 100, ".")),
        ("chr1:1,000-2,000 a peak", ("chr1", 1000, 2000, ".")),
        ("peak_7::chrX:100-200(+)", ("chrX", 100, 200, "+")),
        ("chr1:100-200:-", ("chr1", 100, 200, "-")),
        ("chr1:100-200|1", ("chr1", 100, 200, ".")),
        ("chr1,+,901914,902014; class:0", ("chr1", 901914, 902014, "+")),
        ("chr1,-,1,2", ("chr1", 1, 2, "-")),
        ("hg19_chr1_100_200_+", ("chr1", 100, 200, "+")),
        ("chr1_100_200", ("chr1", 100, 200, ".")),
        ("hg19_ct_x range=chr1:101-200 5'pad=0 3'pad=0 strand=- repeatMasking=none", ("chr1", 100, 200, "-")),
        ("ENST01 cdna chromosome:GRCh38:2:101:200:-1 gene:x", ("2", 100, 200, "-")),
        ("2L:5-9", ("2L", 5, 9, ".")),
        ("chr5:200-100", None),
        ("NM_001.2 Homo sapiens", None),
        ("id;class:1", None),
        ("sp|P01|NAME", None),
        ("a:b-c", None),
        ("", None),
    ],
)
def test_loci_in_headers(header, locus):
    assert header_locus(header) == locus


SHAPES = {
    "key and colon": (">a;class:1\nACG\n>b;class:0\nCC\n>a;class:1\nTT\n", "class"),
    "bar": (">a|1\nACG\n>b|0\nCC\n>a|1\nTT\n", "label"),
    "key and equals sign": (">a label=1 x\nACG\n>b label=0 x\nCC\n>a label=1\nTT\n", "label"),
    "upper case": (">a CLASS: 1\nACG\n>b CLASS: 0\nCC\n>a CLASS: 1\nTT\n", "class"),
    "over several lines": (">a|1\nA\nCG\n\n; a remark\n>b|0\nC C\n>a|1\nT\nT", "label"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_labels_in_headers_are_found(tmp_path, shape):
    text, name = SHAPES[shape]
    examples = labelled_fasta(write(tmp_path, text))
    assert letters(examples) == ["ACG", "CC", "TT"] and examples.ids.tolist() == ["a", "b", "a"]
    assert examples.y.tolist() == [[1], [0], [1]] and examples.w.tolist() == [[1], [1], [1]]
    assert examples.tasks == (name,) and examples.loci is None and not examples.skipped


def test_labels_of_every_kind_in_headers(tmp_path):
    text = ">chr1,+,10,14; class:bound\nACGU\n>chr2,-,20,24; class:unbound\nCCGU\n"
    examples = labelled_fasta(write(tmp_path, text))
    assert examples.alphabet == "RNA" and letters(examples) == ["ACGU", "CCGU"]
    assert examples.y.ravel().tolist() == [1, 0] and examples.classes == ("unbound", "bound")
    assert examples.ids.tolist() == ["chr1,+,10,14", "chr2,-,20,24"]
    assert [column.tolist() for column in examples.loci] == [["chr1", "chr2"], [10, 20], [14, 24], ["+", "-"]]
    text = ">a x=7 score=8\nACG\n>b x=9 score=0.5\nACG\n>c x=1\nACT\n>d score=tall x=4\nACT\n"
    file = write(tmp_path, text)
    examples = labelled_fasta(file, label_pattern="score", recipe=LabelRecipe(transform="log2"))
    assert examples.y.ravel().tolist() == [3, -1] and examples.tasks == ("log2 score",)
    assert examples.skipped == (
        Skipped(str(file), 5, "has no label in its header"),
        Skipped(str(file), 7, "has 'tall' in column 'score': it is no label"),
    )
    assert labelled_fasta(file, label_pattern="X").y.ravel().tolist() == [7, 9, 1, 4]
    kinds = labelled_fasta(write(tmp_path, ">a|exon\nAC\n>b|intron\nAC\n>c|utr\nAC\n"))
    assert kinds.y.ravel().tolist() == [0, 1, 2] and kinds.classes == ("exon", "intron", "utr")


def test_loci_counted_from_1_are_told_by_the_length(tmp_path):
    loci = unlabelled_fasta(write(tmp_path, ">chr1:11-14\nACGT\n>chr1:21-24\nACGT\n")).loci
    assert loci.start.tolist() == [10, 20] and loci.end.tolist() == [14, 24]
    loci = unlabelled_fasta(write(tmp_path, ">chr1:10-14\nACGT\n>chr1:20-24\nACGT\n")).loci
    assert loci.start.tolist() == [10, 20]
    assert unlabelled_fasta(write(tmp_path, ">chr1:10-14\nACGT\n>other\nACGT\n")).loci is None


def test_positives_and_negatives(tmp_path):
    yes = tmp_path / "yes.gz"
    yes.write_bytes(gzip.compress(b">chr1:5-9(-)\nACG\nU\n>chr1:15-19(+)\nACCC\n"))
    no = write(tmp_path, ">chr2:5-8\nGGG\n>chr2:6-7\nG\n>chr2:6-7\nN\n", "no.fa")
    examples = pair_examples(yes, no)
    assert letters(examples) == ["ACGT", "ACCC", "GGG", "G", "N"] and examples.y.ravel().tolist() == [1, 1, 0, 0, 0]
    assert examples.alphabet == "DNA" and examples.loci.strand.tolist() == ["-", "+", ".", ".", "."]
    assert examples.ids.tolist()[3:] == ["chr2:6-7", "chr2:6-7"] and examples.tasks == ("label",)
    assert pair_examples(yes, no, alphabet="RNA").text(0) == "ACGU"
    only = pair_examples(yes)
    assert only.alphabet == "RNA" and only.y.ravel().tolist() == only.w.ravel().tolist() == [1, 1]


def test_a_file_for_each_class(tmp_path):
    files = {word: write(tmp_path, f">a\n{word}\n>b\n{word}A\n", f"{word}.fa") for word in ("CCC", "AAA", "GGG")}
    examples = class_examples(files)
    assert examples.classes == ("CCC", "AAA", "GGG") and examples.y.ravel().tolist() == [0, 0, 1, 1, 2, 2]
    assert letters(examples) == ["CCC", "CCCA", "AAA", "AAAA", "GGG", "GGGA"]
    with pytest.raises(InputError, match="1 file of a class: give one for each of two classes or more"):
        class_examples({"a": files["CCC"]})


def test_bad_records_are_skipped_and_listed(tmp_path):
    file = write(tmp_path, ">a\nAC-G\n>b\n\n>\nACG\n>d x\nAC1 2G\n>e\nNNN\n")
    examples = unlabelled_fasta(file)
    assert examples.ids.tolist() == ["seq_3", "d", "e"] and letters(examples) == ["ACG", "ACG", "NNN"]
    why = "has '-' at position 3 of its sequence: use A, C, G, T (U) or an IUPAC code such as N"
    assert examples.skipped == (Skipped(str(file), 1, why), Skipped(str(file), 3, "has no sequence"))
    assert examples.y.shape == examples.w.shape == (3, 0)


@pytest.mark.parametrize(
    ("text", "pattern", "error", "message"),
    [
        ("", "", DataError, "a.fa has no record: FASTA records begin with"),
        ("id,seq\na,ACG\n", "", DataError, "a.fa begins with 'id,seq': FASTA records begin with"),
        (">a\nAC!\n>b\nA*\n>c\nACG\n", "class", InputError, "no header has a label 'class': the first is 'a'"),
        (">a;y:1\nAC!\n>b;y:0\nA*\n>c;y:0\nACG\n", "", DataError, "2 of 3 records cannot be used; the first, in l"),
        (">a\nACG\n>b\nACC\n", "", DataError, "a.fa has no label in its headers, of which the first is"),
        (">a;y:1\nACG\n", "(a+)+$", InputError, r"label pattern '\(a\+\)\+\$' is no key: give the word before"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path, text, pattern, error, message):
    with pytest.raises(error, match=message):
        labelled_fasta(write(tmp_path, text), label_pattern=pattern)


def test_the_place_of_a_label_is_not_guessed_from_names():
    assert label_place([f"sp|P{i}|NAME{i}" for i in range(30)]) is None
    assert label_place(["hg19 range=chr1:101-200 strand=-"] * 3) is None
    assert label_place(["a|1", "b|0"], "none") is None
    assert label_place([f"a{i}|{i / 7}" for i in range(50)]).key == "|"
    assert label_place([f"a{i} gene=x{i} score={i}" for i in range(50)]).key == "score"
    assert header_id("a|b|1", label_place(["a|b|1"])) == "a|b" and header_id("a|b x", None) == "a|b"


def test_long_headers_cost_no_time(tmp_path):
    text = "".join(f">{'a:=;|,::' * 20_000}\nACG\n" for _ in range(20))
    examples = labelled_fasta(write(tmp_path, text + ">x;class:1\nACG\n" * 30), label_pattern="class")
    assert examples.n == 30 and len(examples.skipped) == 20


def test_the_files_of_pum2_and_pu1(shared_data):
    own = shared_data / "own"
    if not (own / "pu1.fa.gz").is_file():
        pytest.skip(f"{own} is not there")
    examples = pair_examples(own / "pum2_positives.fasta.gz", own / "pum2_background.fasta.gz")
    assert examples.n == 10_368 and examples.y.sum() == 5_184 and examples.alphabet == "RNA"
    assert set(examples.lengths.tolist()) == {200} and not examples.skipped
    assert (examples.loci.end - examples.loci.start == 200).all() and set(examples.loci.strand) == {"+", "-"}
    assert examples.text(0).startswith("GGUGUGUUUCUUGGGAUCAUGGUACAUUUA") and examples.loci.start[0] == 243_666_886
    peaks = pair_examples(own / "pu1.fa.gz")
    assert (peaks.n, peaks.alphabet, peaks.loci.chrom[1], peaks.loci.start[1]) == (28_677, "DNA", "chr16", 81_785_974)


def test_records_that_biopython_wrote(tmp_path):
    Seq = pytest.importorskip("Bio.Seq").Seq
    from Bio import SeqIO
    from Bio.SeqRecord import SeqRecord

    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ACGTN"), n)) for n in (5, 61, 200)]
    records = [SeqRecord(Seq(text), f"r{i}", description=f"y={i}") for i, text in enumerate(texts)]
    SeqIO.write(records, tmp_path / "b.fa", "fasta")
    examples = labelled_fasta(tmp_path / "b.fa")
    assert letters(examples) == texts and examples.y.ravel().tolist() == [0, 1, 2]


def test_a_chromosome_among_the_examples_is_left_out(tmp_path):
    (tmp_path / "a.fa").write_text(f">a\nACGT\n>chr1\n{'ACGTA' * 20_001}\n>b\nACGG\n>c\nTTTT\n")
    found = unlabelled_fasta(tmp_path / "a.fa")
    assert found.ids.tolist() == ["a", "b", "c"] and found.lengths.tolist() == [4, 4, 4]
    (left,) = found.skipped
    assert left.line == 3
    assert left.reason == "has 100,005 letters and an example at most 100,000: cut it into windows"
