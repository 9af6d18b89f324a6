"""`dnaconv bench`: a motif in background sequences, and what it does to the prediction."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    data_options,
    examples,
    open_model,
    seed_number,
    task_option,
    with_model,
)
from dnaconv_core.commands.naming import MOTIF_HELP, motif_meant
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.words import output_word, spelled
from dnaconv_core.progress import Bar
from dnaconv_core.sequence.encoding import LETTERS
from dnaconv_core.sequence.motif import consensus

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.sequence.motif import Motif

Told = tuple[dict[str, Any], list[str]]  # for --json and for people


def add(groups: Any, command: Any) -> None:
    bench = with_model(command(groups, "bench", bench_command, "put a motif into background sequences"))
    bench.add_argument("--motif", required=True, metavar="MOTIF", help=MOTIF_HELP)
    how = bench.add_mutually_exclusive_group()
    how.add_argument("--positions", action="store_true", help="its effect at every position")
    how.add_argument("--spacing", default="", metavar="MOTIF2", help="effect with a second motif, at growing distance")
    how.add_argument("--mutate", action="store_true", help="effect of each point mutation")
    how.add_argument(
        "--grammar", default="", metavar="MOTIF", help="order, distance, orientation and number of two motifs"
    )
    bench.add_argument("--gaps", default="0,5,10,20", metavar="N,N", help="for --grammar: bases between the motifs")
    bench.add_argument("--copies", default="1,2", metavar="N,N", help="for --grammar: copies of the second motif")
    bench.add_argument("--backgrounds", type=int, default=100, metavar="N")
    bench.add_argument("--seed", type=seed_number, default=0)
    task_option(bench)
    data_options(bench)


def bench_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret import marginalize as bench

    bundle = open_model(options)
    data = examples(options, bundle)
    n, length = options.backgrounds, bundle.config.length
    motif, of = motif_meant(options.motif, options, bundle), chosen_output(options, bundle.config)
    how = {"task": of.number, "seed": options.seed}
    X = bench.backgrounds(None if data is None else data.X, length, n, seed=options.seed)
    effect = bench.marginalize(bundle.model, X, motif, **how)
    unit, made = output_word(bundle.config), "random" if data is None else "shuffled"
    answer: dict[str, Any] = {
        "model": options.model,
        **of.facts,
        "motif": options.motif,
        "consensus": spelled(consensus(motif.ppm), bundle.config),
        "unit": unit,
        "backgrounds": len(X),
        "backgrounds_are": made,
        "effect": {"mean": effect.mean, "low": effect.low, "high": effect.high},
    }
    lines = [
        *of.lines,
        f"effect of {options.motif} on the {unit}, in the middle of {len(X)} {made} backgrounds: "
        f"{effect.mean:+.3f} ({effect.low:+.3f} to {effect.high:+.3f})",
    ]
    typical = bench.typical_covariates(bundle.config)
    if typical is not None:
        beside = dict(zip(bundle.config.covariates, map(float, typical), strict=True))
        answer["covariates"] = beside
        lines.append("with " + ", ".join(f"{name} {value:.3g}" for name, value in beside.items()) + ", as is typical")
    if bundle.config.alphabet == "DNA":
        _, other = bench.strand_effects(bundle.model, X, motif, **how)
        answer["other_strand"] = {"mean": other.mean, "low": other.low, "high": other.high}
        lines.append(f"the same DNA read from the other strand: {other.mean:+.3f}")
    more, words = _varied(options, bundle, X, motif, of.number)
    return Answer(answer | more, "\n".join(lines + words))


def _varied(options: Namespace, bundle: Bundle, X: np.ndarray, motif: Motif, task: int) -> Told:
    """What --positions, --spacing or --mutate adds to the answer and to its lines."""
    if options.positions:
        return _by_position(options, bundle, X, motif, task)
    if options.spacing:
        return _by_spacing(options, bundle, X, motif, task)
    if options.grammar:
        return _by_grammar(options, bundle, X, motif, task)
    return _by_mutation(bundle, X, motif, task) if options.mutate else ({}, [])


def _by_position(options: Namespace, bundle: Bundle, X: np.ndarray, motif: Motif, task: int) -> Told:
    from dnaconv_core.interpret.marginalize import by_position

    places = by_position(bundle.model, X, motif, task=task, seed=options.seed, progress=Bar())
    words = "position-invariant" if places.invariant else "position-dependent"
    first = f"{words}: from lowest to highest it varies by {places.variation:.0%} of its mean over the middle"
    answer = _curve(places.curve) | {"variation": places.variation, "invariant": places.invariant}
    return {"positions": answer}, [first, *_curve_lines(places.curve, "from base", 1)]


def _by_spacing(options: Namespace, bundle: Bundle, X: np.ndarray, motif: Motif, task: int) -> Told:
    from dnaconv_core.interpret.marginalize import by_spacing

    second = motif_meant(options.spacing, options, bundle)
    apart = by_spacing(bundle.model, X, motif, second, task=task, seed=options.seed, progress=Bar())
    answer = {"motif": options.spacing, **_curve(apart.joint), "interaction": _curve(apart.interaction)}
    lines = ["both together, and what that is beyond the sum of each alone:"]
    joint = _curve_lines(apart.joint, "gap", 0)
    lines += [
        f"{line}  beyond the sum {beyond:+.4f}" for line, beyond in zip(joint, apart.interaction.mean, strict=True)
    ]
    return {"spacing": answer}, lines


def _by_grammar(options: Namespace, bundle: Bundle, X: np.ndarray, motif: Motif, task: int) -> Told:
    from dnaconv_core.interpret.grammar import grammar
    from dnaconv_core.interpret.marginalize import logits

    second = motif_meant(options.grammar, options, bundle)
    gaps, copies = (_numbers(options, name) for name in ("gaps", "copies"))
    found = grammar(
        lambda sequences: logits(bundle.model, sequences, task=task), X, motif, second,
        gaps=gaps, copies=copies, turn=bundle.config.alphabet == "DNA", seed=options.seed, progress=Bar(),
    )  # fmt: skip
    parts = {name: [one._asdict() for one in getattr(found, name)] for name in ("arrangements", "levels", "shares")}
    lines = [f"{len(found.arrangements)} arrangements; effects beyond their mean, 95 % intervals:"]
    lines += [f"  {e.factor:<13} {e.level:<14} {e.mean:+.3f} ({e.low:+.3f} to {e.high:+.3f})" for e in found.levels]
    lines += ["share of the differences that each makes:"]
    lines += [
        f"  {' × '.join(s.factors):<28} {s.share:.1%} ({s.low:.1%} to {s.high:.1%})"
        for s in sorted(found.shares, key=lambda s: -s.share)
    ]
    return {"grammar": {"motif": options.grammar, "factors": found.factors, **parts}}, lines


def _numbers(options: Namespace, name: str) -> tuple[int, ...]:
    text = getattr(options, name)
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise InputError(f"--{name} is {text[:60]!r}: write numbers such as 0,5,10") from None


def _by_mutation(bundle: Bundle, X: np.ndarray, motif: Motif, task: int) -> Told:
    from dnaconv_core.interpret.marginalize import by_mutation

    mutated, letters = by_mutation(bundle.model, X, motif, task=task), LETTERS[bundle.config.alphabet]
    word = spelled(mutated.word, bundle.config)
    answer = {"word": word, "change": {letter: mutated.change[b].tolist() for b, letter in enumerate(letters)}}
    lines = [
        f"  {base}{p + 1}{letter} {mutated.change[b, p]:+.4f}"
        for p, base in enumerate(word)
        for b, letter in enumerate(letters)
        if letter != base
    ]
    return {"mutations": answer}, lines


def _curve(curve: Any) -> dict[str, list[float]]:
    return {name: np.asarray(getattr(curve, name)).tolist() for name in ("at", "mean", "low", "high")}


def _curve_lines(curve: Any, word: str, first: int) -> list[str]:
    return [
        f"  {word} {int(at) + first:>4}: {mean:+.4f} ({low:+.4f} to {high:+.4f})"
        for at, mean, low, high in zip(curve.at, curve.mean, curve.low, curve.high, strict=True)
    ]
