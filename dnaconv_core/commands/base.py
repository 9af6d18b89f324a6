"""What the commands share: their answer, and the words they use for numbers, data and paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.results import Metric

MODEL_HELP = "a run's id, a bundle's folder, or a pretrained model's name"
COVARIATES_HELP = "lines of 'id value', joined by id"


class Answer(NamedTuple):
    data: Any  # what --json prints
    text: str  # what people read
    code: int = 0  # the exit code


def metric_line(name: str, metric: Metric) -> str:
    if metric.value is None:
        return f"{name:<13} undefined: {metric.undefined}"
    interval = f"  ({metric.low:.4f} to {metric.high:.4f})" if metric.low is not None else ""
    return f"{name:<13} {metric.value:.4f}{interval}"


def open_dataset(path: str, alphabet: str, covariates: str) -> Dataset:
    from dnaconv_core.data.formats import read_dataset

    return read_dataset(Path(path), alphabet=alphabet, covariates=Path(covariates) if covariates else None)


def absolute(path: str) -> str:
    """A path as a run stores it: it must still mean the same from another working directory. A 'book:PART' stays."""
    if path.startswith("book:"):
        return path
    return os.path.abspath(os.path.expanduser(path)) if path else ""
