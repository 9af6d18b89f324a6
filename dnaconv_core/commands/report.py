"""`dnaconv report`: one HTML file with a model's interpretation: no script, no network, every picture inside."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    data_options,
    labelled_examples,
    open_model,
    siblings_of,
    task_option,
    with_model,
)
from dnaconv_core.commands.naming import name_options, nameable
from dnaconv_core.commands.outputs import check_outputs
from dnaconv_core.files import write_atomic
from dnaconv_core.progress import Bar


def add(groups: Any, command: Any) -> None:
    page = with_model(command(groups, "report", report, "one HTML file with a model's interpretation, opens offline"))
    data_options(page)
    task_option(page)
    name_options(page)
    page.add_argument("--out", required=True, metavar="FILE.html")


def report(options: Namespace) -> Answer:
    from dnaconv_core.plot.report import write_report

    bundle = open_model(options)
    check_outputs(options)
    data, may_name = labelled_examples(options, bundle), nameable(options, bundle.config)
    of = chosen_output(options, bundle.config)
    page = write_report(
        bundle, data, motifs=options.motifs, group=options.jaspar, may_name=may_name,
        siblings=siblings_of(options.model), task=of.number, progress=Bar(),
    )  # fmt: skip
    write_atomic(Path(options.out).absolute(), page.encode())
    told = {"model": options.model, **of.facts, "path": options.out, "bytes": len(page.encode())}
    return Answer(told, "\n".join([*of.lines, f"written: {options.out}"]))
