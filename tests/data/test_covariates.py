from __future__ import annotations

import gzip

import numpy as np
import pytest

from dnaconv_core.data.covariates import covariates_for, join_covariates, read_covariates
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.errors import DataError, UnsafeFileError


def dataset(ids: list[str]) -> Dataset:
    n = len(ids)
    return Dataset(
        np.zeros((n, 4, 7), np.int8), np.zeros((n, 1)), np.ones((n, 1)), np.array(ids), name="the example set"
    )


def test_plain_lines_join_by_id_and_not_by_place(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("c 3\na 1e-3\n\nunused 9\nb -2.5\n")
    joined = join_covariates(dataset(["a", "b", "c"]), file)
    assert joined.covariate_names == ("accessibility",)
    assert joined.covariates.dtype == np.float32
    np.testing.assert_allclose(joined.covariates, [[1e-3], [-2.5], [3]])
    np.testing.assert_allclose(covariates_for(["b", "c", "b"], file), [[-2.5], [3], [-2.5]])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("id,open,closed\na,1,2\nb,3,4\n", ("open", "closed")),
        ("id\topen\tclosed\na\t1\t2\nb\t3\t4\n", ("open", "closed")),
        ('"id","open","closed"\n"a",1,2\n"b",3,4\n', ("open", "closed")),
        ("#id open closed\na 1 2\nb 3 4\n", ("open", "closed")),
        ("a 1 2\nb 3 4\n", ()),
        ("a\t1\t2\r\nb\t3\t4\r\n", ()),
        ("\ufeffid,open,closed\na,1,2\nb,3,4", ("open", "closed")),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_columns_headers_and_gzip(tmp_path, text, names, packed):
    file = tmp_path / ("a.txt.gz" if packed else "a.txt")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    found = read_covariates(file)
    assert found.ids.tolist() == ["a", "b"]
    assert found.names == names
    np.testing.assert_array_equal(found.values, [[1, 2], [3, 4]])
    assert join_covariates(dataset(["b"]), file, name="v").covariate_names == (names or ("v_1", "v_2"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1\nb x\nc y\nd nan\n", r"line 2 has 'x' where a finite number should be \(2 more lines cannot be used"),
        ("b nan\n", "line 1 has 'nan' where a finite number should be:"),
        ("b inf\n", "line 1 has 'inf'"),
        ("b 1e99\n", "line 1 has '1e99'"),
        ("b 1_0\n", "line 1 has '1_0'"),
        ("id,v\na,\n", "line 2 has ''"),
        ("a 1\n\nb 2\na 3\nb 3\n", r"line 1 has another value than line 4, which repeats its id 'a' \(3 more lines"),
        ("a\nb\n", "line 1 does not have 2 fields"),
        ("id,v\n", "has a header but no values"),
        ("id,v,w\na,1\n", "the header names 2 columns of values but line 2 has 1"),
        ("", "is empty"),
        ('a,1\n"b,2\nc,3\n', "quoted field that runs over several lines"),
        ("a," + "1" * 200_000 + "\n", "cannot be split into fields"),
        ("a 1\0\n", "is not a text file"),
    ],
)
def test_a_bad_file_is_refused_by_its_first_bad_line(tmp_path, text, message):
    file = tmp_path / "a.txt"
    file.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_covariates(file)
    assert str(file) in str(caught.value)


def test_bad_lines_are_listed_and_the_rest_goes_on(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("id\tv\na\t1\nb\tx\nc\t3\nd\t4\t4\ne\t5\nf\t6\nf\t6\ng\t7\nh\tnan\na\t1.5\ni\t9\n")
    found = read_covariates(file)
    assert found.ids.tolist() == ["c", "e", "f", "g", "i"] and found.bad == {"a", "b", "d", "h"}
    assert [(one.line, one.reason) for one in found.skipped] == [
        (2, "has another value than line 11, which repeats its id 'a'"),
        (3, "has 'x' where a finite number should be"),
        (5, "does not have 2 fields (an id and 1 value)"),
        (10, "has 'nan' where a finite number should be"),
        (11, "repeats the id 'a' of line 2 with another value"),
    ]
    joined = join_covariates(dataset(["g", "b", "c"]), file)
    assert joined.ids.tolist() == ["g", "c"] and joined.covariates.ravel().tolist() == [7, 3]
    assert joined.skipped == found.skipped
    with pytest.raises(DataError, match="line 2 has another value"):
        join_covariates(dataset(["b", "a"]), file)


def test_a_missing_id_is_named_and_the_rest_counted(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("b 1\nd 2\n")
    with pytest.raises(DataError, match="no value for id 'a' and 1 more of the 4 in the example set: add a line"):
        join_covariates(dataset(["a", "b", "c", "d"]), file)
    with pytest.raises(DataError, match="no value for id 'z' of the 2 in what was given"):
        covariates_for(["b", "z"], file)


def test_not_text_and_too_much_text(tmp_path, monkeypatch):
    file = tmp_path / "a.txt"
    file.write_bytes(b"a 1\nb \xff\x02\n")
    with pytest.raises(DataError, match="byte 6 is neither UTF-8 nor Windows text"):
        read_covariates(file)
    file.write_bytes(gzip.compress(b"a 1\n" * 100)[:-9])
    with pytest.raises(DataError, match="cannot be read to its end"):
        read_covariates(file)
    with pytest.raises(DataError, match="does not exist"):
        read_covariates(tmp_path / "none.txt")
    from dnaconv_core.text import read_text

    file.write_bytes(gzip.compress(b"a 1\n" * 2_500_000))
    with pytest.raises(UnsafeFileError, match="more than 1 MiB of text"):
        read_text(file, limit=1 << 20)


@pytest.mark.slow
def test_the_books_accessibility_joins_the_books_windows(shared_data):
    windows = read_diskdataset(shared_data / "jund_chr22" / "valid_dataset")
    joined = join_covariates(windows, shared_data / "jund_chr22" / "accessibility.txt")
    assert joined.covariates.shape == (34527, 1)
    with open(shared_data / "jund_chr22" / "accessibility.txt") as file:
        truth = dict(line.split() for line in file)  # a second reader
    for row in (0, 1234, 34526):
        assert joined.covariates[row, 0] == np.float32(truth[joined.ids[row]])
    assert joined.covariates.max() < 0.13
