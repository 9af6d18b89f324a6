"""Work that takes longer than a page should wait: in a thread of the server, with progress on the page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError

_MOST = 24  # results kept
_log = logging.getLogger("dnaconv.app")


class Job:
    """One piece of work; it is also the progress that the work reports to."""

    def __init__(self, work: Callable[[Job], Any]) -> None:
        self.fraction, self.message = 0.0, "starting"
        self.result: Any = None
        self.error: Exception | None = None
        self.done = self._stop = False
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def report(self, fraction: float, message: str) -> None:
        self.fraction, self.message = min(max(fraction, 0.0), 1.0), message

    def should_stop(self) -> bool:
        return self._stop

    def stop(self) -> None:
        self._stop = True

    def _run(self, work: Callable[[Job], Any]) -> None:
        try:
            self.result = work(self)
        except Exception as error:  # shown where the result would stand
            if not isinstance(error, DnaConvError):
                _log.exception("background work failed")
            self.error = error
        self.done = True


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[tuple, Job]:
    return {}


def known(key: tuple) -> Job | None:
    """The job of this key, if it was started."""
    return _jobs().get(key)


def start(key: tuple, work: Callable[[Job], Any]) -> Job:
    """The job of this key, started now if there is none."""
    jobs = _jobs()
    if key not in jobs:
        while len(jobs) >= _MOST and (old := next((k for k, j in jobs.items() if j.done), None)) is not None:
            jobs.pop(old, None)
        jobs[key] = Job(work)
    return jobs[key]


def forget(key: tuple) -> None:
    """Let go of a job's result, so that it is made again when asked for."""
    job = _jobs().pop(key, None)
    if job is not None:
        job.stop()


def finished(key: tuple, work: Callable[[Job], Any], words: str) -> Any:
    """The work's result, or None while it runs: then its progress is drawn here, and the page drawn again at its end.

    Raises what the work raised.
    """
    job = start(key, work)
    with st.container():  # there also when all is done, so that what is below keeps its place and is not drawn anew
        if not job.done:
            st.fragment(_watch, run_every=1.0)(key, words)
            return None
    if job.error is not None:
        _jobs().pop(key, None)
        raise job.error
    return job.result


def _watch(key: tuple, words: str) -> None:
    job = _jobs().get(key)
    if job is None or job.done:
        st.rerun()
    st.progress(job.fraction, text=f"{words}: {job.message}")
