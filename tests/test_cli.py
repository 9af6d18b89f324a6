"""The command line as a user meets it: its JSON, its exit codes, its sentences."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from dnaconv_core import cli
from dnaconv_core.cli import command_parsers, main
from dnaconv_core.commands import names
from dnaconv_core.errors import InputError
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store

QUICK = ["--epochs", "2", "--eval-every", "1", "--depth", "1", "--filters", "3"]


def run(capsys, *arguments: str):
    code = main(arguments)
    told = capsys.readouterr()
    return code, told.out, told.err


def answer(capsys, *arguments: str):
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_experiments(capsys):
    listed = answer(capsys, "experiments")["experiments"]
    assert [(e["key"], e["n_parameters"]) for e in listed] == [
        ("tf_binding", 6661),
        ("chromatin", 6662),
        ("rnai", 1631),
    ]


@pytest.mark.slow
def test_train_show_evaluate_predict(capsys, tmp_path):
    trained = answer(capsys, "train", "rnai", *QUICK, "--name", "mine")
    assert (trained["state"], trained["experiment"], trained["name"]) == ("finished", "rnai", "mine")
    assert set(trained["metrics"]) == {"train", "valid"}
    shown = answer(capsys, "runs", "show", trained["run"])
    assert shown == trained
    assert [r["run"] for r in answer(capsys, "runs")["runs"]] == [trained["run"]]

    from dnaconv_core.data.diskdataset import write_diskdataset
    from dnaconv_core.data.synthetic import rnai

    write_diskdataset(rnai(150, seed=9), tmp_path / "data")
    measured = answer(capsys, "evaluate", trained["run"], "--data", str(tmp_path / "data"))
    assert measured["n"] == 150 and set(measured["metrics"]["pearson_r"]) == {"value", "low", "high", "note"}

    fasta = tmp_path / "s.fa"
    fasta.write_text(">a\nCCUAAGAUAAUUCUGCGCCUG\n>b\nccuaagauaa ttctgcgccug\n")
    rows = answer(capsys, "predict", trained["run"], "AGGUGCCCUGAGGUGGCGUCA", "--fasta", str(fasta))
    assert [row["id"] for row in rows] == ["seq_1", "a", "b"]
    assert rows[1]["prediction"] == pytest.approx(rows[2]["prediction"], rel=1e-5)
    assert rows[0]["prediction"] != pytest.approx(rows[1]["prediction"], rel=1e-3)
    out = tmp_path / "table.csv"
    code, _, _ = run(capsys, "predict", trained["run"], "--fasta", str(fasta), "--out", str(out))
    assert code == 0 and out.read_text().splitlines()[0] == "id,sequence,prediction"


@pytest.mark.slow
def test_chromatin_predictions_take_covariates_by_id(capsys, tmp_path):
    trained = answer(capsys, "train", "chromatin", *QUICK, "--covariate-transform", "log", "--preset", "book")
    sequence = "ACGTA" * 20 + "C"
    code, _, err = run(capsys, "predict", trained["run"], sequence)
    assert code == 2 and "needs accessibility beside each sequence" in err
    table = tmp_path / "a.txt"
    table.write_text("other 0.1\nseq_1 0.01\n")
    (row,) = answer(capsys, "predict", trained["run"], sequence, "--covariates", str(table))
    assert 0 < row["prediction"] < 1
    table.write_text("other 0.1\n")
    code, _, err = run(capsys, "predict", trained["run"], sequence, "--covariates", str(table))
    assert code == 2 and "has no value for id 'seq_1'" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nothing"], "there is no experiment 'nothing': choose tf_binding, chromatin, rnai"),
        (["train", "rnai", "--kernel-size", "30"], "kernel_size is 30: it must be 1 to 25"),
        (["train", "rnai", "--kernel-size", "22"], "kernel_size is 22 but the sequences have 21 bases"),
        (["train", "rnai", "--loss", "cross_entropy"], "does not fit a regression"),
        (["train", "rnai", "--preset", "best"], "preset is 'best': rnai has book"),
        (["train", "rnai", "--epochs", "many"], "invalid int value: 'many'"),
        (["predict", "nothing", "ACGU"], "there is no model 'nothing'"),
        (["runs", "show", "nothing"], "there is no run 'nothing'"),
        (["data", "info", "nothing"], "nothing does not exist"),
        (["data", "fetch", "--only", "all"], "--only is 'all': choose"),
        (["dance"], "invalid choice: 'dance'"),
        ([], "required: COMMAND"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(capsys, arguments, sentence):
    code, out, err = run(capsys, *arguments)
    last = err.strip().splitlines()[-1]
    assert (code, out) == (2, "") and sentence in last and last.startswith("dnaconv: ")
    assert "Traceback" not in err


def test_json_may_stand_before_the_action(capsys):
    code, out, _ = run(capsys, "runs", "--json", "list")
    assert (code, json.loads(out)) == (0, {"runs": []})
    code, out, _ = run(capsys, "runs", "list")
    assert (code, out.splitlines()) == (0, ["no runs yet: 'dnaconv train' makes one"])


def test_a_file_that_cannot_be_written_is_one_sentence_that_names_it(capsys, tmp_path):
    out = tmp_path / "nowhere" / "table.csv"
    code, printed, err = run(capsys, "predict", "rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG", "--out", str(out))
    last = err.strip().splitlines()[-1]
    assert (code, printed) == (2, "")
    assert last.startswith(f"dnaconv: {out} cannot be read or written (No such file or directory)")


def test_a_full_disk_is_told_as_one(capsys):
    code, printed, err = run(capsys, "predict", "rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG", "--out", "/dev/full")
    assert (code, printed) == (2, "")
    assert err.endswith("cannot be written: the disk, or a quota on it, is full: free some space and try again\n")


def test_a_sequence_in_the_place_of_the_model_is_told_so(capsys):
    code, _, err = run(capsys, "predict", "ACGT" * 100, "rnai_huesken")
    assert code == 2 and "there is no model 'ACGTACGT" in err and len(err) < 400


@pytest.mark.parametrize("words", sorted(command_parsers()))
def test_every_command_says_what_it_takes(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main([*words.split(), "--help"])
    assert ended.value.code == 0 and capsys.readouterr().out.startswith(f"usage: dnaconv {words} [-h]")


def test_the_help_reads_no_command_and_says_what_each_says_of_itself():
    code = """import sys
from dnaconv_core.cli import main
try:
    main(["--help"])
finally:
    print("numpy" in sys.modules)"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("usage: dnaconv") and told.endswith("False\n")
    helps = [cli._parser(wanted).format_help() for wanted in (None, "", *(names.COMMANDS["explain"]))]
    assert len(set(helps)) == 1
    declared = cli._parser()._subparsers._group_actions[0].choices
    assert list(declared) == [name for commands in names.COMMANDS.values() for name in commands]


def test_ctrl_c_is_no_traceback(capsys, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "list", interrupted)
    assert run(capsys, "runs") == (130, "", "dnaconv: stopped\n")


def test_ctrl_c_is_heard_from_the_start(capsys, monkeypatch):
    def stopped(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("dnaconv_core.cli.importlib.import_module", stopped)
    assert run(capsys, "experiments") == (130, "", "dnaconv: stopped\n")
    code = "import sys, dnaconv_core.cli; print('numpy' in sys.modules)"  # nothing that takes long comes before main
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_training_that_ctrl_c_ends_is_told_and_ends_with_130(capsys, monkeypatch):
    def interrupted(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("dnaconv_core.runs.execute.load_parts", interrupted)
    code, out, _ = run(capsys, "train", "rnai", *QUICK, "--json")
    assert code == 130 and json.loads(out)["state"] == "cancelled"


def test_no_id_can_act_as_a_formula_in_a_table(capsys, tmp_path):
    (fasta := tmp_path / "s.fa").write_text(">=1+1\nCCUAAGAUAAUUCUGCGCCUG\n")
    code, out, _ = run(capsys, "predict", "rnai_huesken", "--fasta", str(fasta))
    assert code == 0 and out.splitlines()[1].startswith("'=1+1,")
    assert answer(capsys, "predict", "rnai_huesken", "--fasta", str(fasta))[0]["id"] == "=1+1"


def test_a_number_that_json_does_not_have_is_a_sentence(capsys, monkeypatch):
    from dnaconv_core.commands import data
    from dnaconv_core.commands.base import Answer

    monkeypatch.setattr(data, "experiments", lambda options: Answer({"x": float("nan")}, "x nan"))
    assert run(capsys, "experiments") == (0, "x nan\n", "")
    code, out, err = run(capsys, "experiments", "--json")
    assert (code, out) == (2, "") and "numbers that are not finite" in err


def test_an_unknown_user_in_the_home_s_path_is_only_a_name(capsys, monkeypatch):
    monkeypatch.setenv("DNACONV_HOME", "~no-such-user/home")
    assert run(capsys, "runs")[0] == 0


@pytest.mark.parametrize(("target", "code"), [("full", 2), ("broken", 0)])
def test_output_that_cannot_be_written(target, code):
    command = [sys.executable, "-m", "dnaconv_core.cli", "experiments"]
    if target == "full":
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.stderr.startswith("dnaconv: standard output cannot be written (No space left on device)")
        assert len(done.stderr.splitlines()) == 1
    else:  # `dnaconv experiments | head -c 0`
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
        os.close(writing)
        assert done.stderr == ""
    assert done.returncode == code


def test_a_terminal_without_the_letters_of_a_name():
    Store().create(RunSpec("rnai"), "Köln")
    command = [sys.executable, "-m", "dnaconv_core.cli", "runs"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.endswith(r"K\xf6ln" + "\n")


def test_data_info_and_convert_read_real_shards(capsys, shared_data, tmp_path):
    folder = str(shared_data / "sirna" / "valid_siRNA")
    facts = answer(capsys, "data", "info", folder, "--alphabet", "RNA")
    assert (facts["n"], facts["length"]) == (244, 21)
    answer(capsys, "data", "convert", folder, "--alphabet", "RNA", "--out", str(tmp_path / "copy"))
    again = answer(capsys, "data", "info", str(tmp_path / "copy"), "--alphabet", "RNA")
    assert {**again, "name": ""} == {**facts, "name": ""}


@pytest.mark.slow
def test_the_installed_command_prints_json_alone_on_stdout():
    done = subprocess.run(
        [sys.executable, "-m", "dnaconv_core.cli", "train", "rnai", *QUICK, "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "finished"
    assert "epoch 2 of 2" in done.stderr


@pytest.mark.slow
def test_the_book_network_on_the_books_sirna_data(capsys, shared_data, monkeypatch):
    monkeypatch.setenv("DNACONV_BASELINES", "none")
    folder = shared_data / "sirna"
    scores = []
    for seed in "012":
        trained = answer(
            capsys, "train", "rnai", "--data", str(folder / "train_siRNA"), "--valid", str(folder / "valid_siRNA"),
            "--preset", "book", "--seed", seed,
        )  # fmt: skip
        scores.append(trained["metrics"]["valid"]["pearson_r"]["value"])
    assert np.mean(scores) >= 0.60


@pytest.mark.slow
def test_chromatin_on_real_windows_reports_both_areas_and_the_prevalence(capsys, shared_data, monkeypatch):
    monkeypatch.setenv("DNACONV_BASELINES", "none")
    folder = shared_data / "jund_chr22"
    trained = answer(
        capsys, "train", "chromatin", "--data", str(folder / "valid_dataset"),
        "--covariates", str(folder / "accessibility.txt"), "--epochs", "2", "--eval-every", "1",
    )  # fmt: skip
    valid = trained["metrics"]["valid"]
    assert {"auroc", "auprc"} <= set(valid) and valid["prevalence"]["value"] == pytest.approx(146 / 34527, rel=0.05)


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", "2147483648", "9" * 5000, "\u0663"])
@pytest.mark.parametrize(
    "words", [["design", "m"], ["attribute", "m", "ACGT"], ["bench", "m"], ["search", "rnai"], ["data", "import", "k"]]
)
def test_a_seed_is_a_whole_number(capsys, words, seed):
    code, _, err = run(capsys, *words, f"--seed={seed}")
    assert code == 2 and "is no seed: write a whole number from 0 to 2147483647" in err and len(err) < 250


def test_of_a_name_that_is_quoted_sixty_letters_are_told(capsys):
    for words in (["runs", "show", "Q" * 300], ["runs", "compare", "Q" * 300, "a"]):
        code, _, err = run(capsys, *words)
        assert code == 2 and f"'{'Q' * 60}…'" in err and "Q" * 61 not in err, words
    assert str(InputError("it's 'a' and the model's 'b c'")) == "it's 'a' and the model's 'b c'"
    path = "/a" * 90
    assert str(InputError(f"there is no file '{path}'")) == f"there is no file '{path}'"


def test_covariates_that_the_model_does_not_take_are_said(capsys, tmp_path):
    code, _, err = run(capsys, "predict", "rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG", "--covariates", "c.txt")
    assert code == 0 and "this model takes no covariates: c.txt was not read" in err
