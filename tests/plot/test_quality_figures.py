from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.evaluate.curves import calibration_curve_points, pr_curve_points, roc_curve_points
from dnaconv_core.plot.colors import CATEGORICAL
from dnaconv_core.plot.curves import (
    MANY_DOTS,
    MOST_DOTS,
    calibration_figure,
    interval_figure,
    pr_figure,
    roc_figure,
    scatter_figure,
    training_figure,
)
from dnaconv_core.plot.style import for_export, safe
from dnaconv_core.results import Metric

Y, P = [1, 0, 1, 0, 1, 0], [0.9, 0.8, 0.8, 0.4, 0.1, 0.05]


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def titles(figure):
    return figure.layout.xaxis.title.text, figure.layout.yaxis.title.text


def test_roc_has_each_curve_its_area_and_the_diagonal():
    curves = {"network": roc_curve_points(Y, P), "GC <i>": roc_curve_points(Y, P[::-1])}
    figure = roc_figure(curves, metrics={"network": Metric(0.7222)}, faint={"GC <i>"})
    drawn = traces(figure)
    assert list(drawn) == ["guessing", "network (0.722)", "GC &lt;i&gt;"]
    assert list(drawn["network (0.722)"].x) == pytest.approx([0, 0, 1 / 3, 2 / 3, 2 / 3, 1], abs=1e-4)
    assert list(drawn["network (0.722)"].customdata[:2]) == [None, 0.9]  # no number for the infinite threshold
    assert drawn["GC &lt;i&gt;"].line.dash == "dot" and drawn["network (0.722)"].line.dash == "solid"
    assert titles(figure) == ("False positive rate (of the negatives)", "True positive rate")


def test_pr_has_steps_from_recall_zero_and_the_prevalence():
    figure = pr_figure({"network": pr_curve_points(Y, P)})
    drawn = traces(figure)
    assert list(drawn) == ["prevalence 50.00%", "network"]
    assert list(drawn["network"].x) == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=1e-4)
    assert list(drawn["network"].y) == pytest.approx([1, 1, 2 / 3, 3 / 5], abs=1e-4)
    assert drawn["network"].line.shape == "vh"  # the steps whose area is the average precision
    assert list(drawn["prevalence 50.00%"].y) == [0.5, 0.5]
    assert titles(figure) == ("Recall (of the positives)", "Precision")


@pytest.mark.parametrize(("draw", "points"), [(roc_figure, roc_curve_points), (pr_figure, pr_curve_points)])
def test_an_undefined_curve_leaves_its_reason(draw, points):
    figure = draw({"network": points([1, 1], [0.2, 0.3])})
    assert figure.layout.annotations[0].text == "every example is positive: both classes are needed"
    assert draw({}).layout.annotations[0].text == "there is nothing to compare yet"


def test_calibration_has_intervals():
    curve = calibration_curve_points(np.arange(40) % 2, np.arange(40) / 80, bins=4)
    figure = calibration_figure({"network": curve})
    drawn = traces(figure)["network"]
    assert list(drawn.y) == pytest.approx(curve.observed)
    assert list(drawn.error_y.array) == pytest.approx(curve.high - curve.observed, abs=1e-4)
    assert list(drawn.error_y.arrayminus) == pytest.approx(curve.observed - curve.low, abs=1e-4)


def test_scatter_knows_which_example_each_dot_is():
    y, p = np.array([[0.1], [np.nan], [0.9], [0.4]]), np.array([[0.2], [0.3], [0.7], [0.6]])
    figure = scatter_figure(y, p, ["a", "b", "<c>", "d"], unit="activity", chosen=2)
    drawn = traces(figure)
    assert list(drawn["examples"].customdata) == [0, 2, 3]
    assert list(drawn["examples"].text) == ["a", "&lt;c&gt;", "d"]
    assert list(drawn["identity"].x) == list(drawn["identity"].y) == [0.1, 0.9]
    assert (list(drawn["chosen"].x), list(drawn["chosen"].y)) == ([0.9], [0.7])
    assert titles(figure) == ("Measured (activity)", "Predicted (activity)")
    assert "chosen" not in traces(scatter_figure(y, p, chosen=1))
    assert scatter_figure([np.nan], [1.0]).layout.annotations[0].text.startswith("there is no example")


def test_a_large_scatter_is_a_seeded_part_and_says_so():
    n = MOST_DOTS + 500
    y = np.random.default_rng(0).random(n)
    figure = scatter_figure(y, y)
    rows = np.array(traces(figure)["examples"].customdata)
    assert len(set(rows)) == MOST_DOTS and figure.layout.title.text == f"{MOST_DOTS:,} of {n:,} examples"
    assert list(traces(figure)["examples"].x[:5]) == pytest.approx(y[rows[:5]], abs=1e-4)
    assert np.array_equal(rows, traces(scatter_figure(y, y))["examples"].customdata)


def test_training_shows_loss_and_metric_of_both_splits():
    rows = [(10, "train", "loss", 0.5), (10, "valid", "loss", 0.6), (20, "valid", "loss", float("nan"))]
    rows += [(20, "train", "loss", 0.4), (20, "valid", "auroc", 0.7), (10, "valid", "auroc", None)]
    figure = training_figure(rows, task="binary", best_epoch=20, epochs=100)
    shown = [(t.name, t.xaxis, list(t.x), list(t.y), t.showlegend) for t in figure.data]
    assert shown == [
        ("training", "x", [10, 20], [0.5, 0.4], True),
        ("validation", "x", [10, 20], [0.6, None], True),
        ("validation", "x2", [10, 20], [None, 0.7], False),
    ]
    assert figure.layout.xaxis.range == (0, 102) and len(figure.layout.shapes) == 2
    assert (figure.layout.yaxis.title.text, figure.layout.yaxis2.title.text) == ("Loss", "ROC-AUC")
    assert figure.layout.xaxis.title.text == figure.layout.xaxis2.title.text == "Epoch"
    assert training_figure([], task="regression").layout.annotations[0].text == "no epoch has been evaluated yet"


def test_intervals_have_the_best_on_top():
    results = {
        "network": Metric(0.7, 0.6, 0.75),
        "GC": Metric(0.55),
        "mean": Metric(None, undefined="every prediction is the same"),
        "k-mers": Metric(0.8, 0.7, 0.9),
    }
    dots = interval_figure(results, metric="auroc", faint={"GC"}).data[0]
    assert list(dots.y) == ["GC", "network", "k-mers"]  # drawn from the bottom up
    assert list(dots.error_x.array) == pytest.approx([0, 0.05, 0.1])
    assert list(dots.error_x.arrayminus) == pytest.approx([0, 0.1, 0.1])
    figure = interval_figure(results, metric="rmse")
    assert list(figure.data[0].y) == ["k-mers", "network", "GC"]
    assert figure.layout.xaxis.title.text == "RMSE (lower is better)"
    assert interval_figure({}, metric="r2").layout.annotations[0].text == "there is nothing to compare yet"


def test_figures_bring_no_background_of_their_own_and_stay_small():
    rng = np.random.default_rng(0)
    y = rng.random(30_000) < 0.3
    figure = roc_figure({"network": roc_curve_points(y, y * 0.3 + rng.random(30_000))})
    layout = json.loads(figure.to_json())["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert not layout["template"].get("layout")
    assert len(figure.to_json()) < 30_000
    exported = for_export(figure)
    assert exported.layout.paper_bgcolor == "white" and figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert exported.layout.template.layout.plot_bgcolor == "white"


def test_names_are_escaped_and_cut():
    assert safe("<b>" + "x" * 100) == "&lt;b&gt;" + "x" * 56 + "…"


def test_of_many_dots_the_colour_says_how_many_lie_close():
    y = np.concatenate([np.full(MANY_DOTS, 0.505), [0.0, 1.0]])
    drawn = traces(scatter_figure(y, y))["examples"]
    assert list(drawn.marker.color) == [0, 0, *[pytest.approx(np.log10(MANY_DOTS), abs=0.01)] * MANY_DOTS]
    assert list(drawn.customdata[:2]) == [MANY_DOTS, MANY_DOTS + 1]  # those that lie alone are drawn first
    assert traces(scatter_figure(y[2:], y[2:]))["examples"].marker.color == CATEGORICAL[0]
