"""`dnaconv filters | attribute | ism | motifs | bench | report`: what a model learned, with the evidence."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.commands.base import COVARIATES_HELP, MODEL_HELP, Answer, open_dataset
from dnaconv_core.commands.sequences import add_sequence_options, given_sequences
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.files import write_atomic
from dnaconv_core.progress import Bar
from dnaconv_core.runs.models import find_model

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

METHODS = ("gradient", "input_x_gradient", "integrated_gradients", "deeplift", "deeplift_shap", "ism")


def add(groups: Any, command: Any) -> None:
    found = _with_model(command(groups, "filters", filters, "what each filter looks for, its name, and if it matters"))
    _data(found)
    _names(found)
    found.add_argument("--layer", type=int, default=1, help="from 1; deeper layers by their receptive field")
    found.add_argument("--fraction", type=float, default=0.5, help="of the maximum from which a window counts")
    found.add_argument("--no-ablation", action="store_true", help="do not measure the model without each filter")
    found.add_argument("--keep", action="store_true", help="keep the windows' counts in the model's folder")

    explained = _with_sequences(command(groups, "attribute", attribute_command, "which bases made the model say this"))
    explained.add_argument("--method", choices=METHODS, default="deeplift_shap")
    explained.add_argument("--correct", action="store_true", help="subtract the gradient's mean over the four bases")
    explained.add_argument("--reference", choices=("zero", "uniform", "shuffled"), default=None)
    explained.add_argument("--seed", type=int, default=0, help="of the shuffles")
    explained.add_argument("--out", default="", metavar="FILE.csv", help="write a line for each base there")
    explained.add_argument("--svg", default="", metavar="FILE.svg", help="draw the first sequence there")

    _with_sequences(command(groups, "ism", ism_command, "what every single substitution does"))

    patterns = _with_model(command(groups, "motifs", motifs, "the motifs a model uses over a dataset"))
    _data(patterns)
    _names(patterns)
    patterns.add_argument("--method", choices=METHODS, default="deeplift_shap")
    patterns.add_argument("--most", type=int, default=1000, metavar="N", help="positives explained, and negatives")
    patterns.add_argument("--seed", type=int, default=0)

    bench = _with_model(command(groups, "bench", bench_command, "put a motif into sequences that mean nothing"))
    bench.add_argument("--motif", required=True, metavar="IUPAC", help="such as TGASTCA")
    how = bench.add_mutually_exclusive_group()
    how.add_argument("--positions", action="store_true", help="its effect at every position")
    how.add_argument("--spacing", default="", metavar="MOTIF2", help="with a second motif at growing distance")
    how.add_argument("--mutate", action="store_true", help="with each of its bases changed")
    bench.add_argument("--backgrounds", type=int, default=100, metavar="N")
    bench.add_argument("--seed", type=int, default=0)
    _data(bench)

    page = _with_model(command(groups, "report", report, "one HTML file with a model's interpretation, opens offline"))
    _data(page)
    _names(page)
    page.add_argument("--out", required=True, metavar="FILE.html")


def filters(options: Namespace) -> Answer:
    from dnaconv_core.interpret.ablation import ablate_filters
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.filters import filter_motifs
    from dnaconv_core.interpret.keep import load_filters, save_filters
    from dnaconv_core.interpret.naming import named

    bundle = _bundle(options)
    data = _examples(options, bundle, needed=False)
    changes: dict[int, Any] = {}
    if data is not None:
        scan = filter_motifs(bundle.model, data.X, layer=options.layer, fraction=options.fraction, progress=Bar())
        found = list(scan.motifs)
        if options.keep:
            save_filters(bundle.path, scan)
        if not options.no_ablation and data.y.shape[1]:
            beside = covariates_for(bundle.model, data)
            done = ablate_filters(bundle.model, data.X, data.y, beside, layer=options.layer, progress=Bar())
            changes = {change.index: change.as_json() for change in done}
    else:
        found = load_filters(bundle.path)
        if found is None:
            raise InputError(f"{options.model} has no held-out examples or windows kept with it: give --data DIR")
    matches = named([f.motif for f in found], options.motifs, options.jaspar)
    _write_meme(options.meme, [f.motif for f in found if f.n_sites])
    rows = [
        {
            "index": f.index,
            "consensus": f.consensus,
            "n_sites": f.n_sites,
            "information_bits": f.information_bits,
            "max_activation": f.max_activation,
            "note": f.note,
            "matches": [match.as_json() for match in own],
            "ablation": changes.get(f.index),
        }
        for f, own in zip(found, matches, strict=True)
    ]
    lines = [
        f"filter {f.index + 1:>3}  {f.consensus:<20} {f.n_sites:>7,} sites  {f.information_bits:5.1f} bits  "
        f"{_best(own)}{_change(changes.get(f.index))}{'  (' + f.note + ')' if f.note else ''}"
        for f, own in zip(found, matches, strict=True)
    ]
    return Answer({"model": options.model, "layer": options.layer, "filters": rows}, "\n".join(lines))


def attribute_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret.attribution import attribute
    from dnaconv_core.interpret.export import attribution_csv
    from dnaconv_core.predict import predict

    bundle = _bundle(options)
    data = given_sequences(options, bundle.config)
    found = attribute(
        bundle.model, data, method=options.method, correct=options.correct, reference=options.reference,
        seed=options.seed, progress=Bar(),
    )  # fmt: skip
    scores = (found.values * data.X).sum(axis=1)  # (N, L)
    logits, sequences = predict(bundle.model, data, output="logit")[:, 0], data.sequences()
    rows = [
        {
            "id": str(data.ids[i]),
            "sequence": sequences[i],
            "logit": float(logits[i]),
            "attribution": [round(float(v), 6) for v in scores[i]],
            "delta": None if found.delta is None else float(found.delta[i]),
            "covariates": None
            if found.covariates is None
            else dict(zip(bundle.config.covariates, map(float, found.covariates[i]), strict=True)),
        }
        for i in range(len(data))
    ]
    if options.out:
        write_atomic(Path(options.out), attribution_csv(data.ids, sequences, scores).encode())
    if options.svg:
        from dnaconv_core.plot.logo import logo_svg

        image = logo_svg(
            found.values[0] * data.X[0], kind="contribution", alphabet=bundle.config.alphabet,
            title=f"{data.ids[0]}: {options.method}",
        )  # fmt: skip
        write_atomic(Path(options.svg), image.encode())
    lines = []
    for row in rows:
        strongest = sorted(range(len(row["sequence"])), key=lambda p: -abs(row["attribution"][p]))[:10]
        lines.append(f"{row['id']}: logit {row['logit']:.4f}" + _delta(row["delta"]))
        lines += [f"  {p + 1:>5} {row['sequence'][p]} {row['attribution'][p]:+.4f}" for p in sorted(strongest)]
    answer = {"model": options.model, "method": found.method, "reference": found.reference, "sequences": rows}
    return Answer(answer, "\n".join(lines))


def ism_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.ism import ism
    from dnaconv_core.predict import predict
    from dnaconv_core.sequence.encoding import LETTERS

    bundle = _bundle(options)
    data = given_sequences(options, bundle.config)
    change = ism(bundle.model, data.X, covariates_for(bundle.model, data), progress=Bar())
    logits, letters = predict(bundle.model, data, output="logit")[:, 0], LETTERS[bundle.config.alphabet]
    rows, lines = [], []
    for i, sequence in enumerate(data.sequences()):
        rows.append(
            {
                "id": str(data.ids[i]),
                "sequence": sequence,
                "logit": float(logits[i]),
                "change": {letter: [round(float(v), 6) for v in change[i, b]] for b, letter in enumerate(letters)},
            }
        )
        lines.append(f"{data.ids[i]}: logit {logits[i]:.4f}, strongest substitutions:")
        for place in np.argsort(-np.abs(change[i]).ravel(), kind="stable")[:10]:
            base, position = divmod(int(place), change.shape[2])
            lines.append(f"  {sequence[position]}{position + 1}{letters[base]} {change[i, base, position]:+.4f}")
    return Answer({"model": options.model, "bases": letters, "sequences": rows}, "\n".join(lines))


def motifs(options: Namespace) -> Answer:
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.discovery import as_json, discover
    from dnaconv_core.interpret.keep import kept_with, save_discovery
    from dnaconv_core.interpret.naming import named

    bundle = _bundle(options)
    data = _examples(options, bundle)
    found = discover(
        bundle.model, data.X, data.y, covariates_for(bundle.model, data), method=options.method, most=options.most,
        seed=options.seed, progress=Bar(),
    )  # fmt: skip
    if not options.data:
        save_discovery(kept_with(bundle.path), found)
    matches = named([p.motif for p in found.patterns], options.motifs, options.jaspar)
    _write_meme(options.meme, [p.motif for p in found.patterns])
    rows = [as_json(pattern, own) for pattern, own in zip(found.patterns, matches, strict=True)]
    lines = [
        f"{p.consensus:<20} {p.n_seqlets:>6,} seqlets  in {p.share_positives:.1%} of positives, "
        f"{p.share_negatives:.1%} of negatives (Fisher p {p.p_fisher:.2g})  {_best(own)}"
        for p, own in zip(found.patterns, matches, strict=True)
    ]
    answer = {
        "model": options.model,
        "method": found.method,
        "n_explained": len(found.rows),
        "n_seqlets": len(found.seqlets),
        "n_unassigned": found.n_unassigned,
        "patterns": rows,
    }
    return Answer(answer, "\n".join(lines) or "no pattern: no group of alike seqlets is stronger than shuffles explain")


def bench_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret import marginalize as bench

    bundle = _bundle(options)
    data = _examples(options, bundle, needed=False)
    n, length = options.backgrounds, bundle.config.length
    X = bench.backgrounds(None if data is None else data.X, length, n, seed=options.seed)
    effect = bench.marginalize(bundle.model, X, options.motif, seed=options.seed)
    answer: dict[str, Any] = {
        "model": options.model,
        "motif": options.motif,
        "backgrounds": len(X),
        "effect": {"mean": effect.mean, "low": effect.low, "high": effect.high},
    }
    lines = [f"effect of {options.motif} on the logit: {effect.mean:+.3f} ({effect.low:+.3f} to {effect.high:+.3f})"]
    if bundle.config.alphabet == "DNA":
        _, other = bench.strand_effects(bundle.model, X, options.motif, seed=options.seed)
        answer["other_strand"] = {"mean": other.mean, "low": other.low, "high": other.high}
        lines.append(f"the same DNA read from the other strand: {other.mean:+.3f}")
    if options.positions:
        places = bench.by_position(bundle.model, X, options.motif, seed=options.seed, progress=Bar())
        answer["positions"] = _curve(places.curve) | {"variation": places.variation, "invariant": places.invariant}
        lines.append(f"position-{'invariant' if places.invariant else 'dependent'}: varies by {places.variation:.1%}")
        lines += _curve_lines(places.curve, "from base", 1)
    elif options.spacing:
        apart = bench.by_spacing(bundle.model, X, options.motif, options.spacing, seed=options.seed, progress=Bar())
        answer["spacing"] = {"motif": options.spacing, **_curve(apart.joint), "interaction": _curve(apart.interaction)}
        lines += _curve_lines(apart.joint, "gap", 0)
    elif options.mutate:
        mutated = bench.by_mutation(bundle.model, X, options.motif)
        answer["mutations"] = {
            "word": mutated.word,
            "change": {letter: mutated.change[b].tolist() for b, letter in enumerate("ACGT")},
        }
        lines += [
            f"  {mutated.word[p]}{p + 1}{'ACGT'[b]} {mutated.change[b, p]:+.4f}"
            for p in range(len(mutated.word))
            for b in range(4)
            if "ACGT"[b] != mutated.word[p]
        ]
    return Answer(answer, "\n".join(lines))


def report(options: Namespace) -> Answer:
    from dnaconv_core.commands.report import write_report

    bundle = _bundle(options)
    data = _examples(options, bundle)
    page = write_report(bundle, data, motifs=options.motifs, group=options.jaspar, progress=Bar())
    write_atomic(Path(options.out).absolute(), page.encode())
    return Answer({"model": options.model, "path": options.out, "bytes": len(page.encode())}, f"written: {options.out}")


def _with_model(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    return parser


def _with_sequences(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add_sequence_options(_with_model(parser))
    return parser


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="", metavar="DIR", help="labelled data (default: the kept held-out examples)")
    parser.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--motifs", default="", metavar="FILE.meme", help="name by this file, not by JASPAR CORE")
    parser.add_argument(
        "--jaspar", default="vertebrates", metavar="GROUP", help="of JASPAR CORE (default: vertebrates)"
    )
    parser.add_argument("--meme", default="", metavar="OUT", help="write the motifs there, as a MEME file")


def _bundle(options: Namespace) -> Bundle:
    from dnaconv_core.model.bundle import load_bundle

    return load_bundle(find_model(options.model))


def _examples(options: Namespace, bundle: Bundle, needed: bool = True) -> Dataset | None:
    """--data, else what was kept with the model."""
    from dnaconv_core.interpret.keep import stored_examples

    if options.data:
        return open_dataset(
            options.data, bundle.config.alphabet, options.covariates if bundle.config.covariates else ""
        )
    found = stored_examples(bundle.path, bundle.config.alphabet, bundle.config.covariates)
    if found is None and needed:
        raise InputError(f"{options.model} has no held-out examples kept with it: give --data DIR")
    return found


def _write_meme(path: str, found: list) -> None:
    from dnaconv_core.sequence.motif_text import write_meme

    if path:
        write_atomic(Path(path).absolute(), write_meme(found).encode())


def _best(matches: list) -> str:
    from dnaconv_core.interpret.match import NO_MATCH

    if not matches or not matches[0].significant:
        return NO_MATCH
    best = matches[0]
    return f"{best.name} ({best.matrix_id}, q {best.q_value:.2g}, {best.strand})"


def _change(change: dict | None) -> str:
    if change is None or change["change"] is None:
        return ""
    interval = f" ({change['low']:+.4f} to {change['high']:+.4f})" if "low" in change else ""
    return f"  without it {change['metric']} {change['change']:+.4f}{interval}"


def _delta(delta: float | None) -> str:
    return "" if delta is None else f", convergence delta {delta:.2g}"


def _curve(curve: Any) -> dict[str, list[float]]:
    return {name: np.asarray(getattr(curve, name)).tolist() for name in ("at", "mean", "low", "high")}


def _curve_lines(curve: Any, word: str, first: int) -> list[str]:
    return [
        f"  {word} {int(at) + first:>4}: {mean:+.4f} ({low:+.4f} to {high:+.4f})"
        for at, mean, low, high in zip(curve.at, curve.mean, curve.low, curve.high, strict=True)
    ]
