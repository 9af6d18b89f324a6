"""The process that trains: a worker of the queue (`main`), or whatever process asks for it in the foreground."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from dnaconv_core.errors import DnaConvError, RunError
from dnaconv_core.experiments import get_experiment, recorded_experiment
from dnaconv_core.experiments.sources import load_parts
from dnaconv_core.model.config import TrainConfig
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.runs import lock
from dnaconv_core.runs.execute import LOG, execute
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.process import be_modest, be_modest_again, hurry
from dnaconv_core.runs.queue import Slot, ensure_all, hand_over, serve, serves, take_slot, whose_turn
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.stages import STARTING_TORCH
from dnaconv_core.runs.start import first_network
from dnaconv_core.runs.store import Claim, Run, Store
from dnaconv_core.runs.tidy import tidy
from dnaconv_core.runs.watch import Watch
from dnaconv_core.train import distributed

__all__ = ["LOG", "main", "train_along", "train_here"]

_LINGER = 4.0  # seconds that a worker waits for the next run of a search
_LOOK = 0.3  # seconds between looks for a stop request where training cannot look itself


def train_here(store: Store, run: str, progress: Progress = SILENT) -> Run:
    """Train a queued run in this process and return its final record.

    Raises what went wrong, and KeyboardInterrupt when Ctrl-C or SIGTERM ended it: its record is complete then.
    """
    held = lock.take(store.folder(run))
    if held is None:
        raise RunError(f"run {run} is already being trained by another process")
    try:
        record = store.get(run)
        settings = settings_of(record)
        store.start(run, settings.epochs)
        watch = Watch(store, record, settings.epochs, progress, held=held, impatient=True)
        try:
            device = _device(store, record, settings, watch)
            execute(store, run, watch, settings, device=device)
        except KeyboardInterrupt:
            _end_early(store, watch)
        finally:
            watch.close()
        if watch.signalled:  # whoever called must not go on as if all were done
            raise KeyboardInterrupt
        return store.get(run)
    finally:
        os.close(held)


def train_along(spec: RunSpec) -> None:
    """Take part in a training that torchrun started on several processes; the first of them keeps the record."""
    experiment = get_experiment(spec.experiment)
    train, valid = load_parts(experiment, spec.data, spec.valid, spec.covariates, spec.split)
    config = experiment.model_config(spec.preset, train, **spec.settings)
    settings = experiment.train_config(spec.preset, **spec.settings)
    from dnaconv_core.train.loop import fit

    source = find_model(spec.start) if spec.start else None
    model, started = first_network(config, spec, valid, seed=settings.seed, source=source)
    device = distributed.own_device(settings.device)
    fit(model, train, valid, settings, device=device, held=started and started.held)


def settings_of(run: Run) -> TrainConfig:
    return recorded_experiment(run.experiment).train_config(run.spec.preset, **run.spec.settings)


def _device(store: Store, run: Run, settings: TrainConfig, watch: Watch) -> str:
    """The device for a run in the foreground: the one it has had, or what it asks for."""
    watch.say(STARTING_TORCH)
    from dnaconv_core.train.device import devices, resolve

    if run.device in [device.key for device in devices()]:
        return run.device
    try:
        return resolve(settings.device) if distributed.size() == 1 else distributed.own_device(settings.device)
    except DnaConvError as error:
        store.fail(run.id, str(error))
        raise


def main(arguments: list[str]) -> int:
    """`python -m dnaconv_core.runs.worker DEVICE NUMBER LOCK`: work through the queue; LOCK is an open descriptor."""
    slot, held = Slot(arguments[0], int(arguments[1])), int(arguments[2])
    os.set_inheritable(held, False)
    be_modest()
    store = Store()
    tidy(store.home)
    wanted = serves(slot.device)
    until = 0.0  # a search waits for a run's score before it makes the next: so long, nobody need import torch again
    while True:
        turn = whose_turn(store, wanted)
        if turn not in (None, store.home):
            hand_over(turn, slot, held)
            return 0
        if turn is not None:
            serve(store)
        claim = store.claim(wanted, slot.key)
        if claim is not None:
            if train_claimed(store, slot, claim, held):
                return 0
            until = time.monotonic() + _LINGER * claim.run.spec.inner
            continue
        if time.monotonic() < until:
            time.sleep(0.1)
            continue
        os.close(held)
        # A run that came between the last look and this moment found the slot taken: look once more.
        if whose_turn(store, wanted) is None:
            return 0
        again = take_slot(store, slot)
        if again is None:
            return 0
        held = again
        time.sleep(0.05)


def train_claimed(store: Store, slot: Slot, claim: Claim, held: int) -> bool:
    """Train one claimed run; True when this process was told to end."""
    run = claim.run
    with _logging_to(store.folder(run.id) / LOG):
        settings = settings_of(run)
        watch = Watch(store, run, settings.epochs, _Log(), held=claim.lock)
        over = threading.Event()
        impatient = threading.Thread(target=_leave_when_asked, args=(store, watch, over, held), daemon=True)
        impatient.start()
        try:
            threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
            execute(store, run.id, watch, settings, device=slot.device, threads=threads)
        except DnaConvError as error:
            print(error, file=sys.stderr)
        except Exception:
            traceback.print_exc()
        finally:
            over.set()
            impatient.join()  # it may be about to end the process
            watch.close()
            be_modest_again()
            os.close(claim.lock)
    _free_memory(slot.device)
    return watch.signalled


def _leave_when_asked(store: Store, watch: Watch, over: threading.Event, held: int) -> None:
    """Where training does not look itself whether to stop (data and torch are loaded, intervals are computed) this
    thread does, and ends the process: all that is to be kept is on the disk then. While steps are made it only hurries
    the process, which on a busy machine gets little of it."""
    while not over.wait(_LOOK):
        if not (watch.signalled or watch.lost or store.note(watch.run)):
            continue
        hurry()
        if watch.training:
            continue
        if watch.lost:
            print(store.lose(watch.run), file=sys.stderr)
        else:
            _end_early(store, watch)
        os.close(held)
        if not watch.signalled:
            ensure_all(store)  # somebody else goes on with the queue
        os._exit(0)


def _end_early(store: Store, watch: Watch) -> None:
    """A user does not wait for what is going on now: the record ends with what is on the disk."""
    record = store.get(watch.run)
    with contextlib.suppress(RunError):  # it has ended by itself
        if watch.give_up is not None:
            watch.give_up()
        else:
            so_far, cause = record.metrics, watch.cause
            store.finish(watch.run, "cancelled", so_far, epoch=record.epoch, message=cause, seconds=watch.seconds)


def _free_memory(device: str) -> None:
    torch = sys.modules.get("torch")
    if torch is not None and device.startswith("cuda"):
        torch.cuda.empty_cache()


@contextlib.contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Standard output and error go to this file."""
    before = os.dup(1), os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, descriptor in enumerate(before, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)


class _Log:
    """Progress as lines in the run's log, each with the time of day."""

    def report(self, fraction: float, message: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {fraction:4.0%}  {message}", flush=True)

    def should_stop(self) -> bool:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
