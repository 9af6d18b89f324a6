"""Motifs, Found: what a discovery leaves in a run's folder, and what the page makes of it."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

BY_CHANCE = "On validation data this network is not better than chance"


def errors(at) -> list[str]:
    """What is said in red, but for what is rightly said of networks trained for two epochs."""
    return [error.value for error in at.error if not error.value.startswith(BY_CHANCE)]


def test_motifs_are_found_on_request_only(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("motifs", experiment="tf_binding", run=run.id)
    assert not at.exception and not errors(at)
    assert [button.label for button in at.button if "Find" in button.label] == ["Find motifs"]


def test_what_was_found_stays_until_there_is_something_new(dashboard, trained_copy, settled, monkeypatch):
    from dnaconv_core.interpret import discovery
    from dnaconv_core.interpret.keep import PATTERNS, save_discovery
    from dnaconv_core.interpret.seqlets import Seqlets
    from dnaconv_core.runs.store import Store

    def found(unassigned: int):
        nothing = np.empty(0, int)
        seqlets = Seqlets(nothing, nothing, np.empty(0), np.empty(0), 21)
        return discovery.Discovery((), seqlets, np.arange(9), "own", unassigned)

    def buttons(at) -> set[str]:
        return {button.label for button in at.button} & {"Find motifs", "Look again"}

    def summary(at) -> str:
        return next(text.value for text in at.markdown if "patterns**" in text.value)

    run = trained_copy("tf_binding")
    file = Store().folder(run.id) / PATTERNS
    save_discovery(file.parent, found(3))
    monkeypatch.setattr("dnaconv_core.interpret.findings.discover", lambda *_, **__: found(7))
    at = dashboard("motifs", experiment="tf_binding", run=run.id)
    assert "3 fit no pattern" in summary(at) and buttons(at) == {"Look again"} and not errors(at)
    next(button for button in at.button if button.label == "Look again").click().run()
    settled(at)
    assert "7 fit no pattern" in summary(at) and file.is_file() and not errors(at)


@pytest.mark.parametrize("old", [True, False])
def test_motifs_of_older_weights_or_a_damaged_file_are_looked_for_again(dashboard, trained_copy, old):
    from dnaconv_core.interpret.keep import PATTERNS
    from dnaconv_core.runs.store import Store

    run = trained_copy("rnai")
    file = Store().folder(run.id) / PATTERNS
    file.write_bytes(b"no patterns")
    if old:
        os.utime(file, (0, 0))
    at = dashboard("motifs", experiment="rnai", run=run.id)
    assert not at.exception and not errors(at)
    assert "Find motifs" in [button.label for button in at.button]
    assert len(at.warning) == (not old)


def test_a_pattern_is_put_on_the_bench_and_stays_there(dashboard, trained_copy):
    from dnaconv_core.interpret import discovery
    from dnaconv_core.interpret.keep import PATTERNS, save_discovery
    from dnaconv_core.interpret.seqlets import Seqlets
    from dnaconv_core.runs.store import Store
    from dnaconv_core.sequence.motif import from_iupac

    motif, one = from_iupac("TTAAT"), np.zeros(1, int)
    pattern = discovery.Pattern(
        motif=motif, pfm=motif.ppm * 30, contribution=motif.ppm, consensus="TTAAT", sequence=one, start=one,
        minus=np.zeros(1, bool), n_seqlets=30, share_positives=0.5, share_negatives=0.1, odds_ratio=9.0, p_fisher=1e-4,
    )  # fmt: skip
    seqlets = Seqlets(one, one, np.ones(1), np.zeros(1), 5)
    run = trained_copy("rnai")
    file = Store().folder(run.id) / PATTERNS
    save_discovery(file.parent, discovery.Discovery((pattern,), seqlets, np.arange(9), "own", 0))
    at = dashboard("motifs", experiment="rnai", run=run.id)
    assert not errors(at) and [m.label for m in at.metric][:3] == ["Seqlets", "In high values", "In low values"]
    at.button(key="bench_0").click().run()
    assert not errors(at) and at.text_input(key="motif").value == "UUAAU"
    assert at.query_params["motif"] in (["UUAAU"], "UUAAU")


def test_patterns_are_shown_as_they_are_found_and_stay_after_a_stop(dashboard, trained_copy, monkeypatch):
    from dnaconv_core.interpret import discovery
    from dnaconv_core.interpret.keep import PATTERNS
    from dnaconv_core.interpret.seqlets import Seqlets
    from dnaconv_core.runs.store import Store

    begun, ended = threading.Event(), threading.Event()

    def found(n: int):
        seqlets = Seqlets(np.zeros(n, int), np.zeros(n, int), np.ones(n), np.zeros(n), 21)
        return discovery.Discovery((), seqlets, np.arange(10 * n), "own", n)

    def slow(*_, so_far, progress, **__):
        so_far(found(1))
        begun.set()
        while not progress.should_stop():
            time.sleep(0.01)
        ended.set()
        return found(0)

    run = trained_copy("rnai")
    monkeypatch.setattr("dnaconv_core.interpret.findings.discover", slow)
    at = dashboard("motifs", experiment="rnai", run=run.id)
    at.button(key="find_motifs").click().run()
    assert begun.wait(60)
    at.run()
    line = "So far: **0 patterns** from 1 seqlets in 10 sequences"
    assert any(text.value.startswith(line) for text in at.markdown) and not errors(at) and not at.info
    assert not [button for button in at.button if button.key in ("find_again", "report")]
    at.button(key="motifs_stop").click().run()
    assert ended.wait(60) and not at.exception and not errors(at)
    assert any(text.value.startswith(line) for text in at.markdown) and at.button(key="motifs_again")
    assert not (Store().folder(run.id) / PATTERNS).exists()
