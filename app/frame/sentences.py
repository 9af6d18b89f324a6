"""Sentences of the core in another language: recognised by templates, also where they were written long ago.

"{n} of {m} rows" is the template of "3 of 40 rows": what stands in its fields is taken out and put into the
translation. A field may be a sentence itself. What is not recognised stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from typing import NamedTuple

_LEAST = 4  # letters that a template has besides its fields, unless these are numbers
_MOST = 600  # letters of a sentence: of longer ones no pattern is tried, which many fields would make slow
_REPEATS = 3  # of a template's longest piece
_ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z0-9'(])")
_APART = (" → ", " · ")  # what stands between them is translated each by itself
_CLAUSES = ("; ", ": ", ", ")  # only where all of it is known
_FIELD = r"(?:(?![.!?] [A-Z]| → | · ).)+?"  # not beyond the end of a sentence
_TAIL = rf"(?:(?! → | · )\W{_FIELD})?"  # of a field that follows another at once
_ENDING = rf"(?:e?s|{_TAIL})"  # of a field that follows a letter: the s of a plural, more words, or nothing
_NUMBER = r"[-+−]?\d[\d,.]*(?:e[-+]?\d+)?(?: ?%)?"
NUMBERS = re.compile(r"(?:n|len|epochs?|low|high|left|percent|at|header_line)\d?|n_\w+")  # fields of numbers


class _Template(NamedTuple):
    longest: str  # of its literal pieces: looked for first, being quick to find
    pattern: re.Pattern[str]
    translation: str

    def may_fit(self, text: str) -> bool:
        """Found quickly. Many fields, and a text that repeats what stands between them, would be slow to match."""
        return self.longest in text and (self.pattern.groups < 3 or text.count(self.longest) <= _REPEATS)


class Sentences:
    """Sentences with a translation."""

    def __init__(self, translations: Mapping[str, str], word: Callable[[str], str]) -> None:
        """translations: by templates. word: the translation of a text without fields, or the text itself."""
        self.word = word
        texts = sorted((text for text in translations if "{" in text), key=_letters, reverse=True)
        # the most telling first
        self.templates = [_template(text, translations[text]) for text in texts if tells(text)]
        self.tails = [
            _template(text, f"{{head}}{translations[text]}", "(?P<head>.*?)") for text in texts if text[0] == " "
        ]

    def __call__(self, sentence: str) -> str:
        found = self._found(sentence)
        return sentence if found is None else found

    def _inside(self, value: str) -> str:
        """What stands in a field: it may end in what another sentence has in its middle. Plurals have no ending."""
        if value in ("", "s", "es"):
            return ""
        found = self._found(value) or self._by(self.tails, value)
        return value if found is None else found

    def _found(self, text: str) -> str | None:
        """The translation, or None for a text that is not recognised."""
        if not any(letter.isalpha() for letter in text):
            return text
        if (found := self.word(text)) != text:
            return found
        if (found := self._by(self.templates, text)) is not None:
            return found
        return next((found for found in self._otherwise(text) if found is not None), None)

    def _by(self, templates: list[_Template], text: str) -> str | None:
        for one in templates if len(text) <= _MOST else ():
            if one.may_fit(text) and (match := one.pattern.fullmatch(text)):
                values = {name: self._inside(value) for name, value in match.groupdict().items()}
                return one.translation.format(**values)
        return None

    def _otherwise(self, text: str) -> Iterator[str | None]:
        """The text without its full stop, its capital or the space around it, and in pieces."""
        if (bare := text.strip()) != text:
            found = self._found(bare)
            yield None if found is None else text.replace(bare, found)
        if len(sentences := _ENDS.split(text)) > 1:
            pieces = [self._found(one) for one in sentences]
            if any(pieces):
                yield " ".join(piece or one for piece, one in zip(pieces, sentences, strict=True))
        if text.endswith(".") and not text.endswith(".."):
            found = self._found(text[:-1])
            yield None if found is None else f"{found}."
        if text[0].isupper() and not text[1:2].isupper():
            yield self._found(text[0].lower() + text[1:])
        for mark in (one for one in (*_APART, *_CLAUSES) if one in text):
            parts = text.split(mark)
            found_parts = [self._found(one) for one in parts]
            if (any if mark in _APART else all)(one is not None for one in found_parts):
                yield mark.join(one if piece is None else piece for piece, one in zip(found_parts, parts, strict=True))


def _letters(text: str) -> int:
    return sum(letter.isalpha() for literal, _, _, _ in Formatter().parse(text) for letter in literal)


def tells(text: str) -> bool:
    """Whether a text that fits a template is one of it, and not another's by chance."""
    return _letters(text) >= _LEAST or all(NUMBERS.fullmatch(name) for _, name, _, _ in Formatter().parse(text) if name)


def _template(text: str, translation: str, pattern: str = "") -> _Template:
    """pattern: of what may stand before."""
    pieces, seen, beside = [""], set(), ""  # beside: what a field looks like that follows at once
    for literal, name, _, _ in Formatter().parse(text):
        pieces.append(literal)
        pattern += re.escape(literal)
        beside = (_ENDING if literal[-1].isalpha() else "") if literal else beside
        if name in seen:
            pattern += f"(?P={name})"
        elif name is not None:
            field = _NUMBER if NUMBERS.fullmatch(name) else _FIELD
            pattern += f"(?P<{name}>{beside or field})"
            seen.add(name)
            beside = _TAIL
    return _Template(max(pieces, key=len), re.compile(pattern), translation)
