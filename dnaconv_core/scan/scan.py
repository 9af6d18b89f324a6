"""Score every window of a long sequence, on both strands: densely where the network allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.answers.links import LINKS
from dnaconv_core.data.genome import Contig, RecordContig
from dnaconv_core.engine.dense import DenseNet, dense_reason
from dnaconv_core.errors import InputError
from dnaconv_core.predict import check_input, predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.threads import side_by_side, threads_of

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

EDGES = {
    "exact": "each window alone, as the model would be shown it",
    "context": "every window also sees the bases around it",
}
_TILE = {True: 1536, False: 8192}  # windows computed together, with exact edges or without: they stay in the cache
CHUNK = 1 << 17  # windows between two reports


class Plan(NamedTuple):
    """How a sequence is scanned."""

    method: str  # 'dense' or 'windows'
    edges: str  # 'exact' or 'context'
    note: str  # why not as asked; '' where it is


class ScanOptions(NamedTuple):
    """How windows are scored: see `scan`."""

    strands: str | None = None  # '+-', '+' or '-'; by default both for DNA and '+' for RNA
    edges: str = "exact"  # or 'context'
    method: str = "auto"  # or 'dense' or 'windows'
    output: str = "prediction"  # or 'logit'
    covariates: np.ndarray | None = None  # raw values (C,) for every window
    max_unknown: int = 0  # unknown bases that a window may have


DEFAULTS = ScanOptions()


class Chunk(NamedTuple):
    """Scores of the windows that start at `start`, `start + 1`, …; NaN where a window has too many unknown bases."""

    start: int  # on the contig, from 0
    scores: np.ndarray  # (strands, n, T) float32


class Scan(NamedTuple):
    """Every window of one span. `scores[s, i]` is of strand `strands[s]`, bases [start + i, start + i + window)."""

    name: str
    start: int
    window: int
    strands: str
    scores: np.ndarray  # (strands, n, T) float32, NaN where missing
    plan: Plan

    @property
    def n_scored(self) -> int:
        return int((~np.isnan(self.scores[0, :, 0])).sum())

    @property
    def n_missing(self) -> int:
        return self.scores.shape[1] - self.n_scored


def plan_scan(model: ConvNet, *, edges: str = "exact", method: str = "auto") -> Plan:
    """What `scan` will do. method: 'auto', 'dense' (InputError where impossible) or 'windows'."""
    if edges not in EDGES:
        raise InputError(f"edges is {edges!r}: choose {' or '.join(EDGES)}")
    if method not in ("auto", "dense", "windows"):
        raise InputError(f"method is {method!r}: choose auto, dense or windows")
    if model.config.padding == "valid":
        edges = "exact"  # without padding both mean the same
    why = dense_reason(model, edges)
    if why and method == "dense":
        raise InputError(f"this model cannot be scanned densely: {why}; choose method 'windows'")
    if method != "windows" and not why:
        return Plan("dense", edges, "")
    note = f"window by window: {why}" if why else ""
    if edges == "context":
        note = f"each window alone, without its flanks{': ' + why if why else ', as windows have none'}"
    return Plan("windows", "exact", note)


def scan(
    model: ConvNet,
    sequence: Contig | Record | str,
    span: tuple[int, int] | None = None,
    *,
    strands: str | None = None,
    edges: str = "exact",
    method: str = "auto",
    output: str = "prediction",
    covariates: np.ndarray | None = None,
    max_unknown: int = 0,
    progress: Progress = SILENT,
) -> Scan:
    """Scores of every window of `sequence`, or of those within `span` (start, end).

    strands: '+-', '+' or '-'; by default both for DNA and '+' for RNA. A '-' score is what the model says of the
    window's reverse complement. edges: with 'same' padding, 'exact' shows the model each window alone, as `predict`
    does, and 'context' lets it see the bases around; the sequence's own ends have none, and 'valid' padding no use for
    them. output: 'prediction' or 'logit'. covariates: raw values `(C,)` for every window. max_unknown: windows with
    more unknown bases (N and other ambiguous codes) are not scored. When `progress` asks to stop, the rest is missing.
    Raises InputError when the sequence is shorter than a window or an option is wrong.
    """
    contig = _contig(sequence)
    start, end = span or (0, contig.length)
    length = model.config.length
    if end - start < length:
        raise InputError(
            f"{contig.name!r} has {end - start:,} bases to scan; this model reads {length}: give a longer sequence"
        )
    how = ScanOptions(strands, edges, method, output, covariates, max_unknown)
    chunks = scan_chunks(model, contig, (start, end), how=how, progress=progress)
    return gathered(model, contig, (start, end), chunks, how=how)


def gathered(
    model: ConvNet,
    contig: Contig,
    span: tuple[int, int],
    chunks: Iterable[Chunk],
    *,
    how: ScanOptions,
    progress: Progress = SILENT,
) -> Scan:
    """The scan of a span from its chunks; what they lack is missing."""
    (start, end), length, strands = span, model.config.length, how.strands or default_strands(model)
    windows = end - start - length + 1
    scores = np.full((len(strands), windows, model.config.n_tasks), np.nan, np.float32)
    for chunk in chunks:
        at = chunk.start - start
        scores[:, at : at + chunk.scores.shape[1]] = chunk.scores
        done = at + chunk.scores.shape[1]
        progress.report(done / windows, f"{contig.name}: {done:,} of {windows:,} windows")
    return Scan(contig.name, start, length, strands, scores, plan_scan(model, edges=how.edges, method=how.method))


def scan_chunks(
    model: ConvNet,
    sequence: Contig | Record | str,
    span: tuple[int, int] | None = None,
    *,
    how: ScanOptions = DEFAULTS,
    chunk: int = CHUNK,
    progress: Progress = SILENT,
) -> Iterator[Chunk]:
    """As `scan`, piece by piece in order, so that a chromosome never has to be in memory. Ends early when asked to."""
    contig = _contig(sequence)
    begin, end = span or (0, contig.length)
    if not 0 <= begin <= end <= contig.length:
        raise InputError(f"the span {begin}-{end} does not lie within {contig.name!r} ({contig.length:,} bases)")
    work = _work(model, how)
    windows = end - begin - model.config.length + 1
    for start in range(begin, begin + windows, chunk):
        if progress.should_stop():
            return
        n = min(chunk, begin + windows - start)
        scores = _piece(work, contig, start, n, progress)
        if scores is None:
            return
        if how.output == "prediction":
            scores = _predictions(model, scores)
        done = start - begin + n
        progress.report(done / windows, f"{contig.name}: {done:,} of {windows:,} windows")
        yield Chunk(start, scores)


def _work(model: ConvNet, how: ScanOptions) -> _Dense | _Windows:
    """What computes the windows' logits. Raises InputError for an option that is wrong."""
    strands = how.strands or default_strands(model)
    if strands not in ("+", "-", "+-", "-+"):
        raise InputError(f"strands is {strands!r}: choose '+', '-' or '+-'")
    if how.max_unknown < 0:
        raise InputError(f"max_unknown is {how.max_unknown}: windows may have 0 unknown bases or more")
    if how.output not in ("prediction", "logit"):
        raise InputError(f"output is {how.output!r}: choose 'prediction' or 'logit'")
    plan = plan_scan(model, edges=how.edges, method=how.method)
    one = None if how.covariates is None else np.asarray(how.covariates, np.float32).reshape(1, -1)
    one = check_input(model.config, np.empty((1, 4, model.config.length), np.int8), one)
    kind = _Dense if plan.method == "dense" else _Windows
    return kind(model, strands, how.max_unknown, plan.edges, one)


def _piece(work: _Dense | _Windows, contig: Contig, start: int, n: int, progress: Progress) -> np.ndarray | None:
    """Logits `(strands, n, T)` of the windows from `start` on; None when asked to stop."""
    config, margin = work.model.config, work.margin
    scores = np.full((len(work.strands), n, config.n_tasks), np.nan, np.float32)
    codes = contig.codes(start - margin, start + n + config.length - 1 + margin, config.alphabet)
    unknown = np.concatenate([[0], np.cumsum(codes[margin : len(codes) - margin] == 4)])
    wanted = unknown[config.length :] - unknown[: -config.length] <= work.max_unknown  # (n,)

    def fill(stretch: tuple[int, int]) -> None:
        low, high = stretch
        scores[:, low:high] = work.logits(codes[low : high + len(codes) - n], start + low, contig.length)

    for _ in side_by_side(fill, list(_stretches(wanted, work.tile)), work.threads):
        if progress.should_stop():
            return None
    scores[:, ~wanted] = np.nan
    return scores


def margin_of(model: ConvNet, how: ScanOptions) -> int:
    """How many bases beyond a window on either side its score is computed from."""
    return _work(model, how).margin


def default_strands(model: ConvNet) -> str:
    return "+" if model.config.alphabet == "RNA" else "+-"


class _Dense:
    """Many windows at once, by convolving the sequence that they share."""

    def __init__(
        self, model: ConvNet, strands: str, max_unknown: int, edges: str, covariates: np.ndarray | None
    ) -> None:
        import torch

        self.model, self.strands, self.max_unknown = model, strands, max_unknown
        with torch.inference_mode():
            self.net = DenseNet(model, edges, None if covariates is None else covariates[0])
        self.margin, self.threads = self.net.margin, threads_of(model)
        wide = max(1, model.config.members * model.config.filters // 32)
        self.tile = max(128, _TILE[self.net.exact] // wide)

    def logits(self, codes: np.ndarray, start: int, total: int) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return self.net.scores(codes, start, total, self.strands)


class _Windows:
    """Each window by itself."""

    margin, tile, threads = 0, 4096, 1  # predict has threads of its own

    def __init__(
        self, model: ConvNet, strands: str, max_unknown: int, edges: str, covariates: np.ndarray | None
    ) -> None:
        self.model, self.strands, self.max_unknown, self.covariates = model, strands, max_unknown, covariates

    def logits(self, codes: np.ndarray, start: int, total: int) -> np.ndarray:
        X = from_codes(np.lib.stride_tricks.sliding_window_view(codes, self.model.config.length))  # (n, 4, L)
        beside = None if self.covariates is None else np.repeat(self.covariates, len(X), axis=0)
        turned = {"+": X, "-": X[:, ::-1, ::-1]}
        return np.stack([predict(self.model, turned[strand], beside, output="logit") for strand in self.strands])


def _contig(sequence: Contig | Record | str) -> Contig:
    if isinstance(sequence, str):
        sequence = Record("sequence", sequence.upper(), 0)
    return RecordContig(sequence) if isinstance(sequence, Record) else sequence


def _stretches(wanted: np.ndarray, tile: int) -> Iterator[tuple[int, int]]:
    """Spans of at most `tile` windows that begin and end with a wanted one; runs without any are skipped."""
    at = 0
    while at < len(wanted):
        rest = wanted[at : at + tile].nonzero()[0]
        if len(rest):
            yield at + int(rest[0]), at + int(rest[-1]) + 1
        at += tile


def _predictions(model: ConvNet, logits: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return LINKS[model.config.output].of_array(logits.astype(np.float64)).astype(np.float32)
