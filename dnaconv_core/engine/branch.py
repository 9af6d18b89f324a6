"""One member's convolutions along a whole sequence, as one strand is read, in + strand coordinates.

Every layer is computed once for all windows. Where a window's own ends change a position, what that differs by from the
shared one is linear in each layer and touches few taps: it is computed for every window by itself. With pooling between
layers windows share what begins at the same base: pooled maps hold a position for every base, and a window reads every
so many of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dnaconv_core.engine.levels import Layer, Level, layers, margin
from dnaconv_core.engine.sliding import maxima, shifted, toeplitz

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig

_ROWS = 64  # outputs of neighbouring positions that are computed together: more means more taps that are zero


class Map(NamedTuple):
    """Activations `(F, m)` along the sequence, the first column of which is that of base `first` of what was given."""

    values: Tensor
    first: int


class Made(NamedTuple):
    """What one layer makes of the whole sequence."""

    below: Map  # what the layer below made
    given: Map  # the same, pooled
    before: Map  # its own filters before the ReLU
    after: Map  # and after it, with what was given where a further layer needs that


class Read(NamedTuple):
    """Activations as the head reads them: those that windows share `(F, n + step · (P - 1))`, and where each window has
    its own.

    edges: (first position, activations (p, F, n)) at the window's left end, at its right end, or none.
    """

    inner: Tensor
    edges: list[tuple[int, Tensor]]
    step: int

    def shared(self, at: int, positions: int, count: int) -> Tensor:
        """What windows share at some positions, a view `(p, F, n)`."""
        return shifted(self.inner, self.step * at, positions, count, self.step)


class Branch:
    """The convolutions of one member, ready to be slid.

    weights, biases: of each layer, (F, C, k) and (F,), of the strand that is read as it is.
    exact: windows have their own ends.
    """

    def __init__(
        self, config: ModelConfig, weights: Sequence[Tensor], biases: Sequence[Tensor], *, turned: bool, exact: bool
    ) -> None:
        if turned:  # reading the other strand is the same network with its kernels turned round
            weights = [w.flip(2) if layer else w.flip(1, 2) for layer, w in enumerate(weights)]
        self.weights, self.biases = weights, biases
        self.keeps, self.hands_on = config.keep_layers, config.keep_layers and config.depth > 1
        self.layers = layers(config, turned=turned, exact=exact)
        self.margin = margin(self.layers, config.length)
        last = self.layers[-1].made
        self.sides = [side for side in ("left", "right") if last.span(side)]
        self.taps = {
            (side, number): _taps(layer, weight, side)
            for side in self.sides
            for number, (layer, weight) in enumerate(zip(self.layers, weights, strict=True))
        }

    def read(self, x: Tensor, origin: int, total: int, margin: int, count: int) -> list[Read]:
        """What n windows of one-hot `(4, m)` hand to the head, the first of which begins at column `margin`: the last
        layer's filters and, where layers are kept, what that layer was given.

        origin: where x begins in the whole sequence of `total` bases: beyond its ends every layer has zeros.
        """
        made, layer = self._shared(x, origin, total), self.layers[-1]
        seen = (
            [(layer.made, made[-1].after), (layer.given, made[-1].given)]
            if self.hands_on
            else [(layer.made, made[-1].after)]
        )
        found = []
        edges = {side: self._edge(side, made, margin, count) for side in self.sides}
        for number, (level, of) in enumerate(seen):
            begin = margin + level.begin - of.first
            inner = of.values[:, begin : begin + count + level.stride * (level.positions - 1)]
            own = [(level.span(side).start, known) for side in self.sides if (known := edges[side][number]) is not None]
            found.append(Read(inner, own, level.stride))
        return found

    def _shared(self, x: Tensor, origin: int, total: int) -> list[Made]:
        below, found = Map(x, 0), list[Made]()
        for layer, weight, bias in zip(self.layers, self.weights, self.biases, strict=True):
            stride = layer.given.stride
            given = Map(maxima(below.values, layer.pool, stride // layer.pool), below.first)
            h = functional.conv1d(given.values[None], weight, bias, dilation=stride)[0]  # (F, …)
            place = given.first + stride * layer.before
            if layer.beyond:
                early, late = -(origin + place) - (stride - 1), origin + place + h.shape[1] - total
                if early > 0:
                    h[:, :early] = 0
                if late > 0:
                    h[:, -late:] = 0
            after = h.relu() if self.sides else h.relu_()
            if self.keeps and 0 < len(found) < len(self.layers) - 1:
                after = torch.cat([after, given.values[:, place - given.first :][:, : h.shape[1]]])
            found.append(Made(below, given, Map(h, place), Map(after, place)))
            below = found[-1].after
        return found

    def _edge(self, side: str, made: list[Made], margin: int, count: int) -> tuple[Tensor | None, Tensor | None]:
        """Activations of the positions on one side that a window's own end changes, `(p, F, n)` or None: of the last
        layer, and of what it was given."""
        known: Tensor | None = None  # of the layer below
        given: Tensor | None = None  # the same, pooled
        level = Level(0, 1, 0)

        def shared(of: Map, level: Level, at: range) -> Tensor:
            place = margin + level.begin + level.stride * at.start - of.first
            return shifted(of.values, place, len(at), count, level.stride)

        for number, (layer, maps) in enumerate(zip(self.layers, made, strict=True)):
            given = known
            if layer.pool > 1 and (at := layer.under(side)):
                rows = _placed(shared(maps.below, level, at), known, level.span(side).start - at.start)
                given = _strongest(rows, at, layer.pool, level.positions)
            out, into, level = layer.made.span(side), layer.into(side), layer.made
            if not out:
                continue
            own = layer.given.span(side)
            change = _change(shared(maps.given, layer.given, into), given, own.start - into.start)
            known = shared(maps.before, layer.made, out).clone(memory_format=torch.contiguous_format)
            for some, columns, taps in self.taps[side, number]:
                known[some].view(-1, count).addmm_(taps, change[columns].reshape(-1, count))
            known.relu_()
            if self.keeps and 0 < number < len(self.layers) - 1:
                kept = _placed(shared(maps.given, layer.given, out), given, own.start - out.start)
                known = torch.cat([known, kept], dim=1)
        return known, given


def _taps(layer: Layer, weight: Tensor, side: str) -> list[tuple[slice, slice, Tensor]]:
    """(rows out, rows in, matrix) in groups of few positions."""
    out, into = layer.made.span(side), layer.into(side)
    found, together = [], max(1, _ROWS // len(weight))
    for at in range(0, len(out), together):
        rows = out[at : at + together]
        low, high = max(rows[0] - layer.before, into[0]), min(rows[-1] + layer.after, into[-1]) + 1
        taps = toeplitz(weight, rows, range(low, high), layer.before)
        found.append((slice(at, at + len(rows)), slice(low - into[0], high - into[0]), taps))
    return found


def _change(shared: Tensor, known: Tensor | None, at: int) -> Tensor:
    """What windows have less what they share `(p, F, n)`: their own from the at-th position on, else zeros."""
    change = torch.neg(shared, out=torch.empty(shared.shape, device=shared.device))
    if known is not None:
        change[at : at + len(known)] += known
    return change


def _placed(shared: Tensor, known: Tensor | None, at: int) -> Tensor:
    """What windows share `(p, F, n)` with their own from the at-th position on."""
    whole = shared.clone(memory_format=torch.contiguous_format)
    if known is not None:
        whole[at : at + len(known)] = known
    return whole


def _strongest(rows: Tensor, at: range, width: int, positions: int) -> Tensor:
    """The strongest of each few of a window's activations at some positions `(p, F, n)`, none of them below 0."""
    rows[: max(0, -at.start)] = 0  # beyond the window
    rows[max(0, positions - at.start) :] = 0
    return reduce(torch.maximum, (rows[i::width] for i in range(width)))
