"""How well each preset does on measured data, beside the book's network and every baseline, without looking ahead.

    python benchmarks/accuracy.py [--only chromatin,tf_binding] [--seeds 0,1] [--quick] [--out FILE.json]

- JUND (one part of the book's data, 34,527 windows): 5 folds by blocks of 1 Mb, each predicted by models
  that never saw it. Figures are means over the folds; their 95 % intervals come from resampling each fold by class.
- siRNA: train_siRNA → valid_siRNA as the book has it (rnai), 5 random folds over both (rnai_cv), and 5
  folds over both in which guides of overlapping targets stay together (rnai_apart).
- `book`: the book's network and settings, for JUND with fewer epochs (--book-epochs); the epoch is chosen on an inner
  part of the training data, by blocks or at random, as `book` means the best of many evaluations.
- `tuned`: trained on the whole training part for a fixed number of epochs; nothing is chosen on what is reported.
  choose.py compares its settings with others on training parts alone; what was not blind stands in the README.
- A difference is 'better' or 'worse' only where its paired interval excludes zero.

--cache keeps every prediction in a folder, to go on after a stop or to share the parts among processes (--parts 0,1).
--chosen FILE also reports, of each part, the settings that choose.py found best within its training data alone.
--full runs the three experiments on the book's own splits, once `dnaconv data fetch` has brought them.
--quick makes everything small: it tests this program, its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from folds import DATA, TASKS, Fold, folds

from dnaconv_core import __version__
from dnaconv_core.answers import ANSWERS, find_answer
from dnaconv_core.data.split import position_block_folds, random_split
from dnaconv_core.errors import DnaConvError
from dnaconv_core.evaluate.baselines import fit_baselines
from dnaconv_core.evaluate.metrics import measure_for
from dnaconv_core.experiments import EXPERIMENTS, get_experiment
from dnaconv_core.sequence.motif import from_iupac

METRICS = {key: answer.ranking for key, answer in ANSWERS.items()}
TARGETS = {"tf_binding": {"auroc": 0.72, "auprc": 0.035}, "chromatin": {"auroc": 0.85, "auprc": 0.13}}
TARGETS |= {name: {"pearson_r": 0.66} for name in ("rnai", "rnai_cv", "rnai_apart")}
FULL_TARGETS = {"tf_binding": {"auroc": 0.80}, "chromatin": {"auroc": 0.88}}


class Options(NamedTuple):
    seeds: tuple[int, ...]
    book_epochs: int
    n_resamples: int
    quick: bool
    cache: Path | None
    parts: tuple[int, ...] | None  # only train these, and print nothing
    chosen: dict[str, list[dict[str, Any]]] = {}  # noqa: RUF012 -- task → settings of each part, never changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(TASKS))
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--book-epochs", type=int, default=15)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with jund_chr22/ and sirna/")
    parser.add_argument("--out", default="")
    parser.add_argument("--cache", default="")
    parser.add_argument("--parts", default="")
    parser.add_argument("--chosen", type=Path, help="what choose.py --out wrote")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    given = parser.parse_args()
    options = Options(tuple(map(int, given.seeds.split(","))), given.book_epochs, 1000, False, None, None)
    if given.quick:
        options = Options((0,), 1, 100, True, None, None)
    if given.cache:
        Path(given.cache).mkdir(parents=True, exist_ok=True)
        options = options._replace(cache=Path(given.cache))
    if given.chosen:
        options = options._replace(chosen=json.loads(given.chosen.read_text())["chosen"])
    if given.parts:
        options = options._replace(parts=tuple(map(int, given.parts.split(","))))
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    targets = TARGETS | FULL_TARGETS if given.full else TARGETS
    results: dict[str, Any] = {"command": " ".join(["python", *sys.argv]), "dnaconv": __version__, "tasks": {}}
    for name in given.only.split(","):
        if given.full and name not in EXPERIMENTS:
            continue  # of the book's own splits there is one
        parts = list(folds(name, given.data, full=given.full, quick=given.quick))
        task = measure(name, parts, options)
        if options.parts is not None:
            continue
        print(table(name, task, targets.get(name, {})), flush=True)
        results["tasks"][name] = task
        if given.out:
            Path(given.out).write_text(json.dumps(results, indent=1))


def measure(name: str, parts: list[Fold], options: Options) -> dict[str, Any]:
    """Every predictor's metrics on the reported parts, and how `tuned` differs from each."""
    experiment = get_experiment(TASKS[name])
    predictions: dict[str, list[np.ndarray]] = {}
    seconds: dict[str, float] = {}
    for number, part in enumerate(parts, 1):
        if options.parts is not None and number - 1 not in options.parts:
            continue
        started = time.process_time()
        for key, prediction in baselines(experiment, part, options).items():
            predictions.setdefault(f"baseline {key}", []).append(prediction)
        seconds["baselines"] = seconds.get("baselines", 0) + time.process_time() - started
        for preset in ("tuned", "book"):
            for seed in options.seeds:
                started = time.process_time()
                key = preset if seed == options.seeds[0] else f"{preset} seed {seed}"
                predictions.setdefault(key, []).append(trained(experiment, preset, part, seed, options))
                seconds[preset] = seconds.get(preset, 0) + time.process_time() - started
        if name in options.chosen:
            changes = options.chosen[name][number - 1]
            p = trained(experiment, "tuned", part, options.seeds[0], options, changes)
            predictions.setdefault("chosen per part", []).append(p)
        print(f"# {name}: part {number} of {len(parts)} done, CPU seconds {seconds}", file=sys.stderr, flush=True)
    if options.parts is not None:
        return {}
    found = compared(experiment.task, parts, predictions, "tuned", options.n_resamples)
    sizes = {"n_valid": [len(part.valid) for part in parts], "n_train": [len(part.train) for part in parts]}
    presets = {preset: experiment.presets[preset].settings for preset in ("book", "tuned")}
    return {"predictors": found, "cpu_seconds": seconds, "presets": presets, **sizes}


def compared(
    task: str, parts: list[Fold], predictions: dict[str, list[np.ndarray]], leader: str, n_resamples: int
) -> dict[str, Any]:
    """Metrics of each predictor as means over the parts, and what `leader` has more than it, on the same resamples."""
    found: dict[str, Any] = {}
    resampled: dict[tuple[str, str], np.ndarray] = {}
    for key, of_parts in predictions.items():
        found[key] = {}
        for metric in METRICS[task]:
            value, values = fold_mean(task, metric, parts, of_parts, n_resamples)
            resampled[key, metric] = values
            found[key][metric] = {"value": value, **interval(values)}
    for key, metrics in found.items():
        for metric, entry in metrics.items():
            if key != leader and entry["value"] is not None:
                lead = found[leader][metric]["value"] - entry["value"]
                gained = {"value": lead, **interval(resampled[leader, metric] - resampled[key, metric])}
                sure = gained["low"] is not None and not gained["low"] <= 0 <= gained["high"]
                verdict = ("better" if lead > 0 else "worse") if sure else ""
                entry[f"{leader}_minus_this"] = gained | {"verdict": verdict}
    return found


def kept(options: Options, key: list[Any], make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What `make` returns, from the cache where it lies there under this key."""
    if options.cache is None:
        return make()
    name = hashlib.sha256(json.dumps([__version__, *key], sort_keys=True, default=str).encode()).hexdigest()[:20]
    path = options.cache / f"{name}.npz"
    if path.is_file():
        with np.load(path) as found:
            return {key: found[key] for key in found.files}
    made = make()
    np.savez(path, **made)
    return made


def baselines(experiment: Any, part: Fold, options: Options) -> dict[str, np.ndarray]:
    """Predictions of every baseline."""

    def fit() -> dict[str, np.ndarray]:
        motif = from_iupac(experiment.motif).ppm if experiment.motif else None
        fitted = fit_baselines(experiment.task, part.train, part.valid, motif=motif)
        return {name: baseline.prediction for name, baseline in fitted}

    return kept(options, ["baselines", experiment.key, *_ids(part)], fit)


def _ids(part: Fold) -> list[str]:
    """What tells this fold from others."""
    return [hashlib.sha256("\n".join(map(str, data.ids)).encode()).hexdigest() for data in part]


def trained(
    experiment: Any, preset: str, part: Fold, seed: int, options: Options, changes: dict[str, Any] | None = None
) -> np.ndarray:
    """Predictions `(N, T)` on the held-out part by a model that never saw it. changes: of the preset's settings."""
    return predictions_after(experiment, preset, part, seed, options, changes)["prediction"]


def predictions_after(
    experiment: Any,
    preset: str,
    part: Fold,
    seed: int,
    options: Options,
    changes: dict[str, Any] | None = None,
    *,
    looks: tuple[int, ...] = (),
) -> dict[str, np.ndarray]:
    """The same as 'prediction', and those after each number of epochs in `looks`, by that number.

    A training of fewer epochs is the beginning of a longer one: one training tells how each of them would have ended.
    """
    from dnaconv_core.model.convnet import build
    from dnaconv_core.predict import predict
    from dnaconv_core.train.loop import fit

    settings = experiment.train_config(preset, **(changes or {}), seed=seed)
    if preset == "book" and experiment.assembly:
        settings = settings.replace(epochs=options.book_epochs, eval_every=min(5, options.book_epochs))
    if options.quick:
        settings = settings.replace(epochs=1, eval_every=1, epoch_size=min(settings.epoch_size, 200))
    if settings.keep == "best":
        inner = position_block_folds(part.train, 5)[2] if experiment.assembly else random_split(part.train, 0.2)
        train, looked_at = part.train.subset(inner.train), part.train.subset(inner.valid)
    else:  # nothing is chosen, so nothing need be held out; a few examples satisfy the loop
        train, looked_at = part.train, part.train.subset(np.arange(min(100, len(part.train))))
        settings = settings.replace(eval_every=settings.epochs)

    config = experiment.model_config(preset, train, **(changes or {}))

    def train_it() -> dict[str, np.ndarray]:
        model = build(config, seed)
        found: dict[str, np.ndarray] = {}

        def look(epoch: int) -> None:
            found[str(epoch)] = predict(model, part.valid)

        fit(model, train, looked_at, settings, progress=_Looks(settings.epochs, looks, look))
        return found | {"prediction": predict(model, part.valid)}

    key = [config.to_json(), settings.to_json(), *_ids(part), *([looks] if looks else [])]
    return kept(options, key, train_it)


class _Looks:
    """Follows a training and calls `look` after each of some epochs."""

    def __init__(self, epochs: int, looks: tuple[int, ...], look: Callable[[int], None]) -> None:
        self.epochs, self.looks, self.look = epochs, looks, look

    def report(self, fraction: float, message: str) -> None:
        if (epoch := round(fraction * self.epochs)) in self.looks:
            self.look(epoch)

    def should_stop(self) -> bool:
        return False


def fold_mean(
    task: str, metric: str, parts: list[Fold], predictions: list[np.ndarray], n_resamples: int
) -> tuple[float | None, np.ndarray]:
    """The mean over parts of a metric, and of its resampled values `(n_resamples,)`, the same draws for everyone."""
    whole, values = [], np.zeros(n_resamples)
    for number, (part, prediction) in enumerate(zip(parts, predictions, strict=True)):
        y = part.valid.y[:, 0].astype(np.float64)
        of = measure_for(task, y, prediction[:, 0].astype(np.float64), threshold=0.5)
        whole.append(of(np.ones(len(y)), [metric])[metric])
        if isinstance(whole[-1], str):  # undefined
            return None, np.full(n_resamples, np.nan)
        for i, counts in enumerate(resamples(task, y, n_resamples=n_resamples, seed=number)):
            values[i] += of(counts, [metric])[metric] / len(parts)
    return float(np.mean(whole)), values


def resamples(task: str, y: np.ndarray, *, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each example is drawn, `(N,)` float64 per resample; each class is drawn from its own examples."""
    rng = np.random.default_rng(seed)
    strata = find_answer(task).strata(y)
    for _ in range(n_resamples):
        counts = np.zeros(len(y))
        for members in strata:
            chosen = rng.integers(0, len(members), len(members))
            counts[members] = np.bincount(chosen, minlength=len(members))
        yield counts


def interval(values: np.ndarray) -> dict[str, float | None]:
    if not np.isfinite(values).all():
        return {"low": None, "high": None}
    low, high = np.quantile(values, [0.025, 0.975])
    return {"low": float(low), "high": float(high)}


def table(name: str, task: dict[str, Any], targets: dict[str, float]) -> str:
    metrics = list(next(iter(task["predictors"].values())))
    lines = [f"\n## {name}: {len(task['n_valid'])} parts, {sum(task['n_valid']):,} examples reported", ""]
    lines += ["| predictor | " + " | ".join(f"{m} (95 %) | tuned minus it" for m in metrics) + " |"]
    lines += ["|---|" + "---|---|" * len(metrics)]
    for key, entries in task["predictors"].items():
        cells = []
        for entry in entries.values():
            cells += [_cell(entry, ".3f"), _cell(entry.get("tuned_minus_this"), "+.3f")]
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    for metric, target in targets.items():
        reached = task["predictors"]["tuned"][metric]["value"]
        lines.append(f"\ntarget {metric} {target}: {'reached' if reached >= target else 'not reached'} ({reached:.3f})")
    return "\n".join(lines)


def _cell(entry: dict[str, Any] | None, form: str) -> str:
    if entry is None or entry["value"] is None:
        return ""
    ends = "" if entry["low"] is None else f" ({entry['low']:{form}} to {entry['high']:{form}})"
    return f"{entry['value']:{form}}{ends} {entry.get('verdict', '')}".rstrip()


if __name__ == "__main__":
    try:
        main()
    except DnaConvError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
