"""`dnaconv design`: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.model.bundle import save_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot

START = "ACGTTGCAACGTACGATTGCA"


@pytest.fixture
def dna(tmp_path):
    model = build(ModelConfig(length=21, depth=2, kernel_size=4, filters=3, members=2), 1).eval()
    return save_bundle(tmp_path / "dna", model, "tf_binding"), model


@pytest.fixture
def judge(tmp_path):
    model = build(ModelConfig(length=21, depth=1, kernel_size=5, filters=4), 2).eval()
    return save_bundle(tmp_path / "judge", model, "tf_binding"), model


@pytest.fixture
def ask(capsys):
    def run(*arguments: object):
        code = main(["design", *map(str, arguments), "--json"])
        told = capsys.readouterr()
        assert code == 0, told.err
        return json.loads(told.out)

    return run


def test_the_scores_are_those_that_predict_gives(ask, dna, judge, tmp_path):
    files = ["--out", tmp_path / "d.csv", "--fasta-out", tmp_path / "d.fa"]
    found = ask(dna[0], START, "--edits", 3, "--judge", judge[0], *files)
    (one,) = found["designs"]
    X = one_hot([one["start"], one["sequence"]])
    np.testing.assert_allclose([one["score_start"], one["score"]], predict(dna[1], X)[:, 0], atol=1e-6)
    np.testing.assert_allclose([one["judge_start"], one["judge"]], predict(judge[1], X)[:, 0], atol=1e-6)
    assert one["spread"] == pytest.approx(float(predict(dna[1], X, output="spread")[1, 0]), abs=1e-6)
    assert one["start"] == START
    assert one["score"] > one["score_start"]
    assert len(one["scores"]) == len(one["edits"]) + 1 == 4
    assert one["distance"] is found["usual_distance"] is None  # nothing is kept with this model
    (row,) = csv.DictReader((tmp_path / "d.csv").open())
    assert (row["sequence"], row["edits"]) == (one["sequence"], " ".join(one["edits"]))
    assert set(row) <= set(one) and float(row["logit"]) == pytest.approx(one["logit"], rel=1e-5)
    assert (tmp_path / "d.fa").read_text().splitlines()[1] == one["sequence"]


@pytest.mark.slow
def test_random_starts_are_ranked_and_repeat_with_a_seed(ask, dna):
    how = (dna[0], "-n", 4, "--edits", 2, "--low", "--gc", "0.4-0.6", "--forbid", "TGA", "--fix", "1-3")
    found = ask(*how, "--seed", 3)["designs"]
    assert found == ask(*how, "--seed", 3)["designs"]
    assert found != ask(*how, "--seed", 4)["designs"]
    scores = [one["score"] for one in found]
    assert scores == sorted(scores)
    for one in found:
        assert one["sequence"][:3] == one["start"][:3]
        assert "TGA" not in one["sequence"]
        assert "TCA" not in one["sequence"]
        assert 0.4 <= one["gc"] <= 0.6


def test_shuffles_of_a_file_and_what_cannot_be_read(ask, dna, tmp_path):
    (tmp_path / "s.fa").write_text(f">a\n{START}\n>short\nACGT\n>b\n{START[::-1]}\n")
    found = ask(dna[0], "--fasta", tmp_path / "s.fa", "--start", "shuffled", "-n", 2, "--edits", 1, "--method", "beam")
    assert sorted(one["id"] for one in found["designs"]) == [f"{n}_shuffle_{i}" for n in "ab" for i in (1, 2)]
    assert all(sorted(one["start"]) == sorted(START) for one in found["designs"])
    (skipped,) = found["skipped"]
    assert "has 4 bases" in skipped["reason"]


def test_distances_from_examples_that_are_given(ask, dna, tmp_path):
    rows = [START, START[::-1], "TTTTTTTTTTTTTTTTTTTTT"]
    (tmp_path / "known.csv").write_text("sequence,label\n" + "".join(f"{s},{i % 2}\n" for i, s in enumerate(rows)))
    found = ask(dna[0], START, "--edits", 1, "--data", tmp_path / "known.csv")
    (one,) = found["designs"]
    assert one["distance_start"] == 0
    assert 0 < one["distance"] <= 6 / 16  # one edit changes six words at most
    assert 0 < found["usual_distance"] <= 1


@pytest.mark.slow
def test_what_people_read(capsys, dna):
    assert main(["design", str(dna[0]), START, "--edits", "2", "--motifs", "--target", "0.5"]) == 0
    told = capsys.readouterr().out
    assert "seq_1: score " in told
    assert "SD of members" in told
    assert "seq_1 gained " in told
    assert "give --judge MODEL, one trained apart" in told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--low", "--target", "0.5"], "--low and --target cannot both be"),
        (["--target", "2"], "the target is 2: this model predicts shares"),
        (["--gc", "half"], "--gc is 'half': write two shares, such as 0.4-0.6"),
        (["--start", "shuffled"], "there is nothing to start from: shuffled starts need sequences"),
        ([START, "--start", "random"], "random starts need no sequences"),
        (["ACGT"], "has 4 bases; this model reads 21"),
        (["--judge", "{model}"], "the judge is the model itself"),
        (["--judge", "rnai_huesken"], "the judge reads 21 bases of RNA and the model 21 of DNA"),
        (["--forbid", "GAEC"], "has 'E' at position 3"),
        (["-n", "0"], "0 designs are asked for"),
        (["--covariate", "a=1"], "this model takes none"),
    ],
)
def test_what_is_refused(capsys, dna, words, sentence):
    assert main(["design", str(dna[0]), *(word.format(model=dna[0]) for word in words)]) == 2
    assert sentence in capsys.readouterr().err
