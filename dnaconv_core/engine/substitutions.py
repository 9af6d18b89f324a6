"""The engine behind in-silico mutagenesis: every single substitution, computed only where it changes anything.

A substitution reaches 10, 19 and 28 of the 101 positions of the book's three layers. So each layer is computed once
for the sequence itself and, for every mutant, in that window alone: what changed one layer below, convolved, is added
to what the sequence itself has there. Windows lie `(L, N, A, w, C)`: position mutated, sequence, base put there,
position in the window, channel; C counts the filters of all members, each member's filled up with zeros. A network with
a step that is not known here is mutated and read as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dnaconv_core.engine import forward
from dnaconv_core.engine.channels_last import filled
from dnaconv_core.engine.forms import unknown_step
from dnaconv_core.model.heads import EACH, MAX, MEAN

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_AT_ONCE = 2**21  # numbers in one layer's windows: about what a CPU's caches hold


class _Strand(NamedTuple):
    """The convolutions as one strand is read, in the coordinates of the strand given."""

    weights: list[Tensor]  # (C, C_in / M, 1, k) each, channels last
    biases: list[Tensor]  # (C,) each
    left: int  # positions before a unit's own that it sees one layer below
    right: int  # and after it


class _Layer(NamedTuple):
    """One layer of the sequences themselves with room on both sides, `(N, room, C)`.

    Its window for the base at position p begins at row p + skip.
    """

    before: Tensor  # the ReLU; −inf beyond the ends, so that nothing changes there
    after: Tensor  # 0 beyond the ends
    skip: int = 0


def substitutions(model: ConvNet, task: int) -> Substitutions | Mutants:
    """The fastest way to the mutants of this model's inputs."""
    if unknown_step(model):
        return Mutants(model, task)
    return Unpadded(model, task) if model.pooling.ignores_padding else Substitutions(model, task)


class Substitutions:
    """A model's parts as substitutions need them, on the model's device; the model itself is only read."""

    form = "what changes"

    def __init__(self, model: ConvNet, task: int) -> None:
        config = self.config = model.config
        k, m = config.kernel_size, config.members
        left, right = ((k - 1) // 2, k // 2) if config.padding == "same" else (0, k - 1)
        kernels = [(conv.weight.detach(), conv.bias.detach()) for conv in model.convs]
        self.strands = [_strand(kernels, m, left, right)]
        if config.strands == "both":  # reading the other strand is the same network with its kernels turned round
            turned = [(w.flip(2) if layer else w.flip(1, 2), b) for layer, (w, b) in enumerate(kernels)]
            if config.padding == "same":
                left, right = right, left
            self.strands.append(_strand(turned, m, left, right))
        self.back = config.depth * max(strand.right for strand in self.strands)  # where the last window begins
        self.width = 1 + self.back + config.depth * max(strand.left for strand in self.strands)
        self.channels = self.strands[0].biases[-1].numel()
        parts = model.pooling.split(model.own.detach())
        self.head = [(part, self._weights(weights[task])) for part, weights in parts]
        self.positional = None if model.positional is None else model.positional.weight.detach()[task].view(4, -1)
        self.device = model.dense.weight.device

    def at_once(self) -> int:
        """Mutants that are best computed together."""
        return max(1, _AT_ONCE // (self.width * self.channels))

    def changes(self, X: np.ndarray, at_once: int) -> np.ndarray:
        """Logit of each mutant less that of the sequence, `(N, 4, L)`, for one-hot `(N, 4, L)`."""
        x = torch.from_numpy(np.ascontiguousarray(X)).to(self.device).float()
        bases = _to_put(x)
        layers = [self._sequences(strand, x) for strand in self.strands]
        read = self._reader(layers)
        result = torch.zeros_like(x)
        step = max(1, at_once // (bases.shape[2] * len(x)))
        for start in range(0, x.shape[2], step):
            places = slice(start, start + step)
            put = F.one_hot(bases[places], 4).float() - x[..., places].permute(2, 0, 1)[:, :, None]  # (l, N, A, 4)
            windows = [self._mutants(*pair, put, start) for pair in zip(self.strands, layers, strict=True)]
            window = windows[0] if len(windows) == 1 else torch.maximum(*windows)
            result[..., places].scatter_(1, bases[places].permute(1, 2, 0), read(window, start).permute(1, 2, 0))
        if self.positional is not None:
            result += self.positional - (self.positional * x).sum(1, keepdim=True)
        return (result * (x != 1)).cpu().numpy()

    def _sequences(self, strand: _Strand, x: Tensor) -> list[_Layer]:
        config, layers, h = self.config, [], x[:, :, None]  # (N, 4, 1, L)
        for depth, (weight, bias) in enumerate(zip(strand.weights, strand.biases, strict=True), 1):
            if config.padding == "same":
                h = F.pad(h, (strand.left, strand.right))
            h = F.conv2d(h, weight, bias, groups=1 if depth == 1 else config.members)  # (N, C, 1, P)
            back, width = depth * strand.right, 1 + depth * (strand.left + strand.right)
            skip = 0
            if depth == config.depth:  # both strands' last windows are the same positions
                back, width, skip = self.back, self.width, self.back - back
            rows, room = h[:, :, 0].transpose(1, 2), (0, 0, back, config.length + width - 1 - back - h.shape[3])
            h = h.relu()
            layers.append(_Layer(F.pad(rows, room, value=-np.inf), F.pad(rows.relu(), room), skip))
        return layers

    def _mutants(self, strand: _Strand, layers: list[_Layer], put: Tensor, start: int) -> Tensor:
        """The last layer's windows `(l, N, A, w, C)` with the changes `(l, N, A, 4)` put at the places from `start`."""
        k, places = strand.weights[0].shape[3], len(put)
        beside = k // 2  # zeros to bring along: oneDNN adds no more than half a kernel at full speed
        change = _first_change(strand.weights[0], put)
        for layer, weight in zip(layers[:-1], strand.weights[1:], strict=True):
            width = change.shape[3]
            h = change.add_(_windows(layer.before, start, places, width)).relu_()
            wide = h.new_zeros(*h.shape[:3], width + 2 * beside, self.channels)
            own = _windows(layer.after, start, places, width)
            torch.sub(h, own, out=wide[..., beside : beside + width, :])
            change = _next_change(weight, wide, k - 1 - beside, self.config.members)
        last, width = layers[-1], change.shape[3]
        h = change.add_(_windows(last.before, start + last.skip, places, width)).relu_()
        if width == self.width:
            return h
        whole = _windows(last.after, start, places, self.width).repeat(1, 1, put.shape[2], 1, 1)
        whole[..., last.skip : last.skip + width, :] = h
        return whole

    def _reader(self, layers: list[list[_Layer]]) -> Reader:
        """What the head and the dense layer make of windows, less what they make of the sequences themselves."""
        after = layers[0][-1].after  # (N, room, C)
        if len(layers) == 2:
            after = torch.maximum(after, layers[1][-1].after)
        readers = [_PARTS[part](self, after, weights) for part, weights in self.head]
        first, *others = readers
        return lambda window, start: sum((reader(window, start) for reader in others), first(window, start))

    def _weights(self, weights: Tensor) -> Tensor:
        """The dense layer's weights of one part of the head, `(M, F, 1 or P)`, as `(1 or P, C)` with zero channels."""
        wide = self.channels // self.config.members
        return F.pad(weights.permute(2, 0, 1), (0, wide - self.config.filters)).flatten(1).contiguous()


Reader = Callable[[Tensor, int], Tensor]  # (windows (l, N, A, w, C), start) → change of the logit (l, N, A)


def _each(of: Substitutions, after: Tensor, weights: Tensor) -> Reader:
    """Of every position, with `weights (P, C)`; `after (N, room, C)` is what the sequences themselves have."""
    head = F.pad(weights, (0, 0, of.back, after.shape[1] - of.back - len(weights)))[None]

    def read(window: Tensor, start: int) -> Tensor:
        places = len(window)
        weights = _windows(head, start, places, of.width).reshape(places, -1, 1)
        own = _windows(after, start, places, of.width).reshape(places, len(after), -1)
        return (window.reshape(places, -1, weights.shape[1]) @ weights).view(places, len(after), -1) - own @ weights

    return read


def _maximum(of: Substitutions, after: Tensor, weights: Tensor) -> Reader:
    """Of each filter's maximum, which a mutant has in its window or where the sequence has it beside."""
    largest = after.amax(1)  # (N, C)
    earlier = F.pad(after.cummax(1).values, (0, 0, 1, 0))  # (N, 1 + room, C): the largest before each row
    later = F.pad(after.flip(1).cummax(1).values.flip(1), (0, 0, 0, 1))  # and from it on

    def read(window: Tensor, start: int) -> Tensor:
        end, w = start + len(window), of.width
        beside = torch.maximum(earlier[:, start:end], later[:, start + w : end + w]).transpose(0, 1)  # (l, N, C)
        return (torch.maximum(window.amax(3), beside[:, :, None]) - largest[:, None]) @ weights[0]

    return read


def _mean(of: Substitutions, after: Tensor, weights: Tensor) -> Reader:
    """Of each filter's mean over positions."""
    weights = weights[0] / of.config.length_after(of.config.depth)

    def read(window: Tensor, start: int) -> Tensor:
        return (window.sum(3) - _windows(after, start, len(window), of.width).sum(3)) @ weights  # (l, N, A)

    return read


_PARTS = {EACH: _each, MAX: _maximum, MEAN: _mean}


def _to_put(x: Tensor) -> Tensor:
    """The bases to put at each position of `(N, 4, L)`, `(L, N, A)`: three where every base is known, else all."""
    known = (x.sum(1) == 1) & (x.amax(1) == 1)  # (N, L)
    if bool(known.all()):
        bases = (x.argmax(1)[..., None] + torch.arange(1, 4, device=x.device)) % 4
    else:
        bases = torch.arange(4, device=x.device).expand(*known.shape, 4)
    return bases.transpose(0, 1)


def _first_change(weight: Tensor, put: Tensor) -> Tensor:
    """What the changes of bases `(l, N, A, 4)` come to before the first ReLU: `(l, N, A, k, C)`."""
    channels, _, _, k = weight.shape
    kernel = weight[:, :, 0].flip(2).permute(1, 2, 0).reshape(4, -1)  # (4, k · C)
    return (put.reshape(-1, 4) @ kernel).view(*put.shape[:3], k, channels)


def _next_change(weight: Tensor, change: Tensor, padding: int, members: int) -> Tensor:
    """The changes `(l, N, A, w, C)` of one layer convolved: those before the next ReLU."""
    flat = change.view(-1, 1, *change.shape[3:]).permute(0, 3, 1, 2)  # (l · N · A, C, 1, w)
    flat = F.conv2d(flat, weight, padding=(0, padding), groups=members)
    return flat.permute(0, 2, 3, 1).reshape(*change.shape[:3], -1, change.shape[4])


class Mutants:
    """The same for networks with a step that is not known here: every mutant through the whole network."""

    form = "plain"

    def __init__(self, model: ConvNet, task: int) -> None:
        self.model, self.task = model, task

    def at_once(self) -> int:
        config = self.model.config
        return max(1, _AT_ONCE // (config.members * config.filters * config.length))

    def changes(self, X: np.ndarray, at_once: int) -> np.ndarray:
        x = torch.from_numpy(np.ascontiguousarray(X)).to(next(self.model.parameters()).device).float()
        own, result, bases = self._logits(x), torch.zeros_like(x), _to_put(x)
        step = max(1, at_once // (bases.shape[2] * len(x)))
        for places in torch.arange(x.shape[2], device=x.device).split(step):
            put = bases[places]  # (l, N, A)
            mutants = x[:, None].repeat(len(places), 1, put.shape[2], 1, 1)  # (l, N, A, 4, L)
            mutants[torch.arange(len(places)), ..., places] = F.one_hot(put, 4).float()
            logits = self._logits(mutants.flatten(0, 2)).view(put.shape)
            changes = (logits - own[:, None]).permute(1, 2, 0)  # (N, A, l)
            result[..., places] = result[..., places].scatter(1, put.permute(1, 2, 0), changes)
        return (result * (x != 1)).cpu().numpy()

    def _logits(self, x: Tensor) -> Tensor:
        """`(B,)`; covariates add the same to all."""
        given = x.new_zeros(len(x), len(self.model.config.covariates)) if self.model.config.covariates else None
        return forward.logits(self.model, x, given)[:, self.task]


class Unpadded(Substitutions):
    """The same where padding is ignored: a base put into padding moves its end, so padded sequences are mutated."""

    def __init__(self, model: ConvNet, task: int) -> None:
        super().__init__(model, task)
        self.mutants = Mutants(model, task)

    def changes(self, X: np.ndarray, at_once: int) -> np.ndarray:
        padded = (X[:, :, [0, -1]].sum(axis=1) == 0).any(axis=1)  # (N,)
        result = np.empty(X.shape, np.float32)
        for rows, changes in ((padded, self.mutants.changes), (~padded, super().changes)):
            if rows.any():
                result[rows] = changes(X[rows], at_once)
        return result


def _strand(kernels: list[tuple[Tensor, Tensor]], members: int, left: int, right: int) -> _Strand:
    weights, biases, channels = [], [], 4
    for weight, bias in kernels:
        weight, bias = filled(weight, bias, members, channels, 1.0)
        weights.append(weight)
        biases.append(bias)
        channels = len(bias) // members
    return _Strand(weights, biases, left, right)


def _windows(rows: Tensor, start: int, places: int, width: int) -> Tensor:
    """`(N, room, C)` → a view of overlapping windows `(places, N, 1, width, C)`, from rows start, start + 1, …"""
    n, room, channels = rows.shape
    return rows[:, start:].as_strided(
        (places, n, 1, width, channels),
        (channels, room * channels, 0, channels, 1),
        rows.storage_offset() + start * channels,
    )
