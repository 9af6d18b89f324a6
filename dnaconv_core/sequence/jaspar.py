"""JASPAR CORE as motifs, offline: the database file that the package pyjaspar brings, read directly.

pyjaspar's own reader asks the database once per motif and takes 20 s for the vertebrates; one query takes a moment.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.sequence.motif import Motif

_GROUP = "SELECT ID FROM MATRIX_ANNOTATION WHERE TAG = 'tax_group' AND VAL = ?"
_MATRICES = "SELECT ID, BASE_ID, VERSION, NAME FROM MATRIX WHERE COLLECTION = 'CORE'"
GROUPS = ("vertebrates", "plants", "fungi", "insects", "nematodes", "urochordates")


@lru_cache(maxsize=4)
def jaspar(group: str = "vertebrates") -> tuple[Motif, ...]:
    """The newest version of every CORE matrix of a taxonomic group, by matrix id, from the newest release installed.

    Counts become probabilities as they are. Raises InputError for an unknown group, DataError without the database.
    """
    if group not in GROUPS:
        raise InputError(f"there is no JASPAR group {group!r}: choose {', '.join(GROUPS)}")
    path = database()
    counts: dict[int, dict[tuple[int, int], float]] = {}
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as connection:
            of_group = {i for (i,) in connection.execute(_GROUP, [group])}
            newest: dict[str, tuple[int, int, str]] = {}
            for i, base, number, name in connection.execute(_MATRICES):
                if i in of_group:
                    newest[base] = max(newest.get(base, (0, 0, "")), (number, i, name))
            chosen = {i: (f"{base}.{number}", name) for base, (number, i, name) in sorted(newest.items())}
            for i, letter, column, value in connection.execute("SELECT ID, row, col, val FROM MATRIX_DATA"):
                if i in chosen:
                    counts.setdefault(i, {})["ACGT".index(letter), column - 1] = value
    except sqlite3.Error as error:
        raise DataError(f"{path} cannot be read as JASPAR's database ({error}): install pyjaspar again") from None
    found = []
    for i, (matrix_id, name) in chosen.items():
        cells = counts[i]
        pfm = np.zeros((4, 1 + max(column for _, column in cells)))
        for place, value in cells.items():
            pfm[place] = value
        total = pfm.sum(axis=0)
        if total.all():
            found.append(Motif(name, matrix_id, pfm / total, float(total.max())))
    return tuple(found)


@lru_cache(maxsize=1)
def families_of_factors() -> dict[str, tuple[str, ...]]:
    """JASPAR's families (TFClass) of the factors of each CORE matrix, by matrix id; a dimer may have two."""
    asked = "SELECT m.BASE_ID, m.VERSION, a.VAL FROM MATRIX m JOIN MATRIX_ANNOTATION a ON a.ID = m.ID "
    found: dict[str, list[str]] = {}
    try:
        with sqlite3.connect(f"{database().as_uri()}?mode=ro", uri=True) as connection:
            for base, version, family in connection.execute(asked + "WHERE a.TAG = 'family' ORDER BY a.VAL"):
                found.setdefault(f"{base}.{version}", []).append(family)
    except sqlite3.Error as error:
        raise DataError(f"JASPAR's families cannot be read ({error}): install pyjaspar again") from None
    return {matrix: tuple(dict.fromkeys(names)) for matrix, names in found.items()}


def database() -> Path:
    """The newest JASPAR file of the installed pyjaspar. Raises DataError where there is none."""
    spec = find_spec("pyjaspar")
    files = sorted((Path(spec.origin).parent / "data").glob("JASPAR*.sqlite")) if spec and spec.origin else []
    if not files:
        raise DataError("JASPAR is not here: install it with 'pip install pyjaspar', or name a MEME file of motifs")
    return files[-1]


def release() -> str:
    """The release in use, such as 'JASPAR2026'."""
    return database().stem
