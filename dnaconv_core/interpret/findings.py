"""All that a report tells of a model: its filters, the motifs it uses, and where it looks, each with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.dependence import groups_of
from dnaconv_core.interpret.ablation import Ablation, ablate_filters
from dnaconv_core.interpret.attribution import NAMES, Attribution, attribute
from dnaconv_core.interpret.discovery import Discovery, DiscoveryOptions, discover
from dnaconv_core.interpret.evidence import Check, check_map
from dnaconv_core.interpret.filters import FilterScan, by_usefulness, filter_motifs
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
_MOST = 500  # positives, and negatives, among which patterns are looked for
BACKGROUNDS = 100  # that a pattern's effect is measured on


class Example(NamedTuple):
    """One sequence, with what is said of it and why."""

    row: int  # of the dataset
    prediction: float
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
    examples: tuple[Example, ...]  # the highest predictions


def gather(
    model: ConvNet,
    data: Dataset,
    *,
    motifs: str | Sequence[Motif] = "",
    group: str = "vertebrates",
    may_name: bool = True,
    siblings: Sequence[ConvNet] = (),
    network: Check | None = None,
    task: int = 0,
    progress: Progress = SILENT,
) -> Findings | None:
    """What the model learned for its output `task`, as seen on data with the label of that output.

    None where `progress` asked to stop, heard within each step.

    motifs, group: what names are taken from, as `naming.targets`; may_name: whether there is anything to compare with.
    siblings: the same network trained from other seeds. network: its own worth, as `network_check` finds it.
    """
    beside = covariates_for(model, data)
    scan = filter_motifs(model, data.X, progress=Part(progress, 0.0, 0.15))
    if progress.should_stop():
        return None
    order = by_usefulness(scan, data.y)
    shown = tuple(int(i) for i in order[:FIRST])
    worth = ablate_filters(
        model, data.X, data.y, beside, indices=shown, task=task, groups=groups_of(data),
        progress=Part(progress, 0.15, 0.15),
    )  # fmt: skip
    if progress.should_stop():
        return None
    found = discover(
        model, data.X, data.y, beside, how=DiscoveryOptions(task=task, most=_MOST), progress=Part(progress, 0.3, 0.4)
    )
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
    if (examples := _examples(model, data, beside, alike, task, Part(progress, 0.85, 0.15))) is None:
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
    model: ConvNet, data: Dataset, beside: np.ndarray | None, alike: dict[str, Any], task: int, progress: Progress
) -> tuple[Example, ...] | None:
    said = predict(model, np.asarray(data.X[:]), beside, progress=Part(progress, 0.0, 0.2))[:, task]
    shown = []
    for number, row in enumerate(np.argsort(-said, kind="stable")[:_EXPLAINED], 1):
        if progress.should_stop():
            return None
        X, c = np.asarray(data.X[row : row + 1]), None if beside is None else beside[row : row + 1]
        maps = {
            NAMES[method]: attribute(model, X, method=method, task=task, covariates=c) for method in (METHOD, COMPARED)
        }
        checks = check_map(model, X, maps, covariates=c, task=task, **alike)
        shown.append(Example(int(row), float(said[row]), maps[NAMES[METHOD]], tuple(checks)))
        progress.report(0.2 + 0.8 * number / _EXPLAINED, f"{number} of {_EXPLAINED} sequences explained")
    return tuple(shown)
