"""One model over many sequences, in blocks on a Dask cluster: predictions, substitutions, attributions.

A block is whole batches, of as many sequences as are computed together here: a network's numbers depend, in their last
bit, on what goes through it at once, so results are those of one process here to the last byte, on the same kind of CPU
with the same number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.interpret import attribution, ism
from dnaconv_core.model.inputs import check_input
from dnaconv_core.model.packed import Packed, pack, unpack
from dnaconv_core.predict import predict, rows_at_once
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.threads import threads_of

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


class _Work(NamedTuple):
    function: Callable[..., Any]  # of a model, one-hot (N, 4, L) and covariates (N, C): an array, or several
    bases: int  # of a block: some seconds of computing, some megabytes of results
    shapes: Callable[[ConvNet], tuple[tuple[int, ...], ...]]  # of a row of each array
    rows: Callable[..., int]  # of a model, the number of sequences and the options: how many are computed together


def _rows_predicted(model: ConvNet, n: int, *, batch_size: int | None = None, **_: Any) -> int:
    return batch_size or rows_at_once(model.config)


def _rows_explained(model: ConvNet, n: int, *, batch_size: int, **_: Any) -> int:
    return batch_size


_WORKS = {
    "predict": _Work(predict, 1 << 22, lambda model: ((model.config.n_tasks,),), _rows_predicted),
    "ism": _Work(ism.ism, 1 << 18, lambda model: ((4, model.config.length),), ism.rows_at_once),
    "attribute": _Work(attribution.scores, 1 << 17, lambda model: ((4, model.config.length), ()), _rows_explained),
}


class _Job(NamedTuple):
    model: Packed
    work: str


class _Block(NamedTuple):
    codes: np.ndarray  # (n, L) uint8
    covariates: np.ndarray | None  # raw, (n, C)
    options: dict[str, Any]


def in_blocks(
    work: str,
    model: ConvNet,
    X: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    on: str,
    progress: Progress = SILENT,
    **options: Any,
) -> Any:
    """What `predict`, `ism` or `attribution.scores` gives for one-hot `(N, 4, L)`, computed on the cluster `on` (see
    `cluster.where`): an array, of attributions two.

    Rows not reached because `progress` asked to stop are NaN. Raises InputError when the shapes do not fit the model,
    ClusterError as `over` does.
    """
    covariates, kind = check_input(model.config, X, covariates), _WORKS[work]
    step = kind.rows(model, len(X), **options)
    size = step * max(1, min(kind.bases // (step * model.config.length), len(X) // (step * threads_of(model))))
    results = [np.full((len(X), *shape), np.nan, np.float32) for shape in kind.shapes(model)]
    if work == "predict":
        options["batch_size"] = step

    def blocks() -> Iterator[_Block]:
        for at in range(0, len(X), size):
            rows = slice(at, at + size)
            beside = None if covariates is None else covariates[rows]
            own = {name: value.of(rows) if hasattr(value, "of") else value for name, value in options.items()}
            yield _Block(codes_of(X, rows), beside, own)

    at = 0
    for found in over(_done, _Job(pack(model), work), blocks(), on=on, progress=progress):
        for result, part in zip(results, found, strict=True):
            result[at : at + len(part)] = part
        at += len(found[0])
        progress.report(at / len(X), f"{at:,} of {len(X):,} sequences")
    return results[0] if len(results) == 1 else tuple(results)


def _done(job: _Job, block: _Block) -> tuple[np.ndarray, ...]:
    """On a worker."""
    found = _WORKS[job.work].function(unpack(job.model), from_codes(block.codes), block.covariates, **block.options)
    return found if isinstance(found, tuple) else (found,)
