"""The referee: each check finds what was planted, and says nothing where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from dnaconv_core.data.code_rows import CodeRows, codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.similar import resembling
from dnaconv_core.evaluate.referee import Facts, referee, worst
from dnaconv_core.evaluate.referee_line import Came
from dnaconv_core.evaluate.referee_page import referee_page
from dnaconv_core.evaluate.referee_predictors import alone
from dnaconv_core.sequence.encoding import from_codes

LENGTH = 60
YES_OR_NO = Facts("binary")


def random_part(n: int, seed: int, *, positive: float = 0.5, length: int = LENGTH) -> Dataset:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < positive).astype(np.float32)[:, None]
    ids = np.array([f"s{seed}_{i}" for i in range(n)])
    return Dataset(CodeRows(rng.integers(0, 4, (n, length)).astype(np.uint8)), y, np.ones_like(y), ids)


def changed(data: Dataset, codes: np.ndarray) -> Dataset:
    return replace(data, X=CodeRows(codes))


def lines(train, valid, test=None, facts=YES_OR_NO) -> dict:
    return {line.check: line for line in referee(train, valid, test, facts)}


@pytest.fixture(scope="module")
def clean():
    return [random_part(n, seed) for n, seed in ((1500, 1), (300, 2), (200, 3))]


@pytest.fixture(scope="module")
def of_clean(clean):
    return lines(*clean)


def test_nothing_is_found_where_there_is_nothing(of_clean):
    assert {check: line.verdict for check, line in of_clean.items() if line.verdict != "fine"} == {}
    for line in of_clean.values():
        assert line.sentence.endswith(".")
    assert of_clean["size"].value == pytest.approx(1500, abs=80)


@pytest.mark.slow
def test_copies_and_reverse_complements_across_parts_stop(clean):
    train, valid, test = clean
    codes = codes_of(valid.X, slice(None)).copy()
    codes[:20] = codes_of(train.X, slice(0, 20))
    codes[20:30] = 3 - codes_of(train.X, slice(20, 30))[:, ::-1]
    line = lines(train, changed(valid, codes), test)["copies_across"]
    assert (line.verdict, line.mend) == ("stop", "--split groups")
    assert line.value == pytest.approx(30 / 500)
    assert "30 of 300 in validation" in line.sentence
    rna = [replace(part, alphabet="RNA") for part in (train, changed(valid, codes), test)]
    assert lines(*rna)["copies_across"].value == pytest.approx(20 / 500)  # RNA has one strand


def test_near_copies_across_parts(clean):
    train, valid, _ = clean
    codes = codes_of(valid.X, slice(None)).copy()
    codes[:90, 20:60] = codes_of(train.X, slice(0, 90))[:, 20:60]  # two thirds of each
    found = lines(train, changed(valid, codes))
    assert found["copies_across"].verdict == "fine"
    assert (found["near_copies"].verdict, found["near_copies"].value) == ("stop", pytest.approx(0.3, abs=0.01))


def test_conflicts_and_copies_within(clean):
    train, valid, _ = clean
    codes, y = codes_of(train.X, slice(None)).copy(), train.y.copy()
    codes[100:200], y[100:200] = codes[:100], 1 - y[:100]
    found = lines(replace(changed(train, codes), y=y), valid)
    assert (found["copies"].verdict, found["copies"].value) == ("look", pytest.approx(100 / 1500))
    assert (found["conflicts"].verdict, found["conflicts"].value) == ("look", pytest.approx(100 / 1400))


@pytest.mark.slow
def test_balance_is_that_of_the_classes(clean):
    _, valid, _ = clean
    rare = random_part(1500, 7, positive=0.02)
    found = lines(rare, random_part(400, 8, positive=0.02))
    assert found["balance"].verdict == "look" and "PR-AUC" in found["balance"].sentence
    assert found["size"].value == 2 * int(rare.y.sum())
    one = replace(valid, y=np.ones_like(valid.y))
    assert lines(random_part(1500, 9), one)["balance"].verdict == "stop"
    apart = lines(random_part(1500, 9, positive=0.5), random_part(300, 10, positive=0.8))
    assert "80" in apart["balance"].sentence or "differ in more than chance" in apart["balance"].sentence


@pytest.mark.slow
@pytest.mark.parametrize(("check", "n"), [("gc_alone", 1), ("dinucleotides_alone", 16), ("positions_alone", 240)])
def test_what_composition_tells_by_itself(clean, check, n):
    train, valid, _ = clean
    rng = np.random.default_rng(4)
    codes = codes_of(train.X, slice(None)).copy()
    for row in np.flatnonzero(train.y[:, 0]):  # positives: two of three bases are G or C
        codes[row] = rng.choice(4, LENGTH, p=[1 / 6, 1 / 3, 1 / 3, 1 / 6])
    line = lines(changed(train, codes), valid)[check]
    assert line.verdict in ("look", "stop") and line.value > 0.9
    if n == 1:  # GC by itself: its own ROC-AUC, nothing to fit
        gc = ((codes == 1) | (codes == 2)).mean(axis=1)
        assert line.value == pytest.approx(roc_auc_score(train.y[:, 0], gc), abs=0.01)


def test_bases_by_position_agree_with_scikit_learn(clean):
    train, *_ = clean
    codes = codes_of(train.X, slice(None)).copy()
    codes[:, 17] = np.where(train.y[:, 0] == 1, 2, codes[:, 17])
    measured = alone(changed(train, codes), "binary", 0)["positions"]()
    X = from_codes(codes).reshape(len(codes), -1)
    fitted = LogisticRegression(C=100 / 1200, max_iter=500).fit((X - X.mean(0)) / X.std(0), train.y[:, 0])
    upper = roc_auc_score(train.y[:, 0], fitted.predict_proba((X - X.mean(0)) / X.std(0))[:, 1])
    assert 0.75 < measured.value < upper  # held out is below what was fitted


@pytest.mark.slow
def test_padding_that_tells_the_class(clean):
    train, valid, _ = clean
    codes = codes_of(train.X, slice(None)).copy()
    codes[train.y[:, 0] == 1, 50:] = 4
    found = lines(changed(train, codes), valid)
    assert (found["length_alone"].verdict, found["length_alone"].value) == ("stop", 1.0)
    assert found["length_alone"].mend.startswith("--lengths crop")
    assert found["unknown"].verdict == "look"


def test_padding_asks_for_a_look_and_unknown_bases_within_stop():
    train, valid = random_part(200, 1), random_part(50, 2)
    codes = codes_of(train.X, slice(None)).copy()
    padded, unknown = codes.copy(), codes.copy()
    padded[:, :11] = padded[:, 36:] = 4
    unknown[:, 20:45] = 4
    line = lines(changed(train, padded), valid)["unknown"]
    assert (line.verdict, line.value) == ("look", pytest.approx(35 / 60))
    assert "58.3% of the bases are unknown (N), most at the ends" in line.sentence
    assert line.mend.startswith("--length 25, as half of the sequences have")
    line = lines(changed(train, unknown), valid)["unknown"]
    assert (line.verdict, line.value) == ("stop", pytest.approx(25 / 60))
    assert line.sentence == "41.7% of the bases are unknown (N), in 200 sequences: a filter sees nothing there."


@pytest.mark.slow
def test_a_covariate_that_tells_all(clean):
    train, valid, _ = clean
    beside = np.stack([1 - train.y[:, 0], np.random.default_rng(0).random(len(train))], axis=1)
    found = lines(train.with_covariates(beside, ("leak", "noise")), valid)
    assert (found["covariate_leak"].verdict, found["covariate_leak"].value) == ("stop", 1.0)
    assert found["covariate_noise"].verdict == "fine"


def test_outliers_and_clumps_of_a_number(clean):
    train, valid, _ = clean
    rng = np.random.default_rng(0)
    y = rng.normal(size=(len(train), 1)).astype(np.float32)
    y[:5], y[5:305] = 100, 0
    found = lines(replace(train, y=y), replace(valid, y=y[: len(valid)]), facts=Facts("regression"))
    assert (found["outliers"].verdict, found["outliers"].value) == ("look", pytest.approx(5 / 1500))
    assert (found["clumps"].verdict, found["clumps"].value) == ("look", pytest.approx(0.2))
    assert found["gc_alone"].value < 0.2
    same = replace(train, y=np.ones_like(y))
    assert lines(same, valid, facts=Facts("regression"))["clumps"].verdict == "stop"


def test_classes(clean):
    train, valid, _ = clean
    y = (np.arange(len(train)) % 3).astype(np.float32)[:, None]
    y[y == 2] = np.where(np.arange((y == 2).sum()) < 6, 2, 0)
    facts = Facts("classes", names=("a", "b", "rare"))
    found = lines(replace(train, y=y), replace(valid, y=y[: len(valid)]), facts=facts)
    assert found["balance"].verdict == "stop"
    assert "Class rare has 6 training examples" in found["balance"].sentence


@pytest.mark.slow
def test_a_strand_that_is_not_said(clean):
    train, valid, _ = clean
    placed = replace(train, ids=np.array([f"chr1:{i}-{i + LENGTH}" for i in range(len(train))]))
    assert lines(placed, valid, facts=Facts("binary", "one"))["strand"].verdict == "look"
    signed = replace(train, ids=np.array([f"chr1:{i}-{i + LENGTH}(-)" for i in range(len(train))]))
    assert lines(signed, valid, facts=Facts("binary", "one"))["strand"].verdict == "fine"


WORDS_OF_ANOTHER_KIND = {
    "binary": ("high and low values", "labels take"),
    "regression": ("class", "positive", "negative", "ROC-AUC"),
    "classes": ("positive", "negative", "high and low values", "labels take"),
}


@pytest.mark.parametrize("task", WORDS_OF_ANOTHER_KIND)
def test_each_kind_of_answer_is_spoken_of_in_its_own_words(clean, task):
    """Data in which every check finds something, also that there is nothing to measure."""
    train, valid, _ = (part.subset(np.arange(n)) for part, n in zip(clean, (300, 60, 1), strict=True))
    rng = np.random.default_rng(2)
    y = {"binary": rng.random(300) < 0.3, "regression": rng.normal(size=300), "classes": np.arange(300) % 3}[task]
    y = y.astype(np.float32)[:, None]
    codes = codes_of(train.X, slice(None)).copy()
    order = np.argsort(y[:, 0], kind="stable")
    codes[order[200:], :40] = rng.choice([1, 2], (100, 40))  # the upper third is rich in G and C
    codes[:40], y[:2, 0] = codes[40], (0, 1)  # copies, in conflict
    held = codes_of(valid.X, slice(None)).copy()
    held[:30] = codes[100:130]
    data = replace(changed(train, codes), y=y).with_covariates(y, ("leak",))
    beside = replace(changed(valid, held), y=y[:60]).with_covariates(y[:60], ("leak",))
    facts = Facts(task, "one", ("a", "b", "c")[: 3 if task == "classes" else 0])
    told = referee(data, beside, None, facts) + referee(data.subset(np.arange(12)), beside, None, facts)
    wrong = [
        f"{line.check}: {text}"
        for line in told
        for text in (line.sentence, line.mend)
        for word in WORDS_OF_ANOTHER_KIND[task]
        if word in text
    ]
    assert wrong == []
    assert {line.verdict for line in told} == {"fine", "look", "stop"}
    dinucleotides = next(line for line in told if line.check == "dinucleotides_alone")
    group = "high and low values" if task == "regression" else "the classes"
    assert f"{group} may come from different kinds of sequence" in dinucleotides.sentence


def test_the_page_escapes_what_it_shows(of_clean):
    page = referee_page("<script>alert(1)</script>", list(of_clean.values()), ("a & b",))
    assert "<script>" not in page and "&lt;script&gt;" in page and "a &amp; b" in page
    assert worst(list(of_clean.values())) == "fine"
    assert "http" not in page


@pytest.mark.slow
def test_every_label_is_looked_at_and_named(clean):
    """GC tells the second label, of which few are positive; a covariate tells the third."""
    train, valid, _ = clean
    rng = np.random.default_rng(5)
    n = len(train)
    second, third = (np.arange(n) % 50 == 0).astype(np.float32), (rng.random(n) < 0.5).astype(np.float32)
    codes = codes_of(train.X, slice(None)).copy()
    for row in np.flatnonzero(second):
        codes[row] = rng.choice([1, 2], LENGTH)
    y = np.stack([train.y[:, 0], second, third], axis=1)
    data = replace(changed(train, codes), y=y, w=np.ones_like(y)).with_covariates(third[:, None], ("leak",))
    held = replace(valid, y=y[: len(valid)], w=np.ones((len(valid), 3), np.float32))
    found = lines(data, held, facts=Facts("binary", names=("plain", "rich", "leaky")))
    assert (found["size"].verdict, found["size"].value) == ("stop", 60)
    assert "count for rich (the fewest of 3 labels)" in found["size"].sentence
    assert found["gc_alone"].verdict == "stop" and "for rich (the most of 3 labels)" in found["gc_alone"].sentence
    assert found["covariate_leak"].value == 1.0 and "for leaky" in found["covariate_leak"].sentence
    assert "of rich" in found["balance"].sentence and "(1 of 3 labels are like that.)" in found["balance"].sentence


@pytest.mark.parametrize(
    ("came", "near", "gc"),
    [
        (None, "--split groups", "look at what the network adds"),
        (Came("positives", "file"), "--split groups", "--negatives shuffle in place of the file"),
        (
            Came("positives", "file", parts_given=True),
            "take what stands in the files for testing",
            "--negatives shuffle",
        ),
        (Came("table", split="chromosome"), "--split groups", "look at what the network adds"),
        (Came("table", parts_given=True), "--split groups, without --split-column", "look at what the network adds"),
        (Came("bed", "flanks", genome=True, split="groups"), "leave those examples out", "--negatives gc"),
    ],
)
def test_a_mend_is_possible_for_the_form_that_came(clean, came, near, gc):
    train, valid, _ = clean
    codes, held = codes_of(train.X, slice(None)).copy(), codes_of(valid.X, slice(None)).copy()
    codes[train.y[:, 0] == 1, :30] = np.random.default_rng(6).choice([1, 2], (int(train.y.sum()), 30))
    held[:90, 20:60] = codes[:90, 20:60]
    found = lines(changed(train, codes), changed(valid, held), facts=Facts("binary", came=came))
    assert found["near_copies"].mend.startswith(near) and found["near_copies"].verdict == "stop"
    assert found["gc_alone"].mend.startswith(gc) and found["gc_alone"].verdict != "fine"


@pytest.mark.parametrize("seed", range(6))
def test_chance_makes_no_near_copies(seed):
    """Groups of similar sequences hold one pair in a hundred by chance; the referee does not take these for copies."""
    found = lines(random_part(480, 3 * seed), random_part(60, 3 * seed + 1), random_part(60, 3 * seed + 2))
    assert (found["near_copies"].verdict, found["near_copies"].value) == ("fine", 0.0)


def test_a_shared_stretch_counts_on_either_strand_and_not_through_others():
    """The third shares 20 bases with the first; the fourth 18 with the third, but only 13 of them with the first."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (5, 30)).astype(np.uint8)
    codes[2, 5:25] = 3 - codes[0, 5:25][::-1]
    codes[3, :18] = codes[2, 12:30]
    known = np.array([True, True, False, False, False])
    near, k = resembling(codes, known)
    assert (k, near.tolist()) == (15, [True, False, False])
    assert not resembling(codes, known, "RNA")[0].any()
