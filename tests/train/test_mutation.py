"""Random mutations in training: how many, of what, and only there."""

from __future__ import annotations

import numpy as np
import torch

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.train.batches import mutated
from dnaconv_core.train.loop import fit


def test_a_share_of_the_bases_is_drawn_anew_and_n_stays_n():
    X = torch.zeros(500, 4, 40)
    X[:, 2, 1:] = 1  # N, then all G
    torch.manual_seed(0)
    new = mutated(X, 0.4)
    assert set(new.unique().tolist()) == {0.0, 1.0}
    assert not new[:, :, 0].any() and (new[:, :, 1:].sum(dim=1) == 1).all()
    letters = new[:, :, 1:].mean(dim=(0, 2))  # of 0.4 drawn anew a quarter is G again
    np.testing.assert_allclose(letters, [0.1, 0.1, 0.7, 0.1], atol=0.01)
    assert new.std(dim=0)[:, 1:].min() > 0 and new.std(dim=2).min(dim=0).values.max() > 0  # everywhere, in each its own
    assert torch.equal(mutated(X, 0.0), X)


def test_it_changes_what_is_learnt_and_repeats_itself():
    data = tf_binding(60, seed=2, length=41)
    config = ModelConfig(length=41, depth=1, filters=3, kernel_size=5, dropout=0.0)

    def trained(share: float) -> np.ndarray:
        model = build(config, 1)
        fit(model, data, data, TrainConfig(epochs=2, eval_every=2, batch_size=20, mutation=share))
        return predict(model, data)

    plain, changed = trained(0.0), trained(0.3)
    np.testing.assert_array_equal(changed, trained(0.3))
    assert np.abs(changed - plain).max() > 1e-4
