"""Which examples each step sees, and how they get to the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.on_disk import Rows, streamed
from dnaconv_core.predict import check_input
from dnaconv_core.sequence.encoding import from_codes

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.config import ModelConfig

BLOCK = 128  # neighbouring examples that are read from a disk together
_BUFFER_BYTES = 32 << 20  # of one-hot, read ahead
_COLUMNS = np.eye(5, 4, dtype=np.int8).view(np.uint32)[:, 0]  # of each code the four channels as the bytes of a number


class Batch(NamedTuple):
    X: Tensor  # (B, 4, L) float32 or bfloat16
    y: Tensor  # (B, T)
    w: Tensor  # (B, T)
    covariates: Tensor | None  # (B, C) raw


def epoch_order(y: np.ndarray, seed: int, epoch: int, *, balance: bool, size: int = 0) -> np.ndarray:
    """The order of examples in one epoch, from (seed, epoch) alone.

    balance: as many of each class as of any other, rarer ones drawn with replacement; of several labels no draw can
    balance all, so that there the weights do (see Loader). size: examples in the epoch, 0 for as many as there are; no
    example comes twice in an epoch while its class has enough of them.
    """
    rng = np.random.default_rng([seed, epoch])
    size = size or len(y)
    if not balance or y.shape[1] > 1:
        return rng.permutation(len(y))[:size] if size <= len(y) else rng.permutation(rng.choice(len(y), size))
    labels = np.unique(y[:, 0])
    ends = size * np.arange(len(labels), -1, -1) // len(labels)  # what does not divide goes to the first classes
    chosen = []
    for label, drawn in zip(labels, ends[:-1] - ends[1:], strict=True):
        members = np.flatnonzero(y[:, 0] == label)
        chosen.append(rng.choice(members, drawn, replace=drawn > len(members)))
    return rng.permutation(np.concatenate(chosen))


def gathered(order: np.ndarray, seed: int, epoch: int, *, buffer: int, block: int = BLOCK) -> np.ndarray:
    """The same examples `(n,)` as in `order`, each as often, so arranged that a buffer of them lies in few places.

    For data that are read from a disk: blocks of `block` neighbours come in an order of chance, and examples within
    every `buffer` of them in one as well, from (seed, epoch) alone. An example that comes more than once (drawn with
    replacement, of a rare class) stays where `order` has it, so that no stretch of the epoch is without that class.
    """
    rng = np.random.default_rng([seed, epoch, 1])
    once = np.bincount(order)[order] == 1
    place = rng.permutation(int(order.max(initial=0)) // block + 1)
    alone = order[once]
    arranged = order.copy()
    arranged[once] = alone[np.argsort(place[alone // block], kind="stable")]
    for start in range(0, len(arranged), buffer):
        rng.shuffle(arranged[start : start + buffer])
    return arranged


def filled(y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Labels `(N, T)` float32 with 0 in place of NaN where the weight is 0: times a weight of 0 NaN would stay NaN."""
    y = np.asarray(y, np.float32)
    return np.where(np.isnan(y) & (w == 0), np.float32(0), y)


def mutated(X: Tensor, share: float) -> Tensor:
    """One-hot `(B, 4, L)` with a share of the bases replaced by random letters, as likely the same; N stays N.

    Random numbers come from torch's global generator of X's device.
    """
    import torch

    n, _, length = X.shape
    letters = torch.randint(4, (n, 1, length), device=X.device)
    new = letters == torch.arange(4, device=X.device)[:, None]  # (B, 4, L)
    hit = torch.rand(n, 1, length, device=X.device) < share
    return torch.where(hit, new * X.amax(dim=1, keepdim=True), X)


def _balanced(y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weights `(N, T)` scaled in each class: to a mean of 1, of several labels to an equal share of all."""
    balanced = w.copy()
    for t, labels in enumerate(y.T):
        known = np.ones(len(y), bool) if y.shape[1] == 1 else w[:, t] > 0
        classes = np.unique(labels[known])
        for label in classes:
            members = known & (labels == label)
            share = 1.0 if y.shape[1] == 1 else len(classes) * members.sum() / known.sum()
            balanced[members, t] /= max(w[members, t].mean(), 1e-12) * share
    return balanced


class Loader:
    """A dataset ready for training: the arrays lie on the device (X as int8) unless X is on the disk.

    X in a file of codes ("streamed") is read ahead of the steps, a buffer at a time, in the order of the epoch; of a
    memory map every batch is read by itself. On a CPU X lies position by position, `(N, L, 4)`, as the network's
    convolutions want it.

    balance: weights are scaled to a mean of 1 in each class. The book's data weigh a bound window 235 times an unbound
    one; batches that hold as many of each would otherwise count the imbalance twice. Of several labels, which are not
    drawn evenly, each class weighs as much as the other ones of its label. precision: of the sequences in a
    batch, 'float32' or 'bfloat16', in which they are exact as well.
    """

    def __init__(
        self, data: Dataset, config: ModelConfig, device: str, *, balance: bool = False, precision: str = "float32"
    ) -> None:
        import torch

        covariates = check_input(config, data.X, data.covariates)
        self.device, self.dtype = torch.device(device), getattr(torch, precision)
        self.source: Any = data.X if isinstance(data.X, (np.memmap, Rows)) else None  # where X is not in memory
        self.streamed = streamed(data.X)
        self.buffer = max(BLOCK, _BUFFER_BYTES // (4 * data.length))  # examples read ahead
        self.by_position = self.device.type == "cpu" and (self.source is None or self.streamed)
        X = data.X.transpose(0, 2, 1) if self.by_position and not self.streamed else data.X
        self.X = None if self.source is not None else torch.from_numpy(np.ascontiguousarray(X)).to(self.device)
        y, w = np.asarray(data.y, np.float32), np.asarray(data.w, np.float32)
        self.y = torch.from_numpy(filled(y, w)).to(self.device)
        self.w = torch.from_numpy(_balanced(data.y, w) if balance else w).to(self.device)
        self.covariates = None if covariates is None else torch.from_numpy(covariates).to(self.device)
        self._order = np.empty(0, np.int64)
        self._ahead: tuple[int, Tensor] | None = None  # the first place in the epoch that was read ahead, and X there

    @property
    def recordable(self) -> bool:
        """Whether a step can be recorded as a CUDA graph: everything it reads must lie on the device."""
        return self.device.type == "cuda" and self.X is not None

    def arranged(self, order: np.ndarray, seed: int, epoch: int) -> np.ndarray:
        """The order of an epoch as this loader wants it: as it is, or of streamed data such that neighbours meet."""
        return gathered(order, seed, epoch, buffer=self.buffer) if self.streamed else order

    def index(self, order: np.ndarray) -> Tensor:
        """What `batch` takes, for the whole of an epoch `(n,)`: the order of its examples, on the device.

        On the host where X is on the disk; of streamed data the places in the epoch, whose order is remembered.
        """
        import torch

        if self.streamed:
            self._order, self._ahead = order, None
            return torch.arange(len(order))
        return torch.from_numpy(order).to(self.device if self.X is not None else "cpu")

    def batch(self, index: Tensor) -> Batch:
        """The examples of these numbers, from `index`."""
        import torch

        if self.streamed:
            X, index = self._from_buffer(index)
        elif self.X is not None:
            X = self.X.index_select(0, index).to(self.dtype)
        else:
            assert self.source is not None  # X lies there or here
            X = torch.from_numpy(self.source[index.numpy()]).to(self.device, self.dtype)
            index = index.to(self.device)
        X = X.transpose(1, 2) if self.by_position else X
        covariates = None if self.covariates is None else self.covariates[index]
        return Batch(X, self.y[index], self.w[index], covariates)

    def _from_buffer(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """X of these places in the epoch and the numbers of their examples; what is not there yet is read ahead."""
        import torch

        if not len(places):  # among several processes one may have nothing to do
            return self._read(self._order[:0]).to(self.dtype), places.to(self.device)
        first, last = int(places.min()), int(places.max())
        if self._ahead is None or not self._ahead[0] <= first <= last < self._ahead[0] + len(self._ahead[1]):
            self._ahead = None  # given back before the next is made
            self._ahead = (first, self._read(self._order[first : max(last + 1, first + self.buffer)]))
        start, X = self._ahead
        rows = torch.from_numpy(self._order[places.numpy()]).to(self.device)
        return X.index_select(0, (places - start).to(self.device)).to(self.dtype), rows

    def _read(self, rows: np.ndarray) -> Tensor:
        """One-hot int8 of these examples on the device: `(n, L, 4)` on a CPU, else `(n, 4, L)`."""
        import torch

        codes = codes_of(self.source, rows)  # (n, L)
        if not self.by_position:
            return torch.from_numpy(from_codes(codes)).to(self.device)
        return torch.from_numpy(_COLUMNS[codes].view(np.int8).reshape(*codes.shape, 4))
