"""`dnaconv filters`: what each filter looks for, what that is called, and whether it matters."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    data_options,
    examples,
    on_option,
    open_model,
    task_option,
    with_model,
)
from dnaconv_core.commands.naming import best_name, name_options, nameable
from dnaconv_core.commands.outputs import Logo, check_outputs, file_options, save_motifs, write_logos
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.dependence import groups_of
from dnaconv_core.interpret.words import NOT_NAMED, group_words, spelled
from dnaconv_core.progress import Bar, Part
from dnaconv_core.sequence.motif import to_icm

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.interpret.families import Family
    from dnaconv_core.interpret.filters import FilterMotif, FilterScan
    from dnaconv_core.interpret.keep import StoredFilter
    from dnaconv_core.interpret.match import Match
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig

_FAMILIES = 10  # shown and measured
_TOGETHER = 0.3  # correlation of activations from which filters fire together


def add(groups: Any, command: Any) -> None:
    found = with_model(command(groups, "filters", filters, "what each filter looks for, its name, and if it matters"))
    data_options(found)
    task_option(found)
    name_options(found)
    file_options(found)
    found.add_argument(
        "--layer", type=int, default=1, help="layer to read, from 1; deeper ones by their receptive field"
    )
    found.add_argument(
        "--fraction", type=float, default=0.5, help="share of a filter's maximum above which a window counts"
    )
    found.add_argument(
        "--no-ablation", action="store_true", help="do not measure the metric without each filter (faster)"
    )
    on_option(found)
    found.add_argument("--keep", action="store_true", help="keep the windows' counts in the model's folder")
    found.add_argument("--all", action="store_true", help="list all of them, not the first 20 (JSON always has all)")


def filters(options: Namespace) -> Answer:
    from dnaconv_core.interpret.families import by_family
    from dnaconv_core.interpret.naming import FIRST, named_filters

    bundle = open_model(options)
    check_outputs(options)
    named, of = nameable(options, bundle.config), chosen_output(options, bundle.config)
    data = examples(options, bundle)
    seen = _kept(options, bundle) if data is None else _read(options, bundle, data.labelled(), of.number)
    found, order, beside = seen
    matches: list[list[Match]] = [[] for _ in found]
    if named:
        alphabet = bundle.config.alphabet
        matches = named_filters([f.motif for f in found], order, options.motifs, options.jaspar, alphabet=alphabet)
    firing = [found[i] for i in order if found[i].n_sites]
    save_motifs(options, [f.motif for f in firing])
    write_logos(options, _logos(bundle, firing, options.layer))
    rows = [_row(f, own, bundle.config) | beside.get(f.index, _NOTHING) for f, own in zip(found, matches, strict=True)]
    shown = order if options.all else order[:FIRST]
    ranked = any(row["rank"] for row in rows)
    lines = list(of.lines)
    found_families = by_family(matches, order) if named else []
    together = _together(options, bundle, data, of.number, found_families)
    lines += _family_lines(found_families, together, found)
    lines += [f"those that tell {' and '.join(group_words(bundle.config))} apart most come first"] if ranked else []
    lines += [_line(rows[i], f"  {best_name(matches[i])}" if named else "") for i in shown]
    groups = [{**group.as_json(), "ablation": together.get(i)} for i, group in enumerate(found_families) if group.best]
    if not named:
        lines.append(NOT_NAMED)
    if len(shown) < len(found):
        lines.append(f"and {len(found) - len(shown)} more: --all lists them")
    return Answer(
        {"model": options.model, **of.facts, "layer": options.layer, "families": groups, "filters": rows},
        "\n".join(lines),
    )


def _together(
    options: Namespace, bundle: Bundle, data: Dataset | None, task: int, families: Sequence[Family]
) -> dict[int, dict[str, Any]]:
    """What each of the first families is worth, by its number; nothing without labels or where not asked."""
    from dnaconv_core.interpret.ablation import ablate_together
    from dnaconv_core.model.inputs import covariates_for

    members = [family.filters for family in families[:_FAMILIES] if family.best]
    if data is None or not data.y.shape[1] or options.no_ablation or not members:
        return {}
    data = data.labelled()
    done = ablate_together(
        bundle.model, data.X, data.y, covariates_for(bundle.model, data), members=members, layer=options.layer,
        task=task, groups=groups_of(data), progress=Bar(),
    )  # fmt: skip
    return {change.index: change.as_json() for change in done}


def _family_lines(
    families: Sequence[Family], together: dict[int, dict[str, Any]], found: Sequence[FilterMotif | StoredFilter]
) -> list[str]:
    """Families first: their best match, the consensus of the filter that matters most, and what all are worth."""
    lines = []
    for number, family in enumerate(families[:_FAMILIES]):
        if family.best:
            count = f"{len(family.filters)} filter{'s' * (len(family.filters) > 1)}"
            change = _change(together.get(number)).replace("without it", "without all of them")
            read = found[family.filters[0]].consensus
            lines.append(f"{family.words:<28} {read:<14} q {family.best.q_value:.2g}  {count}{change}")
    return lines


def _row(f: FilterMotif | StoredFilter, matches: list[Match], config: ModelConfig) -> dict[str, Any]:
    return {
        "index": f.index,
        "rank": None,
        "consensus": spelled(f.consensus, config),
        "n_sites": f.n_sites,
        "information_bits": f.information_bits,
        "max_activation": f.max_activation,
        "note": f.note,
        "matches": [match.as_json() for match in matches],
        "ablation": None,
    }


def _line(row: dict[str, Any], name: str) -> str:
    note = f"  ({row['note']})" if row["note"] else ""
    return (
        f"filter {row['index'] + 1:>3}  {row['consensus']:<20} {row['n_sites']:>7,} sites  "
        f"{row['information_bits']:5.1f} bits{name}{_change(row['ablation'])}{note}"
    )


def _logos(bundle: Bundle, found: Iterable[FilterMotif | StoredFilter], layer: int) -> Iterator[Logo]:
    """What each filter fires on, and of the first layer its weights, but for what all four bases share."""
    look = {"alphabet": bundle.config.alphabet}
    for f in found:
        yield Logo(f.motif.matrix_id, to_icm(f.motif.ppm), {**look, "title": f.motif.name})
        if layer == 1:
            kernel = bundle.model.convs[0].weight[f.index].detach().cpu().numpy()
            look_at = {**look, "title": f"{f.motif.name}, weights", "kind": "contribution", "unit": "weight"}
            yield Logo(f"{f.motif.matrix_id}_weights", kernel - kernel.mean(axis=0), look_at)


_NOTHING: dict[str, Any] = {
    "mean_activation": None,
    "fires_with": None,
    "positions": None,
    "top": None,
}  # without sequences


class _Found(NamedTuple):
    """Filters, the order in which they are listed, and of each by its index what else the JSON says."""

    filters: Sequence[FilterMotif | StoredFilter]
    order: np.ndarray
    beside: dict[int, dict[str, Any]]


def _kept(options: Namespace, bundle: Bundle) -> _Found:
    """The filters whose windows were kept with the model. Raises InputError where there are none."""
    from dnaconv_core.interpret.keep import load_filters

    found = load_filters(bundle.path)
    if found is None:
        raise InputError(f"{options.model} has no held-out examples or windows kept with it: give --data DIR")
    if options.layer != 1:
        raise InputError(f"only the first layer's windows are kept with {options.model}: give --data DIR")
    return _Found(found, np.arange(len(found)), {})


def _read(options: Namespace, bundle: Bundle, data: Dataset, task: int) -> _Found:
    """The filters as sequences show them."""
    from dnaconv_core.interpret.ablation import ablate_filters
    from dnaconv_core.interpret.filters import by_usefulness, class_means, co_firing, filter_motifs
    from dnaconv_core.interpret.keep import save_filters
    from dnaconv_core.model.inputs import covariates_for

    model, progress = bundle.model, Bar()
    measured = data.y.shape[1] > 0 and not options.no_ablation
    scan = filter_motifs(
        model, data.X, layer=options.layer, fraction=options.fraction, on=where(options.on),
        progress=Part(progress, 0.0, 0.3 if measured else 1.0),
    )  # fmt: skip
    if options.keep:
        save_filters(bundle.path, scan)
    together = co_firing(scan)
    beside = {f.index: _seen(scan, f.index, together[f.index], data.ids) for f in scan.motifs}
    if not data.y.shape[1]:
        return _Found(scan.motifs, np.arange(len(scan.motifs)), beside)
    order, means = by_usefulness(scan, data.y), class_means(scan, data.y)
    for place, index in enumerate(order, 1):
        low, high = (_number(part[index]) for part in means)
        beside[int(index)] |= {"rank": place, "mean_activation": {"positives": high, "negatives": low}}
    if measured:
        given = covariates_for(model, data)
        done = ablate_filters(
            model, data.X, data.y, given, layer=options.layer, task=task, groups=groups_of(data),
            progress=Part(progress, 0.3, 0.7),
        )  # fmt: skip
        for change in done:
            beside[change.index]["ablation"] = change.as_json()
    return _Found(scan.motifs, order, beside)


def _seen(scan: FilterScan, index: int, together: np.ndarray, ids: np.ndarray) -> dict[str, Any]:
    """What sequences say of one filter; together: how its activations go with those of each `(F,)`."""
    from dnaconv_core.interpret.filters import top_sequences

    others = [int(i) for i in np.argsort(-together, kind="stable") if i != index]
    return _NOTHING | {
        "fires_with": [{"index": i, "correlation": float(together[i])} for i in others[:4] if together[i] > _TOGETHER],
        "positions": scan.positions[index].tolist(),
        "top": [
            {"id": str(ids[row]), "start": start, "strand": "-" if minus else "+", "activation": value}
            for row, start, minus, value in top_sequences(scan, index)
        ],
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _change(change: dict[str, Any] | None) -> str:
    if change is None or change["change"] is None:
        return ""
    from dnaconv_core.answers.labels import LABELS

    interval = f" ({change['low']:+.4f} to {change['high']:+.4f})" if change["low"] is not None else ""
    interval = interval or f" ({change['note']})" * bool(change["note"])
    return f"  without it {LABELS[change['metric']].name} {change['change']:+.4f}{interval}"
