"""Filters by the family of motifs that they read: many filters of a network say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import DataError
from dnaconv_core.interpret.match import Match
from dnaconv_core.sequence.jaspar import families_of_factors
from dnaconv_core.sequence.motif import Motif, from_iupac

# Dimers of these share proteins but read two sites, one base apart in spacing (Rodriguez-Martinez et al. 2017)
_ZIPPERS = ("fos-related", "jun-related", "b-atf-related", "creb-related")
_NO_FAMILY = ("more than", "factors with", "other", "multiple", "unclassified")  # JASPAR's words for the rest
_SITES = {"AP-1": "TGASTCA", "CREB": "TGACGTCA"}


class Family(NamedTuple):
    """Filters whose best match is of one family of motifs, or a filter without a match alone."""

    name: str  # such as 'AP-1'; '' without a match
    filters: tuple[int, ...]  # from 0, in the order that was given
    best: Match | None  # the most certain match among them

    @property
    def words(self) -> str:
        """'AP-1: FOSL1::JUND', or '' without a match."""
        if self.best is None:
            return ""
        return self.best.name if self.best.name == self.name else f"{self.name}: {self.best.name}"

    def as_json(self) -> dict[str, Any]:
        best = self.best.as_json() if self.best else None
        return {"family": self.name or None, "filters": list(self.filters), "best": best}


def family_of(motif: Motif) -> str:
    """The family of a target: JASPAR's for the factor, but AP-1 or CREB for dimers that read either by the site.

    A motif that is not JASPAR's, or of a factor of no close family, is one of its own name.
    """
    given = _of_jaspar().get(motif.matrix_id, ())
    if not given or given[0].lower().startswith(_NO_FAMILY):
        return motif.name or motif.matrix_id
    if any(name.lower().startswith(_ZIPPERS) for name in given):
        alike = {name: _likeness(motif, word) for name, word in _SITES.items()}
        return max(alike, key=lambda name: alike[name])
    return given[0].removesuffix(" factors")


def by_family(matches: Sequence[Sequence[Match]], order: Sequence[int] | np.ndarray) -> list[Family]:
    """The filters of `order` (those that matter first) by the family of their best significant match.

    Families stand where their first filter does, those with a name before filters that nothing is known of.
    """
    found: dict[str, list[int]] = {}
    for i in map(int, order):
        sure = matches[i] and matches[i][0].significant
        found.setdefault(family_of(matches[i][0].target) if sure else f"\0{i}", []).append(i)
    groups = []
    for name, members in found.items():
        known = not name.startswith("\0")
        best = min((matches[i][0] for i in members), key=lambda match: match.q_value) if known else None
        groups.append(Family(name if known else "", tuple(members), best))
    return sorted(groups, key=lambda group: group.best is None)


def _of_jaspar() -> dict[str, tuple[str, ...]]:
    try:
        return families_of_factors()
    except DataError:  # JASPAR is not installed: a user's own motifs do without
        return {}


def _likeness(motif: Motif, word: str) -> float:
    """How probable the letters of a site are on average, where they fit best on either strand."""
    site = from_iupac(word).ppm > 0  # (4, w)
    pad = np.full((4, site.shape[1]), 0.25)
    chances = np.concatenate([pad, motif.ppm, pad], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(chances, site.shape[1], axis=1)  # (4, places, w)
    return float(max((windows * one[:, None]).sum(axis=0).mean(axis=1).max() for one in (site, site[::-1, ::-1])))
