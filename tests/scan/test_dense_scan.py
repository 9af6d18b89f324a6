"""A scan must say what windows say: random networks against `predict`, and flanks against padding by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.engine.levels import crowded
from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.scan.scan import ScanOptions, plan_scan, scan, scan_chunks
from dnaconv_core.sequence.encoding import decode, from_codes


def network(seed: int = 0, **settings):
    """A network whose biases, positional and covariate weights all matter."""
    model = build(ModelConfig(**settings), seed).eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for conv in model.convs:
            conv.bias.normal_(0, 0.3)
        model.dense.bias.normal_()
        if model.positional is not None:
            model.positional.weight.normal_(0, 0.1)
    return model


def random_text(length: int, seed: int = 0, unknown: float = 0.0, alphabet: str = "DNA") -> str:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, length)
    codes[rng.random(length) < unknown] = 4
    return decode(from_codes(codes), alphabet)[0]


def windows(text: str, length: int, alphabet: str = "DNA") -> np.ndarray:
    from dnaconv_core.sequence.encoding import one_hot

    return one_hot([text[i : i + length] for i in range(len(text) - length + 1)], alphabet)


def by_windows(model, text: str, covariates=None) -> np.ndarray:
    """Logits (2, n, T) the slow way."""
    X = windows(text, model.config.length, model.config.alphabet)
    beside = None if covariates is None else np.tile(np.float32(covariates), (len(X), 1))
    turned = np.ascontiguousarray(X[:, ::-1, ::-1])
    return np.stack([predict(model, part, beside, output="logit") for part in (X, turned)])


@st.composite
def configs(draw) -> dict:
    """Windows long enough to have positions that neither end changes, which a dense scan needs."""
    padding, strands = draw(st.sampled_from(("same", "valid"))), draw(st.sampled_from(("one", "both")))
    pooling = draw(st.sampled_from(("flatten", "max", "max_mean")))
    settings = {
        "depth": draw(st.integers(1, 4)),
        "kernel_size": draw(st.integers(1, 7)),
        "padding": padding,
        "strands": strands,
        "pool_between": draw(st.sampled_from((1, 2, 3))),
        "keep_layers": padding == "same" and draw(st.booleans()),
    }
    if settings["depth"] == 4:
        settings["pool_between"] = 1  # windows would be long
    length = draw(st.sampled_from(lengths(settings)))
    left = ModelConfig(length=length, **settings).length_after(settings["depth"])
    return settings | {
        "length": length,
        "pooling": pooling,
        "stretches": draw(st.integers(1, min(3, left))) if "max" in pooling else 1,
        "hidden": draw(st.sampled_from((0, 0, 4))),
        "filters": draw(st.integers(1, 6)),
        "n_tasks": draw(st.integers(1, 3)),
        "members": draw(st.sampled_from((1, 1, 2))),
        "positional": strands == "one" and draw(st.booleans()),
        "covariates": draw(st.sampled_from(((), ("a",), ("a", "b")))),
        "covariate_transform": draw(st.sampled_from(("none", "log"))),
    }


def lengths(settings: dict) -> list[int]:
    """The shortest windows of a network with these settings that can be slid."""
    found = []
    for length in range(settings["kernel_size"], 300):
        try:
            if not crowded(ModelConfig(length=length, **settings)):
                found.append(length)
        except ConfigError:
            continue  # too short for this network at all
        if len(found) == 20:
            break
    return found


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(configs(), st.integers(0, 60), st.integers(0, 1000), st.sampled_from((0.0, 0.05)))
def test_a_dense_scan_equals_windows(config, extra, seed, unknown):
    model = network(seed, **config)
    text = random_text(config["length"] + extra, seed, unknown)
    covariates = np.float32([0.3, 2.0])[: len(config["covariates"])] if config["covariates"] else None
    found = scan(model, text, method="dense", output="logit", covariates=covariates, max_unknown=10**6)
    assert found.strands == "+-" and found.plan == ("dense", "exact", "")
    np.testing.assert_allclose(found.scores, by_windows(model, text, covariates), rtol=1e-5, atol=1e-5)


def context_by_hand(model, text: str) -> np.ndarray:
    """Logits (n, T) of windows cut out of the last layer of the whole sequence, padded by hand layer by layer."""
    config, last = model.config, model.layers[-1]
    left, right = (config.kernel_size - 1) // 2, config.kernel_size // 2
    total, n = len(text), len(text) - config.length + 1

    def layers(x, lead):
        """With `lead` zeros before the sequence, so that pooled positions begin where a window's do."""
        x, stride = F.pad(x, (lead, 0)), 1
        for layer, conv in enumerate(model.convs):
            if layer:
                x, stride = F.max_pool1d(x, config.pool_between, ceil_mode=True), stride * config.pool_between
            h = F.conv1d(F.pad(x, (left, right)), conv.weight, conv.bias, groups=conv.groups).relu()
            first = stride * torch.arange(h.shape[2]) - lead  # base with which a position begins
            h = h * ((first + stride > 0) & (first < total))
            own, given = (part.unflatten(1, (config.members, -1)) for part in (h, x if layer else x[:, :0]))
            x = torch.cat([own, given], 2).flatten(1, 2) if layer and config.keep_layers else h
        return x

    def cut(x, start):
        lead = -start % last.stride
        at = (start + lead) // last.stride
        return layers(x, lead)[:, :, at : at + last.positions]

    from dnaconv_core.sequence.encoding import one_hot

    X = torch.from_numpy(one_hot(text)).float()
    with torch.inference_mode():
        found = []
        for start in range(n):
            h = cut(X, start)
            if config.strands == "both":
                h = h.maximum(cut(X.flip(1, 2), n - 1 - start).flip(2))
            found.append(h)
        bases = torch.cat([X[:, :, i : i + config.length] for i in range(n)])
        return model.head(torch.cat(found), bases).numpy()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(configs(), st.integers(0, 60), st.integers(0, 1000), st.sampled_from((0.0, 0.05)))
def test_context_lets_every_window_see_its_flanks(config, extra, seed, unknown):
    model = network(seed, **(config | {"padding": "same", "covariates": ()}))
    text = random_text(config["length"] + extra, seed, unknown)
    found = scan(model, text, edges="context", output="logit", max_unknown=10**6)
    assert found.plan == ("dense", "context", "")
    np.testing.assert_allclose(found.scores[0], context_by_hand(model, text), rtol=1e-5, atol=1e-5)
    if extra == 0:  # a sequence as long as the window has no flanks
        np.testing.assert_allclose(found.scores, by_windows(model, text), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_the_book_network_scans_as_windows_do_across_tiles_and_pieces():
    model = network(3)  # 101 bases, 3 layers of 15 filters, kernel 10, 'same'
    text = random_text(2700, 1)
    whole = scan(model, text, output="logit").scores
    np.testing.assert_allclose(whole, by_windows(model, text), rtol=1e-5, atol=1e-5)
    for edges in ("exact", "context"):
        pieces = list(scan_chunks(model, text, how=ScanOptions(edges=edges, output="logit"), chunk=700))
        assert [piece.start for piece in pieces] == [0, 700, 1400, 2100]
        joined = np.concatenate([piece.scores for piece in pieces], axis=1)
        one = scan(model, text, edges=edges, output="logit").scores
        np.testing.assert_allclose(joined, one, rtol=1e-5, atol=2e-6)


def neighbours(**settings):
    """Positions are 1 where there is an A; the strongest of two is added to the next two's; each is a digit."""
    model = build(ModelConfig(depth=2, kernel_size=2, filters=1, pool_between=2, pooling="flatten", **settings)).eval()
    with torch.no_grad():
        for conv in model.convs:
            conv.weight.zero_()
        model.convs[0].weight[0, 0, 0] = 1
        model.convs[1].weight[:] = 1
        positions = model.config.length_after(2)
        model.dense.weight[:] = torch.tensor([10.0 ** (positions - 1 - i) for i in range(positions)])
    return model


def test_each_window_reads_pooled_positions_from_its_own_first_base():
    # AG AC G, GA CG A, AC GA N, CG AN T, GA NT A, AN TA A; and CG TC T, TC GT C, NT CG T, AN TC G, TA NT C, TT AN T
    found = scan(neighbours(length=5), "AGACGANTAA", output="logit", max_unknown=1, method="dense").scores[..., 0]
    np.testing.assert_allclose(found[0], [210, 111, 210, 110, 111, 221])
    np.testing.assert_allclose(found[1], [0, 0, 0, 100, 100, 110])


def test_the_other_strand_pools_from_the_windows_other_end():
    # AC TG AN CC T and A CT GA NC CT, of which T counts on the other strand, and so on
    model = neighbours(length=9, strands="both")
    found = scan(model, "ACTGANCCTAA", output="logit", max_unknown=1, method="dense").scores[..., 0]
    np.testing.assert_allclose(found, [[11101, 11111, 11121], [10111, 11111, 12111]])


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        {"length": 200},
        {"length": 203, "stretches": 5, "ignore_padding": True},
        {"length": 150, "kernel_size": 10, "pooling": "max", "hidden": 9, "strands": "one", "members": 2},
    ],
)
def test_what_auto_chooses_scans_as_windows_do_across_tiles(form, monkeypatch):
    from dnaconv_core.scan import scan as module

    monkeypatch.setattr(module, "_TILE", {True: 128, False: 128})
    settings = {"depth": 2, "filters": 8, "kernel_size": 11, "pool_between": 4, "keep_layers": True}
    model = network(4, **{**settings, "pooling": "max_mean", "strands": "both", **form})
    text = random_text(form["length"] + 280, 5, 0.01)
    found = scan(model, text, output="logit", method="dense", max_unknown=10**6).scores
    np.testing.assert_allclose(found, by_windows(model, text), rtol=1e-5, atol=1e-5)


def test_context_in_a_span_sees_beyond_it():
    model = network(5, length=23, kernel_size=5, filters=4)
    text = random_text(90, 2)
    whole = scan(model, text, edges="context", output="logit").scores
    part = scan(model, text, (20, 60), edges="context", output="logit")
    assert (part.start, part.scores.shape) == (20, (2, 40 - 23 + 1, 1))
    np.testing.assert_allclose(part.scores, whole[:, 20:38], rtol=1e-5, atol=1e-5)


def test_windows_with_unknown_bases_are_missing_and_counted():
    model = network(1, length=11, kernel_size=3, filters=2)
    text = random_text(30, 3) + "N" * 25 + random_text(20, 4) + "R" + random_text(6, 5)
    found = scan(model, text)
    missing = np.isnan(found.scores[:, :, 0])
    # windows of 11 in 82 bases: 20 before the run of N, 10 between it and R; those after R are too short
    assert found.scores.shape == (2, 72, 1) and (found.n_scored, found.n_missing) == (30, 42)
    assert (missing[0] == missing[1]).all()
    assert np.flatnonzero(~missing[0]).tolist() == [*range(20), *range(55, 65)]
    tolerant = scan(model, text, max_unknown=1)
    assert tolerant.n_scored == 21 + 1 + 10 + 7 and tolerant.n_missing == 72 - 39
    np.testing.assert_array_equal(tolerant.scores[:, :20], found.scores[:, :20])
    nothing = scan(model, "N" * 40)
    assert (nothing.n_scored, nothing.n_missing) == (0, 30)


def test_predictions_are_probabilities_and_windows_by_name_are_the_same():
    model = network(2, length=13, kernel_size=4, filters=3)
    text = random_text(50, 6)
    dense, slow = scan(model, text), scan(model, text, method="windows")
    assert (dense.plan.method, slow.plan.method) == ("dense", "windows")
    expected = predict(model, windows(text, 13))
    np.testing.assert_allclose(dense.scores[0], expected, atol=1e-6)
    np.testing.assert_allclose(dense.scores, slow.scores, atol=1e-6)


def test_where_every_position_is_near_an_end_windows_take_over():
    settings = {"length": 21, "alphabet": "RNA", "task": "regression", "output": "linear"}
    model = network(4, **settings)
    plan = plan_scan(model)
    assert plan.method == "windows" and "near an end" in plan.note
    text = random_text(60, 7, alphabet="RNA")
    found = scan(model, Record("mRNA", text, 0))
    assert found.strands == "+"
    np.testing.assert_allclose(found.scores[0], predict(model, windows(text, 21, "RNA")), atol=1e-6)
    assert plan_scan(model, edges="context").method == "dense"


def test_a_part_without_a_dense_form_is_named_and_scanned_by_windows():
    model = network(4, length=13, kernel_size=4, filters=3)
    model.extra = torch.nn.Linear(1, 1)
    plan = plan_scan(model)
    assert plan.method == "windows" and "extra.bias" in plan.note
    assert plan_scan(model, edges="context").note.startswith("each window alone, without its flanks")
    np.testing.assert_allclose(
        scan(model, "ACGTACGTACGTACGT", output="logit").scores, by_windows(model, "ACGTACGTACGTACGT"), atol=1e-6
    )
    with pytest.raises(InputError, match="cannot be scanned densely: its network has a part without a dense form"):
        scan(model, "ACGTACGTACGTACGT", method="dense")
