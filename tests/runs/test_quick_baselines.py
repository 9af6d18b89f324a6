"""All baselines, or those that do not take long."""

import numpy as np
import pytest

from dnaconv_core.data.synthetic import rnai, tf_binding
from dnaconv_core.errors import ConfigError
from dnaconv_core.evaluate.baselines import SLOW, fit_baselines
from dnaconv_core.evaluate.dependence import groups_of
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.predict import predict
from dnaconv_core.runs.baselines import load_baselines, wished
from dnaconv_core.runs.simpler import fit_simpler
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.verdict import verdict_of
from dnaconv_core.runs.worker import train_here


def test_the_environment_says_which_baselines_are_fitted(monkeypatch):
    monkeypatch.delenv("DNACONV_BASELINES")
    assert wished() == "all"
    for wish in ("quick", "none"):
        monkeypatch.setenv("DNACONV_BASELINES", wish)
        assert wished() == wish
    for wish, both in (("all", "quick"), ("quick", "quick"), ("none", "none")):
        monkeypatch.setenv("DNACONV_BASELINES", wish)
        assert wished("quick") == both  # a run may ask for fewer, never for more
    monkeypatch.setenv("DNACONV_BASELINES", "few")
    with pytest.raises(ConfigError, match="DNACONV_BASELINES is 'few': write 'all', 'quick' .* or 'none'"):
        wished()


def test_a_run_says_that_it_wants_the_quick_ones_and_nothing_where_it_wants_all():
    spec = RunSpec("rnai", baselines="quick")
    assert RunSpec.from_json(spec.to_json()) == RunSpec.recorded(spec.to_json()) == spec
    usual = RunSpec("rnai")
    assert "baselines" not in usual.to_json()
    assert RunSpec.from_json(usual.to_json()) == usual
    with pytest.raises(ConfigError, match="baselines is 'none': write 'quick' or leave it out"):
        RunSpec("rnai", baselines="none")


def test_where_none_is_wished_the_reason_is_kept_and_told(monkeypatch):
    monkeypatch.setenv("DNACONV_BASELINES", "none")
    store = Store()
    small = {"epochs": 1, "filters": 2, "depth": 1, "batch_size": 1000, "device": "cpu"}
    run = train_here(store, store.create(RunSpec("rnai", settings=small)).id)
    assert load_baselines(store.folder(run.id)) == ((), "DNACONV_BASELINES is 'none'")
    assert verdict_of(store.folder(run.id), "regression").sentence.endswith(
        "is not known: DNACONV_BASELINES is 'none'."
    )
    data, bundle = rnai(30, seed=1), load_bundle(store.folder(run.id))
    assert (
        fit_simpler(bundle, data, predict(bundle.model, data), groups_of(data)).reason == "DNACONV_BASELINES is 'none'"
    )


def test_a_run_that_wants_the_quick_ones_says_which_it_left_out(monkeypatch):
    monkeypatch.setenv("DNACONV_BASELINES", "all")
    store = Store()
    small = {"epochs": 1, "filters": 2, "depth": 1, "batch_size": 1000, "device": "cpu"}
    run = train_here(store, store.create(RunSpec("rnai", settings=small, baselines="quick")).id)
    found, reason = load_baselines(store.folder(run.id))
    assert found and reason == "this run asked for the quick ones, without gapped words, JASPAR and trees"


@pytest.mark.slow
def test_the_quick_ones_are_the_others_unchanged():
    data = tf_binding(240, length=60)
    parts = data.subset(np.arange(160)), data.subset(np.arange(160, 240))
    every, quick = dict(fit_baselines("binary", *parts)), dict(fit_baselines("binary", *parts, quick=True))
    assert set(every) - set(quick) == {"gapped", "jaspar", "boosted"} <= set(SLOW)
    for key, found in quick.items():
        np.testing.assert_array_equal(found.prediction, every[key].prediction)
