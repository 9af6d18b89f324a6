"""`dnaconv train` and `dnaconv evaluate`."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.answers.outputs import answer_of_one, output_names
from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    COVARIATES_HELP,
    Answer,
    absolute,
    grouped_line,
    metric_line,
    on_option,
    open_dataset,
    open_model,
    with_model,
)
from dnaconv_core.commands.runs import queued_answer, run_answer, runs_follow
from dnaconv_core.commands.settings import add_setting_options, chosen_settings, given_settings
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError, DataError, InputError
from dnaconv_core.experiments import get_experiment, recorded_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, DEFAULT_SPLIT, OWN, SYNTHETIC, default_preset, default_source
from dnaconv_core.progress import Bar
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.start import check_start, settings_from
from dnaconv_core.runs.store import Store

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle


def add(groups: Any, command: Any) -> None:
    training = command(groups, "train", train, "train a network and keep it as a run")
    training.add_argument("experiment", metavar="EXPERIMENT", help="tf_binding, chromatin, rnai, or one of your own")
    training.add_argument(
        "--data",
        default=None,
        metavar="DIR",
        help="a folder or file, 'book', 'synthetic', or 'own' (default: an own experiment's own, else synthetic)",
    )
    training.add_argument("--valid", default="", metavar="DIR", help="validation data; otherwise a part is split off")
    training.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)
    training.add_argument(
        "--split", default="", metavar="HOW", help="'random', '0.3' held out, or 'chr21,chr22' or 'X'"
    )
    training.add_argument(
        "--preset", default="", help="settings to start from (default: book; quick with synthetic data; auto with own)"
    )
    training.add_argument(
        "--from", dest="start", default="", metavar="MODEL",
        help="start with the weights of this model, as far as they fit, and with a network like its own",
    )  # fmt: skip
    training.add_argument("--name", default="", help="what to call the run")
    training.add_argument("--detach", action="store_true", help="train in the background, in the queue, and return")
    on_option(training)
    training.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE,VALUE",
        help="a setting with several values makes a sweep: one run for each combination, in the queue, under one tag",
    )
    add_setting_options(training)

    evaluation = with_model(command(groups, "evaluate", evaluate, "measure a model on labelled data"))
    evaluation.add_argument("--data", default="", metavar="DIR", help="labelled data: a folder or a file")
    evaluation.add_argument(
        "--part",
        choices=("valid", "test"),
        default="",
        help="or a part of its own experiment; looks at test are counted",
    )
    evaluation.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)
    evaluation.add_argument(
        "--no-baselines", action="store_true", help="leave out the simple predictors to compare with"
    )


def train(options: Namespace) -> Answer | None:
    from dnaconv_core.runs.queue import submit
    from dnaconv_core.runs.sweep import sweep
    from dnaconv_core.runs.worker import train_along, train_here
    from dnaconv_core.train import distributed

    grid = given_settings(options.set)
    first = {name: values[0] for name, values in grid.items()}
    experiment = get_experiment(options.experiment)
    if options.data == "":
        raise InputError("--data is empty: give a folder or file, 'book', or 'synthetic'")
    source = options.data or default_source(experiment)
    preset = options.preset or default_preset(experiment, source)
    start = absolute(options.start) if os.path.isdir(options.start) else options.start
    spec = RunSpec(
        experiment.key,
        data=absolute(source) if source not in (SYNTHETIC, BOOK, OWN) else source,
        valid=absolute(options.valid),
        covariates=absolute(options.covariates),
        split=given_split(options.split),
        preset=preset,
        settings={**_like(start, experiment, preset), **chosen_settings(options), **first},
        start=start,
    )
    check_start(spec)
    check_given(options, spec)
    varied = {name: values for name, values in grid.items() if len(values) > 1}
    on = where(options.on)
    if distributed.size() > 1 and (varied or options.detach or on):
        raise InputError("a sweep and --detach train in the queue, one run on each device: start them without torchrun")
    if distributed.rank() > 0:
        train_along(spec)
        return None
    store = Store()
    if varied:
        made = sweep(store, spec, varied, options.name, on=on)
        return Answer(
            {"tag": made.tag, "runs": [run.as_json() for run in made.runs]},
            f"{len(made.runs)} runs tagged {made.tag} train in the background: 'dnaconv runs list --tag {made.tag}' "
            f"shows them",
        )
    if options.detach or on:
        run = submit(store, spec, options.name, on=on)
        return queued_answer(run, "trains") if options.detach else runs_follow(Namespace(id=run.id))
    key = store.create(spec, options.name).id
    try:
        return run_answer(train_here(store, key, Bar()))
    except KeyboardInterrupt:  # told with what is kept of it
        return run_answer(store.get(key))._replace(code=130)


def _like(start: str, experiment: Experiment, preset: str) -> dict[str, Any]:
    """The settings of the network that is started from, where there is one."""
    return settings_from(start, experiment, preset) if start else {}


def check_given(options: Namespace, spec: RunSpec) -> None:
    """What would fail in the queue, or be passed over in silence, is told before there is a run."""
    for path in (spec.data, spec.valid, spec.covariates):
        if os.path.isabs(path) and not os.path.exists(path):
            raise DataError(f"{path} does not exist: check the name")
    if spec.covariates and not get_experiment(spec.experiment).covariates:
        raise InputError(f"--covariates was given but {spec.experiment} takes none: choose chromatin, or leave it out")
    if options.split and not spec.inner and (spec.valid or spec.data in (BOOK, OWN)):
        raise InputError("--split was given but the validation data are a part of their own: leave one of them out")


def evaluate(options: Namespace) -> Answer:
    from dnaconv_core.evaluate.dependence import groups_of
    from dnaconv_core.evaluate.each import confusion, evaluate_outputs
    from dnaconv_core.evaluate.intervals import with_intervals
    from dnaconv_core.evaluate.metrics import labelled
    from dnaconv_core.predict import predict as run_model
    from dnaconv_core.runs.seen import seen_in_training, seen_sentence
    from dnaconv_core.runs.simpler import each_lines, fit_simpler, prevalence_brier, prevalence_words, simpler_lines
    from dnaconv_core.runs.tested import part_words

    bundle = open_model(options)
    data, looks = _measured(options, bundle)
    if not data.y.shape[1]:
        raise DataError(f"{options.data} has no labels to measure against: add a column 'label', or use predict")
    prediction = run_model(bundle.model, data, progress=Bar())
    groups = groups_of(data)
    metrics = with_intervals(bundle.config.task, data.y, prediction, weights=labelled(data.w), groups=groups)
    seen = seen_in_training(bundle.path, data)
    answer: dict[str, Any] = {
        "model": options.model,
        "experiment": bundle.experiment,
        "n": len(data),
        "metrics": {name: metric.as_json() for name, metric in metrics.items()},
        "seen_in_training": None if seen is None else seen.seen,
    }
    lines = [metric_line(name, metric) for name, metric in metrics.items()] + grouped_line(metrics.values())
    if each := evaluate_outputs(bundle.config, data.y, prediction, labelled(data.w), groups=groups):
        answer["each"] = {name: {key: m.as_json() for key, m in found.items()} for name, found in each.items()}
        main = answer_of_one(bundle.config.answer).main_metric
        lines += [f"  {name}: {metric_line(main, found[main])}" for name, found in each.items()]
    if bundle.config.answer.joint:
        answer["classes"] = output_names(bundle.config)
        answer["confusion"] = confusion(data.y, prediction, data.w).tolist()
        lines += ["measured (rows) and called (columns):", *_grid(answer["classes"], answer["confusion"])]
    if words := prevalence_words(metrics):
        answer["brier_of_prevalence"] = prevalence_brier(metrics)
        lines.append(words)
    if not options.no_baselines:
        simpler = fit_simpler(bundle, data, prediction, groups, Bar())
        answer["baselines"], answer["no_baselines"] = [one.as_json() for one in simpler.found], simpler.reason or None
        main = bundle.config.answer.main_metric
        lines += simpler_lines(simpler, main, LABELS[main].name)
        main = answer_of_one(bundle.config.answer).main_metric
        lines += each_lines(simpler, output_names(bundle.config), main, LABELS[main].name)
    lines += filter(None, [seen_sentence(seen)])
    if options.part:
        answer |= {"part": options.part, "looks": looks}
        lines.insert(0, part_words(options.part, data, looks))
    return Answer(answer, "\n".join(lines))


def _grid(names: list[str], counts: list[list[int]]) -> list[str]:
    """A table of counts in lines of text."""
    wide = max(len(name) for name in names)
    columns = [max(len(name), *(len(f"{row[i]:,}") for row in counts)) for i, name in enumerate(names)]
    table = [("", names), *((name, [f"{n:,}" for n in row]) for name, row in zip(names, counts, strict=True))]
    return [
        f"  {name:<{wide}}  " + "  ".join(f"{text:>{w}}" for text, w in zip(row, columns, strict=True))
        for name, row in table
    ]


def _measured(options: Namespace, bundle: Bundle) -> tuple[Dataset, int]:
    """The data to measure on, and how often they were looked at with this time (0: that is not counted)."""
    from dnaconv_core.experiments.own_store import count_look
    from dnaconv_core.experiments.sources import load_own

    if bool(options.data) == bool(options.part):
        raise InputError("give --data DIR, or --part valid or test of the model's own experiment")
    if options.data:
        wanted = bundle.config.covariates
        return open_dataset(options.data, bundle.config.alphabet, options.covariates, wanted), 0
    experiment = recorded_experiment(bundle.experiment)
    data = load_own(experiment, options.part)
    return data, count_look(experiment.key) if options.part == "test" else 0


def given_split(text: str) -> dict[str, Any]:
    """--split: 'random', a fraction such as 0.3, chromosomes such as chr21,chr22 or 21,22 or X, or a split as JSON."""
    if text in ("", "random"):
        return dict(DEFAULT_SPLIT)
    if text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            raise ConfigError(
                f"--split is {text[:60]!r}: use 'random', a fraction such as 0.2, or names of chromosomes"
            ) from None
    try:
        if not text.isdecimal():  # 22 is a chromosome
            return {**DEFAULT_SPLIT, "fraction": float(text)}
    except ValueError:
        pass
    return {"kind": "chromosome", "chromosomes": [name.strip() for name in text.split(",") if name.strip()]}
