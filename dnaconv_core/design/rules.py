"""What a designed sequence must keep: edits, GC content, forbidden words, runs of one base, positions left alone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import reverse_complement_text
from dnaconv_core.sequence.motif import from_iupac

SITES = {  # recognition sites of enzymes that cloning uses (REBASE), by name
    "BamHI": "GGATCC", "BbsI": "GAAGAC", "BsaI": "GGTCTC", "BsmBI": "CGTCTC", "EcoRI": "GAATTC", "EcoRV": "GATATC",
    "HindIII": "AAGCTT", "KpnI": "GGTACC", "NcoI": "CCATGG", "NdeI": "CATATG", "NotI": "GCGGCCGC", "PstI": "CTGCAG",
    "SacI": "GAGCTC", "SalI": "GTCGAC", "SapI": "GCTCTTC", "SpeI": "ACTAGT", "XbaI": "TCTAGA", "XhoI": "CTCGAG",
}  # fmt: skip
_BY_NAME = {name.lower(): word for name, word in SITES.items()}
_UNKNOWN = 4  # the code of an unknown base


class Rules(NamedTuple):
    """What may be changed, and what the result must keep."""

    edits: int = 10  # substitutions at most, each at a position of its own
    gc: tuple[float, float] = (0.0, 1.0)  # least and greatest share of G and C
    forbidden: tuple[str, ...] = ()  # IUPAC words that must not occur; of DNA on neither strand
    longest_run: int = 0  # of one base at most; 0 for any
    fixed: tuple[tuple[int, int], ...] = ()  # positions that stay, from 0, end not included
    around: int = 0  # bases on either side of the fixed positions that stay too
    apart: int = 0  # no two substitutions are closer than this: positions p and q with |p − q| >= apart
    least: int = 0  # substitutions at least: a design differs from its start at so many positions


def parse_words(text: str) -> tuple[str, ...]:
    """Forbidden words from IUPAC letters or names of enzymes, between commas or spaces: 'EcoRI, TATAAA'.

    Raises InputError naming a letter that is no IUPAC code.
    """
    words = [_BY_NAME.get(word.lower(), word.upper()) for word in re.split(r"[\s,;]+", text) if word]
    for word in words:
        from_iupac(word)
    return tuple(dict.fromkeys(words))


def parse_places(text: str) -> tuple[tuple[int, int], ...]:
    """Positions between commas or spaces, counted from 1 with both ends, as half-open spans from 0: '5, 20-30'.

    Raises InputError for what is no position.
    """
    spans = []
    for part in filter(None, re.split(r"[\s,;]+", text)):
        found = re.fullmatch(r"(\d{1,9})(?:[-–](\d{1,9}))?", part, re.ASCII)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last:
            raise InputError(f"{part[:60]!r} is no position: write positions counted from 1, such as 5, 20-30")
        spans.append((first - 1, last))
    return tuple(spans)


class Checker:
    """The rules as they hold for sequences of one length and alphabet. Raises InputError for rules that cannot."""

    def __init__(self, rules: Rules, length: int, alphabet: str = "DNA") -> None:
        self.rules, self.length = rules, length
        if rules.edits < 1:
            raise InputError(f"edits is {rules.edits}: allow at least 1")
        if not 0 <= rules.least <= rules.edits:
            raise InputError(f"at least {rules.least} edits and at most {rules.edits} do not fit: give 0 to the most")
        if min(rules.around, rules.apart) < 0:
            raise InputError(f"bases around are {rules.around} and apart {rules.apart}: give numbers from 0 on")
        if rules.around and not rules.fixed:
            raise InputError(f"{rules.around} bases around fixed positions are to stay, and none is fixed: name some")
        if rules.longest_run < 0:
            raise InputError(f"the longest run is {rules.longest_run}: give a number of bases, or 0 for any")
        low, high = rules.gc
        if not 0 <= low <= high <= 1:
            raise InputError(f"the GC range is {low:g} to {high:g}: give two shares from 0 to 1, the lower first")
        self.gc = math.ceil(low * length - 1e-9), math.floor(high * length + 1e-9)  # in bases
        if self.gc[0] > self.gc[1]:
            raise InputError(f"no sequence of {length} bases has a GC content of {low:g} to {high:g}: widen the range")
        self.free = self._free(rules.fixed)  # (L,)
        words = _both_strands(rules.forbidden, alphabet)
        words += [letter * (rules.longest_run + 1) for letter in "ACGT" if rules.longest_run]
        self.words = [_mismatch(word) for word in dict.fromkeys(words) if len(word) <= length]  # (5, w) each

    def _free(self, fixed: Sequence[tuple[int, int]]) -> np.ndarray:
        free = np.ones(self.length, bool)
        for start, end in fixed:
            if end > self.length:
                raise InputError(f"position {end} is fixed and the sequence has {self.length} bases: give others")
            free[max(start - self.rules.around, 0) : end + self.rules.around] = False
        if not free.any():
            raise InputError("every position is fixed: leave some to be changed")
        return free

    def near(self, edited: np.ndarray) -> np.ndarray:
        """Positions that are too close to another one that is edited, of `edited (…, L)`: `(…, L)`."""
        found = np.zeros(edited.shape, bool)
        for step in range(1, min(self.rules.apart, self.length)):
            found[..., step:] |= edited[..., :-step]
            found[..., :-step] |= edited[..., step:]
        return found

    def spaced(self, edited: np.ndarray) -> np.ndarray:
        """Whether no two edits are too close, of `edited (…, L)`: `(…,)`."""
        return ~(edited & self.near(edited)).any(axis=-1)

    def broken(self, codes: np.ndarray) -> np.ndarray:
        """How much is wrong with each of `codes (S, L)`, `(S,)`: forbidden words, and bases beyond the GC range."""
        count = self._gc_excess(_strong(codes).sum(axis=-1))
        for word in self.words:
            count = count + (_mismatches(codes, word) == 0).sum(axis=-1)
        return count

    def broken_after(self, codes: np.ndarray) -> np.ndarray:
        """The same after every single substitution, `(S, 4, L)`; where the base stays, as it is."""
        strong = _strong(codes)
        change = _strong(np.arange(4))[:, None].astype(int) - strong[:, None]  # (S, 4, L)
        count = self._gc_excess(strong.sum(axis=-1)[:, None, None] + change)
        for word in self.words:
            count += self._occurrences_after(codes, word)
        return count

    def _gc_excess(self, strong: np.ndarray) -> np.ndarray:
        low, high = self.gc
        return np.maximum(low - strong, 0) + np.maximum(strong - high, 0)

    def _occurrences_after(self, codes: np.ndarray, word: np.ndarray) -> np.ndarray:
        """How often a word `(5, w)` occurs after every substitution: a base changes only the words that reach it."""
        missing = _mismatches(codes, word)  # (S, P)
        occurs = missing == 0
        result = np.repeat(np.repeat(occurs.sum(axis=1)[:, None, None], 4, 1), self.length, 2)
        places = missing.shape[1]
        for offset in range(word.shape[1]):
            under = slice(offset, offset + places)  # the base below this column of the word, for each place
            others = missing - word[:, offset][codes[:, under]]
            for base in range(4):
                result[:, base, under] += (others + word[base, offset] == 0).astype(int) - occurs
        return result


def _both_strands(words: Sequence[str], alphabet: str) -> list[str]:
    both = [word.upper().replace("U", "T") for word in words]
    if alphabet == "DNA":
        both += [reverse_complement_text(word) for word in both]
    return list(dict.fromkeys(both))


def _mismatch(word: str) -> np.ndarray:
    """`(5, w)` int8: 1 where a base, or an unknown one in the last row, is not what the IUPAC word says."""
    ppm = from_iupac(word).ppm
    return np.concatenate([ppm == 0, np.ones((1, ppm.shape[1]), bool)]).astype(np.int8)


def _mismatches(codes: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Of a word `(5, w)` at every place of `codes (S, L)`: `(S, L − w + 1)`."""
    width = word.shape[1]
    places = codes.shape[-1] - width + 1
    total = np.zeros((len(codes), places), np.int16)
    for offset in range(width):
        total += word[:, offset][codes[:, offset : offset + places]]
    return total


def _strong(codes: np.ndarray) -> np.ndarray:
    return (codes == 1) | (codes == 2)
