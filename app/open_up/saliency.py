"""Which bases of one sequence the model used, by several methods, and whether to believe them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.logo import Logo
from components.saliency import Span, Track, saliency
from components.sequence import marks_of
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import read_reference
from dnaconv_core.interpret.attribution import GRADIENTS, NAMES
from dnaconv_core.interpret.evidence import little_to_explain
from dnaconv_core.interpret.export import attribution_csv
from dnaconv_core.interpret.words import output_word
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.results import Site
from dnaconv_core.sequence.encoding import parse_pasted, reverse_complement_text
from frame import state
from frame.cache import bundle
from frame.language import mark, said, tr
from frame.models import the_model
from frame.page import model_page
from frame.pages import PREDICT, STEP_THROUGH
from frame.words import Words, plain
from open_up.evidence_shown import evidence
from open_up.explaining import Asked, explained, planted, predicted, substitutions
from open_up.reporting import pictures
from open_up.sequence_asked import apply, ask_sequence, trail_of, undo
from open_up.worded import strand_words, unit_of

_CORRECT = mark(
    "A gradient has a part that is the same for all four bases and tells nothing; this removes it (Majdandzic et al. "
    "2023)."
)
_OUTPUTS = {
    "sigmoid": mark("output before the sigmoid (logit)"),
    "softmax": mark("output before the softmax (logit)"),
    "linear": mark("prediction"),
}


def draw() -> None:
    about = tr("Which bases of one sequence the model used, and whether to believe that.")
    with model_page(tr("Saliency"), about) as head:
        model = the_model()
        line = tr(
            "Which bases **{model}** used, letter by letter; heights are contributions to the {output}.",
            model=plain(model.name), output=tr(_OUTPUTS[bundle(model).config.output]),
        )  # fmt: skip
        head(line, model)
        asked = ask_sequence(model)
        methods, correct, with_map = _settings()
        _maps(asked, methods, correct, with_map)
        with st.container(border=True):
            evidence(asked, methods, correct)


def _settings() -> tuple[tuple[str, ...], bool, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            tr("Methods"), list(NAMES), selection_mode="multi", default=["deeplift_shap", "ism"],
            format_func=NAMES.get, key="methods", bind="query-params", wrap=True,
        )  # fmt: skip
        correct = st.toggle(tr("Correct gradients"), key="correct", bind="query-params", help=tr(_CORRECT))
        with_map = st.toggle(tr("Every substitution"), value=True, key="map", bind="query-params")
    if not chosen:
        raise InputError(tr("no method is chosen: choose at least one above"))
    return tuple(m for m in NAMES if m in chosen), correct, with_map


def _maps(asked: Asked, methods: tuple[str, ...], correct: bool, with_map: bool) -> None:
    sequence, config = asked.sequence, bundle(asked.model).config
    output, (logit, answer) = output_word(config), predicted(asked)
    scores, tracks, covariates = _tracks(asked, methods, correct)
    with st.container(border=True):
        told = tr("Prediction **{value:.3f}**", value=answer)
        if output == "logit":  # else it is the prediction
            told = tr("Prediction **{value:.3f}** · logit **{logit:+.2f}**", value=answer, logit=logit)
        st.markdown(told + _beside(config, covariates))
        reference = read_reference(asked.model.path, asked.model.output)
        if reference is not None and (usual := little_to_explain(answer, reference.prediction)):
            st.info(plain(said(usual)), icon=":material/horizontal_rule:")
        edit = saliency(
            sequence, tracks, key="maps", alphabet=config.alphabet, marks=_planted(asked) + _marks(sequence),
            change=substitutions(asked) if with_map else None, unit=unit_of(asked.model),
            height=84 if len(tracks) < 4 else 64,
        )  # fmt: skip
        if edit is not None and edit["position"] < len(sequence):
            apply(sequence, edit["position"], edit["base"])
            st.rerun()
        _edits(asked, output)
        with st.container(horizontal=True, vertical_alignment="center"):
            _downloads(sequence, scores, tracks, config.alphabet)
            to = {**state.link(), "sequence": sequence, **state.beside(config.covariates, asked.covariates)}
            st.page_link(STEP_THROUGH, label=tr("Step through"), icon=":material/calculate:", query_params=to)
            st.page_link(PREDICT, label=tr("Predict"), icon=":material/biotech:", query_params=to)


def _tracks(
    asked: Asked, methods: tuple[str, ...], correct: bool
) -> tuple[dict[str, np.ndarray], list[Track], np.ndarray | None]:
    """Scores of the observed bases `(4, L)` by method, a track of each, and the first one's covariates `(1, C)`."""
    output, X = unit_of(asked.model), asked.one_hot()[0]
    maps = {method: explained(asked, method, correct) for method in methods}
    scores, tracks = {}, []
    for method, found in maps.items():
        scores[method] = found.values[0] * X
        note = tr("against {reference}", reference=said(found.reference)) if found.reference else ""
        note += " · " + tr("corrected") if correct and method in GRADIENTS else ""
        unit = tr("Δ {unit} / base", unit=output) if method == "gradient" else output
        tracks.append(Track(scores[method], NAMES[method], note, unit))
    return scores, tracks, maps[methods[0]].covariates


def _downloads(sequence: str, scores: dict[str, np.ndarray], tracks: list[Track], alphabet: str) -> None:
    name = parse_pasted(sequence, alphabet)[0].id
    table = attribution_csv([name], [sequence], {method: score.sum(axis=0)[None] for method, score in scores.items()})
    st.download_button("CSV", table, "attributions.csv", icon=":material/download:", type="tertiary")
    with st.popover(tr("Pictures"), type="tertiary", icon=":material/image:"):
        for method, track in zip(scores, tracks, strict=True):
            drawn = Logo(track.heights, track.title, kind="contribution", unit=track.unit)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(plain(track.title), width="stretch")
                pictures(drawn, method, alphabet, column=12.0)


def _beside(config: ModelConfig, values: np.ndarray | None) -> Words:
    """What the covariates add to the output, by the first method."""
    if values is None:
        return ""
    return "".join(f" · {plain(n)} {v:+.2f}" for n, v in zip(config.covariates, values[0], strict=True))


def _planted(asked: Asked) -> list[Span]:
    """Where sites were planted in this sequence, or in that which was edited into it: of synthetic data it is known."""

    def words(s: Site) -> str:
        return tr("{motif} planted, {strand}", motif=s.motif, strand=strand_words(s.strand == "-"))

    sites, trail = planted(asked.model), trail_of(asked.sequence)
    found = sites.get(asked.sequence) or sites.get(trail[0][0] if trail else "") or ()
    return [Span(s.start, s.end, words(s), "planted") for s in found]


def _marks(sequence: str) -> list[Span]:
    """Where the experiment's known motif stands, on either strand."""
    experiment = state.experiment()
    motif = experiment.motif
    if not motif:
        return []
    words = tr("{motif} (known motif)", motif=motif)
    found = {(m.start, m.end): Span(m.start, m.end, words) for m in marks_of(motif, sequence)}
    if experiment.alphabet == "DNA":
        turned, words = reverse_complement_text(motif), tr("{motif} on the other strand", motif=motif)
        for m in marks_of(turned, sequence):
            found.setdefault((m.start, m.end), Span(m.start, m.end, words))
    return list(found.values())


def _edits(asked: Asked, output: str) -> None:
    """What was changed in the map so far, right below it, and the way back."""
    trail = trail_of(asked.sequence)
    if not trail:
        return
    steps = [text for text, _ in trail] + [asked.sequence]
    answers = [predicted(asked._replace(sequence=text)) for text in steps]
    for number, (_, words) in enumerate(trail):
        with st.container(horizontal=True, vertical_alignment="center"):
            (before, _), (after, value) = answers[number], answers[number + 1]
            told = tr(
                "**{edit}** · {change:+.3f} · prediction {value:.3f}",
                edit=plain(words), change=after - before, value=value,
            )  # fmt: skip
            if output == "logit":
                told = tr(
                    "**{edit}** · logit {change:+.2f} · prediction {value:.3f}",
                    edit=plain(words), change=after - before, value=value,
                )  # fmt: skip
            st.markdown(told, width="content")
            last = number == len(trail) - 1
            st.button(
                tr("Undo") if last else tr("Back to before"), key=f"undo_{number}", type="tertiary",
                icon=":material/undo:", on_click=undo, args=(trail, number),
            )  # fmt: skip


draw()
