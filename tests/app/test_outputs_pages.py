"""Models with several outputs on every page: one chooses the class or label, and sees whose numbers are shown."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from dnaconv_core.evaluate.held_out import read_kept
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.predict import predict
from dnaconv_core.runs.baselines import load_baselines
from dnaconv_core.runs.store import Store
from dnaconv_core.sequence.encoding import one_hot

MODEL_PAGES = ("evaluate", "filters", "motifs", "saliency", "step_through", "predict", "scan", "variants")
NAMES = ["ap1", "*sp1*", "plain"]  # of the classes of 'kinds', in order


def metric(at, label: str, number: int = 0) -> str:
    return [m.value for m in at.metric if m.label == label][number]


def texts(at) -> str:
    return "\n".join([*(m.value for m in at.markdown), *(c.value for c in at.caption)])


def fine(at) -> None:
    assert not at.exception and [error.value for error in at.error] == []


def kept(run):
    return read_kept(Store().folder(run.id))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "experiment", "output", "kind"),
    [
        *((page, "kinds", "*sp1*", "class") for page in MODEL_PAGES),
        *((page, "two", "sp1", "label") for page in ("filters", "saliency", "scan")),
    ],
)
def test_a_page_shows_the_output_of_the_address(several, dashboard, settled, page, experiment, output, kind):
    at = settled(dashboard(page, experiment=experiment, run=several[experiment].id, output=output))
    fine(at)
    chosen = at.selectbox(key="_output")
    assert (chosen.label, chosen.value, chosen.options[1]) == (f"Shown: {kind}", 1, output)
    assert f"One of {len(chosen.options)}." in texts(at)


@pytest.mark.parametrize("page", [*MODEL_PAGES, "experiments"])
def test_a_class_that_is_not_there_is_one_sentence(several, dashboard, page):
    at = dashboard(page, experiment="kinds", run=several["kinds"].id, output="nix")
    (error,) = at.error
    assert error.value.replace("\\", "") == (
        "there is no class 'nix': choose ap1, *sp1*, plain, or a number from 0 to 2"
    )
    assert r"\*sp1\*" in error.value and not at.exception
    at.selectbox(key="_output").set_value(0).run()
    fine(at)
    assert at.query_params["output"] in ("ap1", ["ap1"])


@pytest.mark.slow
@pytest.mark.parametrize("page", ["evaluate", "predict", "saliency", "experiments"])
def test_where_there_is_one_output_nothing_is_chosen(several, dashboard, settled, page):
    at = settled(dashboard(page, experiment="tf_binding", output="nix"))
    fine(at)
    assert "_output" not in [box.key for box in at.selectbox]


@pytest.mark.slow
def test_choosing_another_one_changes_the_address_and_the_next_page(several, dashboard):
    at = dashboard("evaluate", experiment="kinds", run=several["kinds"].id)
    assert at.selectbox(key="_output").value == 0
    at.selectbox(key="_output").set_value(2).run()
    fine(at)
    assert at.query_params["output"] in ("plain", ["plain"])
    at.switch_page("use/predict.py").run()
    assert at.selectbox(key="_output").value == 2
    at.selectbox(key="_experiment").set_value("tf_binding").run()
    fine(at)
    assert "output" not in at.query_params


@pytest.mark.parametrize("output", range(3))
def test_evaluate_measures_a_class_against_all_others(several, dashboard, monkeypatch, output):
    from dnaconv_core.plot import confusion, curves

    drawn = []
    figure = confusion.confusion_figure
    monkeypatch.setattr(confusion, "confusion_figure", lambda *given: drawn.append(given) or figure(*given))
    charted, of_intervals = [], curves.interval_figure
    monkeypatch.setattr(curves, "interval_figure", lambda r, **more: charted.append(r) or of_intervals(r, **more))
    at = dashboard("evaluate", experiment="kinds", run=several["kinds"].id, output=NAMES[output])
    fine(at)
    found = kept(several["kinds"])
    y, called = found.y[:, 0], found.prediction.argmax(axis=1)
    is_it, score = y == output, found.prediction[:, output]
    assert metric(at, "ROC-AUC") == f"{roc_auc_score(is_it, score):.3f}"
    assert metric(at, "PR-AUC") == f"{average_precision_score(is_it, score):.3f}"
    macro = roc_auc_score(y, found.prediction, multi_class="ovr", average="macro")
    assert metric(at, "Macro ROC-AUC") == f"{macro:.3f}"
    assert metric(at, "Accuracy", 0) == f"{(called == y).mean():.3f}"
    ((counts, names),) = drawn
    assert list(names) == NAMES
    assert counts.tolist() == [[int(((y == i) & (called == j)).sum()) for j in range(3)] for i in range(3)]
    each = next(table.value for table in at.dataframe if "positives" in table.value)
    assert each["name"].tolist() == NAMES
    assert each["positives"].tolist() == [int((y == number).sum()) for number in range(3)]
    assert each["ROC-AUC"].tolist() == pytest.approx(
        [roc_auc_score(y == number, found.prediction[:, number]) for number in range(3)]
    )
    assert each[""].tolist() == ["▸" if number == output else "" for number in range(3)]
    word = NAMES[output].replace("*", "\\*")
    right, wrong = (int(((score >= 0.5) & part).sum()) for part in (is_it, ~is_it))
    assert f"| **{word}** | {right} | {int(is_it.sum()) - right} |" in texts(at)
    assert f"| **not {word}** | {wrong} | {int((~is_it).sum()) - wrong} |" in texts(at)
    assert f"**The class {word}**, against all others" in texts(at)
    stored = next(b for b in load_baselines(Store().folder(several["kinds"].id)).found if b.key == "kmers")
    beside = [results for results in charted if stored.name in results]
    assert beside[1][stored.name] == stored.each[output].metrics["auroc"]  # of this class alone; the first is of all


def test_evaluate_leaves_out_examples_whose_label_is_not_known(several, dashboard):
    at = dashboard("evaluate", experiment="two", run=several["two"].id, output="sp1")
    fine(at)
    found = kept(several["two"])
    known = found.w[:, 1] > 0
    assert 0 < known.sum() < len(known)
    areas = [roc_auc_score(found.y[of, t], found.prediction[of, t]) for t, of in ((0, found.w[:, 0] > 0), (1, known))]
    assert metric(at, "ROC-AUC", 0) == f"{np.mean(areas):.3f}"  # of all labels
    assert metric(at, "ROC-AUC", 1) == f"{areas[1]:.3f}"
    assert f"{known.sum()} examples it did not learn from" in texts(at)
    each = next(table.value for table in at.dataframe if "positives" in table.value)
    assert each["known"].tolist() == [len(known), int(known.sum())]


@pytest.mark.parametrize("output", range(3))
def test_predict_tells_every_class_and_the_one_called(several, dashboard, output):
    text = "ACGTTGCAAC" + "GGGCGGG" + "TTACGATCCAGATTACAGATCCA"
    run = several["kinds"]
    at = dashboard("predict", experiment="kinds", run=run.id, output=NAMES[output], sequence=text)
    fine(at)
    (said,) = predict(load_bundle(Store().folder(run.id)).model, one_hot(text, "DNA"))
    word = NAMES[output].replace("*", "\\*")
    assert f"score **{said[output]:.3f}**" in texts(at) and metric(at, f"Probability of being {word}").endswith(" %")
    called = NAMES[said.argmax()].replace("*", "\\*")
    assert f"Called **{called}**, the class with the highest score." in texts(at)
    (every,) = [table.value for table in at.dataframe if "class" in table.value]
    assert every["score"].tolist() == pytest.approx(sorted(said.tolist(), reverse=True))
    assert every["class"].tolist() == [NAMES[i] for i in np.argsort(-said)]


def test_predict_tells_every_label_of_many_sequences(several, dashboard):
    fasta = "".join(f">s{i}\n{base * 4}TGACTCA{'ACCGTAC' * 4}A\n" for i, base in enumerate("ACG"))
    run = several["two"]
    at = dashboard("predict", experiment="two", run=run.id, output="sp1", sequence=fasta)
    fine(at)
    texts_read = [line for line in fasta.splitlines() if line[0] != ">"]
    said = predict(load_bundle(Store().folder(run.id)).model, one_hot(texts_read, "DNA"))
    table = next(table.value for table in at.dataframe if "score: sp1" in table.value)
    order = np.argsort(-said[:, 1], kind="stable")  # the highest first
    assert table["score: ap1"].tolist() == pytest.approx(said[order, 0].tolist())
    assert table["score: sp1"].tolist() == pytest.approx(said[order, 1].tolist())
    assert "called" not in table and f"sp1: score **{said[order[0], 1]:.3f}**" in texts(at)


@pytest.mark.parametrize("output", range(3))
def test_saliency_explains_the_class(several, dashboard, monkeypatch, output):
    from dnaconv_core.interpret import attribution

    drawn, attribute = [], attribution.attribute

    text, run = "GGGCGGGACG" * 4, several["kinds"]
    model, X = load_bundle(Store().folder(run.id)).model, one_hot(text, "DNA")

    def noted(asked, *given, **how):
        found = attribute(asked, *given, **how)
        if how["method"] == "ism" and asked.dense.weight.equal(model.dense.weight):  # not the evidence's, beside it
            drawn.append(found.values[0])
        return found

    monkeypatch.setattr(attribution, "attribute", noted)
    at = dashboard("saliency", experiment="kinds", run=run.id, output=str(output), sequence=text, methods="ism")
    fine(at)
    logit, said = (predict(model, X, output=kind)[0, output] for kind in ("logit", "prediction"))
    assert f"Prediction **{said:.3f}** · logit **{logit:+.2f}**" in texts(at)
    assert "output before the softmax (logit)" in texts(at)
    others = {f"{attribute(model, X, method='ism', task=task).values[0].max():.6f}" for task in range(3)}
    assert len(others) == 3 and drawn[-1] == pytest.approx(attribute(model, X, method="ism", task=output).values[0])


def test_filters_are_judged_by_the_class(several, dashboard, settled):
    from dnaconv_core.interpret.filters import class_means, filter_motifs

    run = several["kinds"]
    at = settled(dashboard("filters", experiment="kinds", run=run.id, output="*sp1*", filter="2"))
    fine(at)
    found = kept(run)
    X = one_hot(["".join("ACGTN"[code] for code in row) for row in found.codes], "DNA")
    low, high = class_means(filter_motifs(load_bundle(Store().folder(run.id)).model, X), found.y[:, 0] == 1)
    assert metric(at, r"Mean in \*sp1\* / not \*sp1\*") == f"{high[1]:.2f} / {low[1]:.2f}"
    assert metric(at, "ROC-AUC without it")


def test_motifs_are_kept_for_each_class(several, dashboard, settled):
    from dnaconv_core.interpret.keep import load_discovery, patterns_file

    folder = Store().folder(several["kinds"].id)
    at = settled(dashboard("motifs", experiment="kinds", run=several["kinds"].id, output="*sp1*"))
    next(button for button in at.button if button.label == "Find motifs").click().run()
    fine(settled(at))
    found = load_discovery(folder, 1)
    assert patterns_file(folder, 1).name == "patterns_1.npz" and found is not None
    assert f"{len(found.seqlets):,} seqlets in" in texts(at)
    at.selectbox(key="_output").set_value(0).run()
    fine(settled(at))
    assert "Find motifs" in [button.label for button in at.button] and load_discovery(folder) is None


@pytest.mark.parametrize("output", [0, 1])
def test_a_scan_cuts_where_shuffles_of_the_output_do(several, dashboard, settled, output):
    from dnaconv_core.scan.scan import scan
    from dnaconv_core.scan.tracks import call_peaks

    run = several["kinds"]
    at = settled(dashboard("scan", experiment="kinds", run=run.id, output=NAMES[output]))
    at.segmented_control(key="scan_wish").set_value(10.0).run()
    fine(settled(at))
    assert 0 < float(metric(at, "Expected by chance").lstrip("< ")) <= 10
    bundle = load_bundle(Store().folder(run.id))
    found = scan(bundle.model, at.text_area(key="scan_text").value)
    called = call_peaks(
        found.scores, float(metric(at, "Threshold")), window=found.window, strands=found.strands, task=output
    )
    table = next((frame.value for frame in at.dataframe if "summit" in frame.value), None)
    best = max((peak.score for peak in called), default=None)
    assert best is None or table is None or table["prediction"].max() == pytest.approx(best, abs=1e-5)
    assert (table is None) == (metric(at, "Peaks") == "0")


def test_variants_change_the_class(several, dashboard, settled):
    run = several["kinds"]
    ref = "ACGTTGCAACGGGCGGGTTACGATCCAGATTACAGATCCA"
    alt = ref[:12] + "A" + ref[13:]
    at = dashboard("variants", experiment="kinds", run=run.id, output="*sp1*", variants_from="Two sequences")
    at.text_area(key="variants_ref").set_value(ref)
    at.text_area(key="variants_alt").set_value(alt).run()
    fine(settled(at))
    model = load_bundle(Store().folder(run.id)).model
    before, after = predict(model, one_hot([ref, alt], "DNA"))[:, 1]
    assert metric(at, "Reference") == f"{before:.3f}" and metric(at, "Alternative") == f"{after:.3f}"


@pytest.mark.slow
def test_the_report_is_of_the_class(several, dashboard, settled, monkeypatch):
    from dnaconv_core.interpret import compiled, match
    from dnaconv_core.plot import report

    seen, write = [], report.write_report

    def written(*given, **how):
        seen.append((given[1], how["task"], page := write(*given, **how | {"may_name": False})))
        return page

    monkeypatch.setattr(compiled, "is_warm", lambda: True)  # naming is not what is tested
    monkeypatch.setattr(match, "match_motifs", lambda motifs, targets, **_: [[] for _ in motifs])
    monkeypatch.setattr(report, "write_report", written)
    at = settled(dashboard("filters", experiment="kinds", run=several["kinds"].id, output="*sp1*"))
    at.button(key="report").click().run()
    fine(settled(at))
    ((data, task, page),) = seen
    assert task == 1 and np.array_equal(data.y[:, 0], kept(several["kinds"]).y[:, 0] == 1)
    assert "those of the class *sp1*, one of 3" in page and "The class *sp1*, one of 3, by itself:" in page
    found = kept(several["kinds"])
    assert f"{roc_auc_score(found.y[:, 0] == 1, found.prediction[:, 1]):.3f}" in page


def test_the_data_of_classes_are_counted(several, dashboard):
    from dnaconv_core.experiments import get_experiment
    from dnaconv_core.experiments.sources import load_own

    at = dashboard("experiments", experiment="kinds", output="*sp1*")
    fine(at)
    e = get_experiment("kinds")
    y = load_own(e, "train").y[:, 0]
    assert metric(at, "Examples") == f"{len(y)}" and metric(at, "Positives") == f"{(y == 1).sum()}"
    assert metric(at, "Prevalence") == f"{(y == 1).mean():.2%}"
    assert "one of 3 classes" in texts(at) and "**Classes**" in texts(at) and "Which base goes with" not in texts(at)


def test_the_data_of_several_labels_are_drawn_one_by_one(several, dashboard):
    from dnaconv_core.experiments import get_experiment
    from dnaconv_core.experiments.sources import load_own

    at = dashboard("experiments", experiment="two", output="sp1")
    fine(at)
    e = get_experiment("two")
    w = load_own(e, "train").w > 0
    assert metric(at, "Label known") == f"{w[:, 1].sum()}" and w[:, 1].sum() < len(w)
    assert f"ap1 · {w[:, 0].sum()} known" in texts(at) and f"sp1 · {w[:, 1].sum()} known" in texts(at)
    assert "2 × yes or no" in texts(at)


def test_one_of_two_numbers_is_measured_and_drawn(several, dashboard):
    from dnaconv_core.experiments import get_experiment
    from dnaconv_core.experiments.sources import load_own

    at = dashboard("evaluate", experiment="amounts", run=several["amounts"].id, output="G")
    fine(at)
    found = kept(several["amounts"])
    r = [np.corrcoef(found.y[:, t], found.prediction[:, t])[0, 1] for t in range(2)]
    assert metric(at, "Pearson r", 0) == f"{np.mean(r):.3f}" and metric(at, "Pearson r", 1) == f"{r[1]:.3f}"
    assert "**The label G**" in texts(at) and "**Predicted against measured**" in texts(at)
    at.switch_page("learn/experiments.py").run()
    fine(at)
    y = load_own(get_experiment("amounts"), "train").y
    assert metric(at, "Mean label") == f"{y[:, 1].mean():.2f}" != f"{y[:, 0].mean():.2f}"
    assert "**Which base goes with G**" in texts(at) and "2 × a number" in texts(at)


def test_runs_are_compared_by_the_class(several, dashboard, monkeypatch):
    from dnaconv_core.plot import curves

    drawn = []
    figure = curves.roc_figure
    monkeypatch.setattr(curves, "roc_figure", lambda lines, **how: drawn.append(lines) or figure(lines, **how))
    both = f"{several['kinds'].id},{several['deeper'].id}"
    at = dashboard("runs", experiment="kinds", runs=both, output="plain")
    fine(at)
    assert at.selectbox(key="_output").value == 2
    assert "**Macro ROC-AUC on validation data, by epoch**" in texts(at)
    for key, name in (("kinds", "a run of kinds"), ("deeper", "a deeper run of kinds")):
        found, line = kept(several[key]), drawn[-1][name]
        area = np.trapezoid(line.tpr, line.fpr)
        assert area == pytest.approx(roc_auc_score(found.y[:, 0] == 2, found.prediction[:, 2]))


def test_the_network_that_will_be_trained_names_its_outputs(several, dashboard, monkeypatch):
    monkeypatch.setattr("components.network._network", lambda data, key: drawn.append(data))
    drawn: list[dict] = []
    at = dashboard("train", experiment="kinds")
    fine(at)
    assert drawn[-1]["outputs"] == NAMES and drawn[-1]["output"] == "3 classes"
    assert drawn[-1]["boxes"][-1]["text"].endswith("→ 3 → softmax")
