"""How examples are dealt into parts: whole chromosomes, or whole groups with labels alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnaconv_core.data.examples import Examples
from dnaconv_core.data.loci import contig_numbers, loci_of
from dnaconv_core.sequence.interval import contig_key
from dnaconv_core.text import whole_number

SHARES = (0.08, 0.16)  # of all examples on the chromosomes of valid, and of test
_CLASSES = 20  # values of a label up to which each should be in every part
_SEX = ("X", "Y", "M", "W", "Z")  # peculiar in their sequence: left to train


def choose_chromosomes(
    examples: Examples, valid: Sequence[str] = (), test: Sequence[str] = (), *, seed: int = 0
) -> tuple[list[str], list[str]] | None:
    """Names of chromosomes for valid and test, with about an eighth of the examples each and labels like those of all;
    those already named stay. None where no choice does.
    """
    chrom = loci_of(examples).chrom
    number = contig_numbers(chrom)[0]
    sizes = np.bincount(number)
    first = np.unique(number, return_index=True)[1]
    names = [str(chrom[place]) for place in first]
    label = np.nan_to_num(examples.y[:, 0]) if examples.y.shape[1] else np.zeros(examples.n)
    means = np.bincount(number, label) / sizes
    spread = float(label.std()) or 1.0
    named = 1 < len(np.unique(label)) <= _CLASSES
    taken = {contig_key(str(name)) for name in [*valid, *test]}
    free = [place for place, name in enumerate(names) if contig_key(name) not in taken]
    plain = [place for place in free if contig_key(names[place]) not in _SEX]
    free = plain if len(plain) >= 4 else free
    rng, best, found = np.random.default_rng(seed), np.inf, None
    for _ in range(400 if len(names) <= 100 else 20):
        order = rng.permutation(free).tolist()
        picks, badness = [], 0.0
        for given in (test, valid):
            pick = [] if given else _pick(order, sizes / examples.n)
            if not given and not pick:
                badness = np.inf
                break
            if pick and named and len(np.unique(label[np.isin(number, pick)])) < len(np.unique(label)):
                badness = np.inf  # a class would be missing there
                break
            if pick:
                weight = sizes[pick] / sizes[pick].sum()
                badness += abs(sizes[pick].sum() / examples.n - np.mean(SHARES)) / np.mean(SHARES)
                badness += abs(float(means[pick] @ weight) - float(label.mean())) / spread
            picks.append(list(given) or sorted((names[place] for place in pick), key=_natural))
            order = [place for place in order if place not in set(pick)]
        if badness < best:
            best, found = badness, (picks[1], picks[0])
    return found


def _pick(order: list[int], share: np.ndarray) -> list[int]:
    """The first chromosomes, passing over those too large, that together have a fair share; [] where none have."""
    pick, total = [], 0.0
    for place in order:
        if total + share[place] <= SHARES[1]:
            pick.append(place)
            total += share[place]
        if total >= np.mean(SHARES):
            break
    return pick if total >= SHARES[0] else []


def _natural(name: str) -> tuple[bool, int, str]:
    bare = contig_key(name)
    number = whole_number(bare)
    return (number is None, number or 0, bare)


def strata(examples: Examples) -> np.ndarray:
    """(N,) numbers of the strata to draw from alike: classes, combinations of labels, or fifths of a measured one."""
    y = examples.y
    if not y.shape[1]:
        return np.zeros(examples.n, int)
    filled = np.nan_to_num(y, nan=-1.0)
    kinds, found = np.unique(filled, axis=0, return_inverse=True)
    if len(kinds) <= 20:
        return found.ravel()
    first = y[:, 0]
    known = np.isfinite(first)
    cuts = np.quantile(first[known], [0.2, 0.4, 0.6, 0.8]) if known.any() else []
    return np.where(known, np.searchsorted(cuts, first, "right"), 5)


def deal(group: np.ndarray, stratum: np.ndarray, fraction: float, seed: int, *, same: bool = False) -> np.ndarray:
    """(N,) parts: whole groups, drawn so that valid and test have `fraction` of each stratum; the largest go to train.

    A group counts for the stratum that most of its members have; with `same`, all are drawn from one stratum.
    """
    group = np.unique(group, return_inverse=True)[1]
    sizes = np.bincount(group)
    n_strata = 1 if same else int(stratum.max()) + 1
    held = np.bincount(group * n_strata + (0 if same else stratum), minlength=len(sizes) * n_strata)
    home = held.reshape(len(sizes), n_strata).argmax(axis=1)
    part, rng = np.full(len(sizes), "train"), np.random.default_rng(seed)
    for number in range(n_strata):
        members = rng.permutation(np.flatnonzero(home == number))
        want = fraction * sizes[members].sum()
        small = members[sizes[members] <= max(want, 1)]
        middle = np.cumsum(sizes[small]) - sizes[small] / 2
        part[small[middle < 2 * want]] = "valid"
        part[small[middle < want]] = "test"
        if len(members) >= 3 and len(small) >= 2:  # each part has some of every stratum
            if not (part[members] == "test").any():
                part[small[0]] = "test"
            if not (part[members] == "valid").any():
                part[small[1]] = "valid"
    return part[group]
