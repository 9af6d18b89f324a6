"""Sequences made for a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dnaconv_core.api.data import Source
from dnaconv_core.api.inputs import AnyModel, of_its_length, opened
from dnaconv_core.api.tables import Designed
from dnaconv_core.errors import InputError


def design(
    model: AnyModel,
    starts: Source | None = None,
    *,
    n: int = 10,
    aim: str = "high",
    target: float | None = None,
    edits: int = 10,
    gc: tuple[float, float] = (0.0, 1.0),
    forbid: str | Sequence[str] = (),
    judge: AnyModel | None = None,
    covariates: Any = None,
    **more: Any,
) -> Designed:
    """Sequences that a model scores high, at most `edits` substitutions from where they start; best first.

    starts: sequences of the model's length, where an unknown base is drawn at random; by default `n` random ones. aim:
    'high', 'low', or 'target' with `target`, a prediction. gc: least and greatest share of G and C. forbid: IUPAC words
    or names of enzymes. judge: a model trained separately, whose prediction is given too. covariates: raw values `(C,)`
    for all. Other arguments: method ('greedy', 'beam', 'evolution' or 'gradient'), width, generations, longest_run, fix
    (positions to keep, counted from 1: '1-10, 45'), around (bases beside them to keep too), apart (no two edits closer
    than this), least (edits at least), task, seed. Raises InputError for options that contradict each other.

    >>> made = design("tf_binding_synthetic", n=2, edits=6, forbid="EcoRI")
    >>> bool((made.to_frame()["score"] > 0.9).all())
    True
    """
    from dnaconv_core.design.brakes import beside_judge, judge_output, judged
    from dnaconv_core.design.design import design as run
    from dnaconv_core.design.goal import Goal
    from dnaconv_core.design.rules import Checker, Rules, parse_places, parse_words
    from dnaconv_core.design.search import Ways

    found, task, seed = opened(model), more.pop("task", 0), more.pop("seed", 0)
    config = found.config
    words = parse_words(forbid if isinstance(forbid, str) else ",".join(forbid))
    kept: dict[str, Any] = {
        name: more.pop(name) for name in ("longest_run", "around", "apart", "least") if name in more
    }
    kept["fixed"] = parse_places(more.pop("fix", ""))
    rules = Checker(Rules(edits, gc, words, **kept), config.length, config.alphabet)
    ways = {name: more.pop(name) for name in ("method", "width", "generations") if name in more}
    if more:
        raise InputError(f"unknown argument {next(iter(more))[:60]!r}: see help(dc.design)")
    row = None if covariates is None else np.asarray(covariates, np.float32).reshape(-1)
    goal = Goal("target" if target is not None else aim, target, task)
    begin = _begin(found, starts, n, rules, seed)
    designs, skipped, _ = run(found.network, begin, goal, rules, Ways(**ways, seed=seed), covariates=row)
    if judge is not None:
        other = opened(judge)
        output, beside = judge_output(config, other.config, task), beside_judge(config, other.config, row)
        designs = judged(designs, other.network, output, beside)
    return Designed(designs, tuple(skipped))


def _begin(model: Any, starts: Source | None, n: int, rules: Any, seed: int) -> Any:
    from dnaconv_core.design.starts import Starts, filled, random_starts
    from dnaconv_core.sequence.encoding import to_codes

    if starts is None:
        return random_starts(n, rules, seed=seed)
    data = of_its_length(model, starts)
    return Starts([str(one) for one in data.ids], filled(to_codes(np.asarray(data.X[:])), seed))
