"""The first layer's filters while a network learns: tiles of logos, a slider over epochs that plays like a film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from components.palette import base_pairs
from components.source import register
from dnaconv_core.plot.glyphs import glyphs
from dnaconv_core.sequence.encoding import LETTERS

_learning = register("learning")


class Frame(NamedTuple):
    """The kernels shown `(F, 4, K)` as they were after an epoch, and how far each moved since the evaluation before."""

    epoch: int
    kernels: np.ndarray
    since: int | None  # that evaluation's epoch; None for the first
    moved: np.ndarray | None  # (F,) share of the length


def learning(
    frames: Sequence[Frame],
    *,
    run: str,
    names: Mapping[int, Sequence[str]],
    alike: Mapping[int, str],
    help: str,
    alphabet: str,
    height: int,
    key: str,
) -> None:
    """Draw the tiles of the newest frame; frames that were told before are kept while the page is open.

    run: what tells these kernels from others. names: of the kernels, by epoch, where they are known. alike: a few words
    for the title, by epoch.
    """
    data = {
        "run": run,
        "frames": [
            {
                "epoch": frame.epoch,
                "kernels": np.round(frame.kernels - frame.kernels.mean(axis=1, keepdims=True), 4).tolist(),
                "since": frame.since,
                "moved": None if frame.moved is None else np.round(frame.moved, 4).tolist(),
            }
            for frame in frames
        ],
        "names": {str(epoch): list(some) for epoch, some in names.items()},
        "alike": {str(epoch): words for epoch, words in alike.items()},
        "help": help,
        "letters": LETTERS[alphabet],
        "glyphs": glyphs(LETTERS[alphabet]),
        "colors": base_pairs(),
        "height": height,
    }
    _learning(data=data, key=key)
