"""The judge, the distance from examples and the motifs gained, each with numbers worked out by hand."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from dnaconv_core.design.brakes import beside_judge, compared, judge_output, judged, nearest
from dnaconv_core.design.design import Design, Edit
from dnaconv_core.design.files import designs_csv, designs_fasta
from dnaconv_core.design.gained import gained
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import from_iupac


def designed(start: str, end: str, name: str = "a") -> Design:
    edits = [Edit(p, a, b) for p, (a, b) in enumerate(zip(start, end, strict=True)) if a != b]
    scores = tuple(0.25 * step for step in range(len(edits) + 1))
    return Design(name, start, end, tuple(edits), scores, scores, 0.5)


def test_the_distance_is_the_share_of_words_that_the_nearest_example_lacks():
    examples = one_hot(["ACGTACGG", "TTTTTTTT", "ACGTACTT"])  # words of the first: ACGTAC CGTACG GTACGG
    found = nearest(one_hot(["ACGTACGA", "TTTTTTTT", "GGGGGGGG", "CCGTACGG"]), examples)
    np.testing.assert_allclose(found.distance, [1 / 3, 0, 1, 1 / 3], atol=1e-6)
    # among themselves: 2 of 3 lacking, all lacking, 2 of 3 lacking
    assert found.usual == pytest.approx(np.quantile([2 / 3, 1, 2 / 3], 0.95))


def test_a_word_with_an_unknown_base_is_none():
    found = nearest(one_hot(["ACGTACGG"]), one_hot(["ACGNACGG", "ACGTACNN"]))
    assert found.distance[0] == pytest.approx(2 / 3)


def test_one_example_is_too_few():
    with pytest.raises(InputError, match="there are 1 examples to compare with: give at least 2"):
        nearest(one_hot(["ACGTACGG"]), one_hot(["ACGTACGG"]))


def test_start_and_design_are_both_compared_and_judged():
    examples = one_hot(["ACGTACGGA", "GGGTTTCCC"])
    one = designed("ACGTACGGA", "ACGTACGGC")
    (found,), _ = compared([one], examples, "DNA")
    assert found.distance == pytest.approx((0, 1 / 4))
    judge = build(ModelConfig(length=9, depth=1, filters=2, kernel_size=3, n_tasks=2), 5)
    (found,) = judged([found], judge, 1)
    np.testing.assert_allclose(found.judge, predict(judge, one_hot([one.start, one.sequence]))[:, 1], atol=1e-6)
    assert compared([], examples, "DNA")[0] == judged([], judge, 1) == []


def test_the_judge_answers_the_same_question():
    model = ModelConfig(kernel_size=3, length=9, n_tasks=2, names=("ctcf", "sp1"))
    assert judge_output(model, ModelConfig(kernel_size=3, length=9, n_tasks=3, names=("x", "y", "sp1")), 1) == 2
    assert judge_output(ModelConfig(kernel_size=3, length=9), ModelConfig(kernel_size=3, length=9), 0) == 0
    with pytest.raises(InputError, match="the judge reads 11 bases of DNA and the model 9 of DNA"):
        judge_output(model, ModelConfig(length=11), 0)
    with pytest.raises(InputError, match="there is no label 'ctcf'"):
        judge_output(model, ModelConfig(kernel_size=3, length=9, n_tasks=2, names=("x", "y")), 0)


def test_the_judge_has_its_own_covariates():
    model = ModelConfig(kernel_size=3, length=9, covariates=("a",))
    judge = ModelConfig(
        kernel_size=3, length=9, covariates=("b", "a"), covariate_mean=(3.0, 4.0), covariate_scale=(1.0, 1.0)
    )
    np.testing.assert_allclose(beside_judge(model, judge, np.array([7.0])), [3, 7])
    np.testing.assert_allclose(beside_judge(model, judge, None), [3, 4])
    assert beside_judge(model, ModelConfig(kernel_size=3, length=9), None) is None


AP1 = from_iupac("TGASTCA", "AP1")._replace(nsites=100)
GATA = from_iupac("AGATAAG", "GATA")._replace(nsites=100)


def test_a_motif_that_an_edit_completes_is_named():
    start, end = "CCCCTGACTAACCCCCAGATAAGCCC", "CCCCTGACTCACCCCCAGATAAGCCC"
    (found,) = gained(designed(start, end), [AP1, GATA])
    assert (found.name, found.start, found.word, found.alike) == ("AP1", 4, "TGACTCA", 1)
    assert found.p_value == pytest.approx(2 / 4**7)  # of S both letters
    assert gained(designed(end, start), [AP1, GATA]) == []


def test_hits_that_overlap_are_told_once_by_the_best():
    long = from_iupac("ATGACTCAT", "long")._replace(nsites=100)
    found = gained(designed("CCCCATGACGCATCCCC", "CCCCATGACTCATCCCC"), [AP1, long])
    assert [(hit.name, hit.alike) for hit in found] == [("long", 2)]


@pytest.mark.slow
def test_jaspar_names_what_a_cre_is():
    end = "CAGTCCTAGATTGATGACGTCATCGTAGCTTACGA"
    found = gained(designed(end[:17] + "T" + end[18:], end))
    assert any(name in found[0].name for name in ("ATF", "CREB", "JUN", "FOS", "CREM"))
    assert found[0].alike > 5


def test_tables_and_sequences():
    one = designed("ACGT", "ACGA", "=evil")._replace(judge=(0.1, 0.25), spread=None)
    (row,) = csv.DictReader(io.StringIO(designs_csv([one])))
    assert row["id"] == "'=evil"
    assert (row["edits"], row["judge"], row["spread"], row["distance"]) == ("T4A", "0.25", "", "")
    assert row["scores_by_edit"] == "0 0.25"
    assert designs_fasta([one]) == ">=evil score=0.25 start=0 edits=1\nACGA\n"
