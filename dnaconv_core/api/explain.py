"""What a model has learnt: attributions, substitutions, filters, motifs, and a motif's effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.api.data import Source
from dnaconv_core.api.inputs import AnyModel, labelled, needed_labels, of_its_length, opened, readable
from dnaconv_core.api.tables import Attributed, Filters, Motifs, Mutated
from dnaconv_core.cluster.where import HERE, where

_MISSED = 0.02  # of the largest change of the output

if TYPE_CHECKING:
    from dnaconv_core.interpret.attribution import Attribution
    from dnaconv_core.interpret.marginalize import Effect
    from dnaconv_core.interpret.match import Match
    from dnaconv_core.sequence.motif import Motif


def attribute(
    model: AnyModel,
    sequences: Source,
    covariates: Any = None,
    *,
    method: str = "deeplift_shap",
    on: str = HERE,
    **more: Any,
) -> Attributed:
    """The contribution of each base to the logit: `.scores (N, L)`, a table, logos in a notebook.

    method: a key of `dnaconv_core.interpret.attribution.ATTRIBUTIONS`. `.note` says where DeepLIFT is not exact, as it
    may be for a torch module of your own. on: a Dask scheduler, 'tcp://HOST:8786', whose workers compute. Other
    arguments as in `attribute` there: task, correct, reference, n_references, n_steps, seed. Raises InputError for
    sequences or options that do not fit.

    >>> attribute("rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG", method="input_x_gradient").scores.shape
    (1, 21)
    """
    from dnaconv_core.interpret.attribution import attribute as run

    found = opened(model, sequences)
    data = readable(found, sequences, covariates)
    said = run(found.network, data, method=method, on=where(on), **more)
    return Attributed(data, said, _missed(said))


def _missed(said: Attribution) -> str:
    """That contributions do not sum to the change of the output, where they promise to; '' where they do."""
    if said.delta is None or not said.method.startswith("deeplift"):
        return ""
    miss, most = float(np.nanmax(said.delta)), float(np.nanmax(np.abs(said.values.sum(axis=(1, 2)))))
    if miss <= _MISSED * max(most, 1e-6):
        return ""
    return (
        f"The contributions miss the change of the output by up to {miss:.2g}: the network has steps that DeepLIFT has "
        f"no rule for, such as attention or a product of activations. Compare method='integrated_gradients'."
    )


def ism(model: AnyModel, sequences: Source, covariates: Any = None, *, on: str = HERE, **more: Any) -> Mutated:
    """What every single substitution does to the logit: `.change (N, 4, L)`, alternative minus reference.

    on: as in `attribute`. Other arguments: task, batch_size. Raises InputError for sequences that do not fit.

    >>> ism("rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG").change.shape
    (1, 4, 21)
    """
    from dnaconv_core.interpret.blocks import in_blocks
    from dnaconv_core.interpret.ism import ism as run
    from dnaconv_core.model.inputs import covariates_for

    found, place = opened(model, sequences), where(on)
    data = readable(found, sequences, covariates)
    asked = found.network, data.X, covariates_for(found.network, data)
    return Mutated(data, in_blocks("ism", *asked, on=place, **more) if place else run(*asked, **more))


def filters(
    model: AnyModel,
    data: Source | None = None,
    covariates: Any = None,
    *,
    names: str | Sequence[Motif] | None = None,
    on: str = HERE,
    **more: Any,
) -> Filters:
    """What each filter looks for in these sequences, by default those held out when the model was trained.

    names: motifs to name them by: a group of JASPAR ('vertebrates'), a file, an IUPAC word, or Motifs; the first time
    on a machine, comparing them takes minutes of compiling. on: as in `attribute`. Other arguments as in
    `dnaconv_core.interpret.filters.filter_motifs`: layer, fraction. Raises InputError for a layer that the model lacks,
    sequences that do not fit, or where there are none.

    >>> len(filters("rnai_huesken").motifs)  # 8 members with 40 each
    320
    """
    from dnaconv_core.interpret.filters import by_usefulness, filter_motifs
    from dnaconv_core.interpret.naming import named_filters

    found = opened(model, data)
    examples = labelled(found, data, covariates).labelled()
    scan = filter_motifs(found.network, examples.X, on=where(on), **more)
    order = by_usefulness(scan, examples.y) if examples.y.shape[1] else np.arange(len(scan.motifs))
    alphabet = found.config.alphabet
    matches: Sequence[Sequence[Match]] = ()
    if names:
        given, group = _targets(names)
        matches = named_filters([f.motif for f in scan.motifs], order, given, group, alphabet=alphabet)
    return Filters(scan, order, alphabet, matches)


def motifs(
    model: AnyModel,
    data: Source | None = None,
    covariates: Any = None,
    *,
    names: str | Sequence[Motif] | None = None,
    on: str = HERE,
    **more: Any,
) -> Motifs:
    """Patterns in the bases that speak for the positive class (or for high values), over labelled sequences.

    names: as in `filters`; on: as in `attribute`. Other arguments are fields of
    `dnaconv_core.interpret.discovery.DiscoveryOptions`: method, most, width, seed, finder. Raises InputError where
    there are no two classes.

    >>> len(motifs("tf_binding_synthetic", most=40).motifs)
    1
    """
    from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
    from dnaconv_core.interpret.naming import named
    from dnaconv_core.model.inputs import covariates_for

    found = opened(model, data)
    examples = needed_labels(found, data, covariates)
    given = covariates_for(found.network, examples)
    patterns = discover(found.network, examples.X, examples.y, given, how=DiscoveryOptions(**more), on=where(on))
    alphabet = found.config.alphabet
    matches: Sequence[Sequence[Match]] = ()
    if names and patterns.patterns:
        wanted, group = _targets(names)
        matches = named([p.motif for p in patterns.patterns], wanted, group, alphabet=alphabet)
    return Motifs(patterns, alphabet, matches)


def _targets(names: str | Sequence[Motif]) -> tuple[str | Sequence[Motif], str]:
    """The motifs that are given, and the group of JASPAR that is meant where none are."""
    from dnaconv_core.sequence.jaspar import GROUPS

    return ("", names) if isinstance(names, str) and names in GROUPS else (names, "vertebrates")


def marginalize(
    model: AnyModel,
    motif: str | Motif | np.ndarray,
    data: Source | None = None,
    *,
    n: int = 100,
    seed: int = 0,
    **more: Any,
) -> Effect:
    """How a motif changes the logit when it is written into `n` backgrounds: `.mean`, `.low`, `.high`.

    motif: an IUPAC word, a Motif, or one-hot letters. data: sequences whose dinucleotide shuffles are the backgrounds;
    by default those held out, else random ones. Other arguments as in
    `dnaconv_core.interpret.marginalize.marginalize`: start, task, covariates. Raises InputError for a motif that is
    none or longer than the sequences.

    >>> marginalize("tf_binding_synthetic", "TGACTCA", n=20).mean > 5
    True
    """
    from dnaconv_core.interpret.marginalize import backgrounds
    from dnaconv_core.interpret.marginalize import marginalize as run

    found = opened(model, data)
    given = found.examples if data is None else of_its_length(found, data)
    X = backgrounds(None if given is None else given.X, found.config.length, n, seed=seed)
    return run(found.network, X, motif, seed=seed, **more)
