from __future__ import annotations

import json
import shutil

import joblib
import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import read_diskdataset, write_diskdataset
from dnaconv_core.data.formats import FORMATS, dataset_info, read_dataset, recognise
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.encoding import one_hot

SEQUENCES = ["ACGTA", "CCGTN", "TTTTT"]


def make(name: str, folder):
    """A small dataset in each format: the same sequences and ids."""
    if name == "diskdataset":
        y = np.array([[1], [0], [1]], np.float32)
        return write_diskdataset(Dataset(one_hot(SEQUENCES), y, y + 1, np.array(["a", "b", "c"])), folder / "d")
    text = {
        "fasta": "".join(f">{i}\n{s}\n" for i, s in zip("abc", SEQUENCES, strict=True)),
        "table": "id,sequence,y\n" + "".join(f"{i},{s},1\n" for i, s in zip("abc", SEQUENCES, strict=True)),
    }[name]
    file = folder / {"fasta": "d.fa", "table": "d.csv"}[name]
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_recognised_and_read(tmp_path, name):
    path = make(name, tmp_path)
    assert recognise(path) == name
    assert recognise(str(path)) == name
    data = read_dataset(path)
    assert data.sequences() == SEQUENCES
    assert data.ids.tolist() == ["a", "b", "c"]
    assert read_dataset(str(path), alphabet="RNA").sequences() == [s.replace("T", "U") for s in SEQUENCES]
    covariates = tmp_path / "cov.txt"
    covariates.write_text("c 3\nb 2\na 1\n")
    joined = read_dataset(path, covariates=covariates)
    assert joined.covariates.tolist() == [[1], [2], [3]]
    assert joined.covariate_names == ("accessibility",)
    assert json.loads(json.dumps(dataset_info(joined))) == dataset_info(joined)


def test_nothing_there_is_said_so(tmp_path):
    with pytest.raises(DataError, match="none does not exist: check the name"):
        read_dataset(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty is empty: a dataset folder holds metadata\.csv\.gzip"):
        read_dataset(tmp_path / "empty")
    (tmp_path / "empty" / "note.md").write_text("hello")
    with pytest.raises(DataError, match="empty has no dataset in it"):
        read_dataset(tmp_path / "empty")
    with pytest.raises(DataError, match=r"note\.md is in none of the known formats: give a DeepChem"):
        read_dataset(tmp_path / "empty" / "note.md")
    make("diskdataset", tmp_path / "empty")
    with pytest.raises(DataError, match="is not a dataset itself but holds some: choose one of d"):
        read_dataset(tmp_path / "empty")


def test_info_of_a_regression_and_of_classes():
    y = np.array([[1, 0.5], [0, -0.5], [1, 9]], np.float32)
    w = np.array([[1, 1], [1, 1], [1, 0]], np.float32)
    data = Dataset(
        one_hot(SEQUENCES),
        y,
        w,
        np.array(["chr1:1-6", "NT_113.1:1-6(-)", "chr1:1,007-1,012"]),
        np.array([[1.0], [2.0], [6.0]]),
        ("a",),
    )
    info = dataset_info(data)
    assert (info["n"], info["length"], info["alphabet"]) == (3, 5, "DNA")
    assert info["composition"] == pytest.approx({"A": 2 / 15, "C": 3 / 15, "G": 2 / 15, "T": 7 / 15, "N": 1 / 15})
    first, second = info["labels"]
    assert (first["kind"], first["n"], first["positives"], first["prevalence"]) == (
        "binary",
        3,
        2,
        pytest.approx(2 / 3),
    )
    assert (second["kind"], second["n"], second["min"], second["max"]) == ("regression", 2, -0.5, 0.5)
    assert second["mean"] == 0
    assert info["covariates"] == [{"name": "a", "min": 1, "max": 6, "mean": 3, "std": pytest.approx(np.sqrt(14 / 3))}]
    assert info["chromosomes"] == {"chr1": 2, "NT_113.1": 1}


def test_info_reads_maps_in_blocks(tmp_path, shared_data, monkeypatch):
    folder = shared_data / "sirna" / "valid_siRNA"
    whole = dataset_info(read_diskdataset(folder, alphabet="RNA"))
    mapped = read_diskdataset(folder, alphabet="RNA", budget_bytes=1)
    assert dataset_info(mapped) == whole
    assert dataset_info(mapped.subset(np.arange(244))) == whole
    assert whole["labels"][0]["max"] == pytest.approx(1.341, abs=1e-3)
    assert "chromosomes" not in whole
    assert sum(whole["composition"].values()) == pytest.approx(1)


def test_a_copied_folder_of_the_book_is_a_dataset(tmp_path, shared_data):
    folder = shutil.copytree(shared_data / "sirna" / "valid_siRNA", tmp_path / "mine")
    assert len(read_dataset(folder, alphabet="RNA")) == 244


def test_info_counts_classes():
    y, w = np.float32([[0, 0], [2, 5], [1, 1], [2, 2], [1, 0]]), np.ones((5, 2), np.float32)
    w[4, 0] = 0
    data = Dataset(one_hot(["ACG"] * 5), y, w, np.arange(5).astype(str), None, ())
    classes, gaps = dataset_info(data)["labels"]
    assert (classes["kind"], classes["counts"], classes["n"]) == ("classes", [1, 1, 2], 4)
    assert gaps["kind"] == "regression" and "counts" not in gaps  # 3 and 4 never occur


@pytest.mark.parametrize(
    ("part", "n", "length", "positives"),
    [
        ("jund_chr22/valid_dataset", 34527, 101, 146),
        ("sirna/train_siRNA", 2187, 21, None),
        ("sirna/valid_siRNA", 244, 21, None),
    ],
)
def test_every_folder_of_the_books_data_is_read(shared_data, part, n, length, positives):
    folder = shared_data / part
    data = read_diskdataset(folder)
    assert data.X.shape == (n, 4, length)
    np.testing.assert_array_equal(data.X, joblib.load(folder / "shard-0-X.joblib").transpose(0, 2, 1))
    np.testing.assert_array_equal(data.y, joblib.load(folder / "shard-0-y.joblib").astype(np.float32))
    assert data.ids.tolist() == joblib.load(folder / "shard-0-ids.joblib").astype(str).tolist()
    if positives:
        assert data.y.sum() == positives
