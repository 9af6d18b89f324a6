"""Making an experiment from files in a process of its own: it survives the page, the session and the server.

    python -m dnaconv_core.runs.making NAME LOCK

`makings/NAME/` in the home folder holds the recipe, the record of how far it is, a log, and the lock of its process.
The examples themselves are made aside (see experiments/bring.py): what a killed process leaves goes at the next start.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnaconv_core.errors import DnaConvError, InputError, RunError
from dnaconv_core.experiments.bring import Brought, again, bring
from dnaconv_core.experiments.own_store import new_key
from dnaconv_core.experiments.recipe import Recipe, read_recipe
from dnaconv_core.files import not_written, write_atomic
from dnaconv_core.home import home
from dnaconv_core.memory import FULL, ran_out
from dnaconv_core.progress import SILENT, Progress, left_words, seconds_left
from dnaconv_core.runs import lock, process
from dnaconv_core.storing import check_storing, read_only

FOLDER, RECORD, RECIPE, STOP, LOG = "makings", "making.json", "recipe.json", "stop", "log.txt"
LIVE = ("waiting", "running")
ENDED = ("finished", "stopped", "failed", "interrupted")
_NAME = re.compile(r"[0-9a-f]{16}")
_SAVE, _LOOK = 0.3, 0.2  # seconds between records, and between looks for a wish to stop
_DAY = 24 * 3600  # seconds that the record of one that ended is kept
STOPPED = "stopped: nothing was kept"


@dataclass
class Making:
    """An experiment that is being made, as it is and as it is stored."""

    name: str  # of its folder
    key: str  # of the experiment
    title: str
    state: str = "waiting"
    fraction: float = 0.0
    message: str = "starting"
    error: str = ""
    created: float = 0.0
    seconds: float = 0.0  # it took
    on: str = ""  # the cluster that packs its shards

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def folder(self) -> Path:
        return makings_folder() / self.name

    def save(self) -> None:
        write_atomic(self.folder / RECORD, json.dumps(dataclasses.asdict(self)).encode())


def makings_folder() -> Path:
    return home() / FOLDER


def make_here(recipe: Recipe, progress: Progress = SILENT, *, on: str = "") -> Brought:
    """Make an experiment in this process; meanwhile its record is with the others. Raises what `bring` does."""
    _check_free(recipe.key)
    making = Making(secrets.token_hex(8), recipe.key, recipe.title)
    return _here(making, lambda told: bring(recipe, told, on=on), progress)


def make_again_here(key: str, progress: Progress = SILENT, *, on: str = "") -> Brought:
    """Make an experiment anew from its own recipe, in this process. Raises what `bring.again` does."""
    return _here(Making(secrets.token_hex(8), key, ""), lambda told: again(key, told, on=on), progress)


def make_in_background(name: str, recipe: Recipe, *, on: str = "") -> Making:
    """Make an experiment in a process of its own; `name`, of 16 letters 0-9 and a-f, is how it is found again. on: as
    `bring` has it.

    Raises InputError for a key that is taken, and RunError where this one is being made.
    """
    _check_free(recipe.key)
    process.niceness()  # a mistake in it is told here, not in a log
    making = Making(name, recipe.key, recipe.title, created=time.time(), on=on)
    held = _taken(making)
    try:
        (making.folder / STOP).unlink(missing_ok=True)
        (making.folder / LOG).unlink(missing_ok=True)
        write_atomic(making.folder / RECIPE, json.dumps(recipe.to_json()).encode())
        making.save()
        process.start("dnaconv_core.runs.making", name, held=held, log=making.folder / LOG, home=home())
    finally:
        os.close(held)
    return making


def find_making(name: str) -> Making | None:
    """The record of this name as it truly is; None where there is none that can be read."""
    try:
        stored = json.loads((makings_folder() / name / RECORD).read_bytes()) if _NAME.fullmatch(name) else None
        known = {spec.name for spec in dataclasses.fields(Making)}
        making = Making(**{key: value for key, value in stored.items() if key in known}) if stored else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if making is not None and making.live and not read_only() and not lock.is_held(making.folder):
        making.state, making.message = "interrupted", "its process ended before it was done"
    return making


def list_makings() -> list[Making]:
    """All there are, the newest first."""
    root = makings_folder()
    found = [find_making(path.name) for path in root.iterdir()] if root.is_dir() else []
    return sorted(filter(None, found), key=lambda making: -making.created)


def recipe_of(making: Making) -> Recipe | None:
    """What is, or was, to be made; None where that cannot be read."""
    try:
        return read_recipe(making.folder / RECIPE)
    except DnaConvError:
        return None


def ask_making_to_stop(name: str) -> None:
    """Ask the process that makes this one to end; nothing is kept then."""
    check_storing()
    with contextlib.suppress(FileNotFoundError):  # it has ended and was forgotten
        (makings_folder() / name / STOP).touch()


def forget_making(name: str) -> None:
    """Remove the record of one that has ended."""
    check_storing()
    folder = makings_folder() / name
    held = lock.take(folder) if _NAME.fullmatch(name) and folder.is_dir() else None
    if held is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sweep_makings(folder: Path, now: float) -> list[Path]:
    """Remove the records in a home of those that ended more than a day ago."""
    found = []
    for path in sorted((folder / FOLDER).glob("*/")):
        old = _NAME.fullmatch(path.name) and now - path.stat().st_mtime > _DAY
        if old and not lock.is_held(path):
            shutil.rmtree(path, ignore_errors=True)
            found.append(path)
    return found


def _check_free(key: str) -> None:
    new_key(key)
    if any(making.live and making.key == key for making in list_makings()):
        raise InputError(f"an experiment {key} is being made now: choose another key, or stop that one")


def _taken(making: Making) -> int:
    """The descriptor that holds the lock of this making, whose folder is there then."""
    check_storing()
    if not _NAME.fullmatch(making.name):
        raise InputError(f"{making.name[:60]!r} is no name of files that were brought: start over")
    try:
        making.folder.mkdir(parents=True, exist_ok=True)
        held = lock.take(making.folder)
    except OSError as error:
        raise RunError(not_written(makings_folder(), error)) from None
    if held is None:
        raise RunError("this experiment is being made already: wait for its end, or stop it")
    return held


def _here(making: Making, work: Callable[[Progress], Brought], progress: Progress) -> Brought:
    making.created = time.time()
    held = _taken(making)
    try:
        return _lead(making, work, progress)
    finally:
        shutil.rmtree(making.folder, ignore_errors=True)
        os.close(held)


def _lead(making: Making, work: Callable[[Progress], Brought], progress: Progress) -> Brought:
    """Do the work in the process that holds the lock, and keep its record. Raises what went wrong."""
    told = _Told(making, progress)
    making.state = "running"
    making.save()
    try:
        brought = work(told)
        making.state, making.fraction, making.message = "finished", 1.0, "done"
        return brought
    except (Exception, KeyboardInterrupt) as error:
        if told.asked() or isinstance(error, KeyboardInterrupt):
            making.state, making.message = "stopped", STOPPED
        else:
            making.state, making.message, making.error = "failed", "failed", _sentence(error, making)
        raise
    finally:
        making.seconds = round(told.seconds, 1)
        with contextlib.suppress(OSError):  # a full disk, or a folder that was removed: what went wrong is raised
            making.save()


def _sentence(error: BaseException, making: Making) -> str:
    if isinstance(error, DnaConvError):
        return str(error)
    if ran_out(error):
        return FULL
    if isinstance(error, OSError):
        return f"a file could not be read or written: {error.strerror or error}"
    return f"an unexpected {type(error).__name__} ended it: {making.folder / LOG} has the details"


class _Told:
    """Progress that keeps the record, adds the time left, and hears the wish to stop."""

    def __init__(self, making: Making, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self.making, self.progress, self.clock = making, progress, clock
        self._begun, self._saved = clock(), float("-inf")

    @property
    def seconds(self) -> float:
        return self.clock() - self._begun

    def report(self, fraction: float, message: str) -> None:
        if (left := seconds_left(self.seconds, fraction)) is not None:
            message += f" · {left_words(left)}"
        self.making.fraction, self.making.message = min(max(fraction, 0.0), 1.0), message
        if self.clock() - self._saved > _SAVE:
            self._saved = self.clock()
            with contextlib.suppress(OSError):  # a full disk is told by what is made
                self.making.save()
        self.progress.report(fraction, message)

    def asked(self) -> bool:
        return (self.making.folder / STOP).exists()

    def should_stop(self) -> bool:
        return self.asked() or self.progress.should_stop()


class _Lines:
    """Progress as lines of a log, one for each stage."""

    def __init__(self) -> None:
        self._last = ""

    def report(self, fraction: float, message: str) -> None:
        stage = message.split(" · ")[0]
        if stage != self._last:
            print(f"{time.strftime('%H:%M:%S')}  {fraction:4.0%}  {stage}", flush=True)
        self._last = stage

    def should_stop(self) -> bool:
        return False


def main(arguments: list[str]) -> int:
    """`python -m dnaconv_core.runs.making NAME LOCK`; LOCK is an open descriptor that holds the making's lock."""
    held = int(arguments[1])
    os.set_inheritable(held, False)
    process.be_modest()
    making = find_making(arguments[0])
    if making is None:
        return 0  # its record was removed meanwhile
    over = threading.Event()
    listening = threading.Thread(target=_interrupt_when_asked, args=(making.folder, over), daemon=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        listening.start()
        _lead(making, lambda told: bring(read_recipe(making.folder / RECIPE), told, on=making.on), _Lines())
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
    except DnaConvError as error:
        print(error, file=sys.stderr)
    except Exception:
        traceback.print_exc()
    finally:
        over.set()
        os.close(held)  # now, not when Python has taken itself apart
    return 0


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _interrupt_when_asked(folder: Path, over: threading.Event) -> None:
    """A wish to stop is heard where the work does not look itself; so is that the record, or the home, is gone."""
    while not over.wait(_LOOK):
        if (folder / STOP).exists() or not (folder / RECORD).exists():
            os.kill(os.getpid(), signal.SIGTERM)
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
