"""What is asked: the words of the question, the kind of answer, the letters and the strand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bring.draft import Draft, translated
from dnaconv_core.answers import ANSWERS
from dnaconv_core.experiments.preview import Survey
from frame.language import mark, said, tr
from frame.words import Words, plain

_LETTERS = {"": mark("As they are"), "DNA": "DNA", "RNA": "RNA"}
_STRANDS = {"": mark("Both for DNA"), "both": mark("Both"), "one": mark("As given")}


def words(draft: Draft, title: str) -> dict[str, Any]:
    """Title, question, what y is and its unit."""
    left, right = st.columns(2, gap="medium")
    with left:
        title = draft.text(tr("Title"), "title", title, max_chars=80) or title
        label = draft.text(
            tr("What the label is"), "label", max_chars=80, placeholder=tr("e.g. bound"), help=tr(_LABEL)
        )
    with right:
        free = tr("If left empty, it is made from the label")
        question = draft.text(tr("Question"), "question", max_chars=300, placeholder=free)
        unit = draft.text(tr("Unit"), "unit", max_chars=40, placeholder=tr("if it is measured in one"))
    return {"title": title, "question": question, "label": label, "unit": unit}


_LABEL = mark("Shown beside axes and in captions. If left empty, it is the column's name.")


def kind_and_letters(draft: Draft) -> dict[str, str]:
    """The kind of answer, the letters and the strand, each left to the data unless it is chosen."""
    with st.container(horizontal=True, gap="medium"):
        kinds = {key: said(answer.words.short).capitalize() for key, answer in ANSWERS.items()}
        kinds = {"": tr("From the labels")} | kinds
        task = draft.segmented(tr("Kind of answer"), "task", kinds, "", width="content")
        alphabet = draft.segmented(tr("DNA or RNA"), "alphabet", translated(_LETTERS), "", width="content")
        strand = draft.segmented(tr("Strand"), "strand", translated(_STRANDS), "", width="content", help=tr(_STRAND))
    return {"task": task, "alphabet": alphabet, "strand": strand}


_STRAND = mark("Whether a sequence and its reverse complement mean the same, as for most proteins that bind DNA.")


def kind_found(draft: Draft, found: Survey) -> dict[str, Any]:
    """The kind of answer that the labels tell once all were read, and the names of no and yes."""
    st.caption(f"{_answer(found)} {tr('The letters are {letters}.', letters=plain(found.sample.alphabet))}")
    if not ANSWERS[found.task].yes_or_no or found.n_labels > 1:
        return {}
    guess = found.sample.classes if len(found.sample.classes) == 2 else ("negative", "positive")
    with st.container(horizontal=True):
        no = draft.text(tr("What no is called"), "no", guess[0], max_chars=80, width=220)
        yes = draft.text(tr("What yes is called"), "yes", guess[1], max_chars=80, width=220)
    return {"class_names": (no or guess[0], yes or guess[1])}


def _answer(found: Survey) -> Words:
    kind = plain(said(ANSWERS[found.task].words.short))
    if found.positives_only:
        return tr("All {n:,} examples are positives: step 3 makes what they are compared with.", n=found.n)
    if found.n_labels > 1:
        return tr("The answer is {kind}, {n:d} labels at once.", kind=kind, n=found.n_labels)
    if not found.counts:
        return tr("The answer is {kind}.", kind=kind)
    counted = ", ".join(f"{plain(name)} {n:,}" for name, n in found.counts.items())
    return tr("The answer is {kind}: {counts}.", kind=kind, counts=counted)
