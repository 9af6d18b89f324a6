"""What is asked: the words of the question, the kind of answer, the letters and the strand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bring.draft import Draft
from dnaconv_core.answers import ANSWERS
from dnaconv_core.experiments.preview import Survey
from frame.words import plain

_KINDS = {"": "As the labels tell"} | {key: answer.words.short.capitalize() for key, answer in ANSWERS.items()}


def words(draft: Draft, title: str) -> dict[str, Any]:
    """Title, question, what y is and its unit."""
    left, right = st.columns(2, gap="medium")
    with left:
        title = draft.text("Title", "title", title, max_chars=80) or title
        label = draft.text("What the label is", "label", max_chars=80, placeholder="e.g. bound", help=_LABEL)
    with right:
        question = draft.text("Question", "question", max_chars=300, placeholder="Left empty: made from the label")
        unit = draft.text("Unit", "unit", max_chars=40, placeholder="if it is measured in one")
    return {"title": title, "question": question, "label": label, "unit": unit}


_LABEL = "Stands beside axes and in captions. Left empty, it is the column's name."


def kind_and_letters(draft: Draft) -> dict[str, str]:
    """The kind of answer, the letters and the strand, each left to the data unless it is chosen."""
    with st.container(horizontal=True, gap="medium"):
        task = draft.segmented("Kind of answer", "task", _KINDS, "", width="content")
        letters = {"": "As they are", "DNA": "DNA", "RNA": "RNA"}
        alphabet = draft.segmented("Letters", "alphabet", letters, "", width="content")
        strands = {"": "Both for DNA", "both": "Both", "one": "As given"}
        strand = draft.segmented("Strand", "strand", strands, "", width="content", help=_STRAND)
    return {"task": task, "alphabet": alphabet, "strand": strand}


_STRAND = "Whether a sequence and its reverse complement mean the same, as for most proteins that bind DNA."


def kind_found(draft: Draft, found: Survey) -> dict[str, Any]:
    """The kind of answer that the labels tell once all were read, and the names of no and yes."""
    letters = f"The letters are {plain(found.sample.alphabet)}."
    counted = ", ".join(f"{plain(name)} {n:,}" for name, n in found.counts.items())
    if found.positives_only:
        st.caption(f"All {found.n:,} examples are positives: step 3 makes what they are compared with. {letters}")
    elif found.n_labels > 1:
        st.caption(f"The answer is {ANSWERS[found.task].words.short}, {found.n_labels:d} labels at once. {letters}")
    else:
        st.caption(f"The answer is {ANSWERS[found.task].words.short}{f': {counted}' if counted else ''}. {letters}")
    if not ANSWERS[found.task].yes_or_no or found.n_labels > 1:
        return {}
    guess = found.sample.classes if len(found.sample.classes) == 2 else ("negative", "positive")
    with st.container(horizontal=True):
        no = draft.text("What no is called", "no", guess[0], max_chars=80, width=220)
        yes = draft.text("What yes is called", "yes", guess[1], max_chars=80, width=220)
    return {"class_names": (no or guess[0], yes or guess[1])}
