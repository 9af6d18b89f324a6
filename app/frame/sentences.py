"""Sentences of the core in another language: recognised by templates, also where they were written long ago.

"{n} of {m} rows" is the template of "3 of 40 rows": what stands in its fields is taken out and put into the
translation. A field may be a sentence itself. What is not recognised stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from string import Formatter

from frame.templates import NUMBERS, Template, Templates

_LEAST = 4  # letters that a template has besides its fields, unless these are numbers
_MOST = 600  # letters of a sentence: longer ones are taken apart, but tried with no template
_KEPT = 4096  # texts, and parts of them, that are remembered
_ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z0-9'(])")
_APART = (" → ", " · ")  # what stands between them is translated each by itself
_CLAUSES = ("; ", ": ", ", ")  # only where all of it is known


class Sentences:
    """Sentences with a translation."""

    def __init__(self, translations: Mapping[str, str], word: Callable[[str], str]) -> None:
        """translations: by templates. word: the translation of a text without fields, or the text itself."""
        self.word = word
        texts = sorted((text for text in translations if "{" in text), key=_letters, reverse=True)
        # the most telling first
        self.templates = Templates([Template(text, translations[text]) for text in texts if tells(text)])
        tails = [text for text in texts if text[0] == " "]
        self.tails = Templates([Template(text, f"{{head}}{translations[text]}", head=True) for text in tails])
        self._found = lru_cache(maxsize=_KEPT)(self._look)  # a text is taken apart in many ways, to the same parts

    def __call__(self, sentence: str) -> str:
        found = self._found(sentence)
        return sentence if found is None else found

    def _inside(self, value: str) -> str:
        """What stands in a field: it may end in what another sentence has in its middle. Plurals have no ending."""
        if value in ("", "s", "es"):
            return ""
        found = self._known(value)
        return value if found is None else found

    def _known(self, value: str) -> str | None:
        return self._found(value) or self._by(self.tails, value)

    def _look(self, text: str) -> str | None:
        """The translation, or None for a text that is not recognised."""
        if not any(letter.isalpha() for letter in text):
            return text
        if (found := self.word(text)) != text:
            return found
        if (found := self._by(self.templates, text)) is not None:
            return found
        return next((found for found in self._otherwise(text) if found is not None), None)

    def _by(self, templates: Templates, text: str) -> str | None:
        for one, given in templates.matches(text) if len(text) <= _MOST else ():
            values = {name: self._inside(value) for name, value in given.items()}
            for name, other in one.touching:  # where the one ends and the other begins is not known
                if (both := self._known(given[name] + given[other])) is not None:
                    values |= {name: both, other: ""}
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
            yield self._apart(text, mark)

    def _apart(self, text: str, mark: str) -> str | None:
        """The text with what stands between the marks translated; None where that is not known."""
        pieces = []
        for part in text.split(mark):
            pieces.append((self._found(part), part))
            if mark in _CLAUSES and pieces[-1][0] is None:
                return None
        known = any(found is not None for found, _ in pieces)
        return mark.join(part if found is None else found for found, part in pieces) if known else None


def _letters(text: str) -> int:
    return sum(letter.isalpha() for literal, _, _, _ in Formatter().parse(text) for letter in literal)


def tells(text: str) -> bool:
    """Whether a text that fits a template is one of it, and not another's by chance."""
    return _letters(text) >= _LEAST or all(NUMBERS.fullmatch(name) for _, name, _, _ in Formatter().parse(text) if name)
