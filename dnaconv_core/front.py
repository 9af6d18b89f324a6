"""The front of a package: a few names that are imported when first used, also where a module is called the same.

`dc.train` is the function that trains, and `dnaconv_core.train` the package that holds the loop. Python sets the latter
as an attribute as soon as anybody imports it, so such a module is made callable: it stays what it is, and calling it
calls the function of its name.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

_FRONTS: dict[str, Mapping[str, str]] = {}  # by package: name → 'module:attribute'


def open_front(package: str, names: Mapping[str, str]) -> list[str]:
    """Let `package` offer these names, each 'module:attribute', and return them for its `__all__`."""
    _FRONTS[package] = names
    sys.modules[package].__class__ = _Front
    return list(names)


def _offered(package: str, name: str) -> Any:
    module, _, attribute = _FRONTS[package][name].partition(":")
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


class _Front(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name not in _FRONTS[self.__name__]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _offered(self.__name__, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) is ModuleType and _FRONTS[self.__name__].get(name, "").partition(":")[2]:
            value.__class__ = _Callable
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_FRONTS[self.__name__]})


class _Callable(ModuleType):
    """A module that is called as the function of the same name."""

    def __call__(self, *args: Any, **more: Any) -> Any:
        return self.__wrapped_function__(*args, **more)

    @property
    def __wrapped_function__(self) -> Any:
        return _offered(*self.__name__.rsplit(".", 1))

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return inspect.getdoc(self.__wrapped_function__)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.__wrapped_function__)
