"""The preset `auto`: what train/auto.py chooses from facts about the data, with its reasons."""

from __future__ import annotations

from dnaconv_core.answers import ANSWERS
from dnaconv_core.experiments.base import Preset
from dnaconv_core.train.auto import auto
from dnaconv_core.train.facts import Facts


def auto_preset(facts: Facts) -> Preset:
    """The settings for data of these facts, the kind of output first."""
    outputs, chosen = ANSWERS[facts.task].outputs, auto(facts)
    output = "linear" if "linear" in outputs else outputs[0]
    return Preset(chosen.why, {"output": output} | chosen.settings, chosen.reasons)
