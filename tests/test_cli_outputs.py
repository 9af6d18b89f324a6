"""Commands that show one output of several: which one --task names, and that it is the one they show."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, roc_auc_score

from dnaconv_core.answers.outputs import find_output, of_output, output_names, shown_output, view
from dnaconv_core.cli import main
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.engine.silencing import predict_without, silenced
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.ablation import ablate_filters
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import from_codes

SHAPE = {"length": 21, "kernel_size": 6, "filters": 5, "pooling": "max"}
NAMES = ("CTCF", "JUND", "none of them")
WORDS = ("TGACTC", "GGGCGG", "CATATG")
KINDS = {
    "labels": ModelConfig(n_tasks=3, names=NAMES, depth=1, **SHAPE),
    "classes": ModelConfig(task="classes", output="softmax", n_tasks=3, names=NAMES, depth=2, **SHAPE),
}


@pytest.fixture(params=KINDS)
def made(request, tmp_path):
    """A bundle with its validation predictions, and its labels, some of them missing."""
    config, rng = KINDS[request.param], np.random.default_rng(1)
    model = build(config, 3).eval()
    if config.depth == 1:  # its first three filters are the words
        with torch.no_grad():
            for filter_, word in enumerate(WORDS):
                model.convs[0].weight[filter_] = 0
                for place, letter in enumerate(word):
                    model.convs[0].weight[filter_, "ACGT".index(letter), place] = 1
                model.convs[0].bias[filter_] = -4
            model.dense.weight[:] = 0
            model.dense.weight[:, :3] = torch.eye(3) * 3
            model.dense.bias[:] = -2
    codes, which = rng.integers(0, 4, (90, 21)), rng.integers(0, 3, 90)
    for row, word in enumerate(which):
        codes[row, 7:13] = ["ACGT".index(letter) for letter in WORDS[word]]
    y = which[:, None] if config.answer.joint else which[:, None] == np.arange(3)
    w = rng.random(y.shape) < 0.9
    data = Dataset(
        from_codes(codes), np.where(w, y, 0).astype(np.float32), w.astype(np.float32), np.arange(90).astype(str)
    )
    path = save_bundle(tmp_path / "model", model, "tf_binding")
    np.savez(
        path / "predictions.npz", ids=data.ids, y=data.y, w=data.w, prediction=predict(model, data), codes=codes,
        covariates=np.zeros((90, 0)),
    )  # fmt: skip
    write_diskdataset(data, tmp_path / "data")
    return path, model, data


@pytest.fixture
def ask(capsys):
    def run(*arguments: object, json_wanted: bool = True):
        code = main([*map(str, arguments), *(["--json"] if json_wanted else [])])
        told = capsys.readouterr()
        assert code == 0, told.err
        return json.loads(told.out) if json_wanted else told.out

    return run


def test_an_output_is_found_by_name_or_number():
    config = KINDS["classes"]
    assert [find_output(config, asked) for asked in ("", "JUND", "jund", "2", "none of them")] == [0, 1, 1, 2, 2]
    assert output_names(config) == list(NAMES) and shown_output(config, 1) == "class JUND, one of 3"
    assert output_names(ModelConfig(n_tasks=2)) == ["0", "1"] and shown_output(ModelConfig(), 0) == ""
    with pytest.raises(InputError, match="there is no class 'SP1': choose CTCF, JUND, none of them, or a number"):
        find_output(config, "SP1")
    with pytest.raises(InputError, match="there is no label '3'"):
        find_output(KINDS["labels"], 3)


def test_one_output_is_judged_by_labels_of_its_own():
    y, w = np.array([[0], [2], [1], [2]], np.float32), np.array([[1], [1], [0], [1]], np.float32)
    p = np.arange(12.0).reshape(4, 3)
    one = view(KINDS["classes"].answer, 2, y, p, w)
    assert (one.answer.key, one.y.tolist(), one.w.tolist()) == ("binary", [0, 1, 0, 1], [1, 1, 0, 1])
    assert one.prediction.tolist() == [2, 5, 8, 11]
    data = Dataset(np.zeros((4, 4, 21), np.int8), y, w, np.arange(4))
    assert of_output(KINDS["classes"], data, 2).y.tolist() == [[0], [1], [0], [1]]
    three = Dataset(data.X, np.hstack([y, y + 5, y]), np.hstack([w, 1 - w, w]), data.ids)
    found = of_output(KINDS["labels"], three, 1)
    assert found.y.ravel().tolist() == [5, 7, 6, 7] and found.w.ravel().tolist() == [0, 0, 1, 0]


def test_silencing_is_of_the_output_asked_for(made):
    _, model, data = made
    for layer in range(1, model.config.depth + 1):
        for task in (0, 2):
            whole, without = predict_without(model, data.X, layer=layer, indices=[1, 4], task=task)
            assert whole == pytest.approx(predict(model, data)[:, task], abs=1e-6)
            for column, index in zip(without.T, (1, 4), strict=True):
                assert column == pytest.approx(predict(silenced(model, index, layer), data)[:, task], abs=1e-5)
    one = of_output(model.config, data, 1).labelled()
    (change,) = ablate_filters(model, one.X, one.y, indices=[1], task=1)
    said = [predict(m, one)[:, 1] for m in (silenced(model, 1), model)]
    apart = [roc_auc_score(one.y[:, 0], p) if np.ptp(p) else np.nan for p in said]
    assert change.difference.name == "auroc"
    assert change.difference.value is None or change.difference.value == pytest.approx(apart[0] - apart[1], abs=1e-6)


def test_predictions_have_a_column_for_each_output(made, ask):
    path, model, data = made
    sequences = data.sequences()[:4]
    rows = ask("predict", path, *sequences)
    expected = predict(model, data.subset(np.arange(4)))
    for row, values in zip(rows, expected, strict=True):
        assert [row[f"prediction_{name}"] for name in NAMES] == pytest.approx(values, abs=1e-6)
        assert row.get("class") == (NAMES[values.argmax()] if model.config.answer.joint else None)
    table = ask("predict", path, *sequences, "--task", "JUND", json_wanted=False).splitlines()
    assert table[0].startswith("id,sequence,prediction_JUND") and "CTCF" not in table[0]
    detail = ask("predict", path, *sequences, "--details", "--task", "1")
    assert [row["prediction"] for row in detail] == pytest.approx(expected[:, 1], abs=1e-6)
    assert all(0 <= row["calibrated"] <= 1 and 0 <= row["among_negatives"] <= 1 for row in detail)


def test_evaluate_tells_of_all_outputs_and_of_each(made, ask):
    path, model, data = made
    found, prediction = ask("evaluate", path, "--data", path.parent / "data"), predict(model, data)
    assert list(found["each"]) == list(NAMES)
    for output, name in enumerate(NAMES):
        one = view(model.config.answer, output, data.y, prediction, data.w)
        known = one.w > 0
        auroc = roc_auc_score(one.y[known], one.prediction[known])
        assert found["each"][name]["auroc"]["value"] == pytest.approx(auroc)
        assert found["each"][name]["auroc"]["low"] <= auroc <= found["each"][name]["auroc"]["high"]
    if model.config.answer.joint:
        known = data.w[:, 0] > 0
        by_hand = confusion_matrix(data.y[known, 0], prediction[known].argmax(axis=1), labels=range(3))
        assert found["confusion"] == by_hand.tolist() and found["classes"] == list(NAMES)
        text = ask("evaluate", path, "--data", path.parent / "data", json_wanted=False)
        assert "measured (rows) and called (columns):" in text and "macro_auroc" in text
    else:
        mean = np.mean([found["each"][name]["auroc"]["value"] for name in NAMES])
        assert found["metrics"]["auroc"]["value"] == pytest.approx(mean)


@pytest.mark.slow
def test_attributions_scans_and_variants_are_of_the_output_asked_for(made, ask, tmp_path):
    path, model, data = made
    sequence, logits = data.sequences()[0], predict(model, data.subset(np.arange(1)), output="logit")[0]
    for command in ("attribute", "ism"):
        found = ask(command, path, sequence, "--task", "JUND")
        assert found["task"] == "JUND" and found["sequences"][0]["output"] == pytest.approx(logits[1], abs=1e-5)
        text = ask(command, path, sequence, "--task", "JUND", json_wanted=False)
        assert text.splitlines()[0] == f"of {shown_output(model.config, 1)} (see --task)"
    contig = "".join(data.sequences()[:6])
    (tmp_path / "genome.fa").write_text(f">chr1\n{contig}\n")
    track = tmp_path / "scores.bedgraph"
    found = ask("scan", path, "--fasta", tmp_path / "genome.fa", "--task", "2", "--threshold", "0", "--bedgraph", track)
    assert found["task"] == "none of them"
    best = found["sequences"][0]["peaks"][0]
    codes = np.array(["ACGT".index(letter) for letter in contig])[best["start"] : best["end"]]
    read = from_codes(codes[None]) if best["strand"] != "-" else from_codes(3 - codes[None, ::-1])
    assert best["score"] == pytest.approx(predict(model, read)[0, 2], abs=1e-5)
    assert f"{best['score']:.4g}"[:5] in track.read_text()
    place = 50
    alt = "G" if contig[place] != "G" else "A"
    (tmp_path / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t{place + 1}\t.\t{contig[place]}\t{alt}\t.\t.\t.\n"
    )
    found = ask("variants", path, "--vcf", tmp_path / "v.vcf", "--genome", tmp_path / "genome.fa", "--task", "JUND")
    (row,), start = found["variants"], place - 10
    both = [contig[start : start + 21], contig[start:place] + alt + contig[place + 1 : start + 21]]
    X = from_codes(np.array([["ACGT".index(letter) for letter in text] for text in both]))
    change = [np.diff(predict(model, X, output=kind)[:, 1])[0] for kind in ("logit", "prediction")]
    assert [row["effect_logit"], row["effect_probability"]] == pytest.approx(change, abs=1e-5)
    assert found["task"] == "JUND"


@pytest.mark.slow
def test_filters_motifs_bench_and_report_are_of_the_output_asked_for(made, ask, tmp_path):
    path, model, _ = made
    found = ask("filters", path, "--task", "JUND", "--no-ablation")
    assert found["task"] == "JUND"
    if model.config.depth == 1:  # whose second filter is JUND's word
        assert [row["index"] for row in found["filters"] if row["rank"] == 1] == [1]
        effects = [
            ask("bench", path, "--motif", WORDS[1], "--task", name, "--backgrounds", "12")["effect"]["mean"]
            for name in NAMES
        ]
        assert effects[1] > 3 and abs(effects[0]) < 0.5 and abs(effects[2]) < 0.5
        motifs = ask("motifs", path, "--task", "2", "--method", "input_x_gradient")
        assert motifs["task"] == "none of them"
        assert not (path / "patterns.npz").exists()
        ask("report", path, "--task", "2", "--out", tmp_path / "r.html")
        assert "those of the label none of them, one of 3" in (tmp_path / "r.html").read_text()


def test_an_unknown_output_is_refused_in_a_sentence(made, capsys):
    path, model, data = made
    assert main(["attribute", str(path), data.sequences()[0], "--task", "SP1"]) == 2
    kind = model.config.answer.words.one
    assert f"there is no {kind} 'SP1': choose CTCF, JUND, none of them" in capsys.readouterr().err


def test_names_travel_in_a_bundle(made):
    path, _, _ = made
    assert load_bundle(path).config.names == NAMES
