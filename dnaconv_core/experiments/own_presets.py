"""Settings to start from for an experiment that a user brought: chosen from its data, and two to compare with."""

from __future__ import annotations

from dnaconv_core.answers import ANSWERS
from dnaconv_core.experiments.base import Preset
from dnaconv_core.experiments.from_facts import auto_preset
from dnaconv_core.experiments.tf_binding import QUICK
from dnaconv_core.train.facts import Facts

_ASSUMED = 5000  # examples, of an experiment whose data are not known


def own_presets(task: str, alphabet: str, length: int, strand: str, facts: Facts | None = None) -> dict[str, Preset]:
    """`auto` (to begin with), `quick` and `book` for sequences of this length and kind of answer.

    facts: of the training part; without them, for some thousand balanced examples.
    """
    both = alphabet == "DNA" and strand == "both"
    facts = facts or Facts(task, alphabet, length, both, False, _ASSUMED, _ASSUMED // 2, 1)
    output = "linear" if "linear" in ANSWERS[task].outputs else ANSWERS[task].outputs[0]
    small = {"output": output, "kernel_size": min(10, length)}
    return {
        "auto": auto_preset(facts),
        "quick": Preset(QUICK.why, QUICK.settings | small),
        "book": Preset("the network and training of the book: 3 layers of 15 filters, 200 epochs", small),
    }
