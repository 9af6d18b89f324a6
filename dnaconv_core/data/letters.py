"""Many sequences of any length as codes at once; what holds a foreign letter is named, the rest goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.examples import MOST_BASES, UNKNOWN
from dnaconv_core.sequence.encoding import AMBIGUOUS

_BLOCK = 20_000  # sequences encoded at a time
_LONG = f"has {{n}} letters and an example at most {MOST_BASES:,}: cut it into windows"
_NOISE, _FOREIGN = 254, 255
_CODE = np.full(256, _FOREIGN, np.uint8)
for _letters, _value in (("A", 0), ("C", 1), ("G", 2), ("TU", 3), (AMBIGUOUS, UNKNOWN), (" \t\r\n0123456789", _NOISE)):
    for _letter in _letters:
        _CODE[[ord(_letter), ord(_letter.lower())]] = _value


class Encoded(NamedTuple):
    """Codes of N sequences end to end; those in `wrong` have none."""

    codes: np.ndarray  # (all bases,) uint8
    offsets: np.ndarray  # (N + 1,) int64
    wrong: dict[int, str]  # number of a sequence, from 0: what is the matter with it


def encode_texts(texts: Iterable[str]) -> Encoded:
    """Sequences as codes: 0 to 3 for A C G T (U) in any case, 4 for IUPAC's other letters; white space and digits go.

    An empty or too long one, or one with another character, is noted in `wrong`.
    """
    wrong: dict[int, str] = {}
    blocks, lengths, before = [np.empty(0, np.uint8)], [np.zeros(1, np.int64)], 0
    texts = iter(texts)
    while block := list(islice(texts, _BLOCK)):
        codes, sizes, bad = _encode(block)
        blocks.append(codes)
        lengths.append(sizes)
        wrong |= {before + row: why for row, why in bad.items()}
        before += len(block)
    return Encoded(np.concatenate(blocks), np.cumsum(np.concatenate(lengths)), wrong)


def _encode(texts: list[str]) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    long = {row: _LONG.format(n=f"{len(text):,}") for row, text in enumerate(texts) if len(text) > MOST_BASES}
    texts = ["" if row in long else text for row, text in enumerate(texts)] if long else texts
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    codes = _CODE[np.frombuffer("".join(texts).encode("latin-1", "replace"), np.uint8)]
    wrong = {}
    if (codes >= _NOISE).any():
        rows = np.repeat(np.arange(len(texts)), sizes)
        foreign = np.unique(rows[codes == _FOREIGN])
        wrong = {int(row): _why(texts[row]) for row in foreign}
        kept = (codes < _NOISE) & ~np.isin(rows, foreign)
        codes, sizes = codes[kept], np.bincount(rows[kept], minlength=len(texts))
    for row in np.flatnonzero(sizes == 0).tolist():
        wrong.setdefault(row, "has no sequence")
    return codes, sizes, wrong | long


def _why(text: str) -> str:
    codes = _CODE[np.frombuffer(text.encode("latin-1", "replace"), np.uint8)]
    at = int((codes == _FOREIGN).argmax())
    return f"has {text[at]!r} at position {at + 1} of its sequence: use A, C, G, T (U) or an IUPAC code such as N"


def guess_alphabet(texts: Sequence[str] | Iterator[str]) -> str:
    """'RNA' where U stands in the first thousand sequences and T in none of them, else 'DNA'."""
    letters = set("".join(islice(texts, 1000)).upper())
    return "RNA" if "U" in letters and "T" not in letters else "DNA"
