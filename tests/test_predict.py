from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import encode_records, predict
from dnaconv_core.sequence.encoding import one_hot, parse_pasted

X = one_hot(["ACGTACGTACGTA", "TTTTACGNACGTA", "GGGTACCTACGTA", "ACGTTTTTACGTA", "CCCCCCCCCCCCC"])
CONFIG = ModelConfig(length=13, kernel_size=4, filters=6, covariates=("a", "b"))
COVARIATES = np.arange(10, dtype=np.float32).reshape(5, 2)


def test_batched_equals_unbatched():
    model = build(CONFIG)
    whole = predict(model, X, COVARIATES)
    np.testing.assert_allclose(predict(model, X, COVARIATES, batch_size=2), whole, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_comes_in_order_and_a_stop_leaves_the_rest_out(threads):
    import torch

    model, told, usual = build(CONFIG), [], torch.get_num_threads()
    many, beside = np.tile(X, (40, 1, 1)), np.tile(COVARIATES, (40, 1))

    class Stops:
        def report(self, fraction, message):
            told.append(message)

        def should_stop(self):
            return len(told) == 3

    torch.set_num_threads(threads)
    try:
        found = predict(model, many, beside, batch_size=2, progress=Stops())
    finally:
        torch.set_num_threads(usual)
    assert told == [f"{n} of 200 sequences" for n in (2, 4, 6)]
    reached = np.isfinite(found[:, 0])
    np.testing.assert_allclose(found[:6], predict(model, many[:6], beside[:6]), atol=1e-6)
    assert 6 <= reached.sum() < 30 and not np.diff(reached.astype(int)).max() > 0  # what was begun is finished


def test_prediction_is_the_sigmoid_of_the_logit():
    model = build(CONFIG)
    logit = predict(model, X, COVARIATES, output="logit")
    np.testing.assert_allclose(predict(model, X, COVARIATES), 1 / (1 + np.exp(-logit)), rtol=1e-5)


def test_model_is_left_as_it_was_also_after_an_error():
    model = build(CONFIG).train()
    predict(model, X, COVARIATES)
    assert model.training

    class Breaks:
        def should_stop(self):
            raise RuntimeError("stop here")

        def report(self, fraction, message):
            pass

    with pytest.raises(RuntimeError, match="stop here"):
        predict(model, X, COVARIATES, progress=Breaks())
    assert model.training


def test_covariates_of_a_dataset_are_matched_by_name():
    model = build(CONFIG)
    n = len(X)
    data = Dataset(X, np.zeros((n, 1)), np.ones((n, 1)), np.arange(n).astype(str), COVARIATES[:, ::-1], ("b", "a"))
    np.testing.assert_array_equal(predict(model, data), predict(model, X, COVARIATES))


@pytest.mark.parametrize(
    ("x", "covariates", "message"),
    [
        (X[:, :, :9], COVARIATES, "the sequences have 9 bases; this model reads 13"),
        (X[0], COVARIATES, r"X has shape \(4, 13\)"),
        (X, None, "this model needs a, b beside each sequence"),
        (X, COVARIATES[:3], r"covariates have shape \(3, 2\)"),
        (X, np.where(COVARIATES == 4, np.nan, COVARIATES), "the covariates of sequence 3 are not finite"),
    ],
)
def test_input_that_does_not_fit_is_named(x, covariates, message):
    with pytest.raises(InputError, match=message):
        predict(build(CONFIG), x, covariates)


def test_records_of_another_length_are_named():
    records = parse_pasted(">one\nACGTACGTACGTA\n>two\nACGT\n")
    with pytest.raises(InputError, match=r"sequence 2 \('two'\) has 4 bases; this model reads 13: pad it with N"):
        encode_records(records, CONFIG)


@pytest.mark.parametrize(("said", "bytes_"), [(2**21, 2**21), (2**19, 2**20), (None, 2**20), (2**30, 2**22)])
def test_a_batch_fills_the_caches_there_are(monkeypatch, said, bytes_):
    import torch

    from dnaconv_core import predict as module

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {} if said is None else {"l2_cache_size": said})
    assert module._cached() * 4 == 1.5 * bytes_
