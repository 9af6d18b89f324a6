"""Other people's questions, each brought by one command, trained, tested and looked into."""

from __future__ import annotations

import json

import pytest

from dnaconv_core.cli import main

pytestmark = pytest.mark.slow
QUESTIONS = {  # files and options; parts; least test figure after a few epochs
    "pum2": (["--positives", "pum2_positives.fasta.gz", "--negatives", "pum2_background.fasta.gz", "--rna"], 4,
             "auroc", 0.8),
    "pu1": (["--positives", "pu1.fa.gz", "--negatives", "shuffle"], 1, "auroc", 0.9),
    "mpsa": (["--table", "mpsa_data.csv.gz", "--sequence", "x", "--label", "y", "--split-column", "set", "--rna"], 6,
             "pearson_r", 0.6),
}  # fmt: skip


@pytest.fixture(scope="module")
def files(shared_data):
    folder = shared_data / "own"
    if not (folder / "mpsa_data.csv.gz").is_file():
        pytest.skip(f"other people's questions not found at {folder}: set DNACONV_TEST_DATA to the folder above it")
    return folder


def told(capsys, *words: str):
    assert main([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("key", QUESTIONS)
def test_brought_trained_tested_and_looked_into(key, files, capsys, monkeypatch):
    if key == "pu1":  # the most examples; simple predictors are fitted to the other two
        monkeypatch.setenv("DNACONV_BASELINES", "none")
    options, epochs, metric, least = QUESTIONS[key]
    words = [str(files / word) if word.endswith(".gz") else word for word in options]
    brought = told(capsys, "data", "import", key, *words)
    assert min(brought["parts"].values()) > 1000 and brought["skipped"] == 0
    assert not any(line["verdict"] == "stop" for line in brought["audit"])
    run = told(capsys, "train", key, "--epochs", str(epochs), "--filters", "32")["run"]
    tested = told(capsys, "evaluate", run, "--part", "test", "--no-baselines")  # they were fitted by train
    assert tested["metrics"][metric]["value"] > least and tested["looks"] == 1
    assert tested["seen_in_training"] == 0
    assert len(told(capsys, "filters", run)["filters"]) == 32
    sequence = told(capsys, "data", "show", key)["experiment"]["examples"][0]["sequence"]
    assert main(["attribute", run, sequence]) == 0
