"""What the referee says, a line at a time, and what it must know of the question."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One thing that was looked at."""

    check: str
    verdict: str  # 'fine', 'look' or 'stop'
    value: float | None  # the figure, where there is one
    sentence: str  # what was found, and why it matters
    mend: str = ""  # the option that mends it, as `dnaconv data import` has it


class Facts(NamedTuple):
    """What the referee must know of the question."""

    task: str
    strand: str = "both"
    names: tuple[str, ...] = ()
    n_parameters: int = 0  # of the network that is to be trained; 0: not known yet
