"""Background work: shared, stopped when nobody waits, begun again on request, and its errors told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"


class Log:
    """What work was begun and ended, and what work waits."""

    def __init__(self) -> None:
        self.started: list[tuple] = []
        self.ended: list[tuple] = []
        self.held: set[str] = set()
        self.deaf = False  # to a stop

    def wait(self, n: int) -> None:
        until = time.monotonic() + 20
        while len(self.ended) < n and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.ended) == n


def page(log) -> None:
    import time

    import streamlit as st

    from dnaconv_core.errors import InputError
    from frame.job import background

    what = st.text_input("what", key="what")

    def work(progress):
        log.started.append(key)
        while what in log.held and (log.deaf or not progress.should_stop()):
            progress.report(0.5, "half way")
            time.sleep(0.01)
        log.ended.append((key, progress.should_stop()))
        if what == "wrong":
            raise InputError("this is wrong: give something else")
        return f"made {what}"

    key = (st.session_state.get("kind", "test"), what)
    try:
        going_on, on = key[0] == "lasting", st.session_state["on"]
        found = background(key, work, words="Testing", going_on=going_on, on=on)
    except InputError as error:
        st.error(str(error))
        return
    st.write(found or "nothing yet")


@pytest.fixture
def log():
    log = Log()
    yield log
    log.held.clear()


@pytest.fixture
def session(monkeypatch, log):
    """A function that opens a session which asks for something."""
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.syspath_prepend(str(APP))

    def open_(what: str, kind: str = "test", on: str = ""):
        at = testing.AppTest.from_function(page, kwargs={"log": log})
        at.session_state["kind"], at.session_state["what"], at.session_state["on"] = kind, what, on
        return at.run()

    return open_


def said(at) -> str:
    return at.markdown[-1].value


def test_quick_work_is_there_at_once_and_done_once_for_all_sessions(session, log):
    assert said(session("quick")) == "made quick"
    assert said(session("quick")) == "made quick"
    assert log.started == [("test", "quick")]


def test_long_work_shows_a_way_to_stop_it_and_to_begin_again(session, log):
    log.held.add("long")
    at = session("long")
    assert said(at) == "nothing yet"
    at.button(key="test_stop").click().run()
    log.wait(1)
    at.run()
    assert any("Testing was stopped" in text.value for text in at.markdown)
    log.held.clear()
    at.button(key="test_again").click().run()
    assert said(at) == "made long" and len(log.started) == 2


def test_a_stop_is_told_before_the_work_has_looked_up(session, log):
    log.deaf = True
    log.held.add("deaf")
    at = session("deaf")
    at.button(key="test_stop").click().run()
    at.run()
    assert any("Testing was stopped" in text.value for text in at.markdown) and not log.ended
    log.deaf = False
    log.wait(1)
    at.run()
    assert any("Testing was stopped" in text.value for text in at.markdown)


def test_what_a_button_began_is_begun_again_without_it(session, log):
    log.held.add("asked")
    at = session("asked", "lasting")
    at.button(key="lasting_stop").click().run()
    log.wait(1)
    at.run()
    at.button(key="lasting_again").click()
    at.text_input(key="what").set_value("other").run()  # the page asks for something else in the same run
    assert [what for _, what in log.started].count("asked") == 2


@pytest.mark.parametrize("kind, still_going", [("test", False), ("lasting", True)])
def test_work_is_stopped_when_its_session_asks_for_something_else(session, log, kind, still_going):
    log.held.add("first")
    at = session("first", kind)
    at.text_input(key="what").set_value("second").run()
    assert said(at) == "made second"
    if still_going:
        assert len(log.ended) == 1
    else:
        log.wait(2)
        assert ((kind, "first"), True) in log.ended


def test_work_goes_on_while_another_session_waits_for_it(session, log):
    log.held.add("shared")
    one, other = session("shared"), session("shared")
    one.text_input(key="what").set_value("different").run()
    assert log.ended == [(("test", "different"), False)]
    log.held.clear()
    log.wait(2)
    assert said(other.run()) == "made shared" and len(log.started) == 2


def test_an_error_is_told_and_the_work_tried_again(session, log):
    at = session("wrong")
    assert at.error[0].value == "this is wrong: give something else"
    at.run()
    assert len(log.started) == 2 and at.error


def test_the_oldest_results_of_a_kind_are_let_go(session, log):
    at = session("result 0")
    for number in range(1, 8):
        at.text_input(key="what").set_value(f"result {number}").run()
    at.text_input(key="what").set_value("result 0").run()
    assert [what for _, what in log.started].count("result 0") == 2
    at.text_input(key="what").set_value("result 7").run()
    assert [what for _, what in log.started].count("result 7") == 1


def test_work_on_a_cluster_links_to_where_dask_shows_it(session, log, monkeypatch):
    """On the server's own cluster, once it has answered, and nowhere else."""
    monkeypatch.setenv("DNACONV_CLUSTER", "tcp://lab:8786")
    from dnaconv_core.cluster.connect import Cluster

    asked = []
    monkeypatch.setattr("frame.where.look", lambda on: asked.append(on) or Cluster(2, f"http://{on[6:9]}:8787/status"))
    log.held = {"a", "b", "c"}
    links = []
    for what, on in (("a", "tcp://lab:8786"), ("b", "tcp://other:8786"), ("c", "")):
        at = session(what, on=on)
        at.run()
        links.append([link.proto.url for link in at.get("link_button")])
    assert links == [["http://lab:8787/status"], [], []] and set(asked) <= {"tcp://lab:8786"}
