"""Who trains what, where and when: runs wait in the store, and each slot of a device has at most one worker.

There is no daemon. A worker is a process that holds the lock of its slot (`slots/<device>-<n>.lock`), takes waiting
runs one after the other, and ends when there is none. Whoever starts a run, or opens the dashboard, calls
`ensure_workers`, which starts one where a slot is free and work waits.

Users of one server share its slots: after each run a worker looks whose turn it is, and where that is another user,
hands its slot on to a worker of theirs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.errors import ConfigError, DnaConvError, InputError, RunError
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.home import acting_as, homes_beside, machine_home, owner_of
from dnaconv_core.runs import lock, process
from dnaconv_core.runs.place import LEAD, lead_folder, made, take_lead
from dnaconv_core.runs.process import niceness
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.start import check_start
from dnaconv_core.runs.store import RESUMABLE, Run, Store

SLOTS = "DNACONV_SLOTS"
_SERVED = ".served"  # in a home that shares the slots: when it had its last turn
_WORKER_LOG = "log.txt"  # in a slot's folder: what its last worker said outside of runs; nothing, if all is well
_SIGNS_OF_A_GPU = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/dev/nvhost-gpu")
_started = process._started  # one list, to be reaped


class Slot(NamedTuple):
    device: str
    number: int

    @property
    def key(self) -> str:
        return f"{self.device}/{self.number}"


def submit(store: Store, spec: RunSpec, name: str = "", *, parent: str = "", on: str = "") -> Run:
    """Put a new run into the queue, here or of a Dask cluster (see `cluster.where`), and see that it is worked on.

    Raises before there is a run what would keep it from being trained: ConfigError for a device that is not there and
    for settings of the queue that cannot be read, ClusterError where a cluster is not fit, and what `check_start` does.
    """
    check_place(spec, on)
    check_start(spec, store)
    check_queue(store)
    run = store.create(spec, name, parent=parent, waiting=True, place=on)
    ensure_workers(store)
    return run


def clone(store: Store, run: str, name: str = "", **settings: object) -> Run:
    """A new run like this one, with some settings changed, in the queue."""
    spec, place = store.get(run).spec, store.get(run).place
    recorded_experiment(spec.experiment)
    changed = {key: value for key, value in {**spec.settings, **settings}.items() if value is not None}
    return submit(store, RunSpec.from_json({**spec.to_json(), "settings": changed}), name, parent=run, on=place)


def resume(store: Store, run: str) -> Run:
    """Let a cancelled, failed or interrupted run go on from its last checkpoint, in the queue.

    Raises InputError for one whose device is not there or whose settings this version does not know.
    """
    _check(store.get(run))
    check_queue(store)
    store.requeue(run, RESUMABLE)
    ensure_workers(store)
    return store.get(run)


def extend(store: Store, run: str, epochs: int) -> Run:
    """Let an ended run go on until it has made `epochs` epochs in all; early stopping is switched off for the rest.

    Raises ConfigError unless that is more than it was planned for.
    """
    spec = store.get(run).spec
    planned = recorded_experiment(spec.experiment).train_config(spec.preset, **spec.settings).epochs
    if epochs <= planned:
        raise ConfigError(f"epochs is {epochs} but run {run} is planned for {planned} already: give a larger number")
    settings = {**spec.settings, "epochs": epochs, "patience": 0}
    longer = RunSpec.from_json({**spec.to_json(), "settings": settings})
    check_queue(store)
    store.requeue(run, ("finished", *RESUMABLE), spec=longer)
    ensure_workers(store)
    return store.get(run)


def ensure_workers(store: Store | None = None) -> int:
    """Start a worker in every free slot that waiting runs can use, and what leads those on a cluster; returns how many.

    Cheap when nothing waits. Runs whose device is not on this machine fail with that reason, as do those whose settings
    this version does not know.
    """
    _started[:] = [one for one in _started if one.poll() is None]
    store = store or Store()
    waiting = store.waiting()
    if not waiting:
        return 0
    niceness()  # a mistake in it is told here, not in a log
    started, left = 0, [run for run in waiting if _possible(store, run)]
    for slot in all_slots():
        accepts = serves(slot.device)
        mine = [run for run in left if accepts(run)]
        if not mine:
            continue
        held = take_slot(store, slot, patience=0)  # nobody holds it for a moment only
        if held is None:
            continue
        try:
            _warn(store, slot, mine[0])
            _spawn(store, slot, held)
        finally:
            os.close(held)
        started += 1
        left = [run for run in left if run.id != mine[0].id]  # one run for one worker
    return started + sum(_ensure_lead(store, place) for place in {run.place for run in left if run.place})


def _ensure_lead(store: Store, place: str) -> bool:
    """Start the process that sends runs to a cluster, where there is none."""
    held = take_lead(store, place, patience=0)
    if held is None:
        return False
    try:
        _start(store, lead_folder(store, place), LEAD, place, held=held)
    finally:
        os.close(held)
    return True


def ensure_all(store: Store) -> None:
    """`ensure_workers` for every home that shares the machine with this one."""
    for folder in homes_beside(store.home):
        with acting_as(owner_of(folder)), contextlib.suppress(RunError):  # a damaged one must not stop the others
            ensure_workers(Store(folder))


def whose_turn(store: Store, wanted: Callable[[Run], bool]) -> Path | None:
    """The home whose run is next: of those with one that is wanted, the one that was served longest ago."""
    waiting = [folder for folder in homes_beside(store.home) if _waits(folder, wanted)]
    return min(waiting, key=_served) if waiting else None


def serve(store: Store) -> None:
    """Note that this home has its turn now: others come first next time."""
    if owner_of(store.home):
        (store.home / _SERVED).touch()


def hand_over(home: Path, slot: Slot, held: int) -> None:
    """Start a worker of another user's home in a slot whose lock this process holds and lets go of by ending."""
    _spawn(Store(home), slot, held)


def _waits(folder: Path, wanted: Callable[[Run], bool]) -> bool:
    try:
        with acting_as(owner_of(folder)):
            return any(map(wanted, Store(folder).waiting()))
    except DnaConvError:  # what is wrong in one home must not keep the others waiting
        return False


def _served(folder: Path) -> int:
    try:
        return (folder / _SERVED).stat().st_mtime_ns
    except OSError:
        return 0


def _possible(store: Store, run: Run) -> bool:
    """Whether this machine can train a run at all; one that it cannot has failed."""
    try:
        _check(run)
        return True
    except InputError as error:
        with contextlib.suppress(RunError):  # another process was quicker to say so
            store.fail(run.id, str(error))
        return False


def _warn(store: Store, slot: Slot, run: Run) -> None:
    """Say with the run that waits for it that the last worker of this slot fell over: the next one may as well."""
    log = _slot_folder(store, slot) / _WORKER_LOG
    if log.is_file() and b"Traceback" in log.read_bytes():
        store.note(run.id, message=f"waiting; the last worker ended with an error: {log} has the details")


def serves(device: str) -> Callable[[Run], bool]:
    """Whether a worker on `device` may take a run: one that asks for it, or for 'auto' where this is the best kind."""
    there = device_keys()
    best = there[0].split(":")[0]

    def accepts(run: Run) -> bool:
        if run.place:
            return False
        wish = _wish_of(run)
        return wish == device or device.split(":")[0] == (best if wish == "auto" else wish)

    return accepts


def device_keys() -> tuple[str, ...]:
    """The keys of the machine's devices, best first; torch is only asked where there may be a GPU."""
    if "torch" not in sys.modules and sys.platform != "darwin" and not any(map(os.path.exists, _SIGNS_OF_A_GPU)):
        return ("cpu",)
    from dnaconv_core.train.device import devices

    return tuple(device.key for device in devices())


def all_slots() -> list[Slot]:
    """Every slot of this machine, those of the best device first.

    One for each device, or as $DNACONV_SLOTS says: '2', or 'cpu=2,cuda=1,cuda:1=0'. Raises ConfigError for other text.
    """
    numbers: dict[str, int] = {}
    for part in filter(None, os.environ.get(SLOTS, "").replace(" ", "").split(",")):
        device, _, number = part.rpartition("=")
        known = device.split(":")[0] in ("", "cpu", "cuda", "mps")
        if not known or not number.isdecimal() or len(number) > 4 or int(number) > 64:
            raise ConfigError(
                f"{SLOTS} is {os.environ[SLOTS][:60]!r}: write a number up to 64, or device=number such as 'cpu=2'"
            )
        numbers[device] = int(number)
    found = []
    for device in device_keys():
        count = numbers.get(device, numbers.get(device.split(":")[0], numbers.get("", 1)))
        found += [Slot(device, number) for number in range(count)]
    return found


def take_slot(store: Store, slot: Slot, patience: float = 0.5) -> int | None:
    """The descriptor that holds this slot's lock, or None when a worker has it."""
    return lock.take(_slot_folder(store, slot), patience)


def threads_per_worker() -> int:
    """CPU threads for each worker, so that full slots do not ask for more cores than there are."""
    return max(1, cores() // max(1, len(all_slots())))


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spawn(store: Store, slot: Slot, held: int) -> None:
    """A worker for this slot, which outlives this process and holds the slot's lock from the first moment."""
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]  # '4,2' is for nested loops
    threads = asked if asked.isdecimal() else str(threads_per_worker())
    # Threads that spin while they wait take the cores from everything else, the dashboard included.
    quiet = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    more = {name: os.environ.get(name, value) for name, value in quiet.items()} | {"OMP_NUM_THREADS": threads}
    worker = ("dnaconv_core.runs.worker", slot.device, str(slot.number))
    _start(store, _slot_folder(store, slot), *worker, held=held, more=more)


def _start(store: Store, folder: Path, module: str, *arguments: str, held: int, more: Mapping[str, str] = {}) -> None:
    """A module in a process of its own, whose log lies in `folder` and begins anew."""
    log = folder / _WORKER_LOG
    log.unlink(missing_ok=True)
    process.start(module, *arguments, held=held, log=log, home=store.home, more=more)


def _slot_folder(store: Store, slot: Slot) -> Path:
    return made(store, machine_home(store.home) / "slots" / slot.key.replace(":", "-").replace("/", "-"))


def _wish(spec: RunSpec) -> str:
    return recorded_experiment(spec.experiment).train_config(spec.preset, **spec.settings).device


def _wish_of(run: Run) -> str:
    """The device a run has had, as long as the machine has it; else what it asks for."""
    return run.device if run.device in device_keys() else _wish(run.spec)


def check_queue(store: Store) -> None:
    """Raises ConfigError or RunError where no worker could be started: $DNACONV_SLOTS, $DNACONV_NICE, the home."""
    niceness()
    for slot in all_slots():
        _slot_folder(store, slot)


def check_place(spec: RunSpec, on: str) -> None:
    """`check_device`, or for a run on a cluster that it answers and its workers are fit: ClusterError."""
    if not on:
        check_device(spec)
        return
    from dnaconv_core.cluster.connect import look

    look(on)


def check_device(spec: RunSpec) -> None:
    """Raises ConfigError where this machine does not have the device that a run asks for."""
    _check_device(_wish(spec))


def _check(run: Run) -> None:
    recorded_experiment(run.experiment)
    RunSpec.from_json(run.spec.to_json())  # a record of another version is read unchecked
    if not run.place:
        _check_device(_wish_of(run))


def _check_device(wish: str) -> None:
    there = device_keys()
    if wish != "auto" and not any(wish in (key, key.split(":")[0]) for key in there):
        raise ConfigError(f"device is {wish!r} but this machine has {', '.join(there)}: choose one or 'auto'")
