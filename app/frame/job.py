"""Work that takes longer than a click: in a thread of the server, with its progress on the page and a way to stop it.

All who ask for the same share the work and its result.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from dnaconv_core.home import home
from dnaconv_core.progress import Progress
from frame.language import said, tr
from frame.looking import looking, redraw
from frame.where import dashboard_link
from frame.words import Words, plain
from frame.work import Job

_EVERY = 0.5  # seconds between looks
_PATIENCE = 0.8  # seconds a page waits before it shows a bar
_MOST = 6  # results kept of one kind of work
_log = logging.getLogger("dnaconv.app")


class _Jobs:
    """The jobs of all sessions, by key; those asked for last come last."""

    def __init__(self) -> None:
        self._lock, self._jobs = threading.Lock(), {}

    def get(self, key: tuple) -> Job | None:
        return self._jobs.get(key)

    def start(self, key: tuple, work: Callable[[Progress], Any], session: object = None, on: str = "") -> Job:
        """The job of this key, begun now if there is none; the oldest results of its kind are let go."""
        with self._lock:
            job = self._jobs.pop(key, None) or Job(work, on)
            if session is not None:  # in the same breath, or another session that leaves would stop it
                job.sessions.add(session)
            ended = [k for k, other in self._jobs.items() if k[0] == key[0] and other.done]
            for old in ended[: max(0, len(ended) + 1 - _MOST)]:
                del self._jobs[old]
            self._jobs[key] = job
            return job

    def forget(self, key: tuple) -> None:
        with self._lock:
            job = self._jobs.pop(key, None)
        if job is not None:
            job.stopped = True

    def leave(self, key: tuple, session: object) -> None:
        """This session has gone on to something else; work that nobody waits for any more is stopped."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.done:
                return
            job.sessions.discard(session)
            if not job.sessions:
                del self._jobs[key]
                job.stopped = True


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def _of_home(key: tuple) -> tuple:
    """The key with the home the work is done in: another user's is other work, whatever it is called."""
    return (key[0], str(home()), *key[1:])


def known(key: tuple[Hashable, ...]) -> bool:
    """Whether this work was begun."""
    return _jobs().get(_of_home(key)) is not None


def so_far(key: tuple[Hashable, ...]) -> Any | None:
    """What this work has let pages show up to now (`Job.show`), also after a stop; pages are drawn again for it."""
    job = _jobs().get(_of_home(key))
    return None if job is None else job.so_far


def going_on(key: tuple[Hashable, ...]) -> bool:
    """Whether this work was begun and has not ended."""
    job = _jobs().get(_of_home(key))
    return job is not None and not job.done and not job.stopped


def forget(key: tuple[Hashable, ...]) -> None:
    """Let its result go; where it is going on, it is stopped."""
    _jobs().forget(_of_home(key))


def quietly(key: tuple[Hashable, ...], work: Callable[[Progress], Any], *, patience: float = 0.1) -> Any | None:
    """The result of `work(progress)`, or None while it is not there: nothing is drawn, and nobody waits for long.

    Work that failed gives None for as long as it is remembered: it adds to a page that does without.
    """
    job = _jobs().start(_of_home(key), work)
    job.thread.join(patience)
    return job.result if job.done else None


def begin_again(key: tuple[Hashable, ...], work: Callable[[Progress], Any], on: str = "") -> None:
    """Stop this work where it is going on, and do it now, not when it is next asked for: a button may have begun it."""
    _jobs().forget(_of_home(key))
    _jobs().start(_of_home(key), work, on=on)


def background(
    key: tuple[Hashable, ...],
    work: Callable[[Progress], Any],
    *,
    words: str = "",
    going_on: bool = False,
    on: str = "",
) -> Any | None:
    """The result of `work(progress)`, or None while it runs (then a bar and a button are drawn) or after a stop.

    key: the kind of work, then all that decides its result. When this session asks for another of the same kind, the
    one before is stopped, unless `going_on` or another session waits for it. words: what is done, before the
    progress's own. on: the cluster that does it, whose dashboard is linked. Raises what the work raised, once: then it
    is forgotten.
    """
    asked, key = key, _of_home(key)
    kind, jobs = str(key[0]), _jobs()
    session = st.session_state.setdefault("_session", object())
    last = st.session_state.get(f"_last_{kind}")
    if last not in (None, key) and not going_on:
        jobs.leave(last, session)
    st.session_state[f"_last_{kind}"] = key
    fresh = jobs.get(key) is None
    job = jobs.start(key, work, session, on)
    if fresh:
        job.thread.join(_PATIENCE)
    with st.container():  # there also when all is done, so that what is below keeps its place and is not drawn anew
        if job.stopped:  # its thread ends at its next look, some seconds later on a busy machine: nobody waits for that
            _again(asked, work, words, on)
            return None
        if not job.done:
            looking(_watch, _EVERY)(key, words, job.so_far)
            return None
    if job.error is not None:
        jobs.forget(key)
        raise job.error
    return job.result


def _watch(key: tuple, words: str, drawn: Any) -> None:
    job = _jobs().get(key)
    if job is None or job.done or job.stopped or job.so_far is not drawn:
        return redraw()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        message = plain(said(job.message)) + _left(job)
        st.progress(job.fraction, text=f"{plain(words)}: {message}" if words else message)
        st.button(
            tr("Stop"), key=f"{key[0]}_stop", icon=":material/stop:", on_click=setattr, args=(job, "stopped", True)
        )
        if job.fraction:  # the cluster has answered
            dashboard_link(job.on)


def _left(job: Job) -> Words:
    """The time left, where it can be told."""
    if (left := job.left) is None:
        return ""
    return " · " + (tr("about {n:.0f} s left", n=left) if left < 90 else tr("about {n:.0f} min left", n=left / 60))


def _again(key: tuple, work: Callable[[Progress], Any], words: str, on: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        stopped = tr("{work} was stopped.", work=plain(words or tr("The work")))
        st.markdown(f":material/stop_circle: {stopped}", width="content")
        st.button(tr("Start again"), key=f"{key[0]}_again", on_click=begin_again, args=(key, work, on))
