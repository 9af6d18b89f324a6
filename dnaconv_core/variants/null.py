"""Whether a variant matters: its effect among those of matched random variants, which no one has reason to expect.

A random variant is the same change at another place of the same region, a window or more away: a substitution where the
same three letters stand (or their reverse complement, with the change complemented), an insertion or deletion of the
same letters or the same number anywhere. Where the region has too few such places, dinucleotide shuffles of the window
stand in, the alleles with their neighbours in the middle. Each is scored in its own window, as the variant is.

The largest effect over windows is another question and has a null of its own: the largest effects over windows of
matched random variants, for it is the largest of many numbers and so larger than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.genome import Contig, Genome, Stretch
from dnaconv_core.errors import InputError
from dnaconv_core.model.packed import Packed, at_hand, pack
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.scan.scan import plan_scan, scan
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.matched import REGION, Pair, in_region, in_shuffles, in_wide_shuffles

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_SENT = 16  # variants in what a worker is sent
_FEWEST = 20  # matches in the region, else shuffles
LEVEL = 0.05
_WIDE = {"dense": 100, "windows": 20}  # matches, at most, whose windows are all scanned, by how that goes


class Null(NamedTuple):
    """Of one variant; `effects (n,)` are those of its matched random variants, in the logit."""

    effects: np.ndarray
    source: str  # 'region' or 'shuffled'
    percentile: float  # share of them that are smaller in size, ties counted half, 0 to 1
    largest: np.ndarray = np.empty(
        0
    )  # (m,) their largest effects over windows, of a part of them where those take long
    largest_percentile: float = 0.0


class Judged(NamedTuple):
    """A scored variant and its null. `p`: share of the matched variants of all variants with at least its size."""

    effect: VariantEffect
    null: Null | None = None  # None where the variant was not scored
    p: float | None = None
    q: float | None = None  # after Benjamini and Hochberg (1995), over the variants that were scored
    low: float | None = None  # over members or seeds
    high: float | None = None
    largest_p: float | None = None  # as p and q, of the largest effect over windows
    largest_q: float | None = None


class Verdicts(NamedTuple):
    """All variants, and the effect that one in twenty matched random variants reaches (None without any)."""

    judged: list[Judged]
    threshold: float | None
    spread: str  # what low and high run over, in words; '' without
    largest_threshold: float | None = None  # as `threshold`, of the largest effect over windows


def null_of(
    model: ConvNet,
    effect: VariantEffect,
    genome: Genome | Mapping[str, Contig],
    *,
    n: int = 100,
    covariates: np.ndarray | None = None,
    task: int = 0,
    seed: int = 0,
) -> Null | None:
    """The null of one variant, from `n` matched random ones; None where it was not scored.

    covariates: raw values `(C,)` of every window.
    """
    if n < 1:
        raise InputError(f"n is {n}: ask for at least 1 matched random variant")
    if effect.effect_logit is None:
        return None
    rng = np.random.default_rng([seed, effect.variant.start, *effect.alt.encode()])
    contig, length = genome[effect.variant.chrom], model.config.length
    pairs, wide = in_region(effect, contig, length, n, rng)
    source = "region"
    if len(pairs) < min(n, _FEWEST):
        pairs, source = in_shuffles(effect, n, int(rng.integers(2**31))), "shuffled"
    many = min(n, _WIDE[plan_scan(model).method])
    if len(wide) < min(many, _FEWEST):
        wide = in_wide_shuffles(effect, contig, length, many, int(rng.integers(2**31)))
    found, largest = _effects(model, pairs, covariates, task), _largest(model, wide[:many], covariates, task)
    largest_size = abs(effect.best_effect_logit or 0.0)
    return Null(
        found, source, _percentile(found, abs(effect.effect_logit)), largest, _percentile(largest, largest_size)
    )


def _percentile(effects: np.ndarray, size: float) -> float:
    """The share of these that are smaller than `size`, ties counted half."""
    sizes = np.abs(effects)
    return float(((sizes < size).sum() + (sizes == size).sum() / 2) / len(sizes))


def judge(
    effects: Iterable[VariantEffect], nulls: Sequence[Null | None], spreads: Sequence[np.ndarray | None] = ()
) -> list[Judged]:
    """Each effect with p and q by the matched variants of all. spreads: effects `(M,)` by members or seeds of each."""
    effects = list(effects)
    there = [null.effects for null in nulls if null is not None]
    if not there:
        return [Judged(effect) for effect in effects]
    scored = [i for i, null in enumerate(nulls) if null is not None]
    own = _chances(there, [effects[i].effect_logit or 0.0 for i in scored])
    wide = [null.largest for null in nulls if null is not None]
    largest = _chances(wide, [effects[i].best_effect_logit or 0.0 for i in scored])
    found = [Judged(effect) for effect in effects]
    for i, one, other in zip(scored, own, largest, strict=True):
        spread = spreads[i] if spreads else None
        ends = (None, None) if spread is None else (float(spread.min()), float(spread.max()))
        found[i] = Judged(effects[i], nulls[i], one[0], one[1], ends[0], ends[1], other[0], other[1])
    return found


def _chances(nulls: Sequence[np.ndarray], effects: Sequence[float]) -> list[tuple[float, float]]:
    """p and q of each effect by all nulls together."""
    pool = np.sort(np.abs(np.concatenate(nulls)))
    p = (1 + len(pool) - np.searchsorted(pool, np.abs(effects), "left")) / (1 + len(pool))
    return list(zip(p.tolist(), benjamini_hochberg(p).tolist(), strict=True))


def verdicts(
    models: Sequence[ConvNet],
    effects: Iterable[VariantEffect],
    genome: Genome | Mapping[str, Contig],
    *,
    n: int = 100,
    covariates: np.ndarray | None = None,
    task: int = 0,
    on: str = "",
    progress: Progress = SILENT,
) -> Verdicts:
    """Every effect of the first of the models with its null. models: after it the same network from other seeds. on: a
    Dask cluster that scores the matched variants, with the same result; a variant travels with its region.

    Ends early when asked, and then judges what it has reached.
    """
    effects = list(effects)
    nulls: list[Null | None] = []
    spreads: list[np.ndarray | None] = []
    length, many = models[0].config.length, _SENT if on else 1
    pieces = (
        [(one, _nearby(genome, one, length) if on else genome) for one in effects[at : at + many]]
        for at in range(0, len(effects), many)
    )
    job = _Job([pack(model) if on else model for model in models], n, covariates, task)
    for found in over(_beside, job, pieces, on=on, progress=progress):
        nulls += [null for null, _ in found]
        spreads += [spread for _, spread in found]
        done = f"{len(nulls):,} of {len(effects):,} beside matched random variants"
        progress.report(len(nulls) / len(effects), done)
    words = f"lowest and highest of {len(models)} seeds" if len(models) > 1 else ""
    members = models[0].config.members
    words = words or (f"lowest and highest of {members} members" if members > 1 else "")
    judged = judge(effects[: len(nulls)], nulls, spreads)
    return Verdicts(judged, threshold_of(nulls), words, threshold_of(nulls, largest=True))


class _Job(NamedTuple):
    models: Sequence[ConvNet | Packed]
    n: int
    covariates: np.ndarray | None
    task: int


def _beside(
    job: _Job, piece: list[tuple[VariantEffect, Genome | Mapping[str, Contig]]]
) -> list[tuple[Null | None, np.ndarray | None]]:
    """The null and the spread of some variants, here or on a worker."""
    models = [at_hand(model) for model in job.models]
    how: dict[str, Any] = {"covariates": job.covariates, "task": job.task}
    return [
        (null_of(models[0], effect, genome, n=job.n, **how), by_model(models, effect, **how))
        for effect, genome in piece
    ]


def _nearby(genome: Genome | Mapping[str, Contig], effect: VariantEffect, length: int) -> dict[str, Contig]:
    """All of a genome that the null of one variant reads."""
    if effect.effect_logit is None:
        return {}
    contig, start, wide = genome[effect.variant.chrom], effect.variant.start, max(REGION // 2, length)
    return {effect.variant.chrom: Stretch(contig, start - wide, start + wide)}


def threshold_of(nulls: Iterable[Null | None], level: float = LEVEL, *, largest: bool = False) -> float | None:
    """The size of effect, or of largest effect, that a share `level` of the matched random variants reaches."""
    there = [null.largest if largest else null.effects for null in nulls if null is not None]
    sizes = np.abs(np.concatenate(there)) if there else np.empty(0)
    return float(np.quantile(sizes, 1 - level)) if len(sizes) else None


def threshold_words(threshold: float, unit: str) -> str:
    """What the suggested threshold says."""
    return f"One in twenty matched random variants changes the {unit} by {threshold:.3g} or more, up or down."


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """q-values `(m,)`: for each p the smallest false discovery rate at which it is still called."""
    m, order = len(p), np.argsort(p)
    q = np.empty(m)
    q[order] = np.minimum.accumulate((p[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    return np.minimum(q, 1)


def by_model(
    models: Sequence[ConvNet], effect: VariantEffect, *, covariates: np.ndarray | None = None, task: int = 0
) -> np.ndarray | None:
    """The variant's effect in its own window by each of M networks, or by each member of the one, `(M,)`.

    None where there is one alone, or where the variant was not scored.
    """
    if effect.effect_logit is None:
        return None
    X = one_hot([effect.ref_window, effect.alt_window])
    beside = None if covariates is None else np.tile(np.float32(covariates), (2, 1))
    if len(models) > 1:
        found = [predict(model, X, beside, output="logit")[:, task] for model in models]
        return np.array([after - before for before, after in found], np.float64)
    if models[0].config.members < 2:
        return None
    before, after = _member_logits(models[0], X, beside, task)
    return after - before


def _member_logits(model: ConvNet, X: np.ndarray, covariates: np.ndarray | None, task: int) -> np.ndarray:
    """Logits `(N, M)` of each member."""
    import torch

    from dnaconv_core.engine import forward
    from dnaconv_core.engine.as_found import evaluating

    where = next(model.parameters()).device
    c = None if covariates is None else torch.from_numpy(covariates).to(where)
    with evaluating(model), torch.inference_mode():
        found = forward.member_logits(model, torch.from_numpy(X).to(where).float(), c)  # (N, M, T)
    return found[:, :, task].cpu().numpy().astype(np.float64)


def _effects(model: ConvNet, pairs: list[Pair], covariates: np.ndarray | None, task: int) -> np.ndarray:
    """ALT − REF of the logit for pairs of windows, `(n,)`."""
    X = one_hot([window for pair in pairs for window in pair])
    beside = None if covariates is None else np.tile(np.float32(covariates), (len(X), 1))
    logits = predict(model, X, beside, output="logit")[:, task].astype(np.float64)
    return logits[1::2] - logits[::2]


def _largest(model: ConvNet, pairs: Sequence[Pair], covariates: np.ndarray | None, task: int) -> np.ndarray:
    """The largest ALT − REF of the logit over all windows that hold the changed base, both strands, `(n,)`.

    pairs: texts of twice a window but one base, the change in the middle, so that a window begins at each of the first
    `length` bases. All are scanned end to end; windows that run from one text into the next are passed over.
    """
    length = model.config.length
    joined = Record("alleles", "".join(text for pair in pairs for text in pair), 0)
    beside = None if covariates is None else np.float32(covariates)
    found = scan(model, joined, strands="+-", output="logit", covariates=beside, max_unknown=len(joined.sequence))
    logits = np.pad(found.scores[:, :, task].astype(np.float64), ((0, 0), (0, length - 1)))  # (2, all bases)
    rows = logits.reshape(2, len(pairs), 2, 2 * length - 1)[..., :length]
    change = (rows[:, :, 1] - rows[:, :, 0]).transpose(1, 0, 2).reshape(len(pairs), -1)  # (n, 2 · length)
    return change[np.arange(len(pairs)), np.abs(change).argmax(axis=1)]
