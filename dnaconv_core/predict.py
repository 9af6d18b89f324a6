"""The one inference loop: batching, device, evaluation mode. The caller's model is left as it was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.engine.as_found import evaluating as evaluating
from dnaconv_core.errors import InputError
from dnaconv_core.model.inputs import check_input as check_input
from dnaconv_core.model.inputs import covariates_for
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.threads import in_batches, threads_of

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet


def predict(
    model: ConvNet,
    data: Dataset | np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    output: str = "prediction",
    batch_size: int | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Predictions `(N, T)` float32 for one-hot `(N, 4, L)` or a Dataset (which brings its own covariates).

    covariates: raw values `(N, C)`; the model transforms them itself. output: 'prediction' (probability or activity),
    'logit' (of an ensemble, the mean of its members' logits), or 'spread', the standard deviation of the members'
    predictions (0 of a single network). device: where to compute; by default where the model is. Stops early only when
    `progress` asks: the rows not reached are NaN. Raises InputError when the shapes do not fit the model.
    """
    import torch

    from dnaconv_core.engine import forward

    X = data.X if isinstance(data, Dataset) else data
    if isinstance(data, Dataset) and covariates is None:
        covariates = covariates_for(model, data)
    covariates = check_input(model.config, X, covariates)
    if output not in ("prediction", "logit", "spread"):
        raise InputError(f"output is {output!r}: choose 'prediction', 'logit' or 'spread'")
    home = next(model.parameters()).device
    where = torch.device(device) if device else home
    batch_size = batch_size or rows_at_once(model.config, where.type)
    result = np.full((len(X), model.config.n_tasks), np.nan, np.float32)

    @torch.inference_mode()
    def fill(rows: slice) -> None:
        x = torch.from_numpy(np.ascontiguousarray(X[rows])).to(where).float()  # (B, 4, L)
        c = None if covariates is None else torch.from_numpy(covariates[rows]).to(where)  # (B, C)
        if output == "spread":
            values = model.activate(forward.member_logits(model, x, c)).std(dim=1, unbiased=False)  # (B, T)
        else:
            logits = forward.logits(model, x, c)  # (B, T)
            values = model.activate(logits) if output == "prediction" else logits
        result[rows] = values.cpu().numpy()

    try:
        model.to(where)
        with evaluating(model):
            for rows in in_batches(fill, len(X), batch_size, threads_of(model)):
                progress.report(rows.stop / len(X), f"{rows.stop:,} of {len(X):,} sequences")
                if progress.should_stop():
                    break
    finally:
        model.to(home)
    return result


def rows_at_once(config: ModelConfig, device: str = "cpu") -> int:
    """How many sequences are predicted together."""
    held = _cached() if device == "cpu" else 2**25  # numbers in one layer: what caches hold, or what fills a GPU
    return max(1, held // (config.members * config.filters * config.length))


def _cached() -> int:
    """Float32 numbers in one and a half times a core's second cache; less than 1 MiB, or unknown, counts as that."""
    import torch

    size = torch.cpu.get_capabilities().get("l2_cache_size", 0)  # bytes
    return 3 * min(max(size, 2**20), 2**22) // 8


def wrong_length(bases: int, length: int) -> str:
    """What is wrong with a sequence of so many bases for a model that reads `length`; '' where nothing is."""
    if bases == length:
        return ""
    mend = "pad it with N" if bases < length else "cut it, or scan it in windows"
    return f"has {bases} bases; this model reads {length}: {mend}"


def encode_records(records: Sequence[Record], config: ModelConfig) -> np.ndarray:
    """One-hot `(N, 4, L)` of cleaned sequences. Raises InputError naming the first that the model cannot read."""
    for number, record in enumerate(records, 1):
        if wrong := wrong_length(len(record.sequence), config.length):
            raise InputError(f"sequence {number} ({record.id[:60]!r}) {wrong}")
    return one_hot([record.sequence for record in records], config.alphabet)
