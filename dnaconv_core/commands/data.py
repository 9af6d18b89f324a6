"""`dnaconv experiments` and `dnaconv data fetch | info | convert`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dnaconv_core.commands import own_actions, own_data
from dnaconv_core.commands.base import COVARIATES_HELP, Answer, open_dataset
from dnaconv_core.errors import InputError
from dnaconv_core.experiments import all_experiments, damaged_experiments
from dnaconv_core.progress import Bar


def add(groups: Any, command: Any) -> None:
    command(groups, "experiments", experiments, "list the experiments, their presets and their questions")
    data = groups.add_parser("data", help="fetch, describe or convert data; experiments of your own").add_subparsers(
        metavar="ACTION", required=True
    )
    fetch = command(data, "fetch", data_fetch, "download the book's data into the home folder")
    fetch.add_argument("--only", default="", metavar="PART", help="'jund' or 'sirna' (default: both)")
    fetch.add_argument("--from", dest="source", default="", metavar="DIR", help="take the files from a folder instead")
    info = command(data, "info", data_info, "describe a dataset")
    convert = command(data, "convert", data_convert, "write a dataset as a DeepChem DiskDataset folder")
    for action in (info, convert):
        action.add_argument("path", metavar="PATH", help="a folder or file of data")
        action.add_argument("--alphabet", choices=("DNA", "RNA"), default="DNA")
        action.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)
    convert.add_argument("--out", required=True, metavar="DIR", help="the folder to write")
    own_data.add(data, command)
    own_actions.add(data, command)


def experiments(options: Namespace) -> Answer:
    listed: list[dict[str, Any]] = [
        {
            "key": e.key,
            "title": e.title,
            "question": e.question,
            "task": e.task,
            "alphabet": e.alphabet,
            "length": e.length,
            "covariates": list(e.covariates),
            "presets": {name: preset.why for name, preset in e.presets.items()},
            "n_parameters": e.model_config().n_parameters,
            "own": e.own,
        }
        for e in all_experiments().values()
    ]
    lines = [f"{e['key']:<11} {e['question']} ({', '.join(e['presets'])})" for e in listed]
    lines += [f"{name:<11} {sentence}" for name, sentence in damaged_experiments().items()]
    return Answer({"experiments": listed}, "\n".join(lines))


def data_fetch(options: Namespace) -> Answer:
    from dnaconv_core.data.book import fetch
    from dnaconv_core.data.book_files import PARTS

    if options.only and options.only not in PARTS:
        raise InputError(f"--only is {options.only!r}: choose {' or '.join(PARTS)}")
    parts = (options.only,) if options.only else tuple(PARTS)
    found = fetch(parts, source=Path(options.source) if options.source else None, progress=Bar())
    lines = [f"{part}: {path}" for part, path in found.complete.items()]
    lines += [f"{part}: not in {options.source}" for part in found.missing]
    complete = {part: str(path) for part, path in found.complete.items()}
    return Answer({"complete": complete, "missing": list(found.missing)}, "\n".join(lines))


def data_info(options: Namespace) -> Answer:
    from dnaconv_core.data.formats import dataset_info

    facts = dataset_info(open_dataset(options.path, options.alphabet, options.covariates))
    return Answer(facts, "\n".join(f"{name}: {value}" for name, value in facts.items()))


def data_convert(options: Namespace) -> Answer:
    from dnaconv_core.data.diskdataset import write_diskdataset

    data = open_dataset(options.path, options.alphabet, options.covariates)
    write_diskdataset(data, Path(options.out))
    return Answer({"path": options.out, "n": len(data)}, f"{len(data):,} examples written to {options.out}")
