"""Compares settings of `tuned` on training parts alone, so that none is chosen by what accuracy.py reports.

    python benchmarks/choose.py [--only tf_binding,rnai_apart] [--candidates "tuned;no mutation"] [--outer 0,4]
                                [--cache FOLDER] [--out FILE.json]

Of every outer fold (the one that is reported) only the training part is used. It is cut into inner folds, and each
candidate is trained on all but one of them and measured on that one. A candidate's score is the mean over all of them.
--out also keeps, for each outer fold, the settings that are best on its own inner folds (by the first metric): a choice
that no window of that fold had a part in. `accuracy.py --chosen FILE.json` reports it beside `tuned`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import METRICS, Options, predictions_after
from folds import DATA, TASKS, Fold, folds, inner_folds

from dnaconv_core.evaluate.metrics import measure_for
from dnaconv_core.experiments import get_experiment

# Epochs after which each candidate is measured.
LOOKS = {"tf_binding": (8, 12, 16, 24, 32, 40), "chromatin": (8, 12, 16, 24, 32, 40), "rnai": (15, 20, 25, 30, 40)}
_SMALL = {"members": 8, "filters": 32}
_SEQUENCE: dict[str, dict[str, Any]] = {
    "longer": {"epochs": 40},
    "no mutation": {"mutation": 0.0},
    "more mutation": {"mutation": 0.2, "epochs": 40},
    "most mutation, larger steps": {"mutation": 0.3, "learning_rate": 6e-3, "epochs": 24},
    "small members": _SMALL,
    "small members, more mutation": {**_SMALL, "mutation": 0.2, "epochs": 40},
    "small members, larger steps": {**_SMALL, "mutation": 0.2, "learning_rate": 6e-3, "epochs": 40},
    "8 members": {"members": 8},
    "noise before the output": {"pooled_dropout": 0.3},
    "longer kernels": {"kernel_size": 15},
    "mean beside the maximum": {"pooling": "max_mean"},
}
CANDIDATES: dict[str, dict[str, dict[str, Any]]] = {  # experiment → name → what differs from `tuned`
    "tf_binding": _SEQUENCE,
    "chromatin": {
        **_SEQUENCE,
        "no gain": {"covariate_gain": 1.0},
        "less gain": {"covariate_gain": 4.0},
        "more gain": {"covariate_gain": 16.0},
    },
    "rnai": {
        "longer": {"epochs": 40},
        "every position": {"pooling": "flatten", "pooled_dropout": 0.5},
        "more dropout": {"pooled_dropout": 0.5},
        "longer words": {"kernel_size": 6},
        "4 members": {"members": 4},
        "mutation": {"mutation": 0.03},
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="tf_binding,chromatin,rnai_apart")
    parser.add_argument(
        "--candidates", default="", help="names from CANDIDATES, and 'tuned', with ; between (default: all)"
    )
    parser.add_argument("--outer", default="", help="numbers of the outer folds (default: all)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with jund_chr22/ and sirna/")
    parser.add_argument("--cache", type=Path, help="keeps predictions in this folder, to go on after a stop")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="tests this program: its numbers mean nothing")
    given = parser.parse_args()
    if given.cache:
        given.cache.mkdir(parents=True, exist_ok=True)
    options = Options((0,), 0, 0, given.quick, given.cache, None)
    results: dict[str, Any] = {"compared": {}, "chosen": {}}
    for name in given.only.split(","):
        parts = list(folds(name, given.data, full=False, quick=given.quick))
        if given.outer:
            parts = [parts[int(number)] for number in given.outer.split(",")]
        found = compare(name, parts, options, tuple(filter(None, given.candidates.split(";"))))
        print(table(name, found), flush=True)
        results["compared"][name] = found
        results["chosen"][name] = [found[best]["settings"] for best in best_within(found, 0)]
        if given.out:
            given.out.write_text(json.dumps(results, indent=1))


def compare(name: str, parts: list[Fold], options: Options, wanted: tuple[str, ...] = ()) -> dict[str, Any]:
    """Scores of `tuned` and of the candidates named in `wanted` (none: all) on the inner folds of every part.

    A training of fewer epochs is the beginning of a longer one, so each candidate also answers for those in LOOKS.
    """
    experiment = get_experiment(TASKS[name])
    known = {"tuned": {}, **CANDIDATES[experiment.key]}
    found: dict[str, Any] = {}
    for candidate in wanted or tuple(known):
        epochs = 1 if options.quick else experiment.train_config("tuned", **known[candidate]).epochs
        looks = tuple(look for look in LOOKS[experiment.key] if look < epochs)
        names = {"prediction": candidate} | {str(look): f"{candidate}, {look} epochs" for look in looks}
        scores: dict[str, list[Any]] = {key: [] for key in names}  # of (outer fold, inner fold, metric)
        for number, part in enumerate(parts, 1):
            for of_outer in scores.values():
                of_outer.append([])
            for inner in inner_folds(part.train, 2 if options.quick else 3):
                after = predictions_after(
                    experiment, "tuned", inner, options.seeds[0], options, known[candidate], looks=looks
                )
                y = inner.valid.y[:, 0].astype(np.float64)
                for key, prediction in after.items():
                    of = measure_for(experiment.task, y, prediction[:, 0].astype(np.float64), threshold=0.5)
                    scores[key][-1].append([of(np.ones(len(y)), [m])[m] for m in METRICS[experiment.task]])
            print(f"# {name}: {candidate}, outer fold {number} of {len(parts)}", file=sys.stderr, flush=True)
        for key, of_outer in scores.items():
            changed = known[candidate] | ({} if key == "prediction" else {"epochs": int(key)})
            found[names[key]] = {"settings": changed, "scores": of_outer}
    return found


def best_within(found: dict[str, Any], metric: int) -> list[str]:
    """Of each outer fold the candidate with the highest mean over its own inner folds, chosen without a look at it."""
    means = np.array([np.array(entry["scores"])[..., metric].mean(axis=1) for entry in found.values()])  # (C, outer)
    return [list(found)[best] for best in means.argmax(axis=0)]


def table(name: str, found: dict[str, Any]) -> str:
    """Means over all inner folds, and in how many of them a candidate was above `tuned`; below, each outer fold's best.

    Only the latter says what would have been chosen for a fold without any look at it: others' training parts hold it.
    """
    metrics = METRICS[get_experiment(TASKS[name]).task]
    lines = [f"\n## {name}: inner folds of training parts", "", "| candidate | " + " | ".join(metrics) + " |"]
    lines += ["|---|" + "---|" * len(metrics)]
    usual = np.array(found["tuned"]["scores"]) if "tuned" in found else None
    for candidate, entry in found.items():
        scores = np.array(entry["scores"])  # (outer, inner, metrics)
        cells = []
        for m in range(len(metrics)):
            cell = f"{scores[..., m].mean():.4f}"
            if usual is not None and candidate != "tuned":
                lead = scores[..., m] - usual[..., m]
                cell += f" ({lead.mean():+.4f}, above in {(lead > 0).sum()} of {lead.size})"
            cells.append(cell)
        lines.append(f"| {candidate} | " + " | ".join(cells) + " |")
    for m, metric in enumerate(metrics):
        chosen = "; ".join(best_within(found, m))
        lines.append(f"\nhighest {metric} within the training part of each outer fold: {chosen}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
