"""A form made from a configuration's own schema: label, help, range and choices stand with each field."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import streamlit as st

from dnaconv_core.errors import ConfigError
from frame import state
from frame.language import said, tr
from frame.words import ours, plain

_DEVICES = ["auto", "cpu", "cuda", "mps"]
_SLIDER_UP_TO = 256
_EACH_UP_TO = 64  # a slider with more values than these is stepped: fine at its small end, coarse above
_KEPT, _SEEN = "_kept_", "_seen_"  # a field's last value, and what the address said of it


def fields_of(config: type, group: str) -> list[dataclasses.Field]:
    """The fields a person sets, in the order of the schema."""
    return [spec for spec in dataclasses.fields(config) if spec.metadata.get("group") == group]


def forget(config: type, group: str, *, address: bool = True) -> None:
    """Let every field of the group go back to its default, or without `address` to what the address says."""
    for spec in fields_of(config, group):
        st.session_state.pop(spec.name, None)
        st.session_state.pop(_KEPT + spec.name, None)
        st.session_state.pop(_SEEN + spec.name, None)
    if address:
        state.write({spec.name: "" for spec in fields_of(config, group)})


def came_by_link(config: type, group: str) -> bool:
    """Whether this page was just entered with fields of the group in the address: they are then all that is changed."""
    return state.just_entered() and any(spec.name in st.query_params for spec in fields_of(config, group))


def kept_choice(name: str, offered: Collection[str], default: str, *, linked: bool = False) -> str:
    """Give a widget the value under `name` that the address says newly, else its last one, else the default.

    linked: what the address says holds also where it says nothing. Returns what the address asked for in vain.
    """
    asked = st.query_params.get(name, "")
    if linked or (asked != st.session_state.get(_SEEN + name, "") and not (state.just_entered() and not asked)):
        st.session_state[name] = asked or default
    elif name not in st.session_state:
        st.session_state[name] = st.session_state.get(_KEPT + name, default)
    if st.session_state[name] in offered:
        return ""
    unknown, st.session_state[name] = st.session_state[name], default
    return unknown


def keep_choice(name: str, value: str, default: str) -> None:
    """Note what the widget of `kept_choice` holds, and write it into the address unless it is the default."""
    st.session_state[_KEPT + name] = value
    st.session_state[_SEEN + name] = "" if value == default else value
    state.write({name: st.session_state[_SEEN + name]})


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
    for name in only:
        spec, kind, default = by_name[name], hints[name], getattr(standard, name)
        _start(spec, kind, default)
        with st.container(gap="xsmall"):  # together where fields stand in two columns
            values[name] = st.session_state[_KEPT + name] = _field(spec, kind, (reasons or {}).get(name, ""))
            if below is not None:
                below[name] = st.empty()
        st.session_state[_SEEN + name] = "" if values[name] == default else str(values[name])
    state.write({name: st.session_state[_SEEN + name] for name in values})
    return values


def _start(spec: dataclasses.Field, kind: Any, default: Any) -> None:
    """The value a field begins with: what the address says newly, else what it was, else the default.

    `bind="query-params"` would do this but for two things: a link in the navigation drops the parameters, and Back then
    finds neither them nor the values.
    """
    name, asked = spec.name, st.query_params.get(spec.name, "")
    if asked != st.session_state.get(_SEEN + name, "") and not (state.just_entered() and not asked):
        st.session_state[name] = _parsed(spec, kind, asked, default)
    elif name not in st.session_state:
        st.session_state[name] = st.session_state.get(_KEPT + name, default)


def _parsed(spec: dataclasses.Field, kind: Any, asked: str, default: Any) -> Any:
    """A value from the address; the default where it is none that the widget could hold."""
    meta = spec.metadata
    try:
        value = {"true": True, "false": False}[asked.lower()] if kind is bool else kind(asked) if asked else default
    except (ValueError, KeyError):
        return default
    low, high = meta.get("low"), meta.get("high")
    within = (low is None or value >= low) and (high is None or value <= high)
    return value if within and value in meta.get("choices", (value,)) else default


def _field(spec: dataclasses.Field, kind: Any, reason: str) -> Any:
    meta, label = spec.metadata, ours(said(spec.metadata["label"]))
    help = ours(said(meta["help"]))
    if reason:
        help += "  \n" + tr("**Here:** {reason}.", reason=plain(said(reason)))
    shared = {"key": spec.name, "help": help}
    value = st.session_state[spec.name]  # as the default too: a slow browser may miss that it was set
    if "choices" in meta:
        choices = list(meta["choices"])
        return st.segmented_control(label, choices, format_func=plain, required=True, default=value, **shared)
    if kind is bool:
        return st.toggle(label, value, **shared)
    if kind is str:
        devices = _DEVICES if value in _DEVICES else [value, *_DEVICES]
        return st.selectbox(label, devices, devices.index(value), **shared)
    low, high = meta.get("low"), meta.get("high")
    if kind is float and meta.get("log"):
        step = value / 2 or 0.01
        return st.number_input(label, low, high, value, step=step, format="%g", **shared)
    if kind is float:
        return st.slider(label, low, high, value, step=0.05, **shared)
    if high is not None and _EACH_UP_TO < high <= _SLIDER_UP_TO:
        return st.select_slider(label, steps(low, high, value), value, **shared)
    if high is not None and high <= _SLIDER_UP_TO:
        return st.slider(label, low, high, value, **shared)
    return st.number_input(label, low, high, value, step=1, **shared)


def steps(low: int, high: int, value: int) -> list[int]:
    """Whole numbers from low to high: each one up to 16, then four for each doubling; `value` is always among them."""
    coarse = (start + start * quarter // 4 for start in (16, 32, 64, 128) for quarter in (1, 2, 3, 4))
    return sorted({low, high, value, *range(low, min(16, high) + 1), *(n for n in coarse if low <= n <= high)})
