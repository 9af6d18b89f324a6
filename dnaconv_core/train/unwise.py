"""Settings that can be trained with but hardly lead to a good network on the data at hand: said before it starts."""

from __future__ import annotations

from typing import NamedTuple

from dnaconv_core.answers import find_answer
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig, TrainConfig

_FAST = 0.03  # a step above which Adam often fails
_SLOW = 0.03  # what all steps together should at least be able to move a weight
_DROPPED = 0.8
_WHOLE = 0.25  # chance below which too few motifs are left unchanged
_MOTIF = 7  # bases of a usual motif, as of AP-1
_BY_HEART = 2000  # weights for one training example
_SMALL = 64  # examples in a batch that is never called too large
_HALF = 0.69  # examples of a kind in a batch on average, below which most batches have none
_SHRUNK = 0.01  # share of a weight that one step takes away
_LONG = 2 * 3600  # seconds


class Sizes(NamedTuple):
    """What is known of the data before training.

    n: training examples. rarest: of them, those of the rarer class; None for numbers and several labels. both_strands:
    whether the question is the same on either strand.
    """

    n: int
    rarest: int | None = None
    both_strands: bool = True


def check_balance(task: str, settings: TrainConfig) -> None:
    """ConfigError where balanced batches are asked of labels that are no classes."""
    answer = find_answer(task)
    if settings.balance and not (answer.yes_or_no or answer.joint):
        raise ConfigError("balance is true but there are no two classes to balance: set it to false")


def unwise(
    model: ModelConfig, training: TrainConfig, sizes: Sizes | None = None, seconds: float | None = None
) -> dict[str, str]:
    """A sentence for each setting that is unwise, by the setting's name; none where nothing speaks against them.

    sizes: None where nothing is known of the data; seconds: that the training may take, where that is known.
    """
    found = _of_network(model) | _of_training(model, training)
    if sizes is not None:
        found = _for_data(model, training, sizes) | found
    if seconds is not None and seconds > _LONG:
        hours = seconds / 3600
        found["epochs"] = f"{training.epochs:,} epochs may take about {hours:,.0f} hours: begin with fewer"
        if model.members > 1:
            found["members"] = f"{model.members} networks take about {model.members} times as long as one"
    return found


def _of_network(model: ModelConfig) -> dict[str, str]:
    found = {}
    for name, share in (("dropout", model.dropout), ("pooled_dropout", model.pooled_dropout)):
        if share >= _DROPPED:
            found[name] = f"{share:.0%} is dropped in every step, so little is left to learn from: 20 to 50 % is usual"
    if model.ignore_padding and model.pooling == "flatten":
        found["ignore_padding"] = "it has no effect with pooling 'flatten': choose 'max' or 'max_mean', or leave it off"
    return found


def _of_training(model: ModelConfig, training: TrainConfig) -> dict[str, str]:
    found = {}
    rate, decay = training.learning_rate, training.weight_decay
    if rate > _FAST:
        found["learning_rate"] = f"steps of {rate:g} are so large that training often fails: 0.001 to 0.01 is usual"
    if rate * decay > _SHRUNK:
        share = min(rate * decay, 1.0)
        found["weight_decay"] = f"every step takes {share:.0%} off each weight, faster than it is learned: lower it"
    whole = (1 - 0.75 * training.mutation) ** _MOTIF  # a quarter of random bases are the same
    if whole < _WHOLE:
        found["mutation"] = (
            f"only {whole:.0%} of the motifs of {_MOTIF} bases stay unchanged in an epoch: 0.05 to 0.1 is usual"
        )
    if training.standardize and model.output != "linear":
        found["standardize"] = "it has no effect on this output: it needs numbers and output 'linear'"
    if training.eval_every > training.epochs:
        found["eval_every"] = f"training ends after {training.epochs:,} epochs, so it is evaluated only at the end"
    return found


def _for_data(model: ModelConfig, training: TrainConfig, sizes: Sizes) -> dict[str, str]:
    found = {}
    epoch, batch = training.epoch_size or sizes.n, training.batch_size
    steps = training.epochs * -(-epoch // batch)
    moved = training.learning_rate * steps  # Adam's steps are about as large as the learning rate
    if moved < _SLOW:
        name = "epochs" if training.learning_rate >= 1e-3 else "learning_rate"
        found[name] = f"{steps:,} steps of {training.learning_rate:g} hardly change a network: use more or larger ones"
    if batch > max(epoch, _SMALL):
        found["batch_size"] = f"an epoch has {epoch:,} examples, so one batch holds them all: choose a smaller one"
    elif sizes.rarest is not None and not training.balance and batch * sizes.rarest < _HALF * sizes.n:
        found["batch_size"] = (
            f"only {sizes.rarest:,} of {sizes.n:,} examples have the rarer label, so most batches have none: choose "
            f"larger batches, or balanced ones"
        )
    one = model.n_parameters // model.members
    if one > _BY_HEART * sizes.n:
        found["filters"] = (
            f"{one:,} weights for {sizes.n:,} examples: the network can learn them by heart, choose fewer filters"
        )
    if model.strands == "both" and not sizes.both_strands:
        found["strands"] = "the strand matters in these data, and 'both' cannot tell the strands apart: choose 'one'"
    return found
