"""`dnaconv data audit | templates | list | show | change | delete | export | take`: your own questions."""

from __future__ import annotations

import contextlib
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from dnaconv_core.commands.base import Answer
from dnaconv_core.commands.own_data import audit_lines, ending
from dnaconv_core.errors import InputError
from dnaconv_core.files import write_atomic
from dnaconv_core.progress import Bar

_WORDS = ("title", "question", "label", "explanation", "note")


def add(data: Any, command: Any) -> None:
    """The actions of `dnaconv data` on experiments of one's own."""
    looking = command(data, "audit", data_audit, "check data before training, as an honest referee would")
    looking.add_argument("data", metavar="KEY|PATH", help="an experiment, or a folder or file of labelled data")
    looking.add_argument("--html", default="", metavar="FILE", help="also write the report to this file")
    looking.add_argument("--alphabet", choices=("DNA", "RNA"), default="DNA", help="letters of a file or folder")

    tiny = command(data, "templates", data_templates, "tiny files of every form that can be imported")
    tiny.add_argument(
        "name", nargs="?", default="", metavar="NAME", help="one of the templates; without it they are listed"
    )
    tiny.add_argument("--out", default=".", metavar="DIR", help="folder for its files (default: this one)")

    command(data, "list", data_list, "list your own experiments")
    for name, run, help in (
        ("show", data_show, "describe one of your experiments, how it was made and what the referee found"),
        ("delete", data_delete, "delete one of your experiments"),
        ("export", data_export, "write one of your experiments as one .zip"),
    ):
        command(data, name, run, help).add_argument("key", metavar="KEY")
    actions = data.choices
    actions["delete"].add_argument(
        "--yes", action="store_true", help="delete it even if runs use it; they keep its texts"
    )
    actions["export"].add_argument("--out", required=True, metavar="FILE.zip", help="the file to write")
    taking = command(data, "take", data_take, "take in an experiment that was exported as .zip")
    taking.add_argument("file", metavar="FILE.zip")
    taking.add_argument("--key", default="", metavar="KEY", help="give it another key")
    change = command(data, "change", data_change, "change the words of one of your experiments")
    change.add_argument("key", metavar="KEY")
    for name in _WORDS:
        change.add_argument(f"--{name}", default=None)


def data_audit(options: Namespace) -> Answer:
    from dnaconv_core.evaluate.referee_page import referee_page
    from dnaconv_core.experiments import all_experiments
    from dnaconv_core.experiments.looked_over import of_experiment, of_path

    if options.data in all_experiments() and not os.path.exists(options.data):
        title, lines = options.data, of_experiment(all_experiments()[options.data], Bar())
    else:
        title, lines = options.data, of_path(Path(options.data), options.alphabet, Bar())
    if options.html:
        write_atomic(Path(options.html), referee_page(title, lines).encode())
    told = [*audit_lines(lines), *([f"written to {options.html}"] if options.html else [])]
    return Answer({"data": title, "audit": [line._asdict() for line in lines]}, "\n".join(told))


def data_templates(options: Namespace) -> Answer:
    from dnaconv_core.experiments.templates import TEMPLATES

    if not options.name:
        listed = [{"name": name, "title": one.title, "words": one.words} for name, one in TEMPLATES.items()]
        lines = [f"{name:<10} {one.title}: {one.words}" for name, one in TEMPLATES.items()]
        return Answer({"templates": listed}, "\n".join(lines))
    if options.name not in TEMPLATES:
        raise InputError(f"there is no template {options.name[:60]!r}: the templates are {', '.join(TEMPLATES)}")
    folder = Path(options.out)
    files = {folder / name: content for name, content in TEMPLATES[options.name].make().items()}
    if there := [path for path in files if path.exists()]:
        raise InputError(f"{there[0]} is there already: name another folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        write_atomic(path, content)
    return Answer({"files": [str(path) for path in files]}, "\n".join(f"written to {path}" for path in files))


def data_list(options: Namespace) -> Answer:
    from dnaconv_core.experiments import all_experiments, damaged_experiments

    own = [e for e in all_experiments().values() if e.own]
    listed = [
        {"experiment": e.key, "title": e.title, "question": e.question, "task": e.task, "length": e.length,
         "parts": dict(e.parts)}
        for e in own
    ]  # fmt: skip
    lines = [f"{e.key:<20} {sum(n for _, n in e.parts):>9,} examples  {e.question}" for e in own]
    lines += [f"{key:<20} {sentence}" for key, sentence in damaged_experiments().items()]
    answer = {"experiments": listed, "damaged": damaged_experiments()}
    return Answer(answer, "\n".join(lines) or "none yet: make one with 'dnaconv data import'")


def data_show(options: Namespace) -> Answer:
    from dnaconv_core.errors import DataError
    from dnaconv_core.experiments.bring import read_audit
    from dnaconv_core.experiments.own import RECIPE, folder_of, words_of
    from dnaconv_core.experiments.own_store import looks, own_experiment
    from dnaconv_core.experiments.recipe import read_recipe

    e = own_experiment(options.key)
    answer: dict[str, Any] = {"experiment": words_of(e), "looks": looks(e.key), "users": _users(e.key)}
    lines = [f"{e.title}: {e.question}", e.explanation, f"y is {e.label}; {e.length} bases of {e.alphabet}"]
    times = looks(e.key)
    lines.append(f"the test part was opened {times} time{'s' * (times != 1)}")
    lines += [f"used by {', '.join(answer['users'])}"] if answer["users"] else []
    with contextlib.suppress(DataError):
        recipe = read_recipe(folder_of(e.key) / RECIPE)
        answer["recipe"] = recipe.to_json()
        lines += [f"from {one.path} ({one.role}, sha256 {one.sha256[:12]})" for one in recipe.inputs]
    with contextlib.suppress(DataError):
        audit = read_audit(e.key)
        answer["audit"] = [line._asdict() for line in audit["lines"]]
        lines += [*audit["notes"], *audit_lines(audit["lines"])]
    return Answer(answer, "\n".join(filter(None, lines)))


def _users(key: str) -> list[str]:
    """Runs and models that answer this experiment's question."""
    from dnaconv_core.runs.models import users_of

    return users_of(key)


def data_delete(options: Namespace) -> Answer:
    from dnaconv_core.experiments import damaged_experiments
    from dnaconv_core.experiments.own_store import delete_experiment, own_experiment

    key = options.key if options.key in damaged_experiments() else own_experiment(options.key).key
    users = _users(key)
    if users and not options.yes:
        more = f" and {len(users) - 8} more" if len(users) > 8 else ""
        raise InputError(
            f"{key} is used by {', '.join(users[:8])}{more}: delete these first, or add --yes to delete its examples "
            f"and keep its words for them"
        )
    kept = delete_experiment(key, used=bool(users))
    left = f"the examples of {key} are deleted; its words stay for {', '.join(users[:8])}"
    words = left if kept else f"{key} is deleted"
    return Answer({"experiment": key, "deleted": not kept, "users": users}, words)


def data_export(options: Namespace) -> Answer:
    from dnaconv_core.experiments.own_transfer import export_experiment

    size = export_experiment(options.key, Path(options.out))
    return Answer({"experiment": options.key, "path": options.out, "bytes": size}, f"written to {options.out}")


def data_take(options: Namespace) -> Answer:
    from dnaconv_core.experiments.own_transfer import import_experiment

    with ending():
        e = import_experiment(Path(options.file), options.key)
    return Answer({"experiment": e.key, "parts": dict(e.parts)}, f"{e.key}: {e.question}")


def data_change(options: Namespace) -> Answer:
    from dnaconv_core.experiments.own import words_of
    from dnaconv_core.experiments.own_store import change_words

    words = {name: getattr(options, name) for name in _WORDS if getattr(options, name) is not None}
    if not words:
        raise InputError("nothing was given to change: add --title, --question, --label, --explanation or --note")
    e = change_words(options.key, **words)
    return Answer(words_of(e), f"{e.key}: {e.title}. {e.question}")
