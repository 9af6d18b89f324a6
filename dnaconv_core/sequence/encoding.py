"""Letters to one-hot and back: `(N, 4, L)` int8, channels A C G T (U in RNA), ambiguous positions all zero."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.results import Record

LETTERS = {"DNA": "ACGT", "RNA": "ACGU"}
AMBIGUOUS = "NRYSWKMBDHV"  # IUPAC codes for more than one base: all-zero columns
_OTHER_T = {"DNA": ("U", "T"), "RNA": ("T", "U")}
_COMPLEMENT = {
    "DNA": str.maketrans("ACGTURYSWKMBDHVN", "TGCAAYRSWMKVHDBN"),
    "RNA": str.maketrans("ACGUTRYSWKMBDHVN", "UGCAAYRSWMKVHDBN"),
}
_NOISE = re.compile(r"[\s\d]+")  # white space and GenBank's position numbers
_FOREIGN = re.compile(f"[^ACGTU{AMBIGUOUS}acgtu{AMBIGUOUS.lower()}]")


def clean(text: str, alphabet: str = "DNA", *, where: str = "the sequence") -> str:
    """Upper-case letters of `alphabet` and IUPAC codes from whatever was pasted (any case, spaces, digits, U or T).

    Raises InputError naming the first other character and its position (1-based, among what is not white space).
    """
    letters = _NOISE.sub("", text)
    foreign = _FOREIGN.search(letters)  # before upper(), which turns some letters into two
    if foreign:
        raise InputError(
            f"{where} has {foreign[0]!r} at position {foreign.start() + 1}: use {', '.join(LETTERS[alphabet])} or an "
            f"IUPAC code such as N"
        )
    return letters.upper().replace(*_OTHER_T[alphabet])


def count_ambiguous(sequence: str) -> int:
    return sum(sequence.count(code) for code in AMBIGUOUS)


def parse_pasted(text: str, alphabet: str = "DNA") -> list[Record]:
    """Records from pasted text: plain sequence, GenBank-style numbered lines, or FASTA with any number of records.

    Without a header the whole text is one sequence. Raises InputError for a foreign character, an empty record, or no
    sequence at all.
    """
    blocks: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.lstrip().startswith(">"):
            blocks.append((line.strip()[1:].strip(), []))
        elif line.strip() and not line.startswith(";"):
            if not blocks:
                blocks.append(("", []))
            blocks[-1][1].append(line)
    if not blocks:
        raise InputError("there is no sequence here: paste letters such as TGACTCA, or FASTA records")
    records = []
    for number, (header, lines) in enumerate(blocks, 1):
        name = header.split()[0] if header else f"seq_{number}"
        where = f"sequence {number} ({name!r})" if len(blocks) > 1 or header else "the sequence"
        sequence = clean("".join(lines), alphabet, where=where)
        if not sequence:
            raise InputError(f"{where} is empty: add letters below its header or remove it")
        records.append(Record(name, sequence, count_ambiguous(sequence)))
    return records


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
