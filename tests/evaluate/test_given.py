"""Sequences of a file to ask a model about: which file is a table, which column holds them, and what is wrong where."""

from __future__ import annotations

import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.given import fasta_records, is_table, of_length, read_sheet, sheet_records
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.sequence.encoding import parse_records

PLAIN = ModelConfig(length=12)
BESIDE = ModelConfig(length=12, covariates=("openness", "age"), covariate_transform="log")
TABLE = "name,note,seq,openness,age\na,x,acgtacgtacgt,0.5,3\nb,y,ACGTACGTACGN,0.25,4\n"


@pytest.mark.parametrize(
    ("text", "file", "table"),
    [
        (TABLE, "any.txt", True),
        ("sequence\nACGT\n", "any.txt", True),
        ("ACGTACGT\n", "some.tsv.gz", True),
        (">a, b\nACGT\n", "some.csv", False),
        ("ACGTACGT\n", "letters.txt", False),
    ],
)
def test_what_is_a_table(text, file, table):
    assert is_table(text, file) is table


def test_the_column_of_sequences_is_known_by_its_name_or_its_letters():
    assert read_sheet(TABLE, "t").likely == 2
    assert read_sheet("id,what\na,ACGTACGTACGT\n", "t").likely == 1


def test_records_come_with_covariates_where_the_model_takes_them_all():
    given = sheet_records(read_sheet(TABLE, "t"), 2, BESIDE)
    assert [(r.id, r.sequence, r.n_ambiguous) for r in given.records] == [
        ("a", "ACGTACGTACGT", 0), ("b", "ACGTACGTACGN", 1),
    ]  # fmt: skip
    assert given.covariates.tolist() == [[0.5, 3.0], [0.25, 4.0]]
    assert sheet_records(read_sheet(TABLE, "t"), 2, PLAIN).covariates is None
    assert [r.id for r in sheet_records(read_sheet("seq,x\nACGT,1\n", "t"), 0, PLAIN).records] == ["row_1"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ACGTACGTACGT,1\n", "the first line of t holds a sequence: put names above the columns"),
        ("seq,x\n", "the table has a header but no lines below it"),
        ("seq,openness,age\nACGT,1\n", "line 2 has 2 fields and the header 3"),
        ("seq,openness,age\n,1,2\n", "line 2 has no sequence in column 'seq'"),
        ("seq,openness,age\nACGT,-1,2\n", "line 2 has '-1' as openness: write a number that is not below 0"),
        ("seq,openness,age\nACGT,1,old\n", "line 2 has 'old' as age"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, sentence):
    with pytest.raises(InputError, match=sentence):
        sheet_records(read_sheet(text, "t"), 0, BESIDE)


def test_a_bad_line_is_listed_and_the_rest_goes_on():
    text = "id;seq;openness;age\na;acgu;0,5;1\na;ACGT;-1;2\nb;ACGX;1;2\nb;ACGT\nc;;1;2\na;TTTT;1;nan\na;TTTT;2;3\n"
    given = sheet_records(read_sheet(text, "t.csv"), 1, BESIDE)
    assert [(r.id, r.sequence) for r in given.records] == [("a", "ACGT"), ("a", "TTTT")]
    assert given.covariates.tolist() == [[0.5, 1.0], [2.0, 3.0]] and given.lines == (2, 8)
    assert {one.file for one in given.skipped} == {"t.csv"}
    assert [(one.line, one.reason.split(":")[0]) for one in given.skipped] == [
        (3, "has '-1' as openness"),
        (4, "has 'X' at position 4"),
        (5, "has 2 fields and the header 4"),
        (6, "has no sequence in column 'seq'"),
        (7, "has 'nan' as age"),
    ]


def test_records_of_another_length_are_listed_unless_all_are():
    given = fasta_records(parse_records(">a\nACGT\n>b\nACG\n\n>c\nTTTT\n", name="f.fa"), "f.fa")
    fit = of_length(given, 4)
    assert [r.id for r in fit.records] == ["a", "c"] and fit.lines == (1, 6)
    assert fit.skipped == (("f.fa", 3, "has 3 bases; this model reads 4: pad it with N"),)
    with pytest.raises(
        InputError, match=r"f.fa: the sequence of line 1 has 4 bases; this model reads 9: pad it with N"
    ):
        of_length(given, 9)
