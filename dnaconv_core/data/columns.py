"""Which column of a table is what: sequence, labels, id, weight, part, loci; guessed, with reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.data.examples import PARTS
from dnaconv_core.data.values import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dnaconv_core.data.delimited import Table

_SAMPLE = 2000  # rows that a guess looks at
_LETTERS = re.compile(r"[ACGTUNRYSWKMBDHV\s-]{4,}", re.IGNORECASE)
# Names that say what a column is, in order of preference; case does not matter
SEQUENCE_NAMES = ("sequence", "seq", "dna", "rna", "guide", "antisense", "sirna")
LABEL_NAMES = ("label", "y", "activity", "bound", "target", "class", "value", "score", "efficacy")
ID_NAMES = ("id", "ids", "name", "locus", "interval")
WEIGHT_NAMES = ("weight", "w")
MEASURED = (
    *LABEL_NAMES, "labels", "affinity", "expression", "log2fc", "logfc", "lfc", "log2foldchange", "log_ratio",
    "log2ratio", "psi", "fluorescence", "intensity", "signal", "signalvalue", "enrichment", "fitness", "response",
    "strength", "measurement", "measured", "output", "binding", "is_bound", "positive", "ratio", "inhibition",
    "knockdown", "efficiency", "half_life", "halflife", "mrl", "kd", "ic50", "ec50", "mean_bin",
)  # fmt: skip
_WORDY = ("label", "labels", "class", "y", "bound", "binding", "is_bound", "positive")  # whose words may be classes
_IDS = (*ID_NAMES, "row", "identifier", "seq_id", "sequence_id", "probe", "probe_id", "oligo", "oligo_id", "accession")
_PART_NAMES = ("split", "set", "part", "partition", "subset", "data_split", "dataset", "fold")
_PLACES = {
    "chrom": ("chrom", "chr", "chromosome", "seqnames", "contig"),
    "start": ("start", "chromstart", "chrom_start", "begin"),
    "end": ("end", "chromend", "chrom_end", "stop"),
    "strand": ("strand",),
}
_COORDINATES = {
    *(name for names in _PLACES.values() for name in names), "pos", "position", "peak", "summit", "offset",
    "thickstart", "thickend", "itemrgb", "blockcount", "width", "length", "len", "gc", "index",
}  # fmt: skip
_CONFIDENCE = {
    "p", "pval", "pvalue", "pvalues", "q", "qval", "qvalue", "qvalues", "padj", "fdr", "se", "sem", "stderr", "sd",
    "std", "stdev", "ci", "n",
}  # fmt: skip
_BEGINNINGS = (("train", ("training", "trainset")), ("valid", ("validation", "valset", "dev", "development")),
               ("test", ("testing", "testset", "holdout", "heldout")))  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Names of columns by what they are; `why` each was chosen, and what `others` could be it."""

    sequence: str | None = None
    labels: tuple[str, ...] = ()
    id: str | None = None
    weight: str | None = None
    covariates: tuple[str, ...] = ()
    part: str | None = None
    loci: tuple[str, ...] = ()  # chromosome, start, end and, where there is one, strand
    why: dict[str, str] = field(default_factory=dict, compare=False)
    others: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)


def guess_columns(table: Table) -> Columns:
    """By names that are usual and by what the first rows hold.

    A coordinate, a p-value, a standard error or a column that never changes is no label unless it is chosen; nor is one
    of several columns of numbers with unknown names. Covariates are never guessed.
    """
    sample = {name: column[:_SAMPLE] for name, column in zip(table.header, table.columns, strict=True)}
    why: dict[str, str] = {}
    sequence, sequences = _sequence(sample, why)
    part = _part(sample, sequence, why)
    loci = _loci(table.header)
    taken = {sequence, part, *loci}
    identifier = _named(sample, _IDS, taken, "id", why)
    weight = _named(sample, WEIGHT_NAMES, taken, "weight", why)
    if weight and numbers_of(sample[weight], table.separator).share < 0.9:
        weight = None
    labels, possible = _labels(sample, taken | {identifier, weight}, table.separator, why)
    others = {"sequence": tuple(name for name in sequences if name != sequence), "labels": possible}
    return Columns(sequence, labels, identifier, weight, (), part, loci, why, others)


def looks_like_confidence(name: str) -> bool:
    """Whether a column of this name tells how sure or how often, not how much: a p-value, an error, a count."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"log_?10", " ", name.lower()))
    return not _CONFIDENCE.isdisjoint(words)


def _sequence(sample: Mapping[str, Any], why: dict[str, str]) -> tuple[str | None, list[str]]:
    found = [name for name, column in sample.items() if _is_sequence(column)]
    lower = {name.lower(): name for name in reversed(found)}
    for known in SEQUENCE_NAMES:
        if known in lower:
            why["sequence"] = f"it is called {lower[known]!r} and holds letters of sequences"
            return lower[known], found
    if found:
        best = max(found, key=lambda name: ("seq" in name.lower(), np.mean([len(t) for t in sample[name]])))
        why["sequence"] = "it holds letters of sequences"
        return best, found
    named = next((name for known in SEQUENCE_NAMES for name in sample if name.lower() == known), None)
    if named:
        why["sequence"] = f"it is called {named!r}, but few of its first rows are sequences"
    return named, [named] if named else []


def _is_sequence(column: Sequence[str] | np.ndarray) -> bool:
    if isinstance(column, np.ndarray):
        return False
    known = [text for text in column if text.strip()]
    return bool(known) and sum(map(bool, map(_LETTERS.fullmatch, known))) >= 0.9 * len(known) and len(set(known)) > 1


def _named(
    sample: Mapping[str, Any], usual: Iterable[str], taken: set[str | None], role: str, why: dict[str, str]
) -> str | None:
    lower = {name.lower(): name for name in reversed(list(sample)) if name not in taken}
    found = next((lower[name] for name in usual if name in lower), None)
    if found:
        why[role] = f"it is called {found!r}"
    return found


def _loci(header: tuple[str, ...]) -> tuple[str, ...]:
    lower = {name.lower(): name for name in reversed(header)}
    found = [next((lower[name] for name in names if name in lower), None) for names in _PLACES.values()]
    return tuple(name for name in found if name) if all(found[:3]) else ()


# Labels


def _labels(
    sample: Mapping[str, Any], taken: set[str | None], separator: str | None, why: dict[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The label's column, and those that could be one."""
    fit = {name: _fit(column, separator) for name, column in sample.items() if name not in taken}
    possible = [name for name, kind in fit.items() if kind and not _excluded(name)]
    lower = {name.lower(): name for name in reversed(possible)}
    usual = next((lower[n] for n in MEASURED if n in lower and (fit[lower[n]] != "classes" or n in _WORDY)), None)
    likely = [name for name in possible if fit[name] != "classes"]
    others = (*possible, *(name for name, kind in fit.items() if kind and _excluded(name)))
    if usual:
        why["labels"] = f"it is called {usual!r} and holds {fit[usual]}"
        chosen: tuple[str, ...] = (usual,)
    elif alike := [name for name in likely if _measures(name)]:
        why["labels"] = f"the name of {'each' if len(alike) > 1 else 'it'} says that it was measured"
        chosen = tuple(alike)
    elif len(likely) == 1:
        why["labels"] = f"no other column holds {fit[likely[0]]} that change"
        chosen = (likely[0],)
    else:
        why["labels"] = _no_label(likely, others)
        chosen = ()
    return chosen, tuple(name for name in others if name not in chosen)


def _measures(name: str) -> bool:
    """Whether a name begins or ends with a usual word for a label, as 'label_2' or 'Dev_log2_enrichment'."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if not words or not _COORDINATES.isdisjoint(words):
        return False
    return not {words[0].rstrip("0123456789"), words[0], words[-1]}.isdisjoint(MEASURED)


def _no_label(likely: list[str], others: tuple[str, ...]) -> str:
    if likely:
        return f"any of {', '.join(likely[:6])} could be the label: choose"
    if others:
        return f"{', '.join(others[:6])} look like coordinates, p-values, errors or names: choose if one is the label"
    return "no column holds numbers or classes that change"


def _excluded(name: str) -> bool:
    return name.lower() in _COORDINATES or looks_like_confidence(name)


def _fit(column: Any, separator: str | None) -> str:
    """What kind of label a column could hold: 'numbers', 'yes or no' or 'classes'; '' where it is none."""
    from dnaconv_core.data.labels import guess_mapping

    mapping = guess_mapping(column, separator=separator)
    if len(mapping.counts) < 2 and mapping.kind != "numbers":
        return ""
    if mapping.kind == "numbers":
        values = numbers_of(column, separator).values
        values = values[np.isfinite(values)]
        return "numbers" if len(values) and values.min() != values.max() else ""
    return {"binary": "yes or no", "classes": "classes"}.get(mapping.kind, "")


# Parts


def part_of(word: str) -> str:
    """'train', 'valid' or 'test' for any abbreviation that means one of them only, in any case; '' for another word."""
    word = re.sub(r"[\s_-]|set$|data$", "", word.strip().lower())
    if not word:
        return ""
    meant = {part for part, names in _BEGINNINGS if any(name.startswith(word) for name in names)}
    return meant.pop() if len(meant) == 1 else ""


def parts_of(column: Iterable[object]) -> tuple[np.ndarray, Counter[str]]:
    """`(N,)` of 'train', 'valid', 'test' or '', and how often each word came that is none of them.

    'T', which may begin two of them, is the training part where no other word is.
    """
    texts = [str(value).strip() for value in column]
    known = {text: part_of(text) for text in set(texts)}
    if "train" not in known.values() and any(known.values()):
        known |= {text: "train" for text in known if either(text)}
    return np.array([known[text] for text in texts], "U5"), Counter(text for text in texts if not known[text])


def either(word: str) -> bool:
    """Whether a word may mean the training part or the test part."""
    return word.strip().lower() == "t"


def _part(sample: Mapping[str, Any], sequence: str | None, why: dict[str, str]) -> str | None:
    best: tuple[bool, str] | None = None
    for name, column in sample.items():
        if name == sequence or isinstance(column, np.ndarray):
            continue
        parts, other = parts_of(column)
        named = name.lower() in _PART_NAMES
        kinds = set(parts.tolist()) - {""}
        enough = 1 - sum(other.values()) / max(len(column), 1) >= (0.5 if named else 1.0)
        if enough and len(kinds) >= (1 if named else 2) and (best is None or named > best[0]):
            best = named, name
            why["part"] = f"it tells {', '.join(part for part in PARTS if part in kinds)} of each row"
    return best[1] if best else None
