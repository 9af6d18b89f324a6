"""Several values for a setting: how many runs that makes, how long they take, and the button that queues them."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

import streamlit as st

from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.sweep import MOST_RUNS, combinations, expected_seconds, sweep
from frame.language import mark, said, tr
from frame.page import errors_shown
from frame.pages import RUNS
from frame.storing import stores
from frame.where import ask_where
from frame.words import ours, plain
from learn.form import fields_of
from learn.named import duration, setting_name

_MOST = 3  # settings that vary at once
_LEFT_OUT = ("device", "precision", "checkpoint_every", "eval_every", "begin", "begin_share", "freeze_filters")
_FEW = 6  # a range of so many whole numbers is offered whole
_STEPS = (0.1, 0.3, 1, 3, 10)  # what a setting on a logarithmic scale is multiplied by
_WORDS = mark("Trains one network for each combination of the values. All other settings stay as they are in the form.")


def several_values(spec: RunSpec, settings: dict[str, Any], *, possible: bool) -> None:
    """A popover on the Train page. spec: the run that the form asks for; settings: all its fields as set."""
    with st.popover(tr("Try several values"), icon=":material/grid_view:", disabled=not possible):
        st.caption(tr(_WORDS))
        fields = {one.name: one for one in (*fields_of(ModelConfig, "model"), *fields_of(TrainConfig, "train"))}
        offered = [name for name in fields if name not in _LEFT_OUT and len(_values(fields[name], settings[name])) > 1]
        chosen = st.multiselect(
            tr("Settings to vary"),
            offered,
            format_func=setting_name,
            max_selections=_MOST,
            placeholder=tr("Choose up to three"),
            key="sweep_settings",
        )
        with errors_shown():
            grid = {name: _asked(fields[name], settings[name]) for name in chosen}
            _start(spec, grid)


def _asked(field: dataclasses.Field, current: Any) -> list[Any]:
    """The values of one setting: chips, and a typed one where it is a number. What cannot be is told and left out."""
    number = "choices" not in field.metadata and not isinstance(current, (bool, str))
    label = ours(said(field.metadata["label"]))
    given = st.multiselect(
        label,
        _values(field, current),
        default=[current],
        accept_new_options=number,
        format_func=_told,
        key=f"sweep_{field.name}",
        help=tr("Choose two or more, or type a number and press Enter.") if number else tr("Choose two or more."),
    )
    found = []
    for value in given:
        known = _number(field, value)
        if known is None:
            low, high = plain(field.metadata["low"]), plain(field.metadata["high"])
            text = tr("{value} is left out: give a number from {low} to {high}.", value=plain(str(value)[:30]), low=low,
                      high=high)  # fmt: skip
            st.markdown(f":red[{text}]")
        elif known not in found:
            found.append(known)
    return found


def _values(field: dataclasses.Field, current: Any) -> list[Any]:
    """What is offered: every choice, or a few numbers around the current one."""
    meta = field.metadata
    if "choices" in meta:
        return list(meta["choices"])
    if isinstance(current, (bool, str)):
        return [False, True] if isinstance(current, bool) else [current]
    low, high = meta["low"], meta["high"]
    if field.name == "seed":
        found = [current + step for step in range(5)]
    elif isinstance(current, float) and meta.get("log"):
        found = [float(f"{current * step:.1g}") for step in _STEPS if current]
    elif isinstance(current, float):
        found = [round(low + (high - low) * step / 9, 2) for step in range(10)]
    elif high - low < _FEW:
        found = list(range(low, high + 1))
    else:
        found = [current // 4, current // 2, current * 2, current * 4]
    return sorted({current, *(value for value in found if low <= value <= high)})


def _number(field: dataclasses.Field, value: Any) -> Any:
    """A value that was chosen or typed; None where the setting cannot hold it."""
    if not isinstance(value, str) or "choices" in field.metadata:
        return value
    kind = typing.get_type_hints(ModelConfig if hasattr(ModelConfig, field.name) else TrainConfig)[field.name]
    try:
        number = kind(value)
    except ValueError:
        return None
    return number if field.metadata["low"] <= number <= field.metadata["high"] else None


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _start(spec: RunSpec, grid: dict[str, list[Any]]) -> None:
    """How many runs and how long, and the button."""
    store, n = Store(), len(combinations(grid)) if grid else 0
    if n < 2:
        st.caption(tr("Choose a setting and at least two values for it."))
        return
    if n > MOST_RUNS:
        text = tr("{n:,} runs are too many: remove values until there are at most {most:d}.", n=n, most=MOST_RUNS)
        st.markdown(f":red[{text}]")
        return
    count = tr("**{n:,} runs**", n=n)
    if len(grid) > 1:
        count += f" ({plain(' × '.join(str(len(values)) for values in grid.values()))})"
    seconds = expected_seconds(store, spec, grid)
    if seconds is None:
        st.markdown(tr("{runs}. How long they take is known after a first run on these data.", runs=count))
    else:
        time = duration(seconds)
        st.markdown(tr("{runs}, about **{time}** in all, as fast as earlier runs.", runs=count, time=time))
    name = st.text_input(tr("Name (optional)"), max_chars=30, key="sweep_name").strip()
    on = ask_where("sweep_on")
    if st.button(
        tr("Start {n:d} runs", n=n), type="primary", icon=":material/play_arrow:", key="sweep_start", **stores()
    ):
        made = sweep(store, spec, grid, name, on=on)
        st.switch_page(RUNS, query_params={"experiment": spec.experiment, "show": "this experiment", "sweep": made.tag})
