"""What each filter looks for: the windows that activate it, aligned and counted (as in DeepBind and Basset).

A filter is a kernel, not itself a motif: its motif is what the sequences look like where it fires. Deeper units are
read in the same way, by their receptive field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.attribution import as_found
from dnaconv_core.model.receptive_field import receptive_field
from dnaconv_core.predict import check_input
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import from_codes, reverse_complement, to_codes
from dnaconv_core.sequence.motif import Motif, consensus, count, information_content, to_ppm

if TYPE_CHECKING:
    import torch

    from dnaconv_core.model.convnet import ConvNet

FEW_SITES = 20  # a motif of fewer says so
_AT_ONCE = 2**22  # activations held per batch
_MOST_SITES = 20_000  # windows kept per filter, the strongest


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

    index: int  # from 0
    pfm: np.ndarray
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
    peak: np.ndarray  # (N, F) float32: each filter's strongest activation in each sequence
    positions: np.ndarray  # (F, L): windows whose first base lies here


def filter_motifs(
    model: ConvNet,
    X: np.ndarray,
    *,
    layer: int = 1,
    fraction: float = 0.5,
    progress: Progress = SILENT,
) -> FilterScan:
    """The motif of every filter of `layer` (from 1) over one-hot sequences `(N, 4, L)`.

    A window counts where the activation exceeds `fraction` of the filter's maximum over X; windows that reach beyond
    the sequence (padding) do not. Where the model reads both strands, so do the windows, and the motif is in the
    filter's own direction. Raises InputError for a layer or fraction out of range.
    """
    check_input(model.config.replace(covariates=(), covariate_mean=(), covariate_scale=()), X, None)
    if not 1 <= layer <= model.config.depth:
        raise InputError(f"layer is {layer}: this model has layers 1 to {model.config.depth}")
    if not 0 <= fraction < 1:
        raise InputError(f"fraction is {fraction}: a window counts above this share of the maximum, from 0 to below 1")
    width, f = receptive_field(model.config, layer), len(model.convs[layer - 1].bias)
    if width > X.shape[2]:
        raise InputError(
            f"a unit of layer {layer} sees {width} bases and the sequences have {X.shape[2]}: choose an earlier layer"
        )
    peak = np.zeros((len(X), f), np.float32)
    for rows, _, h in _activations(model, X, layer):  # h: (S, B, F, W)
        peak[rows] = h.amax(dim=(0, 3)).cpu().numpy() if h.numel() else 0
        progress.report(0.5 * (rows.stop or 0) / len(X), "looking for the strongest windows")
        if progress.should_stop():
            break
    highest = peak.max(axis=0, initial=0.0)
    found = [_Collector() for _ in range(f)]
    for rows, starts, h in _activations(model, X, layer):
        if progress.should_stop():
            break
        _collect(found, rows, starts, h, fraction * highest, X.shape[2], width)
        progress.report(0.5 + 0.5 * (rows.stop or 0) / len(X), "collecting windows")
    motifs = tuple(_motif(i, c, X, width, float(highest[i])) for i, c in enumerate(found))
    positions = np.stack([c.histogram(X.shape[2]) for c in found])
    return FilterScan(layer, fraction, width, motifs, peak, positions)


def site_windows(X: np.ndarray, sites: Sites, width: int) -> np.ndarray:
    """One-hot `(S, 4, width)` of the windows in the filter's own direction."""
    columns = sites.start[:, None] + np.arange(width)
    codes = to_codes(np.asarray(X[sites.sequence]))  # (S, L)
    windows = from_codes(np.take_along_axis(codes, columns, axis=1))
    return np.where(sites.minus[:, None, None], reverse_complement(windows), windows)


def class_means(scan: FilterScan, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean strongest activation in negatives and positives (labels below and from the middle), each `(F,)`."""
    y = np.asarray(y, np.float64).reshape(len(scan.peak), -1)[:, 0]
    high = y >= (0.5 if np.isin(y, (0, 1)).all() else np.median(y))
    return tuple(
        scan.peak[part].mean(axis=0) if part.any() else np.full(scan.peak.shape[1], np.nan) for part in (~high, high)
    )


def by_usefulness(scan: FilterScan, y: np.ndarray) -> np.ndarray:
    """The filters' indices `(F,)`, first those whose strongest activation tells the classes of `y` apart most.

    By the distance of the classes' means in standard deviations over all sequences, either way round.
    """
    low, high = class_means(scan, y)
    apart = np.abs(high - low) / (scan.peak.std(axis=0) + 1e-6)
    return np.argsort(-np.nan_to_num(apart), kind="stable")


def co_firing(scan: FilterScan) -> np.ndarray:
    """Correlation `(F, F)` of the filters' strongest activations over sequences; 0 for one that never varies."""
    centred = scan.peak - scan.peak.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    unit = np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 1e-9)
    return unit.T @ unit


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


class _Collector:
    """Windows of one filter; all are counted, the strongest are kept."""

    def __init__(self) -> None:
        self.parts: list[tuple[np.ndarray, ...]] = []

    def all(self) -> tuple[np.ndarray, ...]:
        if not self.parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, np.float32)
        return tuple(np.concatenate(column) for column in zip(*self.parts, strict=True))

    def histogram(self, length: int) -> np.ndarray:
        return np.bincount(self.all()[1], minlength=length)


def _collect(found, rows: slice, starts: np.ndarray, h, threshold: np.ndarray, length: int, width: int) -> None:
    """Windows of one batch: h `(S, B, F, W)`, W windows beginning at `starts` of the strand that is read."""
    import torch

    limit = torch.from_numpy(np.maximum(threshold, 0).astype(np.float32)).to(h.device)
    strand, b, f, w = (part.cpu().numpy() for part in torch.nonzero(h > limit[None, None, :, None], as_tuple=True))
    value = h[strand, b, f, w].cpu().numpy()
    start = np.where(strand == 1, length - starts[w] - width, starts[w])
    for index in np.unique(f):
        of = f == index
        found[index].parts.append((b[of] + rows.start, start[of], strand[of] == 1, value[of]))


def _motif(index: int, collected: _Collector, X: np.ndarray, width: int, highest: float) -> FilterMotif:
    columns = collected.all()
    order = np.argsort(-columns[3], kind="stable")
    n = len(order)
    sites = Sites(*(column[order[:_MOST_SITES]] for column in columns))
    pfm = count(site_windows(X, sites, width)) if n else np.zeros((4, width))
    ppm = to_ppm(pfm)
    note = ""
    if not n:
        note = "this filter never fires on these sequences"
    elif n < FEW_SITES:
        note = f"only {n} site{'s' * (n > 1)}: too few to trust the motif"
    motif = Motif(f"filter {index + 1}", f"filter_{index + 1}", ppm, float(max(n, 1)))
    bits = float(information_content(ppm).sum()) if n else 0.0
    return FilterMotif(index, pfm, motif, n, sites, highest, bits, consensus(ppm), note)


def _activations(model: ConvNet, X: np.ndarray, layer: int) -> Iterator[tuple[slice, np.ndarray, torch.Tensor]]:
    """Batches of activations `(S, B, F, W)` per strand read, of the W windows within the sequence, with their starts.

    `starts (W,)` counts on the strand that is read.
    """
    import torch

    from dnaconv_core.model.layers import flip_strand

    config = model.config
    width, length = receptive_field(config, layer), config.length
    left = layer * ((config.kernel_size - 1) // 2) if config.padding == "same" else 0
    units = slice(left, left + length - width + 1)
    starts = np.arange(length - width + 1)
    device = model.convs[0].weight.device
    step = max(1, _AT_ONCE // (len(model.convs[0].bias) * length * 2))
    with as_found(model), torch.no_grad():
        for begin in range(0, len(X), step):
            rows = slice(begin, min(begin + step, len(X)))
            h = torch.from_numpy(np.ascontiguousarray(X[rows])).to(device).float()  # (B, 4, L)
            strands = [h, flip_strand(h)] if config.strands == "both" else [h]
            out = []
            for strand in strands:
                for conv, activation in zip(model.convs[:layer], model.activations[:layer], strict=True):
                    strand = activation(conv(strand))
                out.append(strand[:, :, units].transpose(1, 2))
            yield rows, starts, torch.stack(out).transpose(2, 3)  # channels stay last in memory, as they were computed
