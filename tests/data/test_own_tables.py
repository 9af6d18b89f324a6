"""Tables that others wrote: separators, headers, columns guessed and said, bad rows skipped and listed."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.columns import Columns, guess_columns, looks_like_confidence, part_of, parts_of
from dnaconv_core.data.delimited import Table, read_columns
from dnaconv_core.data.examples import Skipped
from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.data.tables import table_examples
from dnaconv_core.errors import DataError

ROWS = {"name": ["a", "b", "c"], "seq": ["ACGTA", "ccgtn", "TTTGA"], "measured": ["0.5", "1.25", "-2"]}
SHAPES = {
    "commas": "name,seq,measured\na,ACGTA,0.5\nb,ccgtn,1.25\nc,TTTGA,-2\n",
    "tabs": "name\tseq\tmeasured\na\tACGTA\t0.5\nb\tccgtn\t1.25\nc\tTTTGA\t-2\n",
    "white space": "name  seq measured\na ACGTA  0.5\n b ccgtn 1.25\nc TTTGA -2\n",
    "bars": "name|seq|measured\na|ACGTA|0.5\nb|ccgtn|1.25\nc|TTTGA|-2\n",
    "sep= and quotes": 'sep=;\n"name";"seq";"measured"\n"a";"ACGTA";"0.5"\n"b";"ccgtn";"1.25"\n"c";"TTTGA";"-2"\n',
    "Excel's mark": "\ufeffname;seq;measured\r\na;ACGTA;0.5\r\nb;ccgtn;1.25\r\nc;TTTGA;-2\r\n",
    "remarks": "# of a paper, 2020\n#name,seq,measured\na,ACGTA,0.5\nb,ccgtn,1.25\n\n,,\nc,TTTGA,-2\n",
    "decimal commas between spaces": "name seq measured\na ACGTA 0,5\nb ccgtn 1,25\nc TTTGA -2\n",
    "remarks above": "## a remark\n# another, too\nname,seq,measured\na,ACGTA,0.5\nb,ccgtn,1.25\nc,TTTGA,-2\n",
}


def write(tmp_path, text: str, name: str = "t.txt"):
    file = tmp_path / name
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize("shape", SHAPES)
def test_tables_of_every_shape_hold_the_same(tmp_path, shape):
    table = read_columns(write(tmp_path, SHAPES[shape]))
    pairs = zip(table.header, table.columns, strict=True)
    assert {name: [value.replace(",", ".") for value in values] for name, values in pairs} == ROWS
    lines = SHAPES[shape].splitlines()
    assert [lines[place - 1].strip(' "')[0] for place in table.places] == ["a", "b", "c"]
    assert guess_columns(table) == Columns("seq", ("measured",), "name")


def test_tables_that_pandas_and_pyarrow_wrote_hold_the_same(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({
        "name": ["a", "b", "c"], "seq": ["ACGTA", "CCGTN", "TTTGA"], "measured": [0.5, np.nan, -2.0],
        "bound": [True, False, True], "count": [3, 4, 5], "part": ["Train", "VAL", "test"],
    })  # fmt: skip
    frame.to_csv(tmp_path / "a.csv")  # with an index that has no name
    frame.to_csv(tmp_path / "b.dat", sep=";", decimal=",", compression="gzip", index=False)
    frame.to_csv(tmp_path / "c.csv", encoding="utf-16", sep="\t", index=False, na_rep="NA")
    frame.to_parquet(tmp_path / "d.dat")
    frame.to_parquet(tmp_path / "e.parquet", compression="gzip", row_group_size=1)
    for name in ("a.csv", "b.dat", "c.csv", "d.dat", "e.parquet"):
        table = read_columns(tmp_path / name)
        columns = guess_columns(table)
        assert (columns.sequence, columns.id, columns.part, columns.labels) == ("seq", "name", "part", ("bound",))
        recipe = LabelRecipe(("measured", "count"))
        examples = table_examples(table, columns, recipe=recipe)
        np.testing.assert_array_equal(examples.y, np.float32([[0.5, 3], [np.nan, 4], [-2, 5]]))
        assert examples.w.tolist() == [[1, 1], [0, 1], [1, 1]]
        assert examples.part.tolist() == ["train", "valid", "test"] and examples.tasks == ("measured", "count")
        bound = table_examples(table, columns)
        assert bound.y.ravel().tolist() == [1, 0, 1] and bound.classes == ("False", "True")
        assert [bound.text(i) for i in range(3)] == ["ACGTA", "CCGTN", "TTTGA"] and bound.ids.tolist() == [
            "a",
            "b",
            "c",
        ]
    preview = read_columns(tmp_path / "d.dat", limit=2)
    assert preview.n == 2 and preview.column("COUNT").tolist() == [3, 4]


def test_a_table_without_a_header_is_recognised(tmp_path):
    table = read_columns(write(tmp_path, "ACGTACGT\t1\nGGGTACGA\t0\nCCATACGA\t1\n"))
    assert table.header == ("column_1", "column_2") and table.places == [1, 2, 3]
    assert table.notes == ("the first line holds an example, so the columns have no names",)
    assert guess_columns(table) == Columns("column_1", ("column_2",))
    only = read_columns(write(tmp_path, "ACGTACGT\nGGGTACGA\n"))
    assert only.header == ("column_1",) and only.columns == [["ACGTACGT", "GGGTACGA"]]


def test_names_of_rows_as_r_writes_them_and_names_that_repeat(tmp_path):
    table = read_columns(write(tmp_path, "seq\ty\nr1\tACGTA\t1\nr2\tGGGTA\t2\n"))
    assert table.header == ("row", "seq", "y") and guess_columns(table) == Columns("seq", ("y",), "row")
    assert read_columns(write(tmp_path, "y,y,,#y\n1,2,3,4\n")).header == ("y", "y_2", "column_3", "y_4")


def test_bad_rows_are_skipped_and_listed_by_their_line(tmp_path):
    text = (
        "id,seq,y\na,ACGTA,1\n\nb,ACGTA\nc,ACG!A,2\nd,,3\ne,ACGTT,tall\nf,AC GTA,4\n"
        'g,"AC\nh,ACGTA,5,6\ni,ACGGG,NA\nj,ACGNN,7\nk,CCCCC,8\nl,CCCCC,9\nm,CCCCC,10\n'
    )
    file = write(tmp_path, text)
    examples = table_examples(read_columns(file), Columns("seq", ("y",), "id"))
    assert examples.ids.tolist() == list("afijklm")
    np.testing.assert_array_equal(examples.y[:, 0], np.float32([1, 4, np.nan, 7, 8, 9, 10]))
    assert examples.w[:, 0].tolist() == [1, 1, 0, 1, 1, 1, 1] and examples.text(1) == "ACGTA"
    letters = "of its sequence: use A, C, G, T (U) or an IUPAC code such as N"
    assert examples.skipped == (
        Skipped(str(file), 4, "has 2 fields where the header has 3"),
        Skipped(str(file), 5, f"has '!' at position 4 {letters}"),
        Skipped(str(file), 6, "has no sequence"),
        Skipped(str(file), 7, "has 'tall' in column 'y': it is no label"),
        Skipped(str(file), 9, "has a quoted field that runs over several lines: keep each example on one line"),
        Skipped(str(file), 10, "has 4 fields where the header has 3"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty: it should hold one example a line"),
        ("sep=;\n# nothing\n", "is empty"),
        ("seq,y\n", "has a header but no examples below it"),
        ("seq,y\nACGTA,1,2\nACGTA,1,2,3\nACGTA,1\nACGTA\n", "3 of 4 rows .*the first is line 2, which has 3 f"),
        ("seq,y\nAC!TA,1\nACGTA,1\nACG-A,2\n", "2 of 3 rows cannot be used; the first is line 2, which has '!' at"),
        ("seq,y\nACGTA,tall\nACGTA,short\nACGTC,1\n" + "".join(f"ACGTA,w{i}\n" for i in range(60)),
         "column 'y' is no label: there are 63 different words: these are names, not classes"),
        ("id,y\nx,1\ny,2\n", "has no column of sequences: say which it is; it has 'id', 'y'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path, text, message):
    file = write(tmp_path, text)
    with pytest.raises(DataError, match=message):
        table = read_columns(file)
        columns = guess_columns(table)
        table_examples(table, columns if columns.sequence is None else Columns("seq", ("y",)))


def test_damaged_parquet_is_told_in_a_sentence(tmp_path):
    file = tmp_path / "a.parquet"
    file.write_bytes(b"PAR1" + b"\x15" * 50 + b"PAR1")
    with pytest.raises(DataError, match="a.parquet cannot be read as Parquet"):
        read_columns(file)


def test_an_unknown_column_is_told_with_those_there_are(tmp_path):
    table = read_columns(write(tmp_path, SHAPES["commas"]))
    with pytest.raises(DataError, match="has no column 'z': it has 'name', 'seq', 'measured'"):
        table_examples(table, Columns("seq", ("z",)))
    assert table.column("SEQ") == ROWS["seq"]


# Guesses


PEAKS = "chrom,start,end,name,score,strand,sequence,signalValue,pValue\n" + "".join(
    f"chr{i},{10 * i},{10 * i + 5},p{i},0,{'+-'[i % 2]},ACGT{'ACGT'[i % 4]},{i / 7:.2f},{i}\n" for i in range(1, 9)
)


def test_coordinates_and_p_values_are_no_labels_by_themselves(tmp_path):
    columns = guess_columns(read_columns(write(tmp_path, PEAKS)))
    assert columns == Columns("sequence", ("signalValue",), "name", loci=("chrom", "start", "end", "strand"))
    assert columns.why["labels"] == "it is called 'signalValue' and holds numbers"
    without = guess_columns(read_columns(write(tmp_path, PEAKS.replace("signalValue", "SE"))))
    assert without.labels == () and without.others["labels"] == ("SE", "pValue")
    assert (
        without.why["labels"]
        == "SE, pValue look like coordinates, p-values, errors or names: choose if one is the label"
    )
    several = guess_columns(read_columns(write(tmp_path, "seq,K562,HepG2\nACGTA,1.5,2\nACGTC,2.5,3\n")))
    assert several.labels == () and several.others["labels"] == ("K562", "HepG2")
    assert several.why["labels"] == "any of K562, HepG2 could be the label: choose"


@pytest.mark.slow
@given(
    st.permutations(["id", "seq", "Dev_log2_enrichment", "Hk_log2_enrichment", "p_value", "start", "set", "w", "note"])
)
def test_the_order_of_columns_changes_no_guess(order):
    held = {
        "id": list("abcd"), "seq": ["ACGTA", "CCGTA", "GGGTA", "TTTTA"], "Dev_log2_enrichment": ["1", "2", "3", "4.5"],
        "Hk_log2_enrichment": ["0.5", "1", "", "2"], "p_value": ["0.1", "0.2", "0.3", "0.4"],
        "start": ["1", "5", "9", "14"], "set": ["tr", "tr", "va", "te"], "w": list("1211"), "note": list("xyyz"),
    }  # fmt: skip
    columns = guess_columns(Table("t", tuple(order), [held[name] for name in order], range(2, 6), ","))
    labels = tuple(name for name in order if name.endswith("enrichment"))
    assert columns == Columns("seq", labels, "id", "w", part="set")
    assert columns.why["labels"] == "the name of each says that it was measured"
    assert set(columns.others["labels"]) == {"p_value", "start", "note"}


def test_loci_come_from_columns_counted_from_0_or_1_and_from_ids(tmp_path):
    table = read_columns(write(tmp_path, PEAKS))
    loci = table_examples(table, guess_columns(table)).loci
    assert loci.chrom.tolist()[:2] == ["chr1", "chr2"] and loci.strand.tolist()[:2] == ["-", "+"]
    assert loci.start.tolist()[:2] == [10, 20] and loci.end.tolist()[:2] == [15, 25]
    from_1 = read_columns(write(tmp_path, "chr,start,end,seq,y\n1,11,15,ACGTA,1\n2,21,25,ACGTC,2\n"))
    loci = table_examples(from_1, guess_columns(from_1)).loci
    assert loci.start.tolist() == [10, 20] and loci.end.tolist() == [15, 25] and loci.strand.tolist() == [".", "."]
    ids = read_columns(write(tmp_path, "id,seq,y\nchr3:7-12(-),ACGTA,1\nchrX:8-13,ACGTC,0\n"))
    loci = table_examples(ids, guess_columns(ids)).loci
    assert [column.tolist() for column in loci] == [["chr3", "chrX"], [7, 8], [12, 13], ["-", "."]]


@pytest.mark.parametrize(
    "name", ["p", "pval", "P.Value", "p_value", "adj.P.Val", "padj", "neg_log10_p", "-log10(pvalue)", "qValue", "FDR",
             "SE", "std", "log2FC SE", "n"]
)  # fmt: skip
def test_names_of_confidence(name):
    assert looks_like_confidence(name)


@pytest.mark.parametrize("name", ["psi", "expression", "log2fc", "speed", "score", "efficacy", "signal", "pIC50"])
def test_names_of_measurements(name):
    assert not looks_like_confidence(name)


def test_a_set_column_is_read_in_any_spelling_and_other_words_are_told(tmp_path):
    words = [
        "tr",
        "TRAIN",
        "training",
        "Train_set",
        "va",
        "val",
        "Validation",
        "dev",
        "te",
        "Test",
        "hold-out",
        "t",
        "x",
        "",
    ]
    expected = ["train"] * 4 + ["valid"] * 4 + ["test"] * 3 + [""] * 3
    assert [part_of(word) for word in words] == expected
    parts, other = parts_of(words)
    assert parts.tolist() == expected and other == {"t": 1, "x": 1, "": 1}
    words = [word for word in words if word not in ("t", "")] + ["y"]
    rows = "".join(f"ACGT{'ACGT'[i % 4]},{i},{word}\n" for i, word in enumerate(words))
    table = read_columns(write(tmp_path, "seq,y,set\n" + rows))
    columns = guess_columns(table)
    assert columns == Columns("seq", ("y",), part="set")
    examples = table_examples(table, columns)
    assert examples.part.tolist() == [*expected[:11], "", ""]
    assert examples.notes == ("column 'set' has 2 values that are no part, such as 'x' (1), 'y' (1)",)


def test_a_t_is_the_training_part_only_where_no_other_word_is(tmp_path):
    parts, other = parts_of(["T", "V", "t", "test", "V"])
    assert parts.tolist() == ["train", "valid", "train", "test", "valid"] and not other
    rows = "".join(f"ACGT{'ACGT'[i % 4]},{i},{'T' if i > 7 else 'train'}\n" for i in range(10))
    table = read_columns(write(tmp_path, "seq,y,set\n" + rows))
    with pytest.raises(DataError, match="column 'set' has 2 values 'T', which may mean train or test: write the word"):
        table_examples(table, Columns("seq", ("y",), part="set"))


def test_weights_and_covariates(tmp_path):
    text = "seq,y,w,atac\nACGTA,1,2,0.5\nACGTC,,3,1.5\nACGTG,3,-1,2.5\nACGTT,4,1,open\nACGTT,5,0,4\n"
    table = read_columns(write(tmp_path, text))
    assert guess_columns(table) == Columns("seq", ("y",), weight="w")
    examples = table_examples(table, Columns("seq", ("y",), weight="w", covariates=("atac",)))
    assert examples.w[:, 0].tolist() == [2, 0, 0] and examples.covariates.tolist() == [[0.5], [1.5], [4]]
    assert examples.covariate_names == ("atac",)
    assert [(row.line, row.reason) for row in examples.skipped] == [
        (4, "has the weight '-1': it must be 0 or more"),
        (5, "has 'open' in column 'atac': it must be a number"),
    ]


def test_the_mpsa_table_as_its_authors_published_it(shared_data):
    file = shared_data / "own" / "mpsa_data.csv.gz"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    table = read_columns(file)
    columns = guess_columns(table)
    assert columns == Columns("x", ("y",), part="set")
    assert columns.others["labels"] == ("tot_ct", "ex_ct")
    examples = table_examples(table, columns)
    assert (examples.n, examples.alphabet, set(examples.lengths.tolist())) == (30_483, "RNA", {9})
    assert [int((examples.part == part).sum()) for part in ("train", "valid", "test")] == [18_469, 5_936, 6_078]
    assert examples.text(1) == "AGUGUGCAA" and examples.y[1, 0] == np.float32(-0.5879139108426135)
    ratio = table_examples(table, columns, recipe=LabelRecipe(("ex_ct", "tot_ct"), "ratio"))
    assert ratio.y[1, 0] == np.float32(np.log2(8 / 316)) and not ratio.skipped


@pytest.mark.slow
def test_a_table_is_read_in_memory_that_fits(tmp_path):
    file = tmp_path / "t.csv.gz"
    rows = "".join(f"r{i},{'ACGT'[i % 4] * 30},{i % 7}\n" for i in range(50_001))
    file.write_bytes(gzip.compress(("id,seq,label\n" + rows).encode()))
    table = read_columns(file)
    assert table.n == 50_001 and table.places[-1] == 50_002 and table.column("id")[-1] == "r50000"
    assert read_columns(file, limit=30_000).n == 30_000


def test_fields_of_any_length_and_quotes_within_a_block(tmp_path):
    long = "ACGT" * 50_000
    table = read_columns(write(tmp_path, f"seq, y\n{long}, 1\nACGTA, 2\n"))
    assert table.columns == [[long, "ACGTA"], ["1", "2"]]
    table = read_columns(write(tmp_path, 'id,seq\n"a, ""b""",ACGTA\n5" x,ACGTT\n'))
    assert table.column("id") == ['a, "b"', '5" x'] and not table.skipped
