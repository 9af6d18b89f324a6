"""`dnaconv pretrained …`: the models that come with the project."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dnaconv_core.commands.base import Answer, grouped_line, metric_line

_VERDICTS = {
    "same": "the same as shipped",
    "not distinguishable": "not the same digits, but no clear difference from the shipped one on these examples",
    "different": "not the same as shipped",
}


def add(groups: Any, command: Any) -> None:
    actions = command(groups, "pretrained", pretrained_list, "list, rebuild or measure the models that ship")
    actions = actions.add_subparsers(metavar="ACTION")
    command(actions, "list", pretrained_list, "list them")
    again = command(actions, "rebuild", pretrained_rebuild, "train one again from its recipe, and compare its metrics")
    again.add_argument("name", metavar="NAME")
    again.add_argument(
        "--out", default="", metavar="DIR", help="keep the new bundle there (default: models/ of the home)"
    )
    measured = command(
        actions, "measure", pretrained_measure, "measure a bundle's kept predictions anew: its figures and card"
    )
    measured.add_argument("name", metavar="NAME")
    measured.add_argument("--path", default="", metavar="DIR", help="the bundle (default: the one that ships)")


def pretrained_measure(options: Namespace) -> Answer:
    from dnaconv_core.runs.models import PRETRAINED
    from dnaconv_core.runs.remeasure import measure_again

    found = measure_again(options.name, Path(options.path) if options.path else PRETRAINED / options.name)
    lines = [metric_line(name, metric) for name, metric in found.items()] + grouped_line(found.values())
    return Answer({name: metric.as_json() for name, metric in found.items()}, "\n".join(lines))


def pretrained_list(options: Namespace) -> Answer:
    from dnaconv_core.model.bundle import is_bundle
    from dnaconv_core.runs.models import PRETRAINED
    from dnaconv_core.runs.pretrained import RECIPES

    rows = [
        {
            "name": name,
            "experiment": recipe.spec.experiment,
            "title": recipe.title,
            "preset": recipe.spec.preset,
            "data": recipe.spec.data,
            "there": is_bundle(PRETRAINED / name),
        }
        for name, recipe in RECIPES.items()
    ]
    lines = [f"{row['name']:<22} {row['title']}{'' if row['there'] else '  (not built)'}" for row in rows]
    return Answer({"pretrained": rows}, "\n".join(lines))


def pretrained_rebuild(options: Namespace) -> Answer:
    from dnaconv_core.answers.labels import LABELS
    from dnaconv_core.home import models_folder
    from dnaconv_core.progress import Bar
    from dnaconv_core.runs.pretrained import RANKING, SAME, rebuild

    out = Path(options.out) if options.out else models_folder() / options.name
    made = rebuild(options.name, out, progress=Bar())
    answer = {
        "name": options.name,
        "path": str(made.path),
        "metrics": {name: metric.as_json() for name, metric in made.metrics.items()},
        "shipped": {name: metric.as_json() for name, metric in made.shipped.items()},
        "largest_difference": made.largest,
        "same": made.same,
        "verdict": made.verdict,
        "differences": {name: found._asdict() for name, found in made.differences.items()},
    }
    lines = []
    for name, metric in made.metrics.items():
        shipped = made.shipped[name].value if name in made.shipped else None
        lines.append(metric_line(name, metric) + (f", shipped {shipped:.4f}" if shipped is not None else ""))
    if made.largest is not None:
        named = " and ".join(LABELS[name].name for name in RANKING if name in made.metrics)
        lines.append(
            f"{_VERDICTS[made.verdict]}: {named} differ by {made.largest:.2g} at most (the same: within {SAME:g})"
        )
    if made.verdict != "same":
        for name, found in made.differences.items():
            ends = "" if found.low is None else f" ({found.low:+.4f} to {found.high:+.4f})"
            lines.append(
                f"  {LABELS[name].name}, rebuilt minus shipped, paired 95 % interval: {found.value:+.4f}{ends}"
            )
    return Answer(answer, "\n".join([*lines, f"the model is in {made.path}"]))
