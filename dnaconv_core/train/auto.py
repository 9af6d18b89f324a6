"""From data to settings: what a network for these sequences should look like and how it should be trained.

`auto` turns facts about the training part (train/facts.py) into settings, each with its reason. The numbers were chosen
on inner parts of some twenty sets at once (benchmarks/README.md): RNA windows that a protein binds, peaks against their
shuffles, splice sites, siRNAs, and made-up grammars of motifs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.train.facts import SHORT, STRETCHES, Facts

_STRAND = "the strand matters: only the given one is read"
_STEPS = 1000  # of 32 examples that a training takes at least, however few there are
FEW = 1000  # examples of the rarer class below which a network learns them by heart
BEGUN = 500  # examples below which filters begin as known motifs or words
SOME = 4000  # examples below which a network of many filters has to be held back more
MANY = 20_000  # examples below which filters for numbers begin so, too, and take more steps (seen at 2,000 and 8,000)


class Choice(NamedTuple):
    """Settings that differ from the defaults, and a reason in a line for each."""

    why: str
    settings: dict[str, Any]  # fields of ModelConfig and TrainConfig
    reasons: dict[str, str]


def auto(facts: Facts) -> Choice:
    """The settings for data of these facts."""
    if find_answer(facts.task).yes_or_no and facts.rarest < FEW and facts.prevalence < 0.05:
        kind, settings, reasons = _rare(facts)
    elif facts.positional and facts.length <= SHORT and not facts.joint:
        kind, settings, reasons = _additive(facts)
    elif facts.positional:
        kind, settings, reasons = _placed(facts)
    else:
        kind, settings, reasons = _motifs(facts)
    if "linear" in find_answer(facts.task).outputs:
        settings["output"] = "linear"
        reasons["output"] = "numbers may lie anywhere: a sigmoid would hold them between 0 and 1"
        settings["standardize"] = not facts.usual
        reasons["standardize"] = (
            "labels lie around 0 and 1 already"
            if facts.usual
            else "labels are far from 0 and 1, where training begins: learnt in units of their own spread"
        )
    if facts.skewed is not None:
        settings |= _beside(facts, settings.get("members", 1))
        reasons |= _BESIDE
    if facts.padded and settings["pooling"] != "flatten":
        settings["ignore_padding"] = True
        reasons["ignore_padding"] = "sequences were of unequal lengths: what was filled up does not count"
    if settings["kernel_size"] > facts.length:
        settings["kernel_size"] = facts.length
    return Choice(kind, settings, reasons)


def _motifs(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    few, numbers = facts.n < SOME, "linear" in find_answer(facts.task).outputs
    begun = facts.n < (MANY if numbers else BEGUN)
    settings = {
        "depth": 2,
        "filters": 64,
        "kernel_size": 11,
        "pool_between": 4 if facts.length > SHORT else 1,
        "keep_layers": True,
        "dropout": 0.2,
        "pooling": "max_mean",
        "stretches": STRETCHES if facts.central else 1,
        "pooled_dropout": 0.5,
        "strands": "both" if facts.reads_both else "one",
        "mutation": 0.05 if few else 0.0,
        "weight_decay": 0.3 if few else 0.03,
        "learning_rate": 3e-3,
        "schedule": "cosine",
        "keep": "loss",
        **(_begun(facts) if begun else {}),
        **_pace(facts, steps=22 * facts.n**0.5, small=begun and numbers),
    }
    reasons = {
        "depth": "the first layer finds motifs, the second how they stand together",
        "filters": "many filters: with only a few numbers kept of each they cost few weights",
        "kernel_size": "11 bases hold most motifs; in the second layer, some 50 bases hold a pair of them",
        "pool_between": "where exactly a motif stands does not matter to the second layer, and it sees further",
        "keep_layers": "single motifs go straight to the output too: the second layer has only to learn what they miss",
        "dropout": "a little noise between the layers",
        "pooling": "each filter's strongest match and how often it matches",
        "stretches": "in which part of the sequence a motif stands tells more than that it is there: the strongest "
        "match is taken in each fifth"
        if facts.central
        else "one maximum: where in the sequence a motif stands tells no more than that it is there",
        "pooled_dropout": "no filter can be relied on alone",
        "strands": "each filter reads both strands: a factor binds either" if facts.reads_both else _STRAND,
        "mutation": "a few bases change in every batch, which spoils what is learnt by heart but not a motif"
        if few
        else "enough examples to do without",
        "weight_decay": "weights that help little shrink" + ("" if few else ", a little"),
        "learning_rate": "large steps at first",
        "schedule": "and ever smaller ones, so that the last epochs are the best",
        **(_BEGUN if begun else {}),
        **({"begin": _BEGUN_NUMBERS} if begun and numbers else {}),
        **_KEPT,
        **_PACE,
    }
    tells = "in which part of the sequence words stand" if facts.central else "which words occur, wherever they stand,"
    return f"two layers for motifs and their combinations: {tells} tells most here", settings, reasons


def _begun(facts: Facts) -> dict[str, Any]:
    return {"begin": "jaspar" if facts.alphabet == "DNA" else "words", "begin_share": 0.5}


_BEGUN = {
    "begin": "so few examples do not show a filter what a motif is: half of the filters begin as motifs or words that "
    "tell them apart",
    "begin_share": "half of the filters begin so, the others random: what they look for may not be known",
}


def _placed(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    short = facts.length <= SHORT
    settings = {
        "depth": 3 if short else 1,
        "filters": 64,
        "kernel_size": 5 if short else 7,
        "dropout": 0.05 if short else 0.0,
        "pooling": "flatten",
        "pooled_dropout": 0.1 if short else 0.2,
        "hidden": 64,
        "positional": True,
        "weight_decay": 0.1,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "keep": "loss",
        **_pace(facts, steps=40 * facts.n**0.5),
    }
    reasons = {
        "depth": "several layers: how bases at different places act together is what remains to be learnt"
        if short
        else "one layer of short words; the hidden units put them together",
        "filters": "enough filters for the combinations",
        "kernel_size": "short filters, which later layers put together",
        "dropout": "a little noise against learning examples by heart" if short else "no noise within the filters",
        "pooling": "every position is kept: where a base stands matters here",
        "pooled_dropout": "some noise before the output too",
        "hidden": "hidden units put together what lies far apart",
        "positional": "a weight for each base at each place takes what simply adds up",
        "weight_decay": "weights that help little shrink",
        "learning_rate": "steps of the usual size at first",
        "schedule": "and ever smaller ones, so that the last epochs are the best",
        **_KEPT,
        **_PACE,
    }
    return "layers that keep every position: it matters here where a base stands", settings, reasons


def _additive(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    settings = {
        "depth": 1,
        "filters": 40,
        "kernel_size": 4,
        "dropout": 0.0,
        "pooling": "max_mean",
        "pooled_dropout": 0.2,
        "positional": True,
        "composition": 19 if facts.alphabet == "RNA" and 19 <= facts.length <= 23 else facts.length,
        "members": 8,
        "weight_decay": 0.3,
        "learning_rate": 3e-3,
        "batch_size": 100,
        "epochs": (epochs := int(np.clip(round(1170 / facts.n**0.5), 4, 60))),
        "eval_every": max(1, epochs // 20),
        "checkpoint_every": max(1, epochs // 5),
        "keep": "last",
    }
    reasons = {
        "depth": "one layer: what each place adds explains most, and there is little left for deeper ones",
        "filters": "short filters for pairs and triples of neighbouring bases",
        "kernel_size": "short words: there is no long motif in sequences this short",
        "dropout": "no noise inside the filters",
        "pooling": "which short words there are, and how many; where they stand is for the positional weights",
        "pooled_dropout": "but noise before the output",
        "positional": "a weight for each base at each place takes what simply adds up",
        "composition": "how far the GC content is out of the usual range, which no sum over places says",
        "members": "the mean of several networks is steadier than any of them",
        "weight_decay": "weights that help little shrink, as in ridge regression",
        "learning_rate": "large steps, for few epochs",
        "keep": "the last weights: its epochs need no validation part to choose among them",
        **_PACE,
    }
    return "a weight for each base at each place, and beside it several small networks", settings, reasons


def _rare(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    settings = {
        "depth": 1,
        "filters": 64,
        "kernel_size": 11,
        "dropout": 0.0,
        "pooled_dropout": 0.5,
        "pooling": "max",
        "strands": "both" if facts.reads_both else "one",
        "members": 4,
        "mutation": 0.1,
        "balance": True,
        "epoch_size": min(4000, 34 * facts.rarest),
        "batch_size": 200,
        "learning_rate": 3e-3,
        "weight_decay": 0.3,
        "epochs": 16 if facts.skewed is None else 12,
        "eval_every": 2,
        "checkpoint_every": 4,
        "keep": "last",
    }
    reasons = {
        "depth": f"one layer: with {facts.rarest:,} positives, deeper ones learn them by heart",
        "filters": "more filters: with only the maximum kept they cost few weights each",
        "kernel_size": "11 bases hold most motifs",
        "dropout": "no noise before the maximum, which would then report the noise",
        "pooled_dropout": "dropped after the maximum instead: no filter can be relied on alone",
        "pooling": "the strongest match wherever it lies",
        "strands": "each filter reads both strands" if facts.reads_both else _STRAND,
        "members": "the mean of several networks is steadier than any of them",
        "mutation": "bases change in every batch, which spoils what is learnt by heart but not a motif of many windows",
        "balance": f"as many positives as negatives in each batch: {facts.prevalence:.2%} are positive",
        "epoch_size": "an epoch of a few thousand examples, so that training ends soon",
        "batch_size": "smaller batches, more steps",
        "learning_rate": "larger steps, for few epochs",
        "weight_decay": "weights that help little shrink",
        "epochs": "stops while it still generalises",
        "keep": "the last weights: with so few positives the best epoch on validation data is a matter of luck",
    }
    return (
        f"few positives ({facts.rarest:,} of {facts.n:,}): all settings work against learning them by heart",
        settings,
        reasons,
    )


def _beside(facts: Facts, members: int) -> dict[str, Any]:
    """How covariates are taken: their one weight moves at 1/members of the others' speed."""
    return {"covariate_transform": "log" if facts.skewed else "standardize", "covariate_gain": 2.0 * members}


_BESIDE = {
    "covariate_transform": "the numbers beside the sequence, standardised; their logarithm where a few are far above "
    "the rest",
    "covariate_gain": "their weights begin at nothing and are few: larger steps for them",
}

_BEGUN_NUMBERS = (
    "many weak motifs make a number, and noise hides them: half of the filters begin as motifs or words that go with it"
)

_KEPT = {
    "keep": "the epoch of the lowest validation loss: one of the first may rank as well, but its probabilities all lie "
    "near the middle",
}

_PACE = {
    "batch_size": "small batches, more steps; larger ones where examples are many",
    "epochs": "more passes over few examples, fewer over many",
    "eval_every": "a look at the validation part often enough to see it learn",
}


def _pace(facts: Facts, *, steps: float, small: bool = False) -> dict[str, Any]:
    """Batches and epochs that come to about this many steps of 64 examples, or _STEPS of 32 where they are few.

    small: twice as many steps of 32 in the same number of epochs.
    """
    batch = 32 if small else 64 if facts.n < MANY else 128 if facts.n < 200_000 else 256
    if facts.n < FEW:
        steps, batch = max(steps, _STEPS / 2), 32
    epochs = int(np.clip(round(steps * 64 / facts.n), 4, 200))
    return {
        "batch_size": batch,
        "epochs": epochs,
        "eval_every": max(1, epochs // 20),
        "checkpoint_every": max(1, epochs // 10),
    }
