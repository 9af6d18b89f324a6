"""Texts with fields, recognised in what they were filled into: "{n} of {m} rows" in "3 of 40 rows".

No regular expression is used for it: one with many fields tries the same places again and again, for seconds on a text
that was written to fit it nearly. Here the fields are tried from the last to the first, each place once.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from string import Formatter

NUMBERS = re.compile(r"(?:n|len|epochs?|low|high|left|percent|at|header_line)\d?|n_\w+")  # fields of numbers
NUMBER, WORDS, TAIL, ENDING, HEAD = range(5)  # what may stand in a field
_NUMBER = re.compile(r"[-+−]?\d[\d,.]*(?:e[-+]?\d+)?(?: ?%)?")
_LONGEST_NUMBER = 40
_STOPS = re.compile(r"[.!?] [A-Z]| → | · |\n")  # a field does not go beyond the end of a sentence
_WORD = re.compile(r"[^\W_]+")


class Template:
    """One text with fields, and its translation."""

    def __init__(self, text: str, translation: str, *, head: bool = False) -> None:
        """head: whether other words may stand before, which become the field {head} of the translation."""
        self.translation = translation
        self.names = ["head"] if head else []
        self.kinds = [HEAD] if head else []  # of the fields
        self.pieces = [""] if head else []  # what stands before each field, and behind the last one
        literal = ""
        for more, name, _, _ in Formatter().parse(text):
            literal += more  # in pieces where it has braces
            if name is not None:
                self.kinds.append(_kind(name, literal, self.kinds))
                self.names.append(name)
                self.pieces.append(literal)
                literal = ""
        self.pieces.append(literal)
        # two fields that may be empty, with nothing between
        loose = [at for at, kind in enumerate(self.kinds[1:]) if kind == TAIL and self.kinds[at] in (TAIL, ENDING)]
        self.touching = [(self.names[at], self.names[at + 1]) for at in loose]

    def words(self) -> set[str]:
        """The words that every text of it has."""
        found = set()
        for at, piece in enumerate(self.pieces):
            # a word that touches a field may go on in it
            before, behind = "_" * (at == 0), "_" * (at == len(self.pieces) - 1)
            bounded = before + piece + behind
            found |= {one[0] for one in _WORD.finditer(bounded) if one.start() > 0 and one.end() < len(bounded)}
        return found

    def match(self, text: str) -> dict[str, str] | None:
        """What stands in the fields of `text`; None where it is not of this template."""
        first, last = self.pieces[0], self.pieces[-1]
        if not (text.startswith(first) and text.endswith(last) and all(piece in text for piece in self.pieces)):
            return None
        stops = [stop.start() for stop in _STOPS.finditer(text)] + [len(text)]
        ends, chosen = [len(text) - len(last)], []  # where the field may end; where it does, by where it starts
        for at in range(len(self.kinds) - 1, -1, -1):
            starts = [len(first)] if at == 0 else _behind(self.pieces[at], text)
            found = ((start, _end(self.kinds[at], text, start, ends, stops)) for start in starts)
            chosen.append({start: end for start, end in found if end is not None})
            ends = [start - len(self.pieces[at]) for start in chosen[-1]]
        return self._values(text, chosen[::-1])

    def _values(self, text: str, chosen: list[dict[int, int]]) -> dict[str, str] | None:
        values: dict[str, str] = {}
        start = len(self.pieces[0])
        for name, ends, piece in zip(self.names, chosen, self.pieces[1:], strict=True):
            if start not in ends:
                return None
            value = text[start : ends[start]]
            if values.setdefault(name, value) != value:
                return None
            start = ends[start] + len(piece)
        return values


def _kind(name: str, literal: str, before: list[int]) -> int:
    """What may stand in a field behind `literal`; before: the kinds of those before it."""
    if literal[-1:].isalpha():
        return ENDING
    if not literal and before and before[-1] != HEAD:  # at once behind another
        return TAIL
    return NUMBER if NUMBERS.fullmatch(name) else WORDS


def _behind(piece: str, text: str) -> list[int]:
    """Where each occurrence of a piece ends."""
    if not piece:
        return list(range(len(text) + 1))
    found, at = [], text.find(piece)
    while at >= 0:
        found.append(at + len(piece))
        at = text.find(piece, at + 1)
    return found


def _end(kind: int, text: str, start: int, ends: list[int], stops: list[int]) -> int | None:
    """Where a field ends that begins at `start`; ends: where it may, in order, so that the rest fits."""
    if kind == WORDS:
        return _first(ends, start + 1, stops[bisect_left(stops, start)])
    if kind == HEAD:
        return _first(ends, start, len(text))
    if kind == NUMBER:
        near = ends[bisect_right(ends, start) : bisect_right(ends, start + _LONGEST_NUMBER)]
        return next((end for end in reversed(near) if _NUMBER.fullmatch(text, start, end)), None)
    if kind == ENDING:  # the s of a plural, more words, or nothing
        for plural in ("es", "s"):
            if text.startswith(plural, start) and (end := _first(ends, start + len(plural), start + len(plural))):
                return end
    return _tail(text, start, ends, stops)


def _tail(text: str, start: int, ends: list[int], stops: list[int]) -> int | None:
    """Of what is apart from the word before, or nothing."""
    sign = text[start : start + 1]
    if sign and not (sign.isalnum() or sign == "_") and not text.startswith((" → ", " · "), start):
        stop = next(iter(stops[bisect_left(stops, start + 1) :]), len(text))
        if (end := _first(ends, start + 2, stop)) is not None:
            return end
    return _first(ends, start, start)


def _first(ends: list[int], low: int, high: int) -> int | None:
    """The first of `ends` from low to high."""
    at = bisect_left(ends, low)
    return ends[at] if at < len(ends) and ends[at] <= high else None


class Templates:
    """Many, the most telling first; found by a word that few of them have."""

    def __init__(self, templates: list[Template]) -> None:
        words = [one.words() for one in templates]
        common = Counter(word for some in words for word in some)
        self.by_word: dict[str, list[tuple[int, Template]]] = {}
        for rank, (one, some) in enumerate(zip(templates, words, strict=True)):
            rarest = min(sorted(some), key=lambda word: common[word], default="")
            self.by_word.setdefault(rarest, []).append((rank, one))

    def matches(self, text: str) -> Iterator[tuple[Template, Mapping[str, str]]]:
        """Those that `text` is of, each with what stands in its fields."""
        words = {"", *_WORD.findall(text)}
        likely = [one for word in words for one in self.by_word.get(word, ())]
        for _, template in sorted(likely, key=lambda one: one[0]):
            if (values := template.match(text)) is not None:
                yield template, values
