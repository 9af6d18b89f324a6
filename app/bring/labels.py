"""How the label is made of what the files hold, with a preview of what comes out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import streamlit as st

from bring.columns import Chosen, read_table
from bring.draft import Draft, for_page, sentence, translated
from bring.files import stamp
from components.chart import chart
from dnaconv_core.data.labels import TRANSFORMS, Guess, LabelRecipe, Labels, guess_mapping
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.preview_labels import (
    HeaderLabels,
    LabelPreview,
    header_labels,
    meanings,
    preview_labels,
    swapped,
)
from dnaconv_core.plot.data import histogram
from frame.language import mark, said, tr, tr_n
from frame.words import plain, show_error

_HOW = {"columns": mark("As it is"), "ratio": mark("log2 of a ratio"), "bins": mark("Mean bin of counts")}
_TRANSFORM_WORDS = {
    "none": mark("as it is"),
    "log2": "log2",
    "log10": "log10",
    "ln": mark("natural logarithm"),
    "scale01": mark("scaled to 0–1"),
    "rank": mark("rank, 0–1"),
    "zscore": mark("mean 0, spread 1"),
}
_SHOWN = 12  # words in a list


def table_recipe(draft: Draft, chosen: Chosen, path: Path, task: str) -> LabelRecipe | None:
    """The label of a table, with a preview of what comes out; None while no column is named."""
    how = draft.segmented(tr("How the label is made"), "how", translated(_HOW), _how(chosen), width="content")
    recipe = _MAKERS[how](draft, chosen, task)
    if recipe is None:
        st.info(tr("Choose the column of the label above."), icon=":material/arrow_upward:")
        return None
    try:
        labels, guess = _preview(path, recipe)
        if guess is not None:
            return _mapped(draft, recipe, guess)
        if how != "ratio":  # which has its logarithm
            recipe = dataclasses.replace(recipe, transform=_transform(draft))
            labels, _ = _preview(path, recipe)
    except DnaConvError as error:
        st.error(for_page(str(error).replace(f"{draft.lot.folder}/", "")), icon=":material/error:")
        return None
    _histograms(labels)
    for note in labels.notes:
        st.caption(plain(sentence(note)))
    return recipe


def _preview(path: Path, recipe: LabelRecipe) -> LabelPreview:
    return _previewed(str(path), stamp(path), json.dumps(recipe.to_json()))


def _how(chosen: Chosen) -> str:
    """A label that is there stays as it is; else counts of RNA and DNA are a ratio, and those of bins their mean."""
    names = [name.lower() for name in chosen.table.header if name != chosen.fields["sequence"]]
    if chosen.labels:
        return "columns"
    if all(any(word in name for name in names) for word in ("rna", "dna")):
        return "ratio"
    return "bins" if sum("bin" in name for name in names) > 1 else "columns"


def _as_it_is(draft: Draft, chosen: Chosen, task: str) -> LabelRecipe | None:
    if not chosen.labels:
        return None
    return LabelRecipe(chosen.labels, task=task)


def _ratio(draft: Draft, chosen: Chosen, task: str) -> LabelRecipe | None:
    names = list(chosen.table.header)
    with st.container(horizontal=True):
        above = draft.select(tr("Above"), "ratio above", names, _guess(chosen, 0), width=220)
        below = draft.select(tr("Below"), "ratio below", names, _guess(chosen, 1), width=220)
        pseudo = draft.number(tr("Pseudocount"), "pseudo", 1.0, min_value=0.0, step=0.5, width=140, help=tr(_PSEUDO))
    return LabelRecipe((above, below), how="ratio", pseudo=pseudo)


_PSEUDO = mark("Added to both counts, so that a count of 0 has a ratio too, and ratios of small counts move towards 0.")


def _bins(draft: Draft, chosen: Chosen, task: str) -> LabelRecipe | None:
    names = list(chosen.table.header)
    found = draft.several(
        tr("Counts of the bins, lowest first"), "bins", names, [n for n in names if "bin" in n.lower()]
    )
    if len(found) < 2:
        st.caption(tr("Choose two or more columns of counts."))
        return None
    return LabelRecipe(tuple(found), how="bins")


_MAKERS = {"columns": _as_it_is, "ratio": _ratio, "bins": _bins}


def _guess(chosen: Chosen, place: int) -> str:
    """RNA over DNA where columns are called so; else the first two that could be labels."""
    names = list(chosen.table.header)
    word = ("rna", "dna")[place]
    named = [name for name in names if word in name.lower() and name != chosen.fields["sequence"]]
    likely = [*named, *chosen.guessed.others.get("labels", ()), *chosen.labels, *names]
    return likely[0] if named else likely[min(place, len(likely) - 1)]


def _transform(draft: Draft) -> str:
    words = translated(_TRANSFORM_WORDS)
    return draft.select(tr("Then"), "transform", {name: words[name] for name in TRANSFORMS}, "none", width=220)


@st.cache_data(show_spinner=False, max_entries=30)
def _previewed(path: str, stamped: tuple[float, int], stored: str) -> LabelPreview:
    return preview_labels(read_table(path, *stamped)[0], LabelRecipe.from_json(json.loads(stored)))


def header_recipe(draft: Draft, path: Path, task: str) -> tuple[LabelRecipe, str]:
    """The label in the headers of a FASTA file, and the pattern that says where it stands."""
    look = {"placeholder": tr("as found"), "width": 320, "help": tr(_PATTERN)}
    pattern = draft.text(tr("Where the label is in the headers"), "pattern", "", **look)
    recipe = LabelRecipe(task=task)
    try:
        why, values = _in_headers(str(path), stamp(path), pattern)
    except DnaConvError as error:
        show_error(error)
        return recipe, pattern
    if values:
        guess = guess_mapping(values, task)
        st.caption(plain(sentence(why)))
        if guess.kind != "numbers":
            return _mapped(draft, recipe, guess), pattern
    return LabelRecipe(task=task, transform=_transform(draft)), pattern


_PATTERN = mark("The word before the label, such as class in '>id;class:1', or | for what follows the last '|'.")


@st.cache_data(show_spinner=False, max_entries=10)
def _in_headers(path: str, stamped: tuple[float, int], pattern: str) -> HeaderLabels:
    return header_labels(Path(path), pattern)


def _mapped(draft: Draft, recipe: LabelRecipe, guess: Guess) -> LabelRecipe:
    """The words and what each means; yes and no can be swapped."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        below = st.container(width=520)
        if guess.kind == "binary" and draft.toggle(tr("Swap yes and no"), "swap"):
            recipe, guess = swapped(recipe, guess)
    every = meanings(guess)
    rows = every[:_SHOWN]
    columns = {
        tr("In the file"): [m.word for m in rows],
        tr("Means"): [said(m.means) for m in rows],
        tr("Examples"): [m.n for m in rows],
    }
    below.dataframe(columns, hide_index=True, height="content")
    left = len(every) - _SHOWN
    rest = tr_n("{n:,} more word is not listed.", "{n:,} more words are not listed.", left) if left > 0 else ""
    st.caption(f"{plain(sentence(guess.why))} {rest}")
    return recipe


def _histograms(labels: Labels) -> None:
    for number, task in enumerate(labels.tasks[:3]):
        figure = histogram(labels.y[:, number], x_title=task)
        chart(figure, key=f"label_{number}", height=210, revision=task)
