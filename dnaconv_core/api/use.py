"""Predictions, quality, scans and variants."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.api.data import Source
from dnaconv_core.api.inputs import AnyModel, needed_labels, opened, readable
from dnaconv_core.api.tables import Evaluated, Scanned, Variants
from dnaconv_core.cluster.where import HERE, where
from dnaconv_core.errors import InputError
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import clean, count_ambiguous


def predict(model: AnyModel, sequences: Source, covariates: Any = None, *, on: str = HERE, **more: Any) -> np.ndarray:
    """Predictions `(N, T)` float32 of sequences of the model's length: probabilities, or the number it was trained on.

    sequences: text, a list, an array, a data frame, a file or a Dataset. covariates: raw values `(N, C)`. on: a Dask
    scheduler, 'tcp://HOST:8786', whose workers compute. Other arguments as in `dnaconv_core.predict.predict`:
    output='logit', batch_size, device. Raises InputError naming the first sequence that does not fit.

    >>> predict("rnai_huesken", ["CCUAAGAUAAUUCUGCGCCUG", "UUAAUGGACCAAGUUCGAGCA"]).shape
    (2, 1)
    """
    from dnaconv_core.interpret.blocks import in_blocks
    from dnaconv_core.model.inputs import covariates_for
    from dnaconv_core.predict import predict as run

    found, place = opened(model, sequences), where(on)
    data = readable(found, sequences, covariates)
    if place:
        return in_blocks("predict", found.network, data.X, covariates_for(found.network, data), on=place, **more)
    return run(found.network, data, **more)


def evaluate(model: AnyModel, data: Source | None = None, covariates: Any = None) -> Evaluated:
    """The metrics of a model on labelled data, by default its held-out examples, with 95 % intervals.

    Examples that depend on each other (overlapping windows, similar sequences) count together. Raises InputError where
    there are no labels.

    >>> sorted(evaluate("rnai_huesken").metrics)[:2]
    ['mae', 'pearson_r']
    """
    from dnaconv_core.evaluate.dependence import groups_of
    from dnaconv_core.evaluate.intervals import with_intervals
    from dnaconv_core.evaluate.metrics import labelled
    from dnaconv_core.predict import predict as run

    found = opened(model, data)
    examples = needed_labels(found, data, covariates)
    prediction = run(found.network, examples)
    task, weights = found.config.task, labelled(examples.w)
    metrics = with_intervals(task, examples.y, prediction, weights=weights, groups=groups_of(examples))
    return Evaluated(metrics, examples.y, prediction)


def scan(
    model: AnyModel, sequence: str, *, name: str = "sequence", length: int = 0, covariates: Any = None, **more: Any
) -> Scanned:
    """The model's prediction for every window of a longer sequence, on both strands of DNA.

    length: of a window, where the model is a torch module of your own; each window then goes through it by itself.
    covariates: raw values `(C,)` for every window. Other arguments as in `dnaconv_core.scan.scan.scan`: strands, edges,
    output, max_unknown. Raises InputError when the sequence is shorter than a window.

    >>> scan("tf_binding_synthetic", "ACGTTGCA" * 20).scores.shape  # strands, windows, outputs
    (2, 60, 1)
    """
    from dnaconv_core.scan.scan import scan as run

    found = opened(model, length=length)
    given = None if covariates is None else np.asarray(covariates, np.float32)
    return Scanned(run(found.network, _record(name, sequence, found.config.alphabet), covariates=given, **more))


def _record(name: str, sequence: str, alphabet: str) -> Record:
    cleaned = clean(sequence, alphabet, where=name)
    return Record(name, cleaned, count_ambiguous(cleaned))


def variants(
    model: AnyModel,
    variants: str | os.PathLike[str] | Iterable[tuple[str, int, str, str]],
    genome: str | os.PathLike[str] | Mapping[str, str],
    *,
    length: int = 0,
    covariates: Any = None,
    on: str = HERE,
    **more: Any,
) -> Variants:
    """What variants do to a prediction: ALT − REF, in the window centred on each and in the one that changes most.

    variants: a VCF, or tuples (chrom, pos from 1, ref, alt), as rows of a data frame are. genome: a FASTA, or sequences
    by name. A variant that cannot be scored says why in its status. length: as in `scan`; on: as in `predict`. Other
    arguments as in `dnaconv_core.variants.effects.score_variants`: motifs, task. Raises InputError for a model that
    does not read DNA.

    >>> found = variants("tf_binding_synthetic", [("chr1", 80, "A", "T")], {"chr1": "ACGTTGCA" * 20})
    >>> found.to_frame()["status"].tolist()
    ['ok']
    """
    from dnaconv_core.variants.effects import score_variants

    found = opened(model, length=length)
    given = None if covariates is None else np.asarray(covariates, np.float32)
    lines, skipped = _variants(variants)
    with _genome(genome) as contigs:
        effects = list(score_variants(found.network, lines, contigs, covariates=given, on=where(on), **more))
    return Variants(effects, tuple(skipped))


def _variants(given: Any) -> tuple[Any, list[Any]]:
    from dnaconv_core.variants.vcf import Variant, read_vcf

    if isinstance(given, str | os.PathLike):
        file = read_vcf(Path(given))
        return file.variants, file.skipped
    rows = given.itertuples(index=False, name=None) if hasattr(given, "itertuples") else given
    found = []
    for number, row in enumerate(rows, 1):
        if len(row) != 4:
            raise InputError(f"variant {number} has {len(row)} values: give (chrom, pos, ref, alt)")
        chrom, pos, ref, alt = str(row[0]), int(row[1]), str(row[2]), str(row[3])
        found.append(Variant(chrom, pos, ".", ref, (alt,), (chrom, str(pos), ".", ref, alt), 0))
    return found, []


@contextmanager
def _genome(given: str | os.PathLike[str] | Mapping[str, str]) -> Iterator[Any]:
    from dnaconv_core.data.genome import Genome, RecordContig

    if isinstance(given, Mapping):
        yield {name: RecordContig(_record(name, sequence, "DNA")) for name, sequence in given.items()}
    else:
        with Genome(os.fspath(given)) as genome:
            yield genome
