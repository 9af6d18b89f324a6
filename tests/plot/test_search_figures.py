from __future__ import annotations

import pytest

from dnaconv_core.plot.colors import CATEGORICAL
from dnaconv_core.plot.search import history_figure, importance_figure, parallel_figure, setting_label


def test_history_has_whole_and_early_trials_the_best_so_far_and_auto():
    scores = [[0.5, 0.7], [0.9], [], [0.6, 0.8], [0.4, 0.6]]
    figure = history_figure(scores, [True, False, False, True, True], metric="auroc")
    drawn = {trace.name: trace for trace in figure.data}
    assert list(drawn) == ["given up early", "on every fold", "best so far"]
    assert (list(drawn["on every fold"].x), list(drawn["on every fold"].y)) == ([1, 4, 5], [0.6, 0.7, 0.5])
    assert (list(drawn["given up early"].x), list(drawn["given up early"].y)) == ([2], [0.9])
    assert list(drawn["given up early"].customdata) == [1]  # one fold
    assert list(drawn["best so far"].y) == [0.6, 0.6, 0.6, 0.7, 0.7]  # an early one is not the best
    assert figure.layout.shapes[0].y0 == pytest.approx(0.6) and figure.layout.annotations[0].text == "auto"
    assert figure.layout.yaxis.title.text == "ROC-AUC, mean of the inner folds"
    assert "through all folds" in history_figure([[0.5]], [False], metric="auroc").layout.annotations[0].text


def test_importance_has_the_largest_on_top_by_the_words_of_the_form():
    (bars,) = importance_figure({"depth": 0.2, "kernel_size": 0.7, "dropout": 0.1}).data
    assert list(bars.y) == ["Dropout", "Depth (layers)", "Kernel (bases)"] and list(bars.x) == [0.1, 0.2, 0.7]
    assert "five networks" in importance_figure({}).layout.annotations[0].text


def test_parallel_has_an_axis_for_each_setting_that_varies_and_the_best_stands_out():
    params = [
        {"pooling": "max", "filters": 16, "depth": 1, "dropout": 0.0},
        {"pooling": "flatten", "filters": 64, "depth": 1, "dropout": 0.5},
        {"pooling": "max", "filters": 32, "depth": 1, "dropout": 0.25},
    ]
    figure = parallel_figure(params, [0.6, 0.7, 0.8], metric="pearson_r")
    axis = figure.layout.xaxis
    assert list(axis.ticktext) == ["Before the<br>dense layer", "Filters per<br>layer", "Dropout", "Pearson r"]
    lines = {tuple(trace.y): trace for trace in figure.data}
    assert list(lines) == [(1, 0, 0, 0), (0, 1, 1, 0.5), (1, 0.5, 0.5, 1)]  # from the worst to the best; log2 filters
    best = figure.data[-1]
    assert best.line.color == CATEGORICAL[1] and best.opacity == 1 and best.text[1] == "Filters per layer 32"
    assert figure.data[0].opacity < figure.data[1].opacity < 1
    said = [note.text for note in figure.layout.annotations]
    assert said == ["flatten", "max", "16", "64", "0", "0.5", "0.6", "0.8"]


def test_one_network_has_its_value_alone():
    figure = parallel_figure([{"depth": 1}], [0.5], metric="auroc")
    assert list(figure.layout.xaxis.ticktext) == ["ROC-AUC"] and list(figure.data[0].y) == [0.5]
    assert "through all folds" in parallel_figure([], [], metric="auroc").layout.annotations[0].text
    assert setting_label("learning_rate") == "Learning rate" and setting_label("elsewhere") == "elsewhere"
