"""The reasons for this architecture: the data mean what they say, and every experiment shows what it claims."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import TrainingError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.sequence.encoding import to_codes
from dnaconv_core.why import claims, networks
from dnaconv_core.why.claims import CLAIMS
from dnaconv_core.why.networks import LENGTH, MOTIF, activities, fitted, planted


class Told(list):
    """Progress that remembers what it was told."""

    stop = False

    def report(self, fraction, message):
        self.append((fraction, message))

    def should_stop(self):
        return self.stop


def test_only_positives_hold_the_motif_there_and_all_hold_its_letters():
    X, y = planted(301, 3, where=(0, 9))
    codes = to_codes(X)
    windows = np.lib.stride_tricks.sliding_window_view(codes, 7, axis=1)  # (n, P, 7)
    hits = (windows == np.array(MOTIF)).all(axis=2)
    assert X.shape == (301, 4, LENGTH) and y.sum() == 150
    assert hits[y == 1][:, :10].any(axis=1).all()
    assert hits[y == 0].any(axis=1).mean() < 0.05  # a shuffle may restore it
    letters = np.sort(windows[:, :10], axis=2)
    assert (letters == np.sort(MOTIF)).all(axis=2).any(axis=1).all()


@pytest.mark.parametrize("name", CLAIMS)
def test_its_link_opens_a_network_that_can_be(name):
    claim = CLAIMS[name]
    experiment = EXPERIMENTS[claim.experiment]
    settings = {key: value for key, value in claim.settings.items() if key != "preset"}
    config = experiment.model_config(claim.settings["preset"], **settings)
    experiment.train_config(claim.settings["preset"], **settings)
    assert config.length == experiment.length


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])  # of seed 2, dropout once made no difference to 64 filters alone
@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_holds(name, seed):
    heard, n = Told(), CLAIMS[name].networks
    with networks.told(heard, n):
        found = CLAIMS[name].run(seed)
    assert found.holds, found.verdict
    assert heard[-1][1] == f"network {n} of {n}"
    for chart in filter(None, (found, found.also)):
        assert all(len(values) == len(chart.x) for values in chart.series.values())
        assert np.isfinite(np.array(list(chart.series.values()))).all()


def test_what_the_numbers_mean_is_no_part_of_the_sentence_made_from_them(monkeypatch):
    monkeypatch.setattr(claims, "fitted", lambda *given, **how: fitted(*given, **how | {"steps": 0}))
    monkeypatch.setattr(claims, "auroc", lambda *_: 0.5)  # networks that learn nothing
    for name in ("position", "sharing", "locality", "depth", "outside", "fit"):
        found = CLAIMS[name].run(0)
        assert not found.holds and "0.50" in found.verdict, name
        assert "must learn" not in found.verdict and "matters" not in found.verdict


def test_activities_exceed_what_a_sigmoid_can_say():
    _, y = activities(500, 0)
    assert y.max() > 1.2 and y.min() < 0.6


def test_progress_tells_each_network_and_a_stop_is_heard():
    X, y = networks.planted(100, 0)
    heard = Told()
    with networks.told(heard, 2):
        for _ in range(2):
            networks.fitted(networks.conv(), X, y, seed=0, steps=50)
    assert heard == [
        (0.0, "network 1 of 2"),
        (0.25, "network 1 of 2"),
        (0.5, "network 2 of 2"),
        (0.75, "network 2 of 2"),
    ]
    heard.stop = True
    with networks.told(heard, 2), pytest.raises(TrainingError, match="the small networks were stopped"):
        networks.fitted(networks.conv(), X, y, seed=0, steps=50)
    networks.fitted(networks.conv(), X, y, seed=0, steps=1)  # nobody listens any more
    assert len(heard) == 4
