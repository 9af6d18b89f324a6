"""Labels out of columns: words to numbers, ratios, mean bins, transforms; the recipe as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.labels import (
    PAIRS,
    TRANSFORMS,
    LabelRecipe,
    guess_mapping,
    guess_task,
    histogram,
    make_labels,
)
from dnaconv_core.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        (["True", "False", "True"], "binary", {"True": 1, "False": 0}),
        (["yes", "No", "YES", ""], "binary", {"yes": 1, "YES": 1, "No": 0}),
        (["unbound", "bound", "NA"], "binary", {"bound": 1, "unbound": 0}),
        (["+", "-", "+"], "binary", {"+": 1, "-": 0}),
        (["+", "\N{MINUS SIGN}"], "binary", {"+": 1, "\N{MINUS SIGN}": 0}),
        (["Pos", "neg"], "binary", {"Pos": 1, "neg": 0}),
        (["binder", "non-binder"], "binary", {"binder": 1, "non-binder": 0}),
        (["responder", "non responder"], "binary", {"responder": 1, "non responder": 0}),
        (["spliced", "unspliced"], "binary", {"spliced": 1, "unspliced": 0}),
        (["liver", "brain"], "binary", {"brain": 0, "liver": 1}),
        (["bound", "bound"], "binary", {"bound": 1}),
        (["c", "a", "b", "B"], "classes", {"a": 0, "b": 1, "B": 1, "c": 2}),
        (["1", "0", "", "1.0"], "binary", {}),
        (["1", "2", "-1"], "numbers", {}),
        (["0.5", "0", "1"], "numbers", {}),
        (["1", "2", "3", "tall"], "numbers", {}),
        (["", "NA"], "numbers", {}),
        ([f"gene{i}" for i in range(51)], "words", {}),
        (np.array([0.0, 1.0, np.nan]), "binary", {}),
        (np.array([0.1, 1.0]), "numbers", {}),
    ],
)
def test_what_words_mean(values, kind, words):
    guess = guess_mapping(values)
    assert (guess.kind, guess.words) == (kind, words)


def test_a_chosen_kind_of_answer_wins():
    guess = guess_mapping(["10", "2", "-1", "2"], "classes")
    assert (guess.kind, guess.words, guess.classes) == ("classes", {"-1": 0, "2": 1, "10": 2}, ("-1", "2", "10"))
    guess = guess_mapping(["-1", "1", "1"], "binary")
    assert (guess.kind, guess.words, guess.classes) == ("binary", {"-1": 0, "1": 1}, ("-1", "1"))
    assert guess_mapping(["0", "1"], "regression").kind == "numbers"
    assert guess_mapping(np.array([3.0, 1.0, np.nan]), "classes").words == {"1": 0, "3": 1}


def test_yes_and_no_can_be_swapped():
    guess = guess_mapping(["liver", "brain", "liver"]).swapped()
    assert guess.words == {"liver": 0, "brain": 1} and guess.classes == ("liver", "brain")
    recipe = LabelRecipe(("y",), words=tuple(guess.words.items()), classes=guess.classes)
    assert make_labels({"y": ["liver", "brain", "Liver"]}, recipe).y.ravel().tolist() == [0, 1, 0]
    assert guess_mapping(["0", "1.0"]).swapped().words == {"0": 1, "1.0": 0}
    with pytest.raises(ConfigError, match="only yes and no can be swapped: these labels are numbers"):
        guess_mapping(["1", "2"]).swapped()


@given(st.sampled_from(PAIRS[1:]), st.lists(st.tuples(st.booleans(), st.sampled_from([str, str.upper, str.title]))))
def test_known_pairs_are_read_in_any_case(pair, rows):
    texts = [change(pair[not yes]) for yes, change in [*rows, (True, str), (False, str)]]
    y = make_labels({"y": texts}, LabelRecipe(("y",)))
    assert y.y.ravel().tolist() == [float(yes) for yes, _ in rows] + [1, 0] and y.task == "binary"


@pytest.mark.parametrize(
    ("values", "task", "why"),
    [
        (["1", "0"], "binary", "the values are 0 and 1"),
        (["yes", "no"], "binary", "'yes' means yes"),
        (["80%", "12.5%"], "regression", "the values are numbers"),
        (["1", "2", "3"], "regression", "the values are 3 whole numbers: choose classes if they are names"),
        (["a", "b", "c"], "classes", "there are 3 words"),
    ],
)
def test_the_kind_of_answer_that_follows(values, task, why):
    assert guess_task(values) == (task, why)


def test_names_are_no_label():
    with pytest.raises(DataError, match="no label: there are 60 different words: these are names, not classes"):
        guess_task([f"g{i}" for i in range(60)])
    with pytest.raises(DataError, match="column 'y' is not yes or no: it holds a, b, c"):
        make_labels({"y": ["a", "b", "c"]}, LabelRecipe(("y",), task="binary"))
    with pytest.raises(DataError, match="a, b: one column of classes is a label by itself: choose one"):
        make_labels({"a": ["x", "y", "z"], "b": ["1", "2", "3"]}, LabelRecipe(("a", "b")))
    with pytest.raises(DataError, match="labels that are classes cannot be transformed by log2: choose none"):
        make_labels({"a": ["x", "y", "z"]}, LabelRecipe(("a",), transform="log2"))


def test_columns_as_they_are():
    columns = {"a": ["1", "", "0"], "b": ["0.5", "x", "2"]}
    found = make_labels(columns, LabelRecipe(("b", "a")))
    np.testing.assert_array_equal(found.y, np.float32([[0.5, 1], [np.nan, np.nan], [2, 0]]))
    assert (found.task, found.tasks, found.classes) == ("regression", ("b", "a"), ())
    assert found.wrong == {1: "has 'x' in column 'b': it is no label"} and found.recipe.task == "regression"
    both = make_labels({"a": ["yes", "no"], "b": ["n", "y"]}, LabelRecipe(("a", "b")))
    assert both.y.tolist() == [[1, 0], [0, 1]] and both.task == "binary" and both.classes == ()
    kinds = make_labels({"k": ["exon", "Intron", "utr", "exon"]}, LabelRecipe(("k",)))
    assert kinds.y.ravel().tolist() == [0, 1, 2, 0] and kinds.classes == ("exon", "Intron", "utr")
    again = make_labels({"k": ["utr", "promoter", "exon"]}, LabelRecipe.from_json(kinds.recipe.to_json()))
    np.testing.assert_array_equal(again.y.ravel(), np.float32([2, np.nan, 0]))
    assert again.wrong == {1: "has 'promoter' in column 'k': it is no label"} and again.task == "classes"


@given(
    st.lists(st.tuples(st.sampled_from(["yes", "NO", "no", ""]), st.sampled_from(["1", "0", "2.5", "NA"])), min_size=1)
)
def test_a_recipe_with_what_was_guessed_gives_the_same_again(rows):
    columns = {"a": [a for a, _ in rows], "b": [b for _, b in rows]}
    for names in (("a",), ("b",), ("a", "b")):
        first = make_labels(columns, LabelRecipe(names))
        again = make_labels(columns, first.recipe)
        np.testing.assert_array_equal(again.y, first.y)
        assert again.recipe == first.recipe and again[1:5] == first[1:5]


def test_a_ratio_by_hand():
    columns = {"rna": ["7", "0", "", "3", "-1"], "dna": ["1", "3", "5", "x", "2"]}
    found = make_labels(columns, LabelRecipe(("rna", "dna"), "ratio"))
    np.testing.assert_array_equal(found.y.ravel(), np.float32([2, -2, np.nan, np.nan, np.nan]))  # 8/2, 1/4
    assert found.wrong == {3: "has 'x' in column 'dna': it is no label", 4: "has a count below 0"}
    assert (found.tasks, found.task) == (("log2 rna/dna",), "regression")
    none = make_labels({"rna": ["8", "0", "0"], "dna": ["2", "0", "1"]}, LabelRecipe(("rna", "dna"), "ratio", pseudo=0))
    np.testing.assert_array_equal(none.y.ravel(), np.float32([2, np.nan, np.nan]))


def test_mean_bins_by_hand():
    columns = {"b1": ["1", "0", "0"], "b2": ["0", "2", "0"], "b3": ["3", "2", "0"]}
    recipe = LabelRecipe(("b1", "b2", "b3"), "bins")
    np.testing.assert_array_equal(make_labels(columns, recipe).y.ravel(), np.float32([2.5, 2.5, np.nan]))
    weighted = LabelRecipe(("b1", "b2", "b3"), "bins", bins=(10, 100, 1000))
    np.testing.assert_array_equal(make_labels(columns, weighted).y.ravel(), np.float32([752.5, 550, np.nan]))


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        ("none", [1, 4, np.nan, 1, 16]),
        ("log2", [0, 2, np.nan, 0, 4]),
        ("log10", [0, np.log10(4), np.nan, 0, np.log10(16)]),
        ("ln", [0, np.log(4), np.nan, 0, np.log(16)]),
        ("scale01", [0, 0.2, np.nan, 0, 1]),
        ("rank", [0.5 / 3, 2 / 3, np.nan, 0.5 / 3, 1]),
        ("zscore", (np.array([1, 4, np.nan, 1, 16]) - 5.5) / np.sqrt((4.5**2 * 2 + 1.5**2 + 10.5**2) / 4)),
    ],
)
def test_transforms_by_hand_leave_missing_values_missing(transform, expected):
    found = make_labels({"y": ["1", "4", "NA", "1", "16"]}, LabelRecipe(("y",), transform=transform, task="regression"))
    np.testing.assert_allclose(found.y.ravel(), expected, rtol=1e-6)
    assert not found.wrong and {"none", "log2", "log10", "ln", "scale01", "rank", "zscore"} == set(TRANSFORMS)


def test_what_has_no_logarithm_is_listed():
    found = make_labels({"y": ["8", "0", "-2"]}, LabelRecipe(("y",), transform="log2"))
    np.testing.assert_array_equal(found.y.ravel(), np.float32([3, np.nan, np.nan]))
    assert found.wrong == {1: "has 0, which has no logarithm", 2: "has -2, which has no logarithm"}


@pytest.mark.slow
@given(
    st.sampled_from(["columns", "ratio", "bins"]),
    st.lists(st.text(min_size=1, max_size=9), min_size=2, max_size=2),
    st.sampled_from(TRANSFORMS),
    st.floats(0, 100),
    st.dictionaries(st.text(max_size=5), st.floats(0, 9), max_size=3),
)
def test_a_recipe_survives_json(how, columns, transform, pseudo, words):
    recipe = LabelRecipe(tuple(columns), how, pseudo, (1.0, 4.0), transform, words=tuple(words.items()), classes=("a",))
    assert LabelRecipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"how": "mean"}, "how is 'mean': choose 'columns' or 'ratio' or 'bins'"),
        ({"transform": "sqrt"}, "transform is 'sqrt': choose 'none' or 'log2'"),
        ({"task": "clas"}, "task is 'clas': choose"),
        ({"how": "ratio", "columns": ["a"]}, "a ratio needs two columns: 1 are named"),
        (
            {"how": "bins", "columns": ["a", "b"], "bins": [1]},
            "mean bins need two columns or more, and a number",
        ),
        ({"pseudo": -1}, "pseudo is -1: it must be 0 or more"),
        ({"colour": 1}, "unknown setting 'colour': a label's settings are bins, classes, columns"),
    ],
)
def test_recipes_that_are_none(settings, message):
    with pytest.raises(ConfigError, match=message):
        LabelRecipe.from_json(settings)


def test_histograms():
    counts, edges = histogram(np.array([0, 1, 1, 3, np.nan]))
    assert counts.tolist() == [1, 2, 0, 1] and edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]
    counts, edges = histogram(np.array([0.0, 0.5, 10.0]), bins=4)
    assert counts.tolist() == [2, 0, 0, 1] and edges.tolist() == [0, 2.5, 5, 7.5, 10]
    assert histogram(np.array([np.nan]))[0].tolist() == [0] and histogram(np.full(3, 0.25))[0].sum() == 3


def test_infinite_values_are_no_classes():
    column = ["0.5", "inf", "-Inf", "nan", "inf", "inf", "2"]
    assert guess_mapping(column).kind == "numbers"
    found = make_labels({"y": [*column, "1", "7", "8"]}, LabelRecipe(("y",)), ",")
    assert {1, 2, 4, 5} <= set(found.wrong) and "'inf'" in found.wrong[1]
    assert guess_mapping(["inf", "ctrl", "inf", "ctrl"]).kind == "binary"
