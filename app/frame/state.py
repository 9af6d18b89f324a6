"""The address is the state: which experiment, which run and which data stand in the query parameters.

A link in the navigation drops them, so they are remembered for the session and put back before a page is drawn. A
page's own choices bind themselves to the address with `bind="query-params"`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, OWN, SYNTHETIC, default_source
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.storing import check_path
from frame.language import PARAMETER, address

NAMES = ("experiment", "run", "output", "data", "valid", "covariates", "tour")
_KEPT = "_address"


class DataChoice(NamedTuple):
    """Where examples come from: 'synthetic', 'book', 'own' or a path; a second for validation; a file of covariates."""

    source: str
    valid: str
    covariates: str


def restore() -> None:
    """Put back what a navigation link dropped; call before anything is drawn."""
    kept = st.session_state.setdefault(_KEPT, {})
    if any(name in st.query_params for name in NAMES):
        kept.clear()
        kept.update({name: st.query_params[name] for name in NAMES if name in st.query_params})
        write(address())
    else:
        write({**kept, **address()})


def enter(page: str) -> None:
    """Note which page is drawn now; call before its widgets."""
    st.session_state["_entered"] = st.session_state.get("_page") != page
    st.session_state["_page"] = page


def just_entered() -> bool:
    """Whether the page drawn before this one was another."""
    return st.session_state.get("_entered", True)


def choose(**values: str) -> None:
    """Change the selection; an empty value removes it. A new experiment starts with its own run and data."""
    kept = st.session_state.setdefault(_KEPT, {})
    if "experiment" in values and values["experiment"] != experiment().key:
        values = {"run": "", "output": "", "data": "", "valid": "", "covariates": ""} | values
    for name, value in values.items():
        if value:
            kept[name] = value
        else:
            kept.pop(name, None)
    write(values)


def write(values: Mapping[str, str]) -> None:
    """Put these parameters into the address, and take those that are empty out of it; one step back for all of them."""
    changed = {name: value for name, value in values.items() if value and st.query_params.get(name) != value}
    if changed:
        st.query_params.update(changed)
    for name, value in values.items():
        if not value and name in st.query_params:
            del st.query_params[name]


def experiment() -> Experiment:
    """The selected experiment, or the first there is."""
    known = all_experiments()
    return known.get(_value("experiment")) or next(iter(known.values()))


def unknown_experiment() -> str:
    """What the address asks for and is not there."""
    return "" if _value("experiment") in (*all_experiments(), "") else _value("experiment")


def run() -> str:
    """The selected model: a run's id, or the name of a pretrained or imported one; '' while none is chosen."""
    return _value("run")


def output() -> str:
    """The name or number of the label or class that pages show; '' for the first."""
    return _value("output")


def tour() -> int:
    """The step of the tour that is shown, from 1; 0 outside it."""
    text = _value("tour")
    return int(text) if text.isdecimal() and len(text) < 3 else 0


def data() -> DataChoice:
    choice = DataChoice(_value("data") or default_source(experiment()), _value("valid"), _value("covariates"))
    if choice.source not in (SYNTHETIC, BOOK, OWN) or choice.valid or choice.covariates:
        check_path()
    return choice


def link() -> dict[str, str]:
    """The selection as query parameters, for links to other pages."""
    return {name: st.query_params[name] for name in (*NAMES, PARAMETER) if name in st.query_params}


def beside(names: Sequence[str], values: Iterable[float]) -> dict[str, str]:
    """Covariates as query parameters, for links to pages that look at one example."""
    return {f"beside_{name}": f"{value:.6g}" for name, value in zip(names, values, strict=True)}


def example(data: HeldOut, index: int, selection: Mapping[str, str] | None = None) -> dict[str, str]:
    """One held-out example as query parameters, for links to pages that look at it.

    selection: that of `link()`, where it is known already: asked for each row of a table, it takes a tenth of a second.
    """
    told = link() if selection is None else selection
    return {**told, "sequence": data.sequence(index), **beside(data.covariate_names, data.covariates[index])}


def given_beside(name: str, default: float) -> float:
    """The covariate that the address tells, or `default` where it tells none that can be read."""
    try:
        value = float(_value(f"beside_{name}"))
    except ValueError:
        return default
    return value if 0 <= value < float("inf") else default


def _value(name: str) -> str:
    return st.query_params.get(name, "")
