"""`dnaconv filters`: what each filter looks for, what that is called, and whether it matters."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.commands.base import Answer, data_options, examples, open_model, with_model
from dnaconv_core.commands.naming import best_name, name_options, nameable
from dnaconv_core.commands.outputs import Logo, check_outputs, file_options, save_motifs, write_logos
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.words import NOT_NAMED, group_words, spelled
from dnaconv_core.progress import Bar, Part
from dnaconv_core.sequence.motif import to_icm

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.interpret.filters import FilterMotif
    from dnaconv_core.interpret.keep import StoredFilter
    from dnaconv_core.model.bundle import Bundle

_TOGETHER = 0.3  # correlation of activations from which filters fire together


def add(groups: Any, command: Any) -> None:
    found = with_model(command(groups, "filters", filters, "what each filter looks for, its name, and if it matters"))
    data_options(found)
    name_options(found)
    file_options(found)
    found.add_argument("--layer", type=int, default=1, help="from 1; deeper layers by their receptive field")
    found.add_argument("--fraction", type=float, default=0.5, help="of the maximum from which a window counts")
    found.add_argument("--no-ablation", action="store_true", help="do not measure the model without each filter")
    found.add_argument("--keep", action="store_true", help="keep the windows' counts in the model's folder")
    found.add_argument("--all", action="store_true", help="list all of them, not the first 20 (JSON always has all)")


def filters(options: Namespace) -> Answer:
    from dnaconv_core.interpret.keep import load_filters
    from dnaconv_core.interpret.naming import FIRST, named_filters

    bundle = open_model(options)
    config = bundle.config
    check_outputs(options)
    named = nameable(options, config)
    data = examples(options, bundle, needed=False)
    if data is not None:
        found, order, beside = _read(options, bundle, data.labelled())
    else:
        found, beside = load_filters(bundle.path), {}
        if found is None:
            raise InputError(f"{options.model} has no held-out examples or windows kept with it: give --data DIR")
        if options.layer != 1:
            raise InputError(f"only the first layer's windows are kept with {options.model}: give --data DIR")
        order = np.arange(len(found))
    matches = [[] for _ in found]
    if named:
        matches = named_filters([f.motif for f in found], order, options.motifs, options.jaspar)
    firing = [found[i] for i in order if found[i].n_sites]
    save_motifs(options, [f.motif for f in firing])
    write_logos(options, _logos(bundle, firing, options.layer))
    rows = [
        {
            "index": f.index,
            "rank": None,
            "consensus": spelled(f.consensus, config),
            "n_sites": f.n_sites,
            "information_bits": f.information_bits,
            "max_activation": f.max_activation,
            "note": f.note,
            "matches": [match.as_json() for match in own],
            "ablation": None,
            **beside.get(f.index, _NOTHING),
        }
        for f, own in zip(found, matches, strict=True)
    ]
    shown = order if options.all else order[:FIRST]
    ranked = any(row["rank"] for row in rows)
    lines = [f"those that tell {' and '.join(group_words(config))} apart most come first"] if ranked else []
    for row in (rows[i] for i in shown):
        name = f"  {best_name(matches[row['index']])}" if named else ""
        note = f"  ({row['note']})" if row["note"] else ""
        lines.append(
            f"filter {row['index'] + 1:>3}  {row['consensus']:<20} {row['n_sites']:>7,} sites  "
            f"{row['information_bits']:5.1f} bits{name}{_change(row['ablation'])}{note}"
        )
    if not named:
        lines.append(NOT_NAMED)
    if len(shown) < len(found):
        lines.append(f"and {len(found) - len(shown)} more: --all lists them")
    return Answer({"model": options.model, "layer": options.layer, "filters": rows}, "\n".join(lines))


def _logos(bundle: Bundle, found: Iterable[FilterMotif | StoredFilter], layer: int) -> Iterator[Logo]:
    """What each filter fires on, and of the first layer its weights, but for what all four bases share."""
    look = {"alphabet": bundle.config.alphabet}
    for f in found:
        yield Logo(f.motif.matrix_id, to_icm(f.motif.ppm), {**look, "title": f.motif.name})
        if layer == 1:
            kernel = bundle.model.convs[0].weight[f.index].detach().cpu().numpy()
            look_at = {**look, "title": f"{f.motif.name}, weights", "kind": "contribution", "unit": "weight"}
            yield Logo(f"{f.motif.matrix_id}_weights", kernel - kernel.mean(axis=0), look_at)


_NOTHING = {"mean_activation": None, "fires_with": None, "positions": None, "top": None}  # without sequences


def _read(options: Namespace, bundle: Bundle, data: Dataset) -> tuple[list[FilterMotif], np.ndarray, dict[int, dict]]:
    """The filters as sequences show them, their order, and for each what else the JSON says of it."""
    from dnaconv_core.interpret.ablation import ablate_filters
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.filters import by_usefulness, class_means, co_firing, filter_motifs, top_sequences
    from dnaconv_core.interpret.keep import save_filters

    model, progress = bundle.model, Bar()
    measured = data.y.shape[1] > 0 and not options.no_ablation
    scan = filter_motifs(
        model, data.X, layer=options.layer, fraction=options.fraction,
        progress=Part(progress, 0.0, 0.3 if measured else 1.0),
    )  # fmt: skip
    if options.keep:
        save_filters(bundle.path, scan)
    together = co_firing(scan)
    beside: dict[int, dict] = {}
    for f in scan.motifs:
        others = [int(i) for i in np.argsort(-together[f.index], kind="stable") if i != f.index]
        beside[f.index] = _NOTHING | {
            "fires_with": [
                {"index": i, "correlation": float(together[f.index, i])}
                for i in others[:4]
                if together[f.index, i] > _TOGETHER
            ],
            "positions": scan.positions[f.index].tolist(),
            "top": [
                {"id": str(data.ids[row]), "start": start, "strand": "-" if minus else "+", "activation": value}
                for row, start, minus, value in top_sequences(scan, f.index)
            ],
        }
    if not data.y.shape[1]:
        return list(scan.motifs), np.arange(len(scan.motifs)), beside
    order, means = by_usefulness(scan, data.y), class_means(scan, data.y)
    for place, index in enumerate(order, 1):
        low, high = (_number(part[index]) for part in means)
        beside[int(index)] |= {"rank": place, "mean_activation": {"positives": high, "negatives": low}}
    if measured:
        given = covariates_for(model, data)
        done = ablate_filters(model, data.X, data.y, given, layer=options.layer, progress=Part(progress, 0.3, 0.7))
        for change in done:
            beside[change.index]["ablation"] = change.as_json()
    return list(scan.motifs), order, beside


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _change(change: dict | None) -> str:
    if change is None or change["change"] is None:
        return ""
    from dnaconv_core.evaluate.metrics import LABELS

    interval = f" ({change['low']:+.4f} to {change['high']:+.4f})" if change["low"] is not None else ""
    return f"  without it {LABELS[change['metric']].name} {change['change']:+.4f}{interval}"
