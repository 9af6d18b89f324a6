"""Designs on models whose best answer is known by hand or by trying everything, and what holds for all of them."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.design.design import Design, Designs, design
from dnaconv_core.design.goal import Goal, Scorer
from dnaconv_core.design.methods import METHODS
from dnaconv_core.design.rules import Checker, Rules
from dnaconv_core.design.search import Ways
from dnaconv_core.design.starts import Starts, given_starts, random_starts, shuffled_starts
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import one_hot


def linear(weights: np.ndarray, bias: float = 0.0) -> ConvNet:
    """A model whose logit is the sum of `weights (4, L)` of its bases."""
    model = build(ModelConfig(length=weights.shape[1], depth=1, filters=1, kernel_size=3, positional=True))
    with torch.no_grad():
        model.dense.weight.zero_()
        model.dense.bias.fill_(bias)
        model.positional.weight.copy_(torch.from_numpy(weights).float().reshape(1, -1))
    return model


def network(**more) -> ConvNet:
    model = build(ModelConfig(length=13, depth=2, filters=5, kernel_size=4, **more), 3)
    with torch.no_grad():
        for conv in model.convs:
            conv.bias.uniform_(-0.2, 0.2)
    return model


def made(model: ConvNet, starts: list[str] | Starts, rules: Rules | None = None, goal: Goal | None = None, **how):
    checker = Checker(rules or Rules(), model.config.length, model.config.alphabet)
    if not isinstance(starts, Starts):
        records = [Record(f"s{number}", text, 0) for number, text in enumerate(starts)]
        starts = given_starts(records, checker, model.config.alphabet)
    covariates = how.pop("covariates", None)
    return design(model, starts, goal or Goal(), checker, Ways(**how), covariates=covariates)


def only(found: Designs) -> Design:
    assert len(found.designs) == 1
    return found.designs[0]


WEIGHTS = np.zeros((4, 6))
WEIGHTS[:, 1] = [0, 2, 1, -1]
WEIGHTS[:, 2] = [0, 1, 5, 0]
WEIGHTS[:, 4] = [0, 0.5, 0, 3]


@pytest.mark.parametrize("method", METHODS)
def test_of_a_linear_model_the_edits_are_the_largest_gains(method):
    one = only(made(linear(WEIGHTS, -1), ["AAAAAA"], Rules(edits=2), method=method))
    assert one.sequence == "AAGATA"
    assert [str(edit) for edit in one.edits] == ["A3G", "A5T"]
    np.testing.assert_allclose(one.logits, [-1, 4, 7], atol=1e-5)
    np.testing.assert_allclose(one.scores, 1 / (1 + np.exp([1.0, -4, -7])), atol=1e-6)
    assert one.steps() == ["AAAAAA", "AAGAAA", "AAGATA"]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_it_ends_where_no_edit_helps_and_goes_down_as_well(method):
    assert only(made(linear(WEIGHTS), ["AAAAAA"], Rules(edits=6), method=method)).sequence == "ACGATA"
    low = only(made(linear(WEIGHTS), ["CCGCTC"], Rules(edits=6), Goal("low"), method=method))
    assert (low.sequence[1], low.logits[-1]) == ("T", pytest.approx(-1))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7), st.text("ACGT", min_size=9, max_size=9))
def test_greedy_takes_the_k_largest_gains_of_any_linear_model(seed, k, start):
    weights = np.random.default_rng(seed).normal(size=(4, 9))
    one = only(made(linear(weights), [start], Rules(edits=k)))
    own = np.array([weights["ACGT".index(base), place] for place, base in enumerate(start)])
    gains = np.sort((weights - own).max(axis=0))[::-1][:k]
    gains = gains[gains > 1e-5]
    np.testing.assert_allclose(np.diff(one.logits), gains, atol=1e-4)


@pytest.mark.slow
def test_a_wide_beam_finds_the_best_of_all_pairs_of_edits():
    model, start = network(), "ACGTTGCAACGTA"
    best = -np.inf
    for places in itertools.combinations(range(13), 2):
        words = []
        for letters in itertools.product("ACGT", repeat=2):
            word = list(start)
            for place, letter in zip(places, letters, strict=True):
                word[place] = letter
            words.append("".join(word))
        best = max(best, float(predict(model, one_hot(words), output="logit").max()))
    one = only(made(model, [start], Rules(edits=2), method="beam", width=39))  # all 3 × 13 single edits are kept
    assert one.logits[-1] == pytest.approx(best, abs=1e-5)
    assert only(made(model, [start], Rules(edits=2))).logits[-1] <= best + 1e-5


def test_greedy_follows_predicting_every_mutant_by_itself():
    model, text = network(members=2), "TTGCAACGTACGA"
    one = only(made(model, [text], Rules(edits=4)))
    for step, edit in enumerate(one.edits):
        mutants = [text[:p] + b + text[p + 1 :] for p in range(13) for b in "ACGT"]
        logits = predict(model, one_hot(mutants), output="logit")[:, 0]
        text = one.steps()[step + 1]
        assert logits.max() == pytest.approx(one.logits[step + 1], abs=1e-5)
        assert text[edit.place] == edit.after
    spread = predict(model, one_hot([one.sequence]), output="spread")[0, 0]
    assert one.spread == pytest.approx(float(spread))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_rules_hold_for_every_design(method, data):
    start = data.draw(st.text("ACGTN", min_size=13, max_size=13))
    edits, run = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 4))
    words = tuple(data.draw(st.lists(st.sampled_from(["GC", "TGA", "CAT", "ACG"]), max_size=2)))
    fixed, apart = ((3, data.draw(st.integers(4, 8))),), data.draw(st.integers(0, 4))
    least = data.draw(st.integers(0, min(edits, 2)))
    rules = Rules(edits, (0.3, 0.7), words, run, fixed, apart=apart, least=least)
    found = made(network(), [start, start[::-1]], rules, method=method, width=3, generations=4)
    assert len(found.designs) + len(found.skipped) == 2
    for one in found.designs:
        assert 0.3 * 13 <= sum(map(one.sequence.count, "GC")) <= 0.7 * 13
        assert not any(letter * (run + 1) in one.sequence for letter in "ACGT")
        for word in words:
            other = word[::-1].translate(str.maketrans("ACGT", "TGCA"))
            assert word not in one.sequence
            assert other not in one.sequence
        changed = [place for place, pair in enumerate(zip(one.start, one.sequence, strict=True)) if pair[0] != pair[1]]
        assert least <= len(changed) == len(one.edits) <= edits
        assert all(b - a >= apart for a, b in itertools.pairwise(changed))
        assert not set(changed) & set(range(*fixed[0]))
        assert one.steps()[-1] == one.sequence
        assert len({edit.place for edit in one.edits}) == len(one.edits)
    for one in found.skipped:
        assert re.search("breaks a rule, and the edits allowed are too few to fix it|cannot be given as", one.reason)


@pytest.mark.parametrize("method", METHODS)
def test_edits_stand_apart_and_keep_off_what_is_beside_fixed_positions(method):
    """Gains 5 at 3 (G), 3 at 5 (T), 2 at 2 (C): two that are two bases apart, none within one base of position 6."""
    model = linear(WEIGHTS)
    assert only(made(model, ["AAAAAA"], Rules(edits=3), method=method)).sequence == "ACGATA"
    assert only(made(model, ["AAAAAA"], Rules(edits=3, apart=2), method=method)).sequence == "AAGATA"
    assert only(made(model, ["AAAAAA"], Rules(edits=3, apart=3), method=method)).logits[-1] == pytest.approx(5)
    held = Rules(edits=3, fixed=((5, 6),), around=1)
    assert only(made(model, ["AAAAAA"], held, method=method)).sequence == "ACGAAA"


@pytest.mark.parametrize("method", METHODS)
def test_a_design_differs_from_its_start_as_much_as_is_asked(method):
    """The best base stands everywhere: of all substitutions C to G at 2 loses least, 1, then T to C at 5, 2.5."""
    weights = WEIGHTS.copy()
    weights[:, [0, 3, 5]] = [[0.0], [-9], [-9], [-9]]
    one = only(made(linear(weights), ["ACGATA"], Rules(edits=3, least=2), method=method))
    assert [str(edit) for edit in one.edits] == ["C2G", "T5C"]
    np.testing.assert_allclose(one.logits, [10, 9, 6.5], atol=1e-5)
    found = made(linear(weights), ["ACGATA"], Rules(edits=3, least=2, apart=6), method=method)
    assert "cannot be given as many edits as you ask for at least" in found.skipped[0].reason


def test_a_start_that_breaks_a_rule_is_mended_first_and_one_that_cannot_be_is_listed():
    rules = Rules(edits=1, forbidden=("GAATTC",))
    weights = np.zeros((4, 13))
    weights[1, 12] = 9.0  # what pays most does not mend
    found = made(linear(weights), ["TTGAATTCTTTTT", "GAATTCTGAATTC"], rules)
    one = only(found)
    assert one.id == "s0"
    assert "GAATTC" not in one.sequence
    assert one.sequence[12] == "T"
    assert [(row.line, row.reason[:6]) for row in found.skipped] == [(2, "('s1')")]


@pytest.mark.parametrize("target", [0.2, 0.7])
def test_a_target_is_reached_from_both_sides(target):
    weights = np.random.default_rng(1).normal(size=(4, 30)) / 3
    for start in ("A" * 30, "C" * 30):
        one = only(made(linear(weights), [start], Rules(edits=12), Goal("target", target)))
        assert one.scores[-1] == pytest.approx(target, abs=0.02)


def test_of_classes_the_log_odds_rise_and_not_only_the_logit():
    weights = np.zeros((3, 4, 5))
    weights[0, 1, 0], weights[1, 1, 0] = 2, 2  # C at 1 raises two classes alike
    weights[0, 2, 3] = 1.5  # G at 4 raises the first alone
    config = ModelConfig(
        length=5, depth=1, filters=1, kernel_size=3, positional=True, task="classes", output="softmax", n_tasks=3
    )
    model = build(config)
    with torch.no_grad():
        model.dense.weight.zero_()
        model.positional.weight.copy_(torch.from_numpy(weights).float().reshape(3, -1))
    one = only(made(model, ["AAAAA"], Rules(edits=1)))
    assert str(one.edits[0]) == "A4G"
    share = np.exp(1.5) / (np.exp(1.5) + 2)
    assert one.scores[-1] == pytest.approx(share)
    assert one.logits[-1] == pytest.approx(np.log(share / (1 - share)))


def test_several_outputs_and_covariates():
    model = build(ModelConfig(length=13, depth=1, filters=3, kernel_size=3, n_tasks=2, covariates=("openness",)), 1)
    beside = np.array([2.5], np.float32)
    one = only(made(model, ["ACGTTGCAACGTA"], goal=Goal(task=1), covariates=beside))
    assert one.scores[-1] == pytest.approx(float(predict(model, one_hot([one.sequence]), beside[None])[0, 1]))
    assert one.gain > 0


def test_a_model_of_numbers_on_rna():
    model = network(alphabet="RNA", task="regression", output="linear")
    one = only(made(model, ["ACGUUGCAACGUA"], Rules(edits=3), Goal("low")))
    assert set(one.sequence) <= set("ACGU")
    assert list(one.scores) == sorted(one.scores, reverse=True)
    assert one.scores == pytest.approx(one.logits)


@pytest.mark.slow
def test_designs_do_not_depend_on_what_is_designed_beside_them_and_seeds_repeat():
    model, rules = network(), Rules(edits=3)
    starts = random_starts(7, Checker(rules, 13), seed=4)
    together = {one.id: one.sequence for one in made(model, starts, rules, method="beam", width=3).designs}
    for name, codes in zip(starts.ids, starts.codes, strict=True):
        alone = made(model, Starts([name], codes[None]), rules, method="beam", width=3)
        assert only(alone).sequence == together[name]
    first, again = (made(model, starts, rules, method="evolution", width=3, generations=5, seed=2) for _ in range(2))
    assert first == again


@pytest.mark.slow
def test_beam_and_evolution_are_no_worse_than_greedy():
    model, rules = network(), Rules(edits=4)
    starts = random_starts(20, Checker(rules, 13), seed=1)
    mean = {
        method: np.mean([one.logits[-1] for one in made(model, starts, rules, method=method).designs])
        for method in METHODS
    }
    assert mean["beam"] >= mean["greedy"]
    assert mean["evolution"] >= mean["greedy"] - 0.01


def test_a_stop_leaves_what_is_done():
    class Stopping:
        def __init__(self) -> None:
            self.looks = 0

        def report(self, fraction: float, message: str) -> None:
            assert 0 <= fraction <= 1

        def should_stop(self) -> bool:
            self.looks += 1
            return self.looks > 3

    model, rules = network(), Checker(Rules(edits=5), 13)
    found = design(model, random_starts(3, rules), Goal(), rules, progress=Stopping())
    assert found.stopped
    assert [len(one.edits) for one in found.designs] == [2, 2, 2]  # one look before the batch, one before each edit


def test_starts_keep_the_rules_where_chance_allows():
    rules = Checker(Rules(gc=(0.6, 0.7), longest_run=3), 31)
    assert (rules.broken(random_starts(17, rules, seed=2).codes) == 0).all()
    given = given_starts([Record("a", "ACGTTGNNAACGTACCGGATCAGGCATTGCA", 0)], Checker(Rules(), 31), "DNA", seed=3)
    assert given.codes.max() == 3
    shuffled = shuffled_starts(given, 5, Checker(Rules(longest_run=3), 31))
    assert shuffled.codes.shape == (5, 31)
    assert shuffled.ids[4] == "a_shuffle_5"
    assert (np.sort(shuffled.codes, axis=1) == np.sort(given.codes, axis=1)).all()


@pytest.mark.parametrize(
    ("goal", "ways", "words"),
    [
        (Goal("up"), Ways(), "the aim is 'up': choose high, low, target"),
        (Goal("target"), Ways(), "a target goes with the aim 'target'"),
        (Goal("target", 1.0), Ways(), "the target is 1: this model predicts shares"),
        (Goal(), Ways("best"), "there is no method 'best': choose greedy, beam, evolution"),
        (Goal(), Ways(width=0), "width is 0"),
    ],
)
def test_what_does_not_fit_is_told(goal, ways, words):
    rules = Checker(Rules(), 13)
    with pytest.raises(InputError, match=words):
        design(network(), random_starts(1, rules), goal, rules, ways)


def test_a_number_of_designs_out_of_range_is_told():
    with pytest.raises(InputError, match="0 designs are asked for: choose 1 to 100,000"):
        random_starts(0, Checker(Rules(), 13))


def test_the_slope_is_a_number_where_one_class_is_all_but_certain():
    model = build(ModelConfig(length=5, filters=2, kernel_size=3, task="classes", output="softmax", n_tasks=3))
    slope = Scorer(model, Goal(task=1))._by_logit(np.float32([[1, 300, 1], [2, 0, 2]]))
    np.testing.assert_allclose(slope, [[-0.5, 1, -0.5], [-0.5, 1, -0.5]])
