"""Every page from the entrypoint: its title, its numbers, and what it says when something is wrong."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from dnaconv_core.evaluate.calibration import calibrate, percentiles, read_reference
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.runs.store import Store

PAGES = ("experiments", "train", "evaluate", "predict")


def metric(at, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


def address(at, name: str) -> str:
    """A query parameter, of which the harness hands out a list once the app has set it."""
    value = at.query_params[name]
    return value[0] if isinstance(value, list) else value


def seen(text: str) -> str:
    """Markdown as text: without what keeps it from being read."""
    return re.sub(r"\\(?=\W|_)|\u2060", "", text)


def errors(at) -> list[str]:
    return [seen(error.value) for error in at.error]


def texts(at) -> str:
    return "\n".join([*(m.value for m in at.markdown), *(c.value for c in at.caption)])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_page_opens_for_every_experiment_without_any_run(dashboard, page, experiment):
    at = dashboard(page, experiment=experiment)
    assert at.title[0].value == page.capitalize()
    assert not at.exception and not errors(at)
    assert address(at, "experiment") == experiment  # a navigation link dropped it; it was put back


def test_the_first_page_shows_live_synthetic_data(dashboard):
    at = dashboard()
    data = EXPERIMENTS["tf_binding"].synthetic()
    assert at.title[0].value == "Experiments"
    assert metric(at, "Examples") == f"{len(data):,}"
    assert metric(at, "Positives") == f"{int(data.y.sum()):,}"
    assert metric(at, "Length (bases)") == str(data.length)


def test_choosing_a_card_changes_the_address_and_the_data(dashboard):
    at = dashboard()
    at.button(key="choose_rnai").click().run()
    assert address(at, "experiment") == "rnai"
    assert metric(at, "Length (bases)") == "21"


@pytest.mark.slow
def test_a_folder_of_real_data_is_summarised(dashboard, shared_data):
    folder = shared_data / "jund_chr22"
    at = dashboard(
        experiment="chromatin", data=str(folder / "valid_dataset"), covariates=str(folder / "accessibility.txt")
    )
    assert not errors(at)
    assert metric(at, "Examples") == "34,527"
    assert metric(at, "Positives") == "146"
    assert metric(at, "Prevalence") == "0.42%"


def test_data_that_is_not_there_is_one_sentence(dashboard):
    at = dashboard(experiment="rnai", data="nowhere/at_all")
    assert len(errors(at)) == 1 and "nowhere/at_all" in errors(at)[0]
    assert not at.exception


def test_a_name_too_long_for_a_file_is_one_sentence(dashboard):
    for page in ("", "train"):
        at = dashboard(page, experiment="rnai", data="a" * 300)
        assert errors(at) == ["A name is longer than any file's can be: check it."] and not at.exception


def test_data_that_cannot_be_read_cannot_be_learned_from(dashboard):
    at = dashboard("train", experiment="rnai", data="nowhere/at_all")
    start = next(button for button in at.button if button.label == "Start training")
    assert start.disabled and len(errors(at)) == 1 and not at.exception


def test_the_books_data_is_offered_where_it_is_missing(dashboard):
    at = dashboard(experiment="rnai", data="book")
    assert "Download them" in [button.label for button in at.button]
    assert not errors(at)


def test_an_unknown_experiment_and_an_unknown_run_are_said(dashboard):
    at = dashboard("evaluate", experiment="nope", run="missing")
    assert "'nope'" in at.warning[0].value
    assert errors(at) == ["there is no model 'missing' here: choose another one at the top, or train one"]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_form_starts_at_the_preset_and_counts_parameters(dashboard, experiment):
    at = dashboard("train", experiment=experiment)
    config = EXPERIMENTS[experiment].model_config("book")
    assert at.slider(key="depth").value == config.depth
    assert at.select_slider(key="filters").value == config.filters
    assert f"**{config.n_parameters:,} parameters.**" in texts(at)


@pytest.mark.slow
def test_what_is_done_to_accessibility_is_asked_only_where_there_is_one(dashboard):
    for experiment, asked in (("chromatin", True), ("tf_binding", False)):
        at = dashboard("train", experiment=experiment)
        labels = [field.label for field in (*at.number_input, *at.slider, *at.segmented_control, *at.selectbox)]
        assert ("Covariate gain" in labels, "Covariate transform" in labels) == (asked, asked)
        assert "Random mutations" in labels


def test_changing_the_network_redraws_its_numbers(dashboard):
    at = dashboard("train", experiment="rnai")
    at.slider(key="depth").set_value(1).run()
    expected = EXPERIMENTS["rnai"].model_config("book", depth=1)
    assert f"**{expected.n_parameters:,} parameters.**" in texts(at)
    assert "**10 of 21 bases**" in texts(at)
    at.segmented_control(key="preset").set_value("book").run()
    assert at.slider(key="depth").value == 2  # another preset puts the fields back


def test_an_impossible_network_is_red_with_the_reason_and_cannot_start(dashboard):
    at = dashboard("train", experiment="rnai")
    at.slider(key="kernel_size").set_value(24).run()
    with pytest.raises(Exception, match="21 bases") as refused:
        ModelConfig(length=21, kernel_size=24, alphabet="RNA")
    assert f":red[{refused.value}]" in seen(texts(at))
    start = next(button for button in at.button if button.label == "Start training")
    assert start.disabled
    assert not at.exception


def test_form_values_survive_a_visit_to_another_page(dashboard):
    at = dashboard("train", experiment="rnai")
    at.slider(key="depth").set_value(3).run()
    at.switch_page("judge/evaluate.py").run()
    at.switch_page("learn/train.py").run()
    assert at.slider(key="depth").value == 3


def test_a_regression_run_is_evaluated(dashboard, trained):
    run = trained("rnai")
    at = dashboard("evaluate", experiment="rnai", run=run.id)
    assert not errors(at) and not at.exception
    stored = run.metrics["valid"]["pearson_r"]
    assert metric(at, "Pearson r") == f"{stored['value']:.3f}"
    assert "1,200 examples it did not learn from" in texts(at)
    table = at.dataframe[0].value
    assert len(table) == 500
    assert table["error"].abs().is_monotonic_decreasing


@pytest.mark.slow
def test_a_binary_run_is_evaluated_at_a_threshold(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("evaluate", experiment="tf_binding", run=run.id)
    assert metric(at, "ROC-AUC") == f"{run.metrics['valid']['auroc']['value']:.3f}"
    at.slider(key="threshold").set_value(0.0).run()
    assert metric(at, "Recall") == "1.000"
    assert not errors(at)


@pytest.mark.slow
def test_a_stretch_of_the_roc_curve_lists_the_examples_behind_it(dashboard, trained):
    run = trained("tf_binding")
    kept = read_reference(Store().folder(run.id))
    at = dashboard("evaluate", experiment="tf_binding", run=run.id, stretch="roc,0.2,0.3,0,1")
    assert not errors(at) and not at.exception
    table = at.dataframe[0].value
    rank = [(kept.negatives >= value).mean() for value in kept.prediction]  # the place on the horizontal axis
    chosen = [value for value, place in zip(kept.prediction, rank, strict=True) if 0.2 <= place <= 0.3]
    low, high = min(chosen), max(chosen)
    assert sorted(table["predicted"]) == pytest.approx(sorted(v for v in kept.prediction if low <= v <= high))
    assert 10 < len(table) < 500
    assert f"**{len(table)}** behind the chosen part of the ROC curve, predicted {low:.3f} to {high:.3f}" in texts(at)
    assert table["error"].abs().is_monotonic_decreasing
    first = table.iloc[0]
    assert first["why"] == f"saliency?experiment=tf_binding&run={run.id}&sequence={first['sequence']}"
    next(button for button in at.button if button.label == "Show all").click().run()
    assert len(at.dataframe[0].value) == 500


@pytest.mark.slow
def test_a_stretch_that_cannot_be_is_passed_over(dashboard, trained):
    run = trained("tf_binding")
    for stretch in ("roc,0,1", "lift,0,1,0,1", "pr,0,x,0,1", "pr,nan,1,0,1"):
        at = dashboard("evaluate", experiment="tf_binding", run=run.id, stretch=stretch)
        assert not errors(at) and not at.exception and "behind the chosen" not in texts(at)


def test_a_prediction_says_what_it_means_among_held_out_examples(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("predict", experiment="tf_binding", run=run.id)
    shown = float(re.search(r"score \*\*([\d.]+)\*\*", texts(at))[1])
    reference = read_reference(Store().folder(run.id))
    said = re.search(r"Higher than \*\*([\d.]+) %\*\* of the held-out examples", texts(at))
    near = 100 * percentiles([shown - 6e-4, shown + 6e-4], reference.prediction)  # it is rounded to three digits
    assert near[0] - 0.1 <= float(said[1]) <= near[1] + 0.1
    curve = calibrate(reference)
    low, known, high = (100 * float(curve(np.array([shown + off]))[0]) for off in (-6e-4, 0, 6e-4))
    headline = metric(at, "Probability of being bound")
    assert low - 0.1 <= float(headline.removesuffix(" %")) <= high + 0.1, known
    assert f"{headline} of windows like this are bound (" in texts(at)
    assert f"times the usual {100 * reference.y.mean():.1f} %" in texts(at)


def test_an_example_without_a_label_is_not_evaluated(dashboard, trained):
    run = trained("tf_binding")
    file = Store().folder(run.id) / "predictions.npz"
    before = file.read_bytes()
    with np.load(file) as found:
        arrays = dict(found)
    hidden = np.flatnonzero(arrays["y"][:, 0] > 0)[::2]
    arrays["y"][hidden] = arrays["w"][hidden] = 0
    try:
        np.savez(file, **arrays)
        os.utime(file, (1, 1))  # another time than what was read before
        at = dashboard("evaluate", experiment="tf_binding", run=run.id)
        n = len(arrays["y"]) - len(hidden)
        assert f"{n:,} examples it did not learn from" in texts(at) and not errors(at)
    finally:
        file.write_bytes(before)


@pytest.mark.slow
def test_loci_link_to_the_genome_browser_of_the_assembly(dashboard, trained, shared_data):
    run = trained("tf_binding", str(shared_data / "jund_chr22" / "valid_dataset"))
    at = dashboard("evaluate", experiment="tf_binding", run=run.id)
    table = at.dataframe[0].value
    first = table.iloc[0]
    chromosome, span = first["id"].split(":")
    start, end = span.split("-")
    assert first["browser"] == (
        f"https://genome.ucsc.edu/cgi-bin/hgTracks?db=hg19&position={chromosome}:{int(start) + 1}-{end}"
    )


def test_predicting_answers_pasted_text_as_the_core_does(dashboard, trained):
    import numpy as np

    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.predict import predict
    from dnaconv_core.sequence.encoding import one_hot

    run = trained("rnai")
    at = dashboard("predict", experiment="rnai", run=run.id)
    at.text_area(key="pasted").set_value("  1 ccuaagataa 11 ttctgcgccu g").run()
    model = load_bundle(Store().folder(run.id)).model
    expected = predict(model, one_hot("CCUAAGAUAAUUCUGCGCCUG", "RNA"))[0, 0]
    assert metric(at, "Predicted activity") == f"{expected:.3f}"
    assert np.isfinite(expected)
    assert address(at, "sequence") == "1ccuaagataa11ttctgcgccug"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ACGUX", "the sequence has 'X' at position 5"),
        ("<script>", "the sequence has '<' at position 1"),
    ],
)
def test_pasted_text_that_is_no_sequence_is_one_sentence(dashboard, trained, text, said):
    run = trained("rnai")
    at = dashboard("predict", experiment="rnai", run=run.id)
    at.text_area(key="pasted").set_value(text).run()
    assert len(errors(at)) == 1 and errors(at)[0].startswith(said)
    assert not at.exception and not at.metric


def test_an_empty_record_is_passed_over_and_listed(dashboard, trained):
    at = dashboard("predict", experiment="rnai", run=trained("rnai").id)
    at.text_area(key="pasted").set_value(">a\nCCUAAGAUAAUUCUGCGCCUG\n>b\n").run()
    assert not at.exception and not errors(at) and metric(at, "Predicted activity")
    (reason,) = at.dataframe[0].value["Reason"]
    assert reason.startswith("is empty") and "One row was left out" in {one.label for one in at.expander}


@pytest.mark.slow
def test_records_of_other_lengths_are_explained_and_answered(dashboard, trained):
    run = trained("chromatin")
    at = dashboard("predict", experiment="chromatin", run=run.id)
    at.text_area(key="pasted").set_value(f">short\n{'ACGT' * 5}\n>long\n{'ACGT' * 30}\n>right\n{'A' * 101}").run()
    assert not errors(at)
    assert "This model reads 101 bases. One sequence is shorter" in texts(at)
    assert "This model reads 101 bases. One sequence is longer." in texts(at)
    table = at.dataframe[0].value
    assert dict(zip(table["sequence"], table["bases"], strict=True)) == {"short": 20, "long": 120, "right": 101}
    assert table["other strand"].notna().all()


def test_a_run_that_failed_says_why(dashboard, home):
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store

    store = Store()
    run = store.create(RunSpec("rnai"))
    store.fail(run.id, "the loss is not a number at epoch 1")
    at = dashboard("train", experiment="rnai", run=run.id)
    assert errors(at) == ["the loss is not a number at epoch 1"]
    at.switch_page("judge/evaluate.py").run()
    assert "has no model" in texts(at)
