"""All that a report tells of a model: its filters, the motifs it uses, and where it looks, each with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.dependence import Groups, groups_of
from dnaconv_core.interpret.ablation import Ablation, ablate_filters
from dnaconv_core.interpret.attribution import NAMES, Attribution, attribute
from dnaconv_core.interpret.discovery import Discovery, DiscoveryOptions, discover
from dnaconv_core.interpret.evidence import Check, check_map
from dnaconv_core.interpret.filters import FilterScan, by_usefulness, filter_motifs
from dnaconv_core.interpret.hits import find_hits
from dnaconv_core.interpret.marginalize import Effect, backgrounds, marginalize
from dnaconv_core.interpret.match import Match
from dnaconv_core.interpret.naming import FIRST, named, named_filters
from dnaconv_core.model.inputs import covariates_for
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Part, Progress
from dnaconv_core.sequence.motif import Motif

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

METHOD, COMPARED = "deeplift_shap", "ism"
_EXPLAINED = 4  # sequences whose attributions are shown
MOST_READ = 20_000  # sequences that filters are read from
MOST_SILENCED = 2000  # examples on which the network is measured without a filter
MOST_EXPLAINED = 500  # positives, and negatives, among which patterns are looked for
SITE = 1e-3  # p-value of a pattern's site in a sequence that is shown, at most
BACKGROUNDS = 100  # that a pattern's effect is measured on


class PatternSite(NamedTuple):
    """Where a pattern stands in a sequence."""

    pattern: int  # from 0
    start: int
    end: int
    strand: str


class Example(NamedTuple):
    """One sequence, with what is said of it and why."""

    row: int  # of the dataset
    prediction: float
    sites: tuple[PatternSite, ...]  # of the patterns found, the best first
    attribution: Attribution  # of this sequence alone
    checks: tuple[Check, ...]


class Findings(NamedTuple):
    """Matches are None where there is nothing to compare with."""

    scan: FilterScan
    shown: tuple[int, ...]  # filters, those that tell the classes apart most
    worth: dict[int, Ablation]  # of the filters shown
    filter_names: list[list[Match]] | None  # of all filters
    discovery: Discovery
    pattern_names: list[list[Match]] | None
    effects: tuple[Effect, ...]  # of each pattern, in the middle of shuffled sequences
    examples: tuple[Example, ...]  # the highest predictions among positives


def rows_to_read(y: np.ndarray) -> np.ndarray:
    """The rows that filters are read from: all, or of many as many as may be, positives (or the highest) first.

    Where these would be positives only, half of them are, and the others negatives: filters are to tell them apart.
    """
    y = np.asarray(y).reshape(len(y), -1)[:, 0]
    if len(y) <= MOST_READ:
        return np.arange(len(y))
    order = np.argsort(-y, kind="stable")
    alike = int((y == y[order[0]]).sum())
    if alike >= MOST_READ:
        others = order[alike:][: MOST_READ // 2]
        order = np.concatenate([order[: MOST_READ - len(others)], others])
    return order[:MOST_READ]


def worth_of(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None,
    *,
    indices: Sequence[int],
    groups: Groups,
    layer: int = 1,
    task: int = 0,
    progress: Progress = SILENT,
) -> list[Ablation]:
    """What these filters are worth one by one, as pages and the report tell it (`ablate_filters`)."""
    return ablate_filters(
        model, X, y, covariates, layer=layer, indices=indices, task=task, most=MOST_SILENCED, groups=groups,
        progress=progress,
    )  # fmt: skip


def patterns_of(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None,
    *,
    task: int = 0,
    so_far: Callable[[Discovery], None] | None = None,
    on: str = "",
    progress: Progress = SILENT,
) -> Discovery:
    """The motifs that the network uses, as pages and the report tell them (`discover`)."""
    how = DiscoveryOptions(task=task, most=MOST_EXPLAINED)
    return discover(model, X, y, covariates, how=how, so_far=so_far, on=on, progress=progress)


def gather(
    model: ConvNet,
    data: Dataset,
    *,
    motifs: str | Sequence[Motif] = "",
    group: str = "vertebrates",
    may_name: bool = True,
    siblings: Sequence[ConvNet] = (),
    network: Check | None = None,
    discovery: Discovery | None = None,
    task: int = 0,
    progress: Progress = SILENT,
) -> Findings | None:
    """What the model learned for its output `task`, as seen on data with the label of that output.

    None where `progress` asked to stop, heard within each step.

    motifs, group: what names are taken from, as `naming.targets`; may_name: whether there is anything to compare with.
    siblings: the same network trained from other seeds. network: its own worth, as `network_check` finds it.
    discovery: what was found on these data before; by default it is looked for now.
    """
    beside = covariates_for(model, data)
    rows = rows_to_read(data.y)
    scan = filter_motifs(model, data.X if len(rows) == len(data) else data.X[rows], progress=Part(progress, 0.0, 0.15))
    if progress.should_stop():
        return None
    order = by_usefulness(scan, data.y[rows])
    shown = tuple(int(i) for i in order[:FIRST])
    worth = worth_of(
        model, data.X, data.y, beside, indices=shown, task=task, groups=groups_of(data),
        progress=Part(progress, 0.15, 0.15),
    )  # fmt: skip
    if progress.should_stop():
        return None
    found = discovery or patterns_of(model, data.X, data.y, beside, task=task, progress=Part(progress, 0.3, 0.4))
    if progress.should_stop():
        return None
    filter_names = pattern_names = None
    if may_name:
        progress.report(0.7, "naming the motifs")
        alphabet = model.config.alphabet
        patterns = [p.motif for p in found.patterns]
        pattern_names = named(patterns, motifs, group, alphabet=alphabet) if patterns else []
        filter_names = named_filters([f.motif for f in scan.motifs], order, motifs, group, alphabet=alphabet)
    alike = {"siblings": siblings, "network": network}
    if progress.should_stop() or (effects := _effects(model, data, found, task, Part(progress, 0.75, 0.1))) is None:
        return None
    if (examples := _examples(model, data, beside, found, alike, task, Part(progress, 0.85, 0.15))) is None:
        return None
    changes = {change.index: change for change in worth}
    return Findings(scan, shown, changes, filter_names, found, pattern_names, effects, examples)


def _effects(
    model: ConvNet, data: Dataset, found: Discovery, task: int, progress: Progress
) -> tuple[Effect, ...] | None:
    if not found.patterns:
        return ()
    made, effects = backgrounds(data.X, model.config.length, BACKGROUNDS), []
    for number, pattern in enumerate(found.patterns, 1):
        effects.append(marginalize(model, made, pattern.motif, task=task))
        progress.report(number / len(found.patterns), f"pattern {number} put into shuffled sequences")
        if progress.should_stop():
            return None
    return tuple(effects)


def _examples(
    model: ConvNet,
    data: Dataset,
    beside: np.ndarray | None,
    found: Discovery,
    alike: dict[str, Any],
    task: int,
    progress: Progress,
) -> tuple[Example, ...] | None:
    """The highest predictions among positives, or among values in the upper half."""
    said = predict(model, np.asarray(data.X[:]), beside, progress=Part(progress, 0.0, 0.2))[:, task]
    shown = []
    for number, row in enumerate(_true_first(said, data.y)[:_EXPLAINED], 1):
        if progress.should_stop():
            return None
        X, c = np.asarray(data.X[row : row + 1]), None if beside is None else beside[row : row + 1]
        maps = {
            NAMES[method]: attribute(model, X, method=method, task=task, covariates=c) for method in (METHOD, COMPARED)
        }
        checks = check_map(model, X, maps, covariates=c, task=task, **alike)
        shown.append(
            Example(int(row), float(said[row]), _sites(X, found, data.alphabet), maps[NAMES[METHOD]], tuple(checks))
        )
        progress.report(0.2 + 0.8 * number / _EXPLAINED, f"{number} of {_EXPLAINED} sequences explained")
    return tuple(shown)


def _true_first(said: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows by prediction, those whose label is high too before all others."""
    y = np.asarray(y).reshape(len(y), -1)[:, 0]
    high = y >= 0.5 if np.isin(y, (0, 1)).all() else y > np.median(y)
    return np.lexsort((-said, ~high))


def _sites(X: np.ndarray, found: Discovery, alphabet: str) -> tuple[PatternSite, ...]:
    """Where the patterns stand in one sequence `(1, 4, L)`: the best where several would overlap."""
    strands, all_of_them = "one" if alphabet == "RNA" else "both", []
    for number, pattern in enumerate(found.patterns):
        if pattern.motif.width > X.shape[2]:
            continue
        hits = find_hits(X, pattern.motif, p_value=SITE, strands=strands)
        for start, strand, p in zip(hits.start.tolist(), hits.strand.tolist(), hits.p_value.tolist(), strict=True):
            all_of_them.append((p, PatternSite(number, start, start + hits.width, strand)))
    kept: list[PatternSite] = []
    for _, site in sorted(all_of_them):
        if all(site.end <= other.start or other.end <= site.start for other in kept):
            kept.append(site)
    return tuple(kept)
