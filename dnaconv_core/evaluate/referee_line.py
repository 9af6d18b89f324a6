"""What the referee says, a line at a time, and what it must know of the question."""

from __future__ import annotations

from typing import NamedTuple

PART_WORDS = {"train": "training", "valid": "validation", "test": "test"}


class Line(NamedTuple):
    """One thing that was looked at."""

    check: str
    verdict: str  # 'fine', 'look' or 'stop'
    value: float | None  # the figure, where there is one
    sentence: str  # what was found, and why it matters
    mend: str = ""  # the option that mends it, as `dnaconv data import` has it


class Came(NamedTuple):
    """How an own experiment's data came: what decides which mend is possible."""

    form: str  # 'table', 'positives', 'fasta', 'class', 'bed' or 'dataset'
    negatives: str = ""  # 'gc', 'shuffle', 'flanks' where they were made, 'file' where they were a file of their own
    genome: bool = False
    split: str = ""  # the kind of parts that was asked for; '' for the safest
    parts_given: bool = False  # the files said which part an example belongs to


class Facts(NamedTuple):
    """What the referee must know of the question."""

    task: str
    strand: str = "both"
    names: tuple[str, ...] = ()
    n_parameters: int = 0  # of the network that is to be trained; 0: not known yet
    came: Came | None = None  # None: of data of the program, or of a path

    def name_of(self, label: int, n_labels: int) -> str:
        """What one of several labels is called; '' where there is one."""
        if n_labels < 2:
            return ""
        return self.names[label] if label < len(self.names) else str(label)
