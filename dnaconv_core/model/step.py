"""What every step of the network knows of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the network, after the step `before`; by itself it changes nothing.

    layer: which convolutional layer it belongs to, from 1; 0 where to none.
    """

    config: ModelConfig
    before: Step = None  # type: ignore[assignment]  # only the sequence has none before it
    layer: int = 0

    name: ClassVar[str] = "the sequence"
    place: ClassVar[str] = ""  # the network's attribute that holds its module, where it has one
    joins: ClassVar[str] = " → "  # how its words follow those of the step before

    @property
    def wanted(self) -> bool:
        """Whether a network with these settings has it."""
        return True

    @property
    def channels(self) -> int:
        """Numbers at each position of its output, of all members."""
        return self.before.channels if self.before else 4

    @property
    def positions(self) -> int:
        return self.before.positions if self.before else self.config.length

    @property
    def sees(self) -> tuple[int, int]:
        """Bases before and after a unit's own that it depends on."""
        return self.before.sees if self.before else (0, 0)

    @property
    def stride(self) -> int:
        """Bases from one position to the next."""
        return self.before.stride if self.before else 1

    @property
    def n_parameters(self) -> int:
        return 0

    @property
    def words(self) -> str:
        """What it does, as the drawing says it; '' where there is nothing to say."""
        return ""

    def module(self) -> nn.Module | None:
        """A new module with its weights or its mode, kept at `place`."""
        return None

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        """Its output from that of the step before, `h`; X `(B, 4, L)` and raw covariates are the network's input."""
        return h
