"""What an output is: a yes or no, a number, one of several classes. Its loss, link, metrics, simple
predictors and words, in one object each.

Nobody else compares a task with a name: they ask `ANSWERS[task]`.
"""

from __future__ import annotations

from dnaconv_core.answers.base import Answer
from dnaconv_core.answers.binary import Binary
from dnaconv_core.answers.classes import Classes
from dnaconv_core.answers.number import Number
from dnaconv_core.errors import ConfigError

ANSWERS: dict[str, Answer] = {answer.key: answer for answer in (Binary(), Number(), Classes())}


def find_answer(task: str) -> Answer:
    """The kind of answer of this name. Raises ConfigError naming those there are."""
    if task not in ANSWERS:
        raise ConfigError(f"task is {task!r}: choose {' or '.join(map(repr, ANSWERS))}")
    return ANSWERS[task]
