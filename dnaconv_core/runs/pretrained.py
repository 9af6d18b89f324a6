"""The models that come with the project: what each was made from, and making it again to the same numbers."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import BundleError, RunError
from dnaconv_core.evaluate.dependence import groups_of_codes
from dnaconv_core.evaluate.held_out import PREDICTIONS, WHOLE, read_kept
from dnaconv_core.evaluate.intervals import Difference, paired_difference
from dnaconv_core.evaluate.metrics import METRICS as TASK_METRICS
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.experiments import get_experiment
from dnaconv_core.files import write_atomic, write_together
from dnaconv_core.home import cache_folder
from dnaconv_core.model.bundle import CARD, CONFIG, METRICS, WEIGHTS, load_bundle
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.runs import baselines
from dnaconv_core.runs.baselines import load_baselines
from dnaconv_core.runs.card import card_body, command
from dnaconv_core.runs.models import PRETRAINED
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here
from dnaconv_core.scratch import scratch

FILES = (CONFIG, WEIGHTS, METRICS, CARD, PREDICTIONS, baselines.NUMBERS, baselines.PREDICTIONS)
SAME = 5e-3  # metrics nearer than this are the same: other processors round differently
# What is compared: how well a model ranks. Where processors round differently, the output's offset and scale drift as
# between two seeds, and with them whatever counts at a threshold of 0.5 (accuracy, precision, …) or squares errors.
RANKING = ("auroc", "auprc", "pearson_r", "spearman_rho")

_BOOK_LICENCE = (
    "The data are from the companion of 'Deep Learning for the Life Sciences' (O'Reilly 2019), "
    "github.com/deepchem/DeepLearningLifeSciences, MIT licence, © 2019 Bharath Ramsundar, Peter Eastman, Patrick "
    "Walters, Vijay Pande."
)
_JUND = (
    " They derive from ENCODE's JUND ChIP-seq in HepG2 (hg19, chromosome 22). This bundle holds none of them but the "
    "held-out windows that its evaluation shows."
)
_SIRNA = " The activities were measured by Huesken et al., Nature Biotechnology 23, 995 (2005)."
_SIRNA_LIMITS = (
    " Trained on 2,187 guides of 21 bases against a few dozen human and rodent genes, measured with one assay. Of the "
    "244 validation guides 184 share 15 bases in a row with one it was trained on, which flatters it: expect less on "
    "other targets."
)
_JUND_LIMITS = (
    "Trained on windows of one chromosome in one cell line, with fewer than 150 bound windows in all: the intervals "
    "are wide, and other cell types, factors and window lengths are out of its reach. The probability is that of the "
    "training data after balancing, far above the true prevalence: use it to rank."
)
_CHOSEN = (
    " The preset's settings were compared on the training parts of all five folds together, so windows of this "
    "validation part had a share in their choice."
)


class Recipe(NamedTuple):
    """How a shipped model is made."""

    title: str
    spec: RunSpec
    licence: str  # of the data
    limits: str


def _block(fold: int) -> dict[str, Any]:
    return {"kind": "blocks", "n_folds": 5, "fold": fold}


RECIPES: dict[str, Recipe] = {
    "tf_binding_synthetic": Recipe(
        "TF binding, synthetic data",
        RunSpec("tf_binding", preset="quick"),
        "The data are made by this program (MIT licence).",
        "It knows one motif, AP-1, in backgrounds of independent bases. It says nothing of real genomes: it is here to "
        "show filters, attributions and predictions whose truth is known.",
    ),
    "tf_binding_jund": Recipe(
        "JUND in HepG2, tuned",
        RunSpec("tf_binding", data="book:valid_dataset", split=_block(3), preset="tuned"),
        _BOOK_LICENCE + _JUND,
        _JUND_LIMITS + _CHOSEN,
    ),
    "tf_binding_jund_book": Recipe(
        "JUND in HepG2, the book's network",
        RunSpec("tf_binding", data="book:valid_dataset", split=_block(3), settings={"epochs": 15, "eval_every": 5}),
        _BOOK_LICENCE + _JUND,
        "Here to compare with: it learns little from so few bound windows. " + _JUND_LIMITS,
    ),
    "chromatin_jund": Recipe(
        "JUND and accessibility in HepG2, tuned",
        RunSpec("chromatin", data="book:valid_dataset", split=_block(3), preset="tuned"),
        _BOOK_LICENCE + _JUND,
        "Most of what it knows is the accessibility, which must be measured in the same way and on the same scale as "
        "the book's. " + _JUND_LIMITS + _CHOSEN,
    ),
    "rnai_huesken": Recipe(
        "siRNA activity (Huesken), tuned",
        RunSpec("rnai", data="book", preset="tuned"),
        _BOOK_LICENCE + _SIRNA,
        "It sees the guide alone: not the structure of the target, not off-targets, not chemical modifications."
        + _SIRNA_LIMITS,
    ),
    "rnai_huesken_book": Recipe(
        "siRNA activity (Huesken), the book's network",
        RunSpec("rnai", data="book"),
        _BOOK_LICENCE + _SIRNA,
        "Here to compare with: its sigmoid cannot say that an activity exceeds 1, and the measured ones reach 1.34. In "
        "200 epochs small differences in how processors round grow to those of another seed: made again on another "
        "one, Pearson r was 0.007 lower (paired 95 % interval 0.016 lower to 0.002 higher)." + _SIRNA_LIMITS,
    ),
}


class Rebuilt(NamedTuple):
    """A bundle made again, and how its validation metrics differ from those of the one that shipped."""

    path: Path
    metrics: dict[str, Metric]
    shipped: dict[str, Metric]  # empty where there was none
    largest: float | None  # the largest difference of a metric in RANKING
    differences: dict[str, Difference]  # of those metrics, rebuilt minus shipped, paired on the examples of both

    @property
    def same(self) -> bool:
        return self.largest is not None and self.largest <= SAME

    @property
    def verdict(self) -> str:
        """'same' to the digits that count; else what the paired intervals say: 'not distinguishable' or 'different'.

        Long trainings amplify how a processor rounds until it looks like another seed; that is the middle case.
        """
        if self.same:
            return "same"
        told = [found for found in self.differences.values() if found.low is not None and found.high is not None]
        apart = not told or any(found.verdict for found in told)
        return "different" if apart else "not distinguishable"


def recipe(name: str) -> Recipe:
    """The recipe of this name. Raises BundleError that lists the names."""
    if name not in RECIPES:
        raise BundleError(f"there is no pretrained model {name!r}: choose from {', '.join(RECIPES)}")
    return RECIPES[name]


def rebuild(name: str, out: Path, *, progress: Progress = SILENT) -> Rebuilt:
    """Train the model `name` again from its recipe into folder `out`, which must not hold anything else.

    Raises BundleError for an unknown name and a folder that is in use or cannot be made, DataError where its data are
    not in the home folder.
    """
    wanted = recipe(name)
    if out.is_dir() and any(path.name not in FILES for path in out.iterdir()):
        raise BundleError(f"{out} holds other files than a model's: name a new folder")
    there = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):  # asked before minutes of training
        raise BundleError(f"{out} cannot be made, as {there} is no folder that can be written to: name another")
    before, kept_before = _valid(PRETRAINED / name), _predictions(PRETRAINED / name)
    with scratch(cache_folder(), ".rebuild-") as folder:
        store = Store(folder)
        run = train_here(store, store.create(wanted.spec, wanted.title).id, progress)
        if run.state != "finished":
            raise RunError(f"rebuilding {name} was stopped: {out} is as it was")
        _finished(name, wanted, store.folder(run.id))
        write_together(out, {file: (store.folder(run.id) / file).read_bytes() for file in FILES}, CONFIG)
    after = _valid(out)
    pairs = [(after[key].value, before[key].value) for key in RANKING if key in after and key in before]
    shared = [abs(new - old) for new, old in pairs if new is not None and old is not None]
    differences = _differences(wanted, _predictions(out), kept_before)
    return Rebuilt(out, after, before, max(shared, default=None), differences)


def _valid(path: Path) -> dict[str, Metric]:
    """Stored validation metrics of a bundle; empty where there is none."""
    if not (path / METRICS).is_file():
        return {}
    return {name: Metric.from_json(m) for name, m in json.loads((path / METRICS).read_text())["valid"].items()}


def _predictions(path: Path) -> dict[str, np.ndarray]:
    """What is kept of a bundle's validation part; empty where there is none."""
    kept = read_kept(path, *WHOLE)
    return {} if kept is None else kept._asdict()


def _differences(wanted: Recipe, made: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> dict[str, Difference]:
    """Ranking metrics of the rebuilt model minus those of the shipped one; none where their examples are not equal."""
    if not shipped or any(not np.array_equal(made[key], shipped[key]) for key in ("codes", "covariates", "y", "w")):
        return {}
    experiment = get_experiment(wanted.spec.experiment)
    task, groups = experiment.task, groups_of_codes(made["ids"], made["codes"], experiment.alphabet)
    pair, weights = (made["prediction"], shipped["prediction"]), labelled(made["w"])
    return {
        name: paired_difference(task, name, made["y"], *pair, weights=weights, groups=groups)
        for name in RANKING
        if name in TASK_METRICS[task]
    }


def _finished(name: str, wanted: Recipe, folder: Path) -> None:
    """Gives a model that was just trained its own name, the date, and its card."""
    config = json.loads((folder / CONFIG).read_text())
    config |= {"run": name, "created": datetime.date.today().isoformat()}
    write_atomic(folder / CONFIG, json.dumps(config, indent=1).encode())
    write_atomic(folder / CARD, shipped_card(name, wanted, folder).encode())


def shipped_card(name: str, wanted: Recipe, folder: Path) -> str:
    """What a shipped model says in addition to a run: baselines, limits, licence, the date, how to rebuild it."""
    bundle = load_bundle(folder)
    experiment, record = get_experiment(bundle.experiment), bundle.record
    main = experiment.main_metric
    rows = []
    for baseline in load_baselines(folder).found:
        if (metric := baseline.metrics.get(main)) is None or metric.value is None:
            continue
        difference = baseline.differences[main]
        verdict = f"this model is {difference.verdict}" if difference.verdict else "no clear difference"
        told = metric.told() or "no interval"
        between = f"{_signed(difference.low)} to {_signed(difference.high)}"
        between = between if difference.low is not None else difference.note or "no interval"
        rows.append(
            f"| {baseline.name} | {metric.value:.3f} ({told}) | {_signed(difference.value)} ({between}) | {verdict} |"
        )
    lines = [
        *card_body(experiment, bundle.config, record, bundle.metrics),
        "",
        f"Simple predictors on the same split, {LABELS[main].name} with 95 % intervals, paired for the difference:",
        "",
        "| predictor | alone | this model minus it | |",
        "|---|---|---|---|",
        *rows,
        "",
        f"**Limits.** {wanted.limits}",
        "",
        f"**Data.** {wanted.licence} The weights are under this project's MIT licence.",
        "",
        f"Made on {record['created']}. Make it again, and see how its metrics differ from these:",
        "",
        *(["    dnaconv data fetch"] if record["data"] != "synthetic" else []),
        f"    dnaconv pretrained rebuild {name}",
        "",
        f"which trains as `{command(bundle.experiment, record)}`.",
        "",
    ]
    return "\n".join(lines)


def _signed(value: float | None) -> str:
    """Three digits behind the point; more where an end so near zero would not show its side."""
    if value is None:
        return "–"
    return f"{value:+.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:+.1g}"
