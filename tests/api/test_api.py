"""What the front's functions take and give: the same numbers as the rooms, from whatever holds the sequences."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dnaconv_core as dc
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.sequence.encoding import one_hot

ROOT = Path(__file__).parents[2]
GUIDES = ["CCUAAGAUAAUUCUGCGCCUG", "UUAAUGGACCAAGUUCGAGCA", "GGCAUCGAUUCGAUCCGAUAU"]
WINDOW = "GACT" * 12 + "TGACTCA" + "CAGT" * 11 + "GA"  # 101 bases


@pytest.fixture(scope="module")
def rnai():
    return dc.load("rnai_huesken")


@pytest.fixture(scope="module")
def jund():
    return dc.load("tf_binding_synthetic")


def test_sequences_come_in_every_form(rnai, tmp_path):
    wanted = rnai.predict(GUIDES)
    assert wanted.shape == (3, 1) and np.ptp(wanted) > 0.01
    fasta = tmp_path / "guides.fa"
    fasta.write_text("".join(f">g{i}\n{g}\n" for i, g in enumerate(GUIDES)))
    forms = [
        np.array(GUIDES),
        one_hot(GUIDES, "RNA").astype(float),
        pd.DataFrame({"sequence": GUIDES}),
        dc.load_data(GUIDES),
        fasta,
        str(fasta),
        tuple(g.replace("U", "t") for g in GUIDES),
    ]
    for form in forms:
        np.testing.assert_array_equal(dc.predict(rnai, form), wanted)
    np.testing.assert_array_equal(dc.predict("rnai_huesken", GUIDES[1]), wanted[1:2])
    np.testing.assert_array_equal(dc.predict(rnai.network, GUIDES), wanted)


def test_load_data_reads_labels_ids_and_letters():
    frame = pd.DataFrame({"seq": ["ACGU", "UUUU"], "a": [1.5, np.nan], "b": [0, 2], "id": ["x", "y"]})
    data = dc.load_data(frame, sequence="seq", label=["a", "b"])
    assert data.alphabet == "RNA" and data.ids.tolist() == ["x", "y"] and data.X.shape == (2, 4, 4)
    assert data.y.tolist() == [[1.5, 0], [0, 2]] and data.w.tolist() == [[1, 1], [0, 1]]
    assert dc.load_data(data) is data
    assert dc.load_data(["ACGTT"]).y.shape == (1, 0)
    assert len(dc.load_data("rnai")) > 100  # an experiment's key


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((["ACGT", "ACG"],), "sequence 2 has 3 bases and the first has 4"),
        ((["ACGT"], [1, 0]), "there are 1 sequences and 2 labels"),
        ((np.zeros((5, 7, 4)),), r"shape \(5, 7, 4\); one-hot sequences are \(examples, 4, length\)"),
        ((np.full((5, 4, 7), 0.25),), "the array is not one-hot"),
        ((pd.DataFrame({"dna": ["A"]}),), "no column 'sequence': name it with sequence="),
        (([],), "there are no sequences"),
        (("nowhere.csv",), "nowhere.csv does not exist"),
    ],
)
def test_what_cannot_be_read_is_told(given, words):
    with pytest.raises((DataError, InputError), match=words):
        dc.load_data(*given)


def test_what_a_model_cannot_read_is_told(rnai):
    with pytest.raises(InputError, match=r"sequence 1 \('seq_1'\) has 5 bases; this model reads 21: pad it with N"):
        dc.predict(rnai, "ACGUA")
    with pytest.raises(InputError, match="this model takes none: leave them out"):
        dc.predict(rnai, GUIDES, [1, 2, 3])
    with pytest.raises(InputError, match="this model needs accessibility beside each sequence: give covariates="):
        dc.predict("chromatin_jund", WINDOW)
    with pytest.raises(InputError, match="the model is a int: give a run's id"):
        dc.predict(7, GUIDES)


def test_covariates_are_given_raw():
    low, high = (dc.predict("chromatin_jund", WINDOW, [value])[0, 0] for value in (0.0, 0.5))
    assert high > low


def test_evaluate_gives_the_stored_metrics_of_held_out_examples(rnai):
    found = dc.evaluate(rnai)
    assert found["pearson_r"].value == pytest.approx(rnai.metrics["valid"]["pearson_r"].value, abs=1e-4)
    frame = found.to_frame()
    assert frame.loc["pearson_r", "low"] < frame.loc["pearson_r", "value"] < frame.loc["pearson_r", "high"]
    assert "pearson_r" in found._repr_html_()
    with pytest.raises(InputError, match="has no labels: give a Dataset with them"):
        dc.evaluate(rnai, GUIDES)


@pytest.mark.slow
def test_attributions_and_substitutions_are_tables(jund):
    found = dc.attribute(jund, [WINDOW, WINDOW[::-1]], method="input_x_gradient")
    frame = found.to_frame()
    assert frame.shape == (202, 4) and "".join(frame.base[:101]) == WINDOW
    np.testing.assert_array_equal(frame.score[101:], found.scores[1])
    assert found._repr_html_().count("<svg") == 2
    changes = dc.ism(jund, WINDOW)
    here = changes.to_frame()
    assert (
        list(here.columns) == ["id", "position", "base", "A", "C", "G", "T"] and (here.G[here.base == "G"] == 0).all()
    )
    mutant = WINDOW[:51] + "C" + WINDOW[52:]
    before, after = dc.predict(jund, [WINDOW, mutant], output="logit")[:, 0]
    assert here.C[51] == pytest.approx(after - before, abs=1e-4)


def test_filters_come_in_the_order_of_the_table(jund):
    found = dc.filters(jund)
    frame = found.to_frame()
    assert len(frame) == jund.config.filters and sorted(frame["filter"]) == list(range(1, len(frame) + 1))
    assert found.motifs[0] is found.scan.motifs[frame["filter"][0] - 1].motif
    assert dc.plot.logo(found.motifs[0])._repr_svg_().startswith("<svg")
    shown = found._repr_html_()
    assert shown.count("<svg") == len(frame) and "rows<" not in shown
    with pytest.raises(InputError, match=r"a Filters is no logo: give one of its \.motifs"):
        dc.plot.logo(found)


def test_the_planted_motif_raises_the_logit(jund):
    planted, other = (dc.marginalize(jund, word, n=30) for word in ("TGACTCA", "GGTTGTT"))
    assert planted.low > 1 and planted.mean > other.mean
    frame = planted.to_frame()
    assert frame.shape == (30, 3) and frame["change"].mean() == pytest.approx(planted.mean)
    assert f"<b>{planted.mean:+.3f}</b>" in planted._repr_html_() and "30 backgrounds" in planted._repr_html_()


def test_what_a_notebook_draws_is_text_and_not_markup():
    from dnaconv_core.api.tables import _drawn

    frame = pd.DataFrame({"name": ["<b>a</b>", "&"], "value": [1 / 3, None]})
    drawn = _drawn(frame, ["<svg>1</svg>", "<svg>2</svg>"])
    assert "&lt;b&gt;a" in drawn and "<b>" not in drawn and "<svg>2</svg>" in drawn
    assert "0.3333" in drawn and "NaN" not in drawn and "rows" not in drawn
    assert "<p>20 of 30 rows</p>" in _drawn(pd.DataFrame({"value": range(30)}))


def test_a_dataset_shows_itself_in_one_line():
    data = dc.load_data(["ACGTT", "TTTTT"], [1, 0])
    assert repr(data) == f"<Dataset {data.label}: 2 sequences of 5 bases of DNA, 1 label>"


@pytest.mark.slow
def test_motifs_are_found(jund):
    found = dc.motifs(jund, most=200)
    assert re.search("TGA[CS]TCA|TGA[CS]TCA", " ".join(found.to_frame().consensus))


def test_a_scan_holds_what_predict_says_of_each_window(jund):
    long = "A" * 7 + WINDOW + "C" * 5
    frame = dc.scan(jund, long, name="long").to_frame()
    assert len(frame) == 2 * 13 and frame.name.unique().tolist() == ["long"]
    row = frame[(frame.start == 7) & (frame.strand == "+")].iloc[0]
    assert row.end == 108 and row.score == pytest.approx(dc.predict(jund, WINDOW)[0, 0], abs=1e-5)


def test_variants_as_tuples_or_a_frame_on_sequences_in_memory(jund):
    long = "A" * 60 + WINDOW + "C" * 60
    rows = [("c", 112, long[111], "C"), ("c", 3, "T", "A"), ("d", 1, "A", "C")]
    found = dc.variants(jund, rows, {"c": long})
    frame = found.to_frame()
    assert frame.status.str.partition(":")[0].tolist() == ["ok", "ref_mismatch", "outside"]
    assert frame.effect_logit[0] == pytest.approx(dc.ism(jund, long[61:162]).change[0, 1, 50], abs=1e-4)
    again = dc.variants(jund, pd.DataFrame(rows), {"c": long}).to_frame()
    pd.testing.assert_frame_equal(frame, again)
    with pytest.raises(InputError, match=r"variant 1 has 2 values: give \(chrom, pos, ref, alt\)"):
        dc.variants(jund, [("c", 1)], {"c": WINDOW})


def test_curves_of_what_evaluate_gave(jund):
    judged = dc.evaluate(jund, jund.examples.subset(np.arange(150)))
    assert [trace.name for trace in dc.plot.roc({"this one": judged}).data][1].startswith("this one")
    assert len(dc.plot.roc((judged.y, judged.prediction)).data) == 2
    assert len(dc.plot.precision_recall(judged).data) >= 1
    assert len(dc.plot.scatter(judged).data) >= 1


def _planted(n: int, length: int = 40, seed: int = 3) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    texts = ["".join(rng.choice(list("ACGT"), length)) for _ in range(n)]
    y = np.arange(n) % 2
    return [t[:15] + "TGACTCA" + t[22:] if bound else t for t, bound in zip(texts, y, strict=True)], y


@pytest.mark.slow
def test_data_in_memory_are_trained_on_and_learnt():
    sequences, y = _planted(600)
    model = dc.train(sequences, y, preset="quick", epochs=40, batch_size=32, device="cpu")
    assert model.experiment == "data" and len(model.examples) == 120 and 1 <= model.history.last_epoch <= 40
    assert dc.evaluate(model)["auroc"].value > 0.9
    fresh, truth = _planted(200, seed=9)
    assert dc.evaluate(model, dc.load_data(fresh, truth))["auroc"].value > 0.9
    again = dc.train(sequences, y, preset="quick", epochs=40, batch_size=32, device="cpu")
    np.testing.assert_array_equal(model.predict(fresh), again.predict(fresh))


def test_training_says_what_it_lacks():
    with pytest.raises(DataError, match="no labels to learn from: give them as the second argument"):
        dc.train(["ACGTACGT"] * 4)
    with pytest.raises(InputError, match="rnai has data and a task of its own"):
        dc.train("rnai", [1, 2])
    with pytest.raises(InputError, match="unknown argument 'fastq'"):
        dc.import_data("mine", fastq="x")


@pytest.mark.slow
def test_import_data_computes_a_label_and_takes_a_file_for_each_class(tmp_path):
    table = tmp_path / "counts.csv"
    draw = np.random.default_rng(3)
    words = ["".join(row) for row in draw.choice(list("ACGT"), (90, 12))]
    counts = draw.integers(1, 50, (90, 2))
    table.write_text("seq,rna,dna\n" + "".join(f"{w},{a},{b}\n" for w, (a, b) in zip(words, counts, strict=True)))
    with pytest.raises(InputError, match="three ways to one label: give one of them"):
        dc.import_data("ratios", table=table, sequence="seq", label="rna", label_ratio=("rna", "dna"))
    dc.import_data("ratios", table=table, sequence="seq", label_ratio=("rna", "dna"), pseudo=2)
    data = dc.load_data("ratios")
    rows = {word: np.log2((a + 2) / (b + 2)) for word, (a, b) in zip(words, counts, strict=True)}
    found = dict(zip(data.sequences(), data.y.ravel().tolist(), strict=True))
    assert len(found) > 50 and all(found[word] == pytest.approx(rows[word], abs=1e-5) for word in found)
    files = {}
    for number, name in enumerate(("left", "right", "none")):
        files[name] = tmp_path / f"{name}.fa"
        files[name].write_text("".join(f">{name}{i}\n{w}\n" for i, w in enumerate(words[number::3])))
    dc.import_data("sides", class_files=files)
    assert dc.experiment("sides").task == "classes" and set(dc.experiment("sides").names) == set(files)


def test_import_data_makes_an_experiment(tmp_path):
    sequences, y = _planted(120)
    table = tmp_path / "mine.csv"
    pd.DataFrame({"seq": sequences, "bound": y}).to_csv(table, index=False)
    brought = dc.import_data("mine", table=table, label="bound", sequence="seq", question="Bound?")
    assert brought.experiment.question == "Bound?" and dc.experiment("mine").length == 40
    assert len(dc.load_data("mine")) == dict(brought.experiment.parts)["train"]


@pytest.mark.slow
def test_scikit_learn_scores_and_searches():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, cross_val_score

    sequences, y = _planted(400)
    words = np.where(y == 1, "bound", "free")
    settings = {"epochs": 30, "batch_size": 32, "device": "cpu"}
    network = dc.ConvNetClassifier(preset="quick", settings=settings)
    assert clone(network).get_params() == network.get_params()
    assert cross_val_score(network, np.array(sequences), words, cv=2, scoring="roc_auc").min() > 0.8
    short = {"preset": ["quick"], "settings": [settings | {"epochs": 1}, settings]}
    best = GridSearchCV(network, short, cv=2).fit(np.array(sequences), words)
    assert best.best_params_["settings"]["epochs"] == 30
    proba = best.predict_proba(sequences[:5])
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert set(best.predict(sequences)) == {"bound", "free"} and best.classes_.tolist() == ["bound", "free"]
    numbers = dc.ConvNetRegressor(preset="quick", settings=settings).fit(sequences, y * 2.0 + 1)
    assert numbers.predict(sequences[:7]).shape == (7,) and numbers.score(sequences, y * 2.0 + 1) > 0.3


def test_design_is_the_room_s_and_takes_starts_and_a_judge(jund):
    from dnaconv_core.design.design import design
    from dnaconv_core.design.goal import Goal
    from dnaconv_core.design.rules import Checker, Rules
    from dnaconv_core.design.starts import random_starts

    rules = Checker(Rules(3, (0.3, 0.7), ("GAATTC",)), 101, "DNA")
    wanted = design(jund.network, random_starts(4, rules, seed=5), Goal(), rules)
    made = dc.design(jund, n=4, edits=3, gc=(0.3, 0.7), forbid="EcoRI", seed=5, judge="tf_binding_jund")
    assert [one.sequence for one in made.designs] == [one.sequence for one in wanted.designs]
    frame = made.to_frame()
    assert frame["judge"].between(0, 1).all() and frame["score"].is_monotonic_decreasing and len(frame) == 4
    low = dc.design(jund, [WINDOW], aim="low", edits=2).designs[0]
    assert low.start == WINDOW and low.gain < 0 and len(low.edits) == 2
    with pytest.raises(InputError, match="unknown argument 'edit'"):
        dc.design(jund, edit=3)
    with pytest.raises(InputError, match="has 3 bases"):
        dc.design(jund, ["ACG"])


@pytest.mark.slow
def test_the_script_of_the_readme_runs(tmp_path):
    page = (ROOT / "README.md").read_text()
    script = re.search(r"```python\n(import dnaconv_core as dc\n.+?)```", page, re.DOTALL)[1]
    assert len([line for line in script.splitlines() if line]) == 1 + 5
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DNACONV_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "auroc" in done.stdout and "consensus" in done.stdout and (tmp_path / "logo.svg").read_text()[:4] == "<svg"


def test_a_table_without_designs_has_its_columns():
    made = dc.design("tf_binding_synthetic", n=1, edits=3, least=3, apart=101)
    assert not made.designs
    assert list(made.to_frame()["score"]) == [] and len(made.skipped) == 1
