"""The sequences a command is given, on the command line, in a FASTA file or in a column of a table, and covariates."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.commands.base import COVARIATES_HELP
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.textfile import read_rows
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle


def add_sequence_options(parser: ArgumentParser) -> None:
    parser.add_argument("sequences", nargs="*", metavar="SEQUENCE")
    parser.add_argument("--fasta", default="", metavar="FILE", help="sequences in FASTA, plain or gzip")
    parser.add_argument("--table", default="", metavar="FILE", help="a CSV or TSV with a header, plain or gzip")
    parser.add_argument("--column", default="", metavar="NAME", help="its column of sequences, if not called that")
    parser.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)


def given_sequences(options: Namespace, config: ModelConfig) -> Dataset:
    """What the options name, as unlabelled data that the model can read, with its covariates.

    Covariates come from --covariates, or from columns of the table that bear their names. Raises InputError when there
    is nothing, a length does not fit or a covariate is missing, and what the readers raise.
    """
    from dnaconv_core.data.covariates import join_covariates
    from dnaconv_core.data.fasta import read_fasta
    from dnaconv_core.predict import encode_records
    from dnaconv_core.sequence.encoding import parse_pasted

    alphabet = config.alphabet
    if options.column and not options.table:
        raise InputError("--column names a column of a table: give --table FILE too")
    if options.table:
        if options.sequences or options.fasta:
            raise InputError("--table cannot be mixed with other sequences: give one of them at a time")
        data = _table(Path(options.table), options.column, config)
    else:
        records = []
        for number, text in enumerate(options.sequences, 1):
            records += [record._replace(id=f"seq_{number}") for record in parse_pasted(text, alphabet)]
        if options.fasta:
            records += read_fasta(Path(options.fasta), alphabet)
        if not records:
            raise InputError("there is nothing to predict: give sequences, --fasta FILE or --table FILE")
        X = encode_records(records, config)
        none = np.empty((len(X), 0), np.float32)
        ids = np.array([record.id for record in records])
        data = Dataset(X, none, none.copy(), ids, alphabet=alphabet, name="the sequences")
    for note in data.notes:
        print(note, file=sys.stderr)
    if options.covariates and config.covariates:
        data = join_covariates(data, Path(options.covariates))
    missing = [name for name in config.covariates if name not in data.covariate_names]
    if missing:
        where = " or a column of that name" if options.table else ""
        raise InputError(
            f"this model needs {', '.join(missing)} beside each sequence: give --covariates FILE of 'id value'{where}"
        )
    return data


def _table(path: Path, column: str, config: ModelConfig) -> Dataset:
    from dnaconv_core.data.table import read_table

    header = [name.strip().lstrip("#") for name in read_rows(path).fields[0]] if config.covariates else []
    beside = config.covariates if all(name in header for name in config.covariates) else ()
    data = read_table(path, alphabet=config.alphabet, sequence=column or None, labels=(), covariates=beside)
    if data.length != config.length:
        raise InputError(
            f"the sequences in {path} have {data.length} bases; this model reads {config.length}: cut or pad them"
        )
    return data


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
