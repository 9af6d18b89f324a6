"""Where a window's positions lie after each layer, and how many at its ends its own ends change.

Beyond its ends a window alone has zeros where the sequence has flanks: positions that see them are the window's own,
all others are shared with every window that has a position at the same base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig


class Level(NamedTuple):
    """A window's positions after some step, in + strand coordinates.

    Position q is that of `stride` bases, the first of which is base begin + stride · q of the window.
    """

    positions: int
    stride: int
    begin: int  # below 0 where a strand is read whose first position here holds fewer bases
    left: int = 0  # positions at the left end that differ from what windows share,
    right: int = 0  # and at the right end

    def span(self, side: str) -> range:
        """The positions that differ at this end."""
        return range(self.left) if side == "left" else range(self.positions - self.right, self.positions)


class Layer(NamedTuple):
    """One convolutional layer of a window: what it is given, after pooling, and what it makes of it."""

    pool: int  # positions of the layer below that one position given here is the strongest of
    first: int  # of these, the one with which position 0 begins: below 0 where the window begins before it ends
    given: Level
    made: Level
    before: int  # positions before its own that a unit sees
    after: int  # and after it
    beyond: bool  # whether it also sees zeros beyond the window's ends

    def into(self, side: str) -> range:
        """The positions given that differ at this end, those beyond the window included."""
        span = self.given.span(side)
        if not self.beyond:
            return span
        return range(-self.before, span.stop) if side == "left" else range(span.start, span.stop + self.after)

    def under(self, side: str) -> range:
        """The positions of the layer below whose strongest the positions given that differ at this end are."""
        span = self.given.span(side)
        return range(self.pool * span.start + self.first, self.pool * span.stop + self.first)


def layers(config: ModelConfig, *, turned: bool, exact: bool) -> list[Layer]:
    """The layers as one strand is read, the - strand where `turned`. exact: a window's own ends change something."""
    level, found = Level(config.length, 1, 0), []
    for number in range(config.depth):
        width = config.pool_between if number else 1
        first, given = _pooled(level, width, turned, exact)
        layer = _convolved(config, first, width, given, turned, exact)
        level = layer.made
        found.append(layer)
    return found


def margin(found: list[Layer], length: int) -> int:
    """Bases beside a window, on either side, that its shared activations are computed from."""
    last = found[-1].made
    low, high = last.begin, last.begin + last.stride * (last.positions - 1)
    for layer in reversed(found):
        stride = layer.given.stride
        low, high = low - stride * layer.before, high + stride * layer.after + stride - stride // layer.pool
    return max(-low, high - (length - 1))


def crowded(config: ModelConfig) -> bool:
    """Whether after some layer no position, or one at both ends, is left between those that a window's ends change."""
    turns = (False, True) if config.strands == "both" else (False,)
    read = [layers(config, turned=turned, exact=True) for turned in turns]
    for same in zip(*read, strict=True):
        for levels in ([layer.given for layer in same], [layer.made for layer in same]):
            if max(level.left for level in levels) + max(level.right for level in levels) >= levels[0].positions:
                return True
    return False


def _pooled(level: Level, width: int, turned: bool, exact: bool) -> tuple[int, Level]:
    """The first position pooled, and what pooling makes of a level: the last position, as the strand is read, may hold
    fewer."""
    count = -(-level.positions // width)
    first = level.positions - count * width if turned else 0
    begin, stride = level.begin + level.stride * first, level.stride * width
    if not exact:
        return first, Level(count, stride, begin)
    left = -((first - level.left) // width)
    right = count - (level.positions - level.right - first) // width
    return first, Level(count, stride, begin, left, right)


def _convolved(config: ModelConfig, first: int, width: int, given: Level, turned: bool, exact: bool) -> Layer:
    k, same = config.kernel_size, config.padding == "same"
    before, after = ((k - 1) // 2, k // 2) if same else (0, k - 1)
    if same and turned:
        before, after = after, before
    made = given._replace(positions=given.positions - (0 if same else k - 1))
    if same and exact:
        made = made._replace(left=given.left + before, right=given.right + after)
    return Layer(width, first, given, made, before, after, same)
