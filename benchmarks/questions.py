"""Is preset `auto` better than every baseline, on data that nothing was chosen on, and does it find what is there?

    python benchmarks/questions.py [--only pum2,mpsa,spacing_2000] [--seeds 0,1,2] [--draws 3] [--device cuda]
                                   [--jobs 4] [--data FOLDER] [--cache FOLDER] [--out FILE.json] [--without book]
                                   [--list]

Sets: PUM2 (chromosomes 1, 8 and 9 reported), MPSA (its own test set), PU.1 peaks against shuffles made by the program,
JUND windows without and with accessibility (5 folds by blocks), siRNA (the book's parts, and 5 folds that keep guides
of overlapping targets together), grammars made here from 200, 2,000 and 20,000 examples, and made-up promoter libraries
(promoter_sets.py). Sets made here are drawn --draws times, with other motifs and weights where the law draws them: what
is reported are means over the draws, and `auto` is chosen for each.

- Own sets are imported as `dnaconv data import` does it; `auto` is what the Train page would start from.
- A network that keeps its best epoch looks at an inner part; one that keeps its last epoch, and every baseline, learns
  from all that is not reported.
- Intervals (95 %) come from resampling the reported examples; a difference is 'better' or 'worse' only where its own
  interval, on the same resamples, excludes zero.
- Truth: among the 20 filters that tell the classes apart most, one whose motif matches at q < 0.05 (Tomtom over JASPAR
  CORE vertebrates and the motif asked for), and one that reads the word: each of its letters has more than half.

Every training is kept in --cache under a hash of set, settings, seed and data: a stopped run goes on where it was.
--quick makes everything small: it tests this program, its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from accuracy import _cell, compared
from folds import DATA
from question_sets import (
    SETS,
    Part,
    Question,
    Truth,
    counting_ceiling,
    experiment_of,
    import_sets,
    mpsa_counts,
    question,
)

import dnaconv_core
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.own_store import data_hash
from dnaconv_core.files import write_atomic
from dnaconv_core.sequence.motif import IUPAC, consensus, from_iupac

BASELINES = "baselines"
_LOOKED_AT = 3000  # training examples that filters are read on


class Job(NamedTuple):
    """One training (of a preset), or all baselines, on one part of a set."""

    name: str
    part: int
    predictor: str
    seed: int


class Options(NamedTuple):
    data: Path
    cache: Path
    device: str
    quick: bool
    without: tuple[str, ...] = ()  # presets that are not compared
    draws: int = 1  # of each set made here

    def question(self, name: str) -> Question:
        return question(name, self.data, quick=self.quick, draws=self.draws)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names from --list, or beginnings of them, with , between")
    parser.add_argument("--list", action="store_true", help="names the sets and ends")
    parser.add_argument("--seeds", default="0", help="the first is compared; others are trained for `auto` alone")
    parser.add_argument("--draws", type=int, default=1, help="of each set made here")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 or mps")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, each in a process of its own")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with own/, jund_chr22/ and sirna/")
    parser.add_argument("--cache", type=Path, default=Path("questions_cache"))
    parser.add_argument("--without", default="", help="presets that are not compared, such as book, with , between")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.list:
        print("\n".join(SETS))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    without = tuple(given.without.split(","))
    options = Options(given.data, given.cache.absolute(), given.device, given.quick, without, given.draws)
    options.cache.mkdir(parents=True, exist_ok=True)
    os.environ["DNACONV_HOME"] = str(options.cache / "home")
    names, seeds = chosen(given.only), tuple(map(int, given.seeds.split(",")))
    for name, why in import_sets(names, given.data).items():
        print(f"# {name} is left out: {why}", file=sys.stderr, flush=True)
        names.remove(name)
    results: dict[str, Any] = {"command": " ".join(["python", *sys.argv]), "dnaconv": dnaconv_core.__version__}
    results |= {"device": given.device, "sets": {}}
    for name, found in answered(names, seeds, options, given.jobs):
        print(table(name, found), flush=True)
        results["sets"][name] = found
        if given.out:
            write_atomic(given.out, (json.dumps(results, indent=1) + "\n").encode())


def chosen(only: str) -> list[str]:
    """The sets whose names begin with one of these words; all without any. Raises DnaConvError for an unknown one."""
    wanted = [word for word in only.split(",") if word]
    for word in wanted:
        if not any(name.startswith(word) for name in SETS):
            raise DnaConvError(f"there is no set {word!r}: choose {', '.join(SETS)}")
    exact = [name for name in SETS if name in wanted]
    loose = [word for word in wanted if word not in exact]
    return [name for name in SETS if name in exact or any(name.startswith(word) for word in loose) or not wanted]


def answered(
    names: list[str], seeds: tuple[int, ...], options: Options, n_jobs: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each set with its results, as soon as the last of its jobs is done."""
    if n_jobs == 1:
        for name in names:
            for job in jobs_of(name, seeds, options):
                done(job, options)
            yield name, report(name, seeds, options)
        return
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        waiting = {name: set(jobs_of(name, seeds, options)) for name in names}
        running = {pool.submit(done, job, options): job for jobs in waiting.values() for job in jobs}
        for future in as_completed(running):
            future.result()
            job = running[future]
            waiting[job.name].remove(job)
            if not waiting[job.name]:
                yield job.name, report(job.name, seeds, options)


def jobs_of(name: str, seeds: tuple[int, ...], options: Options) -> list[Job]:
    asked = options.question(name)
    jobs = []
    for part in range(len(asked.parts)):
        jobs.append(Job(name, part, BASELINES, 0))
        presets = [preset for preset in asked.presets if preset not in options.without]
        jobs += [Job(name, part, preset, seeds[0]) for preset in presets]
        jobs += [Job(name, part, asked.presets[0], seed) for seed in seeds[1:]]
    return jobs


def done(job: Job, options: Options) -> dict[str, Any]:
    """What the job gives: predictions of the reported part by predictor, seconds, and what was found; from the cache
    where it lies there."""
    asked = options.question(job.name)
    part = asked.parts[job.part]
    settings = _baseline_code() if job.predictor == BASELINES else _settings(part, job, options)
    parts = data_hash(dict(zip(Part._fields, part, strict=True)))
    key = json.dumps([job, settings, parts, options.quick, options.device[:4]], sort_keys=True)
    path = options.cache / f"{job.name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}.json"
    if path.is_file():
        return json.loads(path.read_bytes())
    started = time.perf_counter()
    if job.predictor == BASELINES:
        found: dict[str, Any] = {"predictions": _baselines(asked, part)}
    else:
        found = _trained(asked, part, job, options)
    found |= {"seconds": time.perf_counter() - started, "settings": settings}
    write_atomic(path, json.dumps(found).encode())
    print(
        f"# {job.name} part {job.part + 1}, {job.predictor} seed {job.seed}: {found['seconds']:.0f} s", file=sys.stderr
    )
    return found


def _baseline_code() -> str:
    """Hash of the files that make the baselines: they are fitted anew where these change."""
    files = sorted((Path(dnaconv_core.__file__).parent / "evaluate").glob("baseline*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _baselines(asked: Question, part: Part) -> dict[str, list[Any]]:
    from dnaconv_core.evaluate.baselines import fit_baselines

    motif = from_iupac(asked.experiment.motif).ppm if asked.experiment.motif else None
    fitted = fit_baselines(asked.experiment.task, *part.fold, motif=motif)
    return {key: baseline.prediction.tolist() for key, baseline in fitted}


def _settings(part: Part, job: Job, options: Options) -> dict[str, Any]:
    """Of the network and its training, as JSON."""
    experiment = experiment_of(job.name, job.part, options.data, quick=options.quick, draws=options.draws)
    changed = {"device": options.device, "seed": job.seed}
    if options.quick:
        changed |= {"epochs": 1, "eval_every": 1, "epoch_size": 100}
    train = experiment.train_config(job.predictor, **changed)
    learnt = part.fold.train if train.keep == "last" else part.train
    return {"model": experiment.model_config(job.predictor, learnt).to_json(), "train": train.to_json()}


def _trained(asked: Question, part: Part, job: Job, options: Options) -> dict[str, Any]:
    from dnaconv_core.model.config import ModelConfig, TrainConfig
    from dnaconv_core.model.convnet import build
    from dnaconv_core.predict import predict
    from dnaconv_core.train.device import resolve
    from dnaconv_core.train.loop import fit

    settings = _settings(part, job, options)
    config, how = ModelConfig.from_json(settings["model"]), TrainConfig.from_json(settings["train"])
    train, valid = part.train, part.valid
    if how.keep == "last":  # nothing is chosen, so nothing need be held out
        train, how = part.fold.train, how.replace(eval_every=how.epochs)
        valid = train.subset(np.arange(min(100, len(train))))
    model = build(config, job.seed)
    fit(model, train, valid, how, device=resolve(options.device))
    found: dict[str, Any] = {"predictions": {job.predictor: predict(model, part.test).tolist()}}
    if asked.truth and job.part == 0 and job.predictor == asked.presets[0]:
        found["truth"] = found_truth(model, train, asked.truth)
    return found


def found_truth(model: Any, data: Any, truth: tuple[Truth, ...]) -> list[dict[str, Any]]:
    """Of each motif, the filter that matches it best and those that read its word, among the 20 most useful."""
    from dnaconv_core.interpret.filters import by_usefulness, filter_motifs
    from dnaconv_core.interpret.naming import FIRST, named_filters
    from dnaconv_core.sequence.jaspar import jaspar

    some = data.subset(np.sort(np.random.default_rng(0).permutation(len(data))[:_LOOKED_AT]))
    scan = filter_motifs(model, some.X)
    order = by_usefulness(scan, some.y)
    motifs = [each.motif for each in scan.motifs]
    names = named_filters(motifs, order, [*jaspar(), *(from_iupac(one.word, one.label) for one in truth)])
    found = []
    for one in truth:
        matches = [(match.q_value, int(i), match) for i in order[:FIRST] for match in names[i]
                   if re.match(one.names, match.name) and (data.alphabet == "DNA" or match.strand == "+")]  # fmt: skip
        best = min(matches, key=lambda each: each[:2], default=None)
        both = model.config.strands == "both" or data.alphabet == "DNA"
        reads = [consensus(motifs[i].ppm) for i in order[:FIRST] if reads_word(motifs[i].ppm, one.word, both)]
        found.append({
            "label": one.label, "word": one.word, "reads": reads[:3], "q": None if best is None else best[0],
            "match": None if best is None else best[2].name, "filter": None if best is None else best[1] + 1,
        })  # fmt: skip
    return found


def reads_word(ppm: np.ndarray, word: str, both_strands: bool) -> bool:
    """Whether at some place of a PPM `(4, w)` every letter of the IUPAC word has more than half of its column."""
    allowed = np.array([[base in IUPAC[letter] for letter in word.upper().replace("U", "T")] for base in "ACGT"])
    ways = [ppm, ppm[::-1, ::-1]] if both_strands else [ppm]
    return any(
        bool(((way[:, at : at + allowed.shape[1]] * allowed).sum(axis=0) > 0.5).all())
        for way in ways
        for at in range(ppm.shape[1] - allowed.shape[1] + 1)
    )


def report(name: str, seeds: tuple[int, ...], options: Options) -> dict[str, Any]:
    """Every predictor beside the first preset, the seeds, the truth, and what the set itself allows."""
    asked = options.question(name)
    predictions: dict[str, list[np.ndarray]] = {}
    seconds: dict[str, float] = {}
    truth: list[dict[str, Any]] = []
    for job in jobs_of(name, seeds, options):
        found = done(job, options)
        truth = found.get("truth", truth) if job.seed == seeds[0] else truth
        for key, values in found["predictions"].items():
            label = f"baseline {key}" if job.predictor == BASELINES else key
            label += f" seed {job.seed}" if job.predictor != BASELINES and job.seed != seeds[0] else ""
            predictions.setdefault(label, []).append(np.array(values, np.float32))
        seconds[job.predictor] = seconds.get(job.predictor, 0) + found["seconds"]
    folds, task = [part.fold for part in asked.parts], asked.experiment.task
    predictions = {key: values for key, values in predictions.items() if len(values) == len(folds)}
    leader = asked.presets[0]
    result = {
        "leader": leader, "n_train": [len(fold.train) for fold in folds], "n_test": [len(fold.valid) for fold in folds],
        "predictors": compared(task, folds, predictions, leader, 100 if options.quick else 1000), "truth": truth,
        "seconds": seconds, "why": asked.experiment.presets[leader].why,
    }  # fmt: skip
    if name == "mpsa":
        perfect, replicates = counting_ceiling(*mpsa_counts(options.data))
        result["ceiling"] = {"perfect": perfect, "replicates": replicates}
    return result


def table(name: str, found: dict[str, Any]) -> str:
    """The set's results as Markdown."""
    leader, predictors = found["leader"], found["predictors"]
    metrics = list(predictors[leader])
    lines = [f"\n## {name}: {sum(found['n_test']):,} reported, {found['n_train'][0]:,} to learn from", ""]
    lines += [f"`{leader}`: {found['why']}", ""]
    lines += ["| predictor | " + " | ".join(f"{m} (95 %) | {leader} minus it" for m in metrics) + " |"]
    lines += ["|---|" + "---|---|" * len(metrics)]
    for key, entries in predictors.items():
        cells = []
        for entry in entries.values():
            cells += [_cell(entry, ".3f"), _cell(entry.get(f"{leader}_minus_this"), "+.3f")]
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    lines += ["", best_baseline(found)]
    for one in found["truth"]:
        match = "no match" if one["q"] is None else f"{one['match']}, q {one['q']:.1g} (filter {one['filter']})"
        read = f"filters that read {one['word']}: {', '.join(one['reads']) or 'none'}"
        lines.append(f"\n{one['label']}: {match}; {read}")
    if "ceiling" in found:
        perfect, replicates = found["ceiling"]["perfect"], found["ceiling"]["replicates"]
        lines.append(f"\ncounting noise allows r {perfect:.3f} at most; two replicates would have r {replicates:.3f}")
    seconds = ", ".join(f"{key} {value:.0f} s" for key, value in found["seconds"].items())
    return "\n".join([*lines, f"\ntime: {seconds}"])


def best_baseline(found: dict[str, Any]) -> str:
    """One line: the leader against the baseline that does best on the reported part, by the first metric."""
    leader, predictors = found["leader"], found["predictors"]
    metric = next(iter(predictors[leader]))
    baselines = {key: entries[metric] for key, entries in predictors.items() if key.startswith("baseline")}
    known = {key: entry for key, entry in baselines.items() if entry["value"] is not None}
    if not known:
        return "no baseline could be fitted"
    best = max(known, key=lambda key: known[key]["value"])
    gained = known[best][f"{leader}_minus_this"]
    return f"{leader} over the best baseline ({best.removeprefix('baseline ')}) in {metric}: {_cell(gained, '+.3f')}"


if __name__ == "__main__":
    try:
        main()
    except DnaConvError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
