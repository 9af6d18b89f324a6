"""The engine behind in-silico mutagenesis: every single substitution, computed only where it changes anything.

A substitution reaches 10, 19 and 28 of the 101 positions of the book's three layers. So each layer is computed once
for the sequence itself and, for every mutant, in that window alone: what changed one layer below, convolved, is added
to what the sequence itself has there. Windows lie `(L, N, A, w, C)`: position mutated, sequence, base put there,
position in the window, channel; C counts the filters of all members, each member's filled up with zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dnaconv_core.model.channels_last import filled

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_AT_ONCE = 2**20  # numbers in one layer's windows: about what a CPU's caches hold


class _Strand(NamedTuple):
    """The convolutions as one strand is read, in the coordinates of the strand given."""

    weights: list[Tensor]  # (C, C_in / M, 1, k) each, channels last
    biases: list[Tensor]  # (C,) each
    left: int  # positions before a unit's own that it sees one layer below
    right: int  # and after it


class _Layer(NamedTuple):
    """One layer of the sequences themselves, with room on both sides: `(N, room, C)`."""

    before: Tensor  # the ReLU; −inf beyond the ends, so that nothing changes there
    after: Tensor  # 0 beyond the ends


class Substitutions:
    """A model's parts as substitutions need them, on the model's device; the model itself is only read."""

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
        self.before = config.depth * max(s.right for s in self.strands)  # positions that the last window reaches back
        self.width = 1 + self.before + config.depth * max(s.left for s in self.strands)
        self.channels = self.strands[0].biases[-1].numel()
        self.head = self._head(model.dense.weight.detach()[task, : m * config.n_pooled])
        self.positional = None if model.positional is None else model.positional.weight.detach()[task].view(4, -1)
        self.device = model.dense.weight.device

    def at_once(self) -> int:
        """Mutants that are computed together."""
        return max(1, _AT_ONCE // (self.width * self.channels))

    def changes(self, X: np.ndarray, at_once: int) -> np.ndarray:
        """Logit of each mutant less that of the sequence `(N, 4, L)`, for one-hot `(N, 4, L)`."""
        x = torch.from_numpy(np.ascontiguousarray(X)).to(self.device).float()
        known = (x.sum(1) == 1) & (x.amax(1) == 1)  # (N, L)
        if bool(known.all()):  # three bases are left to put at each position
            bases = (x.argmax(1)[..., None] + torch.arange(1, 4, device=self.device)) % 4
        else:
            bases = torch.arange(4, device=self.device).expand(*known.shape, 4)
        bases = bases.transpose(0, 1)  # (L, N, A)
        layers = [self._sequences(strand, x) for strand in self.strands]
        result = torch.zeros(len(x), 4, x.shape[2], device=self.device)
        step = max(1, at_once // (bases.shape[2] * len(x)))
        for start in range(0, x.shape[2], step):
            places = slice(start, start + step)
            change = self._change(x, layers, bases[places], places)  # (l, N, A)
            result[..., places].scatter_(1, bases[places].permute(1, 2, 0), change.permute(1, 2, 0))
        if self.positional is not None:
            result += self.positional - (self.positional * x).sum(1, keepdim=True)
        return (result * (x != 1)).cpu().numpy()

    def _sequences(self, strand: _Strand, x: Tensor) -> list[_Layer]:
        config, layers, h = self.config, [], x[:, :, None]  # (N, 4, 1, L)
        for depth, (weight, bias) in enumerate(zip(strand.weights, strand.biases, strict=True), 1):
            if config.padding == "same":
                h = F.pad(h, (strand.left, strand.right))
            groups = 1 if depth == 1 else config.members
            h = F.conv2d(h, weight, bias, groups=groups)  # (N, C, 1, P)
            room = (depth * strand.right, config.length + depth * strand.left - h.shape[3])
            rows = h[:, :, 0].transpose(1, 2)  # (N, P, C)
            layers.append(_Layer(*(F.pad(r, (0, 0, *room), value=v) for r, v in ((rows, -np.inf), (rows.relu(), 0)))))
            h = h.relu()
        return layers

    def _change(self, x: Tensor, layers: list[list[_Layer]], bases: Tensor, places: slice) -> Tensor:
        """Change of the logit `(l, N, A)` for the bases `(l, N, A)` put at these places."""
        put = F.one_hot(bases, 4).float() - x[..., places].permute(2, 0, 1)[:, :, None]  # (l, N, A, 4)
        mutant = [self._windows(*pair, put, places) for pair in zip(self.strands, layers, strict=True)]
        spans = [_windows(own[-1].after, self._span(strand), places) for strand, own in self._with(layers)]
        if len(mutant) == 2:
            window, own = self._stronger(mutant, layers, places)
        else:
            window, own = mutant[0], spans[0]
        return self._read(window, own, layers, places)
