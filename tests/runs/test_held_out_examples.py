"""Held-out examples of a model: those kept with it, or made again, with the words for which of both they are."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.held_out import PREDICTIONS, WHOLE, kept_of, read_kept, write_kept
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import SYNTHETIC, load_parts
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.runs.held_out import held_out


@pytest.fixture
def folder(tmp_path):
    """A small model that says it learned from synthetic data, of which nothing is kept."""
    config = get_experiment("chromatin").model_config("quick").replace(depth=1, filters=2, members=1)
    return save_bundle(tmp_path / "model", build(config, 0), "chromatin", record={"data": SYNTHETIC})


@pytest.mark.slow
def test_what_is_not_kept_is_predicted_again(folder):
    data = held_out(folder)
    _, valid = load_parts(get_experiment("chromatin"), SYNTHETIC)
    np.testing.assert_array_equal(data.ids, valid.ids)
    np.testing.assert_allclose(data.prediction, predict(load_bundle(folder).model, valid)[:, 0])
    np.testing.assert_array_equal(data.one_hot(slice(3, 8)), valid.X[3:8])
    np.testing.assert_array_equal(data.beside(), valid.covariates)
    assert data.sequence(5) == valid.sequences(slice(5, 6))[0]
    assert (
        data.own and data.words == "the validation part of its own data" and data.covariate_names == ("accessibility",)
    )


def test_the_model_is_not_needed_for_what_is_kept(folder):
    first = held_out(folder)
    _, valid = load_parts(get_experiment("chromatin"), SYNTHETIC)
    w = valid.w.copy()
    w[::3] = 0
    write_kept(folder, kept_of(valid, first.prediction[:, None])._replace(w=w))
    again = held_out(folder, load=lambda _: pytest.fail("the model was read"))
    known = np.flatnonzero(w[:, 0])
    np.testing.assert_array_equal(again.rows, known)
    np.testing.assert_array_equal(again.ids, first.ids[known])
    np.testing.assert_allclose(again.prediction, first.prediction[known])


def test_data_that_are_gone_are_replaced_and_that_is_said(tmp_path):
    config = get_experiment("rnai").model_config("quick").replace(depth=1, filters=2)
    folder = save_bundle(tmp_path / "model", build(config, 0), "rnai", record={"data": str(tmp_path / "gone")})
    data = held_out(folder)
    assert not data.own and data.words == "synthetic data, as its own is not here"
    assert data.beside() is None and data.one_hot().shape[1:] == (4, 21)


def test_no_label_that_is_known_is_told(folder):
    _, valid = load_parts(get_experiment("chromatin"), SYNTHETIC)
    write_kept(folder, kept_of(valid, valid.y)._replace(w=np.zeros_like(valid.w)))
    assert (folder / PREDICTIONS).is_file() and read_kept(folder, *WHOLE).w.sum() == 0
    with pytest.raises(DataError, match="no label is known in the validation part of its own data"):
        held_out(folder)
