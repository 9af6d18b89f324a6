"""Presets: every setting that departs from the book's has its reason, and they build."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.train.batches import Loader, epoch_order

HOUSEKEEPING = {"eval_every", "checkpoint_every"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_tuned_differs_from_book_by_reasons(name):
    experiment = EXPERIMENTS[name]
    tuned, book = experiment.presets["tuned"], experiment.presets["book"]
    for setting in tuned.settings:
        assert setting in tuned.reasons or setting in HOUSEKEEPING, setting
    assert all("\n" not in reason for reason in tuned.reasons.values())
    assert experiment.model_config("tuned") != experiment.model_config("book")
    assert not book.reasons
    # nothing is chosen on validation data: its figures do not flatter
    assert experiment.train_config("tuned").keep == "last"


def test_only_chromatin_transforms_accessibility():
    assert EXPERIMENTS["chromatin"].model_config("tuned").covariate_transform == "log"
    assert EXPERIMENTS["tf_binding"].model_config("tuned").covariate_transform == "none"


def test_balanced_batches_count_the_imbalance_once():
    """The book's weights make up for the classes already; balanced batches of weighted examples would do it twice."""
    import dataclasses

    experiment = EXPERIMENTS["tf_binding"]
    data = experiment.synthetic(60, prevalence=0.2)
    positive = data.y[:, 0] == 1
    w = np.where(positive, 40.0, 0.5).astype(np.float32)[:, None]
    w[np.flatnonzero(positive)[0]] = 80.0
    data = dataclasses.replace(data, w=w)
    config = experiment.model_config("tuned", data)
    plain, balanced = (Loader(data, config, "cpu", balance=b).w.numpy()[:, 0] for b in (False, True))
    assert plain.max() == 80
    assert balanced[positive].mean() == pytest.approx(1) and balanced[~positive].mean() == pytest.approx(1)
    assert balanced[positive].max() == pytest.approx(2 * np.median(balanced[positive]))


def test_an_epoch_can_be_shorter_or_longer_than_the_data():
    y = (np.arange(50) % 10 == 0).astype(np.float32)[:, None]
    short = epoch_order(y, 0, 1, balance=True, size=20)
    assert len(short) == 20 and y[short].sum() == 10
    assert len(np.unique(short[y[short, 0] == 0])) == 10  # the frequent class without repeats
    assert len(epoch_order(y, 0, 1, balance=False, size=70)) == 70
    assert sorted(epoch_order(y, 0, 1, balance=False)) == list(range(50))
    assert len(np.unique(epoch_order(y, 0, 1, balance=False, size=20))) == 20
