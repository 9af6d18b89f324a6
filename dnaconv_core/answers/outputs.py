"""One output of several: its name, how it is chosen, and labels and predictions as it alone is judged by."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.answers.base import Answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError

_LISTED = 10  # names in a sentence


class Outputs(Protocol):
    """What a model's configuration says of its outputs."""

    @property
    def answer(self) -> Answer: ...
    @property
    def n_tasks(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]: ...


class View(NamedTuple):
    """One output alone: the kind of answer it is, and `(N,)` labels, weights (0 where unknown) and predictions."""

    answer: Answer
    y: np.ndarray
    w: np.ndarray
    prediction: np.ndarray


def output_names(config: Outputs) -> list[str]:
    """What each output is called, T of them: its label's or class's name, or its number from 0."""
    return list(config.names) or [str(number) for number in range(config.n_tasks)]


def find_output(config: Outputs, asked: str | int = "") -> int:
    """The number, from 0, of the output of this name or number; '' is the first. Raises InputError naming all."""
    names, asked = output_names(config), str(asked).strip()
    if not asked:
        return 0
    if asked in names:
        return names.index(asked)
    alike = [number for number, name in enumerate(names) if name.lower() == asked.lower()]
    if len(alike) == 1:
        return alike[0]
    if asked.isascii() and asked.isdigit() and int(asked) < len(names):
        return int(asked)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    kind = config.answer.words.one
    raise InputError(
        f"there is no {kind} {asked[:60]!r}: choose {', '.join(names[:_LISTED])}{more}, or a number from 0 to "
        f"{len(names) - 1}"
    )


def shown_output(config: Outputs, output: int) -> str:
    """Which of several outputs is shown, in words: 'label CTCF, 1 of 3'; '' where there is one."""
    if config.n_tasks == 1:
        return ""
    names = output_names(config)
    return f"{config.answer.words.one} {names[output]}, one of {len(names)}"


def answer_of_one(answer: Answer) -> Answer:
    """The kind of answer that one output alone is: of classes, yes or no."""
    return ANSWERS[answer.single or answer.key]


def view(answer: Answer, output: int, y: np.ndarray, prediction: np.ndarray, w: np.ndarray | None = None) -> View:
    """Labels `(N, T)`, predictions `(N, T)` (of classes `(N, 1)` and `(N, K)`) and weights `(N, T)` of one output."""
    w = np.ones_like(y) if w is None else np.asarray(w)
    labels = answer.labels_of(np.asarray(y), output)
    return View(answer_of_one(answer), labels, w[:, 0 if answer.joint else output], np.asarray(prediction)[:, output])


def of_output(config: Outputs, data: Dataset, output: int) -> Dataset:
    """The dataset with the one label `(N, 1)` that this output is judged by; as it is where it has no labels."""
    if not data.y.shape[1] or (data.y.shape[1] == 1 and not config.answer.joint):
        return data
    labels = config.answer.labels_of(data.y, output)[:, None].astype(np.float32)
    column = 0 if config.answer.joint else output
    return replace(data, y=labels, w=data.w[:, column : column + 1])
