"""`dnaconv search`: find a better network than `auto` chooses."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import COVARIATES_HELP, Answer, absolute, on_option, seed_number
from dnaconv_core.commands.models import check_given, given_split
from dnaconv_core.commands.settings import given_settings
from dnaconv_core.errors import InputError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import BOOK, OWN, SYNTHETIC, default_preset, default_source
from dnaconv_core.progress import Bar
from dnaconv_core.runs.search_record import Search
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


def add(groups: Any, command: Any) -> None:
    help = "try networks around what auto chooses, and say whether the best is better; the same command goes on with it"
    made = command(groups, "search", search, help)
    made.add_argument("experiment", metavar="EXPERIMENT", help="tf_binding, chromatin, rnai, or one of your own")
    made.add_argument("--minutes", type=float, default=0.0, help="time in all, earlier calls included")
    made.add_argument("--trials", type=int, default=0, help="networks to try in all (default: as many as time allows)")
    made.add_argument("--tag", default="", help="tag of its runs (default: made up)")
    made.add_argument(
        "--seed",
        type=seed_number,
        default=0,
        help="random seed of the search and of every training (default: 0)",
    )
    made.add_argument("--data", default=None, metavar="DIR", help="as for 'train': a folder or file, 'book' or 'own'")
    made.add_argument("--valid", default="", metavar="DIR", help="validation data, which play no part in the choice")
    made.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)
    made.add_argument("--split", default="", metavar="HOW", help="as for 'train'")
    made.add_argument(
        "--set", action="append", default=[], metavar="SETTING=VALUE", help="fix a setting in every trial"
    )
    on_option(made)
    made.add_argument("--detach", action="store_true", help="search in the background, and return")


def search(options: Namespace) -> Answer:
    from dnaconv_core.runs.search import open_search, search_here, search_in_background

    spec, store = _spec(options), Store()
    budget = {"minutes": options.minutes, "trials": options.trials, "tag": options.tag, "seed": options.seed}
    found = open_search(store, spec, on=where(options.on), **budget)
    if options.detach:
        search_in_background(store, found.name)
        words = f"search {found.name} goes on in the background: 'dnaconv runs list --tag {found.tag}' shows its runs"
        return Answer(found.to_json(), words)
    found = search_here(store, found.name, Bar())
    if found.state == "stopped":
        best = found.best
        kept = f"best so far {best.value:.4f} (trial {best.number + 1})" if best else "no trial was finished yet"
        words = f"\n{found.stage}; {kept}. What was found is kept: the same command goes on from there"
        return Answer(found.to_json(), words, 130)
    return Answer(found.to_json(), _told(found))


def _spec(options: Namespace) -> RunSpec:
    experiment = get_experiment(options.experiment)
    if options.data == "":
        raise InputError("--data is empty: give a folder or file, 'book', or 'synthetic'")
    source = options.data or default_source(experiment)
    settings = {}
    for name, values in given_settings(options.set).items():
        if len(values) > 1:
            raise InputError(f"--set {name} has {len(values)} values: a search chooses by itself, give one")
        settings[name] = values[0]
    spec = RunSpec(
        experiment.key,
        data=absolute(source) if source not in (SYNTHETIC, BOOK, OWN) else source,
        valid=absolute(options.valid),
        covariates=absolute(options.covariates),
        split=given_split(options.split),
        preset=default_preset(experiment, source),
        settings=settings,
    )
    check_given(options, spec)
    return spec


def _told(found: Search) -> str:
    best = found.best
    counts: dict[str, int] = {}
    for trial in found.tried:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    told = ", ".join(f"{n} {state}" for state, n in counts.items())
    lines = [f"search {found.name}: {told} trials in {found.seconds / 60:.1f} min, runs tagged {found.tag}"]
    if best is not None and best.settings:
        lines.append("the winner differs from auto in: " + ", ".join(f"{k} {v}" for k, v in best.settings.items()))
    lines += [found.verdict["sentence"], *filter(None, [found.verdict["reported"]])]
    runs = {key: found.runs[key] for key in ("the winner", "auto") if key in found.runs}
    lines.append("; ".join(f"{key}: run {run}" for key, run in runs.items()))
    return "\n".join(lines)
