"""Families of filters, what they are worth together, and palindromes that count once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dnaconv_core.engine.silencing import silenced
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.interpret.ablation import ablate_filters, ablate_together
from dnaconv_core.interpret.families import by_family, family_of
from dnaconv_core.interpret.filters import by_usefulness, filter_motifs
from dnaconv_core.interpret.hits import find_hits
from dnaconv_core.interpret.keep import stored_examples
from dnaconv_core.interpret.match import Match
from dnaconv_core.interpret.naming import named_filters
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import from_codes, one_hot
from dnaconv_core.sequence.jaspar import jaspar
from dnaconv_core.sequence.motif import from_iupac

PRETRAINED = Path(__file__).parents[2] / "pretrained"
BY_ID = {motif.matrix_id: motif for motif in jaspar()}


def match(matrix_id: str, q: float) -> Match:
    target = BY_ID[matrix_id]
    return Match(target.name, matrix_id, q / 9, q, 0, "+", target)


def test_families_by_hand():
    # FOSL1::JUND has a matrix of each spacing: TGASTCA and TGACGTCA
    named = {"MA1142.2": "AP-1", "MA1143.2": "CREB", "MA0018.5": "CREB", "MA0099.4": "AP-1", "MA0062.4": "Ets-related"}
    assert {key: family_of(BY_ID[key]) for key in named} == named
    assert family_of(BY_ID["MA1928.2"]) == "BNC2"  # 'Factors with multiple dispersed zinc fingers' is no family
    assert family_of(from_iupac("TGASTCA", "mine")) == "mine"


def test_filters_fold_into_families():
    matches = [
        [match("MA0062.4", 0.04)], [match("MA1142.2", 0.01)], [], [match("MA0099.4", 0.002)], [match("MA0018.5", 0.9)],
    ]  # fmt: skip
    found = by_family(matches, [2, 3, 0, 4, 1])
    assert [(one.name, one.filters) for one in found] == [
        ("AP-1", (3, 1)), ("Ets-related", (0,)), ("", (2,)), ("", (4,)),
    ]  # fmt: skip
    assert [one.words for one in found] == ["AP-1: FOS::JUN", "Ets-related: GABPA", "", ""]
    assert found[0].best.q_value == 0.002 and found[0].as_json()["best"]["matrix_id"] == "MA0099.4"
    assert found[2].as_json() == {"family": None, "filters": [2], "best": None}


@pytest.mark.slow
def test_ap1_and_creb_come_first_on_jund():
    bundle = load_bundle(PRETRAINED / "tf_binding_jund")
    data = stored_examples(bundle.path, "DNA", ())
    positive = np.flatnonzero(data.y[:, 0] >= 0.5)
    rows = np.sort(np.concatenate([positive, np.flatnonzero(data.y[:, 0] < 0.5)[:600]]))
    scan = filter_motifs(bundle.model, data.X[rows])
    order = by_usefulness(scan, data.y[rows])
    found = by_family(named_filters([f.motif for f in scan.motifs], order), order)
    assert {one.name for one in found[:2]} == {"AP-1", "CREB"}
    assert all(len(one.filters) > 3 for one in found[:2])


@pytest.mark.parametrize(
    "settings",
    [{"depth": 1}, {"depth": 2, "keep_layers": True}, {"depth": 1, "stretches": 3}, {"depth": 1, "hidden": 4},
     {"depth": 2, "pool_between": 2}, {"depth": 1, "strands": "both"}],
)  # fmt: skip
def test_a_group_is_silenced_together(settings):
    model = build(ModelConfig(length=26, kernel_size=5, filters=3, pooling="max", **settings), 2).eval()
    rng = np.random.default_rng(0)
    X = from_codes(rng.integers(0, 4, (90, 26)))
    y = (predict(model, X)[:, 0] + rng.normal(0, 0.02, 90) > np.median(predict(model, X)[:, 0])).astype(float)
    together = ablate_together(model, X, y, members=[[0], [2], [0, 2]], groups=None)
    alone = ablate_filters(model, X, y, indices=[0, 2], groups=None)
    assert [one.index for one in together] == [0, 1, 2]
    for one, other in zip(together, alone, strict=False):
        assert one.difference.value == pytest.approx(other.difference.value, abs=1e-6)
    without = predict(silenced(silenced(model, 0), 2), X)[:, 0]
    expected = roc_auc_score(y, without) - roc_auc_score(y, predict(model, X)[:, 0])
    assert together[2].difference.value == pytest.approx(expected, abs=1e-6)
    assert together[2].difference.low <= expected <= together[2].difference.high
    pairs = Groups(np.arange(90) // 2, "45 groups of pairs")
    (paired,) = ablate_together(model, X, y, members=[[0, 2]], groups=pairs)
    assert paired.difference.note == "45 groups of pairs"
    assert paired.difference.value == pytest.approx(expected, abs=1e-6)
    with pytest.raises(InputError, match="filter 8 does not exist: layer 1 has filters 1 to 3"):
        ablate_together(model, X, y, members=[[0, 7]], groups=None)


def test_a_palindrome_counts_once():
    X = one_hot("CCTGACTCACCCTGAGTCAC")
    hits = find_hits(X, from_iupac("TGASTCA"), p_value=1e-3)
    assert hits.start.tolist() == [2, 12] and hits.strand.tolist() == ["+", "+"]
    assert hits.q_value == pytest.approx([2 / 4**7 * 14 / 2] * 2)  # 14 places, read once
    two = find_hits(X, from_iupac("TGACTCA"), p_value=1e-4)
    assert sorted(zip(two.start.tolist(), two.strand.tolist(), strict=True)) == [(2, "+"), (12, "-")]
