"""`dnaconv design`: sequences that a model scores high, or low, or at a target."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.commands.base import (
    MODEL_HELP,
    Answer,
    chosen_output,
    examples,
    open_model,
    seed_number,
    skipped_json,
    task_option,
    with_model,
)
from dnaconv_core.commands.sequences import covariate_option, given_covariates, given_records
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Bar

if TYPE_CHECKING:
    from dnaconv_core.design.design import Design
    from dnaconv_core.design.rules import Checker, Rules
    from dnaconv_core.design.starts import Starts
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.results import Skipped

_RANDOM, _SHUFFLED, _GIVEN = "random", "shuffled", "given"


def add(groups: Any, command: Any) -> None:
    p = with_model(command(groups, "design", design_command, "make sequences that the model scores high, or low"))
    p.add_argument(
        "sequences", nargs="*", metavar="SEQUENCE", help="sequences to start from; N stands for a random base"
    )
    p.add_argument("--fasta", default="", metavar="FILE", help="sequences to start from, in FASTA, plain or gzip")
    p.add_argument("--start", choices=(_GIVEN, _SHUFFLED, _RANDOM), default=None, help="default: given, else random")
    p.add_argument("-n", "--number", type=int, default=10, metavar="N", help="random starts, or shuffles of each")
    p.add_argument("--low", action="store_true", help="aim for a low prediction")
    p.add_argument("--target", type=float, default=None, metavar="X", help="aim for this prediction")
    p.add_argument("--method", choices=("greedy", "beam", "evolution", "gradient"), default="greedy")
    p.add_argument("--edits", type=int, default=10, metavar="N", help="most substitutions in a design (default: 10)")
    p.add_argument("--width", type=int, default=8, metavar="N", help="sequences kept by beam and evolution")
    p.add_argument("--generations", type=int, default=30, metavar="N", help="of evolution; steps of gradient")
    p.add_argument("--gc", default="", metavar="LOW-HIGH", help="range of the GC content, such as 0.4-0.6")
    p.add_argument("--forbid", default="", metavar="WORDS", help="IUPAC words or enzymes: EcoRI,BsaI,TATAAA")
    p.add_argument("--longest-run", type=int, default=0, metavar="N", help="longest run of one base (default: any)")
    p.add_argument("--fix", default="", metavar="PLACES", help="positions to keep, counted from 1: 1-10,45")
    p.add_argument("--fix-around", type=int, default=0, metavar="N", help="and N bases on either side of these")
    p.add_argument("--apart", type=int, default=0, metavar="N", help="no two edits closer than N bases")
    p.add_argument("--least", type=int, default=0, metavar="N", help="edits at least, even if they do not help")
    p.add_argument(
        "--judge", default="", metavar="MODEL", help=f"a second opinion, from a model trained separately: {MODEL_HELP}"
    )
    p.add_argument(
        "--data",
        default="",
        metavar="DIR",
        help="examples to compare designs with (default: those kept with the model)",
    )
    p.add_argument("--motifs", action="store_true", help="name JASPAR motifs that the shown designs gained")
    p.add_argument("--show", type=int, default=10, metavar="N", help="designs to print (default 10)")
    p.add_argument("--out", default="", metavar="FILE.csv", help="write all designs with their scores there")
    p.add_argument("--fasta-out", default="", metavar="FILE.fa", help="write their sequences there")
    p.add_argument("--seed", type=seed_number, default=0)
    covariate_option(p)
    task_option(p)
    p.set_defaults(covariates="", table="", column="")


def design_command(options: Namespace) -> Answer:
    from dnaconv_core.design.brakes import compared
    from dnaconv_core.design.design import design
    from dnaconv_core.design.goal import Goal
    from dnaconv_core.design.rules import Checker
    from dnaconv_core.design.search import Ways

    if options.low and options.target is not None:
        raise InputError("--low and --target cannot both be: give one of them")
    bundle = open_model(options)
    of = chosen_output(options, bundle.config)
    covariates = given_covariates(bundle, options.covariate)
    rules = _rules(options)
    starts, skipped = _starts(options, bundle, Checker(rules, bundle.config.length, bundle.config.alphabet))
    aim = "low" if options.low else "high" if options.target is None else "target"
    found = design(
        bundle.model,
        starts,
        Goal(aim, options.target, of.number),
        Checker(rules, bundle.config.length, bundle.config.alphabet),
        Ways(options.method, options.width, options.generations, options.seed),
        covariates=covariates,
        progress=Bar(),
    )
    designs, usual = found.designs, None
    if options.judge:
        designs = _judged(options, bundle, designs, of.number, covariates)
    if (known := examples(options, bundle)) is not None and len(known) > 1 and designs:
        designs, usual = compared(designs, known.X, bundle.config.alphabet)
    rows = [as_json(one) for one in designs]
    lines = [*of.lines, *_lines(designs[: options.show], usual, options)]
    if options.motifs:
        _name_motifs(designs[: options.show], rows, lines, bundle.config.alphabet)
    _write(options, designs, lines)
    skipped = [*skipped, *found.skipped]
    answer = {"model": options.model, **of.facts, "judge": options.judge or None, "usual_distance": usual}
    return Answer({**answer, "designs": rows, **skipped_json(skipped)}, "\n".join(lines))


def _rules(options: Namespace) -> Rules:
    from dnaconv_core.design.rules import Rules, parse_places, parse_words

    gc = (0.0, 1.0)
    if options.gc:
        number = r"(\d*\.?\d+)"
        found = re.fullmatch(rf"{number}[-–:,]{number}", options.gc.strip(), re.ASCII)
        if not found:
            raise InputError(f"--gc is {options.gc[:60]!r}: write two shares, such as 0.4-0.6")
        gc = float(found[1]), float(found[2])
    more = {"around": options.fix_around, "apart": options.apart, "least": options.least}
    fixed = parse_places(options.fix)
    return Rules(options.edits, gc, parse_words(options.forbid), options.longest_run, fixed, **more)


def _starts(options: Namespace, bundle: Bundle, rules: Checker) -> tuple[Starts, list[Skipped]]:
    from dnaconv_core.design.starts import given_starts, random_starts, shuffled_starts
    from dnaconv_core.predict import encode_records

    has = bool(options.sequences or options.fasta)
    kind = options.start or (_GIVEN if has else _RANDOM)
    if kind == _RANDOM:
        if has:
            raise InputError("random starts need no sequences: leave them out, or start from given or shuffled ones")
        return random_starts(options.number, rules, seed=options.seed), []
    if not has:
        raise InputError(f"there is nothing to start from: {kind} starts need sequences, or --fasta FILE")
    given = given_records(options, bundle.config)
    encode_records(given.records, bundle.config)  # names the first of another length
    starts = given_starts(given.records, rules, bundle.config.alphabet, seed=options.seed)
    if kind == _SHUFFLED:
        starts = shuffled_starts(starts, options.number, rules, seed=options.seed)
    return starts, list(given.skipped)


def _judged(
    options: Namespace, bundle: Bundle, designs: list[Design], task: int, covariates: np.ndarray | None
) -> list[Design]:
    from dnaconv_core.design.brakes import beside_judge, judge_output, judged
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.runs.models import find_model

    path = find_model(options.judge)
    if path.resolve() == bundle.path.resolve():
        raise InputError("the judge is the model itself: choose another one, trained apart")
    judge = load_bundle(path)
    output = judge_output(bundle.config, judge.config, task)
    return judged(designs, judge.model, output, beside_judge(bundle.config, judge.config, covariates))


def as_json(one: Design) -> dict[str, Any]:
    """All that the table has of a design, by its columns; `scores_by_edit` and `logits` from start to design."""
    row = {name: getattr(one, name) for name in ("id", "sequence", "start", "gc", "spread")}
    row |= {"score": one.scores[-1], "score_start": one.scores[0], "scores": one.scores, "logits": one.logits}
    row |= {"logit": one.logits[-1], "logit_start": one.logits[0], "scores_by_edit": one.scores}
    row |= {"n_edits": len(one.edits), "edits": [str(edit) for edit in one.edits]}
    for name in ("judge", "distance"):
        before, after = getattr(one, name) or (None, None)
        row |= {f"{name}_start": before, name: after}
    return row


def _lines(designs: list[Design], usual: float | None, options: Namespace) -> list[str]:
    if not designs:
        return ["no design keeps the rules"]
    lines = [f"best {len(designs):,}, best first"]
    for one in designs:
        line = f"{one.id}: score {one.scores[0]:.4f} → {one.scores[-1]:.4f} with {len(one.edits)} edits"
        line += "" if one.spread is None else f", SD of members {one.spread:.3f}"
        line += "" if one.judge is None else f"; judge {one.judge[0]:.4f} → {one.judge[1]:.4f}"
        line += "" if one.distance is None else f"; distance from examples {one.distance[1]:.2f}"
        lines += [line, f"  {one.sequence}", f"  {' '.join(map(str, one.edits)) or 'no edit helps'}"]
    if usual is not None:
        lines.append(f"95 % of the examples lie within {usual:.2f} of another one")
    if not options.judge:
        lines.append("a model finds its own weak spots too: give --judge MODEL, one trained apart")
    return lines


def _name_motifs(designs: list[Design], rows: list[dict[str, Any]], lines: list[str], alphabet: str) -> None:
    from dnaconv_core.design.gained import gained

    if alphabet != "DNA":
        raise InputError("--motifs names motifs of DNA and this model reads RNA: leave it out")
    for row, one in zip(rows, designs, strict=False):
        motifs = gained(one)
        row["motifs_gained"] = [motif._asdict() for motif in motifs]
        words = ", ".join(f"{m.name} {m.word} ({m.strand}) at {m.start + 1}" for m in motifs)
        lines.append(f"{one.id} gained {words or 'no motif of JASPAR'}")


def _write(options: Namespace, designs: list[Design], lines: list[str]) -> None:
    from dnaconv_core.design.files import designs_csv, designs_fasta
    from dnaconv_core.files import write_atomic

    for path, text in ((options.out, designs_csv), (options.fasta_out, designs_fasta)):
        if path:
            write_atomic(Path(path).absolute(), text(designs).encode())
            lines.append(f"written to {path}")
