"""A motif for the bench or a scan: typed, or taken from a filter of the model, a pattern that was found, or JASPAR."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.keep import kept_with, load_discovery
from dnaconv_core.interpret.naming import filters_called, motif_called
from dnaconv_core.sequence.jaspar import jaspar
from dnaconv_core.sequence.motif import Motif, consensus, trim
from frame import state
from frame.cache import bundle
from frame.language import mark, tr
from frame.models import ModelRef
from frame.words import Words, ours, plain
from open_up.interpretation import filters, useful_first

_FRACTION = 0.5
_HELP = mark(
    "Letters, also R Y S W K M B D H V N for one of several bases. Or take a whole matrix: filter 3, pattern 1, or the "
    "id of a JASPAR motif."
)


def ask_motif(model: ModelRef, key: str, label: Words, *, value: str = "", whole: bool = False) -> str:
    """What is typed in a field that stands in the address, and beside it where else to take a motif from.

    whole: what is taken is written as a reference ('filter 3'), not as its consensus.
    """
    text = st.text_input(
        label,
        value=value,
        key=key,
        bind="query-params",
        width=240,
        help=tr(_HELP),
        placeholder="" if value else tr("optional"),
    )
    menu = st.popover(tr("Choose a motif"), icon=":material/input:", key=f"{key}_from", on_change="rerun")
    if menu.open:
        with menu:
            _menu(model, key, whole)
    return text.strip()


def motif_of(text: str, model: ModelRef, alphabet: str = "DNA") -> Motif:
    """The motif that a word or a reference stands for. Raises InputError where it stands for none."""

    def patterns() -> dict[str, Motif]:
        if not (found := _patterns(model)):
            raise InputError(mark("no pattern was found yet: look for motifs under Found"))
        return found

    return motif_called(text, alphabet, filters=lambda: _filters(model), patterns=patterns)


def default_motif() -> str:
    """What stands in the field at first."""
    experiment = state.experiment()
    return experiment.motif or experiment.word or _middle(experiment.examples[0].sequence)


def _middle(sequence: str, width: int = 7) -> str:
    start = max(len(sequence) - width, 0) // 2
    return sequence[start : start + width]


def spelled(motif: Motif, alphabet: str) -> str:
    """Its consensus in the model's letters."""
    word = consensus(motif.ppm)
    return word.replace("T", "U") if alphabet == "RNA" else word


def _menu(model: ModelRef, key: str, whole: bool) -> None:
    alphabet = bundle(model).config.alphabet
    offers: list[tuple[str, Words, Callable[[], dict[str, Motif]], Words]] = [
        ("filter", tr("A filter of this model"), lambda: _filters(model), tr("No example activates its filters.")),
        ("pattern", tr("A pattern"), lambda: _patterns(model), tr("No pattern yet: look for motifs under **Found**.")),
    ]
    if alphabet == "DNA":
        offers.append(("jaspar", plain("JASPAR CORE vertebrates"), _named, tr("JASPAR is not installed.")))
    for kind, label, find, none in offers:
        found = find()
        if not found:
            st.caption(ours(none))
            continue
        words = {name: f"{name} · {spelled(motif, alphabet)}" for name, motif in found.items()}
        written = {name: name if whole else spelled(motif, alphabet) for name, motif in found.items()}
        if find is _named:
            words = {name: f"{motif.name} · {name}" for name, motif in found.items()}
        at = f"{key}_{kind}"
        st.selectbox(
            ours(label), list(found), index=None, format_func=words.get, key=at, placeholder=tr("Type to search"),
            width=340, on_change=_take, args=(key, at, written),
        )  # fmt: skip


def _take(key: str, at: str, written: dict[str, str]) -> None:
    chosen = st.session_state[at]
    if chosen is not None:
        st.session_state[key] = written[chosen]
        st.session_state[at] = None
        st.session_state[f"{key}_from"] = False


def _filters(model: ModelRef) -> dict[str, Motif]:
    """Those of the first layer that fire, without their uncertain ends; first those that tell the classes apart."""
    scan = filters(model, 1, _FRACTION)
    shown = [scan.motifs[i] for i in useful_first(model, scan)]
    return filters_called(shown)


def _patterns(model: ModelRef) -> dict[str, Motif]:
    found = load_discovery(kept_with(model.path), model.output)
    return {p.motif.name: p.motif for p in found.patterns} if found else {}


@st.cache_resource(show_spinner=False)
def _named() -> dict[str, Motif]:
    return {motif.matrix_id: trim(motif) for motif in sorted(jaspar(), key=lambda m: m.name.upper())}
