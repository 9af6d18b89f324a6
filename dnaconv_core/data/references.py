"""Genomes and transcriptomes that are kept in the home folder: listed by name, indexed once."""

from __future__ import annotations

import re
from pathlib import Path

from dnaconv_core.data.genome import Genome
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.files import write_atomic
from dnaconv_core.home import home
from dnaconv_core.quota import check_upload
from dnaconv_core.storing import check_storing
from dnaconv_core.text import open_text

GENOMES, TRANSCRIPTOMES = "genomes", "transcriptomes"
_ENDS = (".fa", ".fasta", ".fna", ".2bit", ".fa.gz", ".fasta.gz", ".fna.gz")
_LINE = 1 << 28
_NAME = re.compile(r"[\w+-][\w.+-]{0,99}", re.ASCII)


def references(kind: str) -> list[Path]:
    """The files of this kind in the home folder, by name."""
    folder = home() / kind
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.is_file() and path.name.lower().endswith(_ENDS))


def reference(kind: str, given: str) -> Path:
    """The file of this kind that goes by this name, with or without its ending; else `given` as a path."""
    return next((path for path in references(kind) if given in (path.name, _bare(path.name))), Path(given).expanduser())


def _bare(name: str) -> str:
    return next((name[: -len(end)] for end in sorted(_ENDS, key=len, reverse=True) if name.lower().endswith(end)), name)


def keep_reference(kind: str, name: str, content: bytes) -> Path:
    """Keep a file in the home folder under its name, a genome with its index; one of the same name is replaced.

    Raises InputError for a name that is none, DataError for what is neither FASTA nor, of a genome, 2bit.
    """
    check_storing()
    check_upload(home(), len(content))
    name = Path(name).name
    if not _NAME.fullmatch(name) or not name.lower().endswith(_ENDS):
        raise InputError(f"the file is called {name[:60]!r}: name it like hg38.fa, hg38.fa.gz or hg38.2bit")
    path = home() / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)
    try:
        _look(kind, path)
    except DataError:
        path.unlink(missing_ok=True)
        raise
    return path


def _look(kind: str, path: Path) -> None:
    """Raises DataError for a file that is not what it should be."""
    if kind == GENOMES:
        Genome(path).close()
        return
    first = next((line for line in open_text(path, longest=_LINE) if line.strip()), "")
    if not first.startswith((">", ";")):
        raise DataError(f"{path.name} is not FASTA: its first line should begin with '>'")
