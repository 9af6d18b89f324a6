"""Letters to one-hot and back: `(N, 4, L)` int8, channels A C G T (U in RNA), ambiguous positions all zero."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Record, Skipped

LETTERS = {"DNA": "ACGT", "RNA": "ACGU"}
AMBIGUOUS = "NRYSWKMBDHV"  # IUPAC codes for more than one base: all-zero columns
MASKS = "X-"  # what hides a base in a genome: read as N where long sequences are read, else a mistake
_OTHER_T = {"DNA": ("U", "T"), "RNA": ("T", "U")}
_COMPLEMENT = {
    "DNA": str.maketrans("ACGTURYSWKMBDHVN", "TGCAAYRSWMKVHDBN"),
    "RNA": str.maketrans("ACGUTRYSWKMBDHVN", "UGCAAYRSWMKVHDBN"),
}
_NOISE = re.compile(r"[\s\d]+")  # white space and GenBank's position numbers
_FOREIGN = re.compile(f"[^ACGTU{AMBIGUOUS}acgtu{AMBIGUOUS.lower()}]")
_IN_ORDER = {name: dict.fromkeys(map(ord, letters + AMBIGUOUS)) for name, letters in LETTERS.items()}
_UNMASKED = str.maketrans(MASKS + MASKS.lower(), "N" * 2 * len(MASKS))


def clean(text: str, alphabet: str = "DNA", *, where: str = "the sequence") -> str:
    """Upper-case letters of `alphabet` and IUPAC codes from whatever was pasted (any case, spaces, digits, U or T).

    Raises InputError naming the first other character and its position (1-based, among what is not white space).
    """
    upper = text.upper()
    if text.isascii() and not upper.translate(_IN_ORDER[alphabet]):  # most of a file; upper() makes two letters of 'ß'
        return upper
    letters = _NOISE.sub("", text)
    if foreign := _FOREIGN.search(letters):
        raise InputError(f"{where} has {foreign[0]!r} at position {foreign.start() + 1}: {_use(alphabet)}")
    return letters.upper().replace(*_OTHER_T[alphabet])


def _use(alphabet: str) -> str:
    return f"use {', '.join(LETTERS[alphabet])} or an IUPAC code such as N"


def count_ambiguous(sequence: str) -> int:
    return sum(sequence.count(code) for code in AMBIGUOUS)


def parse_pasted(text: str, alphabet: str = "DNA") -> list[Record]:
    """Records from pasted text: plain sequence, GenBank-style numbered lines, or FASTA with any number of records.

    Without a header the whole text is one sequence. Raises InputError for a foreign character, an empty record, or no
    sequence at all.
    """
    return parse_records(text, alphabet, bare=True).whole()


class Parsed(NamedTuple):
    """The records of a text in their order, and those that cannot be used, told by line."""

    records: list[Record]
    lines: list[int]  # where each begins, from 1
    skipped: list[Skipped]
    errors: list[str]  # of the skipped ones: a sentence each that says which record it is

    def whole(self) -> list[Record]:
        """The records where all could be used, else InputError for the first that could not."""
        if self.errors:
            raise InputError(self.errors[0])
        return self.records

    def usable(self) -> Parsed:
        """The same, or InputError for the first record where none can be used."""
        if not self.records:
            self.whole()
        return self


def parse_records(
    text: str, alphabet: str = "DNA", *, name: str = "", bare: bool = False, masked: bool = False
) -> Parsed:
    """Records of FASTA text; one that is empty or has a foreign character is listed, and the others go on.

    name: of the file, '' for what was pasted. bare: letters without a header are one sequence. masked: X and '-' are
    unknown bases, as in genomes. Ids are first words of headers and may repeat. Raises InputError, or DataError of a
    file, where there is no record at all.
    """
    blocks = _blocks(text, name, bare)
    found = Parsed([], [], [], [])
    for number, (line, header, lines) in enumerate(blocks, 1):
        known = header.split()[0] if header.split() else f"seq_{number}"
        letters = "".join("".join(lines).split())
        try:
            sequence = clean(letters.translate(_UNMASKED) if masked else letters, alphabet, where="").strip()
            why = "" if sequence else " is empty: add letters below its header or remove it"
        except InputError as error:
            why = str(error)
        if not why:
            found.records.append(Record(known, sequence, count_ambiguous(sequence)))
            found.lines.append(line)
            continue
        where = f"{name}: record {number} ({known[:60]!r})" if name else "the sequence"
        if not name and (header or len(blocks) > 1):
            where = f"sequence {number} ({known[:60]!r})"
        found.skipped.append(Skipped(name or "the text", line, why.strip()))
        found.errors.append(where + why)
    return found


def _blocks(text: str, name: str, bare: bool) -> list[tuple[int, str, list[str]]]:
    """Line (from 1), header and lines of each record; remarks (';') are passed over."""
    blocks: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip()[:1] == ">":
            blocks.append((number, line.strip()[1:].strip(), []))
        elif not line.strip() or line[0] == ";":
            continue
        elif blocks:
            blocks[-1][2].append(line)
        elif bare:
            blocks.append((number, "", [line]))
        else:
            raise DataError(
                f"{name} begins with {line.strip()[:40]!r}: FASTA records begin with a line such as '>name'"
            )
    if not blocks and bare:
        raise InputError("there is no sequence here: paste letters such as TGACTCA, or FASTA records")
    if not blocks:
        raise DataError(f"{name} has no record: FASTA records begin with a line such as '>name'")
    return blocks


def one_hot(sequences: str | Sequence[str], alphabet: str = "DNA") -> np.ndarray:
    """One-hot of one or more sequences of equal length: int8 `(N, 4, L)`; every other letter is an all-zero column.

    Raises InputError when lengths differ (naming the first that does) or there is nothing to encode.
    """
    sequences = [sequences] if isinstance(sequences, str) else list(sequences)
    if not sequences:
        raise InputError("there are no sequences to encode: give at least one")
    length = len(sequences[0])
    for number, sequence in enumerate(sequences, 1):
        if len(sequence) != length:
            raise InputError(
                f"sequence {number} has {len(sequence)} bases and the first has {length}: encode equal lengths together"
            )
    codes = np.frombuffer("".join(sequences).encode("ascii", "replace"), np.uint8).reshape(len(sequences), 1, length)
    bases = np.frombuffer(LETTERS[alphabet].encode(), np.uint8).reshape(1, 4, 1)
    return ((codes == bases) | (codes == bases + 32)).astype(np.int8)  # lower case is 32 above upper case


def decode(X: np.ndarray, alphabet: str = "DNA") -> list[str]:
    """Letters of one-hot `(N, 4, L)` or `(4, L)`; all-zero columns are N."""
    X = np.asarray(X)
    X = X[None] if X.ndim == 2 else X
    letters = np.frombuffer((LETTERS[alphabet] + "N").encode(), np.uint8)
    return [row.tobytes().decode() for row in letters[to_codes(X)]]


def to_codes(X: np.ndarray) -> np.ndarray:
    """One-hot `(…, 4, L)` as codes `(…, L)` int8: 0 to 3 for A C G T (U), 4 for an all-zero column."""
    X = np.asarray(X)
    return np.where(X.any(axis=-2), X.argmax(axis=-2), 4).astype(np.int8)


def from_codes(codes: np.ndarray) -> np.ndarray:
    """Codes `(…, L)` as one-hot int8 `(…, 4, L)`: 0 to 3 for A C G T (U), anything else an all-zero column."""
    return (np.asarray(codes)[..., None, :] == np.arange(4, dtype=np.int8)[:, None]).astype(np.int8)


def reverse_complement(X: np.ndarray) -> np.ndarray:
    """The other strand of one-hot `(…, 4, L)`: both axes reversed, because A C G T reversed is its own complement."""
    return X[..., ::-1, ::-1]


def reverse_complement_text(sequence: str, alphabet: str = "DNA") -> str:
    """The other strand of letters, 5'→3', IUPAC codes included; upper case."""
    return sequence.upper().translate(_COMPLEMENT[alphabet])[::-1]
