"""How often parts of a page draw themselves anew, alone and in a crowd."""

from __future__ import annotations

import ast
import importlib
import time
from pathlib import Path

import pytest
import streamlit as st

from dnaconv_core.experiments import all_experiments
from dnaconv_core.runs import queue
from dnaconv_core.runs.store import Store
from dnaconv_core.users import NoUser

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


def test_a_part_whose_user_has_gone_shows_nothing_and_has_the_page_drawn(looking, fragments, monkeypatch):
    drawn = []
    look = looking.looking(lambda: drawn.append(1), 1.0)

    def nobody():
        raise NoUser("log in first")

    monkeypatch.setattr(looking, "acting", nobody)
    with pytest.raises(Redrawn):
        look()
    assert not drawn


def test_a_press_is_heard_when_a_part_of_the_page_changes_while_the_page_is_drawn_for_it(dashboard, monkeypatch):
    at = dashboard("train", experiment="rnai")
    lasting = importlib.import_module("learn.lasting")
    monkeypatch.setattr(queue, "_spawn", lambda *_: None)
    known = iter([None])  # at the first look; then the work beside the page has ended
    seconds = dict.fromkeys(all_experiments()["rnai"].presets, 40.0)
    monkeypatch.setattr(lasting, "_found", lambda *_: next(known, seconds))
    next(button for button in at.button if button.label == "Start training").click().run()
    assert [run.state for run in Store().list()] == ["queued"]
    assert at.query_params["run"] == Store().list()[0].id


def given(widget) -> tuple:
    """The value that a browser is told to show, and the one it begins with when it has missed that."""
    proto = widget.proto
    if "raw_value" in proto.DESCRIPTOR.fields_by_name and len(getattr(proto, "options", ())):  # words, and a place
        asked = [proto.raw_value] if isinstance(proto.raw_value, str) else list(proto.raw_value)
        return asked, [proto.options[int(proto.default if isinstance(proto.default, int) else proto.default[0])]]
    if isinstance(proto.value, float | bool | str):
        return proto.value, proto.default
    return list(proto.value), list(proto.default)


@pytest.mark.parametrize("page, link", [("train", {"depth": "3", "epochs": "7", "seed": "3"}), ("predict", {})])
def test_a_browser_that_misses_that_a_field_was_set_begins_with_its_value(dashboard, page, link):
    """Work that ends at once has the page drawn again, and then Streamlit does not tell a second time what was set."""
    at = dashboard(page, experiment="tf_binding", **link)
    fields = [*at.slider, *at.select_slider, *at.number_input, *at.toggle, *at.selectbox, *at.text_area]
    fields = [field for field in fields if field.proto.set_value and field.key[0] != "_"]  # those are set each time
    assert len(fields) > 20 or page == "predict"
    assert fields and {field.key: given(field) for field in fields if given(field)[0] != given(field)[1]} == {}
    rows = [row.proto for row in at.get("button_group") if row.proto.set_value and not row.key.startswith("_")]
    assert [[row.options[place].content for place in row.default] for row in rows] == [
        list(row.raw_values) for row in rows
    ]


def test_no_part_of_a_page_breaks_off_the_drawing_of_the_page_it_is_drawn_with():
    """Such a part asks for another drawing of the page by `redraw`, which waits for the end of this one."""
    parts = []
    for file in APP.rglob("*.py"):
        tree = ast.parse(file.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {call.args[0].id for call in calls if isinstance(call.func, ast.Name) and call.func.id == "looking"}
        parts += [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    assert len(parts) > 7
    assert [part.name for part in parts if "st.rerun(" in ast.unparse(part)] == []


def test_garbage_is_collected_now_and_then_not_at_each_look(looking, monkeypatch):
    done = []
    monkeypatch.setattr(looking.gc, "collect", lambda: done.append(1))
    monkeypatch.setattr(looking, "_tidied", time.monotonic() - 11)
    for _ in range(5):
        looking.tidy()
    assert len(done) == 1
