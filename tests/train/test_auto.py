"""Settings from data: the right kind of network for planted truths, and settings that every rule allows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.train.auto import auto
from dnaconv_core.train.facts import Facts, facts_of

MODEL = {spec.name for spec in dataclasses.fields(ModelConfig)}
FACTS = Facts("binary", "DNA", 101, True, False, 9000, 4500, 1, one_hot=0.55, words=0.8)


def data_of(codes: np.ndarray, y: np.ndarray, alphabet: str = "RNA") -> Dataset:
    y = y.astype(np.float32)[:, None]
    return Dataset(from_codes(codes), y, np.ones_like(y), np.arange(len(y)).astype(str), alphabet=alphabet)


def random_codes(n: int, length: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 4, (n, length))


def test_a_base_at_one_place_is_positional_and_additive():
    codes = random_codes(600, 21)
    facts = facts_of(data_of(codes, (codes[:, 4] == 2) + 0.5 * (codes[:, 9] == 1)), "regression", both_strands=False)
    assert facts.one_hot > 0.95 and facts.words < 0.5 and facts.positional and not facts.joint
    assert auto(facts).settings["positional"] and auto(facts).settings["members"] == 8


def test_bases_that_only_act_together_ask_for_layers():
    codes = random_codes(900, 21)
    same = (codes[:, 4] < 2) == (codes[:, 9] < 2)
    facts = facts_of(data_of(codes, same), "binary", both_strands=False)
    assert facts.boosted > 0.9 and facts.one_hot < 0.65 and facts.joint
    assert auto(facts).settings["pooling"] == "flatten" and auto(facts).settings["depth"] > 1


def test_a_word_anywhere_asks_for_a_maximum():
    codes = random_codes(800, 70)
    places = np.random.default_rng(4).integers(0, 60, 400)
    for row, place in enumerate(places):
        codes[row, place : place + 6] = [3, 2, 3, 0, 3, 0]
    facts = facts_of(data_of(codes, np.arange(800) < 400), "binary", both_strands=False)
    assert facts.words > facts.one_hot + 0.1 and not facts.positional
    assert auto(facts).settings["pooling"] == "max_mean" and auto(facts).settings["strands"] == "one"


def test_few_positives_are_balanced_and_held_back():
    chosen = auto(FACTS._replace(rarest=120))
    assert chosen.settings["balance"] and chosen.settings["keep"] == "last" and "120 of 9,000" in chosen.why
    assert "balance" not in auto(FACTS).settings


def test_padded_sequences_have_no_places_and_numbers_no_sigmoid():
    assert not FACTS._replace(padded=True, one_hot=0.9, words=0.5).positional
    assert auto(FACTS._replace(task="regression")).settings["output"] == "linear"


@pytest.mark.parametrize("key", ["tf_binding", "chromatin", "rnai"])
def test_of_the_book_s_data_it_chooses_the_tuned_network_and_training(key):
    """So that it is not below `tuned` there."""
    experiment, looks = EXPERIMENTS[key], {"eval_every": 4, "checkpoint_every": 4}
    assert experiment.model_config("auto") == experiment.model_config("tuned")
    assert experiment.train_config("auto", **looks) == experiment.train_config("tuned", **looks)


def test_skewed_numbers_beside_the_sequence_are_taken_by_their_logarithm():
    data, rng = data_of(random_codes(40, 12), np.arange(40) % 2), np.random.default_rng(5)
    even = rng.uniform(size=(40, 1)).astype(np.float32)
    for values, skewed, taken in ((even**40, True, "log"), (even, False, "standardize"), (-(even**40), False, None)):
        some = dataclasses.replace(data, covariates=values, covariate_names=("open",))
        facts = facts_of(some, "binary", both_strands=False)
        assert facts.skewed is skewed and taken in (None, auto(facts).settings["covariate_transform"])
    assert facts_of(data, "binary", both_strands=False).skewed is None
    assert "covariate_gain" not in auto(FACTS).settings
    assert auto(FACTS._replace(rarest=120, skewed=True)).settings["covariate_gain"] == 8.0  # of four members


def test_words_of_one_strand_are_read_on_one_strand():
    """Although the question allows both, where the data say otherwise."""
    codes, given = random_codes(900, 70), np.array([3, 2, 3, 0, 3, 0])
    rng = np.random.default_rng(6)
    for turned, stranded in ((False, True), (True, False)):
        some = codes.copy()
        for row, place in enumerate(rng.integers(0, 60, 450)):  # the others have the word's reverse complement
            word = given if not turned or row % 2 else 3 - given[::-1]
            some[row, place : place + 6] = word
            some[row + 450, place : place + 6] = 3 - given[::-1] if not turned else some[row + 450, place : place + 6]
        facts = facts_of(data_of(some, np.arange(900) < 450, "DNA"), "binary", both_strands=True)
        assert facts.stranded is stranded and auto(facts).settings["strands"] == ("one" if stranded else "both")
    assert facts.words > 0.7 and auto(facts).settings["pooling"] == "max_mean"


def test_a_lead_that_chance_gives_among_few_examples_decides_nothing():
    """Of 200, what tells nothing lies 0.1 around chance: 1.5 / 200**0.5 is 0.106, of words against words 0.053."""
    few = FACTS._replace(n=200, rarest=100, one_hot=0.6, words=0.47, placed=0.55)
    assert not few.positional and not few.central and auto(few).settings["pooling"] == "max_mean"
    assert few._replace(one_hot=0.61).positional  # 0.11 above chance, which words do not fall below
    assert few._replace(words=0.6, one_hot=0.7).positional is False and few._replace(placed=0.56).central
    many = few._replace(n=3000, rarest=1500)
    assert many.positional and many.central and not many._replace(one_hot=0.52, placed=0.51).positional


def test_few_examples_of_words_that_tell_by_stretch_ask_for_stretches():
    one_place = FACTS._replace(n=200, rarest=100, one_hot=0.72, words=0.54, placed=0.91)
    assert not one_place.positional and auto(one_place).settings["stretches"] == 5
    assert one_place._replace(placed=0.82).positional and one_place._replace(length=60).positional
    assert one_place._replace(n=4000).positional


def test_filters_of_few_examples_begin_as_what_is_known():
    few = FACTS._replace(n=300, rarest=150)
    assert auto(few).settings["begin"] == "jaspar" and auto(few).reasons["begin"]
    assert auto(few._replace(alphabet="RNA")).settings["begin"] == "words"
    assert "begin" not in auto(FACTS).settings


def test_filters_for_thousands_of_numbers_begin_as_what_is_known_and_take_twice_the_steps():
    numbers = FACTS._replace(task="regression", n=2000, rarest=2000)
    chosen, classes = auto(numbers), auto(numbers._replace(task="binary", rarest=1000)).settings
    assert chosen.settings["begin"] == "jaspar" and "many weak motifs make a number" in chosen.reasons["begin"]
    assert auto(numbers._replace(alphabet="RNA")).settings["begin"] == "words"
    many = auto(numbers._replace(n=20_000)).settings
    assert "begin" not in classes and "begin" not in many and many["batch_size"] == 128
    epochs = round(22 * 2000**0.5 * 64 / 2000)
    assert (chosen.settings["batch_size"], chosen.settings["epochs"]) == (32, epochs)
    assert (classes["batch_size"], classes["epochs"]) == (64, epochs)
    assert auto(numbers._replace(n=19_999)).settings["batch_size"] == 32


def test_numbers_far_from_0_and_1_are_standardised():
    data = data_of(random_codes(90, 12), np.linspace(0, 1, 90))
    assert facts_of(data, "regression", both_strands=False).usual
    for y in (data.y * 300 + 500, data.y / 1000, data.y - 4, np.c_[data.y, data.y * 50]):
        assert not facts_of(dataclasses.replace(data, y=y, w=np.ones_like(y)), "regression", both_strands=False).usual
    assert auto(FACTS._replace(task="regression", usual=False)).settings["standardize"]
    assert "standardize" not in auto(FACTS._replace(usual=False)).settings  # yes or no


def test_no_known_label_is_said():
    data = data_of(random_codes(5, 12), np.zeros(5))
    with pytest.raises(ConfigError, match="no example whose label is known"):
        facts_of(dataclasses.replace(data, w=np.zeros_like(data.w)), "binary", both_strands=False)


score = st.floats(0.3, 1.0)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["binary", "regression"]), st.booleans(), st.integers(4, 2000), st.booleans(),
    st.integers(20, 3_000_000), st.floats(0.0005, 0.5), score, score, score,
)  # fmt: skip
def test_every_choice_is_a_network_that_can_be_built_and_has_its_reasons(
    task, both, length, padded, n, share, one_hot, words, boosted
):
    facts = Facts(task, "DNA", length, both, padded, n, max(1, int(n * share)), 1, one_hot, words, boosted)
    chosen = auto(facts)
    model = {k: v for k, v in chosen.settings.items() if k in MODEL}
    ModelConfig(length=length, task=task, **model)
    train = TrainConfig(**{k: v for k, v in chosen.settings.items() if k not in MODEL})
    assert train.epochs * n >= 64 and all(chosen.reasons.get(name) for name in chosen.settings if name in MODEL)
