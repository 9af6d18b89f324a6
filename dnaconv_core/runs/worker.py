"""One run from its record to its bundle: in this process (`train_here`) or in one of its own (`launch`)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core import __version__
from dnaconv_core.errors import DnaConvError, RunError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import load_parts
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.runs import lock
from dnaconv_core.runs.card import write_card
from dnaconv_core.runs.store import Run, Store

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.train.loop import Evaluation

PREDICTIONS = "predictions.npz"  # of the validation part: ids, y, prediction, codes (N, L) uint8, covariates
LOG = "log.txt"
_POLL = 0.5  # seconds between looks into the store


def launch(store: Store, run: str) -> None:
    """Start the run in a process of its own that outlives this one; its output goes to the run's log."""
    folder = store.folder(run)
    held = lock.take(folder)
    if held is None:
        raise RunError(f"run {run} is already being trained by another process")
    try:
        with open(folder / LOG, "ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "dnaconv_core.runs.worker", run, str(held)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the server's terminal must not reach it
                pass_fds=(held,),
                env={**os.environ, "DNACONV_HOME": str(store.home)},
            )
    finally:
        os.close(held)


def train_here(store: Store, run: str, progress: Progress = SILENT) -> Run:
    """Train a queued run in this process and return its final record. Raises what went wrong."""
    held = lock.take(store.folder(run))
    if held is None:
        raise RunError(f"run {run} is already being trained by another process")
    try:
        return _execute(store, run, progress)
    finally:
        os.close(held)


def _execute(store: Store, run_id: str, progress: Progress) -> Run:
    """Train a queued run whose lock this process holds, keeping its record.

    A user's stop request and SIGTERM or Ctrl-C end it as 'cancelled' with its best model. What goes wrong is written
    into the record and raised.
    """
    run = store.get(run_id)
    experiment = get_experiment(run.experiment)
    spec, folder = run.spec, store.folder(run_id)
    settings = experiment.train_config(spec.preset, **spec.settings)
    store.start(run_id, settings.epochs)
    watch = _Watch(store, run_id, settings.epochs, progress)
    try:
        watch.say("loading data")
        train, valid = load_parts(experiment, spec.data, spec.valid, spec.covariates, spec.split)
        config = experiment.model_config(spec.preset, train, **spec.settings)

        watch.say("starting torch")
        from dnaconv_core.model.bundle import save_bundle
        from dnaconv_core.model.convnet import build
        from dnaconv_core.train.device import resolve
        from dnaconv_core.train.loop import fit

        device = resolve(settings.device)
        store.note(run_id, device=device)
        watch.say("epoch 1")
        model = build(config, settings.seed)
        history = fit(
            model,
            train,
            valid,
            settings,
            device=device,
            progress=watch,
            on_evaluation=watch.evaluated,
            checkpoints=folder / "checkpoints",
        )
        watch.say("evaluating")
        model.to("cpu")
        metrics = _final_metrics(folder, model, train, valid, settings.seed)
        record = {
            "name": run.name,
            "run": run_id,
            **{key: value for key, value in spec.to_json().items() if key != "experiment"},
            "train": settings.to_json(),
            "n_train": len(train),
            "n_valid": len(valid),
            "best_epoch": history.best_epoch,
            "last_epoch": history.last_epoch,
            "stopped": history.stopped,
            "versions": _versions(),
        }
        card = write_card(experiment, model.config, record, metrics)
        save_bundle(folder, model, run.experiment, record=record, metrics=metrics, card=card)
        state = "cancelled" if history.stopped == "cancelled" else "finished"
        numbers = {split: {name: m.as_json() for name, m in part.items()} for split, part in metrics.items()}
        message = {"": "all epochs done", "early": "stopped early: no better epoch", "cancelled": "stopped by the user"}
        store.finish(run_id, state, numbers, epoch=history.last_epoch, message=message[history.stopped])
    except DnaConvError as error:
        store.fail(run_id, str(error))
        raise
    except Exception as error:
        store.fail(run_id, f"an unexpected {type(error).__name__} ended the training: {folder / LOG} has the details")
        raise
    finally:
        watch.close()
    return store.get(run_id)


def _final_metrics(folder: Path, model, train: Dataset, valid: Dataset, seed: int) -> dict[str, dict[str, Metric]]:
    """Metrics of the best weights on both parts, with intervals on validation, whose predictions are kept on disk."""
    from dnaconv_core.evaluate.bootstrap import with_intervals
    from dnaconv_core.evaluate.metrics import evaluate, labelled
    from dnaconv_core.predict import predict

    task = model.config.task
    fitted, held_out = predict(model, train), predict(model, valid)
    X = np.asarray(valid.X[:])
    np.savez_compressed(
        folder / PREDICTIONS,
        ids=valid.ids,
        y=valid.y,
        prediction=held_out,
        codes=np.where(X.any(axis=1), X.argmax(axis=1), 4).astype(np.uint8),
        covariates=np.zeros((len(valid), 0), np.float32) if valid.covariates is None else valid.covariates,
    )
    return {
        "train": evaluate(task, train.y, fitted, weights=labelled(train.w)),
        "valid": with_intervals(task, valid.y, held_out, weights=labelled(valid.w), seed=seed),
    }


def _versions() -> dict[str, str]:
    import torch

    return {"dnaconv": __version__, "python": sys.version.split()[0], "torch": torch.__version__}


class _Watch:
    """Progress of one run: into the store (a few times a second), and on to whoever else watches."""

    def __init__(self, store: Store, run: str, epochs: int, inner: Progress) -> None:
        self.store, self.run, self.epochs, self.inner = store, run, epochs, inner
        self.stop, self._looked = False, float("-inf")
        self._before: dict[int, Any] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                self._before[number] = signal.signal(number, self._on_signal)
            except ValueError:  # not in the main thread, where signals do not arrive anyway
                break

    def close(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, *_: Any) -> None:
        self.stop = True

    def say(self, message: str) -> None:
        self.inner.report(0.0, message)
        self.stop |= self.store.note(self.run, message=message)

    def evaluated(self, evaluation: Evaluation) -> None:
        speed = {"samples_per_second": evaluation.samples_per_second}
        metrics = {**evaluation.metrics, "train": evaluation.metrics["train"] | speed}
        self.store.add_metrics(self.run, evaluation.epoch, metrics)
        self.store.note(self.run, epoch=evaluation.epoch)

    def report(self, fraction: float, message: str) -> None:
        self.inner.report(fraction, message)
        if self._due() or fraction >= 1:
            self.stop |= self.store.note(self.run, epoch=round(fraction * self.epochs), message=message)

    def should_stop(self) -> bool:
        if not self.stop and self._due():
            self.stop = self.store.note(self.run)
        return self.stop or self.inner.should_stop()

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._looked < _POLL:
            return False
        self._looked = now
        return True


def main(arguments: list[str]) -> int:
    """`python -m dnaconv_core.runs.worker RUN LOCK_FD`: what `launch` starts. The open descriptor holds the lock."""
    run, held = arguments[0], int(arguments[1])
    os.set_inheritable(held, False)
    store = Store()
    try:
        _execute(store, run, _Log())
    except DnaConvError as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        return 1
    return 0


class _Log:
    """Progress as lines of JSON in the run's log, a line for each epoch reported."""

    def report(self, fraction: float, message: str) -> None:
        line = {"time": round(time.time(), 1), "fraction": round(fraction, 4), "message": message}
        print(json.dumps(line), flush=True)

    def should_stop(self) -> bool:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
