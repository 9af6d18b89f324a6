"""`dnaconv data import`: from any files to a question of your own."""

from __future__ import annotations

import argparse
import contextlib
import signal
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import Answer, absolute, on_option, seed_number
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Bar

if TYPE_CHECKING:
    from dnaconv_core.data.labels import LabelRecipe
    from dnaconv_core.evaluate.referee_line import Line
    from dnaconv_core.experiments.bring import Brought
    from dnaconv_core.experiments.recipe import Input, Recipe

_WIDTH = "bases of a window, 0 for the interval itself (default: the middle length, where the lengths differ)"
_MADE = ("gc", "shuffle", "flanks")  # negatives that are made, not read
_SINGLE = ("table", "positives", "test_positives", "test_negatives", "fasta", "bed", "genome", "blacklist",
           "bigwig_label", "dataset", "valid", "test")  # fmt: skip


def add(data: Any, command: Any) -> None:
    """`dnaconv data import`."""
    bringing = command(data, "import", data_import, "make an experiment of your own from files")
    bringing.add_argument("key", nargs="?", default="", metavar="KEY", help="its name: a-z, 0-9 and _")
    bringing.add_argument("--again", default="", metavar="KEY", help="make this experiment again from its own recipe")
    on_option(bringing)
    _add_words(bringing)
    _add_files(bringing)
    _add_choices(bringing)


def _add_words(parser: argparse.ArgumentParser) -> None:
    words = parser.add_argument_group("words")
    words.add_argument("--title", default="", help="a few words for lists and headings")
    words.add_argument("--question", default="", help="what the data answer, in one line")
    words.add_argument("--what", default="", metavar="TEXT", help="what the label is, such as 'PUM2 bound'")
    words.add_argument("--unit", default="", help="the unit of a measured label")
    words.add_argument("--note", default="")
    words.add_argument("--assembly", default="", help="the genome's assembly, such as hg38")
    words.add_argument("--class-names", nargs=2, default=(), metavar=("NO", "YES"), help="what no and yes mean")


def _add_files(parser: argparse.ArgumentParser) -> None:
    table = parser.add_argument_group("a table (CSV, TSV, Parquet, gzip)")
    table.add_argument("--table", default="", metavar="FILE")
    table.add_argument("--sequence", default="", metavar="COLUMN")
    table.add_argument(
        "--label", action="append", default=[], metavar="COLUMN", help="column of a label (repeat for several)"
    )
    table.add_argument(
        "--label-ratio", nargs=2, default=(), metavar=("NUM", "DEN"), help="label: log2 ratio of two columns of counts"
    )
    table.add_argument(
        "--label-bins",
        nargs="+",
        default=(),
        metavar="COLUMN",
        help="label: mean bin of several columns of counts, lowest first",
    )
    table.add_argument("--pseudo", type=float, default=1.0, metavar="X", help="added to both counts of a ratio")
    table.add_argument("--transform", default="none", metavar="HOW", help="of a measured label: log2, scale01, rank, …")
    table.add_argument("--id", default="", metavar="COLUMN")
    table.add_argument("--weight", default="", metavar="COLUMN")
    table.add_argument(
        "--covariate", action="append", default=[], metavar="COLUMN", help="column of a covariate (repeat for several)"
    )
    table.add_argument(
        "--split-column", default="", metavar="COLUMN", help="column that says training, validation or test"
    )
    fasta = parser.add_argument_group("FASTA")
    fasta.add_argument("--positives", default="", metavar="FILE")
    fasta.add_argument(
        "--negatives",
        default="",
        metavar="FILE|gc|shuffle|flanks",
        help="a file, or how to make them; for positives alone gc with a --genome, else shuffle",
    )
    fasta.add_argument("--test-positives", default="", metavar="FILE")
    fasta.add_argument("--test-negatives", default="", metavar="FILE")
    fasta.add_argument("--fasta", default="", metavar="FILE", help="sequences with labels in their headers")
    fasta.add_argument(
        "--label-pattern", default="", metavar="KEY", help="where the label is in a header: a key such as class, or '|'"
    )
    fasta.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="sequences of one class (repeat for each)",
    )
    bed = parser.add_argument_group("intervals (BED, narrowPeak, broadPeak, bedGraph)")
    bed.add_argument("--bed", default="", metavar="FILE")
    bed.add_argument("--genome", default="", metavar="FASTA")
    bed.add_argument("--width", type=int, default=-1, metavar="W", help=_WIDTH)
    bed.add_argument("--centre", choices=("summit", "middle"), default="summit", help="what a window is centred on")
    bed.add_argument("--overlaps", choices=("keep", "drop", "merge"), default="keep")
    bed.add_argument("--blacklist", default="", metavar="BED", help="leave out windows that touch these intervals")
    bed.add_argument("--bigwig-covariate", action="append", default=[], metavar="NAME=FILE")
    bed.add_argument("--bigwig-label", default="", metavar="FILE", help="label: the track's mean over the window")
    bed.add_argument("--bigwig-transform", choices=("mean", "log1p"), default="mean")
    other = parser.add_argument_group("data that is in shape already (DiskDataset)")
    other.add_argument("--dataset", default="", metavar="PATH")
    other.add_argument("--valid", default="", metavar="PATH")
    other.add_argument("--test", default="", metavar="PATH")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    from dnaconv_core.answers import ANSWERS

    choices = parser.add_argument_group("choices")
    choices.add_argument(
        "--task", choices=tuple(ANSWERS), default="", help="kind of label (default: guessed from the labels)"
    )
    choices.add_argument("--rna", action="store_true", help="the sequences are RNA (default: guessed from the letters)")
    choices.add_argument(
        "--strand",
        choices=("both", "one"),
        default="",
        help="whether a site counts on both strands or only on the given one",
    )
    choices.add_argument("--ratio", type=float, default=1.0, metavar="X", help="negatives made for each positive")
    choices.add_argument("--lengths", choices=("auto", "equal", "crop", "pad"), default="auto")
    choices.add_argument("--length", type=int, default=0, metavar="L", help="bases to crop or pad to")
    choices.add_argument(
        "--split",
        default="",
        metavar="HOW",
        help="groups, random, blocks, chromosome, or 'chr8/chr9' for validation and test (default: the safest)",
    )
    choices.add_argument("--seed", type=seed_number, default=0)


def data_import(options: Namespace) -> Answer:
    from dnaconv_core.runs.making import make_again_here, make_here

    if bool(options.again) == bool(options.key):
        raise InputError("give the KEY of a new experiment, or --again KEY to make one anew")
    on = where(options.on)
    with ending():
        if options.again:
            brought = make_again_here(options.again, Bar(), on=on)
        else:
            brought = make_here(_recipe(options), Bar(), on=on)
    return Answer(brought.as_json(), _told(brought))


def _recipe(options: Namespace) -> Recipe:
    from dnaconv_core.experiments.recipe import Recipe

    return Recipe(
        key=options.key,
        inputs=_inputs(options),
        title=options.title,
        question=options.question,
        label=options.what,
        unit=options.unit,
        note=options.note,
        assembly=options.assembly,
        alphabet="RNA" if options.rna else "",
        strand=options.strand,
        task=options.task,
        class_names=tuple(options.class_names),
        sequence=options.sequence,
        id=options.id,
        weight=options.weight,
        covariates=tuple(options.covariate),
        part=options.split_column,
        labels=_labels(options),
        label_pattern=options.label_pattern,
        width=options.width,
        centre=options.centre,
        overlaps=options.overlaps,
        signal=options.bigwig_transform,
        lengths=options.lengths,
        length=options.length,
        negatives=options.negatives if options.negatives in _MADE else "",
        ratio=options.ratio,
        split=split_of(options.split),
        seed=options.seed,
    )


def _inputs(options: Namespace) -> tuple[Input, ...]:
    from dnaconv_core.experiments.recipe import Input

    found = [Input(role, absolute(getattr(options, role))) for role in _SINGLE if getattr(options, role)]
    if options.negatives and options.negatives not in _MADE:
        found.append(Input("negatives", absolute(options.negatives)))
    for role, given in (("class", options.classes), ("bigwig_covariate", options.bigwig_covariate)):
        for text in given:
            name, sign, file = text.partition("=")
            if not (name and sign and file):
                raise InputError(f"--{role.replace('_', '-')} is {text[:60]!r}: write NAME=FILE")
            found.append(Input(role, absolute(file), name))
    return tuple(found)


def _labels(options: Namespace) -> LabelRecipe:
    from dnaconv_core.data.labels import LabelRecipe

    ways = {"columns": options.label, "ratio": options.label_ratio, "bins": options.label_bins}
    given = {how: columns for how, columns in ways.items() if columns}
    if len(given) > 1:
        raise InputError("--label, --label-ratio and --label-bins are three ways to one label: give one of them")
    how, columns = next(iter(given.items()), ("columns", ()))
    return LabelRecipe(columns=tuple(columns), how=how, pseudo=options.pseudo, transform=options.transform)


def split_of(text: str) -> dict[str, Any]:
    """`--split`: a kind of parts, or chromosomes for validation and for test as 'chr8,chr10/chr9'."""
    if text in ("", "auto", "safest"):
        return {}
    if text in ("groups", "random", "blocks", "chromosome", "column"):
        return {"kind": text}
    valid, slash, test = text.partition("/")
    if not (valid and slash and test):
        raise InputError(f"--split is {text[:60]!r}: choose groups, random, blocks, chromosome, or write chr8/chr9")
    return {"kind": "chromosome", "valid": valid.split(","), "test": test.split(",")}


def _told(brought: Brought) -> str:
    e = brought.experiment
    parts = ", ".join(f"{n:,} {name}" for name, n in e.parts)
    lines = [f"{e.key}: {e.question}", f"{parts}; {e.length} bases of {e.alphabet}; {e.answer.words.short}"]
    lines += [*brought.notes, *audit_lines(brought.audit)]
    if brought.skipped:
        first = brought.skipped[0]
        lines.append(
            f"{len(brought.skipped):,} rows were left out; the first, {first.file} line {first.line}, {first.reason}"
        )
    return "\n".join([*lines, f"Train on it: dnaconv train {e.key}"])


def audit_lines(found: list[Line]) -> list[str]:
    """The referee's lines as text."""
    return [
        f"{line.verdict.upper():<4}  {line.check:<20} {line.sentence}"
        + (f" What helps: {line.mend}." if line.mend else "")
        for line in found
    ]


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """A request to end (SIGTERM) is answered like Ctrl-C: what is half made is removed."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
