"""Work that takes longer than a click: in a thread of its own, with its progress and a way to stop it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.progress import Progress

_EVERY = 0.4  # seconds between looks
_PATIENCE = 1.2  # seconds a page waits before it shows a bar
_log = logging.getLogger("dnaconv.app")


class _Job:
    """One piece of work; it is its own `Progress`."""

    def __init__(self, asked: Hashable, work: Callable[[Progress], Any]) -> None:
        self.asked, self.fraction, self.message = asked, 0.0, "starting"
        self.result: Any = None
        self.error: Exception | None = None
        self.stopped = False
        self.thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self.thread.start()

    def _run(self, work: Callable[[Progress], Any]) -> None:
        try:
            self.result = work(self)
        except DnaConvError as error:
            self.error = error
        except Exception as error:  # told on the page, with its traceback in the terminal
            _log.exception("background work failed")
            self.error = error

    def report(self, fraction: float, message: str) -> None:
        self.fraction, self.message = min(max(fraction, 0.0), 1.0), message

    def should_stop(self) -> bool:
        return self.stopped


def background(key: str, asked: Hashable, work: Callable[[Progress], Any]) -> Any | None:
    """The result of `work(progress)`, or None while it runs (then a bar and a button are drawn) or after a stop.

    asked: what decides the result; when it changes, work still going on is stopped and the new one begins. Raises what
    the work raised.
    """
    job: _Job | None = st.session_state.get(key)
    if job is None or job.asked != asked:
        if job is not None:
            job.stopped = True
        job = st.session_state[key] = _Job(asked, work)
        until = time.monotonic() + _PATIENCE
        while job.thread.is_alive() and time.monotonic() < until:
            time.sleep(0.02)
    if job.thread.is_alive():
        _watch(key)
        return None
    if job.error is not None:
        raise job.error
    if job.stopped:
        st.info("Stopped.", icon=":material/stop_circle:")
        if st.button("Start again", key=f"{key}_again"):
            del st.session_state[key]
            st.rerun()
        return None
    return job.result


@st.fragment(run_every=_EVERY)
def _watch(key: str) -> None:
    job: _Job | None = st.session_state.get(key)
    if job is None or not job.thread.is_alive():
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.progress(job.fraction, text=job.message)
        if st.button("Stop", key=f"{key}_stop", icon=":material/stop:", disabled=job.stopped):
            job.stopped = True
