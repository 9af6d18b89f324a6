from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.plot.colors import BASE_COLORS
from dnaconv_core.plot.data import (
    base_figure,
    base_frequencies,
    composition_figure,
    histogram,
    label_figure,
    length_figure,
)
from dnaconv_core.sequence.encoding import one_hot


def test_histogram_counts_every_finite_value_once_in_common_bins():
    groups = {"a": np.array([0, 1, 1, 2, np.nan, np.inf]), "b": np.array([2.0, 3.0, 3.0])}
    figure = histogram(groups, x_title="activity", bins=3, marks={"cut <": 1.5})
    a, b = figure.data
    assert (list(a.y), list(b.y)) == ([1, 2, 1], [0, 0, 3])
    assert list(a.x) == list(b.x) == [0.5, 1.5, 2.5]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("activity", "Examples")
    assert figure.layout.annotations[0].text == "cut &lt;"
    shares = histogram(groups, x_title="activity", bins=3, share=True)
    assert [sum(trace.y) for trace in shares.data] == pytest.approx([1, 1])


def test_histogram_of_little_or_nothing():
    assert histogram([], x_title="x").layout.annotations[0].text == "there are no values to count"
    assert list(histogram([5.0, 5.0], x_title="x").data[0].y) == [2]
    assert len(histogram(np.arange(10**5) / 7, x_title="x").to_json()) < 8000


def test_labels_show_class_balance_with_shares():
    figure = label_figure(np.array([[0]] * 995 + [[1]] * 5), task="binary")
    assert list(figure.data[0].y) == [995, 5]
    assert list(figure.data[0].text) == ["995 (99.50%)", "5 (0.50%)"]
    assert figure.layout.yaxis.type == "log" and figure.layout.yaxis.title.text == "Examples (log scale)"
    assert label_figure([0, 1, 1], task="binary").layout.yaxis.type != "log"
    assert label_figure([], task="binary").data[0].text == ("0 (0.00%)", "0 (0.00%)")
    measured = label_figure([0.1, 0.5, 1.2], task="regression", label="normalised activity")
    assert measured.layout.xaxis.title.text == "normalised activity" and sum(measured.data[0].y) == 3


def test_lengths_are_counted():
    bars = length_figure([21, 19, 21, 21]).data[0]
    assert (list(bars.x), list(bars.y)) == ([19, 21], [1, 3])
    assert sum(length_figure(np.arange(500)).data[0].y) == 500
    assert length_figure([]).layout.annotations[0].text == "there are no sequences to measure"


def test_base_frequencies_by_hand():
    X = one_hot(["AACGT", "ACCNT", "TCNNT"])
    shares = base_frequencies(X)
    assert shares.shape == (4, 5)
    assert shares[:, 0].tolist() == pytest.approx([2 / 3, 0, 0, 1 / 3])
    assert shares[:, 2].tolist() == [0, 1, 0, 0]  # of the two that are known
    assert base_frequencies(X[2:])[:, 3].tolist() == [0, 0, 0, 0]
    assert base_frequencies(X, weights=[0, 1, 3])[:, 0].tolist() == [0.25, 0, 0, 0.75]
    with pytest.raises(InputError, match=r"X has shape \(3, 5, 4\)"):
        base_frequencies(X.transpose(0, 2, 1))


def test_composition_has_a_line_per_base_in_its_colour():
    figure = composition_figure(base_frequencies(one_hot(["ACG", "ACU"], "RNA")), alphabet="RNA", first=2)
    assert [trace.name for trace in figure.data] == list("ACGU")
    assert [trace.line.color for trace in figure.data] == [BASE_COLORS[letter] for letter in "ACGU"]
    assert list(figure.data[2].x) == [2, 3, 4] and list(figure.data[2].y) == [0, 0, 0.5]
    with pytest.raises(InputError, match=r"shape \(3, 4\)"):
        composition_figure(np.zeros((3, 4)))


def test_bases_are_stacked_by_group():
    figure = base_figure({"positives": [0.1, 0.2, 0.3, 0.4], "<negatives>": [0.25] * 4})
    assert [trace.name for trace in figure.data] == list("ACGT")
    assert list(figure.data[3].x) == [0.4, 0.25] and list(figure.data[3].y) == ["positives", "&lt;negatives&gt;"]


def test_classes_are_counted_by_name():
    figure = label_figure([[0], [2], [2], [0], [2]], task="classes", names=["<b>liver</b>", "blood", "none"])
    (bars,) = figure.data
    assert list(bars.y) == [2, 0, 3] and list(bars.text) == ["2 (40.00%)", "0 (0.00%)", "3 (60.00%)"]
    assert list(bars.x) == ["&lt;b&gt;liver&lt;/b&gt;", "blood", "none"] and figure.layout.xaxis.type == "category"
    assert list(label_figure([0, 3, 1], task="classes").data[0].x) == ["0", "1", "2", "3"]
