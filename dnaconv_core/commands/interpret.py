"""The commands about what a model learned, with the evidence, by subject."""

from __future__ import annotations

from typing import Any

from dnaconv_core.commands import explain, filters, motifs, report


def add(groups: Any, command: Any) -> None:
    for subject in (filters, explain, motifs, report):
        subject.add(groups, command)
