"""Settings of the network and its training on the command line, all from the configuration's own schema."""

from __future__ import annotations

import argparse
import dataclasses
import typing
from typing import Any

from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig, TrainConfig


def add_setting_options(parser: argparse.ArgumentParser) -> None:
    """One option for every setting that has a group."""
    for spec, kind in _settings().values():
        parser.add_argument(
            f"--{spec.name.replace('_', '-')}",
            dest=spec.name,
            type=_truth if kind is bool else kind,
            choices=spec.metadata.get("choices"),
            default=None,
            nargs="?" if kind is bool else None,
            const=True if kind is bool else None,  # a switch given alone
            metavar=None if "choices" in spec.metadata else spec.name.upper(),
            help=spec.metadata["help"].replace("%", "%%"),
        )


def chosen_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Those that were given as options of their own."""
    given = {name: getattr(options, name) for name in _settings()}
    return {name: value for name, value in given.items() if value is not None}


def given_settings(texts: list[str]) -> dict[str, list[Any]]:
    """`--set name=value,value …`: the values of each setting, as its own kind. Raises InputError for what is none."""
    known = _settings()
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known:
            raise InputError(f"--set {text}: there is no setting {name!r}, see 'dnaconv train --help'")
        kind = known[name][1]
        found[name] = []
        for value in dict.fromkeys(values.split(",")):
            try:
                found[name].append(_truth(value) if kind is bool else kind(value.strip()))
            except (ValueError, argparse.ArgumentTypeError):
                raise InputError(f"--set {text}: {value!r} is not a value for {name}") from None
    return found


def _settings() -> dict[str, tuple[dataclasses.Field[Any], Any]]:
    """Field and kind of every setting that has a group, by name."""
    return {
        spec.name: (spec, typing.get_type_hints(config)[spec.name])
        for config in (ModelConfig, TrainConfig)
        for spec in dataclasses.fields(config)
        if "group" in spec.metadata
    }


def _truth(text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is not 'true' or 'false'")
    return text.strip().lower() == "true"
