"""Negatives where there are only positives: windows of the genome like them, shuffles of them, or their flanks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.data.examples import UNKNOWN, Examples, Loci, count_bases, joined
from dnaconv_core.data.genome import Genome, stretches
from dnaconv_core.data.intervals import locus_ids
from dnaconv_core.data.loci import clusters, loci_of, overlapping
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.progress import SILENT, Progress

_BIN = 0.02  # of GC content: as near as a matched window must come
_ROUNDS, _LAST = 60, 30  # of drawing; windows among which a positive that none fitted takes the nearest
_AT_ONCE = 100_000  # windows drawn together
_STEPS = 8  # windows to each side that are tried as flanks
_SHUFFLED = 10_000  # sequences shuffled together


class Negatives(NamedTuple):
    """The negatives (y 0), a sentence on how they were made and their weakness, and how far their GC content is from
    the positives' (Kolmogorov-Smirnov distance, 0 to 1)."""

    examples: Examples
    sentence: str
    gc_distance: float


def gc_matched(
    positives: Examples,
    genome: Genome,
    ratio: float = 1.0,
    seed: int = 0,
    avoid: Loci | None = None,
    *,
    progress: Progress = SILENT,
) -> Negatives:
    """`ratio` times as many windows of the genome, with the lengths and the GC content of the positives.

    They lie on the positives' contigs and overlap no positive, none of `avoid` and not each other; none has an unknown
    base. A positive whose GC content is rare takes the nearest of some dozens. Raises DataError when the positives have
    no loci or nothing is found.
    """
    _check(positives, ratio, loci=True)
    rng = np.random.default_rng(seed)
    target = _sources(positives.n, ratio, rng)
    pool = _Pool(positives, genome, avoid, rng)
    length, gc = positives.lengths[target], gc_content(positives)[target]
    key = length * 64 + (gc / _BIN).astype(np.int64)
    order = np.argsort(key, kind="stable")
    target, length, gc, key = target[order], length[order], gc[order], key[order]
    open_, filled = np.ones(len(target), bool), 0
    for _ in range(_ROUNDS):
        rows = np.flatnonzero(open_)
        if not len(rows):
            break
        if progress.should_stop():
            raise DataError("drawing negatives was stopped: nothing was kept")
        drawn, _ = pool.draw(rng.choice(length[rows], min(max(4 * len(rows), 2000), _AT_ONCE)))
        found = (drawn.lengths * 64 + (gc_content(drawn) / _BIN).astype(np.int64)) if drawn.n else np.zeros(0, int)
        taken, row = _allotted(found, key, open_)
        pool.take(drawn.subset(taken), target[row])
        open_[row] = False
        filled += len(row)
        progress.report(filled / len(target), f"Drawing windows like the positives: {filled:,} of {len(target):,}")
    far = _nearest(pool, np.flatnonzero(open_), target, length, gc)
    return _matched(positives, pool, len(target), far, avoid is not None)


def shuffled(positives: Examples, ratio: float = 1.0, seed: int = 0) -> Negatives:
    """`ratio` times as many shuffles with each positive's own dinucleotide counts; each keeps its positive's locus, so
    that both stand in the same part. Sequences of which no other order exists are left out."""
    from dnaconv_core.sequence.encoding import from_codes, to_codes
    from dnaconv_core.sequence.shuffle import dinucleotide_shuffle

    _check(positives, ratio, loci=False)
    source = np.sort(_sources(positives.n, ratio, np.random.default_rng(seed)))
    made = positives.subset(source)
    turn = np.arange(len(source)) - np.searchsorted(source, source)  # which shuffle of its positive
    for length in np.unique(made.lengths[made.lengths > 0]).tolist():
        rows = np.flatnonzero(made.lengths == length)
        read = np.lib.stride_tricks.sliding_window_view(made.codes, length, writeable=True)
        for low in range(0, len(rows), _SHUFFLED):
            some = rows[low : low + _SHUFFLED]
            for number in np.unique(turn[some]).tolist():
                mine = some[turn[some] == number]
                X = from_codes(read[made.offsets[mine]])
                read[made.offsets[mine]] = to_codes(dinucleotide_shuffle(X, 1, seed=seed * 1009 + number)[:, 0])
    same = _unchanged(made, positives.subset(source))
    ids = [f"{name}_shuffle_{number + 1}" for name, number in zip(made.ids.tolist(), turn.tolist(), strict=True)]
    made = _as_negatives(made._replace(ids=np.array(ids, dtype=str))).subset(~same)
    left = f" {int(same.sum()):,} that no shuffle changes were left out." * bool(same.any())
    sentence = (
        f"{made.n:,} negatives are shuffles of the positives with the same dinucleotide counts.{left} "
        f"They are easy to tell apart: what is learnt may be that a sequence was shuffled, not what makes it positive."
    )
    return Negatives(made, sentence, gc_distance(positives, made))


def flanks(
    positives: Examples,
    genome: Genome,
    ratio: float = 1.0,
    seed: int = 0,
    avoid: Loci | None = None,
    *,
    distance: int | None = None,
) -> Negatives:
    """`ratio` times as many windows beside the positives: each as long as its positive, `distance` bases away (by
    default the longest positive's length) or the next ones, on a side drawn at random, then on the other. They overlap
    no positive, none of `avoid` and not each other, and have no unknown base."""
    _check(positives, ratio, loci=True)
    rng = np.random.default_rng(seed)
    source, loci = _sources(positives.n, ratio, rng), loci_of(positives)
    gap = int(positives.lengths.max()) if distance is None else distance
    if gap < 0:
        raise InputError(f"distance is {gap}: flanks lie at 0 or more bases from their positive")
    pool = _Pool(positives, genome, avoid, rng)
    right = rng.random(len(source)) < 0.5
    open_ = np.ones(len(source), bool)
    for step in range(2 * _STEPS):
        rows = np.flatnonzero(open_)
        if not len(rows):
            break
        of = source[rows]
        length, side = positives.lengths[of], right[rows] ^ bool(step % 2)
        away = gap + (step // 2) * length
        start = np.where(side, loci.end[of] + away, loci.start[of] - away - length)
        found, kept = pool.usable(loci.subset(of)._replace(start=start, end=start + length))
        pool.take(found, of[kept])
        open_[rows[kept]] = False
    made = pool.examples()
    missing = int(open_.sum())
    short = f" {missing:,} fewer than asked for: there was no free place beside their positives." * bool(missing)
    sentence = (
        f"{made.n:,} negatives are windows beside the positives, {gap:,} bases away or more.{short} "
        f"They share the positives' surroundings and may be active in part: differences can look smaller than they are."
    )
    return Negatives(made, sentence, gc_distance(positives, made))


def gc_content(examples: Examples) -> np.ndarray:
    """(N,) share of G and C among the known bases; 0 where none is known."""
    strong = count_bases(examples.codes, examples.offsets, (1, 2))
    known = examples.lengths - count_bases(examples.codes, examples.offsets, (UNKNOWN,))
    return strong / np.maximum(known, 1)


def gc_distance(some: Examples, others: Examples) -> float:
    """Kolmogorov-Smirnov distance of two sets' GC contents, 0 (alike) to 1."""
    one, two = np.sort(gc_content(some)), np.sort(gc_content(others))
    both = np.concatenate([one, two])
    shares = [np.searchsorted(values, both, "right") / max(len(values), 1) for values in (one, two)]
    return float(np.abs(shares[0] - shares[1]).max(initial=0))


class _Pool:
    """Windows taken so far, and what they must not overlap."""

    def __init__(self, positives: Examples, genome: Genome, avoid: Loci | None, rng: np.random.Generator) -> None:
        self.positives, self.genome, self.rng = positives, genome, rng
        self.loci = loci_of(positives)
        self.avoid = [self.loci] if avoid is None else [self.loci, avoid]
        self.names = np.unique(self.loci.chrom)
        self.lengths = np.array([genome[str(name)].length for name in self.names])
        self.taken: list[Examples] = []
        self.of: list[np.ndarray] = []

    def draw(self, lengths: np.ndarray) -> tuple[Examples, np.ndarray]:
        """Usable windows of these lengths, anywhere on the positives' contigs, and which of the lengths each has."""
        contig = self.rng.choice(len(self.names), len(lengths), p=self.lengths / self.lengths.sum())
        room = self.lengths[contig] - lengths
        start = (self.rng.random(len(lengths)) * np.maximum(room + 1, 1)).astype(np.int64)
        strand = self.rng.choice(self.loci.strand, len(lengths))
        return self.usable(Loci(self.names[contig], start, start + lengths, strand))

    def usable(self, loci: Loci) -> tuple[Examples, np.ndarray]:
        """Those that lie on a contig, overlap nothing, and have no unknown base; and their numbers."""
        contig = np.searchsorted(self.names, loci.chrom)
        rows = np.flatnonzero((loci.start >= 0) & (loci.end <= self.lengths[contig]))
        for others in self.avoid:
            rows = rows[~overlapping(loci.subset(rows), others)]
        rows = rows[np.unique(clusters(loci.subset(rows)), return_index=True)[1]]  # one of those that overlap
        some = loci.subset(rows)
        codes, offsets = stretches(self.genome, some, self.positives.alphabet)
        good = count_bases(codes, offsets, (UNKNOWN,)) == 0
        blank = np.zeros((len(rows), self.positives.y.shape[1]), np.float32)
        unnamed = np.zeros(len(rows), "U1")  # until all are there: a million names take a fifth of the memory
        made = Examples(codes, offsets, unnamed, blank, blank + 1, self.positives.alphabet, loci=some)
        return made.subset(good), rows[good]

    def take(self, examples: Examples, of: np.ndarray) -> None:
        if examples.n:
            self.taken.append(examples)
            self.of.append(of)
            self.avoid[0] = Loci(*map(np.concatenate, zip(self.avoid[0], loci_of(examples), strict=True)))

    def examples(self) -> Examples:
        """What was taken, in the order of the positives that each is for."""
        if not self.taken:
            raise DataError("no window of the genome is free of positives and unknown bases: choose other negatives")
        of = np.concatenate(self.of)
        order = np.argsort(of, kind="stable")
        made = joined(self.taken)
        self.taken = []  # or memory would hold every window three times
        made = made.subset(order)
        part = None if self.positives.part is None else self.positives.part[of[order]]
        return _as_negatives(made._replace(ids=locus_ids(loci_of(made)), tasks=self.positives.tasks, part=part))


def _check(positives: Examples, ratio: float, *, loci: bool) -> None:
    if not 0 < ratio <= 100:
        raise InputError(f"ratio is {ratio}: ask for more than 0 and at most 100 negatives for each positive")
    if not positives.n or not positives.lengths.min():
        raise DataError("there are no positives, or one without a base: negatives are made from them")
    if loci and (positives.loci is None or (positives.loci.chrom == "").any()):
        raise DataError("negatives from the genome need the locus of every positive: use shuffles instead")


def _sources(n: int, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """Which positive each negative is for: all equally often, the rest drawn at random."""
    wanted = max(round(ratio * n), 1)
    return np.concatenate([np.tile(np.arange(n), wanted // n), rng.permutation(n)[: wanted % n]])


def _allotted(found: np.ndarray, key: np.ndarray, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the found windows are taken, and for which open target (both by number): one each, of an equal key."""
    order = np.argsort(found, kind="stable")
    value, first = np.unique(found[order], return_index=True)
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found)) - first[np.searchsorted(value, found[order])] if len(found) else 0
    rows = np.flatnonzero(open_)  # in the order of their keys
    place = np.searchsorted(key[rows], found) + rank
    fits = place < len(rows)
    fits[fits] = key[rows[place[fits]]] == found[fits]
    return np.flatnonzero(fits), rows[place[fits]]


def _nearest(pool: _Pool, rows: np.ndarray, target: np.ndarray, length: np.ndarray, gc: np.ndarray) -> int:
    """For each target that is still open, the nearest of some windows of its length; how many were found."""
    n = 0
    for low in range(0, len(rows), _AT_ONCE // _LAST):
        many = np.repeat(rows[low : low + _AT_ONCE // _LAST], _LAST)
        drawn, kept = pool.draw(length[many])
        row = many[kept]
        order = np.lexsort((np.abs(gc_content(drawn) - gc[row]), row))
        best = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
        pool.take(drawn.subset(best), target[row[best]])
        n += len(best)
    return n


def _matched(positives: Examples, pool: _Pool, wanted: int, far: int, avoided: bool) -> Negatives:
    made = pool.examples()
    apart = gc_distance(positives, made)
    short = f" {wanted - made.n:,} fewer than asked for: the genome has no more free places." * (made.n < wanted)
    rare = f" For {far:,} only a window of other GC content was found." * bool(far)
    sentence = (
        f"{made.n:,} negatives are windows of the genome with the lengths and the GC content of the positives "
        f"(KS distance {apart:.3f}), away from them{' and from the blacklist' * avoided}.{short}{rare} Some may be "
        f"positives that nobody measured, and they differ from positives in more than one motif."
    )
    return Negatives(made, sentence, apart)


def _as_negatives(examples: Examples) -> Examples:
    return examples._replace(
        y=np.zeros_like(examples.y), w=np.ones_like(examples.w), covariates=None, covariate_names=(), skipped=()
    )


def _unchanged(made: Examples, source: Examples) -> np.ndarray:
    """(N,) True where a shuffle is its source."""
    return count_bases((made.codes != source.codes).view(np.uint8), made.offsets, (1,)) == 0
