"""DeepLIFT/SHAP, ISM and marginalization against tangermeme's numbers (fixtures/make_tangermeme.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.marginalize import marginalize
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build

NAMES = {"first": "convs.0", "second": "convs.1", "dense": "dense"}


@pytest.fixture(scope="module")
def theirs():
    with np.load(Path(__file__).parent / "fixtures" / "tangermeme.npz") as found:
        return dict(found)


@pytest.fixture(scope="module")
def model(theirs):
    made = build(ModelConfig(length=21, depth=2, filters=5, kernel_size=4, padding="valid"))
    weights = {}
    for key, value in theirs.items():
        if key.startswith("weight."):
            _, layer, part = key.split(".")
            weights[f"{NAMES[layer]}.{part}"] = torch.from_numpy(value)
    made.load_state_dict(weights)
    return made


def test_deeplift_shap(model, theirs):
    found = [
        attribute(model, theirs["X"], method="deeplift_shap", reference=theirs["references"][:, r]) for r in range(6)
    ]
    np.testing.assert_allclose(np.mean([f.values for f in found], axis=0), theirs["shap"], atol=1e-4)
    np.testing.assert_allclose(np.mean([f.hypothetical for f in found], axis=0), theirs["hypothetical"], atol=1e-4)


def test_ism(model, theirs):
    found = attribute(model, theirs["X"], method="ism")
    np.testing.assert_allclose(found.hypothetical, theirs["ism"], atol=1e-4)


def test_marginalization(model, theirs):
    found = marginalize(model, theirs["X"], "TGACTCA", start=7)
    np.testing.assert_allclose(found.before, theirs["before"][:, 0], atol=1e-4)
    np.testing.assert_allclose(found.after, theirs["after"][:, 0], atol=1e-4)
