"""Whether a variant matters: its effect among those of matched random variants, which no one has reason to expect.

A random variant is the same change at another place of the same region, a window or more away: a substitution where the
same three letters stand (or their reverse complement, with the change complemented), an insertion or deletion of the
same letters or the same number anywhere. Where the region has too few such places, dinucleotide shuffles of the window
stand in, the alleles with their neighbours in the middle. Each is scored in its own window, as the variant is.

The largest effect over windows is another question and has a null of its own: the largest effects over windows of
matched random variants, for it is the largest of many numbers and so larger than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.genome import Contig, Genome
from dnaconv_core.errors import InputError
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.scan.scan import plan_scan, scan
from dnaconv_core.sequence.encoding import decode, one_hot, reverse_complement_text
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle
from dnaconv_core.variants.effects import VariantEffect

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

REGION = 20_000  # bases around a variant in which its matches lie
_FEWEST = 20  # matches in the region, else shuffles
LEVEL = 0.05
_WIDE = {"dense": 100, "windows": 20}  # matches, at most, whose windows are all scanned, by how that goes
_Pair = tuple[str, str]  # texts before and after a change


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
    pairs, wide = _in_region(effect, contig, length, n, rng)
    source = "region"
    if len(pairs) < min(n, _FEWEST):
        pairs, source = _in_shuffles(effect, n, int(rng.integers(2**31))), "shuffled"
    many = min(n, _WIDE[plan_scan(model).method])
    if len(wide) < min(many, _FEWEST):
        wide = _in_wide_shuffles(effect, contig, length, many, int(rng.integers(2**31)))
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
    progress: Progress = SILENT,
) -> Verdicts:
    """Every effect of the first of the models with its null. models: after it the same network from other seeds.

    Ends early when asked, and then judges what it has reached.
    """
    effects = list(effects)
    nulls: list[Null | None] = []
    spreads: list[np.ndarray | None] = []
    for number, effect in enumerate(effects, 1):
        nulls.append(null_of(models[0], effect, genome, n=n, covariates=covariates, task=task))
        spreads.append(by_model(models, effect, covariates=covariates, task=task))
        progress.report(number / len(effects), f"{number:,} of {len(effects):,} beside matched random variants")
        if progress.should_stop():
            break
    words = f"lowest and highest of {len(models)} seeds" if len(models) > 1 else ""
    members = models[0].config.members
    words = words or (f"lowest and highest of {members} members" if members > 1 else "")
    judged = judge(effects[: len(nulls)], nulls, spreads)
    return Verdicts(judged, threshold_of(nulls), words, threshold_of(nulls, largest=True))


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


def _effects(model: ConvNet, pairs: list[_Pair], covariates: np.ndarray | None, task: int) -> np.ndarray:
    """ALT − REF of the logit for pairs of windows, `(n,)`."""
    X = one_hot([window for pair in pairs for window in pair])
    beside = None if covariates is None else np.tile(np.float32(covariates), (len(X), 1))
    logits = predict(model, X, beside, output="logit")[:, task].astype(np.float64)
    return logits[1::2] - logits[::2]


def _largest(model: ConvNet, pairs: Sequence[_Pair], covariates: np.ndarray | None, task: int) -> np.ndarray:
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


def _in_region(
    effect: VariantEffect, contig: Contig, length: int, n: int, rng: np.random.Generator
) -> tuple[list[_Pair], list[_Pair]]:
    """Windows before and after the same change at other places of the region, a window or more from the variant; and
    of those with known bases all around, every window that holds the place (see `_largest`)."""
    start, ref, alt = effect.variant.start, effect.variant.ref.upper().replace("U", "T"), effect.alt.upper()
    first, last = max(start - REGION // 2, 0), min(start + REGION // 2, contig.length)
    text = contig.text(first, last).upper().replace("U", "T")
    longest = max(len(ref), len(alt))
    room = range(length // 2 + 1, len(text) - (length - length // 2) - longest)
    pairs: list[_Pair] = []
    wide: list[_Pair] = []
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


def _wide(text: str, at: int, length: int, size: int, change: str) -> list[_Pair]:
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


def _windows(text: str, at: int, length: int, size: int, change: str) -> Iterator[_Pair]:
    """The window around a place before and after its `size` bases are changed; none where a base is not known."""
    start = at - length // 2
    before = text[start : start + length]
    after = (text[start:at] + change + text[at + size : start + length + size])[:length]
    if len(before) == len(after) == length and not set(before + after) - set("ACGT"):
        yield before, after


def _in_shuffles(effect: VariantEffect, n: int, seed: int) -> list[_Pair]:
    """Both alleles, with a base of their own on either side, in dinucleotide shuffles of the reference window."""
    return _shuffled(effect, effect.ref_window, effect.variant.start - (effect.window_start or 0), n, seed)


def _in_wide_shuffles(effect: VariantEffect, contig: Contig, length: int, n: int, seed: int) -> list[_Pair]:
    """The same in shuffles of all that the windows with the variant hold; unknown bases beyond the contig's ends."""
    start = effect.variant.start - length + 1
    low, high = max(start, 0), min(start + 2 * length - 1, contig.length)
    text = contig.text(low, high).upper().replace("U", "T")
    return _shuffled(effect, "N" * (low - start) + text.ljust(2 * length - 1 - (low - start), "N"), length - 1, n, seed)


def _shuffled(effect: VariantEffect, window: str, at: int, n: int, seed: int) -> list[_Pair]:
    """Both alleles at base `at` of shuffles of a text, with a base of their own on either side."""
    ref, alt = effect.variant.ref.upper().replace("U", "T"), effect.alt.upper()
    left, right = window[max(at - 1, 0) : at], window[at + len(ref) : at + len(ref) + 1]
    pairs = []
    for text in decode(dinucleotide_shuffle(one_hot(window), n, seed=seed)[0]):
        before, after = text[: max(at - 1, 0)] + left, right + text[at + len(ref) + 1 :]
        one, other = ((before + allele + after)[: len(window)].ljust(len(window), "N") for allele in (ref, alt))
        pairs.append((one, other))
    return pairs
