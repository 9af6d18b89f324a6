"""What layers make of a sequence, and a motif moved through one background: against the network itself."""

from __future__ import annotations

import numpy as np
import torch

from dnaconv_core.evaluate.detail import response
from dnaconv_core.interpret.activations import activations
from dnaconv_core.interpret.marginalize import through_one, typical_covariates
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import decode, one_hot

BESIDE = {
    "covariates": ("openness",),
    "covariate_transform": "log",
    "covariate_mean": (-3.0,),
    "covariate_scale": (1.5,),
}
SEQUENCE = "ACGTTGCAAGCTTACGGATC"


def test_every_layer_is_scaled_by_its_strongest_unit():
    model = build(ModelConfig(length=20, depth=2, filters=3, kernel_size=5), 1)
    first, second = activations(model, SEQUENCE)  # in training mode, with dropout
    assert model.training
    model.eval()
    X = torch.from_numpy(one_hot(SEQUENCE)).float()
    for layer, found in enumerate((first, second), 1):
        raw = model.features(X, layer)[0].detach().numpy()
        assert found.shape == raw.shape == (3, raw.shape[1]) and found.max() == 1
        np.testing.assert_allclose(found * raw.max(), raw, atol=1e-6)


def test_a_word_is_put_at_every_place_of_one_background():
    model = build(ModelConfig(length=20, depth=1, filters=3, kernel_size=5, **BESIDE), 2)
    said, logits = through_one(model, one_hot(SEQUENCE)[0], "TTTT")
    assert said.shape == logits.shape == (18,)  # 17 places, and none
    texts = [SEQUENCE[:i] + "TTTT" + SEQUENCE[i + 4 :] for i in range(17)] + [SEQUENCE]
    beside = np.tile(typical_covariates(model.config), (18, 1))
    np.testing.assert_allclose(said, predict(model, one_hot(texts), beside)[:, 0], atol=1e-6)
    assert decode(one_hot(SEQUENCE))[0] == SEQUENCE  # the background is left as it was


def test_the_shares_of_sequence_and_covariate_sum_to_the_logit():
    model = build(ModelConfig(length=20, depth=1, filters=3, kernel_size=5, **BESIDE), 3)
    tried = np.array([0.001, 0.02, 0.4])
    found = response(model, one_hot(SEQUENCE)[0], tried, np.float32([0.02]))
    X = np.repeat(one_hot(SEQUENCE), 3, axis=0)
    logits = predict(model, X, np.float32(tried)[:, None], output="logit")[:, 0]
    np.testing.assert_allclose(found.of_sequence + found.of_covariate, logits, atol=1e-5)
    np.testing.assert_allclose(found.prediction, 1 / (1 + np.exp(-logits)), atol=1e-6)
    assert len(set(found.of_sequence.tolist())) == 1
    at_mean = response(model, one_hot(SEQUENCE)[0], typical_covariates(model.config), np.float32([0.02]))
    np.testing.assert_allclose(at_mean.of_covariate, 0, atol=1e-5)
