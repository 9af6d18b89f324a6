"""The motif bench on its page: what it measures, in words, and how it is stopped."""

from __future__ import annotations

import threading
import time

import pytest


def metric(at, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


def errors(at) -> list[str]:
    return [error.value for error in at.error]


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["tf_binding", "rnai"])
def test_the_bench_measures_a_motif(dashboard, trained, settled, experiment):
    run = trained(experiment)
    at = settled(dashboard("motifs", experiment=experiment, run=run.id, view="Bench", motif="TGACTCA"))
    assert not at.exception and not errors(at)
    assert abs(float(metric(at, "Effect on the logit"))) < 50
    assert ("Read from the other strand" in [m.label for m in at.metric]) == (experiment == "tf_binding")
    at.text_input(key="motif").set_value("TGAZ").run()
    assert "has 'Z' at position 4" in errors(at)[0]


@pytest.mark.slow
def test_the_grammar_of_two_motifs(dashboard, trained, settled):
    run = trained("tf_binding")
    asked = {"view": "Grammar", "motif": "TGACTCA", "second": "GGAA", "gaps": "1,6", "copies": "1"}
    at = settled(dashboard("motifs", experiment="tf_binding", run=run.id, **asked))
    assert not at.exception and not errors(at)
    table = at.dataframe[0].value
    assert len(table) == 2 * 2 * 2 * 2 and {"order", "distance", "first motif", "second motif"} <= set(table.columns)
    changes = table["Change of the logit"]
    assert (
        changes.is_monotonic_decreasing
        and (table["95 % from"] <= changes).all()
        and (changes <= table["95 % to"]).all()
    )
    at.text_input(key="gaps").set_value("one").run()
    assert "Bases between is 'one': write whole numbers such as 0, 5, 10" in errors(at)[0]


@pytest.mark.slow
def test_the_bench_is_stopped_and_started_again(dashboard, trained, monkeypatch):
    from dnaconv_core.interpret import marginalize

    measure, ended = marginalize.by_position, []
    release = threading.Event()

    def slow(*given, progress, **how):
        while not (progress.should_stop() or release.is_set()):
            time.sleep(0.01)
        ended.append(progress.should_stop())
        return measure(*given, progress=progress, **how)

    monkeypatch.setattr(marginalize, "by_position", slow)
    at = dashboard("motifs", experiment="tf_binding", run=trained("tf_binding").id, view="Bench", motif="TTGCGCAA")
    at.button(key="bench_stop").click().run()
    assert not at.exception and not errors(at) and not at.metric
    release.set()
    at.button(key="bench_again").click().run()
    until = time.monotonic() + 20
    while not at.metric and time.monotonic() < until:
        time.sleep(0.1)
        at.run()
    assert not at.exception and not errors(at) and ended == [True, False]
    assert abs(float(metric(at, "Effect on the logit"))) < 50


def test_a_motif_without_effect_is_not_said_to_tell_strands_apart(dashboard):  # which puts the app on the path
    from dnaconv_core.interpret.marginalize import Effect
    from open_up import motif_bench

    def effect(mean: float, wide: float) -> Effect:
        return Effect(**{**dict.fromkeys(Effect._fields), "mean": mean, "low": mean - wide, "high": mean + wide})

    assert motif_bench._strands(effect(-0.01, 0.02), effect(0.01, 0.02)) == "no clear effect on either"
    assert motif_bench._strands(effect(1.0, 0.1), effect(1.04, 0.1)) == "the same within 5 %"
    assert "tells the strands apart" in motif_bench._strands(effect(1.0, 0.1), effect(0.01, 0.02))
    assert (motif_bench._percent(0.28), motif_bench._percent(12306.0)) == ("28%", "over 1,000%")
