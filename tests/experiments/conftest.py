"""A small own experiment in the test's home folder."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.experiments.base import Example, Experiment
from dnaconv_core.experiments.own import folder_of, write_experiment
from dnaconv_core.experiments.own_presets import own_presets
from dnaconv_core.experiments.own_store import data_hash
from dnaconv_core.sequence.encoding import from_codes

LENGTH = 17


@pytest.fixture(name="made")
def _made():
    return made


@pytest.fixture(name="examples")
def _examples():
    return examples


def made(key: str = "gata", **changes) -> Experiment:
    """An experiment of its own words, without data."""
    words = {
        "key": key,
        "title": "GATA sites",
        "question": "Does GATA1 bind here?",
        "explanation": "Two lines\nof it.",
        "task": "binary",
        "alphabet": "DNA",
        "length": LENGTH,
        "label": "GATA1 bound",
        "quantity": "GATA1 bound",
        "class_names": ("free", "bound"),
        "strand": "both",
        "examples": (Example("one", "ACGTNACGTACGTACGT", (), "from row 1"),),
        "synthetic": None,
        "presets": own_presets("binary", "DNA", LENGTH, "both"),
        "own": True,
    }
    return Experiment(**(words | changes))


def examples(n: int, seed: int, start: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 2).astype(np.float32)[:, None]
    codes = rng.integers(0, 4, (n, LENGTH)).astype(np.uint8)
    codes[y[:, 0] == 1, 5:11] = [2, 0, 3, 0, 0, 2]  # GATAAG
    ids = np.array([f"s{i}" for i in range(start, start + n)])
    return Dataset(from_codes(codes), y, np.ones_like(y), ids)


@pytest.fixture
def own(home) -> Experiment:
    """`gata` with 60, 14 and 10 examples."""
    sizes = {"train": 60, "valid": 14, "test": 10}
    parts = {name: examples(n, seed, 100 * seed) for seed, (name, n) in enumerate(sizes.items())}
    experiment = made(parts=tuple(sizes.items()), data_hash=data_hash(parts))
    folder = folder_of("gata")
    folder.mkdir(parents=True)
    for name, data in parts.items():
        write_diskdataset(data, folder / name)
    write_experiment(folder, experiment)
    return experiment
