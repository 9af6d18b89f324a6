"""Two sessions at one piece of work: one leaves in the very moment in which the other joins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
KEY = ("making", "token")


class Slow(set):
    """A set of sessions in which one change takes as long as the test wants."""

    def __init__(self, sessions, verb: str) -> None:
        super().__init__(sessions)
        self.verb, self.begun, self.go = verb, threading.Event(), threading.Event()

    def _take_time(self, verb: str) -> None:
        if verb == self.verb:
            self.begun.set()
            assert self.go.wait(20)

    def add(self, session) -> None:
        self._take_time("add")
        super().add(session)

    def discard(self, session) -> None:
        self._take_time("discard")
        super().discard(session)


@pytest.fixture
def jobs(monkeypatch):
    pytest.importorskip("streamlit")
    monkeypatch.syspath_prepend(str(APP))
    from frame.job import _Jobs

    return _Jobs()


@pytest.fixture
def work():
    """Work that lasts until the test is over."""
    over = threading.Event()
    yield lambda progress: over.wait(20)
    over.set()


def beside(act, *arguments) -> threading.Thread:
    thread = threading.Thread(target=act, args=arguments, daemon=True)
    thread.start()
    return thread


def test_one_that_leaves_while_another_joins_does_not_stop_the_work(jobs, work):
    job = jobs.start(KEY, work, "first")
    sessions = job.sessions = Slow(job.sessions, "add")
    joins = beside(jobs.start, KEY, work, "second")
    assert sessions.begun.wait(20)
    leaves = beside(jobs.leave, KEY, "first")
    leaves.join(0.3)
    assert leaves.is_alive() and not job.stopped  # it waits until the other has joined
    sessions.go.set()
    joins.join(20)
    leaves.join(20)
    assert not job.stopped and job.sessions == {"second"} and jobs.get(KEY) is job


def test_one_that_joins_while_the_last_one_leaves_gets_work_of_its_own(jobs, work):
    job = jobs.start(KEY, work, "first")
    sessions = job.sessions = Slow(job.sessions, "discard")
    leaves = beside(jobs.leave, KEY, "first")
    assert sessions.begun.wait(20)
    joins = beside(jobs.start, KEY, work, "second")
    joins.join(0.3)
    assert joins.is_alive() and jobs.get(KEY) is job  # it waits until the other is gone
    sessions.go.set()
    leaves.join(20)
    joins.join(20)
    again = jobs.get(KEY)
    assert job.stopped and again is not job and not again.stopped and again.sessions == {"second"}
