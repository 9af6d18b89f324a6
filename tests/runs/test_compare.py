"""Two runs side by side: on shared examples only, with intervals, or in a sentence why not."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.dependence import groups_of_codes
from dnaconv_core.evaluate.held_out import PREDICTIONS
from dnaconv_core.evaluate.intervals import paired_difference
from dnaconv_core.runs.compare import compare_runs
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


@pytest.mark.slow
def test_two_runs_side_by_side(trained):
    store, runs = trained
    found = compare_runs(store, runs)
    assert [(s.name, s.values) for s in found.settings if s.differs] == [("filters", (3, 5)), ("seed", (0, 1))]
    parts = []
    for run in runs:
        with np.load(store.folder(run) / PREDICTIONS) as kept:
            parts.append({name: kept[name] for name in kept.files})
    (pair,) = found.pairs
    assert (pair.run, pair.reference, pair.n) == (runs[1], runs[0], len(parts[0]["y"]))
    assert pair.difference == paired_difference(
        "regression", "pearson_r", parts[0]["y"], parts[1]["prediction"], parts[0]["prediction"],
        groups=groups_of_codes(parts[0]["ids"], parts[0]["codes"], "RNA"),
    )  # fmt: skip
    values = [store.get(run).metrics["valid"]["pearson_r"]["value"] for run in runs]
    assert [m.value for m in found.metrics["pearson_r"]] == values
    assert pair.difference.value == pytest.approx(values[1] - values[0], abs=1e-9)


def test_only_shared_examples_count(trained):
    store, (a, b) = trained
    path = store.folder(b) / PREDICTIONS
    whole = path.read_bytes()
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    try:
        order = np.random.default_rng(0).permutation(len(arrays["ids"]))[:100]  # fewer, in another order
        np.savez(path, **{name: values[order] for name, values in arrays.items()})
        (pair,) = compare_runs(store, [a, b]).pairs
        assert pair.n == 100 and pair.difference.value is not None and compare_runs(store, [a, b]).apart == ()
        np.savez(path, **{**arrays, "ids": np.char.add("other_", arrays["ids"])})
        (pair,) = compare_runs(store, [a, b]).pairs
        assert compare_runs(store, [a, b]).apart == (b,)
        assert pair.n == 0 and "they share no validation examples" in pair.difference.undefined
        path.unlink()
        (pair,) = compare_runs(store, [a, b]).pairs
        assert "has no stored predictions" in pair.difference.undefined
        assert compare_runs(store, [a, b]).apart == ()  # nothing is known of its examples
    finally:
        path.write_bytes(whole)


def test_predictions_without_sequences_are_compared_as_single_examples(tmp_path):
    n, rng = 10_500, np.random.default_rng(0)
    y, ids = rng.random(n), np.arange(n).astype(str)
    predictions = [y + rng.standard_normal(n), y + rng.standard_normal(n)]
    store = Store(tmp_path)
    runs = [store.create(RunSpec("rnai")).id for _ in predictions]
    for run, prediction in zip(runs, predictions, strict=True):
        store.folder(run).mkdir(parents=True, exist_ok=True)
        np.savez(store.folder(run) / PREDICTIONS, ids=ids, y=y[:, None], prediction=prediction[:, None])
    (pair,) = compare_runs(store, runs).pairs
    assert pair.difference == paired_difference("regression", "pearson_r", y, *predictions[::-1], groups=None)


def test_what_cannot_be_compared_is_said(trained):
    store, (a, b) = trained
    with pytest.raises(InputError, match="1 different runs were chosen: choose 2 to 6"):
        compare_runs(store, [a, a])
    other = store.create(RunSpec("tf_binding")).id
    with pytest.raises(InputError, match="is a binary and .* a regression: their metrics differ"):
        compare_runs(store, [a, b, other])
