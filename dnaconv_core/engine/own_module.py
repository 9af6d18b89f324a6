"""Any torch module in a ConvNet's place: whatever maps one-hot `(B, 4, L)` to `(B, T)`.

It is a network of one step that no engine knows, so each computes it in its plain form: every mutant and every window
through the whole module.
"""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn

from dnaconv_core.engine.as_found import evaluating
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.model.heads import Head
from dnaconv_core.model.step import Step

_MOST_OUTPUTS = 1000  # that a ModelConfig has
_CHANNELS = 64, 256  # numbers at a position, where nothing tells and at most: what batches are sized by
ENDS = {"regression": "linear", "binary": "sigmoid", "classes": "softmax"}


class _Whole(Step):
    """The module, from one end to the other."""

    name = "a module of your own"

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return model(X)


class OwnModule(ConvNet):
    """A module with the configuration that its sequences and outputs imply. The module itself is not copied."""

    alone = True  # no two threads at a time: nobody knows whether its forward pass, or hooks on it, would bear that

    def __init__(self, module: nn.Module, config: ModelConfig) -> None:
        nn.Module.__init__(self)
        self.config, self.module = config, module
        whole = _Whole(config, Step(config), 1)
        self.pooling = Head(config, whole)
        self.steps = [whole.before, whole, self.pooling]
        self.layers, self.after = self.steps[:2], self.steps[2:]
        self.positional = self.composition = self.hidden = None
        self.at = nn.Parameter(_like(module), requires_grad=False)  # where and in which precision the module computes

    def forward(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        """`(B, T)` float32: what the module gives, before the link of the configuration."""
        return _rows(self.module(X.to(self.at.dtype)), len(X)).float()

    def member_logits(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        return self(X)[:, None]

    def first_filters(self, x: Tensor) -> nn.Conv1d:
        """Its first Conv1d, which must read the one-hot itself. x: `(1, 4, L)`. Raises InputError where none does."""
        seen: list[Tensor] = []
        conv = next((m for m in self.modules() if isinstance(m, nn.Conv1d) and m.in_channels == 4), None)
        if conv is None:
            raise InputError("the module has no nn.Conv1d with 4 input channels: there are no filters to read")
        hook = conv.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        try:
            with evaluating(self), torch.no_grad():
                self(x)
        finally:
            hook.remove()
        if not seen or conv.groups > 1 or not _holds(seen[0], x):
            raise InputError("the module's first nn.Conv1d does not read the one-hot sequence itself: give its filters")
        return conv


def own_module(module: nn.Module, length: int, *, alphabet: str = "DNA", task: str = "regression") -> OwnModule:
    """A module that reads `length` bases, tried once on an empty sequence to see how many outputs it has.

    task: 'regression' takes outputs as they are, 'binary' as logits of yes, 'classes' as logits of one of T classes.
    Raises InputError where the module cannot read such a sequence or gives something else than a number or T of them.
    """
    if task not in ENDS:
        raise InputError(f"task is {task!r}: choose {', '.join(map(repr, ENDS))}")
    if not isinstance(module, nn.Module):
        raise InputError(f"the module is a {type(module).__name__}: give a torch.nn.Module")
    like = _like(module)
    x = torch.zeros(2, 4, length, dtype=like.dtype, device=like.device)
    try:
        with evaluating(module), torch.no_grad():
            outputs = _rows(module(x), 2).shape[1]
    except InputError:
        raise
    except Exception as error:  # whatever the module does not bear: an assertion of its own, too
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"the module cannot read one-hot sequences of shape (2, 4, {length}): {why[:200]}") from error
    usual, most = _CHANNELS
    convs = (m.out_channels for m in module.modules() if isinstance(m, nn.Conv1d))
    config = ModelConfig(
        length=length, alphabet=alphabet, n_tasks=outputs, task=task, output=ENDS[task], depth=1, kernel_size=1,
        filters=min(next(convs, usual), most),
    )  # fmt: skip
    return OwnModule(module, config)


def _rows(found: object, n: int) -> Tensor:
    """`(n, T)` of what a module gave; `(n,)` is one number for each."""
    if not isinstance(found, Tensor):
        raise InputError(f"the module gave a {type(found).__name__}: it must give one tensor, (examples, outputs)")
    if found.shape[:1] != (n,) or found.dim() > 2 or not 1 <= found[0].numel() <= _MOST_OUTPUTS:
        raise InputError(
            f"the module gave shape {tuple(found.shape)} for {n} sequences: it must give one number each, or a row of "
            f"at most {_MOST_OUTPUTS:,}; wrap it in a module that picks them"
        )
    return found.reshape(n, -1)


def _like(module: nn.Module) -> Tensor:
    """An empty tensor on the module's device, of its floating-point type."""
    held = (t for t in chain(module.parameters(), module.buffers()) if t.is_floating_point())
    some = next(held, None)
    return torch.empty(0) if some is None else torch.empty(0, dtype=some.dtype, device=some.device)


def _holds(seen: Tensor, x: Tensor) -> bool:
    return seen.shape == x.shape and bool((seen.float() == x.float()).all())
