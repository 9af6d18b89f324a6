"""The predictions kept with a model: back as they went in, and every damage told in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import BundleError
from dnaconv_core.evaluate.held_out import PREDICTIONS, WHOLE, kept_of, read_kept, write_kept
from dnaconv_core.sequence.encoding import one_hot

WHOLE_FILE = {
    "ids": np.array(["a", "bb", "c"]),
    "y": np.float32([[0, 1], [1, np.nan], [0, 0]]),
    "w": np.float32([[1, 1], [1, 0], [0, 1]]),
    "prediction": np.float32([[0.1, 0.9], [0.8, 0.2], [0.3, np.nan]]),
    "codes": np.uint8([[0, 1, 2, 3, 4]] * 3),
    "covariates": np.float32([[1, 2, 3, 4]] * 3),
}


def test_what_is_kept_comes_back(tmp_path):
    assert read_kept(tmp_path) is None
    X, y = one_hot(["ACGTN", "NNACG", "TTTTT"]), WHOLE_FILE["y"]
    data = Dataset(X, y, WHOLE_FILE["w"], WHOLE_FILE["ids"], None, (), "DNA", "three")
    write_kept(tmp_path, kept_of(data, WHOLE_FILE["prediction"]))
    kept = read_kept(tmp_path, *WHOLE)
    assert kept.ids.tolist() == ["a", "bb", "c"] and kept.covariates.shape == (3, 0)
    assert kept.codes.tolist() == [[0, 1, 2, 3, 4], [4, 4, 0, 1, 2], [3] * 5]
    np.testing.assert_array_equal(kept.y, y)
    np.testing.assert_array_equal(kept.w, WHOLE_FILE["w"])


def test_a_file_without_weights_knows_the_labels_that_are_numbers(tmp_path):
    np.savez(tmp_path / PREDICTIONS, y=WHOLE_FILE["y"], prediction=WHOLE_FILE["prediction"])
    kept = read_kept(tmp_path, "y")
    assert kept.w.tolist() == [[1, 1], [1, 0], [1, 1]] and kept.codes.shape == (3, 0)
    assert kept.ids.tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"codes": None}, r"cannot be read: it does not hold validation predictions \(.*codes"),
        ({"ids": np.array(["a", "b"])}, r"labels \(3, 2\).* ids \(2,\).* which do not belong together"),
        ({"prediction": np.zeros((3, 1))}, r"predictions \(3, 1\), .* which do not belong together: train or import"),
        ({"covariates": np.zeros(3)}, r"and covariates \(3,\), which do not belong together"),
        ({name: np.zeros((3, 0)) for name in ("y", "w", "prediction")}, r"has labels \(3, 0\), no column of them"),
        ({"prediction": np.full((3, 2), np.inf)}, "holds infinite numbers as predictions"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(tmp_path, change, sentence):
    parts = {name: part for name, part in (WHOLE_FILE | change).items() if part is not None}
    np.savez(tmp_path / PREDICTIONS, **parts)
    with pytest.raises(BundleError, match=sentence):
        read_kept(tmp_path, *WHOLE)


def test_pickled_objects_are_not_read(tmp_path):
    np.savez(tmp_path / PREDICTIONS, y=np.array([[object()]]), prediction=np.zeros((1, 1)))
    with pytest.raises(BundleError, match="cannot be read.*allow_pickle"):
        read_kept(tmp_path, "y")
