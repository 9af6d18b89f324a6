"""`dnaconv filters`: what each filter looks for, what that is called, and whether it matters."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np

from dnaconv_core.commands.base import Answer
from dnaconv_core.commands.interpretation import (
    Logo,
    best_name,
    data_options,
    examples,
    file_options,
    name_options,
    nameable,
    open_model,
    save_meme,
    with_model,
    write_logos,
)
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.words import NOT_NAMED, group_words, spelled
from dnaconv_core.progress import Bar
from dnaconv_core.sequence.motif import to_icm


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
    from dnaconv_core.interpret.ablation import ablate_filters
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.filters import by_usefulness, filter_motifs
    from dnaconv_core.interpret.keep import load_filters, save_filters
    from dnaconv_core.interpret.naming import FIRST, named_filters

    bundle = open_model(options)
    data = examples(options, bundle, needed=False)
    changes: dict[int, Any] = {}
    ranked = data is not None and data.y.shape[1] > 0
    if data is not None:
        scan = filter_motifs(bundle.model, data.X, layer=options.layer, fraction=options.fraction, progress=Bar())
        found = list(scan.motifs)
        order = by_usefulness(scan, data.y) if ranked else np.arange(len(found))
        if options.keep:
            save_filters(bundle.path, scan)
        if ranked and not options.no_ablation:
            beside = covariates_for(bundle.model, data)
            done = ablate_filters(bundle.model, data.X, data.y, beside, layer=options.layer, progress=Bar())
            changes = {change.index: change.as_json() for change in done}
    else:
        found = load_filters(bundle.path)
        if found is None:
            raise InputError(f"{options.model} has no held-out examples or windows kept with it: give --data DIR")
        order = np.arange(len(found))
    config = bundle.config
    named = nameable(options, config)
    motifs = [f.motif for f in found]
    matches = named_filters(motifs, order, options.motifs, options.jaspar) if named else [[] for _ in found]
    save_meme(options.meme, [found[i].motif for i in order if found[i].n_sites])
    write_logos(
        options,
        (
            Logo(f.motif.matrix_id, to_icm(f.motif.ppm), {"title": f.motif.name, "alphabet": config.alphabet})
            for f in (found[i] for i in order)
            if f.n_sites
        ),
    )
    rank = {int(index): place for place, index in enumerate(order, 1)} if ranked else {}
    rows = [
        {
            "index": f.index,
            "rank": rank.get(f.index),
            "consensus": spelled(f.consensus, config),
            "n_sites": f.n_sites,
            "information_bits": f.information_bits,
            "max_activation": f.max_activation,
            "note": f.note,
            "matches": [match.as_json() for match in own],
            "ablation": changes.get(f.index),
        }
        for f, own in zip(found, matches, strict=True)
    ]
    shown = order if options.all else order[:FIRST]
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


def _change(change: dict | None) -> str:
    if change is None or change["change"] is None:
        return ""
    from dnaconv_core.evaluate.metrics import LABELS

    interval = f" ({change['low']:+.4f} to {change['high']:+.4f})" if "low" in change else ""
    return f"  without it {LABELS[change['metric']].name} {change['change']:+.4f}{interval}"
