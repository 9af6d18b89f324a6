"""The pages that compute on the cluster which the server knows: the same figures as here."""

from __future__ import annotations

import pytest

pytest.importorskip("streamlit")

from dnaconv_core.cluster import pieces

from ..app.conftest import dashboard, looked_up_once, settled, small_runs, trained_copy  # noqa: F401


@pytest.fixture
def asked(monkeypatch):
    """The cluster of each piece of work that went to one."""
    found, opened = [], pieces.connected
    monkeypatch.setattr(pieces, "connected", lambda on: found.append(on) or opened(on))
    return found


def on(at, key: str, place: str):
    return next(box for box in at.segmented_control if box.key == key).set_value(place).run()


@pytest.mark.slow
def test_a_page_gives_on_the_cluster_what_it_gives_here(cluster, dashboard, trained_copy, settled, monkeypatch, asked):  # noqa: F811
    monkeypatch.setenv("DNACONV_CLUSTER", cluster.address)
    monkeypatch.setattr("dnaconv_core.interpret.findings.MOST_EXPLAINED", 20)
    run = {"experiment": "tf_binding", "run": trained_copy("tf_binding").id}
    there = settled(dashboard("variants", **run))
    table = there.dataframe[0].value
    assert not there.exception and asked == [cluster.address] * 2  # the alleles, then their matched variants
    here = settled(on(there, "variants_on", "This machine"))
    assert here.dataframe[0].value.equals(table) and table["status"].tolist()[:4] == ["ok"] * 4 and len(asked) == 2

    from frame.job import background

    read_only = lambda key, *words, **how: background(key, *words, **how) if key[0] == "reading filters" else None  # noqa: E731
    monkeypatch.setattr("open_up.interpretation.background", read_only)  # neither names nor what filters are worth
    at = dashboard("filters", **run)
    assert len(asked) == 2 and len(at.metric) > 2  # what begins by itself begins here
    at = settled(on(at, "filters_on", "Cluster").slider(key="fraction").set_value(0.6).run())
    assert len(asked) == 3 and len(at.metric) > 2 and not at.exception

    at = dashboard("motifs", **run)
    at = settled(at.button(key="find_motifs").click().run())
    assert not at.exception and len(asked) > 4 and set(asked) == {cluster.address}
    assert any("sequences of" in text.value for text in at.markdown)
