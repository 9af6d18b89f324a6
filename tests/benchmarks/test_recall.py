"""The table of recall by method: every method points at the planted bases far better than chance."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dnaconv_core.interpret.attribution import ATTRIBUTIONS

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_every_method_points_at_planted_bases(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    import recall

    monkeypatch.setattr(sys, "argv", ["recall.py", "--sequences", "14", "--json"])
    recall.main()
    found = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in found["methods"]] == list(ATTRIBUTIONS)
    assert found["n"] == 14 and 0.06 < found["chance"] < 0.15
    for row in found["methods"]:
        assert row["recall"] > 0.8, row
        assert row["seqlets"] >= 14 and row["top_100_on_sites"] >= 0.9 and row["sequences_per_second"] > 0
