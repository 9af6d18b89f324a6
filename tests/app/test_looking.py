"""How often parts of a page draw themselves anew, alone and in a crowd."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import pytest
import streamlit as st

APP = Path(__file__).parents[2] / "app"


@pytest.fixture
def looking(monkeypatch):
    """The module, before anybody has looked."""
    monkeypatch.syspath_prepend(APP)
    module = importlib.import_module("frame.looking")
    monkeypatch.setattr(module, "_seen", {})
    return module


@pytest.fixture
def crowd(looking):
    """Have so many sessions draw something, so long ago."""

    def drawn(n: int, ago: float = 0.0) -> None:
        looking._seen.update({f"session {number}": time.monotonic() - ago for number in range(n)})

    return drawn


@pytest.mark.parametrize(("sessions", "factor"), [(0, 1), (1, 1), (10, 1), (25, 2.5), (50, 5)])
def test_many_sessions_look_less_often(looking, crowd, sessions, factor):
    crowd(sessions)
    assert looking.paced(0.5) == pytest.approx(0.5 * factor)


def test_sessions_that_have_gone_are_not_counted_and_not_kept(looking, crowd):
    crowd(50, ago=31)
    assert looking.paced(2.0) == 2.0
    assert looking._seen == {}


class Redrawn(Exception):
    pass


@pytest.fixture
def fragments(monkeypatch):
    """What was made a fragment, with its pace; a whole page drawn anew is an error that tells."""
    made = []

    def fragment(draw, run_every=None):
        made.append(run_every)
        return draw

    def rerun():
        raise Redrawn

    monkeypatch.setattr(st, "fragment", fragment)
    monkeypatch.setattr(st, "rerun", rerun)
    return made


def test_a_part_is_drawn_with_the_page_and_keeps_its_name(looking, fragments):
    drawn = []

    def part(*asked):
        drawn.append(asked)

    look = looking.looking(part, 1.5)
    look("a", 2)
    looking.looking(part, None)("b")
    assert fragments == [1.5, None]
    assert drawn == [("a", 2), ("b",)]
    assert look.__qualname__ == part.__qualname__  # by which Streamlit knows a fragment again


def test_the_page_takes_another_pace_when_the_crowd_has_come_or_gone(looking, crowd, fragments):
    look = looking.looking(lambda: None, 1.0)
    crowd(20)
    look()
    crowd(21)
    with pytest.raises(Redrawn):
        look()
    later = looking.looking(lambda: None, 1.0)
    assert fragments == [1.0, pytest.approx(2.1)]
    later()
    looking._seen.clear()
    with pytest.raises(Redrawn):
        later()


def test_garbage_is_collected_now_and_then_not_at_each_look(looking, monkeypatch):
    done = []
    monkeypatch.setattr(looking.gc, "collect", lambda: done.append(1))
    monkeypatch.setattr(looking, "_tidied", time.monotonic() - 11)
    for _ in range(5):
        looking.here()
    assert len(done) == 1
