"""The models that come with the project: whole, small, free of paths, and with a card that says what matters."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.errors import BundleError
from dnaconv_core.evaluate.intervals import Difference
from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.predict import predict
from dnaconv_core.runs.baselines import load_baselines
from dnaconv_core.runs.models import PRETRAINED
from dnaconv_core.runs.pretrained import FILES, RECIPES, Rebuilt, _differences, _signed, rebuild, shipped_card
from dnaconv_core.runs.remeasure import measure_again
from dnaconv_core.sequence.encoding import from_codes

SHIPPED = sorted(name for name in RECIPES if (PRETRAINED / name).is_dir())


def test_the_first_one_is_there_and_all_are_small():
    assert "tf_binding_synthetic" in SHIPPED
    assert sum(path.stat().st_size for path in PRETRAINED.rglob("*")) < 5e6


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_predicts_what_it_stored(name):
    folder = PRETRAINED / name
    bundle = load_bundle(folder)
    assert {path.name for path in folder.iterdir()} == set(FILES)
    with np.load(folder / "predictions.npz", allow_pickle=False) as kept:
        codes, stored, covariates = kept["codes"][:50], kept["prediction"][:50], kept["covariates"][:50]
    X = from_codes(np.where(codes == 4, -1, codes)) if (codes == 4).any() else from_codes(codes)
    again = predict(bundle.model, X, covariates if bundle.config.covariates else None)
    np.testing.assert_allclose(again, stored, atol=1e-4)


@pytest.mark.parametrize("name", SHIPPED)
def test_its_card_says_what_matters_and_no_path_of_a_machine(name):
    folder, recipe = PRETRAINED / name, RECIPES[name]
    card = (folder / "card.md").read_text()
    for words in (
        "Limits.",
        "Data.",
        "licence",
        f"dnaconv pretrained rebuild {name}",
        recipe.title,
        "95 % interval",
        recipe.limits,
    ):
        assert words in card, words
    config = json.loads((folder / "config.json").read_text())
    assert {key: config[key] for key in ("data", "split", "preset")} == {
        "data": recipe.spec.data, "split": recipe.spec.split, "preset": recipe.spec.preset,
    }  # fmt: skip
    model = get_experiment(recipe.spec.experiment).model_config(recipe.spec.preset, **recipe.spec.settings)
    keys = ("filters", "depth", "kernel_size", "members", "pooling", "dropout")
    assert [config["model"][key] for key in keys] == [getattr(model, key) for key in keys]
    for text in (card, json.dumps(config)):
        assert "/home" not in text and "/tmp" not in text and "/work" not in text
    if recipe.spec.data != "synthetic":
        assert "Ramsundar" in card and "dnaconv data fetch" in card


@pytest.mark.parametrize("name", SHIPPED)
def test_a_card_written_anew_names_the_data_and_leaves_no_verdict_open(name):
    card = shipped_card(name, RECIPES[name], PRETRAINED / name)
    assert ("synthetic, made by this program" if name == "tf_binding_synthetic" else "Data: the book's ") in card
    assert ("with accessibility, " in card) == (name == "chromatin_jund")
    assert "Intervals " in card and ("0.5 or more" in card) == ("rnai" not in name)
    rows = [line.split(" | ") for line in card.splitlines() if line.count("|") == 5 and "(" in line]
    verdicts = {row[3].rstrip(" |") for row in rows}
    assert verdicts and verdicts <= {"this model is better", "this model is worse", "no clear difference"}
    assert "to the same metrics" not in card


def test_a_number_near_zero_shows_its_side():
    assert [_signed(value) for value in (-0.00031, 0.0412, 0.0, 0.0005)] == ["-0.0003", "+0.041", "+0.000", "+0.001"]


@pytest.mark.parametrize("name", SHIPPED)
def test_its_baselines_are_beside_it(name):
    stored = load_baselines(PRETRAINED / name)
    assert stored.found and not stored.reason
    main_metric = get_experiment(RECIPES[name].spec.experiment).main_metric
    assert all(main_metric in baseline.differences for baseline in stored.found)


def test_unknown_names_and_folders_in_use_are_refused(tmp_path):
    with pytest.raises(BundleError, match="there is no pretrained model 'jund': choose from tf_binding_synthetic"):
        rebuild("jund", tmp_path)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BundleError, match="holds other files than a model's"):
        rebuild("tf_binding_synthetic", tmp_path)
    (tmp_path / "file").write_text("")
    for place in ("file", "file/models/again"):  # told before it trains
        with pytest.raises(BundleError, match="file is no folder that can be written to"):
            rebuild("tf_binding_synthetic", tmp_path / place)


def test_the_list_on_the_command_line(capsys):
    assert main(["pretrained", "list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)["pretrained"]}
    assert listed["tf_binding_synthetic"]["there"] and set(listed) == set(RECIPES)


def test_a_rebuilt_model_is_judged_by_digits_then_by_the_paired_interval():
    def judged(largest, **differences) -> str:
        found = {name: Difference(name, value, value - 0.01, value + 0.01) for name, value in differences.items()}
        return Rebuilt(PRETRAINED, {}, {}, largest, found).verdict

    assert judged(0.004, auroc=0.004) == "same"
    assert judged(0.007, auroc=-0.007, auprc=0.003) == "not distinguishable"
    assert judged(0.02, auroc=-0.003, auprc=-0.02) == "different"
    assert judged(0.007) == "different"  # on other examples nothing can be said for it
    assert judged(None) == "different"


def test_predictions_are_compared_on_the_same_examples_only():
    with np.load(PRETRAINED / "rnai_huesken" / "predictions.npz", allow_pickle=False) as kept:
        shipped = {key: kept[key] for key in kept.files}
    noise = np.random.default_rng(0).standard_normal(shipped["prediction"].shape).astype(np.float32)
    near = shipped | {"prediction": shipped["prediction"] + 0.002 * noise}
    found = _differences(RECIPES["rnai_huesken"], near, shipped)
    assert list(found) == ["pearson_r", "spearman_rho"]
    assert found["pearson_r"].low < 0 < found["pearson_r"].high and found["pearson_r"].value != 0
    far = shipped | {"prediction": shipped["prediction"] + 0.5 * noise}
    assert _differences(RECIPES["rnai_huesken"], far, shipped)["pearson_r"].verdict == "worse"
    assert _differences(RECIPES["rnai_huesken"], near | {"y": near["y"] + 1}, shipped) == {}


@pytest.mark.slow
def test_rebuilding_gives_the_same_metrics_and_the_planted_motif_is_learned(tmp_path):
    made = rebuild("tf_binding_synthetic", tmp_path / "again")
    assert made.same, made.largest
    assert made.verdict == "same" and set(made.differences) == {"auroc", "auprc"}
    measured = json.loads((tmp_path / "again" / "metrics.json").read_text())
    assert measured["valid"]["auroc"]["value"] >= 0.95
    card = (tmp_path / "again" / "card.md").read_text()
    assert json.loads((tmp_path / "again" / "config.json").read_text())["processor"] in card


def test_kept_predictions_measured_anew_give_the_figures_that_ship(tmp_path):
    folder = tmp_path / "rnai_huesken"
    shutil.copytree(PRETRAINED / "rnai_huesken", folder)
    before = {name: (folder / name).read_text() for name in ("metrics.json", "baselines.json", "card.md")}
    (folder / "card.md").write_text("old")
    found = measure_again("rnai_huesken", folder)
    assert found["pearson_r"].note == "209 groups of similar sequences"
    for name, text in before.items():
        new = (folder / name).read_text()
        if name == "card.md":
            assert new == text
        else:
            rounded = [json.loads(t, parse_float=lambda digits: round(float(digits), 6)) for t in (new, text)]
            assert rounded[0] == rounded[1]
