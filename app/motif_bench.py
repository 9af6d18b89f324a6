"""The motif bench: any motif in sequences that mean nothing, and what the model makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import state
import streamlit as st
from cache import bundle, changed
from components.chart import chart
from components.logo import Logo, logos
from components.models import Choice
from components.sequence import Mark, Row, sequences
from held_out import HeldOut
from interpretation import one_hot_of

from dnaconv_core.sequence.encoding import decode

if TYPE_CHECKING:
    from dnaconv_core.interpret.marginalize import Curve, Effect, Mutations, Positions, Spacing

_BACKGROUNDS = 50
_MARGIN = {"l": 52, "r": 12, "t": 10, "b": 42}


def show(choice: Choice, data: HeldOut) -> None:
    default = state.experiment().motif or "TGASTCA"
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        motif = st.text_input("Motif (IUPAC)", value=default, key="motif", bind="query-params", width=260)
        second = st.text_input(
            "Second motif, for spacing", key="second", bind="query-params", width=260, placeholder="optional"
        )
    path, stamp = str(choice.path), changed(choice.path)
    X = _backgrounds(path, stamp, data)
    found = _effects(path, stamp, motif.strip().upper(), X)
    _strip(found, X)
    left, right = st.columns(2)
    with left, st.container(border=True):
        _by_position(path, stamp, motif.strip().upper(), X, found[2])
    with right, st.container(border=True):
        _by_mutation(found[3])
        if second.strip():
            _by_spacing(_spaced(path, stamp, motif.strip().upper(), second.strip().upper(), X), motif, second)


@st.cache_resource(show_spinner=False, max_entries=6)
def _backgrounds(path: str, stamp: float, _data: HeldOut) -> np.ndarray:
    from dnaconv_core.interpret.marginalize import backgrounds

    return backgrounds(one_hot_of(_data, slice(0, 2000)), _data.codes.shape[1], _BACKGROUNDS)


@st.cache_resource(show_spinner="Measuring…", max_entries=40)
def _effects(path: str, stamp: float, motif: str, _X: np.ndarray) -> tuple[Effect, Effect, Positions, Mutations]:
    from dnaconv_core.interpret.marginalize import by_mutation, by_position, marginalize, strand_effects

    model = bundle(Path(path)).model
    return (
        marginalize(model, _X, motif),
        strand_effects(model, _X, motif)[1],
        by_position(model, _X, motif),
        by_mutation(model, _X, motif),
    )


@st.cache_resource(show_spinner="Measuring…", max_entries=40)
def _spaced(path: str, stamp: float, motif: str, second: str, _X: np.ndarray) -> Spacing:
    from dnaconv_core.interpret.marginalize import by_spacing

    return by_spacing(bundle(Path(path)).model, _X, motif, second)


@st.cache_resource(show_spinner=False, max_entries=40)
def _one_background(path: str, stamp: float, motif: str, _X: np.ndarray) -> tuple[np.ndarray, list[str], float]:
    """The first background with the motif at every position: predictions, letters; and its prediction without it."""
    from dnaconv_core.interpret.marginalize import typical_covariates
    from dnaconv_core.predict import predict
    from dnaconv_core.sequence.edit import substitute

    model = bundle(Path(path))
    places = _X.shape[2] - len(motif) + 1
    many = substitute(np.repeat(_X[:1], places, axis=0), motif, np.arange(places))
    beside = typical_covariates(model.config)
    given = None if beside is None else np.tile(beside, (places + 1, 1))
    said = predict(model.model, np.concatenate([many, _X[:1]]), given)[:, 0]
    return said[:-1], decode(many, model.config.alphabet), float(said[-1])


def _strip(found: tuple, X: np.ndarray) -> None:
    effect, other, places, _ = found
    with st.container(border=True):
        columns = st.columns(3)
        columns[0].metric(
            "Effect on the logit", f"{effect.mean:+.2f}", help=f"Mean over {len(X)} dinucleotide-shuffled backgrounds."
        )
        columns[0].caption(f"95 %: {effect.low:+.2f} to {effect.high:+.2f}")
        columns[1].metric(
            "Read from the other strand", f"{other.mean:+.2f}", help="The same DNA, reverse-complemented."
        )
        alike = abs(other.mean - effect.mean) <= 0.05 * max(abs(effect.mean), 1e-9)
        columns[1].caption("the same within 5 %" if alike else "not the same: the model tells the strands apart")
        columns[2].metric(
            "Varies with position by",
            f"{places.variation:.0%}",
            help="Largest minus smallest, over the mean; inner places.",
        )
        columns[2].caption(
            "position-invariant" if places.invariant else "not position-invariant: where it lies matters"
        )


def _by_position(path: str, stamp: float, motif: str, X: np.ndarray, places: Positions) -> None:
    st.markdown("**Effect by position**", help="Of the motif's first base; the band is the 95 % interval of the mean.")
    chart(_band(places.curve, "first base of the motif", 1), key="by_position", height=260)
    st.fragment(_slide)(path, stamp, motif, X)


def _slide(path: str, stamp: float, motif: str, X: np.ndarray) -> None:
    """Move the motif through one background; everything is known beforehand, so nothing waits."""
    said, letters, without = _one_background(path, stamp, motif, X)
    start = st.slider("Move it through one background", 1, len(said), value=len(said) // 2, key="place")
    st.markdown(f"Prediction **{said[start - 1]:.3f}** · without the motif {without:.3f}")
    mark = Mark(start - 1, start - 1 + len(motif), motif)
    sequences([Row(letters[start - 1], marks=(mark,))], key="moved", wrap=True)


def _by_mutation(found: Mutations) -> None:
    st.markdown("**Point mutations**", help="Mean change of the logit when one base of the motif is changed.")
    importance = np.zeros_like(found.change)
    for column, letter in enumerate(found.word):
        others = [found.change[b, column] for b in range(4) if "ACGT"[b] != letter]
        importance["ACGT".index(letter), column] = -np.mean(others)
    drawn = Logo(importance, "Mean loss when changed", kind="contribution", unit="logit")
    logos([drawn], key="mutated", height=110, max_column=56)
    figure = {
        "data": [
            {
                "type": "heatmap",
                "z": np.round(found.change, 3).tolist(),
                "x": [f"{letter}{i}" for i, letter in enumerate(found.word, 1)],
                "y": list("ACGT"),
                "colorscale": [[0, "rgb(33,102,172)"], [0.5, "rgba(127,134,148,0.08)"], [1, "rgb(200,0,45)"]],
                "zmid": 0,
                "colorbar": {"title": {"text": "Δ logit"}, "thickness": 10},
                "hovertemplate": "%{x} to %{y}: %{z:+.2f} logit<extra></extra>",
            }
        ],
        "layout": {"margin": _MARGIN, "yaxis": {"autorange": "reversed"}, "xaxis": {"type": "category"}},
    }
    chart(figure, key="mutations", height=190)


def _by_spacing(found: Spacing, motif: str, second: str) -> None:
    st.markdown(
        f"**{motif} and {second}, by the bases between them**",
        help="Together, and beyond the sum of both alone (interaction).",
    )
    joint = _band(found.joint, "bases between the motifs", 0, name="together")
    joint["data"] += _band(found.interaction, "", 0, name="interaction", color="theme:series1")["data"]
    joint["layout"]["showlegend"] = True
    chart(joint, key="spacing", height=240)


def _band(curve: Curve, x_title: str, first: int, *, name: str = "effect", color: str = "theme:series0") -> dict:
    x = (curve.at + first).tolist()
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": x + x[::-1],
        "y": np.round(np.concatenate([curve.high, curve.low[::-1]]), 4).tolist(),
        "fill": "toself",
        "line": {"width": 0, "color": color},
        "opacity": 0.25,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": np.round(curve.mean, 4).tolist(),
        "name": name,
        "line": {"color": color, "width": 2},
        "hovertemplate": f"{name} at %{{x}}: %{{y:+.2f}} logit<extra></extra>",
    }
    axes = {
        "xaxis": {"title": {"text": x_title}},
        "yaxis": {"title": {"text": "change of the logit"}, "rangemode": "tozero"},
    }
    return {"data": [band, line], "layout": {"margin": _MARGIN, "showlegend": False, **axes}}


def bars(counts: np.ndarray, x_title: str, y_title: str) -> dict:
    """Counts by position."""
    bar = {
        "type": "bar",
        "x": list(range(1, len(counts) + 1)),
        "y": counts.tolist(),
        "marker": {"color": "theme:series0"},
        "hovertemplate": "base %{x}: %{y}<extra></extra>",
    }
    axes = {"xaxis": {"title": {"text": x_title}}, "yaxis": {"title": {"text": y_title}}}
    return {"data": [bar], "layout": {"margin": _MARGIN, "bargap": 0.05, **axes}}
