"""What of the last layer's activations enters the dense layer. A new head: one class, one line in HEADS.

Shapes: B sequences, M members, F filters of one member, P positions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from dnaconv_core.model.step import Step

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.convnet import ConvNet

EACH, MAX, MEAN = "each position", "maximum", "mean"  # what of a filter a head may hand on; engines know these


class Head(Step):
    """What of the last layer's activations enters the dense layer: `(B, M·F, P)` → `(B, M·n)`, member by member.

    A head whose `parts` are some of EACH, MAX and MEAN needs nothing more: every engine reads them. They follow each
    other, each with all filters of a member. Any other head leaves `parts` empty and brings `numbers` and `pool`; the
    engines fall back to those.
    """

    name = "head"
    parts: ClassVar[tuple[str, ...]] = ()
    help: ClassVar[str] = ""  # for the setting: what it keeps

    @property
    def numbers(self) -> int:
        """Numbers n of one member that enter the dense layer."""
        return self.filters * sum(map(self.each, self.parts))

    @property
    def filters(self) -> int:
        """Filters of one member that it reads: of the last layer, or of all where layers are kept."""
        return self.before.channels // self.config.members

    def each(self, part: str) -> int:
        """Numbers of one filter in a part."""
        return {EACH: self.before.positions, MAX: len(self.stretches)}.get(part, 1)

    @property
    def divides(self) -> bool:
        """Whether it can take its maximum stretch by stretch."""
        return MAX in self.parts

    @property
    def stretches(self) -> list[list[slice]]:
        """Positions of each maximum. Where both strands are read, mirrored stretches share one: what lies at the left
        on one strand lies at the right on the other."""
        n, whole = self.config.stretches, self.before.positions
        found = [slice(whole * i // n, -(-whole * (i + 1) // n)) for i in range(n)]
        if self.config.strands == "one":
            return [[stretch] for stretch in found]
        return [list({s.start: s for s in (found[i], found[n - 1 - i])}.values()) for i in range((n + 1) // 2)]

    @property
    def channels(self) -> int:
        return self.config.members * self.numbers

    @property
    def positions(self) -> int:
        return 1

    @property
    def sees(self) -> tuple[int, int]:
        return self.config.length - 1, self.config.length - 1

    def split(self, weight: Tensor) -> list[tuple[str, Tensor]]:
        """The dense layer's weights of sequence features, `(T, M·n)`, part by part: `(T, M, F, 1 or P)` each."""
        filters = self.filters
        sizes = [filters * self.each(part) for part in self.parts]
        pieces = weight.unflatten(1, (self.config.members, -1)).split(sizes, dim=2)
        return [(part, piece.unflatten(2, (filters, -1))) for part, piece in zip(self.parts, pieces, strict=True)]

    @property
    def ignores_padding(self) -> bool:
        return self.config.ignore_padding and self.parts != (EACH,)

    def counted(self, X: Tensor) -> Tensor | None:
        """Positions `(B, P)` that count, of sequences `(B, 4, L)`: all but those that see only padding.

        Padding is a run of unknown bases at an end. None where padding is not ignored, or
        the head keeps every position. In a sequence without any known base all do.
        """
        if not self.ignores_padding:
            return None
        import torch

        known = (X != 0).any(dim=1).int()  # (B, L)
        first, last = known.argmax(1, keepdim=True), X.shape[2] - 1 - known.flip(1).argmax(1, keepdim=True)
        at = self.before.stride * torch.arange(self.before.positions, device=X.device)
        before, after = self.before.sees
        return (at + after >= first) & (at - before <= last)

    def pool(self, h: Tensor, counted: Tensor | None = None) -> Tensor:
        """Activations `(B, M, F, P)` → `(B, M, n)`, of the positions `counted (B, P)`."""
        import torch

        counted = None if counted is None else counted[:, None, None]
        found = [self._part(part, h, counted) for part in self.parts]
        return found[0] if len(found) == 1 else torch.cat(found, dim=2)

    def _part(self, part: str, h: Tensor, counted: Tensor | None) -> Tensor:
        if part == MAX and self.config.stretches > 1:
            return self.by_stretch(h if counted is None else h * counted, lambda some: some.amax(dim=-1))
        return _PARTS[part](h, counted)

    def by_stretch(self, h: Tensor, strongest: Callable[[Tensor], Tensor]) -> Tensor:
        """The maximum of activations `(B, M, F, P)`, none below 0, in each stretch: `(B, M, F·S)`."""
        import torch

        found = [strongest(torch.cat([h[..., s] for s in some], dim=-1)) for some in self.stretches]
        return torch.stack(found, dim=-1).flatten(2)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return self.pool(h.unflatten(1, (self.config.members, -1)), self.counted(X)).flatten(1)


def _maximum(h: Tensor, counted: Tensor | None) -> Tensor:
    return (h if counted is None else h.masked_fill(~counted, -float("inf"))).amax(dim=3)


def _mean(h: Tensor, counted: Tensor | None) -> Tensor:
    return h.mean(dim=3) if counted is None else (h * counted).sum(dim=3) / counted.sum(dim=3)


_PARTS = {EACH: lambda h, counted: h.flatten(2), MAX: _maximum, MEAN: _mean}


class Flatten(Head):
    parts, words = (EACH,), "every position of every filter"
    help = "keeps every position"


class Maximum(Head):
    parts, words = (MAX,), "strongest position of each filter"
    help = "each filter's strongest"


class MaximumAndMean(Head):
    parts, words = (MAX, MEAN), "strongest position and mean of each filter"
    help = "that and its mean over positions"


class Mean(Head):
    parts, words = (MEAN,), "mean of each filter over positions"
    help = "the mean alone"


HEADS: dict[str, type[Head]] = {"flatten": Flatten, "max": Maximum, "max_mean": MaximumAndMean, "mean": Mean}
