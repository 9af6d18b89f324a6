"""The page Design: its numbers, its rules, and what it refuses."""

from __future__ import annotations

import pytest


def metric(at, label: str) -> str:
    return next(metric.value for metric in at.metric if metric.label == label)


def designs(at):
    return next(frame.value for frame in at.dataframe if "sequence" in frame.value)


@pytest.mark.slow
def test_designs_are_made_ranked_and_keep_the_rules(dashboard, settled):
    at = settled(dashboard("design", experiment="tf_binding", run="tf_binding_jund"))
    assert not at.exception and not [error.value for error in at.error]
    assert at.title[0].value == "Design"
    assert metric(at, "Designs") == "10"
    table = designs(at)
    assert (table["score"].diff().dropna() <= 0).all()
    assert (table["score"] > table["start"]).all()
    assert table["judge"].between(0, 1).all()  # a pretrained model of the experiment judges
    at.segmented_control(key="design_aim").set_value("Low")
    at.text_input(key="design_forbid").set_value("EcoRI, TGA")
    at.slider(key="design_gc").set_value((40, 60)).run()
    low = designs(settled(at))
    assert (low["score"] <= low["start"]).all() and (low["edits"] <= 10).all()
    assert low["GC"].between(0.4, 0.6).all()
    assert not low["sequence"].str.contains("TGA|TCA|GAATTC").any()
    at.text_input(key="design_fixed").set_value("0-5").run()
    assert "is no position: write positions counted from 1" in at.error[0].value


@pytest.mark.slow
def test_the_best_other_model_judges_and_a_weak_one_is_told(dashboard, settled):
    at = settled(dashboard("design", experiment="tf_binding", run="tf_binding_jund"))
    judge = at.selectbox(key="design_judge_tf_binding_jund")
    assert judge.value == "tf_binding_synthetic"
    assert not [caption for caption in at.caption if "weak judge" in caption.value]
    at = settled(dashboard("design", experiment="tf_binding", run="tf_binding_synthetic"))
    assert at.selectbox(key="design_judge_tf_binding_synthetic").value == "tf_binding_jund"
    assert [caption for caption in at.caption if caption.value.startswith("A weak judge: its ROC-AUC is 0.7")]
