"""The dashboard in Streamlit's own test harness: no browser, started at the entrypoint."""

from __future__ import annotations

import functools
import re
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

APP = Path(__file__).parents[2] / "app"


def path_of(page: str) -> str:
    """Where the file of a page lies in the app, as `switch_page` wants it."""
    named = dict(re.findall(r'^(\w+) = "(.+)"$', (APP / "frame" / "pages.py").read_text(), re.MULTILINE))
    return named[page.upper()]


@pytest.fixture(scope="session", autouse=True)
def looked_up_once():
    """The harness compiles every script anew for each run, and looks through all installed packages for each app: half
    of the time of a test. Both stay as they are while tests run."""
    runner = pytest.importorskip("streamlit.testing.v1.local_script_runner")
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner.script_cache import ScriptCache

    scripts, scan = ScriptCache(), functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "ScriptCache", lambda: scripts)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def dashboard(monkeypatch):
    """A function that opens the app at a page, with query parameters, and runs it once."""
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.syspath_prepend(str(APP))

    def open_(page: str = "", **query: str):
        at = testing.AppTest.from_file(str(APP / "dashboard.py"), default_timeout=120)
        for name, value in query.items():
            at.query_params[name] = value
        return (at.switch_page(path_of(page)) if page else at).run()  # as a link to the page does

    return open_


@pytest.fixture(scope="session")
def small_runs(made_once):
    """A function that trains a small network on some data, once for all tests, and returns its run and its store."""
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store
    from dnaconv_core.runs.worker import train_here

    made: dict[tuple[str, str], tuple] = {}
    small = {"epochs": 2, "eval_every": 1, "filters": 4, "depth": 1, "batch_size": 500, "device": "cpu"}

    def train(experiment: str, data: str = "synthetic"):
        def fill(home: Path) -> None:
            store = Store(home)
            run = store.create(RunSpec(experiment, data=data, settings=small), name=f"a small {experiment}")
            train_here(store, run.id)

        if (experiment, data) not in made:
            store = Store(made_once(f"{experiment}-{data}", fill))
            (run,) = store.list()
            made[experiment, data] = (run, store)
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
def trained_copy(small_runs, monkeypatch, tmp_path):
    """A function like `trained` whose run is a copy, for a test that writes into its folder."""

    def train(experiment: str, data: str = "synthetic"):
        run, store = small_runs(experiment, data)
        copied = shutil.copytree(store.home, tmp_path / "copied")
        monkeypatch.setenv("DNACONV_HOME", str(copied))
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
            for thread in threading.enumerate():
                if thread.name == "work":
                    thread.join(0.5)  # no page is drawn only to see that it is not done
            at.run()
        raise AssertionError("the work did not end")

    return wait


@pytest.fixture(scope="session")
def several_trained(made_once):
    """A home with own experiments that have several outputs, each with a trained run: its path, and the runs by key.

    'kinds' asks which of three classes, one with Markdown in its name; 'deeper' is of it too; 'two' has two labels,
    the second with gaps, 'amounts' has two numbers.
    """
    from dnaconv_core.runs.store import Store

    home = made_once("several", _fill_several)
    runs = Store(home).list()
    return home, {"deeper" if run.name.startswith("a deeper") else run.experiment: run for run in runs}


def _fill_several(home: Path) -> None:
    from dnaconv_core.data.labels import LabelRecipe
    from dnaconv_core.experiments.bring import bring
    from dnaconv_core.experiments.recipe import Input, Recipe
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store
    from dnaconv_core.runs.worker import train_here

    folder = home.with_name("several-files")
    folder.mkdir(exist_ok=True)
    words = {"ap1": "TGACTCA", "*sp1*": "GGGCGGG", "plain": ""}
    texts = {name: _planted(word, 80, seed) for seed, (name, word) in enumerate(words.items())}
    files = [folder / f"class{number}.fa" for number in range(3)]
    for file, some in zip(files, texts.values(), strict=True):
        file.write_text("".join(f">{file.stem}_{i}\n{text}\n" for i, text in enumerate(some)))
    rows = ["seq,ap1,sp1"]
    for name, some in texts.items():
        rows += [
            f"{text},{int(name == 'ap1')},{'' if i % 4 == 3 else int(name == '*sp1*')}" for i, text in enumerate(some)
        ]
    (folder / "two.csv").write_text("\n".join(rows))
    inputs = tuple(Input("class", str(file), name) for file, name in zip(files, texts, strict=True))
    counted = [f"{text},{text.count('C')},{text.count('G')}" for some in texts.values() for text in some]
    (folder / "amounts.csv").write_text("\n".join(["seq,C,G", *counted]))
    table, amounts = ((Input("table", str(folder / name)),) for name in ("two.csv", "amounts.csv"))
    recipes = (
        Recipe("kinds", inputs),
        Recipe("two", table, sequence="seq", labels=LabelRecipe(columns=("ap1", "sp1"))),
        Recipe("amounts", amounts, sequence="seq", labels=LabelRecipe(columns=("C", "G"))),
    )
    small = {"epochs": 6, "eval_every": 2, "filters": 6, "learning_rate": 0.02, "batch_size": 32, "device": "cpu"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNACONV_HOME", str(home))
        store = Store()
        for recipe in recipes:
            bring(recipe)
            run = store.create(RunSpec(recipe.key, data="own", settings=small), name=f"a run of {recipe.key}")
            train_here(store, run.id)
        run = store.create(RunSpec("kinds", data="own", settings=small | {"depth": 2}), name="a deeper run of kinds")
        train_here(store, run.id)


def _planted(word: str, n: int, seed: int) -> list[str]:
    """Random sequences of 40 bases with a word in the middle."""
    rng = np.random.default_rng(seed)
    texts = ["".join("ACGT"[base] for base in row) for row in rng.integers(0, 4, (n, 40))]
    return [text[:15] + word + text[15 + len(word) :] for text in texts]


@pytest.fixture
def several(several_trained, monkeypatch):
    """The runs of `several_trained` by their experiments, in a home that is this test's."""
    home, runs = several_trained
    monkeypatch.setenv("DNACONV_HOME", str(home))
    return runs
