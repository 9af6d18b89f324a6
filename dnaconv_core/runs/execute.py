"""One run from its record to its bundle, in the process that holds its lock."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core import __version__
from dnaconv_core.data.audit import concerns
from dnaconv_core.errors import DnaConvError, RunError, TrainingError
from dnaconv_core.evaluate.held_out import PREDICTIONS, kept_of, write_kept
from dnaconv_core.experiments import WORDS, recorded_experiment
from dnaconv_core.experiments.own import words_of
from dnaconv_core.experiments.sources import OWN, load_parts
from dnaconv_core.files import no_space
from dnaconv_core.memory import ran_out
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import store_baselines
from dnaconv_core.runs.card import write_card
from dnaconv_core.runs.seen import keep_hashes
from dnaconv_core.runs.stages import EVALUATING, LOADING_DATA, STARTING_TORCH
from dnaconv_core.runs.start import FOLDER, first_network, keep_source, start_words
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.watch import Watch

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.experiments.base import Experiment
    from dnaconv_core.model.config import TrainConfig
    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.runs.record import Run
    from dnaconv_core.train.loop import History

Metrics = dict[str, dict[str, Metric]]  # of each part, by name

LOG = "log.txt"
CHECKPOINTS = "checkpoints"
_QUICK = 5000  # examples whose predictions and intervals take a fraction of a second: a user who stops it must not wait
_MESSAGES = {"": "all epochs done", "early": "stopped early: no better epoch"}


def execute(store: Store, run_id: str, watch: Watch, settings: TrainConfig, *, device: str, threads: int = 0) -> None:
    """Train a run that is 'running' and whose lock this process holds, keeping its record.

    It goes on from its newest intact checkpoint, if it has one. A request to stop ends it as 'cancelled' with its best
    model. device: a key of train.device; threads: of the CPU, 0 for torch's own choice. What goes wrong is written
    into the record and raised.
    """
    try:
        _train(store, run_id, watch, settings, device, threads)
    except Exception as error:
        if watch.lost:
            raise RunError(store.lose(run_id, seconds=watch.seconds)) from error
        sentence = _sentence(error, store, run_id, settings, device)
        try:
            store.fail(run_id, sentence, seconds=watch.seconds)
        except RunError as second:  # the record cannot be written either: the next look finds it 'interrupted'
            print(second, file=sys.stderr)
        if not _expected(error):
            raise
        raise TrainingError(sentence) from error


def _left_out(data: Dataset) -> list[str]:
    """Rows of the data's file that could not be used."""
    if not data.skipped:
        return []
    first = data.skipped[0]
    return [f"{first.file}: {len(data.skipped):,} rows were left out; the first, line {first.line}, {first.reason}"]


def _train(store: Store, run_id: str, watch: Watch, settings: TrainConfig, device: str, threads: int) -> None:
    run = store.get(run_id)
    experiment, spec, folder = recorded_experiment(run.experiment), run.spec, store.folder(run_id)
    watch.say(LOADING_DATA, device=device, epochs=settings.epochs)
    train, valid = load_parts(experiment, spec.data, spec.valid, spec.covariates, spec.split)
    for note in dict.fromkeys((*train.notes, *valid.notes, *_left_out(train))):
        print(note, file=sys.stderr)
    config = experiment.model_config(spec.preset, train, **spec.settings)
    for sentence in concerns(train, valid):
        print(f"before training: {sentence}", file=sys.stderr)

    watch.say(STARTING_TORCH)
    import torch

    from dnaconv_core.train.loop import fit

    usual = torch.get_num_threads()
    threads = run.threads or threads or usual
    torch.set_num_threads(threads)
    try:
        start = _starting_point(store, run_id)
        watch.say(start.words or "epoch 1", threads=threads, epoch=start.epoch)
        source = keep_source(spec.start, folder, store) if spec.start else None
        model, started = first_network(config, spec, valid, seed=settings.seed, source=source)
        watch.train_from(start.epoch)
        history = fit(
            model, train, valid, settings, device=device, progress=watch, checkpoints=folder / CHECKPOINTS,
            on_evaluation=lambda e: watch.evaluated(e, model.convs[0].weight.detach().float().cpu().numpy()),
            held=started and started.held, trained_outputs=bool(started and started.outputs),
        )  # fmt: skip
        origin = started.record if started else {}
        ended = _MESSAGES.get(history.stopped, watch.cause)
        words = ended, start.words if start.damaged else "", start_words(origin) if origin else ""
        message = "; ".join(filter(None, words))
        _Trained(store, run, watch, model.to("cpu"), train, valid, settings, history, message, device, origin).end()
    finally:
        torch.set_num_threads(usual)


class _Trained(NamedTuple):
    """A network after its last epoch, to be measured, kept as a bundle and noted in the run's record."""

    store: Store
    run: Run
    watch: Watch
    model: ConvNet
    train: Dataset
    valid: Dataset
    settings: TrainConfig
    history: History
    message: str
    device: str  # it trained on
    origin: dict[str, Any]  # what it started from; empty where it started random

    def end(self) -> None:
        """What is kept first can end the run as it is, should a user stop what comes after."""
        if not self.history.evaluations:
            self.finish({}, "stopped before the first evaluation: there is no model")
            return
        folder, watch = self.store.folder(self.run.id), self.watch
        watch.check()
        (folder / PREDICTIONS).unlink(missing_ok=True)  # those of an earlier, shorter training
        keep_hashes(folder, self.train, started=folder / FOLDER)
        if self.history.stopped == "cancelled":  # a user waits: at most a second's work
            few = len(self.train) + len(self.valid) <= _QUICK
            self.keep(self.final_metrics() if few else _best_so_far(self.history), self.message)()
            return
        words = f"{self.message}; stopped before the intervals were known"
        with watch.ending(self.keep(_best_so_far(self.history), words)):
            watch.say(EVALUATING, remaining=None)
            metrics = self.final_metrics()
        end = self.keep(metrics, self.message)
        if self.run.spec.inner:  # its score is all that is wanted
            end()
            return
        with watch.ending(end):
            experiment = recorded_experiment(self.run.experiment)
            wish, seed = self.run.spec.baselines, self.settings.seed
            store_baselines(folder, experiment, self.train, self.valid, seed=seed, wish=wish, watch=watch)
        end()

    def final_metrics(self) -> Metrics:
        folder = self.store.folder(self.run.id)
        return _final_metrics(folder, self.model, self.train, self.valid, not self.run.spec.inner)

    def keep(self, metrics: Metrics, words: str) -> Callable[[], None]:
        """Save the model with these metrics; what ends the run with them."""
        from dnaconv_core.model.bundle import save_bundle

        record, experiment = self.record(), recorded_experiment(self.run.experiment)
        card = write_card(experiment, self.model.config, record, metrics)
        folder = self.store.folder(self.run.id)
        self.watch.check()  # or saving would make the folder anew
        save_bundle(folder, self.model, self.run.experiment, record=record, metrics=metrics, card=card)
        numbers = {split: {name: m.as_json() for name, m in part.items()} for split, part in metrics.items()}
        return lambda: self.finish(numbers, words)

    def finish(self, numbers: dict[str, dict[str, Any]], words: str) -> None:
        state = "cancelled" if self.history.stopped == "cancelled" else "finished"
        epoch, seconds = self.history.last_epoch, self.watch.seconds
        self.store.finish(self.run.id, state, numbers, epoch=epoch, message=words, seconds=seconds)

    def record(self) -> dict[str, Any]:
        import torch

        return {
            "name": self.store.get(self.run.id).name,  # it may have been renamed meanwhile
            "run": self.run.id,
            **{key: value for key, value in self.run.spec.to_json().items() if key != "experiment"},
            "train": self.settings.to_json(),
            "n_train": len(self.train),
            "n_valid": len(self.valid),
            "best_epoch": self.history.best_epoch,
            "last_epoch": self.history.last_epoch,
            "stopped": self.history.stopped,
            **({"started": self.origin} if self.origin else {}),
            **({"begun": list(self.history.begun)} if self.history.begun else {}),
            "versions": {"dnaconv": __version__, "python": sys.version.split()[0], "torch": torch.__version__},
            "processor": _processor(self.device),
            **_of_own(recorded_experiment(self.run.experiment), self.run.spec.data),
        }


def _of_own(experiment: Experiment, source: str) -> dict[str, Any]:
    """What a model tells of a question that is in no package: its words, and which data it learnt from."""
    if not experiment.own:
        return {}
    return {WORDS: words_of(experiment), "data_hash": experiment.data_hash if source == OWN else ""}


def _processor(device: str) -> str:
    """What computed a model, as far as it decides how numbers are rounded."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}" if device == "cpu" else device


class _Start(NamedTuple):
    epoch: int
    words: str  # for the user, where it is not simply the beginning
    damaged: tuple[str, ...]  # checkpoints that could not be used


def _starting_point(store: Store, run_id: str) -> _Start:
    """Where training goes on, with damaged checkpoints and the records of lost epochs out of the way."""
    from dnaconv_core.train.checkpoint import load_checkpoint

    folder = store.folder(run_id) / CHECKPOINTS
    epoch, words = 0, ""
    damaged: tuple[str, ...] = ()
    try:
        found = load_checkpoint(folder)
    except TrainingError:  # every single one is damaged
        damaged = tuple(sorted(path.name for path in folder.glob("epoch-*.ckpt")))
        words = f"every checkpoint was damaged ({', '.join(damaged)}), so it started anew"
    else:
        if found is not None:
            epoch, damaged = found.epoch, found.skipped
            words = f"resumed after epoch {epoch}"
            if damaged:
                words = f"{', '.join(damaged)} was damaged, so it went on from epoch {epoch}"
    for name in damaged:
        (folder / name).unlink()
    store.forget_after(run_id, epoch)
    return _Start(epoch, words, damaged)


def _final_metrics(folder: Path, model: ConvNet, train: Dataset, valid: Dataset, intervals: bool) -> Metrics:
    """Metrics of the best weights on both parts, on validation with intervals; its predictions are kept on disk."""
    from dnaconv_core.evaluate.dependence import groups_of
    from dnaconv_core.evaluate.each import evaluate_outputs
    from dnaconv_core.evaluate.intervals import with_intervals
    from dnaconv_core.evaluate.metrics import evaluate, labelled
    from dnaconv_core.predict import predict

    task = model.config.task
    fitted, held_out = predict(model, train), predict(model, valid)
    write_kept(folder, kept_of(valid, held_out))
    if not intervals:
        parts = {"train": (train, fitted), "valid": (valid, held_out)}
        return {key: evaluate(task, part.y, p, weights=labelled(part.w)) for key, (part, p) in parts.items()}
    groups = groups_of(valid)
    each = evaluate_outputs(model.config, valid.y, held_out, labelled(valid.w), groups=groups)
    return {
        "train": evaluate(task, train.y, fitted, weights=labelled(train.w)),
        "valid": with_intervals(task, valid.y, held_out, weights=labelled(valid.w), groups=groups),
        **{f"valid: {name}": found for name, found in each.items()},
    }


def _best_so_far(history: History) -> Metrics:
    """The metrics noted at the best epoch, without intervals."""
    best = [evaluation for evaluation in history.evaluations if evaluation.epoch <= history.best_epoch][-1]
    return {
        split: {
            name: Metric(value, undefined="it was undefined at that epoch" if value is None else None)
            for name, value in values.items()
            if name != "loss"
        }
        for split, values in best.metrics.items()
    }


def _sentence(error: Exception, store: Store, run_id: str, settings: TrainConfig, device: str) -> str:
    """What the record says of a failure."""
    if isinstance(error, DnaConvError):
        return str(error)
    if _out_of_memory(error):
        size = settings.batch_size
        smaller = f"a batch size of {size // 2}" if size > 1 else "fewer filters"
        return f"{device} ran out of memory with batches of {size:,}: try {smaller}, or another device"
    if no_space(error):
        return (
            f"the disk is full: free some space in {store.home}, then resume the run; its last checkpoint and its "
            f"record are kept"
        )
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"a file could not be read or written: {error.strerror or error}{where}; fix that, then resume"
    return f"an unexpected {type(error).__name__} ended the training: {store.folder(run_id) / LOG} has the details"


def _expected(error: Exception) -> bool:
    return isinstance(error, OSError) or _out_of_memory(error)


def _out_of_memory(error: Exception) -> bool:
    torch: Any = sys.modules.get("torch")
    kind = None if torch is None else getattr(torch, "OutOfMemoryError", torch.cuda.OutOfMemoryError)
    return ran_out(error) or (kind is not None and isinstance(error, kind))
