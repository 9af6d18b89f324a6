"""The examples in the docstrings of the front's functions run, and each function has one."""

from __future__ import annotations

import doctest
import importlib

import pytest

EXAMPLES = {
    "data": ("load_data", "import_data", "experiment"),
    "models": ("load", "wrap", "models", "train"),
    "use": ("predict", "evaluate", "scan", "variants"),
    "explain": ("attribute", "ism", "filters", "motifs", "marginalize"),
    "design": ("design",),
    "figures": ("logo", "roc", "precision_recall", "scatter"),
    "estimators": ("ConvNetClassifier", "ConvNetRegressor"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name):
    module = importlib.import_module(f"dnaconv_core.api.{name}")
    for function in EXAMPLES[name]:
        assert ">>> " in getattr(module, function).__doc__, function
    found = doctest.testmod(module)
    assert found.failed == 0 and found.attempted >= len(EXAMPLES[name]) - (name == "data")
