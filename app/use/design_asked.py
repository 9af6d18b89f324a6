"""What to design: where to start, what to reach, how to search, and what to keep."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from components.sequences_in import covariate_inputs, pasted_or_file
from dnaconv_core.answers.labels import LABELS
from dnaconv_core.design.goal import Goal
from dnaconv_core.design.methods import METHODS
from dnaconv_core.design.rules import SITES, Rules, parse_places, parse_words
from dnaconv_core.design.search import Ways
from dnaconv_core.model.bundle import read_config
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.results import Record
from frame import state
from frame.language import mark, said, tr
from frame.models import Choice, ModelRef, catalog, model_in
from frame.words import plain

RANDOM, SHUFFLED, GIVEN = mark("Random"), mark("Shuffled"), mark("Given")
_HIGH, _LOW, _TARGET = mark("High"), mark("Low"), mark("At a target")
_AIMS = {_HIGH: "high", _LOW: "low", _TARGET: "target"}
_WEAKER = 0.05  # of ROC-AUC or r: a judge that much behind is told to be weak
_MOST = 1000  # designs on a page
_WAYS = mark(
    "Greedy takes the best edit each time; beam keeps several; evolution also crosses them, with some chance; "
    "gradient follows the slope of the score."
)
_NAMES = {"greedy": mark("Greedy"), "beam": mark("Beam"), "evolution": mark("Evolution"), "gradient": mark("Gradient")}


class Asked(NamedTuple):
    """All that decides the designs, but for the model."""

    start: str
    records: tuple[Record, ...]
    number: int
    goal: Goal
    rules: Rules
    ways: Ways
    judge: ModelRef | None
    covariates: tuple[float, ...]


def ask(ref: ModelRef, config: ModelConfig) -> Asked:
    """The form above the designs."""
    with st.container(border=True):
        start, records, number = _start(config)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            goal = _goal(config)
            ways = _ways()
            edits = st.number_input(tr("Edits at most"), 1, config.length, 10, key="design_edits", width=130)
            judge = _judge(ref, config)
            covariates = covariate_inputs(config, "design")
        rules = _rules(edits, config)
    return Asked(start, records, number, goal, rules, ways, judge, covariates)


def _start(config: ModelConfig) -> tuple[str, tuple[Record, ...], int]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.segmented_control(
            tr("Start from"), [RANDOM, SHUFFLED, GIVEN], format_func=tr, default=RANDOM, required=True,
            key="design_start",
            help=tr("Random bases, dinucleotide shuffles of your sequences, or your sequences as they are."),
        )  # fmt: skip
        number = 1
        if start != GIVEN:
            label = tr("Designs") if start == RANDOM else tr("Shuffles of each")
            number = st.number_input(label, 1, _MOST, 10, key=f"design_number_{start}", width=130)
    if start == RANDOM:
        return start, (), number
    examples = {said(one.name): one.sequence for one in state.experiment().examples}
    what = tr("Start (N stands for a random base)")
    records = pasted_or_file("design", examples, config.alphabet, what=what, height=80)
    return start, tuple(records), number


def _goal(config: ModelConfig) -> Goal:
    wish = st.segmented_control(
        tr("Score"), list(_AIMS), format_func=tr, default=_HIGH, required=True, key="design_aim"
    )
    if wish != _TARGET:
        return Goal(_AIMS[wish])
    return Goal("target", st.number_input(tr("Target"), value=0.5, step=0.05, key="design_target", width=110))


def _ways() -> Ways:
    method = st.segmented_control(
        tr("Search"),
        list(METHODS),
        format_func=lambda name: tr(_NAMES[name]),
        default="greedy",
        required=True,
        key="design_method",
        help=tr(_WAYS),
    )
    about = tr("The same seed gives the same starts and the same search.")
    seed = st.number_input(tr("Seed"), 0, 10**6, 0, key="design_seed", width=110, help=about)
    return Ways(method, seed=seed)


def _judge(ref: ModelRef, config: ModelConfig) -> ModelRef | None:
    """Another model of the experiment that reads the same sequences, the best first, or none."""
    every = [choice for choice in catalog(state.experiment().key).values() if choice.path is not None]
    every.sort(key=lambda choice: -_value(choice))
    others = {one.key: one for one in every if one.path and one.path != ref.path and _fits(one.path, config)}
    if not others:
        st.caption(tr("No judge: train another model to have one."), width=200)
        return None
    chosen = st.selectbox(
        tr("Judge"), ["", *others], index=1, key=f"design_judge_{ref.key}", width=240,
        format_func=lambda key: others[key].name if key else tr("none"),
        help=tr("A model that was trained apart. What only one of two models scores high is likely its own mistake."),
    )  # fmt: skip
    one = others.get(chosen)
    own = next((choice for choice in every if choice.path == ref.path), None)
    if one is not None and own is not None and _value(one) < _value(own) - _WEAKER:
        metric = plain(said(LABELS[state.experiment().main_metric].name))
        its, owns = _value(one), _value(own)
        words = tr("A weak judge: its {metric} is {its:.2f}, this model's {own:.2f}.", metric=metric, its=its, own=owns)
        st.caption(words, width=240)
    return None if one is None or one.path is None else model_in(one.path, one.key, one.name)


def _value(choice: Choice) -> float:
    return -math.inf if choice.value is None else choice.value


def _fits(path: Path, config: ModelConfig) -> bool:
    other = read_config(path)
    return (other.length, other.alphabet, other.names) == (config.length, config.alphabet, config.names)


def _rules(edits: int, config: ModelConfig) -> Rules:
    with st.expander(tr("Rules: GC, forbidden words, fixed positions, distances")), st.container(horizontal=True):
        gc = st.slider(tr("GC content, %"), 0, 100, (0, 100), 5, key="design_gc", width=240)
        words = st.text_input(
            tr("Forbidden words"), key="design_forbid", placeholder="EcoRI, BsaI, TATAAA", width=240,
            help=tr(
                "Words in IUPAC letters, or names of enzymes ({names}). DNA has them on neither strand.",
                names=plain(", ".join(SITES)),
            ),
        )  # fmt: skip
        run = st.number_input(
            tr("Longest run of one base"), 0, config.length, 0, key="design_run", width=190, help=tr("0 for any.")
        )
        fixed = st.text_input(
            tr("Fixed positions"),
            key="design_fixed",
            placeholder="1-10, 45",
            width=160,
            help=tr("Counted from 1; these stay as they are."),
        )
        around = st.number_input(
            tr("Bases beside them"), 0, config.length, 0, key="design_around", width=150,
            help=tr("This many bases on each side of the fixed positions stay too."),
        )  # fmt: skip
        apart = st.number_input(
            tr("Edits apart by"), 0, config.length, 0, key="design_apart", width=150,
            help=tr("No two edits are closer than this, in bases."),
        )  # fmt: skip
        least = st.number_input(
            tr("Edits at least"), 0, edits, 0, key="design_least", width=150,
            help=tr("Each design differs from its start at this many positions, even if that lowers its score."),
        )  # fmt: skip
    gc_range = gc[0] / 100, gc[1] / 100
    return Rules(edits, gc_range, parse_words(words), run, parse_places(fixed), around, apart, least)
