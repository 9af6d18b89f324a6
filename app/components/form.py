"""A form made from a configuration's own schema: label, help, range and choices stand with each field."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from dnaconv_core.errors import ConfigError

_DEVICES = ["auto", "cpu", "cuda", "mps"]
_SLIDER_UP_TO = 256


def fields_of(config: type, group: str) -> list[dataclasses.Field]:
    """The fields a person sets, in the order of the schema."""
    return [spec for spec in dataclasses.fields(config) if spec.metadata.get("group") == group]


def forget(config: type, group: str) -> None:
    """Let every field of the group go back to its default."""
    st.session_state.pop(_kept(group), None)
    for spec in fields_of(config, group):
        st.session_state.pop(spec.name, None)


def _kept(group: str) -> str:
    return f"_kept_{group}"


def only_choice(config: type, group: str, values: dict[str, Any]) -> set[str]:
    """Fields of which only one choice can go with `values`: not worth a widget."""
    idle = set()
    for spec in fields_of(config, group):
        choices = spec.metadata.get("choices", ())
        if choices and sum(_possible(config, values | {spec.name: choice}) for choice in choices) <= 1:
            idle.add(spec.name)
    return idle


def _possible(config: type, values: dict[str, Any]) -> bool:
    try:
        config(**values)
    except ConfigError:
        return False
    return True


def config_form(
    config: type,
    group: str,
    standard: Any,
    *,
    only: Iterable[str],
    below: dict[str, Any] | None = None,
    reasons: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Draw the fields named in `only`, starting from those of `standard`; each is in the address under its own name.

    below: filled with a place under each field, where what is wrong with it can be said once all values are known.
    reasons: why a field starts as it does, shown with its help.
    """
    hints = typing.get_type_hints(config)
    by_name = {spec.name: spec for spec in fields_of(config, group)}
    values: dict[str, Any] = {}
    kept = st.session_state.setdefault(_kept(group), {})  # Streamlit forgets a widget's value on another page
    for name in only:
        if name in kept and name not in st.session_state and name not in st.query_params:
            st.session_state[name] = kept[name]
        values[name] = _field(by_name[name], hints[name], getattr(standard, name), (reasons or {}).get(name, ""))
        if below is not None:
            below[name] = st.empty()
    kept.update(values)
    return values


def _field(spec: dataclasses.Field, kind: Any, default: Any, reason: str) -> Any:
    meta, label = spec.metadata, spec.metadata["label"]
    shared = {
        "key": spec.name,
        "help": meta["help"] + (f"  \n**Here:** {reason}." if reason else ""),
        "bind": "query-params",
    }
    if "choices" in meta:
        return st.segmented_control(label, list(meta["choices"]), default=default, required=True, **shared)
    if kind is bool:
        return st.toggle(label, value=default, **shared)
    if kind is str:
        options = _DEVICES if default in _DEVICES else [default, *_DEVICES]
        return st.selectbox(label, options, index=options.index(default), **shared)
    low, high = meta.get("low"), meta.get("high")
    if kind is float and meta.get("log"):
        return st.number_input(
            label, min_value=low, max_value=high, value=default, step=default / 2, format="%g", **shared
        )
    if kind is float:
        return st.slider(label, low, high, value=default, step=0.05, **shared)
    if high is not None and high <= _SLIDER_UP_TO:
        return st.slider(label, low, high, value=default, **shared)
    return st.number_input(label, min_value=low, max_value=high, value=default, step=1, **shared)
