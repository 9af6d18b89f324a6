"""Try a model on your own sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from components.chart import chart
from components.network import network
from components.sequence import marks_of
from dnaconv_core.evaluate.detail import Detail
from dnaconv_core.experiments.base import Example, Experiment
from dnaconv_core.interpret.words import output_word
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.plot.colors import CATEGORICAL, NEUTRAL
from dnaconv_core.plot.data import histogram
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import one_hot, parse_pasted
from frame import state
from frame.cache import bundle
from frame.held_out import activations, held_out
from frame.models import Choice, selected
from frame.page import errors_shown, header, no_model_yet
from frame.pages import SALIENCY
from use import figures
from use.answers import FITS, SLIDE, Answer, as_csv, ask, for_files
from use.predict_extra import (
    Given,
    as_parquet,
    caption,
    column_formats,
    detail,
    extra_columns,
    share_below,
    shares,
    shares_figure,
    upload,
)

_IN_ADDRESS = 600  # letters that still make a link one can send
_STRANDS = "A network that reads one strand may answer differently for the reverse complement, the same DNA."
_LIT = (
    "What each filter of each layer makes of this sequence: the darker, the more active. Point at a layer to see which "
    "bases reach it."
)


def page() -> None:
    experiment = state.experiment()
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Predict", "Try a model on your own sequences.")
            no_model_yet(choice)
            return
        model = bundle(choice.path)
        header("Predict", f"What **{choice.name}** says of your sequences. It reads {_reads(model)}.")
        text, covariates, file = _asked(experiment, model)
        if file is None and not text.strip():
            st.query_params.pop("sequence", None)
            st.info("Paste a sequence above, or choose one of the examples.", icon=":material/arrow_upward:")
            return
        records = parse_pasted(text, model.config.alphabet) if file is None else file.records
        if file is None:
            _remember(text)
        n = len(model.config.covariates)
        beside = np.tile(np.asarray(covariates, np.float32), (len(records), 1))
        if file is not None and file.covariates is not None:
            beside = file.covariates
        fit = _fit(records, model.config.length)
        with st.spinner("Predicting…"):  # many windows to slide along take seconds
            answers = ask(model, records, beside, fit)
            more = detail(choice, model, answers, beside if n else None)
        number = _table(answers, more) if len(answers) > 1 else 0
        words = caption(more, number, experiment.class_names[1])
        _one(experiment, choice, model, answers[number], tuple(beside[number].tolist()), words)


def _reads(model: Bundle) -> str:
    beside = f" and {', '.join(model.config.covariates)}" if model.config.covariates else ""
    return f"{model.config.length} bases of {model.config.alphabet}{beside}"


def _asked(experiment: Experiment, model: Bundle) -> tuple[str, tuple[float, ...], Given | None]:
    """The pasted text, the covariates and a file; at first those of the address, or of the first example."""
    if st.session_state.get("_asked_of") != experiment.key:
        first = experiment.examples[0]
        given = st.query_params.get("sequence", "")
        fresh = _linked(experiment, given) if given and "_asked_of" not in st.session_state else first
        st.session_state["_asked_of"] = experiment.key
        _take(experiment, fresh)
    elif "pasted" not in st.session_state:  # back from another page
        _take(experiment, _linked(experiment, st.query_params.get("sequence", "")))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Try**", width="content")
            for number, example in enumerate(experiment.examples):
                st.button(
                    example.name, key=f"try_{number}", help=example.note, on_click=_take, args=(experiment, example)
                )
        text = st.text_area(
            "Sequence",
            key="pasted",
            height=110,
            placeholder="Letters, GenBank lines, or FASTA with any number of records",
            help="Any case; spaces, line breaks and digits are ignored. U and T are read as the alphabet needs; other "
            "IUPAC codes become unknown bases.",
        )
        values = [
            st.number_input(
                name.capitalize(),
                min_value=0.0,
                format="%.4f",
                step=0.001,
                key=f"covariate_{name}",
                width=220,
                help="The raw value, as measured; the model transforms it as it did in training.",
            )
            for name in model.config.covariates
        ]
        with st.expander("Many sequences", icon=":material/upload_file:"):
            file = upload(model)
    return text, tuple(values), file


def _linked(experiment: Experiment, sequence: str) -> Example:
    """What a link from another page asks for; covariates that it does not tell are those of the first example."""
    first = experiment.examples[0]
    beside = zip(experiment.covariates, first.covariates, strict=True)
    values = tuple(state.given_beside(name, value) for name, value in beside)
    return first._replace(sequence=sequence, covariates=values)


def _take(experiment: Experiment, example: Example) -> None:
    st.session_state["pasted"] = example.sequence
    for name, value in zip(experiment.covariates, example.covariates, strict=False):
        st.session_state[f"covariate_{name}"] = value


def _remember(text: str) -> None:
    """Keep a short sequence in the address, so that the view can be shared."""
    short = text if ">" in text else "".join(text.split())
    if len(short) > _IN_ADDRESS:
        st.query_params.pop("sequence", None)
    elif st.query_params.get("sequence") != short:
        st.query_params["sequence"] = short


def _fit(records: list[Record], length: int) -> str:
    """What to do with sequences that do not have the model's length; asked only where there are any."""
    long = sum(len(record.sequence) > length for record in records)
    short = sum(len(record.sequence) < length for record in records)
    if not long and not short:
        return SLIDE
    with st.container(border=True):
        words = f"than the {length} bases this model reads"
        if short:
            st.markdown(f":material/straighten: {_are(short)} shorter {words}: unknown bases (N) fill both sides.")
        if not long:
            return SLIDE
        st.markdown(f":material/straighten: {_are(long)} longer {words}.")
        return st.segmented_control(
            "Use",
            list(FITS),
            format_func=FITS.__getitem__,
            default=SLIDE,
            required=True,
            key="fit",
            bind="query-params",
            label_visibility="collapsed",
        )


def _are(number: int) -> str:
    return "One sequence is" if number == 1 else f"{number:,} sequences are"


def _table(answers: list[Answer], more: Detail) -> int:
    """All answers; the number of the one to look at."""
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"**{len(answers):,} sequences**", help="Choose a row to see that sequence below.")
        beside: dict[str, Any] = {}
        if answers[0].other_strand is not None:
            beside["other strand"] = [answer.other_strand for answer in answers]
        beside |= extra_columns(more)
        beside["unknown bases"] = [answer.record.n_ambiguous for answer in answers]
        with right, st.container(horizontal=True, horizontal_alignment="right"):
            for label, write in (("CSV", as_csv), ("Parquet", as_parquet)):
                st.download_button(
                    label,
                    lambda write=write: write(for_files(answers, beside)),
                    f"predictions.{label.lower()}",
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"predictions_{label}",
                )
        columns = {
            "sequence": [answer.record.id for answer in answers],
            "bases": [len(answer.record.sequence) for answer in answers],
            "prediction": [answer.prediction for answer in answers],
            **beside,
        }
        top = max(1.0, *columns["prediction"])
        picked = st.dataframe(
            columns,
            hide_index=True,
            height=min(38 + 35 * len(answers), 300),
            on_select="rerun",
            selection_mode="single-row",
            key="answers",
            column_config={
                "prediction": st.column_config.ProgressColumn(format="%.3f", min_value=0.0, max_value=top),
                "other strand": st.column_config.NumberColumn(format="%.3f"),
                **column_formats(),
            },
        )
    rows = picked["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(answers) else 0


def _one(
    experiment: Experiment, choice: Choice, model: Bundle, answer: Answer, covariates: tuple[float, ...], more: str
) -> None:
    """One answer close up."""
    unit = "probability" if experiment.answer.yes_or_no else experiment.label
    marks = marks_of(experiment.motif, answer.sequence)
    with st.container(key="shape_answer"):  # one below the other where the window is narrow
        left, right = st.columns([1, 1.9])
    with left, st.container(border=True, height="stretch"):
        _verdict(experiment, answer, more)
        to = state.link() | {"sequence": answer.sequence} | state.beside(model.config.covariates, covariates)
        st.page_link(SALIENCY, label="Which bases matter", icon=":material/highlight:", query_params=to)
    with right, st.container(border=True, height="stretch"):
        _among(experiment, choice, answer, unit)
    if answer.profile is not None:
        with st.container(border=True):
            st.markdown("**Along the sequence**", help="The prediction of the window that starts at each position.")
            chart(figures.profile(answer.profile, unit), key="profile", height=210, revision=answer.record.id)
    if covariates:
        with st.container(border=True):
            _response(model, answer, covariates, unit)
    with st.container(border=True):
        st.markdown("**From the sequence to the answer**", help=_LIT)
        lit = activations(model, answer.sequence)
        output = f"{answer.prediction:.3f}"
        network(model.config, sequence=answer.sequence, marks=marks, output=output, activations=lit, key="lit")


def _verdict(experiment: Experiment, answer: Answer, more: str) -> None:
    if experiment.answer.yes_or_no:
        st.metric(
            f"Probability of being {experiment.class_names[1]}", f"{answer.prediction:.3f}", help=experiment.label
        )
    else:
        st.metric(f"Predicted {experiment.quantity}", f"{answer.prediction:.3f}", help=experiment.label)
    st.progress(min(max(answer.prediction, 0.0), 1.0))
    if more:
        st.markdown(more)
    if answer.other_strand is not None:
        st.caption(f"Read from the other strand: **{answer.other_strand:.3f}**", help=_STRANDS)
    unknown = answer.record.n_ambiguous
    if unknown:
        bases = "1 base is" if unknown == 1 else f"{unknown} bases are"
        st.caption(f":material/help: {bases} ambiguous (N or another IUPAC code): the model sees nothing there.")
    if answer.profile is not None:
        st.caption(f"The strongest of {len(answer.profile):,} windows: it begins at base {answer.start + 1:,}.")


def _among(experiment: Experiment, choice: Choice, answer: Answer, unit: str) -> None:
    """Where this prediction lies among the held-out examples."""
    data = held_out(choice.path)
    st.markdown("**Among held-out examples**", help=f"Predictions of this model on {data.words}; the line is yours.")
    parts = {"predictions": data.prediction}
    if experiment.answer.yes_or_no:
        negative, positive = experiment.class_names
        parts = {negative: data.prediction[data.y < 0.5], positive: data.prediction[data.y >= 0.5]}
    figure = histogram(parts, x_title=unit, share=True, marks={"yours": answer.prediction})
    for trace, color in zip(figure.data, (NEUTRAL, CATEGORICAL[0])[-len(parts) :], strict=True):
        trace.marker.color = color
    chart(figure, key="among", height=220, revision=choice.key)
    words = [
        f"**{share_below((values < answer.prediction).mean())}** of the {len(values):,} {name}"
        for name, values in parts.items()
        if len(values)
    ]
    st.caption(f"Higher than {' and '.join(words)}.")


def _response(model: Bundle, answer: Answer, covariates: tuple[float, ...], unit: str) -> None:
    """How the answer would change with the first covariate."""
    from dnaconv_core.predict import predict

    name, here = model.config.covariates[0], (covariates[0], answer.prediction)
    tried = np.geomspace(1e-4, 0.15, 61)
    rows = np.tile(np.asarray(covariates, np.float32), (len(tried), 1))
    rows[:, 0] = tried
    X = np.repeat(one_hot(answer.sequence, model.config.alphabet), len(tried), axis=0)
    found = predict(model.model, X, rows)[:, 0]
    st.markdown(f"**If its {name} were different**", help="The same sequence with other values; the dot is yours.")
    left, right = st.columns(2)
    with left:
        chart(figures.response(tried, found, here, name, unit), key="response", height=220, revision=name)
    with right:
        parts = shares(model, answer.sequence, tried, np.float32(covariates))
        figure = shares_figure(tried, parts, covariates[0], output_word(model.config))
        chart(figure, key="shares", height=220, revision=name)


page()
