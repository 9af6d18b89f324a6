"""What was chosen on the page so far: it survives a refresh and a visit to other pages, as the files do.

A field that was left alone follows its guess when that changes; only what a person changed is remembered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError, InputError
from dnaconv_core.experiments.uploads import Lot, new_token, sweep
from frame.language import said, tr
from frame.words import Words, ours, plain

TOKEN = "files"  # the query parameter
Choices = Mapping[str, str] | Sequence[str]  # what can be chosen, with words for each or without
_KEPT, _PREFIX, _GUESS = "_draft", "bring_", "_guess_"


class Draft:
    """Fields by name, each drawn with its guess; `values` holds those that a person changed."""

    def __init__(self, lot: Lot) -> None:
        self.lot = lot
        kept = st.session_state.get(_KEPT)
        if kept is None or kept[0] != lot.token:
            forget_fields()
            kept = st.session_state[_KEPT] = (lot.token, lot.draft())
        self.values: dict[str, Any] = kept[1]
        self._before = json.dumps(self.values)
        self._drawn: dict[str, Callable[[Any], bool]] = {}

    def save(self) -> None:
        if json.dumps(self.values) != self._before:
            self.lot.keep_draft(self.values)

    # Fields have their value as the default too: a slow browser may miss that it was set, and would show another.

    def text(self, label: Words, name: str, guess: str = "", **options: Any) -> str:
        key = self._begin(name, guess, lambda value: isinstance(value, str))
        return self._end(name, st.text_input(label, st.session_state[key], key=key, **options).strip(), guess)

    def number(self, label: Words, name: str, guess: float, **options: Any) -> Any:
        low, high = options.get("min_value"), options.get("max_value")

        def fits(value: Any) -> bool:
            whole = type(value) in (type(guess), int)
            return whole and (low is None or value >= low) and (high is None or value <= high)

        key = self._begin(name, guess, fits)
        return self._end(
            name, st.number_input(label, value=type(guess)(st.session_state[key]), key=key, **options), guess
        )

    def toggle(self, label: Words, name: str, guess: bool = False, **options: Any) -> bool:
        key = self._begin(name, guess, lambda value: isinstance(value, bool))
        return self._end(name, st.toggle(label, st.session_state[key], key=key, **options), guess)

    def select(self, label: Words, name: str, choices: Choices, guess: str, **options: Any) -> str:
        key = self._begin(name, guess, lambda value: value in choices)
        keys = list(choices)
        shown = keys.index(st.session_state[key])
        chosen = st.selectbox(label, keys, shown, key=key, format_func=_shown(choices), **options)
        return self._end(name, chosen, guess)

    def segmented(self, label: Words, name: str, choices: Mapping[str, str], guess: str, **options: Any) -> str:
        key = self._begin(name, guess, lambda value: value in choices)
        chosen = st.segmented_control(
            label, list(choices), key=key, format_func=lambda key: plain(choices[key]), required=True,
            default=st.session_state[key], **options,
        )  # fmt: skip
        return self._end(name, chosen, guess)

    def several(
        self, label: Words, name: str, choices: Sequence[str], guess: Sequence[str], **options: Any
    ) -> list[str]:
        key = self._begin(name, list(guess), lambda value: isinstance(value, list) and set(value) <= set(choices))
        return self._end(
            name, list(st.multiselect(label, list(choices), st.session_state[key], key=key, **options)), list(guess)
        )

    def offers(self, name: str, value: Any) -> bool:
        """Whether this field is on the page now and could be changed to this value."""
        return name in self._drawn and self._drawn[name](value) and self.values.get(name) != value

    def set(self, name: str, value: Any) -> None:
        """Change a field from elsewhere, before it is drawn again."""
        self.values[name] = value
        st.session_state.pop(_PREFIX + name, None)
        self.save()

    def _begin(self, name: str, guess: Any, fits: Callable[[Any], bool]) -> str:
        key = _PREFIX + name
        self._drawn[name] = fits
        if name in self.values and not fits(self.values[name]):
            del self.values[name]
        if name not in self.values and st.session_state.get(_GUESS + name, guess) != guess:
            st.session_state.pop(key, None)  # untouched: it follows the guess
        if key not in st.session_state or not fits(st.session_state[key]):
            st.session_state[key] = self.values.get(name, guess)
        st.session_state[_GUESS + name] = guess
        return key

    def _end(self, name: str, value: Any, guess: Any) -> Any:
        if value == guess:
            self.values.pop(name, None)
        else:
            self.values[name] = value
        return value


def translated(table: Mapping[str, str]) -> dict[str, Words]:
    """A table of our own marked words in the page's language."""
    return {key: tr(ours(words)) for key, words in table.items()}


def sentence(note: str) -> str:
    """A note of the core in the page's language, with a capital and a full stop. Not yet escaped."""
    words = said(note)
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def _shown(choices: Choices) -> Callable[[str], str]:
    return (lambda key: str(choices[key])) if isinstance(choices, Mapping) else str


def forget_fields() -> None:
    for key in [key for key in st.session_state if str(key).startswith((_PREFIX, _GUESS))]:
        del st.session_state[key]


def current_lot() -> Lot:
    """The files that the address names, else this session's, else a new lot."""
    token = st.query_params.get(TOKEN) or st.session_state.get("_files")
    try:
        lot = Lot(token or new_token())
    except InputError:
        lot = Lot(new_token())
    if st.session_state.get("_files") != lot.token:
        sweep()
        st.session_state["_files"] = lot.token
    if st.query_params.get(TOKEN) != lot.token:
        st.query_params[TOKEN] = lot.token
    return lot


def start_over() -> None:
    """Leave these files and choices; the next run of the page begins with none."""
    st.session_state["_files"] = st.query_params[TOKEN] = new_token()


@contextmanager
def in_a_sentence(lot: Lot) -> Iterator[None]:
    """What goes wrong inside is one sentence, as text, in which uploaded files have their own names."""
    try:
        yield
    except DnaConvError as error:
        st.error(for_page(str(error).replace(f"{lot.folder}/", "")), icon=":material/error:")


def for_page(error: str) -> Words:
    """An error as text, without the option of a command that would mend it."""
    return plain(re.sub(r" (with|by) --[a-z-]+", "", said(error)))
