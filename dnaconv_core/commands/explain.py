"""`dnaconv attribute | ism`: which bases made a model say what it says, and whether to believe that."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    on_option,
    open_model,
    seed_number,
    siblings_of,
    skipped_json,
    task_option,
    with_model,
)
from dnaconv_core.commands.outputs import Logo, check_outputs, picture_options, write_logos
from dnaconv_core.commands.sequences import add_sequence_options, given_sequences
from dnaconv_core.files import write_atomic
from dnaconv_core.interpret.attribution import ATTRIBUTIONS
from dnaconv_core.interpret.words import output_word
from dnaconv_core.progress import Bar, Part

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.interpret.attribution import Attribution
    from dnaconv_core.interpret.evidence import Check
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig

_COMPARED = ("input_x_gradient", "deeplift_shap", "ism")  # the methods that a map is compared with


def add(groups: Any, command: Any) -> None:
    explained = with_model(command(groups, "attribute", attribute_command, "which bases made the model say this"))
    add_sequence_options(explained)
    task_option(explained)
    explained.add_argument("--method", choices=tuple(ATTRIBUTIONS), default="deeplift_shap")
    explained.add_argument("--correct", action="store_true", help="subtract the gradient's mean over the four bases")
    explained.add_argument("--reference", choices=("zero", "uniform", "shuffled"), default=None)
    explained.add_argument("--seed", type=seed_number, default=0, help="of the shuffles")
    explained.add_argument("--evidence", action="store_true", help="check each map against other methods and networks")
    explained.add_argument("--out", default="", metavar="FILE.csv", help="write a line for each base there")
    on_option(explained)
    picture_options(explained)

    mutated = with_model(command(groups, "ism", ism_command, "what every single substitution does"))
    add_sequence_options(mutated)
    on_option(mutated)
    task_option(mutated)
    mutated.add_argument("--out", default="", metavar="FILE.csv", help="write a line for each substitution there")


def attribute_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret.attribution import NAMES, attribute
    from dnaconv_core.interpret.export import attribution_csv
    from dnaconv_core.predict import predict

    bundle = open_model(options)
    check_outputs(options)
    data, skipped = given_sequences(options, bundle.config)
    bar, of, on = Bar(), chosen_output(options, bundle.config), where(options.on)
    how = {"task": of.number, "correct": options.correct, "reference": options.reference, "seed": options.seed}
    progress = Part(bar, 0.0, 0.3) if options.evidence else bar
    found = attribute(bundle.model, data, method=options.method, on=on, progress=progress, **how)
    evidence = _evidence(options.model, bundle, data, found, how, Part(bar, 0.3, 0.7)) if options.evidence else None
    if options.out:
        scores = (found.values * data.X).sum(axis=1)  # (N, L)
        table = attribution_csv(data.ids, data.sequences(), {found.method: scores})
        write_atomic(Path(options.out).absolute(), table.encode())
    unit = output_word(bundle.config)
    look = {"kind": "contribution", "alphabet": bundle.config.alphabet, "unit": unit, "column": 12.0}
    write_logos(
        options,
        (
            Logo(str(name), values * x, {**look, "title": f"{name}: {NAMES[options.method]}"})
            for name, values, x in zip(data.ids, found.values, data.X, strict=True)
        ),
    )
    outputs = predict(bundle.model, data, output="logit")[:, of.number]
    rows = _attribution_rows(bundle.config, data, found, outputs, evidence)
    answer = {
        "model": options.model,
        **of.facts,
        "method": found.method,
        "unit": unit,
        "reference": found.reference,
        "sequences": rows,
        **skipped_json(skipped),
    }
    lines = [*of.lines, *(line for row in rows for line in _attribution_lines(row, unit))]
    return Answer(answer, "\n".join(lines))


def _attribution_rows(
    config: ModelConfig, data: Dataset, found: Attribution, outputs: np.ndarray, evidence: list[list[Check]] | None
) -> list[dict[str, Any]]:
    sequences, names = data.sequences(), data.ids.tolist()
    beside, scores = found.covariates, (found.values * data.X).sum(axis=1)  # (N, L)
    return [
        {
            "id": str(names[i]),
            "sequence": sequences[i],
            "output": float(outputs[i]),
            "attribution": [round(float(v), 6) for v in scores[i]],
            "delta": None if found.delta is None else float(found.delta[i]),
            "covariates": None if beside is None else dict(zip(config.covariates, map(float, beside[i]), strict=True)),
            "evidence": None if evidence is None else [check._asdict() for check in evidence[i]],
        }
        for i in range(len(data))
    ]


def _attribution_lines(row: dict[str, Any], unit: str) -> list[str]:
    """The output, what each covariate adds, the ten strongest bases, and the checks."""
    strongest = sorted(range(len(row["sequence"])), key=lambda p: -abs(row["attribution"][p]))[:10]
    lines = [f"{row['id']}: {unit} {row['output']:.4f}" + _delta(row["delta"])]
    lines += [f"  {name} {value:+.4f}" for name, value in (row["covariates"] or {}).items()]
    lines += [f"  {p + 1:>5} {row['sequence'][p]} {row['attribution'][p]:+.4f}" for p in sorted(strongest)]
    return lines + [f"  {_PASSED[c['passed']]:<10} {c['name']}: {c['words']}" for c in row["evidence"] or ()]


_PASSED = {True: "passed", False: "FAILED", None: "not judged"}


def _evidence(
    model: str, bundle: Bundle, data: Dataset, found: Attribution, how: dict[str, Any], progress: Part
) -> list[list[Check]]:
    """The checks of each sequence's map."""
    from dnaconv_core.interpret.attribution import GRADIENTS, NAMES, attribute
    from dnaconv_core.interpret.evidence import check_map, network_check
    from dnaconv_core.model.inputs import covariates_for

    beside, siblings = covariates_for(bundle.model, data), siblings_of(model)
    others = {
        method: attribute(
            bundle.model,
            data,
            method=method,
            **how | {"correct": how["correct"] and method in GRADIENTS, "reference": None},
        )
        for method in _COMPARED
        if method != found.method
    }
    checked, network = [], network_check(bundle.metrics, bundle.config, how.get("task", 0))
    for i in range(len(data)):
        maps = {NAMES[one.method]: _alone(one, i) for one in (found, *others.values())}
        c = None if beside is None else beside[i : i + 1]
        x = np.asarray(data.X[i : i + 1])
        given: dict[str, Any] = {"covariates": c, "siblings": siblings, "network": network}
        checked.append(check_map(bundle.model, x, maps, **given, **how))
        progress.report((i + 1) / len(data), f"{i + 1:,} of {len(data):,} maps checked")
    return checked


def _alone(found: Attribution, row: int) -> Attribution:
    """What is said of one sequence."""
    one = slice(row, row + 1)
    return found._replace(values=found.values[one], delta=None if found.delta is None else found.delta[one])


def ism_command(options: Namespace) -> Answer:
    from dnaconv_core.interpret.blocks import in_blocks
    from dnaconv_core.interpret.export import substitutions_csv
    from dnaconv_core.interpret.ism import ism
    from dnaconv_core.model.inputs import covariates_for
    from dnaconv_core.predict import predict
    from dnaconv_core.sequence.encoding import LETTERS

    bundle = open_model(options)
    check_outputs(options)
    data, skipped = given_sequences(options, bundle.config)
    of, on = chosen_output(options, bundle.config), where(options.on)
    asked = (bundle.model, data.X, covariates_for(bundle.model, data))
    how: dict[str, Any] = {"task": of.number, "progress": Bar()}
    change = in_blocks("ism", *asked, on=on, **how) if on else ism(*asked, **how)
    outputs, letters = predict(bundle.model, data, output="logit")[:, of.number], LETTERS[bundle.config.alphabet]
    unit, sequences = output_word(bundle.config), data.sequences()
    if options.out:
        write_atomic(Path(options.out).absolute(), substitutions_csv(data.ids, sequences, change, letters).encode())
    rows, lines = [], list(of.lines)
    for i, sequence in enumerate(sequences):
        rows.append(
            {
                "id": str(data.ids[i]),
                "sequence": sequence,
                "output": float(outputs[i]),
                "change": {letter: [round(float(v), 6) for v in change[i, b]] for b, letter in enumerate(letters)},
            }
        )
        lines.append(f"{data.ids[i]}: {unit} {outputs[i]:.4f}, strongest substitutions:")
        for place in np.argsort(-np.abs(change[i]).ravel(), kind="stable")[:10]:
            base, position = divmod(int(place), change.shape[2])
            lines.append(f"  {sequence[position]}{position + 1}{letters[base]} {change[i, base, position]:+.4f}")
    answer = {"model": options.model, **of.facts, "unit": unit, "bases": letters, "sequences": rows}
    return Answer({**answer, **skipped_json(skipped)}, "\n".join(lines))


def _delta(delta: float | None) -> str:
    return "" if delta is None else f", convergence delta {delta:.2g}"
