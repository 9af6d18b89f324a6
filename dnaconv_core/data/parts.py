"""Three parts of examples: to learn from, to choose on, and to judge on in the end.

Copies, reverse complements (of DNA) and overlapping loci never stand in two parts, however these are made, unless a
column of the file says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.data.distinct import distinct
from dnaconv_core.data.drawing import choose_chromosomes, deal, strata
from dnaconv_core.data.examples import PARTS, Examples, Loci
from dnaconv_core.data.loci import clusters, contig_numbers, loci_of, overlapping
from dnaconv_core.data.similar import copies, find_similar, joined_groups
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.sequence.interval import contig_key

FRACTION = 0.1  # of all examples, in each of valid and test
BLOCK = 1_000_000
_MOVED = 0.05  # of all examples: as many may go to train because a copy is there
_KEYS: dict[str, dict[str, type]] = {  # of a spec, by kind: what a value may be
    "column": {"fraction": float, "seed": int},
    "chromosome": {"valid": list, "test": list, "seed": int},
    "blocks": {"block": int, "fraction": float, "seed": int},
    "groups": {"fraction": float, "seed": int},
    "random": {"fraction": float, "seed": int},
}


class Assigned(NamedTuple):
    """part (N,) text: 'train', 'valid' or 'test', '' for examples that were taken out; the sentence says how."""

    part: np.ndarray
    sentence: str


class Safest(NamedTuple):
    """The spec of parts that the examples allow, and why."""

    spec: dict[str, Any]
    why: str


def check_parts(spec: dict[str, Any]) -> None:
    """InputError for a kind or key that there is not, and for values that cannot be."""
    kind = spec.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise InputError(f"kind of parts is {str(kind)[:60]!r}: choose {', '.join(map(repr, _KEYS))}")
    for key, value in spec.items():
        if key == "kind":
            continue
        wanted = _KEYS[kind].get(key)
        if wanted is None:
            raise InputError(f"parts by {kind} have no {key[:60]!r}: they take {', '.join(_KEYS[kind])}")
        if isinstance(value, bool) or not isinstance(value, (tuple, list) if wanted is list else (int, wanted)):
            raise InputError(f"{key} of the parts is {str(value)[:60]!r}: it must be a {wanted.__name__}")
    if not 0 < spec.get("fraction", FRACTION) <= 0.4:
        raise InputError(f"fraction is {spec['fraction']}: valid and test each take more than 0 and at most 0.4")
    if spec.get("seed", 0) < 0 or spec.get("block", 1) < 1:
        raise InputError("seed and block of the parts must not be negative, and a block has at least 1 base")


def assign_parts(examples: Examples, spec: dict[str, Any]) -> Assigned:
    """The part of each example, as `spec` says:

    `{"kind": "column"}` what the file says; a part that is missing there is drawn from train ·
    `{"kind": "chromosome", "valid": ["chr8"], "test": ["chr9"]}` by names, or chosen where none are given ·
    `{"kind": "blocks", "block": 1000000}` stretches of the genome · `{"kind": "groups"}` similar sequences together ·
    `{"kind": "random"}` at random. `seed` and `fraction` (of all, in valid and in test) may be added.

    Raises InputError as `check_parts` does, DataError when the examples do not allow it.
    """
    check_parts(spec)
    if examples.n < 3:
        raise DataError(f"there are {examples.n} examples: three parts need at least 3")
    options = {key: value for key, value in spec.items() if key != "kind"}
    assigned = _WAYS[spec["kind"]](examples, **options)
    for name in PARTS:
        if not (assigned.part == name).any():
            raise DataError(f"the {name} part would be empty: split in another way, or add examples")
    return assigned


def safest(examples: Examples) -> Safest:
    """The spec of the parts that say most about new data, of those that the examples allow, and a sentence why."""
    if examples.part is not None and (examples.part != "").any():
        return Safest({"kind": "column"}, "The file says which part each example belongs to.")
    if _has_loci(examples):
        loci = loci_of(examples)
        n = len(distinct(contig_numbers(loci.chrom)[0]))
        chosen = choose_chromosomes(examples) if n >= 5 else None
        if chosen is not None:
            spec = {"kind": "chromosome", "valid": chosen[0], "test": chosen[1]}
            return Safest(spec, f"The loci lie on {n} chromosomes: whole ones are held out, neighbours stay together.")
        if len(distinct(_blocks(loci, _block_size(loci, None)))) >= 10:
            return Safest({"kind": "blocks"}, f"The loci lie on {n} chromosome{'s' * (n > 1)}: blocks are held out.")
    similar = find_similar(examples)
    alike = 1 - len(distinct(similar.group)) / max(len(distinct(copies(examples))), 1)
    if alike >= 0.01 and not similar.giant:
        return Safest({"kind": "groups"}, "Many sequences are similar.")
    return Safest({"kind": "random"}, "No part is given, no loci are known and few sequences are similar.")


# --- the kinds


def _column(examples: Examples, *, fraction: float = FRACTION, seed: int = 0) -> Assigned:
    if examples.part is None or not (examples.part == "train").any():
        raise DataError("the file has no column that says which examples are for training: split in another way")
    part = examples.part.astype("U5")
    foreign = sorted(set(part.tolist()) - {*PARTS, ""})
    if foreign:
        raise DataError(f"the part of an example is {foreign[0][:60]!r}: it should be train, valid or test")
    said = ["The parts are those of the file"]
    blank = int((part == "").sum())
    part[part == ""] = "train"
    if blank:
        said.append(f"{blank:,} without one went to train")
    missing = [name for name in ("valid", "test") if not (part == name).any()]
    if missing:
        rows = np.flatnonzero(part == "train")
        some = examples.subset(rows)
        drawn = deal(copies(some), strata(some), fraction, seed)
        for name in missing:
            part[rows[drawn == name]] = name
        said.append(f"{' and '.join(missing)} {'were' if len(missing) > 1 else 'was'} missing and drawn from train")
    return Assigned(part, _said(part, "; ".join(said)))


def _chromosome(examples: Examples, *, valid: Sequence[str] = (), test: Sequence[str] = (), seed: int = 0) -> Assigned:
    loci = _needed(examples, "chromosomes")
    if not valid or not test:
        chosen = choose_chromosomes(examples, valid, test, seed=seed)
        if chosen is None:
            raise DataError("no choice of chromosomes gives valid and test a fair share each: split by blocks")
        valid, test = chosen
    here = {contig_key(name) for name in np.unique(loci.chrom).tolist()}
    for name in [*valid, *test]:
        if contig_key(str(name)) not in here:
            some = ", ".join(sorted(set(loci.chrom.tolist()))[:12])
            raise InputError(f"no example lies on {str(name)[:60]!r}: their chromosomes are {some}")
    key = {name: contig_key(name) for name in np.unique(loci.chrom).tolist()}
    both = {contig_key(str(name)) for name in valid} & {contig_key(str(name)) for name in test}
    if both:
        raise InputError(f"chromosome {min(both)} is named for valid and for test: leave it in one of them")
    part = np.full(examples.n, "train")
    for label, names in (("valid", valid), ("test", test)):
        keys = {contig_key(str(name)) for name in names}
        part[np.isin(loci.chrom, [name for name, bare in key.items() if bare in keys])] = label
    part, note = _settled(examples, part)
    where = (
        f"Whole chromosomes are held out: {', '.join(map(str, valid))} for valid, {', '.join(map(str, test))} for test"
    )
    return Assigned(part, _said(part, where + note))


def _in_blocks(examples: Examples, *, block: int | None = None, fraction: float = FRACTION, seed: int = 0) -> Assigned:
    loci = _needed(examples, "blocks")
    size = _block_size(loci, block)
    part = deal(_blocks(loci, size), strata(examples), fraction, seed, same=True)
    part, note = _settled(examples, part)
    return Assigned(part, _said(part, f"Blocks of {size:,} bases of the genome are held out" + note))


def _in_groups(examples: Examples, *, fraction: float = FRACTION, seed: int = 0) -> Assigned:
    links = _links(examples)
    similar = find_similar(examples, links=links)
    group, how = similar.group, f"Similar sequences stay together: {similar.sentence}"
    if similar.giant:
        group = joined_groups(examples.n, [copies(examples), *links])
        how = "Nearly all sequences share a stretch with others, so that only copies and overlaps stay together"
    return Assigned(*_dealt(examples, group, how, fraction, seed))


def _at_random(examples: Examples, *, fraction: float = FRACTION, seed: int = 0) -> Assigned:
    group = joined_groups(examples.n, [copies(examples), *_links(examples)])
    how = "The parts are drawn at random, with copies and overlaps together"
    return Assigned(*_dealt(examples, group, how, fraction, seed))


_WAYS: dict[str, Callable[..., Assigned]] = {
    "column": _column,
    "chromosome": _chromosome,
    "blocks": _in_blocks,
    "groups": _in_groups,
    "random": _at_random,
}


def _dealt(examples: Examples, group: np.ndarray, how: str, fraction: float, seed: int) -> tuple[np.ndarray, str]:
    largest = np.bincount(group).max() / examples.n
    if largest > 1 - 2 * fraction:
        raise DataError(
            f"{largest:.0%} of the examples are copies of each other or overlap, one with the next: split by blocks "
            f"where loci are known"
        )
    part = deal(group, strata(examples), fraction, seed)
    return part, _said(part, how)


def _said(part: np.ndarray, how: str) -> str:
    counts = [f"{int((part == name).sum()):,} {name}" for name in PARTS]
    return f"{how}. {', '.join(counts)}."


# --- what stays together


def _has_loci(examples: Examples) -> bool:
    return examples.loci is not None and examples.n > 0 and bool((examples.loci.chrom != "").all())


def _needed(examples: Examples, what: str) -> Loci:
    if not _has_loci(examples):
        raise DataError(f"parts by {what} need the locus of every example, such as chr1:100-300: split in another way")
    return loci_of(examples)


def _links(examples: Examples) -> list[np.ndarray]:
    """Numbers of clusters of overlapping loci; an example without a locus is a cluster of its own."""
    if examples.loci is None:
        return []
    known = examples.loci.chrom != ""
    found = np.arange(examples.n) + examples.n
    found[known] = clusters(examples.loci.subset(known))
    return [found]


def _settled(examples: Examples, part: np.ndarray) -> tuple[np.ndarray, str]:
    """Parts without copies or overlaps between them: few go to train with their copy, otherwise they are taken out."""
    part, same, loci = part.astype("U5"), copies(examples), loci_of(examples)
    group = joined_groups(examples.n, [same, *_links(examples)])
    moved = _divided(group, part)
    if 0 < moved.sum() <= _MOVED * examples.n:
        n = int((moved & (part != "train")).sum())
        part[moved] = "train"
        return part, f"; {n:,} went to train because a copy or an overlap of them is there"
    before = int((part == "").sum())
    for low, high in (("test", "train"), ("test", "valid"), ("valid", "train")):
        part[(part == low) & np.isin(same, same[part == high])] = ""
        rows = np.flatnonzero(part == low)
        part[rows[overlapping(loci.subset(rows), loci.subset(part == high))]] = ""
    n = int((part == "").sum()) - before
    return part, f"; {n:,} were taken out because a copy or an overlap of them is in another part" * bool(n)


def _divided(group: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(N,) True for members of groups that stand in more than one part."""
    number = np.searchsorted(np.sort(PARTS), part)
    inside = np.zeros((group.max() + 1, len(PARTS)), bool)
    inside[group, number] = True
    return (inside.sum(axis=1) > 1)[group]


def _block_size(loci: Loci, block: int | None) -> int:
    """Bases of a block: as asked, else a million, or less where the loci span too little; at least ten windows."""
    if block is not None:
        return block
    number = contig_numbers(loci.chrom)[0]
    low, high = np.full(number.max() + 1, np.iinfo(np.int64).max), np.zeros(number.max() + 1, np.int64)
    np.minimum.at(low, number, loci.start)
    np.maximum.at(high, number, loci.end)
    longest = int((loci.end - loci.start).max())
    return min(BLOCK, max(int((high - low).sum()) // 40, 10 * longest, 1))


def _blocks(loci: Loci, size: int) -> np.ndarray:
    """(N,) numbers of blocks; overlapping loci share one, unless together they span more than a block."""
    number = contig_numbers(loci.chrom)[0]
    cluster = clusters(loci)
    low = np.full(cluster.max() + 1, np.iinfo(np.int64).max)
    high = np.zeros(cluster.max() + 1, np.int64)
    np.minimum.at(low, cluster, loci.start)
    np.maximum.at(high, cluster, loci.end)
    start = np.where((high - low)[cluster] <= size, low[cluster], loci.start)
    place = number.astype(np.int64) * (int(loci.end.max()) // size + 2) + start // size
    return np.unique(place, return_inverse=True)[1]
