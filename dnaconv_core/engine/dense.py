"""A network slid along a sequence by convolving the sequence once, instead of cutting it into windows.

Everything is computed in the coordinates of the + strand: reading the other strand is the same network with its
kernels turned round. With 'same' padding a window's outermost positions see zeros where the sequence has flanks:
`edges="exact"` computes those positions for every window from their *difference* to the shared ones, which is linear in
each layer and touches few taps; `edges="context"` leaves every window its flanks. An ensemble is read member by member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dnaconv_core.engine import forward
from dnaconv_core.engine.forms import unknown_step
from dnaconv_core.engine.sliding import maxima, one_hot_codes, shifted, sums, toeplitz, weighted_sums
from dnaconv_core.model.heads import EACH, MAX, MEAN
from dnaconv_core.model.layers import flip_strand
from dnaconv_core.sequence.encoding import from_codes

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_TOGETHER = 512  # windows read one by one
_ROWS = 4  # outermost positions computed together: more means more taps that are zero


class Branch(NamedTuple):
    """One member's convolutions as one strand is read, in + strand coordinates."""

    weights: list[Tensor]  # (F, C, k) each
    biases: list[Tensor]  # (F,) each
    left: int  # bases before a position that one layer sees
    right: int  # and after it
    edges: dict[tuple[str, int], list[tuple[slice, slice, Tensor]]]  # see DenseNet._taps


class Layers(NamedTuple):
    """What every layer makes of the whole sequence, the sequence itself first."""

    after: list[Tensor]  # activations `(F, …)`
    before: list[Tensor]  # and before the ReLU
    first: list[int]  # where they begin in the sequence


class Read(NamedTuple):
    """Last-layer activations: those that windows share `(F, n + P - 1)`, and where each window has its own.

    edges: (first position, activations (p, F, n)) at the window's left end, at its right end, or none.
    """

    inner: Tensor
    edges: list[tuple[int, Tensor]]


class DenseNet:
    """The parts of a ConvNet as they are needed along a sequence; on the model's device, float32.

    covariates: raw values `(C,)`, the same for every window.
    """

    def __init__(self, model: ConvNet, edges: str, covariates: np.ndarray | None) -> None:
        config = model.config
        self.config, self.exact = config, edges == "exact" and config.padding == "same"
        self.length, self.positions = config.length, config.length_after(config.depth)
        k, same, m = config.kernel_size, config.padding == "same", config.members
        left, right = ((k - 1) // 2, k // 2) if same else (0, k - 1)
        self.margin = config.depth * max(left, right) if same else 0
        self.members: list[tuple[Branch, Branch]] = []
        for member in range(m):
            weights = [conv.weight.detach().chunk(m)[member] for conv in model.convs]
            biases = [conv.bias.detach().chunk(m)[member] for conv in model.convs]
            turned = [w.flip(1, 2) if layer == 0 else w.flip(2) for layer, w in enumerate(weights)]
            plus = Branch(weights, biases, left, right, {})
            minus = Branch(turned, biases, *((right, left) if same else (left, right)), {})
            if self.exact:
                self._taps(plus)
                self._taps(minus)
            self.members.append((plus, minus))
        parts = model.pooling.split(model.own.detach())
        self.heads = [[(part, weights[:, member]) for part, weights in parts] for member in range(m)]  # (T, F, 1 or P)
        self.bias = model.dense.bias.detach()
        self.device = self.bias.device
        if config.covariates:
            given = torch.as_tensor(np.asarray(covariates, np.float32), device=self.device)[None]
            self.bias = self.bias + (model.transform(given) @ model.dense.weight.detach()[:, model.own.shape[1] :].T)[0]
        self.model, self.covariates = model, covariates
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
        for (plus, minus), head in zip(self.members, self.heads, strict=True):
            if self.config.strands == "both":
                both = _stronger(*(self._read(branch, x, start, total, count) for branch in (plus, minus)))
                reads = [both for _ in strands]
            else:
                reads = [self._read(plus if s == "+" else minus, x, start, total, count) for s in strands]
            for logits, read, strand in zip(found, reads, strands, strict=True):
                for part, weights in head:
                    _PARTS[part](logits, read, weights, strand)
        scores = torch.stack(found).transpose(1, 2).cpu().numpy()
        if self.model.pooling.ignores_padding:
            self._mend(scores, codes, strands)
        return scores

    def _mend(self, scores: np.ndarray, codes: np.ndarray, strands: str) -> None:
        """Read the windows that begin or end with an unknown base one by one: some of their positions do not count."""
        windows = np.lib.stride_tricks.sliding_window_view(codes[self.margin :], self.length)[: scores.shape[1]]
        rows = np.flatnonzero((windows[:, [0, -1]] == 4).any(axis=1))
        for some in np.split(rows, range(_TOGETHER, len(rows), _TOGETHER)) if len(rows) else ():
            X = torch.from_numpy(from_codes(windows[some])).to(self.device).float()  # (n, 4, L)
            given = None if self.covariates is None else X.new_tensor(self.covariates).expand(len(X), -1)
            for strand, found in zip(strands, scores, strict=True):
                found[some] = forward.logits(self.model, X if strand == "+" else flip_strand(X), given).cpu().numpy()

    def _read(self, branch: Branch, x: Tensor, start: int, total: int, count: int) -> Read:
        same, origin = self.config.padding == "same", start - self.margin
        after, first = [x], [0]  # each layer's activations, and where they begin in x
        before = [x]  # and what they were before the ReLU
        for weight, bias in zip(branch.weights, branch.biases, strict=True):
            h = F.conv1d(after[-1][None], weight, bias)[0]  # (F, …)
            place = first[-1] + branch.left
            if same:  # beyond the sequence's own ends every layer has zeros
                early, late = -(origin + place), origin + place + h.shape[1] - total
                if early > 0:
                    h[:, :early] = 0
                if late > 0:
                    h[:, -late:] = 0
            before.append(h)
            after.append(h.relu() if self.exact else h.relu_())
            first.append(place)
        begin = self.margin - first[-1]
        inner = after[-1][:, begin : begin + count + self.positions - 1]
        sides = [side for side in ("left", "right") if self.exact and getattr(branch, side)]
        return Read(inner, [self._edge(branch, side, Layers(after, before, first), count) for side in sides])

    def _spans(self, branch: Branch, side: str, layer: int) -> tuple[range, range]:
        """Positions of `layer` (from 1) that a window's end on this side changes, and those before it that cause it."""
        if side == "left":
            return range(layer * branch.left), range(-branch.left, (layer - 1) * branch.left)
        L, reach = self.length, branch.right
        return range(L - layer * reach, L), range(L - (layer - 1) * reach, L + reach)

    def _taps(self, branch: Branch) -> None:
        """For each end and layer: (rows out, rows in, matrix) in groups of few positions."""
        for side in ("left", "right"):
            for layer, weight in enumerate(branch.weights, 1):
                out, into = self._spans(branch, side, layer)
                groups = branch.edges[side, layer] = []
                for at in range(0, len(out), _ROWS):
                    rows = out[at : at + _ROWS]
                    low = max(rows[0] - branch.left, into[0])
                    high = min(rows[-1] + branch.right, into[-1]) + 1
                    taps = toeplitz(weight, rows, range(low, high), branch.left)
                    groups.append((slice(at, at + len(rows)), slice(low - into[0], high - into[0]), taps))

    def _edge(self, branch: Branch, side: str, layers: Layers, count: int) -> tuple[int, Tensor]:
        """Last-layer activations of the positions on one side that a window's own end changes."""
        known: Tensor | None = None  # activations (p, F, n) of the layer before, as the window has them
        for layer in range(1, len(branch.weights) + 1):
            out, into = self._spans(branch, side, layer)
            change = self._change(layers, layer, into, known, branch.left if side == "left" else 0, count)
            shared = shifted(layers.before[layer], self.margin + out[0] - layers.first[layer], len(out), count)
            known = shared.clone(memory_format=torch.contiguous_format)
            for rows, columns, taps in branch.edges[side, layer]:
                known[rows].view(-1, count).addmm_(taps, change[columns].reshape(-1, count))
            known.relu_()
        assert known is not None  # there is a layer
        return out[0], known

    def _change(self, layers: Layers, layer: int, into: range, known: Tensor | None, place: int, count: int) -> Tensor:
        """What windows have at the positions `into` below a layer, less what they share: `(p, F, n)`.

        known: the window's own activations, from the `place`-th of these positions on; beyond its end it has zeros.
        """
        shared = shifted(layers.after[layer - 1], self.margin + into[0] - layers.first[layer - 1], len(into), count)
        change = torch.neg(shared, out=torch.empty(shared.shape, device=shared.device))
        if known is not None:
            change[place : place + len(known)] += known
        return change


def _each(logits: Tensor, read: Read, weights: Tensor, strand: str) -> None:
    """Add what every position comes to with `weights (T, F, P)` to the logits `(T, n)` of n windows."""
    weights = weights.flip(2) if strand == "-" else weights
    logits += weighted_sums(read.inner, weights)
    for at, known in read.edges:
        change = known - shifted(read.inner, at, len(known), logits.shape[1])  # (p, F, n)
        part = weights[:, :, at : at + len(known)].transpose(1, 2).reshape(len(weights), -1)  # (T, p·F)
        logits.addmm_(part, change.reshape(-1, logits.shape[1]))


def _maximum(logits: Tensor, read: Read, weights: Tensor, strand: str) -> None:
    """The same of each filter's maximum, `weights (T, F, 1)`."""
    count = logits.shape[1]
    positions = read.inner.shape[1] - count + 1
    low = max([len(known) for at, known in read.edges if at == 0], default=0)
    high = min([at for at, _ in read.edges if at], default=positions)
    strongest = maxima(read.inner[:, low : low + count + high - low - 1], high - low)  # (F, n)
    for _, known in read.edges:
        strongest = strongest.maximum(known.amax(dim=0))
    logits.addmm_(weights[:, :, 0], strongest)


def _mean(logits: Tensor, read: Read, weights: Tensor, strand: str) -> None:
    """The same of each filter's mean, `weights (T, F, 1)`."""
    count = logits.shape[1]
    positions = read.inner.shape[1] - count + 1
    weights = weights[:, :, 0] / positions  # (T, F)
    logits += sums(weights @ read.inner, positions)
    for at, known in read.edges:
        logits.addmm_(weights, (known - shifted(read.inner, at, len(known), count)).sum(dim=0))


_PARTS = {EACH: _each, MAX: _maximum, MEAN: _mean}


def dense_reason(model: ConvNet, edges: str) -> str:
    """Why this model cannot be slid densely; '' when it can."""
    config = model.config
    if unknown := unknown_step(model):
        return f"its network has a part without a dense form ({unknown})"
    if edges == "context" and model.pooling.ignores_padding:
        return "it ignores padding, which a window with its flanks has none of"
    if edges == "exact" and config.padding == "same" and config.depth * (config.kernel_size - 1) >= config.length:
        return "every position of its window lies near an end"
    return ""


def _stronger(plus: Read, minus: Read) -> Read:
    """The stronger of both strands at the same bases, where windows share them and at their own ends."""
    inner, count, edges = plus.inner.maximum(minus.inner), 0, []
    for left in (True, False):
        parts = [[edge for edge in read.edges if (edge[0] == 0) == left] for read in (plus, minus)]
        found = [edge for part in parts for edge in part]
        if not found:
            continue
        low, high = min(at for at, _ in found), max(at + len(known) for at, known in found)
        count = found[0][1].shape[2]
        sides = []
        for read, part in zip((plus, minus), parts, strict=True):
            whole = shifted(read.inner, low, high - low, count).clone()
            for at, known in part:
                whole[at - low : at - low + len(known)] = known
            sides.append(whole)
        edges.append((low, sides[0].maximum(sides[1])))
    return Read(inner, edges)
