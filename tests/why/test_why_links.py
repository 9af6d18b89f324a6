"""What the links of Why Conv1D? open on the Train page trains, and shows at full size what was claimed.

A few epochs are enough for what is learnt; what is not learnt is given longer.
"""

from __future__ import annotations

import functools
import json

import pytest

from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.experiments.sources import SYNTHETIC, load_parts
from dnaconv_core.model.convnet import build
from dnaconv_core.train.loop import fit
from dnaconv_core.why.claims import CLAIMS

pytestmark = pytest.mark.slow


def trained(claim: str, **changes) -> tuple[float, float]:
    """ROC-AUC of the weights kept on training and held-out data, with the link's settings but for `changes`."""
    settings = CLAIMS[claim].settings | changes
    if settings.get("loss") == "cross_entropy":  # what 'auto' means here: the same network need not be trained twice
        settings.pop("loss")
    return _trained(CLAIMS[claim].experiment, json.dumps(settings, sort_keys=True))


@functools.cache
def _trained(name: str, stored: str) -> tuple[float, float]:
    experiment, settings = EXPERIMENTS[name], json.loads(stored)
    preset = settings.pop("preset")
    train, valid = load_parts(experiment, SYNTHETIC)
    schedule = experiment.train_config(preset, **settings)
    history = fit(build(experiment.model_config(preset, train, **settings)), train, valid, schedule)
    assert history.stopped in ("", "early")
    kept = next(found for found in history.evaluations if found.epoch == history.best_epoch)
    return kept.metrics["train"]["auroc"], kept.metrics["valid"]["auroc"]


FEW = 4  # epochs, of the link's 20
LEARNS = 0.97  # ROC-AUC that each network reaches on the validation part


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim not in ("depth", "outside", "fit")])
def test_its_network_learns_the_synthetic_data(claim):
    assert trained(claim, epochs=FEW)[1] > LEARNS


def test_more_layers_see_the_whole_motif():
    assert LEARNS < trained("depth", epochs=FEW)[1] > trained("depth", depth=1)[1] + 0.015


def test_the_logarithm_is_what_makes_accessibility_count():
    raw = trained("outside", covariate_transform="none", epochs=3 * FEW)[1]
    assert LEARNS < trained("outside", epochs=FEW)[1] > raw + 0.04


def test_without_dropout_the_wide_network_learns_by_heart_and_with_one_filter_too_little():
    (train, valid), (by_heart, then) = trained("fit"), trained("fit", dropout=0.0)
    assert by_heart - then > train - valid + 0.005 and valid > then and valid > LEARNS
    assert trained("fit", filters=1)[0] < 0.85
