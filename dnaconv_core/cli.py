"""`dnaconv …`: arguments to core calls to text or JSON. Exit codes: 0 done, 2 a user's mistake, 1 our bug."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import typing
from collections.abc import Sequence
from typing import Any

from dnaconv_core import __version__, commands
from dnaconv_core.errors import DnaConvError, InputError
from dnaconv_core.model.config import ModelConfig, TrainConfig


class _Parser(argparse.ArgumentParser):
    """Mistakes on the command line are told in one sentence, like every other mistake of a user's."""

    def error(self, message: str) -> typing.NoReturn:
        raise InputError(f"{message} (see '{self.prog} --help')")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        options = _parser().parse_args(arguments)
        answer = options.run(options)
        text = json.dumps(answer.data, allow_nan=False) if options.json else answer.text
        if text:
            print(text)
        return 0
    except DnaConvError as error:
        print(f"dnaconv: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `dnaconv runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> _Parser:
    parser = _Parser(prog="dnaconv", description="1-D convolutional networks on DNA and RNA: train, evaluate, use.")
    parser.add_argument("--version", action="version", version=f"dnaconv {__version__}")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print one JSON object and nothing else on standard output")
    groups = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def command(where: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
        made = where.add_parser(name, help=help, description=help, parents=[shared])
        made.set_defaults(run=run)
        return made

    command(groups, "experiments", commands.experiments, "list the experiments, their presets and their questions")
    _data_commands(groups, command)

    train = command(groups, "train", commands.train, "train a network and keep it as a run")
    train.add_argument("experiment", metavar="EXPERIMENT", help="tf_binding, chromatin or rnai")
    train.add_argument("--data", default="synthetic", metavar="DIR", help="a folder or file, 'book', or 'synthetic'")
    train.add_argument("--valid", default="", metavar="DIR", help="validation data; otherwise a part is split off")
    train.add_argument("--covariates", default="", metavar="FILE", help="lines of 'id value', joined by id")
    train.add_argument(
        "--split", default="", metavar="HOW", help="'random' (default), '0.3' held out, or 'chr21,chr22'"
    )
    train.add_argument("--preset", default="book", help="settings to start from (default: book)")
    train.add_argument("--name", default="", help="what to call the run")
    _setting_options(train)

    evaluate = command(groups, "evaluate", commands.evaluate, "measure a model on labelled data")
    evaluate.add_argument("model", metavar="MODEL", help="a run's id, a bundle's folder, or a pretrained model's name")
    evaluate.add_argument("--data", required=True, metavar="DIR", help="labelled data: a folder or a file")
    evaluate.add_argument("--covariates", default="", metavar="FILE", help="lines of 'id value', joined by id")

    predict = command(groups, "predict", commands.predict, "predict for sequences")
    predict.add_argument("model", metavar="MODEL", help="a run's id, a bundle's folder, or a pretrained model's name")
    predict.add_argument("sequences", nargs="*", metavar="SEQUENCE")
    predict.add_argument("--fasta", default="", metavar="FILE", help="more sequences, plain or gzip")
    predict.add_argument("--covariates", default="", metavar="FILE", help="lines of 'id value', joined by id")
    predict.add_argument("--out", default="", metavar="FILE.csv", help="write the table there")

    _run_commands(groups, command)
    return parser


def _data_commands(groups: Any, command: Any) -> None:
    data = groups.add_parser("data", help="fetch, describe or convert data").add_subparsers(
        metavar="ACTION", required=True, parser_class=_Parser
    )
    fetch = command(data, "fetch", commands.data_fetch, "download the book's data into the home folder")
    fetch.add_argument("--only", default="", metavar="PART", help="'jund' or 'sirna' (default: both)")
    fetch.add_argument("--from", dest="source", default="", metavar="DIR", help="take the files from a folder instead")
    info = command(data, "info", commands.data_info, "describe a dataset")
    convert = command(data, "convert", commands.data_convert, "write a dataset as a DeepChem DiskDataset folder")
    for action in (info, convert):
        action.add_argument("path", metavar="PATH", help="a folder or file of data")
        action.add_argument("--alphabet", choices=("DNA", "RNA"), default="DNA")
        action.add_argument("--covariates", default="", metavar="FILE", help="lines of 'id value', joined by id")
    convert.add_argument("--out", required=True, metavar="DIR", help="the folder to write")


def _run_commands(groups: Any, command: Any) -> None:
    runs = command(groups, "runs", commands.runs_list, "list, show or cancel runs")
    actions = runs.add_subparsers(metavar="ACTION", parser_class=_Parser)
    command(actions, "list", commands.runs_list, "list all runs, newest first")
    for name, run, help in (
        ("show", commands.runs_show, "show one run"),
        ("cancel", commands.runs_cancel, "ask a run to stop; its best model is kept"),
    ):
        command(actions, name, run, help).add_argument("id", metavar="RUN")


def _setting_options(parser: argparse.ArgumentParser) -> None:
    """One option for every setting that has a group, from the configuration's own schema."""
    for config in (ModelConfig, TrainConfig):
        hints = typing.get_type_hints(config)
        for spec in dataclasses.fields(config):
            if "group" in spec.metadata:
                parser.add_argument(
                    f"--{spec.name.replace('_', '-')}",
                    dest=spec.name,
                    type=_truth if hints[spec.name] is bool else hints[spec.name],
                    choices=spec.metadata.get("choices"),
                    default=None,
                    metavar=None if "choices" in spec.metadata else spec.name.upper(),
                    help=spec.metadata["help"],
                )


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is not 'true' or 'false'")
    return text.lower() == "true"


if __name__ == "__main__":
    sys.exit(main())
