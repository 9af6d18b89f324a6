from __future__ import annotations

import gzip

import numpy as np
import pytest

from dnaconv_core.data.fasta import read_fasta, read_fasta_dataset, read_sequences, told_apart
from dnaconv_core.data.table import read_table
from dnaconv_core.errors import DataError, InputError, UnsafeFileError
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import decode

FASTA = """; a remark
>one first record
ACGT
acgu

>two
 NNAC GTA
; a remark within
CC
>
TTT
"""
RECORDS = [Record("one", "ACGTACGT", 0), Record("two", "NNACGTACC", 2), Record("seq_3", "TTT", 0)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_fasta_files(tmp_path, ending, packed):
    content = FASTA.replace("\n", ending).encode()
    file = tmp_path / "a.fa"
    file.write_bytes(gzip.compress(content) if packed else content)
    assert read_fasta(file) == read_fasta(str(file)) == RECORDS


def test_fasta_text_and_rna():
    assert read_fasta(FASTA) == RECORDS
    assert read_fasta(">a\nacgt", "RNA") == [Record("a", "ACGU", 0)]
    assert read_fasta("\n>a\nACGT\n>b\nRYK") == [Record("a", "ACGT", 0), Record("b", "RYK", 3)]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (">a\nAC\n>b\nACGTX\n", InputError, r"record 2 \('b'\) has 'X' at position 5"),
        (">a\nAC\n>b\nA\nC-G\n", InputError, r"record 2 \('b'\) has '-' at position 3"),
        (">a\n\n>b\nAC\n", InputError, r"record 1 \('a'\) is empty"),
        ("ACGT\nACGT\n", DataError, "begins with 'ACGT': FASTA records begin with a line such as '>name'"),
        ("ACGT\n>a\nAC\n", DataError, "begins with 'ACGT'"),
        ("\n; only a remark\n", DataError, "has no record"),
    ],
)
def test_bad_fasta(tmp_path, text, error, message):
    file = tmp_path / "a.fa"
    file.write_text(text)
    with pytest.raises(error, match=message) as caught:
        read_fasta(file)
    assert str(file) in str(caught.value)
    with pytest.raises(error, match="the text.*" + message):
        read_fasta(text)


@pytest.mark.slow
def test_thousands_of_records_and_positions_in_long_ones(tmp_path):
    rng = np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), 61)) for _ in range(5_000)]
    file = tmp_path / "a.fa"
    file.write_text("".join(f">s{i}\n{s[:40]}\n{s[40:]}\n" for i, s in enumerate(sequences)))
    records = read_fasta(file)
    assert [record.sequence for record in records] == sequences
    data = read_fasta_dataset(file)
    assert data.X.shape == (5000, 4, 61)
    assert data.y.shape == data.w.shape == (5000, 0)
    assert decode(data.X) == sequences
    assert (data.ids[4999], data.name) == ("s4999", "a.fa")


def test_a_fasta_dataset_needs_equal_lengths_and_own_names(tmp_path):
    file = tmp_path / "a.fa"
    file.write_text(">a\nACG\n>b\nACGT\n")
    with pytest.raises(DataError, match=r"record 2 \('b'\) has 4 bases and the first has 3: a dataset needs equal"):
        read_fasta_dataset(file)


def test_ids_that_come_again_get_a_number_and_a_note(tmp_path):
    file = tmp_path / "a.fa"
    file.write_text(">a\nACG\n>a_2\nACC\n>a\nACT\n>a\nACA\n")
    data = read_fasta_dataset(file)
    assert data.ids.tolist() == ["a", "a_2", "a_3", "a_4"]
    assert data.notes == (f"{file}: 2 ids came before and got a number behind them: 'a' is 'a_3'",)
    file.write_text("sequence,y,id\nACG,1,a\nACC,0,b\nACT,1,a\n")
    data = read_table(file)
    assert data.ids.tolist() == ["a", "b", "a_2"] and data.sequences() == ["ACG", "ACC", "ACT"]
    assert data.notes[1] == f"{file}: 1 ids came before and got a number behind them: 'a' is 'a_2'"


@pytest.mark.parametrize(
    ("text", "labels", "column"),
    [
        ("id,sequence,label\nx,ACG,False\ny,CCG,True\n", [0, 1], "label"),
        ("id,sequence,bound\nx,ACG,yes\ny,CCG,no\n", [1, 0], "bound"),
        ("id;sequence;label\nx;ACG;0,05\ny;CCG;1,5\n", [0.05, 1.5], "label"),
        ("guide,target,efficacy\nACG,BRCA1,0.5\nCCG,BRCA1,0.25\n", [0.5, 0.25], "efficacy"),
        ("sequence,score,efficacy\nACG,0,0.5\nCCG,0,0.25\n", [0.5, 0.25], "efficacy"),
        ("sequence,score,strand\nACG,0,+\nCCG,0,+\n", [0, 0], "score"),
    ],
)
def test_labels_as_others_write_them_and_the_column_that_was_chosen_is_told(tmp_path, text, labels, column):
    file = tmp_path / "t.csv"
    file.write_text(text)
    data = read_table(file)
    assert data.y[:, 0].tolist() == np.float32(labels).tolist()
    assert data.notes == (f"{file}: the label is column {column!r}",)


TABLES = {
    "csv": "id,sequence,label\nx,ACGT,1\ny,acgn,0\n",
    "tsv": "name\tactivity\tSeq\nx\t1\tACGT\ny\t0\tACGN\n",
    "quoted": '"Sequence","id","y"\n"ACG T","x","1.0"\n"ACGN","y","0"\n',
    "white space": "sequence  id  bound\nACGU x 1e0\nACGN y 0\n",
    "one other column": "id,sequence,Kd\nx,ACGT,1\ny,ACGN,0\n",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("packed", [False, True])
def test_tables(tmp_path, name, packed):
    file = tmp_path / "t.csv"
    file.write_bytes(gzip.compress(TABLES[name].encode()) if packed else TABLES[name].encode())
    data = read_table(file)
    assert decode(data.X) == ["ACGT", "ACGN"]
    assert data.y.tolist() == [[1.0], [0.0]]
    assert data.w.tolist() == [[1.0], [1.0]]
    assert data.ids.tolist() == ["x", "y"]
    assert data.y.dtype == data.w.dtype == np.float32


def test_named_columns_weights_and_covariates(tmp_path):
    file = tmp_path / "t.tsv"
    file.write_text("probe\tlocus_id\tjund\tfos\tdnase\tw\nACGUA\tp\t1\t0\t0.5\t2\nCCGUA\tq\t0\t1\t0.25\t0\n")
    data = read_table(
        file, alphabet="RNA", sequence="probe", ids="locus_id", labels=["fos", "jund"], covariates=["dnase"]
    )
    assert data.sequences() == ["ACGUA", "CCGUA"]
    assert data.y.tolist() == [[0, 1], [1, 0]]
    assert data.w.tolist() == [[2, 2], [0, 0]]
    assert data.ids.tolist() == ["p", "q"]
    assert data.covariate_names == ("dnase",)
    assert data.covariates.tolist() == [[0.5], [0.25]]


def test_a_table_without_labels_or_ids(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("sequence\nACG\nCCC\n")
    data = read_table(file)
    assert data.y.shape == (2, 0)
    assert data.ids.tolist() == ["row_1", "row_2"]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (
            "a,b\nACG,1\n",
            {},
            DataError,
            r"no column of sequences: its first line .* it names 'a', 'b'",
        ),
        ("sequence,y\nACG,1\n", {"labels": ["z"]}, DataError, "no label column 'z': its columns are 'sequence', 'y'"),
        ("sequence,y\nACG,1\n", {"sequence": "s"}, DataError, "no sequence column 's'"),
        ("sequence,y\n", {}, DataError, "a header but no examples"),
        ("sequence,y\nACG,1\n\nACG\n", {}, DataError, "line 4 has 1 fields and the header 2"),
        ("sequence,y\nACG,1\nACGT,1\n", {}, DataError, "line 3 has 4 bases and the first has 3: a dataset needs equal"),
        ("sequence,y\n,1\n", {}, DataError, "line 2 has 0 bases and it is empty"),
        ("sequence,y\nACG,1\nAC!,1\n", {}, InputError, "the sequence in line 3 has '!' at position 3"),
        ("sequence,y\nACGT,1\nßAC,1\n", {}, InputError, "the sequence in line 3 has 'ß' at position 1"),
        ("sequence,y\nACG,\n", {}, DataError, "line 2 has '' in column 'y': it must be a finite number"),
        ("sequence,y\nACG,1\nACC,nan\n", {}, DataError, "line 3 has 'nan' in column 'y'"),
        ("sequence,y\nACG,1\nACC,1e39\n", {}, DataError, "line 3 has '1e39' in column 'y': it must be a finite number"),
        ("sequence,y,w\nACG,1,1\nACC,1,-1\n", {}, DataError, "line 3 has a negative weight"),
        ("", {}, DataError, "is empty"),
    ],
)
def test_bad_tables(tmp_path, text, options, error, message):
    file = tmp_path / "t.csv"
    file.write_text(text)
    with pytest.raises(error, match=message) as caught:
        read_table(file, **options)
    assert str(file) in str(caught.value)


def test_a_folder_in_the_place_of_a_file_is_told_so(tmp_path):
    with pytest.raises(DataError, match="is a folder: name a file in it"):
        read_table(tmp_path)


def test_a_table_that_unpacks_to_too_much(tmp_path, monkeypatch):
    file = tmp_path / "t.csv.gz"
    file.write_bytes(gzip.compress(b"sequence\n" + b"A" * 5_000_000))
    monkeypatch.setattr("dnaconv_core.text.TEXT_BYTES", 1 << 20)
    with pytest.raises(UnsafeFileError, match="more than 1 MiB of text"):
        read_table(file)


@pytest.mark.slow
def test_commands_tell_which_column_is_the_label(tmp_path, capsys):
    from dnaconv_core.cli import main

    file = tmp_path / "peaks.csv"
    rows = "".join(f"chr1,{i},{i + 21},p,0,{'ACGU'[i % 4] * 21},{i % 5}\n" for i in range(30))
    file.write_text("chrom,start,end,name,score,sequence,signalValue\n" + rows)
    assert main(["evaluate", "rnai_huesken", "--data", str(file)]) == 0
    told = capsys.readouterr()
    assert f"{file}: the label is column 'signalValue'" in told.err and "pearson_r" in told.out
    assert f"{file}: 29 ids came before and got a number behind them: 'p' is 'p_2'" in told.err


def test_bad_rows_of_a_table_are_listed_and_the_rest_is_read(tmp_path):
    file = tmp_path / "t.csv"
    good = "".join(f"g{i},ACG,{i},1\n" for i in range(6))
    file.write_text(f"id,sequence,y,w\n{good}a,ACG,inf,1\nb,ACGT,1,1\nc,AXG,1,1\nd,ACG,1\n\ng0,CCC,7.5,2\ne,TTT,1,-1\n")
    data = read_table(file)
    assert data.ids.tolist() == [*(f"g{i}" for i in range(6)), "g0_2"] and data.sequences()[6] == "CCC"
    assert data.y[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 7.5] and data.w[:, 0].tolist() == [1] * 6 + [2]
    assert [(one.line, one.reason.split(":")[0]) for one in data.skipped] == [
        (8, "has 'inf' in column 'y'"),
        (9, "has 4 bases and the first has 3"),
        (10, "has 'X' at position 2"),
        (11, "has 3 fields and the header 4"),
        (14, "has a negative weight"),
    ]
    assert {one.file for one in data.skipped} == {str(file)}


def test_one_text_gives_the_same_records_by_every_way(tmp_path):
    """As a file, as text, and with a bad record between them, which only the tolerant way passes over."""
    text = ">a one\nAC\nGT\n>b\nACX-\n>a\nTTNN\n"
    file = tmp_path / "f.fa"
    file.write_text(text)
    found = read_sequences(file)
    assert [(r.id, r.sequence) for r in found.records] == [("a", "ACGT"), ("a", "TTNN")]
    assert found.skipped == [(str(file), 4, "has 'X' at position 3: use A, C, G, T or an IUPAC code such as N")]
    assert [r.sequence for r in read_sequences(file, masked=True).records] == ["ACGT", "ACNN", "TTNN"]
    apart, notes = told_apart(found, "f.fa", least=4, what="a window")
    assert [r.id for r in apart.records] == ["a", "a_2"] and notes[0].endswith("'a' is 'a_2'")
    with pytest.raises(InputError, match=r"f.fa: sequence 1 \('a'\) has 4 bases: a window has 5"):
        told_apart(found, "f.fa", least=5, what="a window")
