"""`dnaconv runs …`."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dnaconv_core.answers import ANSWERS
from dnaconv_core.commands.base import Answer, metric_line
from dnaconv_core.commands.settings import given_settings
from dnaconv_core.errors import DnaConvError, InputError, RunError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.files import write_atomic
from dnaconv_core.progress import Bar
from dnaconv_core.results import Metric
from dnaconv_core.runs.record import state_word
from dnaconv_core.runs.store import ENDED, LIVE, RESUMABLE, Run, Store
from dnaconv_core.runs.verdict import Verdict, verdict_of

_LOOK = 0.5  # seconds between looks at a run that is followed


def add(groups: Any, command: Any) -> None:
    every = command(groups, "runs", runs_list, "list runs and act on them")
    every.set_defaults(tag="")
    actions = every.add_subparsers(metavar="ACTION")
    listing = command(actions, "list", runs_list, "list all runs, newest first")
    listing.add_argument("--tag", default="", help="only those with this tag")
    for name, run, help in (
        ("show", runs_show, "show one run"),
        ("follow", runs_follow, "watch a run until it ends; Ctrl-C stops watching, not the run"),
        ("cancel", runs_cancel, "ask a run to stop; its best model is kept"),
        ("resume", runs_resume, "let a stopped, failed or interrupted run go on from its last checkpoint"),
        ("extend", runs_extend, "let a run go on to more epochs"),
        ("clone", runs_clone, "start a new run like this one"),
        ("rename", runs_rename, "give a run another name"),
        ("tag", runs_tag, "give a run these tags in place of any others"),
        ("note", runs_note, "write a note on a run"),
        ("delete", runs_delete, "remove a run, its model and its files for good"),
        ("export", runs_export, "write a model as one .zip"),
    ):
        made = command(actions, name, run, help)
        if name in ("cancel", "resume", "delete"):
            which = made.add_mutually_exclusive_group(required=True)
            which.add_argument("id", metavar="RUN", nargs="?", default="")
            which.add_argument("--tag", default="", help="instead of RUN: every run with this tag that allows it")
        else:
            made.add_argument("id", metavar="RUN")
        if name == "extend":
            made.add_argument("--epochs", type=int, required=True, help="epochs in total")
        elif name == "clone":
            made.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting")
            made.add_argument("--name", default="", help="what to call the new run")
        elif name == "rename":
            made.add_argument("name", metavar="NAME")
        elif name == "tag":
            made.add_argument("tags", nargs="*", metavar="TAG")
        elif name == "note":
            made.add_argument("text", metavar="TEXT")
        elif name == "export":
            made.add_argument(
                "--out", default="", metavar="FILE.zip", help="the file to write (default: RUN.zip in this folder)"
            )
    command(actions, "import", runs_import, "take in an exported model").add_argument("path", metavar="FILE.zip")
    comparing = command(actions, "compare", runs_compare, "compare 2 to 6 runs, each against the first")
    comparing.add_argument("ids", nargs="+", metavar="RUN")
    comparing.add_argument("--metric", default="", help="metric to compare by (default: the experiment's main one)")


def runs_list(options: Namespace) -> Answer:
    from dnaconv_core.runs.queue import ensure_workers

    store = Store()
    found = [run for run in store.list() if options.tag in ("", *run.tags)]
    ensure_workers(store)
    none = f"no run has the tag {options.tag!r}" if options.tag else "no runs yet: 'dnaconv train' makes one"
    return Answer({"runs": [run.as_json() for run in found]}, "\n".join(map(_line, found)) or none)


def _line(run: Run) -> str:
    valid = run.metrics.get("valid", {})
    name = next((a.main_metric for a in ANSWERS.values() if a.main_metric in valid), "")
    score = Metric.from_json(valid.get(name)).value
    words = "" if score is None else f"{name} {score:.4f}"
    return f"{run.id:<22} {state_word(run.state):<12} epoch {run.epoch:>4}/{run.epochs:<5} {words:<17} {run.name}"


def runs_show(options: Namespace) -> Answer:
    return run_answer(Store().get(options.id))


def runs_follow(options: Namespace) -> Answer:
    from dnaconv_core.runs.queue import ensure_workers

    store, bar = Store(), Bar()
    run = store.get(options.id)
    try:
        while run.state in LIVE:
            if run.state == "queued" and not run.turn:  # whoever made it died before it began
                raise RunError(
                    f"run {run.id} is not in the queue: 'dnaconv runs resume {run.id}' puts it into the queue"
                )
            ensure_workers(store)
            bar.report(
                min(run.epoch / run.epochs, 0.99) if run.epochs else 0.0, f"{state_word(run.state)}: {run.message}"
            )
            time.sleep(_LOOK)
            run = store.get(options.id)
    except KeyboardInterrupt:
        return Answer(run.as_json(), f"\nrun {run.id} goes on without being watched", 130)
    bar.report(1.0, run.message)
    return run_answer(run)


def runs_cancel(options: Namespace) -> Answer:
    store = Store()
    if options.tag:
        return _all_tagged(store, options.tag, LIVE, store.ask_to_stop, "asked to stop")
    store.ask_to_stop(options.id)
    return Answer(store.get(options.id).as_json(), f"asked {options.id} to stop")


def runs_resume(options: Namespace) -> Answer:
    from dnaconv_core.runs.queue import resume

    store = Store()
    if options.tag:
        return _all_tagged(store, options.tag, RESUMABLE, lambda run: resume(store, run), "put into the queue again")
    return queued_answer(resume(store, options.id), "goes on")


def runs_extend(options: Namespace) -> Answer:
    from dnaconv_core.runs.queue import extend

    return queued_answer(extend(Store(), options.id, options.epochs), f"goes on to {options.epochs} epochs")


def runs_clone(options: Namespace) -> Answer:
    from dnaconv_core.runs.queue import clone

    settings = {}
    for name, values in given_settings(options.set).items():
        if len(values) > 1:
            raise InputError(
                f"--set {name} has {len(values)} values: a clone takes one, 'dnaconv train --set' takes several"
            )
        settings[name] = values[0]
    return queued_answer(clone(Store(), options.id, options.name, **settings), f"trains like {options.id}")


def runs_rename(options: Namespace) -> Answer:
    return _edited(Store().edit(options.id, name=options.name))


def runs_tag(options: Namespace) -> Answer:
    return _edited(Store().edit(options.id, tags=tuple(options.tags)))


def runs_note(options: Namespace) -> Answer:
    return _edited(Store().edit(options.id, notes=options.text))


def runs_delete(options: Namespace) -> Answer:
    store = Store()
    if options.tag:
        return _all_tagged(store, options.tag, ("queued", *ENDED), store.delete, "deleted")
    store.delete(options.id)
    return Answer({"deleted": options.id}, f"run {options.id} is gone")


def runs_export(options: Namespace) -> Answer:
    from dnaconv_core.runs.transfer import export_model

    content = export_model(options.id)
    path = Path(options.out or f"{Path(options.id).name}.zip").expanduser()
    try:
        write_atomic(path, content)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): give another --out") from None
    return Answer({"path": str(path), "bytes": len(content)}, f"{path}: {len(content):,} bytes")


def runs_import(options: Namespace) -> Answer:
    from dnaconv_core.runs.transfer import import_model

    key = import_model(Path(options.path).expanduser())
    return Answer({"model": key}, f"imported as {key}")


def runs_compare(options: Namespace) -> Answer:
    from dnaconv_core.evaluate.intervals import SAME
    from dnaconv_core.runs.compare import compare_runs

    found = compare_runs(Store(), options.ids, metric=options.metric)
    width = max(12, *(len(run.id) for run in found.runs)) + 2
    lines = [" " * 20 + "".join(f"{run.id:<{width}}" for run in found.runs)]
    for setting in found.settings:
        if setting.differs:
            lines.append(f"{setting.name:<20}" + "".join(f"{value!s:<{width}}" for value in setting.values))
    for name, values in found.metrics.items():
        cells = ["-" if m is None or m.value is None else f"{m.value:.4f}" for m in values]
        lines.append(f"{name:<20}" + "".join(f"{cell:<{width}}" for cell in cells))
    for pair in found.pairs:
        d = pair.difference
        if d.value is None:
            lines.append(f"{pair.run} against {pair.reference}: undefined, {d.undefined}")
        else:
            interval = f" ({d.low:+.4f} to {d.high:+.4f}), p = {d.p:.3f}" if d.low is not None else f" ({d.note})"
            by = "" if d.low is None or not d.note else f", {d.note if d.note == SAME else f'interval by {d.note}'}"
            lines.append(
                f"{pair.run} against {pair.reference}: {d.name} {d.value:+.4f}{interval} on {pair.n:,} examples{by}"
            )
    return Answer(found.as_json(), "\n".join(lines))


def queued_answer(run: Run, words: str) -> Answer:
    """A run that trains in the background."""
    return Answer(run.as_json(), f"run {run.id} {words} in the background: 'dnaconv runs follow {run.id}' shows it")


def run_answer(run: Run) -> Answer:
    lines = [f"run {run.id}: {state_word(run.state)}, epoch {run.epoch} of {run.epochs}. {run.error or run.message}"]
    lines += [f"tags: {', '.join(run.tags)}"] if run.tags else []
    lines += [f"notes: {run.notes}"] if run.notes else []
    for split, metrics in run.metrics.items():
        lines += [f"{split}:", *(f"  {metric_line(name, Metric.from_json(m))}" for name, m in metrics.items())]
    verdict = _verdict(run) if run.state == "finished" else None
    lines += [verdict.sentence] if verdict else []
    return Answer(run.as_json() | {"verdict": verdict and verdict.as_json()}, "\n".join(lines))


def _verdict(run: Run) -> Verdict | None:
    """What the run's network adds to simple predictors; None where its question is no longer known."""
    try:
        return verdict_of(Store().folder(run.id), get_experiment(run.experiment).task)
    except DnaConvError:
        return None


def _all_tagged(store: Store, tag: str, states: tuple[str, ...], act: Callable[[str], Any], words: str) -> Answer:
    """Do it to every run with this tag that is in one of these states, the oldest first."""
    tagged = [run for run in reversed(store.list()) if tag in run.tags]
    if not tagged:
        raise InputError(f"no run has the tag {tag!r}: 'dnaconv runs show RUN' tells a run's tags")
    chosen = [run.id for run in tagged if run.state in states]
    for run in chosen:
        act(run)
    return Answer({"tag": tag, "runs": chosen}, f"{len(chosen)} of {len(tagged)} runs tagged {tag} {words}")


def _edited(run: Run) -> Answer:
    return Answer(run.as_json(), f"{run.id}: {run.name}" + (f" [{', '.join(run.tags)}]" if run.tags else ""))
