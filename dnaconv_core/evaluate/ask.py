"""What a model says of pasted records, whatever their length."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.files import safe_cell
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import one_hot, reverse_complement

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

MOST_WINDOWS = 50_000
SLIDE, START, MIDDLE = "slide", "start", "middle"
FITS = {SLIDE: "Slide along, strongest window", START: "Their first bases", MIDDLE: "Their middle"}


class Answer(NamedTuple):
    """What the model says of one record. `profile` has a value per window where it was slid along."""

    record: Record
    sequence: str  # what the model read
    start: int  # where that lies in the record, from 0; below 0 where unknown bases were put before it
    prediction: float
    other_strand: float | None
    profile: np.ndarray | None
    outputs: Sequence[float] = ()  # (T,) of every output, for what was read


def ask(
    model: Bundle, records: Sequence[Record], covariates: Sequence[float] | np.ndarray, fit: str, output: int = 0
) -> list[Answer]:
    """One output's answer to each record. covariates: raw values `(C,)` for all of them, or `(N, C)`.

    Short records are filled with N on both sides; of long ones `fit` says which part is read. Raises InputError when
    there is more to slide along than is sensible on a page.
    """
    config = model.config
    cut = [_cut(record.sequence, config.length, fit) for record in records]
    counts = [len(text) - config.length + 1 for text, _ in cut]
    if sum(counts) > MOST_WINDOWS:
        if max(counts) == 1:
            raise InputError(
                f"there are {len(records):,} sequences and this page takes {MOST_WINDOWS:,}: give it fewer, or use "
                f"'dnaconv predict'"
            )
        longest = records[int(np.argmax(counts))]
        raise InputError(
            f"there are {sum(counts):,} windows to slide along ('{longest.id}' alone has {len(longest.sequence):,} "
            f"bases) and this page takes {MOST_WINDOWS:,}: use their first bases or their middle, or paste less"
        )
    X = np.concatenate([_windows(text, config.length, config.alphabet) for text, _ in cut])  # (sum of counts, 4, L)
    beside = None
    if config.covariates:
        rows = np.broadcast_to(np.asarray(covariates, np.float32), (len(records), len(config.covariates)))
        beside = np.repeat(rows, counts, axis=0)
    found = np.split(predict(model.model, X, beside), np.cumsum(counts)[:-1])  # each (windows, T)
    best = [int(values[:, output].argmax()) for values in found]
    other: list[float | None] = [None] * len(records)
    if config.alphabet == "DNA":
        rows = np.array(best) + np.cumsum([0, *counts[:-1]])
        turned = predict(model.model, reverse_complement(X[rows]), None if beside is None else beside[rows])[:, output]
        other = turned.tolist()
    return [
        Answer(
            record,
            text[place : place + config.length],
            start + place,
            float(values[place, output]),
            turned_value,
            values[:, output] if len(values) > 1 else None,
            values[place],
        )
        for record, (text, start), values, place, turned_value in zip(records, cut, found, best, other, strict=True)
    ]


def for_files(answers: Sequence[Answer], more: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """The columns of a file: what was read of each record, what the model says of it, and `more`."""
    return {
        "id": [answer.record.id for answer in answers],
        "first_base": [answer.start + 1 for answer in answers],
        "sequence": [answer.sequence for answer in answers],
        "prediction": [answer.prediction for answer in answers],
        **more,
    }


def as_csv(columns: Mapping[str, Sequence[Any]]) -> str:
    """A table for a spreadsheet, in which no name can act as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(safe_cell, columns))
    for name, *values in zip(*columns.values(), strict=True):
        numbers = (f"{value:.6g}" if isinstance(value, float | np.floating) else value for value in values)
        writer.writerow([safe_cell(name), *numbers])
    return out.getvalue()


def as_parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """The table as Parquet, for pandas, polars or R."""
    import pyarrow
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(columns)), out)
    return out.getvalue()


def _cut(text: str, length: int, fit: str) -> tuple[str, int]:
    """The part to read, at least `length` long, and where it starts in the record."""
    if len(text) < length:
        before = (length - len(text)) // 2
        return ("N" * before + text).ljust(length, "N"), -before
    if len(text) == length or fit == SLIDE:
        return text, 0
    start = 0 if fit == START else (len(text) - length) // 2
    return text[start : start + length], start


def _windows(text: str, length: int, alphabet: str) -> np.ndarray:
    whole = one_hot(text, alphabet)[0]  # (4, n)
    return np.lib.stride_tricks.sliding_window_view(whole, length, axis=1).transpose(1, 0, 2)  # (n - L + 1, 4, L)
