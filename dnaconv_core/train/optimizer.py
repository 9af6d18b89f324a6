"""Torch's optimizers without torch's compiler, which takes a second to load and is not used here."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    import torch

    Kind = TypeVar("Kind", bound=torch.optim.Optimizer)

_WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")  # they load it, to be left alone by it


def lean(kind: type[Kind]) -> type[Kind]:
    """An optimizer that does the same, with its methods as they were written."""
    import torch

    plain = {name: inspect.unwrap(getattr(kind, name)) for name in _WRAPPED}
    plain["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    return cast("type[Kind]", type(kind.__name__, (kind,), plain))
