"""Several users of one server: their names, homes, quotas, what they share, and the turns of their runs."""

from __future__ import annotations

import hashlib
import os
import threading
import time

import pytest

from dnaconv_core import home as homes
from dnaconv_core.errors import ConfigError, DnaConvError
from dnaconv_core.experiments import all_experiments, get_experiment
from dnaconv_core.experiments.bring import bring
from dnaconv_core.experiments.own_store import change_words, count_look, delete_experiment, looks
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.experiments.sources import load
from dnaconv_core.experiments.uploads import Lot, new_token
from dnaconv_core.home import acting_as, configured_home, environment, home, machine_home
from dnaconv_core.quota import QuotaError, check_room, quotas, size_of
from dnaconv_core.runs import queue
from dnaconv_core.runs.models import find_model, list_models
from dnaconv_core.runs.queue import serve, whose_turn
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.transfer import import_model
from dnaconv_core.sharing import EXPERIMENTS, RUNS, share, shared_by_others
from dnaconv_core.storing import check_file, check_path
from dnaconv_core.users import NoUser, Way, checked_user, is_proxy, user_of_token, way


@pytest.fixture(autouse=True)
def several(monkeypatch):
    monkeypatch.setattr(homes, "_asked", [])  # a test of the dashboard may have named its sessions
    monkeypatch.setenv("DNACONV_USERS", "header:X-Forwarded-User")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("header:X-Forwarded-User", Way("header", "X-Forwarded-User")),
        ("OIDC", Way("oidc", "")),
        ("tokens: /etc/a b", Way("tokens", "/etc/a b")),
    ],
)
def test_how_users_are_told(text, expected, monkeypatch):
    monkeypatch.setenv("DNACONV_USERS", text)
    assert way() == expected


@pytest.mark.parametrize("text", ["1", "header:", "header:X Y", "oidc:x", "tokens:"])
def test_another_text_is_refused(text, monkeypatch):
    monkeypatch.setenv("DNACONV_USERS", text)
    with pytest.raises(ConfigError, match="write header:NAME, oidc, or tokens"):
        way()


@pytest.mark.parametrize("name", ["Anna", " anna@lab.example ", "a", "0.b_c+d-e"])
def test_a_name_becomes_that_of_a_folder(name):
    assert checked_user(name) == name.strip().lower()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../bob", "a/b", "a\\b", "-a", ".a", "a\0", "a b", "ä", "a" * 65, "a\nb"]
)
def test_a_name_with_parts_of_a_path_is_none(name):
    with pytest.raises(NoUser, match="cannot be a user's name"):
        checked_user(name)
    with pytest.raises((NoUser, ConfigError)):  # nor by the environment of a worker
        os.environ["DNACONV_USER"] = name.replace("\0", "/") or "."
        try:
            home()
        finally:
            del os.environ["DNACONV_USER"]


def test_the_proxys_address(monkeypatch):
    assert is_proxy("127.0.0.1") and is_proxy("::1") and not is_proxy("10.0.0.5") and not is_proxy("nginx")
    monkeypatch.setenv("DNACONV_PROXY", "10.0.0.0/24")
    assert is_proxy("10.0.0.5") and not is_proxy("127.0.0.1") and not is_proxy("10.0.1.5")
    monkeypatch.setenv("DNACONV_PROXY", "my-proxy")
    with pytest.raises(ConfigError, match="DNACONV_PROXY is 'my-proxy'"):
        is_proxy("127.0.0.1")


def test_a_token_is_known_by_its_hash(tmp_path):
    file = tmp_path / "tokens"
    file.write_text(
        f"# ours\nAnna {hashlib.sha256(b'secret').hexdigest()}\n\nbob {hashlib.sha256(b'other').hexdigest()}\n"
    )
    assert [user_of_token(token, str(file)) for token in ("secret", "other", "Secret", "")] == ["anna", "bob", "", ""]
    file.write_text("anna secret\n")
    with pytest.raises(ConfigError, match="line 1: write a name"):
        user_of_token("secret", str(file))
    with pytest.raises(ConfigError, match="cannot be read"):
        user_of_token("secret", str(tmp_path / "none"))


def test_each_has_a_home_and_a_thread_has_nobodys_by_chance():
    found = []
    with acting_as("anna"):
        assert home() == configured_home() / "users" / "anna"
        assert machine_home(home()) == configured_home()
        thread = threading.Thread(target=lambda: found.append(home()))
        thread.start()
        thread.join()
    assert found == [configured_home()] == [home()]


def test_where_somebody_is_asked_nobody_means_no_home(monkeypatch):
    def nobody():
        raise NoUser("log in first")

    homes.ask_with(nobody)
    monkeypatch.setenv("DNACONV_USER", "anna")  # that of the server's own process does not count
    with pytest.raises(NoUser, match="log in first"):
        Store().list()
    with acting_as("bob"):
        assert Store().home.name == "bob"


def test_runs_models_and_uploads_are_ones_own(tmp_path):
    with acting_as("anna"):
        run = Store().create(RunSpec("rnai"), "anna's").id
        lot = Lot(new_token())
        lot.keep("a.csv", b"x")
    with acting_as("bob"):
        assert Store().list() == [] and Lot(lot.token).files() == []
        with pytest.raises(DnaConvError, match="there is no run"):
            Store().get(run)
        for name in (run, f"../../anna/runs/{run}", str(configured_home() / "users/anna/runs" / run), f"anna~{run}"):
            with pytest.raises(DnaConvError, match="there is no model"):
                find_model(name)


def test_no_file_outside_ones_home_is_opened_by_its_path(tmp_path):
    with acting_as("anna"):
        table = Lot(new_token()).keep("a.csv", b"x,y\nACGT,1\n")
        check_file(table)
    with acting_as("bob"):
        home().mkdir(parents=True)
        (home() / "link.csv").symlink_to(table)
        for path in (table, home() / "link.csv", home() / ".." / "anna" / "uploads", "/etc/passwd"):
            with pytest.raises(DnaConvError, match="opens no file of its machine by a path"):
                check_file(path)
        with pytest.raises(DnaConvError, match="opens no file of its machine by a path"):
            load(get_experiment("rnai"), str(table))
        with pytest.raises(DnaConvError, match="opens no file of its machine by a path"):
            bring(Recipe("taken", (Input("table", str(table)),)))
        with pytest.raises(DnaConvError, match="opens no file of its machine by a path"):
            check_path()


@pytest.fixture
def annas(tmp_path):
    """An experiment of anna's, from a table of her own."""
    ends = [f"{a}{b}{c}" for a in "ACGT" for b in "CATG" for c in "GTCA"]
    rows = ["seq,y", *(f"{'ACGTTGCA' * 4}{end},{i % 2}" for i, end in enumerate(ends))]
    with acting_as("anna"):
        table = Lot(new_token()).keep("a.csv", "\n".join(rows).encode())
        return bring(Recipe("mine", (Input("table", str(table)),), sequence="seq", title="Anna's own")).experiment


def test_an_experiment_is_seen_by_others_when_it_is_shared_and_changed_by_none(annas):
    with acting_as("bob"):
        assert "mine" not in all_experiments()
    with acting_as("anna"):
        share(EXPERIMENTS, "mine")
    with acting_as("bob"):
        shared = all_experiments()["mine"]
        assert shared.title == "Anna's own (shared by anna)"
        assert len(load(shared, "own")) == dict(annas.parts)["train"]
        for change in (lambda: change_words("mine", title="Bob's"), lambda: delete_experiment("mine", used=False)):
            with pytest.raises(DnaConvError, match="shared by another user: only its owner can change it"):
                change()
        assert count_look("mine") == 1 and looks("mine") == 1
    with acting_as("anna"):
        assert looks("mine") == 0 and all_experiments()["mine"].title == "Anna's own"
        delete_experiment("mine", used=False)
        assert not (home() / "shared" / "experiments" / "mine").exists()
    with acting_as("bob"):
        assert "mine" not in all_experiments()


def test_a_shared_run_can_be_used_where_it_lies(annas, monkeypatch):
    from dnaconv_core.interpret.keep import kept_with
    from dnaconv_core.model.bundle import save_bundle
    from dnaconv_core.model.convnet import build

    with acting_as("anna"):
        run = Store().create(RunSpec("rnai"), "anna's").id
        experiment = get_experiment("rnai")
        save_bundle(Store().folder(run), build(experiment.model_config("quick")), "rnai")
        assert shared_by_others(RUNS) == []
        share(RUNS, run)
    with acting_as("bob"):
        (one,) = shared_by_others(RUNS)
        assert (one.owner, one.key, one.name) == ("anna", run, f"anna~{run}")
        assert f"anna~{run}" in [entry.key for entry in list_models() if entry.kind == "shared"]
        assert find_model(f"anna~{run}") == one.path
        assert configured_home() / "users" / "bob" in kept_with(one.path).parents
        assert Store().list() == []
    with acting_as("anna"):
        share(RUNS, run, on=False)
    with acting_as("bob"), pytest.raises(DnaConvError, match="there is no model"):
        find_model(f"anna~{run}")


def test_quotas_are_each_users(monkeypatch):
    monkeypatch.setenv("DNACONV_QUOTA", "runs=2, disk=1M,upload=4K")
    assert quotas() == {"runs": 2, "disk": 1 << 20, "upload": 4096}
    with acting_as("anna"):
        for _ in range(2):
            Store().create(RunSpec("rnai"))
        with pytest.raises(QuotaError, match="you have 2 runs of the 2"):
            Store().create(RunSpec("rnai"))
        for bring_it in (lambda: Lot(new_token()).keep("a", b"x" * 4097), lambda: import_model(b"x" * 4097)):
            with pytest.raises(QuotaError, match="this has 4.0 KiB and each upload may have 4.0 KiB"):
                bring_it()
        (home() / "large").write_bytes(b"x" * (5 << 18))
        with pytest.raises(QuotaError, match="would take 1.3 MiB of the 1.0 MiB"):
            check_room(home())
        assert size_of(home()) > 1 << 20
    with acting_as("bob"):
        Store().create(RunSpec("rnai"))
        Lot(new_token()).keep("a", b"x" * 4096)
    monkeypatch.setenv("DNACONV_QUOTA", "runs=many")
    with pytest.raises(ConfigError, match="DNACONV_QUOTA holds 'runs=many'"):
        quotas()


def test_the_turn_goes_to_who_was_served_longest_ago():
    stores = {}
    for name, runs in (("anna", 3), ("bob", 1), ("cleo", 0)):
        with acting_as(name):
            stores[name] = Store()
            for _ in range(runs):
                stores[name].create(RunSpec("rnai"), waiting=True)
    taken = []
    while (turn := whose_turn(stores["anna"], lambda run: True)) is not None:
        serve(Store(turn))
        time.sleep(0.01)
        os.close(Store(turn).claim(lambda run: True, "cpu/0").lock)
        taken.append(turn.name)
    assert taken == ["anna", "bob", "anna", "anna"]


@pytest.mark.slow
def test_one_slot_trains_for_all_users_in_turn(monkeypatch):
    """Real workers: the second of anna's runs comes after bob's first, on the machine's one slot."""
    monkeypatch.setenv("DNACONV_SLOTS", "cpu=1")
    monkeypatch.setenv("DNACONV_NICE", "0")
    small = {"epochs": 1, "filters": 2, "depth": 1, "batch_size": 500, "device": "cpu"}
    runs = []
    for name in ("anna", "anna", "bob"):
        with acting_as(name):
            runs.append((Store(), Store().create(RunSpec("rnai", settings=small), waiting=True).id))
    with acting_as("anna"):
        assert queue.ensure_workers(Store()) == 1
    with acting_as("bob"):
        assert queue.ensure_workers(Store()) == 0  # the slot is the machine's
    until = time.monotonic() + 240
    while any(store.get(run).state in ("queued", "running") for store, run in runs) and time.monotonic() < until:
        time.sleep(0.2)
    found = [store.get(run) for store, run in runs]
    assert [run.state for run in found] == ["finished"] * 3, [run.error for run in found]
    assert found[0].started < found[2].started < found[1].started
    assert environment(runs[2][0].home) == {"DNACONV_HOME": str(configured_home()), "DNACONV_USER": "bob"}
    assert not (runs[2][0].home / "slots").exists() and (configured_home() / "slots").is_dir()
