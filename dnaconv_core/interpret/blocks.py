"""One model over many sequences, in blocks on a Dask cluster: predictions, and what every substitution does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.inputs import check_input
from dnaconv_core.model.packed import Packed, pack, unpack
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import from_codes

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


class _Work(NamedTuple):
    function: Callable[..., np.ndarray]  # of a model, one-hot (N, 4, L) and covariates (N, C)
    bases: int  # of a block: some seconds of computing, some megabytes of results
    shape: Callable[[ConvNet], tuple[int, ...]]  # of a row of results


_WORKS = {
    "predict": _Work(predict, 1 << 22, lambda model: (model.config.n_tasks,)),
    "ism": _Work(ism, 1 << 18, lambda model: (4, model.config.length)),
}


class _Job(NamedTuple):
    model: Packed
    work: str
    options: dict[str, Any]


class _Block(NamedTuple):
    codes: np.ndarray  # (n, L) uint8
    covariates: np.ndarray | None  # raw, (n, C)


def in_blocks(
    work: str,
    model: ConvNet,
    X: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    on: str,
    progress: Progress = SILENT,
    **options: Any,
) -> np.ndarray:
    """What `predict` or `ism` gives for one-hot `(N, 4, L)`, computed on the cluster `on` (see `cluster.where`).

    Equal to what they give here but for the last bit of a number, as batches begin elsewhere. Rows not reached because
    `progress` asked to stop are NaN. Raises InputError when the shapes do not fit the model, ClusterError as `over`
    does.
    """
    covariates, kind = check_input(model.config, X, covariates), _WORKS[work]
    size = max(1, kind.bases // model.config.length)
    result = np.full((len(X), *kind.shape(model)), np.nan, np.float32)

    def blocks() -> Iterator[_Block]:
        for at in range(0, len(X), size):
            rows = slice(at, at + size)
            yield _Block(codes_of(X, rows), None if covariates is None else covariates[rows])

    at = 0
    for found in over(_done, _Job(pack(model), work, options), blocks(), on=on, progress=progress):
        result[at : at + len(found)] = found
        at += len(found)
        progress.report(at / len(X), f"{at:,} of {len(X):,} sequences")
    return result


def _done(job: _Job, block: _Block) -> np.ndarray:
    """On a worker."""
    work = _WORKS[job.work].function
    return work(unpack(job.model), from_codes(block.codes), block.covariates, **job.options)
