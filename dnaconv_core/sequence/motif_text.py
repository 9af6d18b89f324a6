"""Motifs as text: MEME and JASPAR in and out, HOMER and words in. Strict: what cannot be read is named, with line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dnaconv_core.errors import DataError
from dnaconv_core.sequence.motif import UNIFORM, Motif, from_iupac
from dnaconv_core.text import read_text

_HOMER = re.compile(r"[A-Z]+\t[^\t]*\t-?[\d.]+(\t|$)")  # consensus, name, log-odds threshold
_WORD = re.compile(r"[ACGTURYSWKMBDHVN]+", re.IGNORECASE)
_WORD_SITES = 100.0  # that a word counts as
_DEFAULT_SITES = 20.0  # what MEME's programs assume where a matrix does not say
_MOTIF_BYTES = 256 << 20  # the most a file of motifs may hold; all of JASPAR has 2 MiB
_TOLERANCE = 0.02  # how far a rounded column of probabilities may be from 1


def read_motifs(path: str | Path, *, notes: list[str] | None = None) -> list[Motif]:
    """Motifs of a file of any of the kinds that `parse_motifs` reads.

    One that cannot be read is passed over where another can; notes: gets a sentence about it. Raises DataError when the
    file cannot be read as text, and what `parse_motifs` raises.
    """
    notes = [] if notes is None else notes
    return parse_motifs(read_text(path, limit=_MOTIF_BYTES, notes=notes), where=str(path), notes=notes)


def parse_motifs(text: str, *, where: str, notes: list[str] | None = None) -> list[Motif]:
    """Motifs of MEME, JASPAR or HOMER text, or of IUPAC words one a line, told apart by their content.

    Raises DataError for text that is none of these, and what the readers raise.
    """
    if _is_meme(text):
        return read_meme(text, where=where, notes=notes)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith(">"):
        if _HOMER.match(lines[0][1:]):
            return read_homer(text, where=where, notes=notes)
        return read_jaspar(text, where=where, notes=notes)
    if lines and all(map(_is_named_word, lines)):
        return [_named_word(line) for line in lines]
    raise DataError(
        f"{where} holds no motifs: it should begin with 'MEME version' (MEME), or with '>' and a matrix (JASPAR, "
        f"HOMER), or have an IUPAC word in every line"
    )


def is_word(text: str) -> bool:
    """Whether this is an IUPAC word of DNA or RNA, such as UGUANAUA."""
    return bool(_WORD.fullmatch(text.strip()))


def _is_named_word(line: str) -> bool:
    """A word, or a name and a word, with white space between them."""
    words = line.split()
    return len(words) <= 2 and is_word(words[-1])


def _named_word(line: str) -> Motif:
    words = line.split()
    return from_iupac(words[-1], words[0])._replace(nsites=_WORD_SITES)


def read_meme(text: str, *, where: str = "the MEME text", notes: list[str] | None = None) -> list[Motif]:
    """Motifs of MEME text, minimal or as MEME's programs write it (meme-suite.org/meme/doc/meme-format.html).

    Takes the letter-probability matrix that follows each MOTIF line and scales its columns to sum to 1 exactly; a motif
    without one is passed over. Raises DataError for text that is no MEME file, an alphabet other than DNA or RNA, no
    matrix at all, one with the wrong number of rows or letters, something that is no number, and a column that does not
    sum to 1, naming motif and line.
    """
    if not _is_meme(text):
        raise DataError(f"{where} is no MEME file: it has no line 'MEME version 4' or later")
    lines = text.splitlines()
    motifs: list[Motif] = []
    waiting: tuple[str, str, int] | None = None  # a motif whose matrix has not come yet: id, name, line
    empty: list[tuple[str, str, int]] = []  # those whose matrix never came: DREME and others write such
    bad: list[DataError] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if line.startswith("ALPHABET"):
            _check_alphabet(line, f"{where}, line {at}")
        elif line.split()[:1] == ["MOTIF"]:
            words = line.split()[1:] or ["unnamed"]
            empty += [waiting] if waiting else []
            waiting = (words[0], words[1] if len(words) > 1 else words[0], at)
        elif line.startswith("letter-probability matrix:"):
            try:
                if waiting is None:
                    raise DataError(f"{where}, line {at}: a matrix without a line 'MOTIF name' before it")
                ppm, nsites, at = _meme_matrix(lines, at, f"motif {waiting[0][:60]!r} of {where}")
                motifs.append(Motif(waiting[1], waiting[0], ppm, nsites))
            except DataError as error:
                bad.append(error)
            waiting = None
    empty += [waiting] if waiting else []
    _tell_bad(bad, motifs, notes)
    if not motifs:
        _no_matrix(empty, where)
        raise DataError(f"{where} holds no motif: each begins with a line 'MOTIF name'")
    if empty and notes is not None:
        names = ", ".join(motif[0][:30] for motif in empty[:3])
        notes.append(f"{where}: {len(empty):,} motifs without a matrix were passed over: {names}")
    return motifs


def write_meme(motifs: Iterable[Motif], *, background: np.ndarray = UNIFORM) -> str:
    """Minimal MEME text of motifs, probabilities to six decimals; white space in names becomes '_'."""
    frequencies = " ".join(f"{letter} {share:.6f}" for letter, share in zip("ACGT", background, strict=True))
    parts = [
        f"MEME version 5\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n{frequencies}\n",
    ]
    for motif in motifs:
        title = _word(motif.matrix_id) + (f" {_word(motif.name)}" if motif.name != motif.matrix_id else "")
        rows = "\n".join(" ".join(f"{share:.6f}" for share in column) for column in motif.ppm.T)
        head = f"letter-probability matrix: alength= 4 w= {motif.ppm.shape[1]} nsites= {motif.nsites:g} E= 0"
        parts.append(f"MOTIF {title}\n{head}\n{rows}\n")
    return "\n".join(parts)


def read_jaspar(text: str, *, where: str = "the JASPAR text", notes: list[str] | None = None) -> list[Motif]:
    """Motifs of JASPAR text: '>id name', then four rows of counts, with letters and brackets or bare.

    Counts become probabilities as they are (no pseudocount); nsites is the largest column sum. Raises DataError for
    HOMER's motifs, which look alike, a matrix with other than four rows, rows in another order than A C G T or of
    unequal length, something that is no count, and an empty column, naming motif and line.
    """
    motifs: list[Motif] = []
    bad: list[DataError] = []
    rows: list[tuple[int, str]] = []
    header, header_line = "", 0
    for number, line in enumerate([*text.splitlines(), ">"], 1):
        line = line.strip()
        if line.startswith(">"):
            if header or rows:
                try:
                    motifs.append(_jaspar_motif(header, _jaspar_rows(rows, where), f"{where}, line {header_line}"))
                except DataError as error:
                    bad.append(error)
            header, rows, header_line = line[1:].strip() or "unnamed", [], number
        elif line:
            if not header:
                raise DataError(f"{where}, line {number}: a matrix without a line '>id name' before it")
            rows.append((number, line))
    _tell_bad(bad, motifs, notes)
    if not motifs:
        raise DataError(f"{where} holds no motif: each begins with a line '>id name'")
    return motifs


def read_homer(text: str, *, where: str = "the HOMER text", notes: list[str] | None = None) -> list[Motif]:
    """Motifs of HOMER text: '>consensus name threshold …', then a row of four probabilities for each position.

    Source: homer.ucsd.edu/homer/motif/creatingCustomMotifs.html. Columns are scaled to sum to 1 exactly. Raises
    DataError for a row that does not hold four numbers that sum to 1, and a motif without rows, naming the line.
    """
    motifs: list[Motif] = []
    bad: list[DataError] = []
    rows: list[tuple[int, str]] = []
    header, began = "", 0
    for number, line in enumerate([*text.splitlines(), ">"], 1):
        line = line.strip()
        if line.startswith(">"):
            if header:
                try:
                    motifs.append(_homer_motif(header, rows, where, began))
                except DataError as error:
                    bad.append(error)
            header, began, rows = line[1:], number, []
        elif line:
            rows.append((number, line))
    _tell_bad(bad, motifs, notes)
    return motifs


def _homer_motif(header: str, rows: list[tuple[int, str]], where: str, began: int) -> Motif:
    if not _HOMER.match(header):
        raise DataError(f"{where}, line {began}: a motif of HOMER begins with consensus, name and threshold")
    if not rows:
        raise DataError(f"{where}, line {began}: this motif has no row of probabilities after it")
    consensus, name = header.split("\t")[:2]
    ppm = np.array([_probabilities(line, f"{where}, line {number}") for number, line in rows]).T
    return Motif(name.strip() or consensus, consensus, ppm / ppm.sum(axis=0), _DEFAULT_SITES)


def _tell_bad(bad: list[DataError], motifs: list[Motif], notes: list[str] | None) -> None:
    """Note which motifs were passed over. Raises the first error where no notes are taken, or no motif is left."""
    if bad and (notes is None or not motifs):
        raise bad[0]
    if bad and notes is not None:
        more = f" (and {len(bad) - 1:,} more)" if len(bad) > 1 else ""
        notes.append(f"passed over{more}: {bad[0]}")


def write_jaspar(motifs: Iterable[Motif]) -> str:
    """JASPAR text of motifs: their probabilities times their number of sites, as counts (not always whole numbers)."""
    parts = []
    for motif in motifs:
        counts = motif.ppm * motif.nsites
        rows = [
            f"{letter}  [ {'  '.join(f'{value:.6g}' for value in row)} ]"
            for letter, row in zip("ACGT", counts, strict=True)
        ]
        parts.append("\n".join([f">{_word(motif.matrix_id)}\t{motif.name}", *rows, ""]))
    return "\n".join(parts)


def _is_meme(text: str) -> bool:
    return any(line.strip().startswith("MEME version") for line in text.splitlines())


def _word(name: str) -> str:
    return "_".join(name.split()) or "unnamed"


def _no_matrix(empty: list[tuple[str, str, int]], where: str) -> None:
    for name, _, line in empty:
        raise DataError(f"{where}, line {line}: motif {name[:60]!r} has no letter-probability matrix after it")


def _check_alphabet(line: str, where: str) -> None:
    letters = line.removeprefix("ALPHABET").strip("= ")
    if letters not in ("ACGT", "ACGU") and not letters.endswith(("DNA-LIKE", "RNA-LIKE")):
        raise DataError(f"{where}: the alphabet is {letters[:60]!r}: only DNA (ACGT) and RNA (ACGU) motifs can be read")


def _meme_matrix(lines: list[str], at: int, where: str) -> tuple[np.ndarray, float, int]:
    """PPM `(4, w)`, number of sites, and the line after the matrix, whose header is line `at` (counted from 1)."""
    words = lines[at - 1].partition(":")[2].replace("=", "= ").split()
    header = dict(zip(words[::2], words[1::2], strict=False))
    try:
        alength, width = int(header.get("alength=", "4")), int(header.get("w=", "0"))
        nsites = float(header.get("nsites=", _DEFAULT_SITES))
    except ValueError as error:
        raise DataError(f"{where}, line {at}: its header holds something that is no number ({error})") from error
    if alength != 4:
        raise DataError(f"{where}, line {at}: it has {alength} letters, not 4: only DNA and RNA motifs can be read")
    columns: list[list[float]] = []
    while at < len(lines) and (len(columns) < width or not width):
        line = lines[at].strip()
        if not line and not columns:  # a blank line between header and matrix
            at += 1
            continue
        if not line or line.startswith(("MOTIF", "URL", "--")):
            break
        at += 1
        columns.append(_probabilities(line, f"{where}, line {at}"))
    if not columns or (width and len(columns) != width):
        raise DataError(f"{where}: its matrix has {len(columns)} rows but its header says w= {width}")
    ppm = np.array(columns).T
    return ppm / ppm.sum(axis=0), nsites if nsites > 0 else _DEFAULT_SITES, at


def _probabilities(line: str, where: str) -> list[float]:
    values = _numbers(line.split(), where)
    if len(values) != 4:
        raise DataError(f"{where}: it has {len(values)} numbers, not one for each of A C G T")
    if abs(sum(values) - 1) > _TOLERANCE:
        raise DataError(f"{where}: its probabilities sum to {sum(values):g}, not to 1")
    return values


def _numbers(words: list[str], where: str) -> list[float]:
    values = []
    for word in words:
        try:
            value = float(word)
        except ValueError as error:
            raise DataError(f"{where}: {word[:60]!r} is no number") from error
        if not 0 <= value < float("inf"):
            raise DataError(f"{where}: {word[:60]} is no count or probability: it must be 0 or more")
        values.append(value)
    return values


def _jaspar_rows(lines: list[tuple[int, str]], where: str) -> list[list[float]]:
    return [_jaspar_row(line, place, f"{where}, line {number}") for place, (number, line) in enumerate(lines)]


def _jaspar_row(line: str, place: int, where: str) -> list[float]:
    if line[0].isalpha():
        if place < 4 and line[0].upper().replace("U", "T") != "ACGT"[place]:
            raise DataError(f"{where}: row {line[0]!r} stands where {'ACGT'[place]!r} should: the order is A, C, G, T")
        line = line[1:]
    return _numbers(line.replace("[", " ").replace("]", " ").split(), where)


def _jaspar_motif(header: str, rows: list[list[float]], where: str) -> Motif:
    if _HOMER.match(header):
        raise DataError(f"{where}: this is a motif of HOMER, whose rows are positions: save it as MEME or JASPAR")
    matrix_id, _, name = header.replace("\t", " ").partition(" ")
    where = f"motif {matrix_id[:60]!r} of {where}"
    if len(rows) != 4:
        raise DataError(f"{where}: it has {len(rows)} rows, not one for each of A C G T")
    widths = [len(row) for row in rows]
    if len(set(widths)) > 1 or not widths[0]:
        raise DataError(f"{where}: its rows have {', '.join(map(str, widths))} counts: they must be equally many")
    counts = np.array(rows)
    total = counts.sum(axis=0)
    if not total.all():
        raise DataError(f"{where}: column {int((total == 0).argmax()) + 1} has no counts")
    return Motif(name.strip() or matrix_id, matrix_id, counts / total, float(total.max()))
