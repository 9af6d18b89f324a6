"""From any files to an experiment of one's own: four steps that redraw at once, and the experiments there are."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import streamlit as st

from bring import arrangement, asked, labels
from bring.columns import Chosen, columns
from bring.draft import Draft, current_lot, for_page, in_a_sentence, start_over, translated
from bring.examples import templates
from bring.files import bring_files, brought, recognised, stamp, what_they_are
from bring.making import make
from bring.mine import mine
from bring.verdicts import verdicts
from components.skipped import show_skipped
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.preview import Rehearsal, Survey, free_key, rehearse, survey
from dnaconv_core.experiments.recipe import FORMS, NO_COLUMN, Input, Recipe
from dnaconv_core.experiments.recognise import title_of
from dnaconv_core.runs.making import list_makings
from frame.job import background
from frame.language import mark, said, tr
from frame.page import page
from frame.words import Words, plain

_WORDS = ("title", "question", "label", "unit", "note", "key", "class_names")  # change nothing that is read
_SIGNALS = {"mean": mark("its mean"), "log1p": "log(1 + mean)"}


def draw() -> None:
    with page(tr("Your data"), tr("Make an experiment from your files. A referee checks the data first.")):
        draft = Draft(current_lot())
        files, recipe = [], None
        with in_a_sentence(draft.lot):
            bring_files(draft)
            files = recognised(brought(draft))
            recipe = _steps(draft, files) if files else None
        with in_a_sentence(draft.lot):
            if files:
                make(draft, recipe)
        draft.save()
        if not files:
            st.markdown(tr("**No files yet?** Try it with tiny example files. They also show how yours should look."))
            templates(draft)
        with in_a_sentence(draft.lot):
            mine()


def _steps(draft: Draft, files) -> Recipe | None:
    """The four steps; the recipe of what is to be made, once all is known."""
    with _step(1, tr("What are these files"), again=True):
        inputs = what_they_are(draft, files)
        form = _form(inputs)
        chosen = columns(draft, _path(inputs, "table")) if form == "table" else None
    if not form or (chosen and chosen.fields["sequence"] == NO_COLUMN):
        return None
    fields: dict[str, Any] = dict(chosen.fields) if chosen else {}
    with _step(2, tr("What is asked")):
        answers = _asked(draft, inputs, form, chosen)
        told = st.container()
    if answers is None:
        return None
    fields |= answers
    with _step(3, tr("Negatives, lengths, split")):
        if form == "bed":
            fields |= arrangement.windows(draft, _path(inputs, "bed"))
        found = _survey(Recipe(key="draft", inputs=inputs, **fields))
        if found is None:
            return None
        with told:
            fields |= asked.kind_found(draft, found)
        fields |= _arranged(draft, found, inputs)
        parts = st.container()
    recipe = Recipe(key=_key(draft, fields["title"]), inputs=inputs, **fields)
    with _step(4, tr("The referee")):
        rehearsed = _rehearsal(recipe, found)
        if rehearsed is None:
            return None
        _sampled(found, rehearsed)
        verdicts(rehearsed.audit, draft)
    with parts:
        arrangement.sizes(draft, rehearsed)
    if not recipe.question:
        told.caption(tr("It will ask: {question}", question=plain(said(rehearsed.experiment.question))))
    return recipe


def _key(draft: Draft, title: str) -> str:
    """A key that is free, also of what is being made of other files."""
    return free_key(title, {one.key for one in list_makings() if one.live and one.name != draft.lot.token})


def _step(number: int, title: Words, *, again: bool = False):
    """A box with the step's name, and with `again` a button that leaves all of it."""
    box = st.container(border=True, key=f"step_{number}")
    with box.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"#### {number:d} · {title}", width="content")
        look = {"icon": ":material/restart_alt:", "type": "tertiary", "help": tr("Leaves these files and choices.")}
        if again and st.button(tr("Start over"), key="start_over", **look):
            start_over()
            st.rerun()
    return box


def _form(inputs: tuple[Input, ...]) -> str:
    """The form that these files make together; '' where they make none, which is said."""
    roles = {one.role for one in inputs}
    forms = [form for form in FORMS if form in roles]
    if not inputs:
        return ""
    try:
        Recipe(key="draft", inputs=inputs)
    except DnaConvError as error:
        st.warning(for_page(str(error)), icon=":material/help:")
        return ""
    return forms[0]


def _path(inputs: tuple[Input, ...], role: str) -> Path:
    return next(Path(one.path) for one in inputs if one.role == role)


def _asked(draft: Draft, inputs: tuple[Input, ...], form: str, chosen: Chosen | None) -> dict[str, Any] | None:
    """Fields of the recipe; None while the label is not known."""
    main = _path(inputs, form)
    fields: dict[str, Any] = asked.words(draft, _title(main))
    fields |= asked.kind_and_letters(draft)
    if chosen is not None:
        recipe = labels.table_recipe(draft, chosen, main, fields["task"])
        if recipe is None:
            return None
        fields["labels"] = recipe
    elif form == "fasta":
        fields["labels"], fields["label_pattern"] = labels.header_recipe(draft, main, fields["task"])
    if any(one.role == "bigwig_label" for one in inputs):
        signals = translated(_SIGNALS)
        fields["signal"] = draft.segmented(tr("Signal in the window"), "signal", signals, "mean", width="content")
    return fields


def _title(path: Path) -> str:
    words = title_of(path)
    return words[:1].upper() + words[1:] or tr("My data")


def _arranged(draft: Draft, found: Survey, inputs: tuple[Input, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    roles = {one.role for one in inputs}
    if found.positives_only and "negatives" not in roles:
        fields |= arrangement.negatives(draft, found, genome="genome" in roles)
    fields |= arrangement.lengths(draft, found)
    fields["split"] = arrangement.split(draft, found)
    show_skipped(found.skipped)
    return fields


def _survey(recipe: Recipe) -> Survey | None:
    stored = {name: value for name, value in recipe.to_json().items() if name not in _WORDS}
    key = ("reading", json.dumps(stored, sort_keys=True), _stamps(recipe))
    return background(key, lambda progress: survey(recipe, progress), words=tr("Reading your files"))


def _rehearsal(recipe: Recipe, found: Survey) -> Rehearsal | None:
    plainly = dataclasses.replace(recipe, key="draft", title="", question="", note="")
    key = ("rehearsal", json.dumps(plainly.to_json(), sort_keys=True), _stamps(recipe))
    return background(key, lambda progress: rehearse(plainly, found, progress), words=tr("Trying it on a sample"))


def _stamps(recipe: Recipe) -> tuple:
    return tuple(stamp(Path(one.path)) for one in recipe.inputs)


def _sampled(found: Survey, rehearsed: Rehearsal) -> None:
    total = sum(rehearsed.parts.values())
    if rehearsed.judged < total:
        st.caption(
            tr(
                "A preview on {n:,} of {total:,} examples. All are checked when the experiment is made; more copies "
                "between parts may be found then.",
                n=rehearsed.judged,
                total=total,
            )
        )


draw()
