"""`dnaconv motifs | hits`: the motifs a model uses, and where a motif is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    data_options,
    labelled_examples,
    needed_examples,
    on_option,
    open_model,
    seed_number,
    skipped_json,
    task_option,
    with_model,
)
from dnaconv_core.commands.naming import (
    MOTIF_HELP,
    best_name,
    given_motifs,
    name_options,
    nameable,
    p_words,
)
from dnaconv_core.commands.outputs import Logo, check_outputs, file_options, save_motifs, write_logos
from dnaconv_core.errors import InputError
from dnaconv_core.files import write_atomic
from dnaconv_core.interpret.attribution import ATTRIBUTIONS
from dnaconv_core.interpret.words import NOT_NAMED, group_words, output_word, spelled
from dnaconv_core.progress import Bar, Timed
from dnaconv_core.sequence.motif import to_icm

if TYPE_CHECKING:
    from dnaconv_core.interpret.hits import Hits
    from dnaconv_core.interpret.match import Match
    from dnaconv_core.interpret.patterns import Pattern
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.results import Skipped


def add(groups: Any, command: Any) -> None:
    patterns = with_model(command(groups, "motifs", motifs, "the motifs a model uses over a dataset"))
    data_options(patterns)
    task_option(patterns)
    name_options(patterns)
    patterns.add_argument("--method", choices=tuple(ATTRIBUTIONS), default="deeplift_shap")
    patterns.add_argument(
        "--most", type=int, default=1000, metavar="N", help="explain at most N positives and N negatives"
    )
    patterns.add_argument(
        "--finder", default="own", metavar="own|modisco", help="TF-MoDISco is an extra: pip install modisco-lite"
    )
    patterns.add_argument("--seed", type=seed_number, default=0)
    on_option(patterns)
    file_options(patterns)

    places = with_model(command(groups, "hits", hits, "where a motif is in sequences, as FIMO finds it"))
    places.add_argument("--motif", default="", metavar="MOTIF", help=MOTIF_HELP)
    places.add_argument("--motifs", default="", metavar="FILE.meme", help="every motif of this file")
    places.add_argument("--fasta", default="", metavar="FILE", help="look in these sequences")
    places.add_argument("--p-value", type=float, default=1e-3, help="largest p-value of a hit (default: 0.001)")
    places.add_argument("--out", default="", metavar="FILE.csv", help="write a line for each hit there")
    data_options(places)


def motifs(options: Namespace) -> Answer:
    from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
    from dnaconv_core.interpret.keep import kept_with, save_discovery
    from dnaconv_core.interpret.naming import named
    from dnaconv_core.interpret.patterns import as_json
    from dnaconv_core.model.inputs import covariates_for

    bundle = open_model(options)
    check_outputs(options)
    config, may_name = bundle.config, nameable(options, bundle.config)
    of = chosen_output(options, config)
    data = labelled_examples(options, bundle)
    how = DiscoveryOptions(options.method, of.number, most=options.most, finder=options.finder, seed=options.seed)
    given, on = covariates_for(bundle.model, data), where(options.on)
    found = discover(bundle.model, data.X, data.y, given, how=how, on=on, progress=Timed(Bar()))
    if not options.data:
        save_discovery(kept_with(bundle.path), found, of.number)
    motifs = [p.motif for p in found.patterns]
    matches: list[list[Match]] = [[] for _ in motifs]
    if motifs and may_name:
        matches = named(motifs, options.motifs, options.jaspar, alphabet=config.alphabet)
    save_motifs(options, motifs)
    write_logos(options, _logos(found.patterns, config))
    rows = [
        {**as_json(p, own), "consensus": spelled(p.consensus, config), "sites": _sites(p, data.ids[found.rows])}
        for p, own in zip(found.patterns, matches, strict=True)
    ]
    names = [best_name(own) if may_name else NOT_NAMED for own in matches]
    lines = [*of.lines, *(_pattern_line(p, config) + name for p, name in zip(found.patterns, names, strict=True))]
    answer = {
        "model": options.model,
        **of.facts,
        "method": found.method,
        "n_explained": len(found.rows),
        "n_seqlets": len(found.seqlets),
        "n_unassigned": found.n_unassigned,
        "patterns": rows,
    }
    return Answer(
        answer,
        "\n".join(lines) or "no pattern found: no group of similar seqlets is stronger than in shuffled sequences",
    )


def _sites(pattern: Pattern, ids: np.ndarray) -> list[dict[str, Any]]:
    return [
        {"id": str(ids[row]), "start": int(start), "strand": "-" if minus else "+"}
        for row, start, minus in zip(pattern.sequence, pattern.start, pattern.minus, strict=True)
    ]


def _pattern_line(p: Pattern, config: ModelConfig) -> str:
    high, low = group_words(config)
    return (
        f"{spelled(p.consensus, config):<20} {p.n_seqlets:>6,} seqlets  in {p.share_positives:.1%} of {high}, "
        f"{p.share_negatives:.1%} of {low} (Fisher p {p_words(p.p_fisher)})  "
    )


def hits(options: Namespace) -> Answer:
    from dnaconv_core.interpret.export import hits_csv
    from dnaconv_core.interpret.hits import find_hits

    bundle = open_model(options)
    check_outputs(options)
    ids, X, words, skipped = _searched(options, bundle)
    given = given_motifs(options, bundle)
    strands = "one" if bundle.config.alphabet == "RNA" else "both"
    found = [find_hits(X, motif, p_value=options.p_value, strands=strands) for motif in given]
    if options.out:
        tables = [hits_csv(ids, own, motif.name) for motif, own in zip(given, found, strict=True)]
        text = tables[0] + "".join(table.partition("\n")[2] for table in tables[1:])  # one header
        write_atomic(Path(options.out).absolute(), text.encode())
    rows, lines = [], []
    for motif, own in zip(given, found, strict=True):
        rows += _hit_rows(ids, motif.name, own)
        lines += _hit_lines(ids, motif.name, own, words)
    answer = {"model": options.model, "p_value": options.p_value, "hits": rows, **skipped_json(skipped)}
    return Answer(answer, "\n".join(lines))


def _hit_rows(ids: np.ndarray, motif: str, found: Hits) -> list[dict[str, Any]]:
    return [
        {
            "id": str(ids[row]),
            "motif": motif,
            "start": int(start),
            "end": int(start) + found.width,
            "strand": str(strand),
            "score": float(score),
            "p_value": float(p),
            "q_value": float(q),
        }
        for row, start, strand, score, p, q in zip(*found[:6], strict=True)
    ]


def _hit_lines(ids: np.ndarray, motif: str, found: Hits, words: str) -> list[str]:
    """How many there are, and the first ten."""
    n = len(found.sequence)
    lines = [f"{motif}: {n:,} hit{'s' * (n != 1)} in {len(set(found.sequence)):,} of {len(ids):,} {words}"]
    lines += [
        f"  {ids[row]}  {start + 1}-{start + found.width} {strand}  {score:.1f} bits  p {p:.2g}  q {q:.2g}"
        for row, start, strand, score, p, q in zip(*found.take(np.arange(min(n, 10)))[:6], strict=True)
    ]
    if not n:
        lines.append("  no place reaches this p-value: a short motif needs a larger --p-value")
    if n > 10:
        lines.append(f"  and {n - 10:,} more: --out FILE.csv writes them all")
    return lines


def _searched(options: Namespace, bundle: Bundle) -> tuple[np.ndarray, np.ndarray, str, Sequence[Skipped]]:
    """Ids, one-hot (filled up with N to the longest sequence), in words what they are, and bad records."""
    from dnaconv_core.data.fasta import read_sequences
    from dnaconv_core.sequence.encoding import one_hot

    if options.fasta and options.data:
        raise InputError("give --fasta or --data, not both")
    if not options.fasta:
        data = needed_examples(options, bundle)
        return data.ids, np.asarray(data.X[:]), "examples", ()
    given = read_sequences(options.fasta, bundle.config.alphabet, masked=True)
    records = given.records
    longest = max(len(record.sequence) for record in records)
    X = one_hot([record.sequence.ljust(longest, "N") for record in records], bundle.config.alphabet)
    return np.array([record.id for record in records]), X, "sequences", given.skipped


def _logos(patterns: Iterable[Pattern], config: ModelConfig) -> Iterator[Logo]:
    """What each pattern looks like, and what it contributes."""
    for number, pattern in enumerate(patterns, 1):
        look = {"alphabet": config.alphabet, "title": f"pattern {number}"}
        yield Logo(f"pattern_{number}", to_icm(pattern.motif.ppm), look)
        look |= {"kind": "contribution", "unit": output_word(config), "title": f"pattern {number}, mean contribution"}
        yield Logo(f"pattern_{number}_contribution", pattern.contribution, look)
