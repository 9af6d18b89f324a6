"""A run that has ended: the film of its filters, what moved, and a real example in the drawing of its network."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.interpret.activations import activations
from dnaconv_core.interpret.kernel_change import moved
from dnaconv_core.interpret.kernel_names import KernelName
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs.held_out import held_out
from dnaconv_core.runs.store import Store


def test_the_film_and_the_example_are_of_the_run(dashboard, trained, monkeypatch):
    run = trained("tf_binding")
    from components import learning, network
    from learn import live_filters

    monkeypatch.setattr(live_filters, "kernel_names", lambda kernels, **_: [KernelName("", "FOS")] * len(kernels))
    at = dashboard("train", experiment="tf_binding", run=run.id)
    films, drawings = [], []
    monkeypatch.setattr(learning, "_learning", lambda data, **_: films.append(data))
    monkeypatch.setattr(network, "_network", lambda data, **_: drawings.append(data))
    at = dashboard("train", experiment="tf_binding", run=run.id, network="true")
    at.button(key=f"another_network_{run.id}").click().run()
    assert not at.exception and not at.error
    store = Store()
    epochs = store.filter_epochs(run.id)
    assert [frame["epoch"] for frame in films[-1]["frames"]] == epochs and len(epochs) > 1
    before, now = (store.filters(run.id, epoch).kernels for epoch in epochs[-2:])
    last = films[-1]["frames"][-1]
    assert last["since"] == epochs[-2] and last["moved"] == pytest.approx(moved(before, now)[:16], abs=1e-4)
    assert films[-1]["frames"][0]["moved"] is None
    assert films[-1]["names"] == {str(epoch): ["FOS"] * 4 for epoch in epochs}

    folder = store.folder(run.id)
    data, model = held_out(folder), load_bundle(folder).model
    order = np.argsort(-data.prediction, kind="stable")
    first, other = (data.sequence(int(order[at])) for at in (0, len(order) // 7))
    assert [drawn["sequence"] for drawn in drawings[-2:]] == [first, other] and first != other
    lit = activations(model, other)[0]
    np.testing.assert_allclose(drawings[-1]["layers"][0]["activations"], lit, atol=0.01)
    assert drawings[-1]["output"] == f"{data.prediction[order[len(order) // 7]]:.3f}"
