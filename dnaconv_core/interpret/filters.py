"""What each filter looks for: the windows that activate it, aligned and counted (as in DeepBind and Basset).

A filter is a kernel, not itself a motif: its motif is what the sequences look like where it fires. Deeper units are
read in the same way, by their receptive field, within which their sites are shifted to match (`align.aligned`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.data.code_rows import as_one_hot, codes_of
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.align import aligned
from dnaconv_core.interpret.filter_reading import Known, Peaks, readings, stretches
from dnaconv_core.interpret.reading import reader_of
from dnaconv_core.predict import check_input
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.sequence.motif import Motif, consensus, information_content, to_ppm

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

FEW_SITES = 20  # a motif of fewer says so
_AT_ONCE = 2**20  # activations held per batch: about what a CPU's caches hold
_COMPLEMENT = np.array([3, 2, 1, 0, 4], np.int8)  # of A C G T and an unknown base
_MOST_SITES = 20_000  # windows kept per filter, the strongest
_MOST_HELD = 4_000_000  # windows held, each some 40 bytes, before all sequences are read
_READ = 5000  # sequences turned into codes at once
_MOST_CODED = 2**27  # values of one-hot sequences whose codes, a quarter of them, are held


class Sites(NamedTuple):
    """S windows, strongest first."""

    sequence: np.ndarray  # (S,) row of X
    start: np.ndarray  # (S,) leftmost base on the + strand, from 0
    minus: np.ndarray  # (S,) bool: read on the − strand
    activation: np.ndarray  # (S,) float32

    def __len__(self) -> int:
        return len(self.sequence)


class FilterMotif(NamedTuple):
    """One filter: its windows above `fraction` of its maximum over the dataset, as counts `pfm (4, w)`."""

    index: int  # type: ignore[assignment]  # from 0; it hides tuple's own index
    pfm: np.ndarray  # of a deeper layer (4, w) or, where its sites were shifted to match, of a bit more than w / 2
    motif: Motif  # the counts as probabilities, one site's worth of background added
    n_sites: int  # all of them, also where `sites` holds only the strongest
    sites: Sites
    max_activation: float
    information_bits: float
    consensus: str
    note: str  # why the motif is not to be trusted, or ''


class FilterScan(NamedTuple):
    """All F filters of one layer over N sequences."""

    layer: int  # from 1
    fraction: float
    width: int  # bases of one window
    motifs: tuple[FilterMotif, ...]
    peak: np.ndarray  # (N, F) float32: each filter's strongest activation in each sequence; many are read from a file
    positions: np.ndarray  # (F, L): windows whose first base lies here


def filter_motifs(
    model: ConvNet,
    X: np.ndarray,
    *,
    layer: int = 1,
    fraction: float = 0.5,
    on: str = "",
    progress: Progress = SILENT,
) -> FilterScan:
    """The motif of every filter of `layer` (from 1) over one-hot sequences `(N, 4, L)`.

    A window counts where the activation exceeds `fraction` of the filter's maximum over X; windows that reach beyond
    the sequence (padding) do not. Where the model reads both strands, so do the windows, and the motif is in the
    filter's own direction. on: a Dask cluster that reads them, with the same result. Raises InputError for a layer or
    fraction out of range, and without sequences.
    """
    check_input(model.config.replace(covariates=(), covariate_mean=(), covariate_scale=()), X, None)
    if not 1 <= layer <= model.config.depth:
        raise InputError(f"layer is {layer}: this model has layers 1 to {model.config.depth}")
    if not 0 <= fraction < 1:
        raise InputError(f"fraction is {fraction}: a window counts above this share of the maximum, from 0 to below 1")
    if not len(X):
        raise InputError("there are no sequences to read the filters from: give at least one")
    reader = reader_of(model, X, layer)
    width, f = reader.width, reader.filters
    if width > X.shape[2]:
        raise InputError(
            f"a unit of layer {layer} sees {width} bases and the sequences have {X.shape[2]}: choose an earlier layer"
        )
    known, peaks, room = Known(np.zeros(f, np.float32), [True]), Peaks(len(X), f), _Room()
    share, highest = np.float32(fraction), known.highest
    windows = _Windows(f, X.shape[2], width, reader.first, reader.stride)
    step = max(1, _AT_ONCE // (f * X.shape[2]))
    how: dict[str, Any] = {"layer": layer, "share": share, "step": step, "on": on, "progress": progress}
    for done, part in readings(model, X, known=known, **how):
        peaks.add(part.peak)
        np.maximum(highest, part.peak.max(axis=0), out=highest)
        known.wanted[0] = room.take(part.windows)
        progress.report(done / len(X), f"{done:,} of {len(X):,} sequences read by each filter")
        if progress.should_stop():
            break
    held = room.parts
    if room.full:  # too many to hold: once more, now that each filter's limit is known
        known.wanted[0] = True
        for _, part in readings(model, X, known=known, **how):
            if part.windows is not None:
                held.append(part.windows)
            if sum(len(some[0]) for some in held) > _MOST_HELD // 4:
                windows.add(held, share * highest)
                held = []
            if progress.should_stop():
                break
    windows.add(held, share * highest)
    if isinstance(X, np.ndarray) and X.size <= _MOST_CODED:
        X = as_one_hot(codes_of(X, slice(None)))  # once, and not for every filter again
    motifs = tuple(_motif(i, windows.of(i), int(windows.n[i]), X, width, float(highest[i]), layer) for i in range(f))
    return FilterScan(layer, fraction, width, motifs, peaks.whole(), windows.positions)


def site_windows(X: np.ndarray, sites: Sites, width: int) -> np.ndarray:
    """One-hot `(S, 4, width)` of the windows in the filter's own direction."""
    return from_codes(_windows(X, sites, width))


def class_means(scan: FilterScan, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean strongest activation in negatives and positives (labels below and from the middle), each `(F,)`."""
    y = np.asarray(y, np.float64).reshape(len(scan.peak), -1)[:, 0]
    high = y >= (0.5 if np.isin(y, (0, 1)).all() else np.median(y))
    sums, n = np.zeros((2, scan.peak.shape[1])), np.bincount(high.astype(int), minlength=2)
    for rows, peak in stretches(scan.peak):
        sums += [peak[~high[rows]].sum(axis=0), peak[high[rows]].sum(axis=0)]
    low, top = (total / many if many else np.full(len(total), np.nan) for total, many in zip(sums, n, strict=True))
    return low, top


def by_usefulness(scan: FilterScan, y: np.ndarray) -> np.ndarray:
    """The filters' indices `(F,)`, first those whose strongest activation tells the classes of `y` apart most.

    By the distance of the classes' means in standard deviations over all sequences, either way round.
    """
    low, high = class_means(scan, y)
    mean = _mean(scan.peak)
    square = np.sum([((peak - mean) ** 2).sum(axis=0) for _, peak in stretches(scan.peak)], axis=0)
    apart = np.abs(high - low) / (np.sqrt(square / len(scan.peak)) + 1e-6)
    return np.argsort(-np.nan_to_num(apart), kind="stable")


def co_firing(scan: FilterScan) -> np.ndarray:
    """Correlation `(F, F)` of the filters' strongest activations over sequences; 0 for one that never varies."""
    mean = _mean(scan.peak)
    products = np.zeros((len(mean), len(mean)))
    for _, peak in stretches(scan.peak):
        products += (peak - mean).T @ (peak - mean)
    norm = np.sqrt(np.diag(products))
    norms = np.outer(norm, norm)
    return np.divide(products, norms, out=np.zeros_like(products), where=norms > 1e-18)


def _mean(peak: np.ndarray) -> np.ndarray:
    """`(F,)` of maxima `(N, F)`."""
    return np.sum([part.sum(axis=0) for _, part in stretches(peak)], axis=0) / len(peak)


def top_sequences(scan: FilterScan, index: int, most: int = 20) -> list[tuple[int, int, bool, float]]:
    """The sequences that a filter likes most, each once: (row, start, minus, activation), strongest first."""
    sites, seen, kept = scan.motifs[index].sites, set(), []
    for row, start, minus, value in zip(*sites, strict=True):
        if int(row) not in seen:
            seen.add(int(row))
            kept.append((int(row), int(start), bool(minus), float(value)))
        if len(kept) == most:
            break
    return kept


class _Room:
    """The windows found so far, while they are few enough to be held."""

    def __init__(self) -> None:
        self.parts: list[tuple[np.ndarray, ...]] = []
        self.held, self.full = 0, False

    def take(self, found: tuple[np.ndarray, ...] | None) -> bool:
        """Hold these too; False, and nothing is held any more, where there is no room."""
        if found is not None:
            self.held += len(found[0])
            self.parts.append(found)
        self.full |= self.held > _MOST_HELD
        if self.full:
            self.parts = []
        return not self.full


class _Windows:
    """Windows above the filters' limits: all are counted, of each filter the strongest are kept."""

    def __init__(self, filters: int, length: int, width: int, first: int, stride: int) -> None:
        self.length, self.width, self.first, self.stride = length, width, first, stride
        self.n = np.zeros(filters, np.int64)
        self.positions = np.zeros((filters, length), np.int64)
        self._of = np.zeros(0, np.int64)
        self._sites = Sites(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, np.float32))

    def add(self, parts: list[tuple[np.ndarray, ...]], limit: np.ndarray) -> None:
        """What `_above` found in some batches, perhaps when the limits `(F,)` were not known yet."""
        if not parts:
            return
        found = [np.concatenate(column) for column in zip(*parts, strict=True)]
        of, sequence, unit, minus, value = (column[found[4] > limit[found[0]]] for column in found)
        start = self.first + self.stride * unit
        start = np.where(minus, self.length - start - self.width, start)
        f = len(self.n)
        self.n += np.bincount(of, minlength=f)
        self.positions += np.bincount(of * self.length + start, minlength=f * self.length).reshape(f, self.length)
        of = np.concatenate([self._of, of])
        pairs = zip(self._sites, (sequence, start, minus, value), strict=True)
        sites = Sites(*(np.concatenate(pair) for pair in pairs))
        order = np.lexsort((sites.start, sites.sequence, -sites.activation, of))
        ordered = of[order]
        order = order[np.arange(len(order)) - np.searchsorted(ordered, ordered) < _MOST_SITES]
        self._of, self._sites = of[order], Sites(*(column[order] for column in sites))

    def of(self, index: int) -> Sites:
        """The strongest windows of one filter, strongest first."""
        low, high = np.searchsorted(self._of, [index, index + 1])
        return Sites(*(column[low:high] for column in self._sites))


def _motif(index: int, sites: Sites, n: int, X: np.ndarray, width: int, highest: float, layer: int) -> FilterMotif:
    windows = _windows(X, sites, width)  # (S, width)
    if layer > 1 and n >= FEW_SITES:
        windows = aligned(windows)
    pfm = np.stack([(windows == base).sum(axis=0) for base in range(4)]).astype(np.float64)
    ppm = to_ppm(pfm)
    note = ""
    if not n:
        note = "no sequence here activates this filter"
    elif n < FEW_SITES:
        note = f"only {n} site{'s' * (n > 1)}: too few to trust the motif"
    motif = Motif(f"filter {index + 1}", f"filter_{index + 1}", ppm, float(max(n, 1)))
    bits = float(information_content(ppm).sum()) if n else 0.0
    return FilterMotif(index, pfm, motif, n, sites, highest, bits, consensus(ppm), note)


def _windows(X: np.ndarray, sites: Sites, width: int) -> np.ndarray:
    """Bases `(S, width)` of the windows in sequences `(N, 4, L)`, as codes, in the filter's own direction."""
    windows = np.empty((len(sites), width), np.int8)
    for begin in range(0, len(sites), _READ):
        rows = slice(begin, begin + _READ)
        place = sites.start[rows, None] + np.arange(width)
        windows[rows] = np.take_along_axis(codes_of(X, sites.sequence[rows]), place, axis=1)
    return np.where(sites.minus[:, None], _COMPLEMENT[windows[:, ::-1]], windows)
