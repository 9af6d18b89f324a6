"""Evaluate says 'better' of a simpler model only where the paired interval excludes zero."""

from __future__ import annotations

import json

import pytest

from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.runs.baselines import COMPARED, NUMBERS
from dnaconv_core.runs.models import PRETRAINED

ROWS = [("tf_binding", "tf_binding_jund"), ("tf_binding", "tf_binding_jund_book"), ("rnai", "rnai_huesken")]


@pytest.mark.parametrize(("experiment", "model"), ROWS)
def test_the_word_better_follows_the_interval(dashboard, experiment, model):
    at = dashboard("evaluate", experiment=experiment, run=model)
    assert not at.exception and not at.error
    stored = json.loads((PRETRAINED / model / NUMBERS).read_text())
    captions = [c.value for c in at.caption if "No clear difference" in c.value or "** than" in c.value]
    compared = COMPARED["regression" if experiment == "rnai" else "binary"]
    assert [words.split(":")[0] for words in captions] == [LABELS[metric].name for metric in compared]
    for metric, lines in zip(compared, captions, strict=True):
        heads = {line.split(" ")[0].strip("*"): line for line in lines.splitlines()}
        named = 0
        for baseline in stored["baselines"].values():
            found = baseline["differences"].get(metric, {})
            if found.get("low") is None:
                continue
            head = "Better" if found["low"] > 0 else "Worse" if found["high"] < 0 else "No"
            assert f"({found['value']:+.3f}, {found['low']:+.3f} to {found['high']:+.3f})" in heads[head]
            named += 1
        assert named >= 3
