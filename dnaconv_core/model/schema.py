"""Configurations that check themselves: frozen dataclasses whose fields carry their own help, range and choices."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from dnaconv_core.errors import ConfigError

if TYPE_CHECKING:
    from typing_extensions import Self


def setting(default: Any, help: str, **limits: Any) -> Any:
    """A dataclass field with its schema: `low`, `high` (inclusive), `choices`, `label`, `group`, `log`."""
    return field(default=default, metadata={"help": help, **limits})


_hints: dict[type, dict[str, Any]] = {}  # the types of a class's fields, which Python evaluates from text: once


@dataclass(frozen=True)
class Checked:
    """Validation and JSON for the dataclasses made from it."""

    def __post_init__(self) -> None:
        kind: type = type(self)
        hints = _hints.get(kind) or _hints.setdefault(kind, typing.get_type_hints(kind))
        for spec in fields(self):
            object.__setattr__(self, spec.name, _checked(spec, hints[spec.name], getattr(self, spec.name)))
        self.check_together()

    def check_together(self) -> None:
        """What one field alone cannot tell."""

    def to_json(self) -> dict[str, Any]:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The configuration that `to_json` described. Raises ConfigError naming the first unknown key."""
        known = {spec.name for spec in fields(cls)}
        for key in stored:
            if key not in known:
                raise ConfigError(f"unknown setting {key[:60]!r}: the settings are {', '.join(sorted(known))}")
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()})

    def replace(self, **changes: Any) -> Self:
        """A copy with these fields changed, checked again. Raises ConfigError for an unknown name."""
        return type(self).from_json({**self.to_json(), **changes})


def _checked(spec: dataclasses.Field[Any], kind: Any, value: Any) -> Any:
    name = spec.name
    if value is None and type(None) in typing.get_args(kind):
        return None
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, tuple):
            raise ConfigError(f"{name} is {_quoted(value)}: it must be a list")
        return value
    kind = next((arg for arg in typing.get_args(kind) if arg in _KINDS), kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < _LARGEST else float("nan")
    if type(value) is not kind:
        raise ConfigError(f"{name} is {_quoted(value)}: it must be {_KINDS[kind]}")
    _check_allowed(spec, value)
    return value


def _check_allowed(spec: dataclasses.Field[Any], value: Any) -> None:
    """ConfigError for a value that is no choice of the setting, or out of its range."""
    choices, low, high = (spec.metadata.get(name) for name in ("choices", "low", "high"))
    if choices is not None and value not in choices:
        raise ConfigError(f"{spec.name} is {_quoted(value)}: choose {' or '.join(map(repr, choices))}")
    if (low is not None and not value >= low) or (high is not None and not value <= high):  # "not" also refuses NaN
        allowed = f"{low} or more" if high is None else f"{low} to {high}"
        raise ConfigError(f"{spec.name} is {_quoted(value)}: it must be {allowed}")


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


_QUOTED = 60  # letters of a wrong value that are repeated
_LARGEST = 2**1000  # of a whole number that can be a number with a point
_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
