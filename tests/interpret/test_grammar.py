"""A factorial design of motifs, on measures whose answer is known by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.grammar import grammar
from dnaconv_core.sequence.encoding import decode, one_hot
from dnaconv_core.sequence.shuffle import random_backgrounds

FIRST, SECOND = "GGGGGGG", "CACACAC"


def backgrounds(n: int = 9, length: int = 61) -> np.ndarray:
    """Of A and T alone, so that no motif is there by chance."""
    draw = np.random.default_rng(4)
    return one_hot(["".join(row) for row in draw.choice(list("AT"), (n, length))])


def reader(rule):
    """A measure that reads letters."""
    return lambda X: np.array([rule(text) for text in decode(X)], float)


def test_only_what_the_measure_asks_for_has_an_effect():
    found = grammar(reader(lambda s: 3.0 * (FIRST in s)), backgrounds(), FIRST, SECOND, gaps=(0, 4), copies=(1, 2))
    assert list(found.factors) == ["order", "distance", "first motif", "second motif", "copies"]
    assert len(found.arrangements) == 2**5 and found.n_backgrounds == 9
    effects = {(one.factor, one.level): one.mean for one in found.levels}
    assert effects[("first motif", "forward")] == 1.5 and effects[("first motif", "reversed")] == -1.5
    assert all(value == 0 for (factor, _), value in effects.items() if factor != "first motif")
    shares = {one.factors: one.share for one in found.shares}
    assert shares.pop(("first motif",)) == pytest.approx(1) and max(shares.values()) == pytest.approx(0, abs=1e-12)


def test_two_factors_together_are_an_interaction():
    """Only the first motif before the second, right beside it: one arrangement in four."""
    rule = reader(lambda s: 4.0 * (FIRST + SECOND in s))
    found = grammar(rule, backgrounds(), FIRST, SECOND, gaps=(0, 6), copies=(1,), turn=False)
    assert {one.levels: one.mean for one in found.arrangements} == {
        ("first, second", "0"): 4, ("first, second", "6"): 0, ("second, first", "0"): 0, ("second, first", "6"): 0,
    }  # fmt: skip
    effects = {(one.factor, one.level): (one.mean, one.low, one.high) for one in found.levels}
    assert effects[("order", "first, second")] == (1, 1, 1) and effects[("distance", "6")] == (-1, -1, -1)
    shares = {one.factors: one.share for one in found.shares}  # means 4 0 0 0: each part has a third
    assert shares == pytest.approx({("order",): 1 / 3, ("distance",): 1 / 3, ("order", "distance"): 1 / 3})


def test_copies_of_one_motif_are_counted_at_their_distance():
    rule = reader(lambda s: s.count(FIRST))
    found = grammar(rule, backgrounds(), FIRST, gaps=(3, 5), copies=(1, 2, 3), turn=False)
    assert list(found.factors) == ["distance", "copies"]
    assert [(one.levels, one.mean) for one in found.arrangements] == [
        (("3", "1"), 1), (("3", "2"), 2), (("3", "3"), 3), (("5", "1"), 1), (("5", "2"), 2), (("5", "3"), 3),
    ]  # fmt: skip
    starts = grammar(reader(lambda s: s.find(FIRST) + 1), backgrounds(), FIRST, gaps=(3,), copies=(1, 3), turn=False)
    assert [one.mean for one in starts.arrangements] == [28, 18]  # in the middle of 61 bases: 27 + 7 + 27, 17 + 27 + 17


def test_intervals_are_of_the_mean_over_backgrounds():
    X = random_backgrounds(40, 50, seed=1)
    noise = reader(lambda s: (FIRST in s) * (1.0 + s.count("A") / 10))
    found = grammar(noise, X, FIRST, gaps=(0,), copies=(1, 2))
    best = next(one for one in found.levels if one.level == "forward")
    assert best.low < best.mean < best.high and best.low > 0.3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"gaps": (40,), "copies": (2,)}, "the widest arrangement has 101 bases; this model reads 60"),
        ({"gaps": (), "copies": (2,)}, "distances must be 0 or more and copies 1 or more"),
        ({"gaps": (1,), "copies": (0, 1)}, "distances must be 0 or more and copies 1 or more"),
        ({"gaps": tuple(range(30)), "copies": (1, 2)}, "these are 480 arrangements; at most 400 are tried"),
    ],
)
def test_what_cannot_be_is_a_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        grammar(reader(len), backgrounds(length=60), FIRST, SECOND, **given)


@pytest.mark.slow
def test_the_command_and_its_json(capsys):
    words = (
        "bench",
        "tf_binding_synthetic",
        "--motif",
        "TGACTCA",
        "--grammar",
        "TGACTCA",
        "--gaps",
        "2,9",
        "--copies",
        "1",
    )
    assert main([*words, "--backgrounds", "12", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["grammar"]
    assert told["factors"] == {
        "order": ["first, second", "second, first"], "distance": ["2", "9"],
        "first motif": ["forward", "reversed"], "second motif": ["forward", "reversed"],
    }  # fmt: skip
    assert len(told["arrangements"]) == 16 and all(one["mean"] > 1 for one in told["arrangements"])
    assert {"factor", "level", "mean", "low", "high"} == set(told["levels"][0])
    assert main([*words[:-4], "--gaps", "two"]) == 2
    assert "--gaps is 'two': write numbers such as 0,5,10" in capsys.readouterr().err
