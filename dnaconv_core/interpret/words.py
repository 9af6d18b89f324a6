"""The words in which findings are told: what an output, a group of examples and a motif's letters are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnaconv_core.answers.links import LINKS

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig

NOT_NAMED = (
    "not named: JASPAR CORE has no RNA-binding proteins; --motifs names by a MEME, JASPAR or HOMER file, or by a word "
    "such as UGUANAUA"
)


def output_word(config: ModelConfig) -> str:
    """What attributions and effects are of: the number before the sigmoid, or the prediction where there is none."""
    return LINKS[config.output].before


def group_words(config: ModelConfig) -> tuple[str, str]:
    """What the classes, or high and low values, are called."""
    return config.answer.words.high, config.answer.words.low


def spelled(word: str, config: ModelConfig) -> str:
    """A consensus or word in the model's letters."""
    return word.replace("T", "U") if config.alphabet == "RNA" else word
