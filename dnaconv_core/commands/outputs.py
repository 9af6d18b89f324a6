"""The files that commands write in addition to what they print: motifs, and pictures of logos."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.files import write_atomic

if TYPE_CHECKING:
    from dnaconv_core.sequence.motif import Motif


class Logo(NamedTuple):
    """A logo to be written: the name of its file, heights `(4, w)`, and options of `logo_svg`."""

    name: str
    heights: np.ndarray
    options: dict[str, Any]


def file_options(parser: ArgumentParser) -> None:
    """--meme, --pfm, --svg and --png."""
    parser.add_argument("--meme", default="", metavar="OUT", help="write the motifs there, as a MEME file")
    parser.add_argument("--pfm", default="", metavar="OUT", help="write their counts there, as JASPAR text")
    picture_options(parser)


def picture_options(parser: ArgumentParser) -> None:
    for kind in ("svg", "png"):
        words = f"draw the logos as {kind.upper()}, a file for each in this folder; or the first as this .{kind} file"
        parser.add_argument(f"--{kind}", default="", metavar=f"DIR|FILE.{kind}", help=words)


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
