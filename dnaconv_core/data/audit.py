"""What a careful person looks at before training: copies, leaks between parts, class balance, unknown bases, GC."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.distinct import distinct
from dnaconv_core.data.fingerprints import name_hashes, of_codes
from dnaconv_core.memory import lean_memory

_CHUNK = 50_000  # sequences looked at together
_LOOKED_AT = 1 << 26  # bases of a training part that is looked over before it trains
_PAIRS = 5  # examples of each kind of copy that are named
_GC_GAP = 0.05  # difference in GC content between classes that is worth a note


class Audit(NamedTuple):
    """Facts about a dataset. Shares are 0 to 1; `as_json` gives plain numbers, lists and dictionaries.

    copies: examples whose sequence stood earlier in the dataset. reverse_copies: DNA examples whose reverse complement
    did. conflicts: groups of equal sequences with different labels. n_share: bases that are unknown;
    padding_share: those of them before the first known base of a sequence or behind its last; half_have: bases between
    these, which half of the sequences have. shared, shared_reverse: examples of the other
    dataset whose sequence, or only its reverse complement, is in this one (None where there is no other). tasks: one
    dictionary for each label. pairs: ids that show the copies. notes: sentences on what deserves attention.
    """

    n: int
    length: int
    copies: int
    reverse_copies: int
    conflicts: int
    duplicate_ids: int
    shared: int | None
    shared_reverse: int | None
    n_share: float
    sequences_with_n: int
    padding_share: float
    half_have: int
    gc: float | None
    tasks: tuple[dict[str, Any], ...]
    covariates: dict[str, dict[str, Any]]
    pairs: dict[str, list[Any]]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self._asdict().items()}


class _Read(NamedTuple):
    """What one pass over a dataset's sequences keeps of each: its fingerprint, forward and reversed, and counts."""

    forward: np.ndarray  # (N,) uint64
    reverse: np.ndarray  # (N,) uint64: of the reverse complement
    n_known: np.ndarray  # (N,)
    n_gc: np.ndarray  # (N,)
    span: np.ndarray  # (N,): from the first known base to the last


def audit(dataset: Dataset, other: Dataset | None = None) -> Audit:
    """Facts about `dataset`, and which examples of `other` (for instance its validation part) it already holds.

    Labels that are all 0 and 1 are taken for classes, others for numbers; missing labels (NaN, or weight 0) are left
    out. Reverse complements are looked for in DNA only; a palindrome counts as a copy, not as a reverse one.
    """
    n, ids = len(dataset), dataset.ids
    duplicate_ids = n - len(distinct(name_hashes(ids)))  # before all else is held
    read = _read(dataset)
    values, first, group = np.unique(read.forward, return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[group] != np.arange(n))
    pairs = {"copies": [[str(ids[i]), str(ids[first[group[i]]])] for i in copies[:_PAIRS]]}
    reverse = np.zeros(0, int)
    if dataset.alphabet == "DNA":
        place = _lookup(values, read.reverse)
        mate = np.where(place >= 0, first[place], n)  # first example that is this one's reverse complement
        reverse = np.flatnonzero((mate < np.arange(n)) & (read.forward != read.reverse))
        pairs["reverse_copies"] = [[str(ids[i]), str(ids[mate[i]])] for i in reverse[:_PAIRS]]
    shared = shared_reverse = None
    if other is not None:
        shared, shared_reverse, pairs["shared"] = _shared(values, first, ids, dataset, other)
    bases = n * dataset.length
    known = int(read.n_known.sum())
    facts = Audit(
        n=n,
        length=dataset.length,
        copies=len(copies),
        reverse_copies=len(reverse),
        conflicts=_conflicts(dataset, group, len(values)),
        duplicate_ids=duplicate_ids,
        shared=shared,
        shared_reverse=shared_reverse,
        n_share=1 - known / bases if bases else 0.0,
        sequences_with_n=int((read.n_known < dataset.length).sum()),
        padding_share=1 - int(read.span.sum()) / bases if bases else 0.0,
        half_have=int(np.median(read.span)) if n else 0,
        gc=float(read.n_gc.sum() / known) if known else None,
        tasks=tuple(_task(dataset, task, read) for task in range(dataset.y.shape[1])),
        covariates=_covariates(dataset),
        pairs=pairs,
        notes=(),
    )
    return facts._replace(notes=tuple(_notes(facts)))


def concerns(train: Dataset, valid: Dataset) -> list[str]:
    """What makes these parts unfit to train and judge on, a sentence each: labels that do not change, copies.

    Nothing of a training part so large that looking it over would hold up its training.
    """
    if len(train) * train.length > _LOOKED_AT:
        return []
    with lean_memory(len(train)):
        found, held_out = audit(train, valid), audit(valid)
    told = []
    for name, facts in (("training", found), ("validation", held_out)):
        for number, label in enumerate(facts.tasks, 1):
            of = f"label {number} of " if len(facts.tasks) > 1 else ""
            n, some = label["n"], min(label.get("positives", 2), label["n"] - label.get("positives", 0))
            if n and (some == 0 or label.get("std") == 0):
                told.append(f"in {of}the {name} part every label is the same: nothing can be learned or measured there")
            elif "positives" in label and some == 1:
                told.append(f"in {of}the {name} part one example alone has the rarer label: bring more of them")
    same = (found.shared or 0) + (found.shared_reverse or 0)
    if same:
        told.append(
            f"{same:,} of {len(valid):,} validation examples have the sequence of a training example, or its reverse "
            "complement: their scores say little; 'dnaconv data import' keeps copies together"
        )
    return told


def _read(dataset: Dataset) -> _Read:
    """One pass in chunks, so that a memory-mapped dataset is never held whole."""
    parts = []
    for begin in range(0, len(dataset), _CHUNK):
        codes = codes_of(dataset.X, slice(begin, begin + _CHUNK))  # (B, L)
        opposite = np.where(codes < 4, 3 - codes, 4).astype(np.uint8)[:, ::-1]
        gc, known = (codes == 1) | (codes == 2), codes < 4
        counts = known.sum(1, np.int32), gc.sum(1, np.int32), _span(known)
        parts.append((of_codes(codes), of_codes(opposite), *counts))
    if not parts:
        return _Read(*(np.zeros(0, kind) for kind in (np.uint64, np.uint64, int, int, int)))
    return _Read(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _span(known: np.ndarray) -> np.ndarray:
    """How far it is from the first known base to the last, in each row of `known` `(B, L)`; 0 where none is."""
    outside = known.argmax(1) + known[:, ::-1].argmax(1)
    return np.where(known.any(1), known.shape[1] - outside, 0)


def _lookup(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Place of each of `wanted` in sorted `values`, -1 where it is not there."""
    if not len(values):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    return np.where(values[place] == wanted, place, -1)


def _shared(
    values: np.ndarray, first: np.ndarray, ids: np.ndarray, dataset: Dataset, other: Dataset
) -> tuple[int, int, list[Any]]:
    if other.length != dataset.length:
        return 0, 0, []
    read = _read(other)
    place = _lookup(values, read.forward)
    same = place >= 0
    turned = np.zeros(len(same), bool)
    if dataset.alphabet == "DNA":
        opposite = _lookup(values, read.reverse)
        turned = ~same & (opposite >= 0)
        place = np.where(turned, opposite, place)
    shown = np.flatnonzero(same | turned)[:_PAIRS]
    pairs = [[str(other.ids[i]), str(ids[first[place[i]]])] for i in shown]
    return int(same.sum()), int(turned.sum()), pairs


def _conflicts(dataset: Dataset, group: np.ndarray, n_groups: int) -> int:
    """Groups of equal sequences whose labels differ."""
    differ = np.zeros(n_groups, bool)
    for labels, weights in zip(dataset.y.T, dataset.w.T, strict=True):
        low, high = np.full(n_groups, np.inf), np.full(n_groups, -np.inf)
        known = ~np.isnan(labels) & (weights > 0)
        np.minimum.at(low, group[known], labels[known])
        np.maximum.at(high, group[known], labels[known])
        differ |= high > low
    return int(differ.sum())


def _task(dataset: Dataset, task: int, read: _Read) -> dict[str, Any]:
    y = np.asarray(dataset.y[:, task], np.float64)
    counted = (np.asarray(dataset.w[:, task]) > 0) & ~np.isnan(y)
    labels = y[counted]
    facts: dict[str, Any] = {"n": len(labels), "missing": len(y) - len(labels)}
    if len(labels) and np.isin(labels, (0, 1)).all():
        positive = counted & (y == 1)
        facts.update(
            kind="binary",
            positives=int(positive.sum()),
            prevalence=float(labels.mean()),
            gc_positives=_gc(read, positive),
            gc_negatives=_gc(read, counted & (y == 0)),
        )
    elif len(labels):
        facts.update(kind="number", mean=float(labels.mean()), std=float(labels.std()))
        facts.update(min=float(labels.min()), max=float(labels.max()))
        gc = read.n_gc[counted] / np.maximum(read.n_known[counted], 1)
        varied = len(labels) > 1 and gc.std() > 0 and labels.std() > 0
        facts["gc_correlation"] = float(np.corrcoef(gc, labels)[0, 1]) if varied else None
    return facts


def _gc(read: _Read, chosen: np.ndarray) -> float | None:
    known = int(read.n_known[chosen].sum())
    return float(read.n_gc[chosen].sum() / known) if known else None


def _covariates(dataset: Dataset) -> dict[str, dict[str, Any]]:
    if dataset.covariates is None or not len(dataset):
        return {}
    return {
        name: {"min": float(column.min()), "mean": float(column.mean()), "max": float(column.max())}
        for name, column in zip(dataset.covariate_names, np.asarray(dataset.covariates, np.float64).T, strict=True)
    }


def _notes(facts: Audit) -> list[str]:
    notes = []
    same, turned = facts.shared or 0, facts.shared_reverse or 0
    if same or turned:
        notes.append(
            f"the other part holds {many(same, 'copy', 'copies')} and "
            f"{many(turned, 'reverse complement')} of examples here: its scores look too good because of these"
        )
    if facts.conflicts:
        notes.append(
            f"{many(facts.conflicts, 'sequence')} with different labels in different places: none can fit both"
        )
    if facts.copies:
        notes.append(
            f"{many(facts.copies, 'example')} with the sequence of an earlier one: a random split may put copies in "
            f"both parts"
        )
    if facts.reverse_copies:
        notes.append(f"{many(facts.reverse_copies, 'example')} with the reverse complement of an earlier one")
    if facts.duplicate_ids:
        notes.append(f"{many(facts.duplicate_ids, 'example')} with the id of an earlier one")
    for number, told in enumerate(facts.tasks, 1):
        label = f"label {number}" if len(facts.tasks) > 1 else "the label"
        if "positives" in told:
            if told["positives"] in (0, told["n"]):
                notes.append(f"{label} has one class only: nothing can be learned or measured from it")
            elif min(told["prevalence"], 1 - told["prevalence"]) < 0.05:
                notes.append(f"{label} is positive in {told['prevalence']:.2%}: look at AUPRC beside AUROC")
            low, high = told["gc_negatives"], told["gc_positives"]
            if low is not None and high is not None and abs(high - low) > _GC_GAP:
                notes.append(
                    f"GC content is {high:.0%} in positives and {low:.0%} in negatives of {label}: composition alone "
                    f"tells them apart in part"
                )
    if facts.n_share > 0.01:
        notes.append(f"{facts.n_share:.1%} of all bases are unknown (N)")
    return notes


def many(number: int, one: str, more: str = "") -> str:
    """'1 example', '2 examples'."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"
