"""The audit's numbers, by hand and by counting text."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.audit import audit
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.sequence.encoding import one_hot, reverse_complement_text


def dataset(sequences, y=None, alphabet="DNA") -> Dataset:
    labels = np.asarray([0.0] * len(sequences) if y is None else y, np.float32).reshape(len(sequences), -1)
    ids = np.array([f"s{i}" for i in range(len(sequences))])
    return Dataset(one_hot(sequences, alphabet), labels, np.ones_like(labels), ids, alphabet=alphabet)


def test_by_hand():
    #                 0       1       2 = 0   3 = rc 1  4 palindrome  5 = 0 again
    data = dataset(["ACCGA", "GGGTN", "ACCGA", "NACCC", "AATTN", "ACCGA"], [1, 0, 1, 0, 0, 0])
    report = audit(data)
    assert (report.n, report.length) == (6, 5)
    assert report.copies == 2 and report.pairs["copies"] == [["s2", "s0"], ["s5", "s0"]]
    assert report.reverse_copies == 1 and report.pairs["reverse_copies"] == [["s3", "s1"]]
    assert report.conflicts == 1  # ACCGA is 1, 1 and 0
    assert report.n_share == pytest.approx(3 / 30) and report.sequences_with_n == 3
    assert report.padding_share == pytest.approx(3 / 30) and report.half_have == 4
    assert report.gc == pytest.approx((3 * 3 + 3 + 3 + 0) / 27)
    (task,) = report.tasks
    assert (task["kind"], task["positives"], task["n"]) == ("binary", 2, 6)
    assert task["prevalence"] == pytest.approx(1 / 3)
    assert task["gc_positives"] == pytest.approx(0.6) and task["gc_negatives"] == pytest.approx(9 / 17)
    assert report.shared is None and report.covariates == {}
    assert json.loads(json.dumps(report.as_json()))["copies"] == 2


def test_padding_is_what_is_unknown_at_the_ends():
    report = audit(dataset(["NNACN", "ACNGT", "NNNNN"]))
    assert report.n_share == pytest.approx(9 / 15) and report.padding_share == pytest.approx(8 / 15)
    assert report.half_have == 2  # of 2, 5 and 0


def test_a_palindrome_is_no_copy_of_itself():
    report = audit(dataset(["ACGT", "AATT", "CCCC"]))
    assert report.copies == report.reverse_copies == 0
    twice = audit(dataset(["ACGT", "NNNN", "ACGT", "NNNN"]))
    assert (twice.copies, twice.reverse_copies) == (2, 0)


def test_leaks_between_parts():
    train = dataset(["ACCGA", "GGGTA", "AATTT"])
    valid = dataset(
        ["TACCC", "CCCCC", "ACCGA", "ACCGA", "AAATT"]
    )  # reverse of the second, new, the first twice, reverse
    report = audit(train, valid)
    assert (report.shared, report.shared_reverse) == (2, 2)
    assert report.pairs["shared"] == [["s0", "s1"], ["s2", "s0"], ["s3", "s0"], ["s4", "s2"]]
    assert any(note.startswith("the other part holds 2 copies and 2 reverse complements") for note in report.notes)
    longer = audit(train, dataset(["ACCGAA"]))
    assert (longer.shared, longer.shared_reverse) == (0, 0)


def test_rna_has_one_strand():
    report = audit(dataset(["ACCGA", "UCGGU"], [0.2, 1.3], alphabet="RNA"), dataset(["UCGGU"], [0.5], alphabet="RNA"))
    assert report.reverse_copies == 0 and report.shared_reverse == 0 and report.shared == 1
    (task,) = report.tasks
    assert task["kind"] == "number" and task["mean"] == pytest.approx(0.75) and task["max"] == pytest.approx(1.3)
    assert task["gc_correlation"] is None  # both have three of five


def test_missing_labels_are_left_out():
    data = dataset(["AAA", "CCC", "GGG", "TTC"], [[1, 0.5], [np.nan, 2.0], [0, 3.5], [1, 4.0]])
    data = replace(data, w=np.array([[1, 1], [1, 1], [1, 0], [0, 1]], np.float32))
    first, second = audit(data).tasks
    assert (first["n"], first["missing"], first["positives"], first["gc_negatives"]) == (2, 2, 1, 1.0)
    assert (second["n"], second["kind"], second["max"]) == (3, "number", 4.0)
    assert second["gc_correlation"] == pytest.approx(np.corrcoef([0, 1, 1 / 3], [0.5, 2, 4])[0, 1])
    twice = dataset(["AAA", "AAA"], [1, 0])
    assert audit(twice).conflicts == 1
    assert audit(replace(twice, w=np.array([[1], [0]], np.float32))).conflicts == 0  # DeepChem's missing label


def test_notes_say_what_deserves_attention():
    rare = dataset(["GCGC"] + ["AATA"] * 30, [1] + [0] * 30)
    notes = " | ".join(audit(rare).notes)
    assert "29 examples with the sequence of an earlier one" in notes
    assert "the label is positive in 3.23%" in notes
    assert "GC content is 100% in positives and 0% in negatives of the label" in notes
    assert "the label has one class only" in " ".join(audit(dataset(["ACG", "ACT"])).notes)
    same_id = replace(dataset(["ACG", "ACT"], [0, 1]), ids=np.array(["a", "a"]))
    assert audit(same_id).duplicate_ids == 1 and "1 example with the id of an earlier one" in audit(same_id).notes
    assert "25.0% of all bases are unknown (N)" in audit(dataset(["NAAA", "ANCC"], [0, 1])).notes
    assert audit(dataset(["ACGA", "CATG", "GACC"], [0.1, 0.7, 0.9])).notes == ()


def test_covariates():
    data = dataset(["ACG", "ACT"]).with_covariates(np.array([[0.25], [0.75]]), ("accessibility",))
    assert audit(data).covariates == {"accessibility": {"min": 0.25, "mean": 0.5, "max": 0.75}}


@given(
    st.lists(st.text("ACN", min_size=4, max_size=4), max_size=30),
    st.lists(st.text("ACGTN", min_size=4, max_size=4), max_size=9),
)
def test_counts_as_text_counts(sequences, others):
    data = dataset(sequences or ["ACGT"])
    words = data.sequences()
    report = audit(data, dataset(others) if others else None)
    assert report.copies == len(words) - len(set(words))
    seen = Counter()
    mirrored = 0
    for word in words:
        mirrored += reverse_complement_text(word) != word and seen[reverse_complement_text(word)] > 0
        seen[word] += 1
    assert report.reverse_copies == mirrored
    if others:
        assert report.shared == sum(word in seen for word in others)
        assert report.shared_reverse == sum(
            word not in seen and seen[reverse_complement_text(word)] > 0 for word in others
        )


def test_chunks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    data = dataset(["".join(rng.choice(list("ACG"), 4)) for _ in range(200)], rng.integers(0, 2, 200))
    whole = audit(data, data)
    monkeypatch.setattr("dnaconv_core.data.audit._CHUNK", 7)
    assert audit(data, data) == whole


def test_nothing_at_all():
    empty = Dataset(np.zeros((0, 4, 5), np.int8), np.zeros((0, 1)), np.zeros((0, 1)), np.array([], "U1"))
    report = audit(empty)
    assert report.n == report.copies == 0 and report.gc is None and report.n_share == 0


def test_real_guides_do_not_leak(shared_data):
    diskdataset = pytest.importorskip("dnaconv_core.data.diskdataset")
    train = diskdataset.read_diskdataset(shared_data / "sirna" / "train_siRNA")
    valid = diskdataset.read_diskdataset(shared_data / "sirna" / "valid_siRNA")
    report = audit(train, valid)
    assert report.n == 2187 and report.length == 21 and report.n_share == 0
    assert report.tasks[0]["kind"] == "number" and report.tasks[0]["max"] == pytest.approx(1.316, abs=1e-3)
    assert report.shared == len(set(valid.sequences()) & set(train.sequences()))


def test_what_makes_parts_unfit_is_said_before_training():
    from dnaconv_core.data.audit import concerns

    rng = np.random.default_rng(0)
    X = np.eye(4, dtype=np.int8)[rng.integers(0, 4, (9, 13))].transpose(0, 2, 1)

    def part(rows, labels):
        y = np.float32(labels)[:, None]
        return Dataset(X[rows], y, np.ones_like(y), np.array([f"r{i}" for i in range(len(rows))]))

    assert concerns(part([0, 1, 2, 3], [0, 1, 1, 0]), part([4, 5, 6, 7], [0, 1, 1, 0])) == []
    told = concerns(part([0, 1, 2, 3], [1, 1, 1, 1]), part([0, 5, 6], [0, 1, 0]))
    assert told[0].startswith("in the training part every label is the same")
    assert told[1].startswith("in the validation part one example alone has the rarer label")
    assert told[2].startswith("1 of 3 validation examples have the sequence of a training example")
