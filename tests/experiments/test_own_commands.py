"""`dnaconv data list | show | change | delete | export | take | audit`, and evaluating on the test part."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import experiments_folder
from dnaconv_core.experiments.own_store import looks


def told(capsys, *words: str):
    assert main([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys, *words: str) -> str:
    assert main(list(words)) == 2
    return capsys.readouterr().err


@pytest.fixture
def run(own, capsys) -> str:
    return told(capsys, "train", "gata", "--epochs", "2", "--filters", "4")["run"]


@pytest.mark.slow
def test_templates_are_files_that_can_be_imported_and_overwrite_nothing(capsys, tmp_path):
    names = [one["name"] for one in told(capsys, "data", "templates")["templates"]]
    assert "pair" in names and "intervals" in names
    folder = tmp_path / "tiny"
    files = told(capsys, "data", "templates", "pair", "--out", str(folder))["files"]
    assert files == [str(folder / "positives.fa"), str(folder / "negatives.fa")]
    made = told(capsys, "data", "import", "tiny", "--positives", files[0], "--negatives", files[1])
    assert (made["n"], made["length"], made["task"]) == (400, 60, "binary")
    assert "positives.fa is there already" in refused(capsys, "data", "templates", "pair", "--out", str(folder))
    assert "there is no template 'trio'" in refused(capsys, "data", "templates", "trio")


def test_list_show_and_change(own, capsys):
    assert [one["experiment"] for one in told(capsys, "data", "list")["experiments"]] == ["gata"]
    told(capsys, "data", "change", "gata", "--title", "Mine", "--note", "since May")
    shown = told(capsys, "data", "show", "gata")
    assert (shown["experiment"]["title"], shown["experiment"]["note"], shown["looks"]) == ("Mine", "since May", 0)
    assert "nothing was given to change" in refused(capsys, "data", "change", "gata")
    assert "tf_binding comes with the program" in refused(capsys, "data", "show", "tf_binding")


@pytest.mark.slow
def test_the_test_part_counts_its_looks(run, capsys):
    first = told(capsys, "evaluate", run, "--part", "test")
    assert (first["n"], first["part"], first["looks"], first["seen_in_training"]) == (10, "test", 1, 0)
    assert main(["evaluate", run, "--part", "test"]) == 0
    assert "opened for time 2: what is chosen by it is no longer tested by it" in capsys.readouterr().out
    valid = told(capsys, "evaluate", run, "--part", "valid")
    assert (valid["n"], valid["looks"]) == (14, 0)
    assert looks("gata") == 2
    assert "give --data DIR, or --part" in refused(capsys, "evaluate", run)


@pytest.mark.slow
def test_examples_of_the_training_part_are_told(run, capsys):
    folder = experiments_folder() / "gata" / "train"
    assert told(capsys, "evaluate", run, "--data", str(folder))["seen_in_training"] == 60
    assert main(["evaluate", run, "--data", str(folder)]) == 0
    assert "60 of 60 examples here were in the model's training part" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_ends_with_a_verdict(run, capsys):
    verdict = told(capsys, "runs", "show", run)["verdict"]
    assert verdict["kind"] in ("adds", "nothing", "worse", "unknown") and verdict["sentence"].endswith(".")


@pytest.mark.slow
def test_deleting_asks_where_runs_use_it(run, capsys):
    assert f"gata is used by {run}" in refused(capsys, "data", "delete", "gata")
    left = told(capsys, "data", "delete", "gata", "--yes")
    assert left == {"experiment": "gata", "deleted": False, "users": [run]}
    assert told(capsys, "runs", "show", run)["run"] == run
    assert told(capsys, "predict", run, "ACGTACGTACGTACGTA")
    assert "gata has no examples here" in refused(capsys, "evaluate", run, "--part", "test")
    told(capsys, "runs", "delete", run)
    assert told(capsys, "data", "delete", "gata")["deleted"]


@pytest.mark.slow
def test_out_as_a_zip_and_in_again(own, capsys, tmp_path, monkeypatch):
    file = tmp_path / "gata.zip"
    told(capsys, "data", "export", "gata", "--out", str(file))
    assert "there is an experiment gata already" in refused(capsys, "data", "take", str(file))
    assert told(capsys, "data", "take", str(file), "--key", "other")["experiment"] == "other"
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "elsewhere"))
    told(capsys, "data", "take", str(file))
    assert get_experiment("gata") == own
    assert told(capsys, "train", "gata", "--epochs", "1", "--filters", "4")["state"] == "finished"


def repacked(source, target, change):
    """The archive with `change(name, content)` applied to each file: None leaves it out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            name, content = change(entry.filename, old.read(entry))
            if content is not None:
                new.writestr(name, content)


def words(**changes):
    def change(name, content):
        if name != "experiment.json":
            return name, content
        return name, json.dumps(json.loads(content) | changes)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda n, c: (n.replace("train/tasks.json", "../tasks.json"), c),
            "which is no part of an experiment",
        ),
        (
            lambda n, c: (n.replace("train/tasks.json", "train/evil.py"), c),
            "which is no part of an experiment",
        ),
        (lambda n, c: (n, None if n == "experiment.json" else c), "has no experiment.json"),
        (lambda n, c: (n, None if n.endswith("train/shard-0-X.joblib") else c), "shard-0-X.joblib"),
        (lambda n, c: (n, b"\x80\x04cos\nsystem\n." if n == "train/shard-0-y.joblib" else c), "shard-0-y.joblib"),
        (lambda n, c: (n, b"0" * (9 << 20) if n == "train/shard-0-y.joblib" else c), "unpacks to more than"),
        (words(length=18, examples=[]), "the train part does not have the 60 examples of 18 bases"),
        (words(parts={"train": 61, "valid": 14, "test": 10}), "does not have the 61 examples"),
        (words(data_hash="0" * 64), "its examples are not those that were exported"),
        (words(task="spell"), "does not describe an experiment: task is 'spell'"),
    ],
)
def test_a_zip_that_was_tampered_with_is_refused_and_nothing_stays(own, change, message, capsys, tmp_path, monkeypatch):
    file, bad = tmp_path / "gata.zip", tmp_path / "bad.zip"
    told(capsys, "data", "export", "gata", "--out", str(file))
    repacked(file, bad, change)
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "elsewhere"))
    assert message in refused(capsys, "data", "take", str(bad))
    assert not experiments_folder().exists() or not list(experiments_folder().iterdir())
    assert not (tmp_path / "elsewhere" / "tasks.json").exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + b"x" * 50])
def test_what_is_no_zip(content, tmp_path, capsys):
    (tmp_path / "a.zip").write_bytes(content)
    assert "is not a readable .zip" in refused(capsys, "data", "take", str(tmp_path / "a.zip"))
    assert "does not exist" in refused(capsys, "data", "take", str(tmp_path / "b.zip"))


def test_the_referee_on_own_and_built_in_data_and_a_path(own, capsys, tmp_path):
    page = tmp_path / "page.html"
    found = told(capsys, "data", "audit", "gata", "--html", str(page))
    assert {line["check"]: line["verdict"] for line in found["audit"]}["size"] == "stop"  # 60 examples
    assert "<table>" in page.read_text()
    built_in = told(capsys, "data", "audit", "rnai")
    assert {line["check"] for line in built_in["audit"]} >= {"outliers", "clumps", "positions_alone"}
    path = told(capsys, "data", "audit", str(experiments_folder() / "gata" / "train"))
    assert len(path["audit"]) >= 10
    assert "does not exist" in refused(capsys, "data", "audit", "nothing_here")


@pytest.mark.slow
def test_an_audit_reads_what_an_import_reads(tmp_path, capsys):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("ACGT"), 30 + i % 5)) for i in range(60)]
    (tmp_path / "labels.fa").write_text("".join(f">p{i};class:{i % 2}\n{text}\n" for i, text in enumerate(texts)))
    rows = "".join(f"p{i},{text},{i % 2}\n" for i, text in enumerate(texts))
    (tmp_path / "lengths.csv").write_text("id,sequence,label\n" + rows)
    for name in ("labels.fa", "lengths.csv"):
        assert main(["data", "audit", str(tmp_path / name), "--json"]) == 0
        audit = json.loads(capsys.readouterr().out)["audit"]
        assert audit[0]["check"] == "size" and "conflicts" in [line["check"] for line in audit]
    (tmp_path / "plain.fa").write_text("".join(f">p{i}\n{text}\n" for i, text in enumerate(texts)))
    assert main(["data", "audit", str(tmp_path / "plain.fa")]) == 2
    assert "has no labels: 'dnaconv data import' takes a file of negatives beside it" in capsys.readouterr().err
