"""`dnaconv attribute | ism`: which bases made a model say what it says."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.commands.base import Answer
from dnaconv_core.commands.interpretation import (
    METHODS,
    Logo,
    open_model,
    picture_options,
    with_sequences,
    write_logos,
)
from dnaconv_core.commands.sequences import given_sequences
from dnaconv_core.files import write_atomic
from dnaconv_core.interpret.words import output_word
from dnaconv_core.progress import Bar


def add(groups: Any, command: Any) -> None:
    explained = with_sequences(command(groups, "attribute", attribute_command, "which bases made the model say this"))
    explained.add_argument("--method", choices=METHODS, default="deeplift_shap")
    explained.add_argument("--correct", action="store_true", help="subtract the gradient's mean over the four bases")
    explained.add_argument("--reference", choices=("zero", "uniform", "shuffled"), default=None)
    explained.add_argument("--seed", type=int, default=0, help="of the shuffles")
    explained.add_argument("--out", default="", metavar="FILE.csv", help="write a line for each base there")
    picture_options(explained)

    with_sequences(command(groups, "ism", ism_command, "what every single substitution does"))


def attribute_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret.attribution import NAMES, attribute
    from dnaconv_core.interpret.export import attribution_csv
    from dnaconv_core.predict import predict

    bundle = open_model(options)
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
    unit = output_word(bundle.config)
    look = {"kind": "contribution", "alphabet": bundle.config.alphabet, "unit": unit, "column": 12.0}
    write_logos(
        options,
        (
            Logo(str(name), values * x, {**look, "title": f"{name}: {NAMES[options.method]}"})
            for name, values, x in zip(data.ids, found.values, data.X, strict=True)
        ),
    )
    lines = []
    for row in rows:
        strongest = sorted(range(len(row["sequence"])), key=lambda p: -abs(row["attribution"][p]))[:10]
        lines.append(f"{row['id']}: {unit} {row['logit']:.4f}" + _delta(row["delta"]))
        lines += [f"  {name} {value:+.4f}" for name, value in (row["covariates"] or {}).items()]
        lines += [f"  {p + 1:>5} {row['sequence'][p]} {row['attribution'][p]:+.4f}" for p in sorted(strongest)]
    answer = {"model": options.model, "method": found.method, "reference": found.reference, "sequences": rows}
    return Answer(answer, "\n".join(lines))


def ism_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.ism import ism
    from dnaconv_core.predict import predict
    from dnaconv_core.sequence.encoding import LETTERS

    bundle = open_model(options)
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
        lines.append(f"{data.ids[i]}: {output_word(bundle.config)} {logits[i]:.4f}, strongest substitutions:")
        for place in np.argsort(-np.abs(change[i]).ravel(), kind="stable")[:10]:
            base, position = divmod(int(place), change.shape[2])
            lines.append(f"  {sequence[position]}{position + 1}{letters[base]} {change[i, base, position]:+.4f}")
    return Answer({"model": options.model, "bases": letters, "sequences": rows}, "\n".join(lines))


def _delta(delta: float | None) -> str:
    return "" if delta is None else f", convergence delta {delta:.2g}"
