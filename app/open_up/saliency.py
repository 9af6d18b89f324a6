"""Which bases of one sequence the model used, by several methods, and whether to believe them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import streamlit as st

from components.logo import Logo
from components.saliency import Span, Track, saliency
from components.sequence import marks_of
from dnaconv_core.errors import InputError
from dnaconv_core.experiments.base import Example
from dnaconv_core.interpret.attribution import GRADIENTS, NAMES
from dnaconv_core.interpret.export import attribution_csv
from dnaconv_core.interpret.marginalize import typical_covariates
from dnaconv_core.interpret.words import output_word
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.sequence.encoding import one_hot, parse_pasted, reverse_complement_text
from frame import state
from frame.cache import bundle, changed
from frame.held_out import held_out
from frame.models import Choice, selected
from frame.page import errors_shown, header, no_model_yet, plain
from frame.pages import PREDICT
from open_up.explaining import checks, explained, planted, predicted, siblings, substitutions
from open_up.reporting import pictures

_LINE = "Which bases **{}** used, letter by letter; heights are contributions to the {}."
_OUTPUT = {"logit": "output before the sigmoid (logit)", "prediction": "prediction"}
_CORRECT = "Subtract the mean over the four bases from gradients, which says nothing (Majdandzic et al. 2023)."
_EVIDENCE = "A map can look convincing and mean nothing. These checks are of the first method chosen."


def page() -> None:
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Saliency", "Which bases of one sequence the model used, and whether to believe that.")
            no_model_yet(choice)
            return
        model = bundle(choice.path)
        header("Saliency", _LINE.format(plain(choice.name), _OUTPUT[output_word(model.config)]))
        sequence, covariates = _asked(choice, model)
        methods, correct, with_map = _settings()
        _maps(choice, model, sequence, covariates, methods, correct, with_map)
        with st.container(key="shape_evidence"):  # one below the other where the window is narrow
            left, right = st.columns([3, 2])
        with left, st.container(border=True):
            _evidence(choice, sequence, covariates, methods, correct)
        with right, st.container(border=True):
            _edits(choice, sequence, covariates, output_word(model.config))


def _asked(choice: Choice, model: Bundle) -> tuple[str, tuple[float, ...]]:
    """The sequence, which stands in the address, and the covariates."""
    experiment, config = state.experiment(), model.config
    if not st.query_params.get("sequence"):
        first = experiment.examples[0]
        start = max(len(first.sequence) - config.length, 0) // 2  # its middle, where what is known of it lies
        _look(first.sequence[start : start + config.length], _beside_of(first))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Look at**", width="content")
            for number, example in enumerate(experiment.examples):
                st.button(
                    example.name, key=f"look_{number}", help=example.note, on_click=_look,
                    args=(example.sequence, _beside_of(example)),
                )  # fmt: skip
            best = st.button("A high prediction", icon=":material/trending_up:", help="Of the held-out examples.")
            if best:
                data = held_out(choice.path)
                row = int(np.random.default_rng().choice(np.argsort(-data.prediction)[:50]))
                _look(data.sequence(row), tuple(zip(config.covariates, data.covariates[row], strict=False)))
                st.rerun()
        current = st.query_params["sequence"]
        st.session_state["_looked"] = current
        st.text_input("Sequence", key="_looked", on_change=_typed, label_visibility="collapsed")
        values = tuple(_beside_it(name, typical) for name, typical in _typical(config).items())
    records = parse_pasted(current, config.alphabet)
    text = records[0].sequence
    if len(text) < config.length:
        st.caption(f"The sequence has {len(text):,} of {config.length} bases; unknown ones (N) fill both sides.")
        before = (config.length - len(text)) // 2
        text = ("N" * before + text).ljust(config.length, "N")
    elif len(text) > config.length:
        start = (len(text) - config.length) // 2
        st.caption(f"The sequence has {len(text):,} bases; its middle {config.length} are shown.")
        text = text[start : start + config.length]
    return text, values


def _look(sequence: str, beside: Sequence[tuple[str, float]] = ()) -> None:
    """Go to another sequence, and to these covariates by name."""
    told = state.beside([name for name, _ in beside], [value for _, value in beside])
    state.write({"sequence": sequence, "edits": "", **told})


def _beside_of(example: Example) -> tuple[tuple[str, float], ...]:
    return tuple(zip(state.experiment().covariates, example.covariates, strict=True))


def _typical(config: ModelConfig) -> dict[str, float]:
    typical = typical_covariates(config)
    return {} if typical is None else dict(zip(config.covariates, map(float, typical), strict=True))


def _beside_it(name: str, typical: float) -> float:
    """Ask for one covariate, which stands in the address as the sequence does."""
    key = f"_beside_{name}"
    st.session_state[key] = state.given_beside(name, typical)
    return st.number_input(
        name.capitalize(), min_value=0.0, format="%.4f", step=0.001, key=key, width=220,
        help="The raw value; at first a typical one of the training data.",
        on_change=lambda: state.write(state.beside([name], [st.session_state[key]])),
    )  # fmt: skip


def _typed() -> None:
    words = st.session_state["_looked"].split()
    text = "".join(words[1:] if len(words) > 1 and words[0][0] == ">" else words)  # pasted FASTA comes as one line
    if text:
        _look(text)


def _settings() -> tuple[tuple[str, ...], bool, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            "Methods", list(NAMES), selection_mode="multi", default=["deeplift_shap", "ism"],
            format_func=NAMES.get, key="methods", bind="query-params", wrap=True,
        )  # fmt: skip
        correct = st.toggle("Correct gradients", key="correct", bind="query-params", help=_CORRECT)
        with_map = st.toggle("Every substitution", value=True, key="map", bind="query-params")
    if not chosen:
        raise InputError("no method is chosen: choose at least one above")
    return tuple(m for m in NAMES if m in chosen), correct, with_map


def _maps(choice: Choice, model: Bundle, sequence: str, covariates, methods, correct: bool, with_map: bool) -> None:
    stamp, alphabet = changed(choice.path), model.config.alphabet
    logit, said = predicted(str(choice.path), stamp, sequence, covariates)
    output = output_word(model.config)
    X = one_hot(sequence, alphabet)[0]
    tracks, rows = [], []
    for method in methods:
        found = explained(choice.path, stamp, sequence, covariates, method, correct)
        score = found.values[0] * X
        note = f"against {found.reference}" if found.reference else ""
        note += " · corrected" if correct and method in GRADIENTS else ""
        unit = f"Δ {output} / base" if method == "gradient" else output
        tracks.append(Track(score, NAMES[method], note, unit))
        rows.append((method, score.sum(axis=0), found.covariates))
    change = substitutions(str(choice.path), stamp, sequence, covariates) if with_map else None
    marks = _planted(choice, sequence) + _marks(sequence)
    with st.container(border=True):
        before = f" · logit **{logit:+.2f}**" if output == "logit" else ""  # else it is the prediction
        st.markdown(f"Prediction **{said:.3f}**{before}" + _beside(model, rows))
        edit = saliency(
            sequence, tracks, key="maps", alphabet=alphabet, marks=marks, change=change, unit=output,
            height=84 if len(tracks) < 4 else 64,
        )  # fmt: skip
        if edit is not None and edit["position"] < len(sequence):
            _apply(sequence, edit["position"], edit["base"])
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            name = parse_pasted(sequence, alphabet)[0].id
            table = attribution_csv([name], [sequence], {method: score[None] for method, score, _ in rows})
            st.download_button("CSV", table, "attributions.csv", icon=":material/download:", type="tertiary")
            with st.popover("Pictures", type="tertiary", icon=":material/image:"):
                for (method, *_), track in zip(rows, tracks, strict=True):
                    drawn = Logo(track.heights, track.title, kind="contribution", unit=track.unit)
                    with st.container(horizontal=True, vertical_alignment="center"):
                        st.markdown(track.title, width="stretch")
                        pictures(drawn, method, alphabet, column=12.0)
            to = {**state.link(), "sequence": sequence, **state.beside(model.config.covariates, covariates)}
            st.page_link(PREDICT, label="Predict", icon=":material/biotech:", query_params=to)


def _beside(model: Bundle, rows) -> str:
    """What the covariates add to the output, by the first method."""
    values = rows[0][2]
    if values is None:
        return ""
    return "".join(f" · {plain(n)} {v:+.2f}" for n, v in zip(model.config.covariates, values[0], strict=True))


def _planted(choice: Choice, sequence: str) -> list[Span]:
    """Where sites were planted in this sequence, or in that which was edited into it: of synthetic data it is known."""
    sites = planted(str(choice.path), changed(choice.path))
    trail = _trail(sequence)
    found = sites.get(sequence) or sites.get(trail[0][0] if trail else "") or ()
    return [Span(s.start, s.end, f"{s.motif} planted, {s.strand} strand", "planted") for s in found]


def _marks(sequence: str) -> list[Span]:
    """Where the experiment's known motif stands, on either strand."""
    experiment = state.experiment()
    motif = experiment.motif
    if not motif:
        return []
    found = {(m.start, m.end): Span(m.start, m.end, f"{motif} (known motif)") for m in marks_of(motif, sequence)}
    if experiment.alphabet == "DNA":
        turned = reverse_complement_text(motif)
        for m in marks_of(turned, sequence):
            found.setdefault((m.start, m.end), Span(m.start, m.end, f"{motif} on the other strand"))
    return list(found.values())


def _trail(sequence: str) -> list[tuple[str, str]]:
    """The substitutions in the address that led to this sequence, each as what stood before it and 'A12G'."""
    steps: list[tuple[str, str]] = []
    for words in reversed(st.query_params.get("edits", "").split(",")):
        found = re.fullmatch(r"([A-Z])(\d+)([A-Z])", words)
        at = int(found[2]) - 1 if found else -1
        if not 0 <= at < len(sequence) or sequence[at] != found[3]:
            break
        sequence = sequence[:at] + found[1] + sequence[at + 1 :]
        steps.append((sequence, words))
    return steps[::-1]


def _apply(sequence: str, position: int, base: str) -> None:
    words = [words for _, words in _trail(sequence)] + [f"{sequence[position]}{position + 1}{base}"]
    state.write({"sequence": sequence[:position] + base + sequence[position + 1 :], "edits": ",".join(words)})


def _undo(trail: list[tuple[str, str]], number: int) -> None:
    """Back to before edit `number`."""
    state.write({"sequence": trail[number][0], "edits": ",".join(words for _, words in trail[:number])})


def _edits(choice: Choice, sequence: str, covariates: tuple[float, ...], output: str) -> None:
    trail = _trail(sequence)
    st.markdown("**Edits**", help="Click a cell of the map to make that substitution.")
    if not trail:
        st.caption("None yet: click a cell of the map above to see what that base changes.")
        return
    stamp = changed(choice.path)
    steps = [text for text, _ in trail] + [sequence]
    said = [predicted(str(choice.path), stamp, text, covariates) for text in steps]
    for number, (_, words) in enumerate(trail):
        with st.container(horizontal=True, vertical_alignment="center"):
            (before, _), (after, value) = said[number], said[number + 1]
            change = f"logit {after - before:+.2f}" if output == "logit" else f"{after - before:+.3f}"
            st.markdown(f"**{words}** · {change} · prediction {value:.3f}", width="content")
            last = number == len(trail) - 1
            st.button(
                "Undo" if last else "Back to before", key=f"undo_{number}", type="tertiary",
                icon=":material/undo:", on_click=_undo, args=(trail, number),
            )  # fmt: skip


def _evidence(choice: Choice, sequence: str, covariates, methods: tuple[str, ...], correct: bool) -> None:
    st.markdown(f"**Evidence for {NAMES[methods[0]]}**", help=_EVIDENCE)
    alike = siblings(choice.key)
    found = checks(str(choice.path), changed(choice.path), sequence, covariates, methods, correct, alike)
    for check in found:
        icon = {True: ":material/check_circle:", False: ":material/error:", None: ":material/remove:"}[check.passed]
        color = {True: "green", False: "red", None: "gray"}[check.passed]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(check.name, icon=icon, color=color)
            st.caption(plain(check.words), width="content")
    failed = [check.name.lower() for check in found if check.passed is False]
    if failed:
        st.warning(f"Do not trust this map as it is: {' and '.join(failed)} failed.", icon=":material/warning:")


page()
