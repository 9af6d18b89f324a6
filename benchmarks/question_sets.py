"""The sets that questions.py asks about: imported as a user would, the measured ones here, and those made here.

Nothing is chosen on a reported part: networks that stop early look at `valid`, and baselines learn from `train` and
`valid` together.
"""

from __future__ import annotations

import csv
import gzip
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from folds import DATA, Fold, folds, overlap_folds
from promoter_sets import library

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.grammars import GRAMMARS
from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.data.split import position_block_folds, random_split
from dnaconv_core.errors import DataError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.bring import bring
from dnaconv_core.experiments.own_presets import own_presets
from dnaconv_core.experiments.own_store import own_experiment
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.experiments.sources import load_own
from dnaconv_core.train.facts import facts_of

SIZES = (200, 2000, 20_000)  # examples of a grammar to learn from
REPORTED = 4000  # of a grammar, made from another seed; half as many of a promoter library
PROMOTERS = {  # name -> law (promoter_sets.py), examples to learn from, whether its motifs are made at random
    "promoter_counts": ("counts", 2000, False),
    "promoter_weak": ("weak", 2000, False),
    "promoter_random": ("weak", 2000, True),
    "promoter_8000": ("weak", 8000, True),
    "promoter_start": ("start", 2000, False),
    "promoter_tiles": ("tiles", 2000, False),
}
_APART = 1_000_000  # between the seeds of two draws of a grammar
_VALID = 0.15  # of the examples of a set made here
_CHROMOSOMES = {"kind": "chromosome", "valid": ["chr2", "chr10"], "test": ["chr1", "chr8", "chr9"]}
_ETS = r"SPI1|SPIB|SPIC|ETS\d|ETV\d|ELF\d|ELK\d|ERG|ERF|FEV|FLI1|GABPA|EHF"
_AP1 = r"AP-1|JUN|FOS|BATF|JDP2|NFE2|BACH|MAF|BNC2"
_GATA = r"GATA"


class Part(NamedTuple):
    train: Dataset
    valid: Dataset
    test: Dataset  # reported

    @property
    def fold(self) -> Fold:
        """All there is to learn from, and what is reported."""
        return Fold(joined(self.train, self.valid), self.test)


class Truth(NamedTuple):
    """A motif that should be found: `names` (a regular expression) of matrices that stand for it, a word it reads."""

    label: str
    names: str
    word: str


class Question(NamedTuple):
    experiment: Experiment
    parts: tuple[Part, ...]
    presets: tuple[str, ...]  # the first is compared with all others
    truth: tuple[Truth, ...] = ()
    drawn: bool = False  # each part is a set of its own, made here


@lru_cache(maxsize=2)
def question(name: str, data: Path = DATA, *, quick: bool = False, draws: int = 1) -> Question:
    """The question of this name. Own sets are imported where DNACONV_HOME does not hold them yet.

    quick: few examples and folds, to test the program. draws: of sets made here, so many as parts; `auto` is that of
    the first. Raises InputError or DataError where files are missing.
    """
    made = SETS[name](data, quick, draws)
    parts = tuple(Part(*(_few(each, quick) for each in part)) for part in made.parts)[: 2 if quick else None]
    return made._replace(experiment=_with_auto(made.experiment, parts[0]), parts=parts)


@lru_cache(maxsize=8)
def experiment_of(name: str, part: int, data: Path = DATA, *, quick: bool = False, draws: int = 1) -> Experiment:
    """The experiment with the presets of one part: of a set that is drawn, `auto` is chosen from each draw."""
    asked = question(name, data, quick=quick, draws=draws)
    if part == 0 or not asked.drawn:
        return asked.experiment
    return _with_auto(replace(asked.experiment, presets={}), asked.parts[part])


def _with_auto(experiment: Experiment, part: Part) -> Experiment:
    """With the preset `auto` as chosen from what there is to learn from, where it has none."""
    if "auto" in experiment.presets:
        return experiment
    both = experiment.alphabet == "DNA" and experiment.strand == "both"
    facts = facts_of(part.fold.train, experiment.task, both_strands=both)
    auto = own_presets(experiment.task, experiment.alphabet, experiment.length, experiment.strand, facts)["auto"]
    return replace(experiment, presets={**experiment.presets, "auto": auto})


def joined(first: Dataset, second: Dataset) -> Dataset:
    """The examples of both."""
    X, y, w, ids = (
        np.concatenate([getattr(part, what) for part in (first, second)]) for what in ("X", "y", "w", "ids")
    )
    beside = None
    if first.covariates is not None and second.covariates is not None:
        beside = np.concatenate([first.covariates, second.covariates])
    return Dataset(X, y, w, ids, beside, first.covariate_names, first.alphabet, first.name)


def import_sets(names: list[str], data: Path) -> dict[str, str]:
    """Import the own sets among `names` anew; the others need it not. Why not, for those whose files are missing."""
    missing = {}
    for name in names:
        try:
            if name in OWN:
                own = os.environ["DNACONV_HOME"]
                shutil.rmtree(Path(own) / "experiments" / name, ignore_errors=True)
                bring(OWN[name](data))
            elif name in MEASURED and not (data / MEASURED[name]).is_dir():
                raise DataError(f"{data / MEASURED[name]} does not exist")
        except DataError as error:
            missing[name] = str(error)
    return missing


def counting_ceiling(total: np.ndarray, kept: np.ndarray, *, n: int = 200, seed: int = 0) -> tuple[float, float]:
    """How well log10((kept + 1) / (total + 1)) could be predicted, were counting its only noise: the largest Pearson r
    of a perfect prediction, and r of two replicates.

    Each count is drawn anew from a Poisson distribution with the count seen as its mean, `n` times. The variance of the
    label over draws, averaged over variants, is the noise N; the variance V of the labels among variants is that of
    signal and noise. A perfect prediction has r = sqrt(1 - N / V), and replicates correlate with r = 1 - N / V. Noise
    from elsewhere (cells, barcodes, lysis) is not in the counts, so that the true ceiling lies below.
    """
    rng = np.random.default_rng(seed)

    def label(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.log10((b + 1) / (a + 1))

    draws = np.stack([label(rng.poisson(total), rng.poisson(kept)) for _ in range(n)])  # (n, N)
    share = 1 - draws.var(axis=0, ddof=1).mean() / label(np.asarray(total), np.asarray(kept)).var(ddof=1)
    return float(np.sqrt(max(share, 0.0))), float(share)


def mpsa_counts(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Both counts of the reported variants of MPSA."""
    with gzip.open(data / "own" / "mpsa_data.csv.gz", "rt") as lines:
        rows = [row for row in csv.DictReader(lines) if row["set"] == "test"]
    total, kept = (np.array([float(row[name]) for row in rows]) for name in ("tot_ct", "ex_ct"))
    return total, kept


# --- the sets


def _pum2(data: Path) -> Recipe:
    files = {"positives": "pum2_positives.fasta.gz", "negatives": "pum2_background.fasta.gz"}
    inputs = tuple(Input(role, str(data / "own" / name)) for role, name in files.items())
    return Recipe("pum2", inputs, alphabet="RNA", split=_CHROMOSOMES)


def _mpsa(data: Path) -> Recipe:
    table = (Input("table", str(data / "own" / "mpsa_data.csv.gz")),)
    return Recipe("mpsa", table, sequence="x", part="set", labels=LabelRecipe(columns=("y",)))


def _pu1(data: Path) -> Recipe:
    positives = (Input("positives", str(data / "own" / "pu1.fa.gz")),)
    return Recipe("pu1", positives, negatives="shuffle", split=_CHROMOSOMES)


OWN: dict[str, Callable[[Path], Recipe]] = {"pum2": _pum2, "mpsa": _mpsa, "pu1": _pu1}
MEASURED = {"tf_binding": "jund_chr22", "chromatin": "jund_chr22", "rnai": "sirna", "rnai_apart": "sirna"}
_TRUTH = {"pum2": (Truth("Pumilio", "Pumilio", "UGUANAUA"),), "pu1": (Truth("SPI1/ETS", _ETS, "GGAA"),)}


def _own(name: str, data: Path, quick: bool, draws: int) -> Question:
    experiment = own_experiment(name)
    part = Part(*(load_own(experiment, each) for each in ("train", "valid", "test")))
    return Question(experiment, (part,), ("auto",), _TRUTH.get(name, ()))


def _measured(name: str, data: Path, quick: bool, draws: int) -> Question:
    """Folds; of each, a part to stop by is taken from the training part: blocks of the genome, or guides apart."""
    experiment = get_experiment("rnai" if name.startswith("rnai") else name)
    parts = []
    for train, test in folds(name, data, full=False, quick=quick):
        if experiment.assembly:
            inner = position_block_folds(train, 5)[2]
            parts.append(Part(train.subset(inner.train), train.subset(inner.valid), test))
        else:
            held = overlap_folds(train, 6) == 0
            parts.append(Part(train.subset(~held), train.subset(held), test))
    truth = (Truth("AP-1", _AP1, "TGASTCA"),) if experiment.assembly else ()
    return Question(experiment, tuple(parts), ("auto", "tuned", "book"), truth)


def _grammar(name: str, n: int, data: Path, quick: bool, draws: int) -> Question:
    make = GRAMMARS[name]
    made = [make(n, seed=n + _APART * draw) for draw in range(draws)]
    parts = tuple(_divided(one, make(REPORTED, seed=n + 1 + _APART * draw)) for draw, one in enumerate(made))
    truths = {"AP-1": Truth("AP-1", _AP1, "TGASTCA"), "GATA": Truth("GATA", _GATA, "GATA")}
    planted = tuple(truths[motif] for motif in sorted({site.motif for site in made[0].truth}))
    strand = "one" if {site.strand for site in made[0].truth} == {"+"} else "both"
    asked = _asked(f"{name}_{n}", made[0], strand=strand)
    return Question(asked, parts, ("auto",), planted, drawn=True)


def _promoter(name: str, data: Path, quick: bool, draws: int) -> Question:
    law, n, invented = PROMOTERS[name]
    make = partial(library, law, invented=invented)
    made = [(make(n, draw=draw), make(REPORTED // 2, draw=draw, seed=1)) for draw in range(draws)]
    made = [(learnt, without(reported, learnt)) for learnt, reported in made]
    asked = _asked(name, made[0][0], task="regression")
    return Question(asked, tuple(_divided(*each) for each in made), ("auto",), drawn=True)


def without(data: Dataset, others: Dataset) -> Dataset:
    """The examples whose sequence is none of the others': few designs come twice."""
    seen = {x.tobytes() for x in others.X}
    return data.subset(np.array([x.tobytes() not in seen for x in data.X]))


def _divided(made: Dataset, reported: Dataset) -> Part:
    split = random_split(made, _VALID)
    return Part(made.subset(split.train), made.subset(split.valid), reported)


def _asked(key: str, made: Dataset, **more: str) -> Experiment:
    """An experiment for a set made here, without presets."""
    plain = replace(get_experiment("tf_binding"), presets={}, motif="", length=made.length)
    return replace(plain, key=key, title=made.name, **more)


SETS: dict[str, Callable[[Path, bool, int], Question]] = {
    **{name: partial(_own, name) for name in OWN},
    **{name: partial(_measured, name) for name in MEASURED},
    **{f"{name}_{n}": partial(_grammar, name, n) for name in GRAMMARS for n in SIZES},
    **{name: partial(_promoter, name) for name in PROMOTERS},
}


def _few(data: Dataset, quick: bool) -> Dataset:
    """In a quick test, some examples of each class."""
    if not quick:
        return data
    rows = np.argsort(-data.y[:, 0], kind="stable")
    return data.subset(np.sort(np.r_[rows[:60], rows[-60:]]) if len(data) > 120 else np.arange(len(data)))
