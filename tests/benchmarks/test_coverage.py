"""Whether intervals hold, in little: the cells of benchmarks/coverage.py that the old ones failed in, and groups."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_areas_hold_where_positives_are_few(coverage):
    """300 draws: a coverage of 0.95 stays above 0.91 but for once in a thousand; the percentile bootstrap had 0.84."""
    cells = [cell for cell in coverage.rankings((200, 1000)) if cell.what == "ROC-AUC" and "0.95" in cell.setting]
    few = {(cell.setting[-4:].strip(), cell.n): coverage.simulate(cell, 300) for cell in cells}
    assert few["0.03", 200].given == 0  # 6 positives
    assert few["0.03", 1000].holds >= 0.91 and few["0.01", 1000].holds >= 0.91
    assert all(result.given in (0, 1) for result in few.values())


def test_a_correlation_of_twenty_holds(coverage):
    (cell,) = (c for c in coverage.numbers((20,)) if c.what == "pearson_r" and c.setting.endswith("0.5"))
    assert 0.9 <= coverage.simulate(cell, 300).holds <= 0.99


@pytest.mark.slow
def test_tiles_hold_by_groups_and_not_as_if_independent(coverage):
    (by_groups,), (plain,) = coverage.tiled((2000,)), coverage.tiled((2000,), plain=True)
    assert coverage.simulate(by_groups, 60).holds >= 0.85
    assert coverage.simulate(plain, 60).holds < 0.6


def test_a_table_marks_what_is_not_given_and_what_fails(coverage):
    results = [
        coverage.Result("a", "s", 100, 0.5, 0.1, 0.2, 1.0),
        coverage.Result("a", "s", 200, 0.5, 1.0, 0.5, 1.0),
        coverage.Result("a", "s", 1000, 0.5, 1.0, 0.95, 1.0),
    ]
    assert coverage.table(results).splitlines()[-1] == "| a | s | not given | **0.500, narrow** | 0.950 |"
    assert [result.mark for result in results] == ["", "narrow", ""]
    assert coverage.Result("a", "s", 100, 0.5, 1.0, 0.98, 1.0).mark == "wide"


def test_a_cell_that_is_outside_by_chance_is_drawn_again(coverage):
    drawn = []

    def unlucky(rng):
        drawn.append(1)
        return (0.0, 1.0) if len(drawn) > 10 and len(drawn) % 20 else (2.0, 3.0)

    cell = coverage.Cell("a", "s", 100, 0.5, unlucky)
    found = coverage.settled(cell, 10)
    assert len(drawn) == 50 and found.holds == 0.95 and not found.mark
    assert len(drawn) == 50 and coverage.settled(cell, 400).holds == 0.95  # well at once
    assert len(drawn) == 450


@pytest.mark.slow
def test_the_truth_of_average_precision_is_that_of_a_large_sample(coverage):
    from sklearn.metrics import average_precision_score

    y, score = coverage.binormal(np.random.default_rng(0), 400_000, 0.1, 0.75)
    assert average_precision_score(y, score) == pytest.approx(coverage.average_precision(0.75, 0.1), abs=0.005)
