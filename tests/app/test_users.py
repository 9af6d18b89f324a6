"""Two users in two sessions of one server: nothing of one is seen by the other, unless it is shared."""

from __future__ import annotations

import ast
import importlib
import time
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.experiments.bring import bring
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.experiments.uploads import Lot
from dnaconv_core.home import acting_as, configured_home, home
from dnaconv_core.runs.search_record import Search, folder_of, write_search
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here
from dnaconv_core.sharing import EXPERIMENTS, RUNS, share

APP = Path(__file__).parents[2] / "app"
PAGES = ("your_data", "experiments", "train", "runs", "evaluate", "filters", "saliency", "motifs", "predict", "scan")
TOKEN = "0123456789abcdef"
SECRETS = ("annas-run", "Annas question", "annas-search", "annas_table", "ANNAS NOTE")


@pytest.fixture
def session(dashboard, monkeypatch):
    """A function that opens a page in a new session of this user; its requests are told as the guard tells them."""
    import streamlit as st

    from frame import users

    monkeypatch.setenv("DNACONV_USERS", "header:X-Forwarded-User")

    def told() -> str:
        return users.checked_user(st.session_state.setdefault("_who", st.query_params.get("who", "")))

    monkeypatch.setattr(users, "_told", told)
    return lambda user, page="", **query: dashboard(page, who=user, **query)


def everything(at) -> str:
    """All that a session was sent: texts, labels, options, addresses."""
    sent = (getattr(part, "proto", None) for part in at._tree)
    return b"\n".join(proto.SerializeToString() for proto in sent if proto is not None).decode("latin-1")


@pytest.fixture(scope="module")
def annas(tmp_path_factory):
    """A home of several users in which anna has an upload, an experiment, a trained run of it and a search."""
    folder = tmp_path_factory.mktemp("several") / "home"
    with pytest.MonkeyPatch.context() as patch, acting_as("anna"):
        patch.setenv("DNACONV_HOME", str(folder))
        letters = np.array(list("ACGT"))[np.random.default_rng(3).integers(0, 4, (200, 30))]
        rows = ["".join(row) for row in letters]
        table = "\n".join(["seq,bound", *(f"{row},{i % 2}" for i, row in enumerate(rows))])
        path = Lot(TOKEN).keep("annas_table.csv", table.encode())
        words = {"title": "Annas question", "note": "ANNAS NOTE"}
        bring(Recipe("secret", (Input("table", str(path)),), sequence="seq", **words))
        small = {"epochs": 1, "filters": 2, "depth": 1, "batch_size": 32, "device": "cpu"}
        run = Store().create(RunSpec("secret", data="own", settings=small), name="annas-run")
        train_here(Store(), run.id)
        folder_of(Store(), "annas-search").mkdir(parents=True)
        write_search(Store(), Search("annas-search", "secret", "roc_auc", "annas-search", run.spec.to_json()))
        yield folder, run.id


@pytest.fixture
def shared_home(annas, monkeypatch):
    monkeypatch.setenv("DNACONV_HOME", str(annas[0]))
    return annas[1]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_one_shows_nothing_of_another(page, session, shared_home):
    mine = session("anna", page, experiment="secret")
    assert not mine.exception and "Annas question" in everything(mine)
    if page == "runs":
        assert "annas-run" in everything(mine) and "annas-search" in everything(mine)
    query = {"files": TOKEN} if page == "your_data" else {}
    other = session("bob", page, **query)
    assert not other.exception
    assert [word for word in SECRETS if word in everything(other)] == []


@pytest.mark.parametrize("page", ["evaluate", "train", "saliency"])
def test_a_link_to_anothers_run_finds_nothing(page, session, shared_home):
    session("anna", page, experiment="secret", run=shared_home)  # all that can be kept is kept now
    at = session("bob", page, experiment="secret", run=shared_home)
    assert [word for word in SECRETS if word in everything(at)] == []
    assert "There is no experiment 'secret'" in " ".join(one.value for one in at.warning)


def test_what_is_shared_is_seen_by_name_and_cannot_be_changed(session, shared_home):
    with acting_as("anna"):
        share(RUNS, shared_home)
        share(EXPERIMENTS, "secret")
    try:
        at = session("bob", "evaluate", experiment="secret", run=f"anna~{shared_home}")
        assert not at.exception and not at.error
        assert "shared by anna" in everything(at)
        runs = session("bob", "runs")
        assert "annas-run" in everything(runs) and "annas-search" not in everything(runs)
        data = session("bob", "your_data")
        assert "Annas question (shared by anna)" in everything(data)
        assert not [one for one in data.button if "delete_secret" in str(one.key)]
    finally:
        with acting_as("anna"):
            share(RUNS, shared_home, on=False)
            share(EXPERIMENTS, "secret", on=False)


def test_the_owner_shares_with_a_switch(session, shared_home):
    at = session("anna", "your_data")
    switch = next(one for one in at.toggle if one.key == "share_experiments_secret")
    assert switch.value is False
    switch.set_value(True).run()
    assert (configured_home() / "users/anna/shared/experiments/secret").is_file()
    next(one for one in at.toggle if one.key == "share_experiments_secret").set_value(False).run()
    assert not (configured_home() / "users/anna/shared/experiments/secret").exists()


def test_without_a_name_no_page_is_drawn_and_no_home_opened(session, home):
    for name in ("", "../anna", "a/b"):
        at = session(name)
        assert "cannot be a user's name here" in at.error[0].value
        assert not at.title and not at.button and not home.exists()


def test_without_the_guard_there_is_no_user(dashboard, monkeypatch, home):
    monkeypatch.setenv("DNACONV_USERS", "header:X-Forwarded-User")
    at = dashboard()
    assert "nobody is logged in" in at.error[0].value and not at.title and not home.exists()


def test_background_work_is_done_for_who_asked_and_is_not_anothers(monkeypatch, dashboard):
    from frame.job import _Jobs

    monkeypatch.setenv("DNACONV_USERS", "header:X-Forwarded-User")
    jobs = _Jobs()
    for name in ("anna", "bob"):
        with acting_as(name):
            jobs.start(("kind", str(home())), lambda progress: home())
    for name in ("anna", "bob"):
        with acting_as(name):
            job = jobs.get(("kind", str(home())))
        until = time.monotonic() + 20
        while not job.done and time.monotonic() < until:
            time.sleep(0.01)
        assert job.error is None and job.result == configured_home() / "users" / name


# Of what depends on nothing but these arguments: content, folders by their whole path, models by theirs.
_TELLING = {"home", "path", "model", "ref", "asked", "text", "task", "alphabet", "guides"}
_THE_SAME_FOR_ALL = {"warm_up", "_jobs", "_named", "_packed", "_run", "_device_list", "_dashboard", "held_levels"}


@pytest.mark.slow
def test_whatever_is_kept_between_sessions_names_whose_it_is():
    odd = []
    for file in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and any("st.cache" in ast.unparse(d) for d in node.decorator_list):
                names = {argument.arg for argument in node.args.args}
                if not names & _TELLING and node.name not in _THE_SAME_FOR_ALL:
                    odd.append(f"{file.relative_to(APP)}: {node.name}({', '.join(sorted(names))})")
    assert odd == []


@pytest.mark.parametrize(
    ("auth", "installed", "said"),
    [
        ({}, False, "needs Authlib and httpx: pip install 'dnaconv\\[oidc\\]'"),
        ({"client_id": "x"}, True, "needs redirect_uri, cookie_secret, client_secret, server_metadata_url under"),
        ({"redirect_uri": "https://lab.example/"}, True, "redirect_uri .* must end with /oauth2callback"),
        (None, True, "secrets.toml cannot be read \\(no such\\)"),
    ],
)
def test_a_login_that_is_not_set_up_is_said_at_the_start(monkeypatch, auth, installed, said):
    monkeypatch.syspath_prepend(str(APP))
    from dnaconv_core.errors import ConfigError
    from frame import users

    def given():
        if auth is None:
            raise OSError("no such")
        rest = ("cookie_secret", "client_id", "client_secret", "server_metadata_url")
        return auth | dict.fromkeys(rest if "redirect_uri" in auth else (), "x")

    monkeypatch.setenv("DNACONV_USERS", "oidc")
    monkeypatch.setattr(users, "is_authlib_installed", lambda: installed)
    monkeypatch.setattr(users, "get_secrets_auth_section", given)
    with pytest.raises(ConfigError, match=said):
        users.start_with_users()


class Stopped(Exception):
    pass


@pytest.mark.parametrize("entered", [True, False])
def test_who_has_logged_out_is_told_again_and_who_never_was_in_is_not(monkeypatch, entered):
    import streamlit as st

    monkeypatch.syspath_prepend(APP)
    users = importlib.import_module("frame.users")
    told, offered = [], []

    def nobody():
        raise users.NoUser("log in first")

    def stop():
        raise Stopped

    monkeypatch.setenv("DNACONV_USERS", "oidc")
    monkeypatch.setattr(users, "acting", nobody)
    for name, value in (("user", {}), ("session_state", {"_user": "anna"} if entered else {}), ("stop", stop)):
        monkeypatch.setattr(st, name, value)
    monkeypatch.setattr(st, "logout", lambda: told.append("log out"))
    monkeypatch.setattr(st, "button", lambda label, **_: offered.append(label))
    monkeypatch.setattr(st, "markdown", lambda words: None)
    with pytest.raises(Stopped):
        users.enter()
    assert told == ["log out"] * entered and offered == ["Log in"]
