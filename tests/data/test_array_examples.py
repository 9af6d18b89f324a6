"""NPZ files as examples: either layout, texts, parts; nothing unpickled and nothing huge unpacked."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from dnaconv_core.data.array_examples import read_npz
from dnaconv_core.errors import DataError, UnsafeFileError

CODES = np.array([[0, 1, 2, 3, 4], [3, 3, 1, 0, 0], [4, 2, 2, 2, 1]])  # (3, 5): ACGTN, TTCAA, NGGGC
X = np.eye(5, 4)[CODES]  # (3, 5, 4), zeros for N
TEXTS = ["ACGTN", "TTCAA", "NGGGC"]


def letters(examples) -> list[str]:
    return [examples.text(i) for i in range(examples.n)]


@pytest.mark.parametrize("layout", ["channels last", "channels first", "shares for N", "text", "bytes"])
def test_sequences_in_every_layout(tmp_path, layout):
    held = {
        "channels last": X.astype(np.int8),
        "channels first": X.swapaxes(1, 2).astype(bool),
        "shares for N": np.where(X.any(axis=2, keepdims=True), X, 0.25).astype(np.float32),
        "text": np.array(TEXTS),
        "bytes": np.array(TEXTS, "S"),
    }[layout]
    y = np.array([[1, np.nan], [0, 2], [1, 3]])
    np.savez_compressed(tmp_path / "a.npz", X=held, y=y, ids=np.array(["a", "b", "a"]), other=np.zeros((2, 2)))
    examples = read_npz(tmp_path / "a.npz")
    assert letters(examples) == TEXTS and examples.ids.tolist() == ["a", "b", "a"]
    np.testing.assert_array_equal(examples.y, y.astype(np.float32))
    assert examples.w.tolist() == [[1, 0], [1, 1], [1, 1]] and examples.tasks == ("label_1", "label_2")


def test_parts_weights_and_words(tmp_path):
    np.savez(
        tmp_path / "a.npz", x_train=X, y_train=np.array(["liver", "brain", "liver"]), w_train=np.array([2, 0, 1]),
        X_test=X[:2], test_labels=np.array(["Brain", "liver"]), x_val=X[:1], y_val=np.array(["liver"]),
    )  # fmt: skip
    examples = read_npz(tmp_path / "a.npz", alphabet="RNA")
    assert examples.part.tolist() == ["train"] * 3 + ["test"] * 2 + ["valid"]
    assert examples.y.ravel().tolist() == [1, 0, 1, 0, 1, 1] and examples.w.ravel().tolist() == [2, 0, 1, 1, 1, 1]
    assert examples.classes == ("brain", "liver")
    assert letters(examples)[:2] == ["ACGUN", "UUCAA"] and examples.ids.tolist()[:4] == [
        "train_1", "train_2", "train_3", "test_1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ({"z": X}, DataError, "has no array of sequences: call it X; it has 'z'"),
        ({"X": X, "y": np.zeros(2)}, DataError, r"y has shape \(2,\) but X has 3 rows"),
        ({"X": X[0]}, DataError, r"X has shape \(5, 4\): one-hot is"),
        ({"X": 2 * X}, DataError, r"row 0, position 0 \(counted from 0\) of X holds \[2.0, 0.0, 0.0, 0.0\]"),
        ({"X": X + np.roll(X, 1, axis=2)}, DataError, r"row 0, position 0 .* of X holds \[1.0, 1.0, 0.0, 0.0\]"),
        ({"X": np.array(["ACG", "A!G"])}, DataError, r"row 1 \(counted from 0\) has '!' at position 2"),
        ({"X": np.array([object()])}, UnsafeFileError, "X.npy holds object values: only numbers and text are read"),
    ],
)
def test_what_is_no_example_is_told(tmp_path, arrays, error, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(error, match=message):
        read_npz(tmp_path / "a.npz")


def test_huge_and_damaged_files_are_refused_before_room_is_made(tmp_path, monkeypatch):
    file = tmp_path / "a.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|i1", "fortran_order": False, "shape": (1 << 40, 101, 4)})
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", header.getvalue())
    with pytest.raises(UnsafeFileError, match="X.npy declares more than it holds"):
        read_npz(file)
    np.savez_compressed(file, X=np.zeros((100_000, 5, 4), np.int8))
    monkeypatch.setattr("dnaconv_core.data.array_examples.ARRAYS_BYTES", 1_000_000)
    with pytest.raises(UnsafeFileError, match=r"unpacks to 0.0 GiB: split it"):
        read_npz(file)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match="cannot be read as NPZ"):
        read_npz(file)
    with pytest.raises(DataError, match="does not exist"):
        read_npz(tmp_path / "none.npz")
