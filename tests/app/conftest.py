"""The dashboard in Streamlit's own test harness: no browser, started at the entrypoint."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"


def path_of(page: str) -> str:
    """Where the file of a page lies in the app, as `switch_page` wants it."""
    named = dict(re.findall(r'^(\w+) = "(.+)"$', (APP / "frame" / "pages.py").read_text(), re.MULTILINE))
    return named[page.upper()]


@pytest.fixture
def dashboard(monkeypatch):
    """A function that opens the app at a page, with query parameters, and runs it once."""
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.syspath_prepend(str(APP))

    def open_(page: str = "", **query: str):
        at = testing.AppTest.from_file(str(APP / "streamlit_app.py"), default_timeout=120)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        return at.switch_page(path_of(page)).run() if page else at

    return open_


@pytest.fixture(scope="session")
def small_runs(tmp_path_factory):
    """A function that trains a small network on some data, once for all tests, and returns its run and its store."""
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store
    from dnaconv_core.runs.worker import train_here

    made: dict[tuple[str, str], tuple] = {}
    small = {"epochs": 2, "eval_every": 1, "filters": 4, "depth": 1, "batch_size": 500, "device": "cpu"}

    def train(experiment: str, data: str = "synthetic"):
        if (experiment, data) not in made:
            store = Store(tmp_path_factory.mktemp("trained"))
            run = store.create(RunSpec(experiment, data=data, settings=small), name=f"a small {experiment}")
            made[experiment, data] = (train_here(store, run.id), store)
        return made[experiment, data]

    return train


@pytest.fixture
def trained(small_runs, monkeypatch, home):
    """A function like `small_runs` that also makes the run's home this test's home, and returns the run."""

    def train(experiment: str, data: str = "synthetic"):
        run, store = small_runs(experiment, data)
        monkeypatch.setenv("DNACONV_HOME", str(store.home))
        return run

    return train


@pytest.fixture
def settled():
    """A function that runs a page again until its background work has ended, and returns it."""

    def wait(at):
        until = time.monotonic() + 180  # the machine may be busy
        while time.monotonic() < until:
            if not any(button.key and button.key.endswith("_stop") for button in at.button):
                return at
            time.sleep(0.1)
            at.run()
        raise AssertionError("the work did not end")

    return wait
