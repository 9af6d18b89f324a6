"""`dnaconv runs …` as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from dnaconv_core.cli import main
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs import queue
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.queue import serves
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here

QUICK = ["--epochs", "2", "--eval-every", "1", "--depth", "1", "--filters", "3", "--device", "cpu"]


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    """What waits goes on waiting."""
    monkeypatch.setattr(queue, "_spawn", lambda store, slot, held: None)


def run(capsys, *arguments: str):
    code = main(arguments)
    told = capsys.readouterr()
    return code, told.out, told.err


def answer(capsys, *arguments: str):
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.slow
def test_a_detached_run_waits_and_is_led_through_its_life(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = answer(capsys, "train", "rnai", *QUICK, "--detach", "--name", "mine")
    key, store = made["run"], Store()
    assert made["state"] == "queued" and serves("cpu")(store.get(key))
    assert f"{key:<22} waiting      epoch" in run(capsys, "runs", "list")[1]  # as the pages say it
    assert answer(capsys, "runs", "cancel", key)["state"] == "cancelled"
    assert answer(capsys, "runs", "resume", key)["state"] == "queued"
    train_here(store, key)
    shown = answer(capsys, "runs", "follow", key)
    assert shown["state"] == "finished" and shown["epoch"] == 2
    longer = answer(capsys, "runs", "extend", key, "--epochs", "3")
    assert longer["state"] == "queued" and longer["spec"]["settings"]["epochs"] == 3
    train_here(store, key)
    assert answer(capsys, "runs", "show", key)["epoch"] == 3
    copy = answer(capsys, "runs", "clone", key, "--set", "seed=5", "--set", "balance=false", "--name", "copy")
    assert copy["parent"] == key and copy["spec"]["settings"]["seed"] == 5
    train_here(store, copy["run"])

    compared = answer(capsys, "runs", "compare", key, copy["run"])
    assert [s["values"] for s in compared["settings"] if s["name"] == "seed"] == [[0, 5]]
    assert compared["differences"][0]["n"] == 1200
    assert " against " in run(capsys, "runs", "compare", key, copy["run"])[1]

    assert answer(capsys, "runs", "rename", key, "better name")["name"] == "better name"
    assert load_bundle(find_model(key)).record["name"] == "better name"
    assert answer(capsys, "runs", "tag", key, "a", "b")["tags"] == ["a", "b"]
    assert answer(capsys, "runs", "note", key, "it works")["notes"] == "it works"
    written = answer(capsys, "runs", "export", key)
    assert (tmp_path / f"{key}.zip").stat().st_size == written["bytes"]
    imported = answer(capsys, "runs", "import", f"{key}.zip")["model"]
    (row,) = answer(capsys, "predict", imported, "AGGUGCCCUGAGGUGGCGUCA")
    assert 0 < row["prediction"] < 2
    assert answer(capsys, "runs", "delete", key) == {"deleted": key}
    assert [r["run"] for r in answer(capsys, "runs", "list")["runs"]] == [copy["run"]]


@pytest.mark.slow
def test_a_sweep_is_a_run_for_each_combination_under_one_tag(capsys):
    made = answer(capsys, "train", "rnai", *QUICK, "--set", "seed=0,1", "--set", "depth=1,2,3", "--set", "filters=4")
    settings = [run["spec"]["settings"] for run in made["runs"]]
    assert [(one["seed"], one["depth"]) for one in settings] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]
    assert {one["filters"] for one in settings} == {4} and {one["epochs"] for one in settings} == {2}
    other = answer(capsys, "train", "rnai", *QUICK, "--detach")["run"]
    train_here(Store(), made["runs"][0]["run"])
    listed = answer(capsys, "runs", "list", "--tag", made["tag"])["runs"]
    assert [run["run"] for run in listed] == [run["run"] for run in reversed(made["runs"])] and len(Store().list()) == 7
    _, text, _ = run(capsys, "runs", "list", "--tag", made["tag"])
    score = Store().get(made["runs"][0]["run"]).metrics["valid"]["pearson_r"]["value"]
    assert text.splitlines()[-1].endswith(f"pearson_r {score:.4f}  seed=0, depth=1") and other not in text
    assert run(capsys, "runs", "list", "--tag", "x")[1] == "no run has the tag 'x'\n"


@pytest.mark.slow
def test_what_is_said_of_a_tag_is_said_of_each_run_that_has_it(capsys):
    made = answer(capsys, "train", "rnai", *QUICK, "--set", "seed=0,1,2")
    tag, runs = made["tag"], [run["run"] for run in made["runs"]]
    other = answer(capsys, "train", "rnai", *QUICK, "--detach")["run"]
    store = Store()
    train_here(store, runs[0])
    assert answer(capsys, "runs", "cancel", "--tag", tag) == {"tag": tag, "runs": runs[1:]}
    assert [store.get(run).state for run in runs] == ["finished", "cancelled", "cancelled"]
    assert answer(capsys, "runs", "resume", "--tag", tag)["runs"] == runs[1:]
    claim = store.claim(lambda run: run.id == runs[1], "cpu/0")
    assert run(capsys, "runs", "delete", "--tag", tag) == (0, f"2 of 3 runs tagged {tag} deleted\n", "")
    os.close(claim.lock)
    assert [left.id for left in store.list()] == [other, runs[1]] and store.get(other).state == "queued"


def test_following_what_nobody_trains_does_not_wait_forever(capsys):
    made = Store().create(RunSpec("rnai")).id
    code, _, err = run(capsys, "runs", "follow", made)
    assert code == 2 and f"run {made} is not in the queue: 'dnaconv runs resume {made}' puts it into the queue" in err


def test_ctrl_c_ends_the_watching_only_and_says_so_in_the_exit_code(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("dnaconv_core.commands.runs.time.sleep", interrupted)
    store = Store()
    made = queue.submit(store, RunSpec("rnai")).id
    code, out, _ = run(capsys, "runs", "follow", made)
    assert (code, out.strip()) == (130, f"run {made} goes on without being watched")
    assert store.get(made).state == "queued"


def test_a_single_value_is_only_a_setting(capsys):
    code, out, _ = run(capsys, "train", "rnai", *QUICK, "--set", "depth=2", "--set", "balance=False", "--detach")
    (made,) = Store().list()
    assert code == 0 and made.id in out and made.spec.settings["depth"] == 2 and made.tags == ()


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("22", {"kind": "chromosome", "chromosomes": ["22"]}),
        ("21, 22", {"kind": "chromosome", "chromosomes": ["21", "22"]}),
        ("X", {"kind": "chromosome", "chromosomes": ["X"]}),
        ("Chr2,2L", {"kind": "chromosome", "chromosomes": ["Chr2", "2L"]}),
        ("0.3", {"kind": "random", "fraction": 0.3, "seed": 0}),
        ("random", {"kind": "random", "fraction": 0.2, "seed": 0}),
        ('{"kind": "blocks"}', {"kind": "blocks"}),
    ],
)
def test_split_takes_chromosomes_of_any_name(text, split):
    from dnaconv_core.commands.models import given_split

    assert given_split(text) == split


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "rnai", "--data", "/no/data", "--detach"], "/no/data does not exist: check the name"),
        (["train", "rnai", "--data", __file__, "--valid", "/no/data"], "/no/data does not exist: check the name"),
        (["train", "rnai", "--data", ""], "--data is empty: give a folder or file, 'book', or 'synthetic'"),
        (
            ["train", "tf", "--covariates", __file__],
            "--covariates was given but tf_binding takes none",
        ),
        (["train", "rnai", "--data", "book", "--split", "0.3"], "--split was given but the validation data are a part"),
        (["runs", "cancel"], "one of the arguments RUN --tag is required"),
        (["runs", "delete", "a", "--tag", "b"], "not allowed with argument"),
        (["runs", "resume", "--tag", "b"], "no run has the tag 'b'"),
        (["train", "rnai", "--set", "seed=0,1,x"], "--set seed=0,1,x: 'x' is not a value for seed"),
        (["train", "rnai", "--set", "wings=0,1"], "there is no setting 'wings'"),
        (["train", "rnai", "--set", "depth=1,2,9"], "depth=9 cannot be trained, so nothing was started: depth is 9"),
        (["train", "rnai", "--set", "device=cpu,cuda:9"], "device=cuda:9 cannot be trained, so nothing was started"),
        (
            ["train", "rnai", "--set", f"seed={','.join(map(str, range(101)))}"],
            "these are 101 combinations",
        ),
        (["runs", "clone", "nothing", "--set", "depth=1,2"], "--set depth has 2 values: a clone takes one"),
        (["runs", "clone", "nothing", "--set", "balance=yes"], "'yes' is not a value for balance"),
        (["runs", "follow", "nothing"], "there is no run 'nothing'"),
        (["runs", "delete", "nothing"], "there is no run 'nothing'"),
        (["runs", "export", "nothing"], "there is no model 'nothing'"),
        (["runs", "import", "nothing.zip"], "nothing.zip does not exist"),
        (["runs", "compare", "nothing"], "1 different runs were chosen: choose 2 to 6"),
        (["runs", "extend", "nothing"], "required: --epochs"),
        (["runs", "clone", "nothing", "--set", "wings=2"], "there is no setting 'wings'"),
        (["runs", "clone", "nothing", "--set", "depth=two"], "'two' is not a value for depth"),
        (["train", "rnai", "--device", "cuda:9", "--detach"], "device is 'cuda:9' but this machine has"),
        (["train", "rnai", "--split", "{oops"], "--split is '{oops'"),
        (["train", "rnai", "--split", "nan", "--detach"], "fraction is nan: the validation part must be more than 0"),
        (["train", "rnai", "--split", "1.5", "--detach"], "fraction is 1.5: the validation part must be more than 0"),
        (["train", "rnai", "--split", '{"kind": "random", "fraction": "x"}'], "fraction of the split is 'x': it must"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(capsys, arguments, sentence):
    code, out, err = run(capsys, *arguments)
    last = err.strip().splitlines()[-1]
    assert (code, out) == (2, "") and sentence in last and "Traceback" not in err
    assert Store().list() == []


def test_a_program_that_ends_has_told_all_and_leaves_no_garbage_to_be_looked_for():
    """On a busy machine the last collection took seconds after the answer of a stopped training."""
    script = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('frozen', gc.get_freeze_count() > 1000))\n"
        "from dnaconv_core.cli import main\n"
        "main(['experiments'])\n"
        "print('used again', gc.get_freeze_count() > 1000)\n"
        "sys.argv = ['dnaconv', 'experiments']\n"
        "sys.exit(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    lines = ended.stdout.splitlines()
    assert lines[lines.index("used again False") + 1].startswith("tf_binding") and lines[-1] == "frozen True"
