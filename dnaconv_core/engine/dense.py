"""A network slid along a sequence by convolving the sequence once, instead of cutting it into windows.

Everything is computed in the coordinates of the + strand: reading the other strand is the same network with its
kernels turned round. With 'same' padding a window's outermost positions see zeros where the sequence has flanks:
`edges="exact"` computes those positions for every window (engine/branch.py); `edges="context"` leaves every window its
flanks. An ensemble is read member by member.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from dnaconv_core.engine import forward
from dnaconv_core.engine.branch import Branch, Read
from dnaconv_core.engine.forms import unknown_step
from dnaconv_core.engine.levels import crowded
from dnaconv_core.engine.sliding import maxima, one_hot_codes, sums, weighted_sums
from dnaconv_core.model.heads import EACH, MAX, MEAN
from dnaconv_core.model.layer_steps import KeepingConvolution, PoolBetween
from dnaconv_core.model.layers import flip_strand
from dnaconv_core.model.steps import Hidden
from dnaconv_core.sequence.encoding import from_codes

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_TOGETHER = 512  # windows read one by one
_ALSO = (PoolBetween, KeepingConvolution, Hidden)  # steps known here that other engines leave to the plain form


class DenseNet:
    """The parts of a ConvNet as they are needed along a sequence; on the model's device, float32.

    covariates: raw values `(C,)`, the same for every window.
    """

    def __init__(self, model: ConvNet, edges: str, covariates: np.ndarray | None) -> None:
        config = self.config = model.config
        self.length, self.model, self.covariates = config.length, model, covariates
        m, exact = config.members, edges == "exact"
        self.members: list[tuple[Branch, Branch]] = []
        for member in range(m):
            weights = [conv.weight.detach().chunk(m)[member] for conv in model.convs]
            biases = [conv.bias.detach().chunk(m)[member] for conv in model.convs]
            plus, minus = (Branch(config, weights, biases, turned=turned, exact=exact) for turned in (False, True))
            self.members.append((plus, minus))
        branches = self.members[0]
        self.exact = any(branch.sides for branch in branches)
        self.margin = max(branch.margin for branch in branches) if config.padding == "same" or self.exact else 0
        first = model.own if model.hidden is None else model.hidden.weight.transpose(0, 1).flatten(1)
        parts = model.pooling.split(first.detach())
        kept = model.pooling.filters - config.filters
        sizes = [config.filters, kept] if kept else [config.filters]
        self.heads = [
            [(part, weights[:, member].split(sizes, dim=1)) for part, weights in parts] for member in range(m)
        ]  # (U, F, …) each
        self.bias = model.dense.bias.detach()
        self.device = self.bias.device
        if config.covariates:
            given = torch.as_tensor(np.asarray(covariates, np.float32), device=self.device)[None]
            self.bias = self.bias + (model.transform(given) @ model.dense.weight.detach()[:, model.own.shape[1] :].T)[0]
        positional = model.positional
        self.positional = None if positional is None else positional.weight.detach().view(-1, 4, self.length)

    def scores(self, codes: np.ndarray, start: int, total: int, strands: str) -> np.ndarray:
        """Logits `(len(strands), n, T)` of the n windows whose bases, with `margin` more on both sides, are `codes`.

        start: where the first window begins in the whole sequence of `total` bases; codes outside it are 4.
        """
        x = torch.from_numpy(one_hot_codes(codes)).to(self.device)  # (4, n + L - 1 + 2 margin)
        count = x.shape[1] - 2 * self.margin - self.length + 1
        found = []
        if self.positional is not None:
            bases = x[:, self.margin : self.margin + count + self.length - 1]
            for strand in strands:
                weights = self.positional if strand == "+" else self.positional.flip(1, 2)
                found.append(self.bias[:, None] + weighted_sums(bases, weights))
        else:
            found = [self.bias[:, None].repeat(1, count) for _ in strands]
        for member, (plus, minus) in enumerate(self.members):
            place = (x, start - self.margin, total, self.margin, count)
            if self.config.strands == "both":
                both = [_stronger(*pair, count) for pair in zip(plus.read(*place), minus.read(*place), strict=True)]
                reads = [both for _ in strands]
            else:
                reads = [(plus if strand == "+" else minus).read(*place) for strand in strands]
            for logits, read, strand in zip(found, reads, strands, strict=True):
                self._add(logits, member, read, strand)
        scores = torch.stack(found).transpose(1, 2).cpu().numpy()
        if self.model.pooling.ignores_padding:
            self._mend(scores, codes, strands)
        return scores

    def _add(self, logits: Tensor, member: int, reads: list[Read], strand: str) -> None:
        """Add what one member makes of its activations to the logits `(T, n)`."""
        hidden, into = self.model.hidden, logits
        if hidden is not None:
            into = hidden.bias.detach().view(self.config.members, -1, 1)[member].repeat(1, logits.shape[1])  # (U, n)
        backwards, stretches = strand == "-", self.model.pooling.stretches
        for part, pieces in self.heads[member]:
            for read, weights in zip(reads, pieces, strict=True):
                if part == MAX:
                    _maxima(into, read, weights, stretches, backwards and self.config.strands == "one")
                else:
                    _PARTS[part](into, read, weights.flip(2) if backwards else weights)
        if hidden is not None:
            units = self.config.hidden
            logits.addmm_(self.model.own.detach()[:, member * units : (member + 1) * units], into.relu_())

    def _mend(self, scores: np.ndarray, codes: np.ndarray, strands: str) -> None:
        """Read the windows that begin or end with an unknown base one by one: some of their positions do not count."""
        windows = np.lib.stride_tricks.sliding_window_view(codes[self.margin :], self.length)[: scores.shape[1]]
        rows = np.flatnonzero((windows[:, [0, -1]] == 4).any(axis=1))
        for some in np.split(rows, range(_TOGETHER, len(rows), _TOGETHER)) if len(rows) else ():
            X = torch.from_numpy(from_codes(windows[some])).to(self.device).float()  # (n, 4, L)
            given = None if self.covariates is None else X.new_tensor(self.covariates).expand(len(X), -1)
            for strand, found in zip(strands, scores, strict=True):
                found[some] = forward.logits(self.model, X if strand == "+" else flip_strand(X), given).cpu().numpy()


def _each(into: Tensor, read: Read, weights: Tensor) -> None:
    """Add what every position comes to with `weights (U, F, P)` to the numbers `(U, n)` of n windows."""
    into += weighted_sums(read.inner, weights, read.step)
    for at, known in read.edges:
        change = known - read.shared(at, len(known), into.shape[1])  # (p, F, n)
        part = weights[:, :, at : at + len(known)].transpose(1, 2).reshape(len(weights), -1)  # (U, p·F)
        into.addmm_(part, change.reshape(-1, into.shape[1]))


def _maxima(into: Tensor, read: Read, weights: Tensor, stretches: list[list[slice]], backwards: bool) -> None:
    """The same of each filter's maximum in each group of stretches, `weights (U, F, S)`."""
    weights = weights.flip(2) if backwards else weights
    for number, some in enumerate(stretches):
        strongest = reduce(torch.maximum, (_strongest(read, stretch, into.shape[1]) for stretch in some))
        into.addmm_(weights[:, :, number], strongest)


def _strongest(read: Read, stretch: slice, count: int) -> Tensor:
    """Each filter's maximum in a stretch of positions, `(F, n)`."""
    low, high, found = stretch.start, stretch.stop, []
    for at, known in read.edges:
        first, last = max(at, stretch.start), min(at + len(known), stretch.stop)
        if first < last:
            found.append(known[first - at : last - at].amax(dim=0))
        low, high = (max(low, last), high) if at == 0 else (low, min(high, first))
    if low < high:
        shared = read.inner[:, read.step * low :][:, : count + read.step * (high - low - 1)]
        found.append(maxima(shared, high - low, read.step))
    return reduce(torch.maximum, found)


def _mean(into: Tensor, read: Read, weights: Tensor) -> None:
    """The same of each filter's mean, `weights (U, F, 1)`."""
    count = into.shape[1]
    positions = (read.inner.shape[1] - count) // read.step + 1
    weights = weights[:, :, 0] / positions  # (U, F)
    into += sums(weights @ read.inner, positions, read.step)
    for at, known in read.edges:
        into.addmm_(weights, (known - read.shared(at, len(known), count)).sum(dim=0))


_PARTS = {EACH: _each, MEAN: _mean}


def dense_reason(model: ConvNet, edges: str) -> str:
    """Why this model cannot be slid densely; '' when it can."""
    if unknown := unknown_step(model, _ALSO, stretches=True):
        return f"its network has a part without a dense form ({unknown})"
    if edges == "context" and model.pooling.ignores_padding:
        return "it ignores padding, which a window with its flanks has none of"
    if edges == "exact" and crowded(model.config):
        return "every position of its window lies near an end"
    return ""


def _stronger(plus: Read, minus: Read, count: int) -> Read:
    """The stronger of both strands at the same bases, where windows share them and at their own ends."""
    inner, edges = plus.inner.maximum(minus.inner), []
    for left in (True, False):
        parts = [[edge for edge in read.edges if (edge[0] == 0) == left] for read in (plus, minus)]
        found = [edge for part in parts for edge in part]
        if not found:
            continue
        low, high = min(at for at, _ in found), max(at + len(known) for at, known in found)
        sides = [_whole(read, part, low, high, count) for read, part in zip((plus, minus), parts, strict=True)]
        edges.append((low, sides[0].maximum(sides[1])))
    return Read(inner, edges, plus.step)


def _whole(read: Read, own: list[tuple[int, Tensor]], low: int, high: int, count: int) -> Tensor:
    """The positions from `low` to `high` as windows have them, `(p, F, n)`."""
    if [(at, len(known)) for at, known in own] == [(low, high - low)]:
        return own[0][1]
    whole = read.shared(low, high - low, count).clone()
    for at, known in own:
        whole[at - low : at - low + len(known)] = known
    return whole
