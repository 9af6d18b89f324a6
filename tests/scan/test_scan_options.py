"""What a scan does besides its scores: stops, parts side by side, wrong options."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.scan.scan import scan, scan_chunks


def network(**settings):
    return build(ModelConfig(length=13, kernel_size=4, filters=3, **settings), 0).eval()


def random_text(length: int) -> str:
    return "".join(np.random.default_rng(0).choice(list("ACGT"), length))


def test_the_model_is_left_as_it_was():
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    scan(model, random_text(40))
    assert model.training and all(p.requires_grad for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_stop_leaves_the_rest_missing():
    class AfterOne:
        reports = 0

        def report(self, fraction, message):
            self.reports += 1
            assert 0 < fraction <= 1 and "windows" in message

        def should_stop(self):
            return self.reports == 1

    model = network()
    pieces = list(scan_chunks(model, random_text(60), chunk=20, progress=AfterOne()))
    assert [piece.start for piece in pieces] == [0]


def test_a_stop_is_heard_within_a_piece():
    class AtTheThirdQuestion:
        questions = 0

        def report(self, fraction, message):
            raise AssertionError("no piece was finished")

        def should_stop(self):
            self.questions += 1
            return self.questions == 3

    model, stops = network(), AtTheThirdQuestion()
    assert list(scan_chunks(model, random_text(20_000), progress=stops)) == []
    assert stops.questions == 3


@pytest.mark.parametrize("edges", ["exact", "context"])
def test_parts_side_by_side_have_the_same_scores(edges, monkeypatch):
    from dnaconv_core.scan import scan as module

    model, text = network(), random_text(3000)
    monkeypatch.setattr(module, "_TILE", {True: 128, False: 128})
    found, usual = {}, torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found[threads] = scan(model, text, edges=edges).scores
    finally:
        torch.set_num_threads(usual)
    np.testing.assert_allclose(found[3], found[1], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edges": "soft"}, "edges is 'soft': choose exact or context"),
        ({"strands": "x"}, "strands is 'x'"),
        ({"output": "odds"}, "output is 'odds'"),
        ({"method": "fast"}, "method is 'fast'"),
        ({"covariates": [1.0, 2.0]}, "covariates have shape (1, 2)"),
        ({"covariates": None}, "this model needs a beside each sequence"),
    ],
)
def test_wrong_options_are_named(options, message):
    model = network(covariates=("a",))
    with pytest.raises(InputError) as error:
        scan(model, random_text(40), **({"covariates": [1.0]} | options))
    assert message in str(error.value)


def test_a_short_sequence_is_refused_by_name():
    with pytest.raises(InputError, match="'sequence' has 12 bases to scan; this model reads 13"):
        scan(network(), "A" * 12)
