"""The training loop: read it from top to bottom.

Every epoch draws all its random numbers from (seed, epoch), so that a run resumed at any epoch goes on exactly as if it
had never stopped (bit for bit on a CPU).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError, TrainingError
from dnaconv_core.evaluate.metrics import check_pairing, evaluate, labelled
from dnaconv_core.memory import kept_memory
from dnaconv_core.model.config import TrainConfig
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.train import precision
from dnaconv_core.train.batches import Loader, epoch_order, filled
from dnaconv_core.train.begin import begin, check_begin
from dnaconv_core.train.checkpoint import load_checkpoint, save_checkpoint
from dnaconv_core.train.distributed import rank, together
from dnaconv_core.train.held import first_filters, hold
from dnaconv_core.train.loss import per_example
from dnaconv_core.train.optimizer import lean
from dnaconv_core.train.units import Units, in_units, into_units, out_of_units, units_of

if TYPE_CHECKING:
    import torch

    from dnaconv_core.model.convnet import ConvNet

ADAM_EPSILON = 1e-7  # Keras's value
CHECKPOINT_AFTER = 20.0  # seconds: what a crash may cost where epochs take long


class Evaluation(NamedTuple):
    """One look at the network: metrics of each split ('train', 'valid') after `epoch` epochs."""

    epoch: int
    metrics: dict[str, dict[str, float | None]]
    samples_per_second: float


class History(NamedTuple):
    """What training left behind; the model itself holds the best weights afterwards."""

    evaluations: list[Evaluation]
    best_epoch: int  # whose weights were kept
    last_epoch: int
    stopped: str  # '' (all epochs done), 'early' (no better metric for a while) or 'cancelled'
    skipped_checkpoints: tuple[str, ...]  # damaged files passed over when resuming
    begun: tuple[str, ...] = ()  # what the first filters began as, where they began as something known


def fit(
    model: ConvNet,
    train: Dataset,
    valid: Dataset,
    config: TrainConfig,
    *,
    device: str = "cpu",
    progress: Progress = SILENT,
    on_evaluation: Callable[[Evaluation], None] | None = None,
    checkpoints: Path | None = None,
    held: Mapping[str, torch.Tensor] | None = None,
    trained_outputs: bool = False,
) -> History:
    """Train `model` in place and leave it with the weights that `config.keep` says: by default, of its best validation
    metric.

    Evaluates both splits every `config.eval_every` epochs and after the last. With a `checkpoints` folder the state is
    saved every `config.checkpoint_every` epochs, sooner where these take long, and training goes on from the newest one
    found there, in the precision that it has had so far (see precision.py). Under torchrun every process calls this,
    and they share each batch (see distributed.py). `held` are rows of parameters, by name, that came from a trained
    model and stay as they are if `config.freeze_filters`; trained_outputs: so did its outputs, which are in the labels'
    units. Raises TrainingError when the loss stops being a number,
    ConfigError when loss and task do not fit, or the filters cannot begin as they should (see begin.py).
    """
    import torch

    from dnaconv_core.train.steps import Steps

    check_pairing(model.config.task, config.loss)
    if config.balance and sum(len(rows) > 0 for rows in model.config.answer.strata(train.y[:, 0])) < 2:
        raise ConfigError("balance is true but there are no two classes to balance: set it to false")
    check_begin(model.config, config, from_model=bool(held))
    state = _State(model.to(device), optimizer := make_optimizer(model, config, device), config.keep)
    skipped = state.resume(checkpoints) if checkpoints else ()
    state.units = units = units_of(train) if config.standardize and model.config.output == "linear" else None
    if not state.epoch:
        state.begun = begin(model, train, config)
        if trained_outputs and units is not None:
            out_of_units(model, units)
    if config.freeze_filters:
        hold(model, optimizer, held or first_filters(model, len(state.begun)))
    state.precision = precision.choose(model, config.precision, device, state.precision)
    learnt = train if units is None else units.standard(train)
    loader = Loader(learnt, model.config, device, balance=config.balance, precision=state.precision)
    stopped, saved = "", time.perf_counter()
    generators = [device] if device.startswith("cuda") else []

    with together(device) as group, kept_memory(), torch.random.fork_rng(devices=generators):
        evaluating = progress  # among several processes stops are agreed on between steps only
        if group is not None:
            progress, evaluating = group.listening(progress), SILENT
        steps = Steps(model, optimizer, loader, config.batch_size, mutation=config.mutation, group=group)
        while state.epoch < config.epochs and not (stopped := _stop(state, config, progress)):
            epoch = state.epoch + 1
            torch.manual_seed(_epoch_seed(config.seed, epoch) + rank())  # masks of its own for each process
            order = epoch_order(train.y, config.seed, epoch, balance=config.balance, size=config.epoch_size)
            order = loader.arranged(order, config.seed, epoch)
            set_rates(optimizer, config, epoch)
            started = time.perf_counter()
            losses = steps.epoch(order, progress)
            if losses is None:
                stopped = "cancelled"
                break
            speed = len(order) / (time.perf_counter() - started)
            _require_finite(losses, model, epoch, config)
            if epoch % config.eval_every == 0 or epoch == config.epochs:
                with in_units(model, units):
                    metrics = _measured(model, {"train": train, "valid": valid}, evaluating)
                    if metrics is None:  # asked to stop in the middle
                        stopped = "cancelled"
                        break
                    state.record(Evaluation(epoch, metrics, speed), on_evaluation)
            state.epoch = epoch
            due = epoch % config.checkpoint_every == 0 or time.perf_counter() - saved > CHECKPOINT_AFTER
            if checkpoints and (due or epoch == config.epochs):
                state.save(checkpoints)
                saved = time.perf_counter()
            progress.report(epoch / config.epochs, f"epoch {epoch} of {config.epochs}, {speed:,.0f} sequences/s")
    return state.history(stopped, skipped)


def _measured(
    model: ConvNet, parts: dict[str, Dataset], progress: Progress
) -> dict[str, dict[str, float | None]] | None:
    """Of each part what `measure` says, or None when asked to stop before all of it was seen."""
    found = {}
    for name, data in parts.items():
        numbers = measure(model, data, progress)
        if numbers is None:
            return None
        found[name] = numbers
    return found


def measure(model: ConvNet, data: Dataset, progress: Progress = SILENT) -> dict[str, float | None] | None:
    """Loss and every metric of the task on `data`, without dropout; None where a metric is undefined.

    None altogether when asked to stop before all of `data` was seen.
    """
    import torch

    logits = torch.from_numpy(predict(model, data, output="logit", progress=_OnlyStops(progress)))  # (N, T)
    if progress.should_stop():
        return None
    prediction = model.activate(logits)
    weights = np.asarray(data.w, np.float32)
    y, w = torch.from_numpy(filled(data.y, weights)), torch.from_numpy(weights)
    mean_loss = float((per_example(model, logits, y) * w).mean())
    metrics = evaluate(model.config.task, data.y, prediction.numpy(), weights=labelled(data.w))
    return {"loss": mean_loss, **{name: metric.value for name, metric in metrics.items()}}


class _OnlyStops:
    """A progress that may stop an evaluation, whose every batch is of no interest to whoever watches the epochs."""

    def __init__(self, whole: Progress) -> None:
        self.should_stop = whole.should_stop

    def report(self, fraction: float, message: str) -> None:
        pass


def make_optimizer(model: ConvNet, config: TrainConfig, device: str) -> torch.optim.Optimizer:
    """AdamW (without decay: Adam). The dense layer of M members holds their weights divided by M: so are its steps."""
    import torch

    m, rate, decay = model.config.members, config.learning_rate, config.weight_decay
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    weights = [p for name, p in model.named_parameters() if not name.endswith("bias") and p is not model.dense.weight]
    groups = [
        {"params": weights, "whole": rate, "weight_decay": decay},
        {"params": [model.dense.weight], "whole": rate / m, "weight_decay": decay * m},
        {"params": biases, "whole": rate, "weight_decay": 0.0},
    ]
    cuda = device.startswith("cuda")  # its steps may be recorded
    for group in groups:
        group["lr"] = torch.tensor(group["whole"], device=device) if cuda else group["whole"]
    return lean(torch.optim.AdamW)(groups, eps=ADAM_EPSILON, fused=device != "mps", capturable=cuda)


def set_rates(optimizer: torch.optim.Optimizer, config: TrainConfig, epoch: int) -> None:
    """Each group's step size in this epoch (from 1); with 'cosine' from all of it down to nearly nothing."""
    share = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / config.epochs)) if config.schedule == "cosine" else 1.0
    for group in optimizer.param_groups:
        if isinstance(group["lr"], float):
            group["lr"] = group["whole"] * share
        else:
            group["lr"].fill_(group["whole"] * share)  # in place, where a recorded step reads it


def _require_finite(losses: torch.Tensor, model: ConvNet, epoch: int, config: TrainConfig) -> None:
    finite = losses.isfinite()
    if not bool(finite.all()):
        what = f"the loss is not a number at epoch {epoch}, step {int((~finite).nonzero()[0]) + 1}"
    elif not all(bool(weights.isfinite().all()) for weights in model.parameters()):
        what = f"a weight is not a number after epoch {epoch}"
    else:
        return
    raise TrainingError(
        f"{what}: the learning rate ({config.learning_rate:g}) is probably too high, try "
        f"{config.learning_rate / 10:g}; otherwise look for labels that are not numbers"
    )


def _stop(state: _State, config: TrainConfig, progress: Progress) -> str:
    if config.patience and state.without_gain >= config.patience:
        return "early"
    return "cancelled" if progress.should_stop() else ""


def _epoch_seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> 1)


class _State:
    """All that a checkpoint holds: model, optimizer, best weights so far, history."""

    def __init__(self, model: ConvNet, optimizer: torch.optim.Optimizer, keep: str) -> None:
        self.model, self.optimizer, self.keep = model, optimizer, keep
        self.epoch = self.best_epoch = self.without_gain = 0
        self.best: dict[str, torch.Tensor] | None = None
        self.best_value = float("-inf")
        self.evaluations: list[Evaluation] = []
        self.units: Units | None = None  # of labels, where the network trains on standard ones
        self.precision: str | None = None  # None before it was chosen
        self.begun: tuple[str, ...] = ()

    def record(self, evaluation: Evaluation, tell: Callable[[Evaluation], None] | None) -> None:
        """Note it, with the weights where they are the best so far, and then tell of it."""
        self.evaluations.append(evaluation)
        measured = evaluation.metrics["valid"]["loss" if self.keep == "loss" else self.model.config.answer.main_metric]
        value = float("-inf") if measured is None else -measured if self.keep == "loss" else measured
        if self.best is None or value > self.best_value:
            self.best = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
            self.best_value, self.best_epoch, self.without_gain = value, evaluation.epoch, 0
        else:
            self.without_gain += 1
        if tell:
            tell(evaluation)

    def history(self, stopped: str, skipped: tuple[str, ...]) -> History:
        """The end of training: the model has the weights to keep."""
        if self.best is not None and self.keep != "last":
            self.model.load_state_dict(self.best)  # recorded in the labels' units
        elif self.units is not None:
            into_units(self.model, self.units)
        kept = self.epoch if self.keep == "last" else self.best_epoch
        return History(self.evaluations, kept, self.epoch, stopped, skipped, self.begun)

    def save(self, folder: Path) -> None:
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in (self.best or {}).items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": tensor for name, tensor in moments.items()}
        state = {
            "best_epoch": self.best_epoch,
            "best_value": self.best_value if self.best_value > float("-inf") else None,
            "without_gain": self.without_gain,
            "precision": self.precision,
            "keep": self.keep,
            "begun": self.begun,
            "evaluations": [evaluation._asdict() for evaluation in self.evaluations],
        }
        save_checkpoint(folder, self.epoch, tensors, state)

    def resume(self, folder: Path) -> tuple[str, ...]:
        """Take up the newest intact checkpoint, if there is one; the names of damaged newer ones."""
        found = load_checkpoint(folder)
        if found is None:
            return ()
        parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "best": {}, "adam": {}}
        for key, tensor in found.tensors.items():
            part, name = key.split(".", 1)
            parts[part][name] = tensor
        self.model.load_state_dict(parts["model"])
        device = next(self.model.parameters()).device
        self.best = {name: tensor.to(device) for name, tensor in parts["best"].items()} or None
        optimizer_state = self.optimizer.state_dict()
        for key, tensor in parts["adam"].items():
            number, name = key.split(".", 1)
            optimizer_state["state"].setdefault(int(number), {})[name] = tensor
        self.optimizer.load_state_dict(optimizer_state)
        self.epoch, self.best_epoch = found.epoch, found.state["best_epoch"]
        self.best_value = float("-inf") if found.state["best_value"] is None else found.state["best_value"]
        self.without_gain = found.state["without_gain"]
        if found.state.get("keep", "best") != self.keep:  # older runs knew no other; what was best there is not here
            self.best, self.best_epoch, self.best_value, self.without_gain = None, found.epoch, float("-inf"), 0
        self.precision = found.state.get("precision", precision.FLOAT32)  # older runs knew no other
        self.begun = tuple(found.state.get("begun", ()))
        self.evaluations = [Evaluation(**stored) for stored in found.state["evaluations"]]
        return found.skipped
