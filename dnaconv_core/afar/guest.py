"""`python -m dnaconv_core.afar.guest`: the one run of a worker's home folder, from its record to its bundle."""

from __future__ import annotations

import os
import sys
import threading

from dnaconv_core.errors import DnaConvError
from dnaconv_core.runs.queue import Slot
from dnaconv_core.runs.store import Run, Store
from dnaconv_core.runs.worker import settings_of, train_claimed


def main() -> int:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    store = Store()
    run = store.waiting()[0]
    try:
        device = _device(run)
    except DnaConvError as error:
        store.fail(run.id, str(error))
        return 2
    claim = store.claim(lambda _: True, "")
    if claim is not None:
        train_claimed(store, Slot(device, 0), claim, os.open(os.devnull, os.O_RDONLY))
    return 0


def _device(run: Run) -> str:
    """The device that the run has had, where this machine has it, else the best of what it asks for."""
    from dnaconv_core.train.device import devices, resolve

    return run.device if run.device in [one.key for one in devices()] else resolve(settings_of(run).device)


def _end_with_parent() -> None:
    """A worker that dies takes its run with it: the pipe that it holds is closed then."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
