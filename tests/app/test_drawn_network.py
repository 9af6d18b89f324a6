"""What the drawing of a network is told: layers with pooling between, kept layers, hidden units."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.receptive_field import input_span

APP = Path(__file__).parents[2] / "app"


@pytest.fixture
def drawn(monkeypatch):
    """A function from a network to what its drawing is told."""
    monkeypatch.syspath_prepend(str(APP))
    from components import network

    told: list[dict] = []
    monkeypatch.setattr(network, "_network", lambda data, key: told.append(data))

    def draw(config: ModelConfig) -> dict:
        assert network.network(config, sequence="A" * config.length, output="probability", key="n") is None
        return told[-1]

    return draw


def span(layers: list[dict], depth: int, position: int, length: int) -> tuple[int, int]:
    """The bases that a unit sees, as network.js finds them."""
    low, high = position, position + 1
    for i in range(depth, 0, -1):
        (left, right), pool = layers[i - 1]["reach"], layers[i - 1]["pool"]
        size = layers[i - 2]["length"] if i > 1 else length
        low, high = max((low - left) * pool, 0), min((high + right) * pool, size)
    return low, high


@pytest.mark.parametrize(
    ("padding", "pool", "keep"), [("same", 1, False), ("same", 3, True), ("valid", 1, False), ("valid", 2, False)]
)
def test_units_are_drawn_over_the_bases_that_they_see(drawn, padding, pool, keep):
    config = ModelConfig(
        length=41, depth=3, filters=5, kernel_size=4, padding=padding, pool_between=pool, keep_layers=keep
    )
    layers = drawn(config)["layers"]
    for depth in (1, 2, 3):
        layer = layers[depth - 1]
        assert layer["length"] == config.length_after(depth)
        for position in range(layer["length"]):
            seen = input_span(config, position * layer["stride"], depth)  # counted in bases
            assert span(layers, depth, position, 41) == seen
            start = layer["start"] + position * layer["stride"]
            assert seen[0] <= start < seen[1]


def test_a_kept_layer_is_drawn_beside_the_own_filters(drawn):
    layers = drawn(ModelConfig(length=30, depth=3, filters=6, kernel_size=5, keep_layers=True))["layers"]
    assert [(layer["rows"], layer["kept"]) for layer in layers] == [(6, 0), (6, 6), (6, 12)]


def test_hidden_units_are_a_box_of_their_own_and_all_parameters_are_told(drawn):
    config = ModelConfig(length=30, depth=1, filters=6, kernel_size=5, pooling="max", hidden=9, members=2)
    told = drawn(config)
    hidden, output = told["boxes"]
    assert (hidden["name"], hidden["text"]) == ("Hidden", "12 numbers → 18 hidden units → ReLU")
    assert (output["name"], output["text"]) == ("Output", "18 numbers → 1 → sigmoid")
    counts = [int(part["params"].replace(",", "")) for part in (*told["layers"], hidden, output)]
    assert sum(counts) == config.n_parameters
    assert [box["name"] for box in drawn(config.replace(hidden=0))["boxes"]] == ["Output"]
