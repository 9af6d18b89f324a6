"""DiskDataset folders that are written: read again as they were, in the layout of the book's."""

from __future__ import annotations

import gzip

import joblib
import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import read_diskdataset, write_diskdataset
from dnaconv_core.errors import DataError

N, L, T = 11, 7, 2


def a_dataset(n: int = N, **more) -> Dataset:
    rng = np.random.default_rng(1)
    return Dataset(
        np.eye(5, 4, dtype=np.int8)[rng.integers(0, 5, (n, L))].transpose(0, 2, 1),
        rng.random((n, T)).astype(np.float32),
        rng.random((n, T)).astype(np.float32),
        np.array([f"chr1:{i}-{i + L}" for i in range(n)]),
        **more,
    )


@pytest.mark.parametrize("size", [None, 1, 4, 11, 100])
def test_what_is_written_is_read_again(tmp_path, size):
    data = a_dataset(covariates=np.arange(2 * N, dtype=np.float32).reshape(N, 2), covariate_names=("open", "gc"))
    again = read_diskdataset(write_diskdataset(data, tmp_path / "a" / "d", shard_size=size))
    for part in ("X", "y", "w", "ids", "covariates"):
        np.testing.assert_array_equal(getattr(again, part), getattr(data, part))
        assert getattr(again, part).dtype == getattr(data, part).dtype or part == "ids"
    assert again.covariate_names == data.covariate_names


def test_maps_and_object_ids_are_written(tmp_path):
    data = a_dataset()
    mapped = read_diskdataset(write_diskdataset(data, tmp_path / "d"), budget_bytes=1).subset(np.arange(N)[::-1])
    objects = Dataset(mapped.X, mapped.y, mapped.w, mapped.ids.astype(object))
    again = read_diskdataset(write_diskdataset(objects, tmp_path / "e", shard_size=3))
    np.testing.assert_array_equal(again.X, data.X[::-1])
    assert again.ids.tolist() == data.ids[::-1].tolist()


def test_data_without_labels_are_written(tmp_path):
    none = np.empty((N, 0), np.float32)
    again = read_diskdataset(write_diskdataset(Dataset(a_dataset().X, none, none, np.arange(N)), tmp_path / "d"))
    assert again.y.shape == (N, 0)


def test_a_written_folder_has_the_layout_of_the_books(tmp_path, shared_data):
    """The same file names, metadata columns and rows, tasks and compression; joblib itself reads the same arrays."""
    book = shared_data / "sirna" / "valid_siRNA"
    folder = write_diskdataset(read_diskdataset(book, alphabet="RNA"), tmp_path / "d")
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in book.iterdir())

    def metadata(path):
        return gzip.decompress((path / "metadata.csv.gzip").read_bytes())

    assert metadata(folder) == metadata(book)
    assert (folder / "tasks.json").read_text() == (book / "tasks.json").read_text()
    for part in ("X", "y", "w", "ids"):
        written, original = folder / f"shard-0-{part}.joblib", book / f"shard-0-{part}.joblib"
        assert written.read_bytes()[:2] == original.read_bytes()[:2]
        ours, theirs = joblib.load(written), joblib.load(original)
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(ours.astype(str) if part == "ids" else ours, theirs.astype(ours.dtype))
    assert joblib.load(folder / "shard-0-X.joblib").dtype == joblib.load(book / "shard-0-X.joblib").dtype
    assert oct(folder.stat().st_mode)[-3:] == "755"


def test_nothing_is_overwritten_or_left_half_done(tmp_path, monkeypatch):
    target = tmp_path / "d"
    target.mkdir()
    write_diskdataset(a_dataset(), target)  # an empty folder will do
    with pytest.raises(DataError, match="exists already: choose another name"):
        write_diskdataset(a_dataset(), target)

    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr("joblib.dump", full)
    with pytest.raises(OSError, match="no space left"):
        write_diskdataset(a_dataset(), tmp_path / "e")
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["d"]
