"""Examples out of any table: which column is what, how the label is made, and what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnaconv_core.data.columns import Columns, either, guess_columns, parts_of
from dnaconv_core.data.delimited import Table, read_columns
from dnaconv_core.data.examples import Examples, Loci, Skipped
from dnaconv_core.data.labels import LabelRecipe, Labels, make_labels
from dnaconv_core.data.letters import encode_texts, guess_alphabet
from dnaconv_core.data.values import numbers_of
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.interval import find_locus

__all__ = ["Columns", "Table", "guess_columns", "read_columns", "table_examples", "table_labels"]

ID_LETTERS = 120  # characters of an id that are kept: one long name would widen them all


def table_examples(
    table: Table, columns: Columns, *, alphabet: str = "", recipe: LabelRecipe | None = None
) -> Examples:
    """The rows of a table as examples; those that cannot be used are listed in `skipped`.

    alphabet: 'DNA' or 'RNA'; '' by whether the sequences have U. recipe: how labels are made, by default
    `columns.labels` as they are. Raises DataError where no column of sequences is named, a column is missing or no
    label, or more rows are skipped than kept.
    """
    if columns.sequence is None:
        names = ", ".join(map(repr, table.header))[:200]
        raise DataError(f"{table.name} has no column of sequences: say which it is; it has {names}")
    recipe = recipe or LabelRecipe(columns.labels)
    texts = table.column(columns.sequence)
    if isinstance(texts, np.ndarray):
        raise DataError(f"{table.name}: column {columns.sequence!r} holds numbers, not sequences: choose another")
    encoded = encode_texts(texts)
    wrong = dict(encoded.wrong)
    labels = table_labels(table, recipe) if recipe.columns else None
    y = labels.y if labels else np.empty((table.n, 0), np.float32)
    _add(wrong, labels.wrong if labels else {})
    w = np.isfinite(y) * _weights(table, columns.weight, wrong)[:, None]
    covariates = _covariates(table, columns.covariates, wrong)
    part, notes = _parts(table, columns.part)
    loci = _loci(table, columns, np.diff(encoded.offsets))
    whole = Examples(
        encoded.codes, encoded.offsets, _ids(table, columns.id), y, w.astype(np.float32),
        alphabet or guess_alphabet(texts), labels.tasks if labels else (), labels.classes if labels else (),
        loci, part, covariates, columns.covariates,
        notes=(*table.notes, *(labels.notes if labels else ()), *notes),
    )  # fmt: skip
    return _without(whole, wrong, table)


def table_labels(table: Table, recipe: LabelRecipe) -> Labels:
    """Labels of every row, and the recipe with what was guessed filled in. Raises DataError that names the file."""
    columns = {name: table.column(name) for name in recipe.columns}
    try:
        return make_labels(columns, recipe, table.separator)
    except DataError as error:
        raise DataError(f"{table.name}: {error}") from None


def _without(examples: Examples, wrong: dict[int, str], table: Table) -> Examples:
    """The examples without those rows, which are listed with the lines that were no rows."""
    listed = [Skipped(table.name, table.places[row], wrong[row]) for row in sorted(wrong)]
    skipped = tuple(sorted([*table.skipped, *listed], key=lambda one: one.line))
    if len(wrong) * 2 > examples.n:
        first = min(wrong)
        raise DataError(
            f"{table.name}: {len(wrong):,} of {examples.n:,} rows cannot be used; the first is line "
            f"{table.places[first]}, which {wrong[first]}"
        )
    if not wrong:
        return examples._replace(skipped=skipped)
    kept = np.ones(examples.n, bool)
    kept[list(wrong)] = False
    return examples.subset(kept)._replace(skipped=skipped)


def _add(wrong: dict[int, str], more: dict[int, str]) -> None:
    for row, why in more.items():
        wrong.setdefault(row, why)


def _ids(table: Table, name: str | None) -> np.ndarray:
    if name is None:
        return np.array([f"row_{number}" for number in range(1, table.n + 1)], str)
    return np.array([str(value).strip()[:ID_LETTERS] for value in table.column(name)], str)


def _weights(table: Table, name: str | None, wrong: dict[int, str]) -> np.ndarray:
    """(N,) weights, 1 without a column of them."""
    if name is None:
        return np.ones(table.n)
    column = table.column(name)
    found = numbers_of(column, table.separator).values
    for row in np.flatnonzero(~(found >= 0)).tolist():
        wrong.setdefault(row, f"has the weight {str(column[row])[:60]!r}: it must be 0 or more")
    return np.nan_to_num(found)


def _covariates(table: Table, names: Sequence[str], wrong: dict[int, str]) -> np.ndarray | None:
    """(N, C) numbers; an example that lacks one cannot be used."""
    if not names:
        return None
    found = [numbers_of(table.column(name), table.separator).values for name in names]
    for name, values in zip(names, found, strict=True):
        for row in np.flatnonzero(np.isnan(values)).tolist():
            wrong.setdefault(row, f"has {str(table.column(name)[row])[:60]!r} in column {name!r}: it must be a number")
    return np.stack(found, axis=1).astype(np.float32)


def _parts(table: Table, name: str | None) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if name is None:
        return None, ()
    part, other = parts_of(table.column(name))
    if not other:
        return part, ()
    if unsure := [word for word in other if either(word)]:
        raise DataError(
            f"{table.name}: column {name[:60]!r} has {sum(other[word] for word in unsure):,} values {unsure[0]!r}, "
            "which may mean train or test: write the word out, or have the parts made by --split"
        )
    words = ", ".join(f"{word[:30]!r} ({times:,})" for word, times in other.most_common(3))
    return part, (f"column {name!r} has {other.total():,} values that are no part, such as {words}",)


def _loci(table: Table, columns: Columns, lengths: np.ndarray) -> Loci | None:
    """From columns of coordinates, or from ids that are loci; None unless every row has one."""
    if columns.loci:
        chrom, start, end = (table.column(name) for name in columns.loci[:3])
        start, end = numbers_of(start).values, numbers_of(end).values
        if not (np.isfinite(start).all() and np.isfinite(end).all()):
            return None
        strand = [str(s).strip() for s in table.column(columns.loci[3])] if len(columns.loci) > 3 else ["."] * table.n
        strand = [s if s in ("+", "-") else "." for s in strand]
        names = np.array([str(name).removesuffix(".0") for name in chrom], str)
        return shifted(Loci(names, start.astype(np.int64), end.astype(np.int64), np.array(strand)), lengths)
    if columns.id is None or isinstance(table.column(columns.id), np.ndarray):
        return None
    found = [find_locus(text) for text in table.column(columns.id)]
    if not all(found):
        return None
    chrom, start, end, strand = zip(*found, strict=True)
    whole = Loci(np.array(chrom), np.array(start, np.int64), np.array(end, np.int64), np.array(strand))
    return shifted(whole, lengths)


def shifted(loci: Loci, lengths: np.ndarray) -> Loci:
    """Loci counted from 0: those of a file that counts from 1 are one base longer by the sequences `lengths (N,)`."""
    longer = (loci.end - loci.start + 1 == lengths).mean() if len(lengths) else 0
    return loci._replace(start=loci.start - 1) if longer > 0.9 else loci
