"""The sequences a command is given, on the command line, in a FASTA file or in a column of a table, and covariates."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.commands.base import COVARIATES_HELP, tell
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.results import Skipped

if TYPE_CHECKING:
    from dnaconv_core.evaluate.given import Given
    from dnaconv_core.model.bundle import Bundle


def add_sequence_options(parser: ArgumentParser) -> None:
    parser.add_argument("sequences", nargs="*", metavar="SEQUENCE")
    parser.add_argument("--fasta", default="", metavar="FILE", help="sequences in FASTA, plain or gzip")
    parser.add_argument("--table", default="", metavar="FILE", help="a CSV or TSV with a header, plain or gzip")
    parser.add_argument(
        "--column", default="", metavar="NAME", help="the table's column of sequences (default: one with a usual name)"
    )
    parser.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)


class Sequences(NamedTuple):
    """What a command was given: unlabelled data that the model can read, and the rows that it cannot."""

    data: Dataset
    skipped: tuple[Skipped, ...]


def given_sequences(options: Namespace, config: ModelConfig) -> Sequences:
    """What the options name, with its covariates; a bad record of a file is listed and the others go on.

    Covariates come from --covariates, or from columns of the table that bear their names. Raises InputError when there
    is nothing, no length fits or a covariate is missing, and what the readers raise.
    """
    from dnaconv_core.data.covariates import join_covariates
    from dnaconv_core.predict import encode_records

    if options.column and not options.table:
        raise InputError("--column names a column of a table: give --table FILE too")
    if options.table and (options.sequences or options.fasta):
        raise InputError("--table cannot be mixed with other sequences: give one of them at a time")
    given = _table(options.table, options.column, config) if options.table else given_records(options, config)
    X = encode_records(given.records, config)
    none = np.empty((len(X), 0), np.float32)
    ids = np.array([record.id for record in given.records])
    data = Dataset(X, none, none.copy(), ids, alphabet=config.alphabet, name=given.file or "the sequences")
    if given.covariates is not None:
        data = data.with_covariates(given.covariates, config.covariates)
    tell(given.notes)
    if options.covariates and config.covariates:
        data = join_covariates(data, Path(options.covariates), wanted=config.covariates)
    if options.covariates and not config.covariates:
        tell([f"this model takes no covariates: {options.covariates} was not read"])
    missing = [name for name in config.covariates if name not in data.covariate_names]
    if missing:
        where = " or a column of that name" if options.table else ""
        raise InputError(
            f"this model needs {', '.join(missing)} beside each sequence: give --covariates FILE of 'id value'{where}"
        )
    return Sequences(data, (*given.skipped, *data.skipped))


def given_records(options: Namespace, config: ModelConfig) -> Given:
    """The sequences that are typed, which must all be good, and those of a FASTA file."""
    from dnaconv_core.evaluate.given import Given, fasta_records, of_length
    from dnaconv_core.sequence.encoding import parse_pasted, parse_records
    from dnaconv_core.text import read_text

    typed = []
    for number, text in enumerate(options.sequences, 1):
        typed += [record._replace(id=f"seq_{number}") for record in parse_pasted(text, config.alphabet)]
    if not options.fasta:
        if not typed:
            raise InputError("there is nothing to predict: give sequences, --fasta FILE or --table FILE")
        return Given(typed, None)
    notes: list[str] = []
    text = read_text(options.fasta, notes=notes)
    parsed = parse_records(text, config.alphabet, name=options.fasta)
    given = of_length(fasta_records(parsed, options.fasta, notes), config.length)
    return given._replace(records=[*typed, *given.records])


def _table(path: str, column: str, config: ModelConfig) -> Given:
    from dnaconv_core.evaluate.given import of_length, read_sheet, sheet_records
    from dnaconv_core.text import read_text

    notes: list[str] = []
    sheet = read_sheet(read_text(path, notes=notes), path)
    if column and column not in sheet.header:
        raise InputError(
            f"{path} has no sequence column {column[:60]!r}: its columns are {', '.join(map(repr, sheet.header))[:200]}"
        )
    if not column and not sheet.sure:
        names = ", ".join(map(repr, sheet.header))[:200]
        raise InputError(f"{path} has no column of sequences: name it with --column; its columns are {names}")
    chosen = sheet.header.index(column) if column else sheet.likely
    given = of_length(sheet_records(sheet, chosen, config), config.length)
    return given._replace(notes=(*notes, *given.notes))


def covariate_option(parser: ArgumentParser) -> None:
    words = "a value that every window gets, such as accessibility=0.02 (once for each the model needs)"
    parser.add_argument("--covariate", action="append", default=[], metavar="NAME=VALUE", help=words)


def given_covariates(bundle: Bundle, given: list[str]) -> np.ndarray | None:
    """The values of --covariate NAME=VALUE in the model's order, `(C,)`. Raises InputError naming what is wrong."""
    names, values = bundle.config.covariates, {}
    for text in given:
        name, found, number = text.partition("=")
        if not found or name not in names:
            wanted = ", ".join(names) or "none"
            raise InputError(f"--covariate is {text!r}: write NAME=VALUE; this model takes {wanted}")
        try:
            values[name] = float(number)
        except ValueError:
            raise InputError(f"--covariate {name} is {number!r}: it must be a number") from None
    missing = [name for name in names if name not in values]
    if missing:
        raise InputError(
            f"this model needs {', '.join(missing)} beside the sequence: give --covariate {missing[0]}=VALUE"
        )
    return np.array([values[name] for name in names], np.float32) if names else None
