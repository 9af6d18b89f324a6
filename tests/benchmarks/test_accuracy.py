"""accuracy.py and choose.py: what is held out is held out, and both run from data to table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.data import synthetic
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.sequence.encoding import one_hot

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def beside_them(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def windows(folder: Path, part: str, *, seed: int) -> Dataset:
    """A part of the book's JUND data as it lies in a folder: 240 windows over 40 Mb, in layout only like the real."""
    data = synthetic.chromatin(240, seed=seed)
    starts = np.arange(240) * 160_000 + 10_000_000 + seed
    ids = np.array([f"chr22:{start}-{start + 101}" for start in starts])
    data = replace(data, ids=ids, truth=())
    write_diskdataset(replace(data, covariates=None, covariate_names=()), folder / part)
    with open(folder / "accessibility.txt", "a") as lines:
        lines.writelines(f"{name}\t{a}\n" for name, a in zip(ids, data.covariates[:, 0], strict=True))
    return data


def guides(folder: Path, part: str, *, seed: int) -> None:
    data = synthetic.rnai(80, seed=seed)
    write_diskdataset(replace(data, ids=np.arange(80).astype(str)), folder / f"{part}_siRNA")


@pytest.fixture
def measured(tmp_path) -> Path:
    """A folder in the layout that accuracy.py reads."""
    (tmp_path / "data" / "jund_chr22").mkdir(parents=True)
    windows(tmp_path / "data" / "jund_chr22", "valid_dataset", seed=1)
    for seed, part in enumerate(("train", "valid")):
        guides(tmp_path / "data" / "sirna", part, seed=seed)
    return tmp_path / "data"


@pytest.fixture
def fetched(home) -> Path:
    """A home folder as `dnaconv data fetch` leaves it."""
    book = home / "data" / "book"
    book.mkdir(parents=True)
    for seed, part in enumerate(("train_dataset", "valid_dataset")):
        windows(book, part, seed=seed)
    for seed, part in enumerate(("train", "valid")):
        guides(book, part, seed=seed)
    return home


def finished(program: str, *arguments: str) -> tuple[str, str]:
    """What a benchmark printed, and what it said of its progress."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{program}.py"), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def guide(text: str) -> Dataset:
    X = one_hot(text.split())
    return Dataset(
        X, np.zeros((len(X), 1), np.float32), np.ones((len(X), 1), np.float32), np.arange(len(X)).astype(str)
    )


def test_guides_of_overlapping_targets_stay_together():
    """The second and third overlap by 12 bases, the third and fourth too, so that all three are one group."""
    from folds import overlap_folds

    gene = "ACGGTCATTGCAGTCCATAAGCTTGGACTTACCGAT"
    tiles = [gene[start : start + 21] for start in (0, 9)]
    assert tiles[0][9:] == tiles[1][:12]
    third = tiles[1][9:] + "CAGACAGAC"
    alone = ["TTTTTATTTTTATTTTTATTT", "GGGGGCGGGGGCGGGGGCGGG"]
    fold = overlap_folds(guide("\n".join([alone[0], *tiles, third, alone[1]])), 3)
    assert fold[1] == fold[2] == fold[3]
    assert len({fold[0], fold[1], fold[4]}) == 3
    apart = tiles[0][10:] + "CAGACAGACA"  # 11 bases are in common
    assert len(set(overlap_folds(guide(f"{tiles[0]}\n{apart}"), 2))) == 2


@pytest.mark.slow
@pytest.mark.parametrize("task", ["chromatin", "tf_binding", "rnai", "rnai_cv", "rnai_apart"])
def test_no_fold_trains_on_what_it_reports(measured, task):
    from folds import folds, inner_folds

    parts = list(folds(task, measured, full=False, quick=False))
    assert len(parts) == (1 if task == "rnai" else 5)
    for part in parts:
        for outer_or_inner in (part, *inner_folds(part.train)):
            seen = [set(map(str, x)) for x in (outer_or_inner.train.X.argmax(1), outer_or_inner.valid.X.argmax(1))]
            assert not seen[0] & seen[1]
        inner = [name for fold in inner_folds(part.train) for name in fold.valid.ids]
        assert sorted(inner) == sorted(part.train.ids)  # each once, and none of the reported part
    if task != "rnai":
        reported = [name for part in parts for name in part.valid.ids]
        assert len(reported) == len(set(reported)) == len(parts[0].train) + len(parts[0].valid)


@pytest.mark.slow
def test_the_whole_table_from_a_folder_of_data(measured, tmp_path):
    arguments = (
        "--quick",
        "--data",
        str(measured),
        "--cache",
        str(tmp_path / "kept"),
        "--out",
        str(tmp_path / "a.json"),
    )
    printed, _ = finished("accuracy", *arguments)
    tasks = json.loads((tmp_path / "a.json").read_text())["tasks"]
    assert list(tasks) == ["tf_binding", "chromatin", "rnai", "rnai_cv", "rnai_apart"]
    for name, task in tasks.items():
        assert f"## {name}:" in printed
        assert {"tuned", "book", "baseline mean", "baseline kmers"} <= set(task["predictors"])
        for metric in task["predictors"]["tuned"].values():
            assert metric["low"] <= metric["value"] <= metric["high"]
        assert "tuned_minus_this" in next(iter(task["predictors"]["book"].values()))
    assert "baseline covariates" in tasks["chromatin"]["predictors"]
    assert "baseline covariates" not in tasks["tf_binding"]["predictors"]
    models = len(list((tmp_path / "kept").iterdir()))
    again, _ = finished("accuracy", *arguments)
    assert again == printed and len(list((tmp_path / "kept").iterdir())) == models  # nothing was trained anew


@pytest.mark.slow
def test_the_books_own_splits_once_they_are_fetched(fetched, tmp_path):
    printed, _ = finished("accuracy", "--full", "--quick", "--out", str(tmp_path / "full.json"))
    tasks = json.loads((tmp_path / "full.json").read_text())["tasks"]
    assert list(tasks) == ["tf_binding", "chromatin", "rnai"]
    assert [(task["n_train"], task["n_valid"]) for task in tasks.values()] == [([240], [240])] * 2 + [([80], [80])]
    assert "target auroc 0.8:" in printed and "target auroc 0.88:" in printed and "target pearson_r 0.66:" in printed


@pytest.mark.slow
def test_the_books_own_splits_before_they_are_fetched(home):
    done = subprocess.run(
        [sys.executable, str(FOLDER / "accuracy.py"), "--full", "--quick"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: the book's train_dataset is not in the data folder: get it with 'dnaconv data fetch'\n"
    )


@pytest.mark.slow
def test_candidates_are_compared_on_inner_folds(measured, tmp_path):
    out = tmp_path / "chosen.json"
    printed, _ = finished("choose", "--quick", "--data", str(measured), "--out", str(out))
    written = json.loads(out.read_text())
    for name, found in written["compared"].items():
        assert f"## {name}: inner folds" in printed
        assert next(iter(found)) == "tuned" and len(found) > 3
        for entry in found.values():
            assert np.array(entry["scores"]).shape == (2, 2, 2)  # outer, inner, metric
        known = [entry["settings"] for entry in found.values()]
        assert len(written["chosen"][name]) == 2 and all(settings in known for settings in written["chosen"][name])
    arguments = ("--quick", "--data", str(measured), "--only", "tf_binding", "--chosen", str(out))
    printed, _ = finished("accuracy", *arguments)
    assert "| chosen per part |" in printed


def test_each_fold_chooses_what_is_best_within_its_own_training_part():
    from choose import best_within

    scores = {"tuned": [[0.7, 0.7], [0.6, 0.8]], "other": [[0.9, 0.4], [0.9, 0.6]]}  # (outer, inner)
    found = {name: {"scores": [[[v, 1 - v] for v in inner] for inner in outer]} for name, outer in scores.items()}
    assert best_within(found, 0) == ["tuned", "other"]
    assert best_within(found, 1) == ["other", "tuned"]


@pytest.mark.slow
def test_a_look_at_a_training_is_the_training_that_ends_there(measured):
    """Bit for bit: so one training stands for all shorter ones."""
    from accuracy import Options, predictions_after, trained
    from folds import folds

    from dnaconv_core.experiments import get_experiment

    experiment, part = get_experiment("chromatin"), next(folds("chromatin", measured, full=False, quick=False))
    options = Options((0,), 0, 0, False, None, None)
    small = {"filters": 4, "epoch_size": 100}
    long = predictions_after(experiment, "tuned", part, 0, options, small | {"epochs": 3}, looks=(1, 2))
    assert list(long) == ["1", "2", "prediction"]
    for epochs in (1, 2):
        short = trained(experiment, "tuned", part, 0, options, small | {"epochs": epochs})
        np.testing.assert_array_equal(short, long[str(epochs)])
    assert not np.array_equal(long["2"], long["prediction"])
