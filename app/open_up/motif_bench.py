"""The motif bench: any motif in sequences that mean nothing, and what the model makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from components.moving import moving
from dnaconv_core.progress import Progress
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.sequence.encoding import decode
from frame.cache import bundle
from frame.job import background
from frame.language import tr
from frame.models import ModelRef
from frame.words import Words, ours, plain
from open_up.bench_figures import band, substitutions
from open_up.motif_choice import ask_motif, default_motif, motif_of, spelled
from open_up.worded import unit_of

if TYPE_CHECKING:
    from dnaconv_core.interpret.marginalize import Effect, Mutations, Positions, Spacing
    from dnaconv_core.sequence.motif import Motif

_BACKGROUNDS = 50


def show(model: ModelRef, data: HeldOut) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        text = ask_motif(model, "motif", tr("Motif"), value=default_motif())
        beside = ask_motif(model, "second", tr("Second motif, for spacing"))
    motif = motif_of(text, model, data.alphabet)
    word, unit = spelled(motif, data.alphabet), unit_of(model)
    X = backgrounds(model, data)
    found = _effects(model, (text.upper(), word), motif, X)
    if found is None:
        return
    effect, other, places, mutations = found
    _strip(effect, other if data.alphabet == "DNA" else None, places, X, unit)
    with st.container(key="shape_bench"):  # one below the other where the window is narrow
        left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown(
            tr("**Effect by position**"), help=tr("By its first base; the band is the 95 % interval of the mean.")
        )
        chart(band(places.curve, tr("first base of the motif"), 1, unit=unit), key="by_position", height=260)
        st.markdown(
            tr("**Move it along one shuffled sequence**"),
            help=tr("The first of the shuffled sequences, with the most probable letters of the motif."),
        )
        moving(*_one_background(model, mutations.word, X), key="moved", unit=unit)
    with right, st.container(border=True):
        _by_mutation(mutations, data.alphabet, unit)
        if beside:
            second = motif_of(beside, model, data.alphabet)
            names = (word, spelled(second, data.alphabet))
            key = (text.upper(), beside.upper(), *names)
            spaced = _spaced(model, key, motif, second, X)
            if spaced is not None:
                _by_spacing(spaced, *names, unit)


@st.cache_resource(show_spinner=False, max_entries=6)
def backgrounds(model: ModelRef, _data: HeldOut) -> np.ndarray:
    """Shuffled held-out examples `(N, 4, L)`, the same for everything on the bench."""
    from dnaconv_core.interpret import marginalize

    return marginalize.backgrounds(_data.one_hot(slice(0, 2000)), _data.codes.shape[1], _BACKGROUNDS)


def _effects(
    model: ModelRef, key: tuple, motif: Motif, X: np.ndarray
) -> tuple[Effect, Effect, Positions, Mutations] | None:
    """What the motif does in X, on either strand, at every place, and mutated; None while it is measured."""

    def work(progress: Progress) -> tuple[Effect, Effect, Positions, Mutations]:
        from dnaconv_core.interpret.marginalize import by_mutation, by_position, marginalize, strand_effects

        network, output = bundle(model).model, model.output
        return (
            marginalize(network, X, motif, task=output),
            strand_effects(network, X, motif, task=output)[1],
            by_position(network, X, motif, task=output, progress=progress),
            by_mutation(network, X, motif, task=output),
        )

    return background(("bench", model, *key), work, words=tr("Measuring"))


def _spaced(model: ModelRef, key: tuple, motif: Motif, second: Motif, X: np.ndarray) -> Spacing | None:
    """Both motifs by the bases between them; None while it is measured."""

    def work(progress: Progress) -> Spacing:
        from dnaconv_core.interpret.marginalize import by_spacing

        return by_spacing(bundle(model).model, X, motif, second, task=model.output, progress=progress)

    return background(("spacing", model, *key), work, words=tr("Measuring"))


@st.cache_resource(show_spinner=False, max_entries=40)
def _one_background(model: ModelRef, word: str, _X: np.ndarray) -> tuple[str, str, np.ndarray, np.ndarray]:
    """The first background and the word; predictions and logits with it from each base on, and last without it."""
    from dnaconv_core.interpret.marginalize import through_one

    alphabet = bundle(model).config.alphabet
    predicted, logits = through_one(bundle(model).model, _X[0], word, task=model.output)
    return decode(_X[:1], alphabet)[0], word.replace("T", "U") if alphabet == "RNA" else word, predicted, logits


def _strip(effect: Effect, other: Effect | None, places: Positions, X: np.ndarray, unit: Words) -> None:
    mean_of = tr("The mean over {n:d} sequences that were shuffled with their pairs of letters kept.", n=len(X))
    shown = [(tr("Effect on the {unit}", unit=unit), f"{effect.mean:+.2f}", mean_of)]
    below = [tr("95 %: {low:+.2f} to {high:+.2f}", low=effect.low, high=effect.high)]
    if other is not None:
        turned = tr("The same DNA, reverse-complemented.")
        shown.append((tr("Read from the other strand"), f"{other.mean:+.2f}", turned))
        below.append(_strands(effect, other))
    how = tr("The largest effect minus the smallest, divided by the mean; without places near the ends.")
    shown.append((tr("Varies with position by"), _percent(places.variation), how))
    below.append(tr("the same at every position") if places.invariant else tr("not the same: its position matters"))
    with st.container(border=True, horizontal=True, gap="medium"):  # wraps where the window is narrow
        for (label, value, help), words in zip(shown, below, strict=True):
            with st.container(width="content"):
                st.metric(ours(label), plain(value), help=ours(help), width="content")
                st.caption(ours(words))


def _strands(effect: Effect, other: Effect) -> Words:
    if abs(other.mean - effect.mean) <= 0.05 * abs(effect.mean):
        return tr("the same within 5 %")
    if all(one.low <= 0 <= one.high for one in (effect, other)):
        return tr("no clear effect on either")
    return tr("not the same: the model tells the strands apart")


def _percent(share: float) -> str:
    """Of a mean effect near zero anything is a huge share."""
    return f"{share:.0%}" if share < 10 else tr("over 1,000%")


def _by_mutation(found: Mutations, alphabet: str, unit: Words) -> None:
    help = tr("The mean change of the {unit} when one base of the motif is changed.", unit=unit)
    st.markdown(tr("**Point mutations**"), help=help)
    importance = np.zeros_like(found.change)
    for column, letter in enumerate(found.word):
        others = [found.change[b, column] for b in range(4) if "ACGT"[b] != letter]
        importance["ACGT".index(letter), column] = -np.mean(others)
    drawn = Logo(importance, tr("Mean loss when changed"), kind="contribution", unit=unit)
    logos([drawn], key="mutated", alphabet=alphabet, height=110, max_column=56)
    chart(substitutions(found, alphabet, unit), key="mutations", height=190)


def _by_spacing(found: Spacing, motif: str, second: str, unit: str) -> None:
    st.markdown(
        tr("**{first} and {second}, by the bases between them**", first=plain(motif), second=plain(second)),
        help=tr("The effect of both together, and its part beyond the sum of both alone (interaction)."),
    )
    joint = band(found.joint, tr("bases between the motifs"), 0, name=tr("together"), unit=unit)
    joint["data"] += band(found.interaction, "", 0, name=tr("interaction"), color="theme:series1", unit=unit)["data"]
    joint["layout"]["showlegend"] = True
    chart(joint, key="spacing", height=240)
