"""Motifs to compare with, and matches, chosen in one place for the shell, the report and the dashboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.match import Match, match_motifs
from dnaconv_core.sequence.jaspar import GROUPS, jaspar
from dnaconv_core.sequence.motif import Motif, from_iupac, trim
from dnaconv_core.sequence.motif_text import is_word, parse_motifs, read_motifs

if TYPE_CHECKING:
    from dnaconv_core.interpret.filters import FilterMotif
    from dnaconv_core.interpret.keep import StoredFilter

_NSITES = 100.0  # that a typed word counts as
_LEAST_BITS = 0.5  # of a filter's motif that can be asked for


def targets(given: str | Sequence[Motif] = "", group: str = "vertebrates") -> Sequence[Motif]:
    """The motifs of a file (see `read_motifs`), an IUPAC word, or as given, else JASPAR CORE of a group.

    Raises what the readers raise.
    """
    if not given:
        return jaspar(group)
    if not isinstance(given, str):
        return given
    word = is_word(given) and not Path(given).exists()
    return parse_motifs(given, where=given) if word else read_motifs(Path(given))


def set_words(given: str | Sequence[Motif] = "", group: str = "vertebrates") -> str:
    """What `targets` are called: the file's name, or the group of JASPAR CORE."""
    if not given:
        return f"JASPAR CORE {group}"
    return Path(given).name if isinstance(given, str) else "motifs that were given"


FIRST = 20  # filters that are shown, and named, first


def named_filters(
    motifs: Sequence[Motif],
    order: Sequence[int] | np.ndarray,
    given: str | Sequence[Motif] = "",
    group: str = "vertebrates",
    *,
    alphabet: str = "DNA",
) -> list[list[Match]]:
    """The best matches of each filter's motif, with q-values as `families` says; of RNA on the one strand alone."""
    by = families(len(motifs), order)
    return match_motifs(motifs, targets(given, group), families=by, both_strands=alphabet == "DNA")


def families(n: int, order: Sequence[int] | np.ndarray) -> np.ndarray:
    """For each of n filters 0 where it is among the first 20 of `order`, else 1: q-values are over each × targets.

    `order` comes from what the filters do on labelled sequences (`filters.by_usefulness`) and knows nothing of motifs.
    So the false discovery rate holds in both groups (stratified control, Sun et al. 2006), and the filters that matter
    do not pay for hundreds that do not.
    """
    found = np.ones(n, int)
    found[np.asarray(order, int)[:FIRST]] = 0
    return found


def named(
    motifs: Sequence[Motif],
    given: str | Sequence[Motif] = "",
    group: str = "vertebrates",
    *,
    most: int = 5,
    alphabet: str = "DNA",
) -> list[list[Match]]:
    """The best matches of each motif; of RNA on the one strand alone."""
    return match_motifs(motifs, targets(given, group), most=most, both_strands=alphabet == "DNA")


def motif_called(
    text: str,
    alphabet: str = "DNA",
    *,
    filters: Callable[[], dict[str, Motif]],
    patterns: Callable[[], dict[str, Motif]],
) -> Motif:
    """The motif that is meant by IUPAC letters, 'filter 3', 'pattern 1' (from 1) or the id of a JASPAR matrix.

    filters, patterns: give the model's own by these names when they are asked for. Raises InputError where there is no
    such motif.
    """
    text = text.strip()
    found = re.fullmatch(r"(filter|pattern)[\s_]*(\d+)", text, re.IGNORECASE)
    if found:
        kind, number = found[1].lower(), int(found[2])
        offered = filters() if kind == "filter" else patterns()
        if f"{kind} {number}" not in offered:
            why = "was found yet: look for motifs first" if kind == "pattern" else "of this model ever fires"
            raise InputError(f"there is no {kind} {number} to take a motif from" if offered else f"no {kind} {why}")
        return offered[f"{kind} {number}"]
    if re.fullmatch(r"[A-Z]{2}\d+\.\d+", text.upper()):
        if alphabet != "DNA":
            raise InputError(f"{text} is a motif of DNA and this model reads RNA: type a word, such as UUAAU")
        for group in GROUPS:
            for motif in jaspar(group):
                if motif.matrix_id == text.upper():
                    return trim(motif)
        raise InputError(f"JASPAR CORE has no matrix {text}: give the id of another, or a word such as TGASTCA")
    return from_iupac(text)._replace(nsites=_NSITES)


def filters_called(filters: Iterable[FilterMotif | StoredFilter]) -> dict[str, Motif]:
    """Motifs of the filters that fire on something, by name, without their uncertain ends."""
    return {f.motif.name: trim(f.motif) for f in filters if f.n_sites and f.information_bits > _LEAST_BITS}
