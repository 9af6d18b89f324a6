"""What the commands about interpretation share: the model, its examples, names of motifs, and pictures of logos."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.commands.base import COVARIATES_HELP, MODEL_HELP, open_dataset
from dnaconv_core.commands.sequences import add_sequence_options
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.files import write_atomic
from dnaconv_core.interpret.attribution import ATTRIBUTIONS
from dnaconv_core.runs.models import find_model

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.sequence.motif import Motif

METHODS = tuple(ATTRIBUTIONS)


class Logo(NamedTuple):
    """A logo to be written: the name of its file, heights `(4, w)`, and options of `logo_svg`."""

    name: str
    heights: np.ndarray
    options: dict[str, Any]


def with_model(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    return parser


def with_sequences(parser: ArgumentParser) -> ArgumentParser:
    add_sequence_options(with_model(parser))
    return parser


def data_options(parser: ArgumentParser) -> None:
    parser.add_argument("--data", default="", metavar="DIR", help="labelled data (default: the kept held-out examples)")
    parser.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)


def name_options(parser: ArgumentParser) -> None:
    parser.add_argument("--motifs", default="", metavar="FILE.meme", help="name by this file, not by JASPAR CORE")
    parser.add_argument(
        "--jaspar", default="vertebrates", metavar="GROUP", help="of JASPAR CORE (default: vertebrates)"
    )


def file_options(parser: ArgumentParser) -> None:
    """--meme, --pfm, --svg and --png."""
    parser.add_argument("--meme", default="", metavar="OUT", help="write the motifs there, as a MEME file")
    parser.add_argument("--pfm", default="", metavar="OUT", help="write their counts there, as JASPAR text")
    picture_options(parser)


def picture_options(parser: ArgumentParser) -> None:
    for kind in ("svg", "png"):
        words = f"draw the logos as {kind.upper()}, a file for each in this folder; or the first as this .{kind} file"
        parser.add_argument(f"--{kind}", default="", metavar=f"DIR|FILE.{kind}", help=words)


def open_model(options: Namespace) -> Bundle:
    from dnaconv_core.model.bundle import load_bundle

    return load_bundle(find_model(options.model))


def siblings_of(model: str) -> list[ConvNet]:
    """The networks of runs that did the same from other seeds; none where MODEL is no run."""
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.runs.siblings import sibling_folders
    from dnaconv_core.runs.store import Store

    return [load_bundle(folder).model for folder in sibling_folders(Store(), model)]


def examples(options: Namespace, bundle: Bundle, needed: bool = True) -> Dataset | None:
    """--data, else what was kept with the model."""
    from dnaconv_core.interpret.keep import stored_examples

    if options.data:
        return open_dataset(
            options.data, bundle.config.alphabet, options.covariates if bundle.config.covariates else ""
        )
    found = stored_examples(bundle.path, bundle.config.alphabet, bundle.config.covariates)
    if found is None and needed:
        raise InputError(f"{options.model} has no held-out examples kept with it: give --data DIR")
    if found is not None and found.length != bundle.config.length:
        raise DataError(
            f"the held-out examples kept with {options.model} have {found.length} bases and it reads "
            f"{bundle.config.length}: give --data DIR"
        )
    return found


def labelled_examples(options: Namespace, bundle: Bundle) -> Dataset:
    """Those whose label is known. Raises InputError where none is: patterns are what tells classes apart."""
    found = examples(options, bundle).labelled()
    if not found.y.shape[1]:
        raise InputError(f"{found.label} has no labels: give --data with examples of both classes, or with activities")
    return found


def check_outputs(options: Namespace) -> None:
    """Whether the files that the options name can be written, asked before the work. Raises InputError."""
    for name in ("out", "meme", "pfm", "svg", "png"):
        if not (given := getattr(options, name, "")):
            continue
        path = Path(given).absolute()
        if path.exists() and not path.is_file() and not path.is_dir():  # a device or a pipe
            continue
        makes = name in ("svg", "png") and path.suffix.lower() != f".{name}"  # a folder, which is made
        folder = next(up for up in (path, *path.parents) if up.exists()) if makes else path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK) or (path.is_dir() and not makes):
            raise InputError(f"--{name} {given} cannot be written: name a file in a folder that exists and is yours")


def save_motifs(options: Namespace, found: list[Motif]) -> None:
    """Into the files that --meme and --pfm name."""
    from dnaconv_core.sequence.motif_text import write_jaspar, write_meme

    for path, text in ((options.meme, write_meme), (options.pfm, write_jaspar)):
        if path:
            write_atomic(Path(path).absolute(), text(found).encode())


def write_logos(options: Namespace, logos: Iterable[Logo]) -> None:
    """Each logo into the folders that --svg and --png name; the first one as a file where they end in .svg or .png."""
    from dnaconv_core.plot.logo import logo_svg
    from dnaconv_core.plot.raster import logo_png

    for number, logo in enumerate(logos):
        if options.svg and (path := _place(options.svg, logo.name, ".svg", number)):
            write_atomic(path, logo_svg(logo.heights, **logo.options).encode())
        if options.png and (path := _place(options.png, logo.name, ".png", number)):
            write_atomic(path, logo_png(logo.heights, **logo.options))


def _place(given: str, name: str, suffix: str, number: int) -> Path | None:
    """Where the logo of this number is written; None for one that has no place in a single file."""
    path = Path(given).absolute()
    if path.suffix.lower() == suffix:
        return path if number == 0 else None
    path.mkdir(parents=True, exist_ok=True)
    return path / (re.sub(r"[^\w.-]", "_", name) + suffix)


MOTIF_HELP = "IUPAC letters such as TGASTCA, a JASPAR id, 'filter 3' or 'pattern 1'"


def motif_meant(text: str, options: Namespace, bundle: Bundle) -> Motif:
    """The motif that --motif means, taken from the model where it is one of its own."""
    from dnaconv_core.interpret.filters import filter_motifs
    from dnaconv_core.interpret.keep import kept_with, load_discovery, load_filters
    from dnaconv_core.interpret.naming import filters_called, motif_called

    def filters() -> dict[str, Motif]:
        data = examples(options, bundle, needed=False)
        found = load_filters(bundle.path) if data is None else filter_motifs(bundle.model, data.X).motifs
        if found is None:
            raise InputError(f"{options.model} has no held-out examples or windows kept with it: give --data DIR")
        return filters_called(found)

    def patterns() -> dict[str, Motif]:
        found = load_discovery(kept_with(bundle.path))
        if found is None:
            raise InputError(f"no patterns are kept with {options.model}: find them with 'dnaconv motifs' first")
        return {p.motif.name: p.motif for p in found.patterns}

    return motif_called(text, bundle.config.alphabet, filters=filters, patterns=patterns)


def given_motifs(options: Namespace, bundle: Bundle) -> list[Motif]:
    """The motifs a command is given: --motif, or those of a file. Raises InputError where there is neither, or both."""
    from dnaconv_core.sequence.motif_text import read_motifs

    if bool(options.motif) == bool(options.motifs):
        raise InputError("give either --motif IUPAC or --motifs FILE.meme")
    if options.motifs:
        return read_motifs(Path(options.motifs))
    return [motif_meant(options.motif, options, bundle)]


def nameable(options: Namespace, config: ModelConfig) -> bool:
    """Whether there are motifs to compare with: JASPAR has none for RNA. Asked before the work, it reads them."""
    from dnaconv_core.interpret.match import compile_now, is_warm
    from dnaconv_core.interpret.naming import targets

    if config.alphabet != "DNA" and not options.motifs:
        return False
    targets(options.motifs, options.jaspar)
    if not is_warm():
        print("Tomtom compiles itself for this machine, once: that takes a minute or two", file=sys.stderr, flush=True)
        compile_now()
    return True


def p_words(p: float) -> str:
    return f"{p:.2g}" if p > 0 else "below 1e-300"


def best_name(matches: list) -> str:
    from dnaconv_core.interpret.match import NO_MATCH

    if not matches or not matches[0].significant:
        return NO_MATCH
    best = matches[0]
    return f"{best.name} ({best.matrix_id}, q {best.q_value:.2g}, {best.strand})"
