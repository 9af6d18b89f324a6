"""The same change as a variant's at other places: texts before and after it, from its region or from shuffles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dnaconv_core.data.genome import Contig
from dnaconv_core.sequence.encoding import decode, one_hot, reverse_complement_text
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle
from dnaconv_core.variants.effects import VariantEffect

REGION = 20_000  # bases around a variant in which its matches lie
Pair = tuple[str, str]  # texts before and after a change


def in_region(
    effect: VariantEffect, contig: Contig, length: int, n: int, rng: np.random.Generator
) -> tuple[list[Pair], list[Pair]]:
    """Windows before and after the same change at other places of the region, a window or more from the variant; and
    of those with known bases all around, every window that holds the place (see `null._largest`)."""
    start, ref, alt = effect.variant.start, effect.variant.ref.upper().replace("U", "T"), effect.alt.upper()
    first, last = max(start - REGION // 2, 0), min(start + REGION // 2, contig.length)
    text = contig.text(first, last).upper().replace("U", "T")
    longest = max(len(ref), len(alt))
    room = range(length // 2 + 1, len(text) - (length - length // 2) - longest)
    pairs: list[Pair] = []
    wide: list[Pair] = []
    around = text[start - first - 1 : start - first + 2] if start > first else ""
    for at in rng.permutation(room) if len(room) else ():
        if abs(first + at - start) < length:  # the same motif would be hit again
            continue
        if change := _changed(text, int(at), ref, alt, around):
            there = list(_windows(text, int(at), length, len(ref), change))
            pairs += there
            wide += _wide(text, int(at), length, len(ref), change) if there else []
        if len(pairs) == n:
            break
    return pairs, wide


def _wide(text: str, at: int, length: int, size: int, change: str) -> list[Pair]:
    """A window's bases but one on either side of a place, before and after the change; none where one is not known."""
    start, whole = at - length + 1, 2 * length - 1
    if start < 0:
        return []
    before = text[start : start + whole]
    after = (text[start:at] + change + text[at + size : start + whole + size])[:whole]
    return [(before, after)] if len(before) == len(after) == whole and not set(before + after) - set("ACGT") else []


def _changed(text: str, at: int, ref: str, alt: str, around: str) -> str:
    """What stands instead of `len(ref)` bases at a place after the same change; '' where it does not match."""
    here = text[at : at + len(ref)]
    if len(ref) == len(alt) == 1:
        three = text[at - 1 : at + 2]
        if three == around:
            return alt
        return reverse_complement_text(alt) if three == reverse_complement_text(around) else ""
    kept = next((i for i, (a, b) in enumerate(zip(ref, alt, strict=False)) if a != b), min(len(ref), len(alt)))
    changed = here[:kept] + alt[kept:]
    return changed if changed != here else ""


def _windows(text: str, at: int, length: int, size: int, change: str) -> Iterator[Pair]:
    """The window around a place before and after its `size` bases are changed; none where a base is not known."""
    start = at - length // 2
    before = text[start : start + length]
    after = (text[start:at] + change + text[at + size : start + length + size])[:length]
    if len(before) == len(after) == length and not set(before + after) - set("ACGT"):
        yield before, after


def in_shuffles(effect: VariantEffect, n: int, seed: int) -> list[Pair]:
    """Both alleles, with a base of their own on either side, in dinucleotide shuffles of the reference window."""
    return _shuffled(effect, effect.ref_window, effect.variant.start - (effect.window_start or 0), n, seed)


def in_wide_shuffles(effect: VariantEffect, contig: Contig, length: int, n: int, seed: int) -> list[Pair]:
    """The same in shuffles of all that the windows with the variant hold; unknown bases beyond the contig's ends."""
    start = effect.variant.start - length + 1
    low, high = max(start, 0), min(start + 2 * length - 1, contig.length)
    text = contig.text(low, high).upper().replace("U", "T")
    return _shuffled(effect, "N" * (low - start) + text.ljust(2 * length - 1 - (low - start), "N"), length - 1, n, seed)


def _shuffled(effect: VariantEffect, window: str, at: int, n: int, seed: int) -> list[Pair]:
    """Both alleles at base `at` of shuffles of a text, with a base of their own on either side."""
    ref, alt = effect.variant.ref.upper().replace("U", "T"), effect.alt.upper()
    left, right = window[max(at - 1, 0) : at], window[at + len(ref) : at + len(ref) + 1]
    pairs = []
    for text in decode(dinucleotide_shuffle(one_hot(window), n, seed=seed)[0]):
        before, after = text[: max(at - 1, 0)] + left, right + text[at + len(ref) + 1 :]
        one, other = ((before + allele + after)[: len(window)].ljust(len(window), "N") for allele in (ref, alt))
        pairs.append((one, other))
    return pairs
