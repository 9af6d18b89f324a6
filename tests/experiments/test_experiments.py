"""Every experiment in the registry, whatever it is: its data, presets and examples fit together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.data.synthetic import chromatin, rnai, tf_binding
from dnaconv_core.errors import ConfigError, DataError, InputError
from dnaconv_core.experiments import EXPERIMENTS, get_experiment
from dnaconv_core.experiments.base import fit_covariates
from dnaconv_core.experiments.sources import load, load_parts
from dnaconv_core.sequence.encoding import clean

every = pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)


@every
def test_examples_can_be_predicted(experiment):
    for example in experiment.examples:
        assert len(clean(example.sequence, experiment.alphabet)) == experiment.length, example.name
        assert len(example.covariates) == len(experiment.covariates)


@pytest.mark.slow
@every
def test_presets_fit_its_synthetic_data(experiment):
    data = experiment.synthetic(200, seed=3)
    experiment.check(data)
    for preset in experiment.presets:
        config = experiment.model_config(preset, data)
        assert (config.length, config.covariates) == (data.length, experiment.covariates)
        experiment.train_config(preset)


def test_names_may_be_shortened_but_not_ambiguous():
    assert get_experiment("tf").key == "tf_binding"
    for name in ("", "x"):
        with pytest.raises(InputError, match="choose tf_binding, chromatin, rnai"):
            get_experiment(name)


def test_an_unknown_setting_or_preset_is_named():
    with pytest.raises(ConfigError, match="unknown setting 'depht'"):
        EXPERIMENTS["rnai"].model_config("book", depht=3)
    with pytest.raises(ConfigError, match="preset is 'best'"):
        EXPERIMENTS["rnai"].model_config("best")


def test_data_that_cannot_answer_are_refused():
    with pytest.raises(ConfigError, match="has no accessibility, which chromatin needs"):
        EXPERIMENTS["chromatin"].check(tf_binding(50))
    with pytest.raises(ConfigError, match="labels other than 0 and 1"):
        EXPERIMENTS["tf_binding"].check(rnai(50))
    unlabelled = rnai(50)
    with pytest.raises(DataError, match="no labelled examples"):
        EXPERIMENTS["rnai"].check(replace(unlabelled, y=unlabelled.y[:, :0], w=unlabelled.w[:, :0]))
    with pytest.raises(DataError, match="every example to learn from in .* has weight 0"):
        EXPERIMENTS["rnai"].check(replace(unlabelled, w=np.zeros_like(unlabelled.w)))


def test_covariates_are_standardised_on_the_training_part_only():
    data = chromatin(400, seed=1)
    part = data.subset(np.arange(100))
    config = EXPERIMENTS["chromatin"].model_config("book", covariate_transform="log")
    fitted = fit_covariates(config, part)
    logs = np.log(part.covariates.astype(np.float64) + 1e-3)
    np.testing.assert_allclose(fitted.covariate_mean, logs.mean(axis=0))
    np.testing.assert_allclose(fitted.covariate_scale, logs.std(axis=0))
    assert fit_covariates(config.replace(covariate_transform="none"), part).covariate_mean == ()


def test_parts_are_given_or_split_by_seed(shared_data):
    folder = shared_data / "sirna"
    train, valid = load_parts(EXPERIMENTS["rnai"], str(folder / "train_siRNA"), str(folder / "valid_siRNA"))
    assert (len(train), len(valid)) == (2187, 244)
    split = {"kind": "random", "fraction": 0.25, "seed": 4}
    first, second = (load_parts(EXPERIMENTS["rnai"], str(folder / "valid_siRNA"), split=split) for _ in "12")
    assert len(first[1]) == 61 and first[1].ids.tolist() == second[1].ids.tolist()
    assert not set(first[0].ids) & set(first[1].ids)


def test_real_windows_get_their_accessibility_by_id(shared_data):
    folder = shared_data / "jund_chr22"
    data = load(EXPERIMENTS["chromatin"], str(folder / "valid_dataset"), str(folder / "accessibility.txt"))
    expected = dict(line.split() for line in (folder / "accessibility.txt").read_text().splitlines())
    assert data.covariate_names == ("accessibility",)
    assert data.covariates[1234, 0] == np.float32(expected[data.ids[1234]])


def test_the_books_data_tell_how_to_be_fetched():
    with pytest.raises(DataError, match="get it with 'dnaconv data fetch'"):
        load(EXPERIMENTS["rnai"], "book")
