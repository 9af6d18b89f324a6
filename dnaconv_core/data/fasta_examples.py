"""Examples out of FASTA: positives and negatives, a file for each class, labels in the headers, or positives only.

Files are read as a stream: memory holds the bases as codes (a byte each) and the headers, not the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.examples import Examples, Loci, Skipped, joined
from dnaconv_core.data.headers import HEADER_LETTERS, LabelPlace, header_id, header_locus, label_place
from dnaconv_core.data.labels import LabelRecipe, make_labels
from dnaconv_core.data.letters import encode_texts, guess_alphabet
from dnaconv_core.data.tables import ID_LETTERS, shifted
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.text import open_text

_BLOCK = 20_000  # records encoded at a time
_SAMPLE = 2000  # headers from which a label's place is told
_LONGEST_LINE = 1 << 28


def labelled_fasta(
    path: Path | str, *, alphabet: str = "", label_pattern: str = "", recipe: LabelRecipe | None = None
) -> Examples:
    """One file whose headers hold the labels: '>id;class:1', '>id|1', '>id label=0.7', '>chr1,+,100,200; class:0'.

    label_pattern: as `headers.label_place` takes it. recipe: transform, task or words of the labels. Raises InputError
    for a pattern that no header has, DataError for a file without records or labels, or most of whose records are bad.
    """
    records = _read(Path(path), alphabet)
    place = label_place(records.headers[:_SAMPLE], label_pattern)
    if place is None:
        raise DataError(
            f"{path} has no label in its headers, of which the first is {records.headers[0][:60]!r}: say where it "
            "stands, or give positives and negatives as two files"
        )
    values = [place.find(header) for header in records.headers]
    name = "label" if place.key == "|" else place.key
    labels = make_labels({name: values}, _named(recipe, name))
    missing = {row: "has no label in its header" for row, value in enumerate(values) if not value}
    examples = _examples(records, labels.y, place)._replace(
        tasks=labels.tasks, classes=labels.classes, notes=(*records.notes, *labels.notes)
    )
    return _without(examples, {**missing, **labels.wrong}, records)


def class_examples(files: Mapping[str, Path | str], *, alphabet: str = "") -> Examples:
    """One file for each class, by the class's word: y is its number, in the order given; two files are no and yes.

    Raises as `unlabelled_fasta` does, and InputError for fewer than two files.
    """
    if len(files) < 2:
        raise InputError(f"{len(files)} file of a class: give one for each of two classes or more")
    lots = [_of_class(path, alphabet, float(number)) for number, path in enumerate(files.values())]
    alphabet = alphabet or ("RNA" if all(lot.alphabet == "RNA" for lot in lots) else "DNA")
    return joined(lots)._replace(tasks=("label",), classes=tuple(files), alphabet=alphabet)


def pair_examples(positives: Path | str, negatives: Path | str | None = None, *, alphabet: str = "") -> Examples:
    """Positives as 1 and negatives as 0; or positives only, whose negatives come from elsewhere."""
    if negatives is None:
        return _of_class(positives, alphabet, 1.0)._replace(tasks=("label",))
    found = class_examples({"no": negatives, "yes": positives}, alphabet=alphabet)
    order = np.argsort(-found.y[:, 0], kind="stable")  # positives first, as given
    return found.subset(order)._replace(classes=())


def unlabelled_fasta(path: Path | str, *, alphabet: str = "") -> Examples:
    """The records of a file, y `(N, 0)`. A record that is empty or has a foreign letter is skipped and listed.

    Raises DataError for a file without records, or more of whose records are skipped than kept.
    """
    records = _read(Path(path), alphabet)
    return _without(_examples(records, np.empty((len(records.headers), 0), np.float32), None), {}, records)


def _of_class(path: Path | str, alphabet: str, value: float) -> Examples:
    examples = unlabelled_fasta(path, alphabet=alphabet)
    y = np.full((examples.n, 1), value, np.float32)
    return examples._replace(y=y, w=np.ones_like(y))


def _named(recipe: LabelRecipe | None, name: str) -> LabelRecipe:
    return LabelRecipe.from_json({**(recipe or LabelRecipe()).to_json(), "columns": [name], "how": "columns"})


# Records


class _Records(NamedTuple):
    name: str
    headers: list[str]
    places: list[int]  # lines of the headers
    codes: np.ndarray
    offsets: np.ndarray
    wrong: dict[int, str]
    alphabet: str
    notes: tuple[str, ...]


def _read(path: Path, alphabet: str) -> _Records:
    lines = open_text(path, longest=_LONGEST_LINE)
    headers: list[str] = []
    places: list[int] = []
    wrong: dict[int, str] = {}
    blocks, lengths = [np.empty(0, np.uint8)], [np.zeros(1, np.int64)]
    records = _records(str(path), lines)
    while block := list(islice(records, _BLOCK)):
        texts = [text for _, _, text in block]
        alphabet = alphabet or guess_alphabet(texts)
        encoded = encode_texts(texts)
        wrong |= {len(headers) + row: why for row, why in encoded.wrong.items()}
        places += [place for place, _, _ in block]
        headers += [header for _, header, _ in block]
        blocks.append(encoded.codes)
        lengths.append(np.diff(encoded.offsets))
    if not headers:
        raise DataError(f"{path} has no record: FASTA records begin with a line such as '>name'")
    codes, offsets = np.concatenate(blocks), np.cumsum(np.concatenate(lengths))
    return _Records(str(path), headers, places, codes, offsets, wrong, alphabet, tuple(lines.notes))


def _records(name: str, lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Line, header and letters of each record; remarks (';') are passed over."""
    parts: list[str] = []
    place, header = 0, ""
    for number, line in enumerate(lines, 1):
        if line.startswith(">"):
            if place:
                yield place, header, "".join(parts)
            place, header, parts = number, line[1 : HEADER_LETTERS + 1].strip(), []
        elif place:
            if not line.startswith(";"):
                parts.append(line)
        elif line.strip() and not line.startswith(";"):
            raise DataError(
                f"{name} begins with {line.strip()[:40]!r}: FASTA records begin with a line such as '>name'"
            )
    if place:
        yield place, header, "".join(parts)


def _examples(records: _Records, y: np.ndarray, place: LabelPlace | None) -> Examples:
    names = [header_id(header, place)[:ID_LETTERS] for header in records.headers]
    ids = np.array([name or f"seq_{number}" for number, name in enumerate(names, 1)], str)
    return Examples(
        records.codes, records.offsets, ids, y, np.isfinite(y).astype(np.float32), records.alphabet,
        loci=_loci(records), notes=records.notes,
    )  # fmt: skip


def _loci(records: _Records) -> Loci | None:
    """Where the examples lie, if every header tells."""
    found = []
    for header in records.headers:
        locus = header_locus(header)
        if locus is None:
            return None
        found.append(locus)
    chrom, start, end, strand = zip(*found, strict=True)
    loci = Loci(np.array(chrom), np.array(start, np.int64), np.array(end, np.int64), np.array(strand))
    return shifted(loci, np.diff(records.offsets))


def _without(examples: Examples, wrong: dict[int, str], records: _Records) -> Examples:
    wrong = {**wrong, **records.wrong}
    if 2 * len(wrong) > examples.n:
        first = min(wrong)
        raise DataError(
            f"{records.name}: {len(wrong):,} of {examples.n:,} records cannot be used; the first, in line "
            f"{records.places[first]}, {wrong[first]}"
        )
    if not wrong:
        return examples
    kept = np.ones(examples.n, bool)
    kept[list(wrong)] = False
    skipped = tuple(Skipped(records.name, records.places[row], wrong[row]) for row in sorted(wrong))
    return examples.subset(kept)._replace(skipped=skipped)
