"""The challenge: its data hold the secret that is asked for, points follow the answers, and no file tells it."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.experiments.own import experiments_folder
from dnaconv_core.why import challenge, hidden, play
from dnaconv_core.why.challenge import LEVELS, overlap, score, suspects
from dnaconv_core.why.hidden import hide


def of_kind(level: int, key: str, kind: str) -> int:
    """The first number whose secret is of this kind."""
    return next(number for number in range(60) if hide(level, number).truth[key] == kind)


def words(codes: np.ndarray) -> list[str]:
    return [hidden.word(row) for row in codes]


def held(codes: np.ndarray, letters: str) -> np.ndarray:
    return np.array([letters in text for text in words(codes)])


@pytest.mark.parametrize("level", LEVELS)
def test_a_number_gives_the_same_data_each_time_and_another_gives_others(level):
    first, again, other = hide(level, 8), hide(level, 8), hide(level, 9)
    assert first.truth == again.truth
    for name, n in hidden.SIZES.items():
        part = first.parts[name]
        assert part.codes.shape == (n, hidden.LENGTH) and part.positive.sum() == n // 2
        assert (part.codes == again.parts[name].codes).all() and (part.codes != other.parts[name].codes).any()


def test_the_motif_stands_in_positives_and_its_letters_in_negatives():
    found = hide(1, 4)
    part, motif = found.parts["train"], found.truth["motif"]
    # each of 8 letters is the likeliest in 0.93 of the sites: 0.93 ** 8 = 0.56 are whole
    assert held(part.codes[part.positive], motif).mean() == pytest.approx(0.56, abs=0.05)
    assert held(part.codes[~part.positive], motif).mean() < 0.02


@pytest.mark.parametrize("kind, written, turned", [("given", 0.56, 0.0), ("either", 0.28, 0.28)])
def test_the_strand_is_that_of_the_truth(kind, written, turned):
    found = hide(2, of_kind(2, "strand", kind))
    part, motif = found.parts["train"], found.truth["motif"]
    positives, negatives = part.codes[part.positive], part.codes[~part.positive]
    assert held(positives, motif).mean() == pytest.approx(written, abs=0.05)
    assert held(positives, hidden.reverse(motif)).mean() == pytest.approx(turned, abs=0.05)
    assert held(negatives, hidden.reverse(motif)).mean() == pytest.approx(0.56 if kind == "given" else 0, abs=0.05)


def test_two_motifs_stand_at_the_distance_of_the_truth_in_positives_alone():
    found = hide(3, 2)
    part, truth = found.parts["train"], found.truth
    pair = re.compile(f"{truth['motif']}(.{{0,20}}?){truth['second']}")
    gaps = {True: [], False: []}
    for text, positive in zip(words(part.codes), part.positive.tolist(), strict=True):
        if hit := pair.search(text):
            gaps[positive].append(len(hit[1]))
    assert min(map(len, gaps.values())) > 300
    assert np.mean(np.array(gaps[True]) == truth["distance"]) > 0.97
    assert np.mean(np.array(gaps[False]) == truth["distance"]) < 0.02


@pytest.mark.parametrize("kind, more_gc, in_positives, in_negatives", [
    ("motif", 0.0, 0.56, 0.0), ("gc", 0.09, 0.28, 0.28), ("both", 0.09, 0.56, 0.0),
])  # fmt: skip
def test_gc_content_and_motif_are_as_the_truth_says(monkeypatch, kind, more_gc, in_positives, in_negatives):
    planted = []
    draw = hidden._plant
    monkeypatch.setattr(hidden, "_plant", lambda rng, codes, motif, holds: planted.append(motif) or draw(
        rng, codes, motif, holds))  # fmt: skip
    found = hide(4, of_kind(4, "cause", kind))
    part, motif = found.parts["train"], planted[-1]
    gc = np.isin(part.codes, (1, 2)).mean(axis=1)
    assert gc[part.positive].mean() - gc[~part.positive].mean() == pytest.approx(more_gc, abs=0.015)
    assert held(part.codes[part.positive], motif).mean() == pytest.approx(in_positives, abs=0.05)
    assert held(part.codes[~part.positive], motif).mean() == pytest.approx(in_negatives, abs=0.05)
    assert found.truth["motif"] == ("" if kind == "gc" else motif)


@pytest.mark.parametrize("kind", ["copies", "reversed"])
def test_leaking_examples_are_training_ones(kind):
    found = hide(5, of_kind(5, "leak", kind))
    train, valid = found.parts["train"], found.parts["valid"]
    labels = dict(zip(words(train.codes), train.positive.tolist(), strict=True))
    looked_up = [text if kind == "copies" else hidden.reverse(text) for text in words(valid.codes)]
    assert [text in labels for text in looked_up] == valid.leaks.tolist()
    assert valid.leaks.mean() == pytest.approx(found.truth["share"] / 100, abs=0.002)
    assert all(labels[t] == p for t, p in zip(looked_up, valid.positive.tolist(), strict=True) if t in labels)
    assert not any(text in labels for text in words(found.parts["test"].codes))


def test_a_mark_stands_on_positives_of_two_parts_and_not_in_the_test_part():
    found = hide(5, of_kind(5, "leak", "mark"))
    valid = found.parts["valid"]
    (mark,) = {text[:6] for text in words(valid.codes[valid.leaks])}
    assert valid.leaks.mean() == pytest.approx(found.truth["share"] / 100, abs=0.002)
    assert valid.positive[valid.leaks].all()
    begins = {name: np.mean([t.startswith(mark) for t in words(p.codes)]) for name, p in found.parts.items()}
    assert begins["train"] == pytest.approx(begins["valid"], abs=0.01) and begins["test"] < 0.01


def test_the_overlap_of_motifs_is_what_it_is_by_hand():
    assert overlap("TGACTCAG", "TGACTCAG") == 1
    assert overlap("TGACTCA", "TGACTCAG") == pytest.approx(14 / 16)  # 7 of 8 letters, 2 bits each
    assert overlap("GACT", "TGACTCAG") == pytest.approx(8 / 16)
    assert overlap("TGASTCAG", "TGACTCAG") == pytest.approx(14.5 / 16)  # S: half of C, 1 bit
    assert overlap("NNTGACTCAGN", "TGACTCAG") == 1  # N says nothing
    assert overlap("CTGAGTCA", "TGACTCAG") == 1  # its reverse complement
    assert overlap("AAAACCCC", "GGGGTTTT") == 1 and overlap("AAAACCCC", "GGGGTTTT", both_strands=False) == 0
    assert overlap("ACGTACGTTGACTCAG", "TGACTCAG") == pytest.approx(16 / 32)  # what is too much costs
    assert overlap("NNN", "N") == 0
    with pytest.raises(InputError, match="has 'Z' at position 2: use A, C, G, T or an IUPAC code"):
        overlap("AZ", "TGA")


@pytest.mark.parametrize("level", LEVELS)
def test_right_answers_have_all_points_and_none_has_nothing(level):
    truth = hide(level, 6).truth | {"rows": {one.id for one in suspects(level, 6) if one.leaks}}
    right = score(level, 6, truth)
    assert right.points == 100 == sum(question.points for question in LEVELS[level].questions)
    assert [one.answer for one in right.marked] == [one.truth for one in right.marked]
    assert score(level, 6, truth, hints_used=2).points == 70
    without = {key: None for key in truth}
    assert score(level, 6, without).points == (40 if level == 4 and not truth["motif"] else 0)
    assert score(level, 6, without, hints_used=3).points == 0 or level == 4


def test_points_for_answers_that_are_nearly_right():
    number = of_kind(2, "strand", "given")
    motif = hide(2, number).truth["motif"]
    cut = score(2, number, {"motif": motif[:6], "strand": "either"})
    assert [one.points for one in cut.marked] == [36, 0]  # 12 of 16 bits: (0.75 - 0.6) / 0.25 of 60
    assert cut.marked[0].why == "75% of the motif" and cut.marked[1].truth == "only as written"
    assert score(2, number, {"motif": hidden.reverse(motif), "strand": "given"}).points < 60  # there it is another
    distance = hide(3, 5).truth["distance"]
    assert [score(3, 5, {"distance": distance + off}).points for off in (0, 1, -1, 2)] == [30, 15, 15, 0]
    share = hide(5, 5).truth["share"]
    assert [score(5, 5, {"share": share + off}).points for off in (0, 3, -8, 9)] == [20, 20, 10, 0]
    leaking, clean = ([one.id for one in suspects(5, 5) if one.leaks is so] for so in (True, False))
    assert len(leaking) == len(clean) == 4
    ticked = [leaking[:3], leaking[:3] + clean[:1], leaking + clean]
    assert [score(5, 5, {"rows": set(rows)}).points for rows in ticked] == [22, 15, 0]


def test_a_motif_where_there_is_none_has_no_points():
    number = of_kind(4, "cause", "gc")
    assert score(4, number, {"cause": "gc", "motif": ""}).points == 100
    assert score(4, number, {"cause": "gc", "motif": "ACGT"}).points == 60


@pytest.mark.parametrize("level, number, said", [
    (0, 1, "there is no level 0: choose 1 to 5"), (6, 1, "there is no level 6"),
    (1, -1, "the number is -1: choose one from 0 to 9,999"), (1, 10_000, "the number is 10000"),
])  # fmt: skip
def test_what_is_not_there_is_said(level, number, said):
    with pytest.raises(InputError, match=said):
        hide(level, number)


def test_letters_are_counted_by_part_and_class():
    number = of_kind(2, "strand", "given")
    found = hide(2, number)
    told = {(one.part, one.label): one for one in play.holding(2, number, found.truth["motif"])}
    part = found.parts["valid"]
    here, motif = told["valid", 1], found.truth["motif"]
    assert here.examples == 300
    assert here.written == held(part.codes[part.positive], motif).sum()
    assert told["valid", 0].turned == held(part.codes[~part.positive], hidden.reverse(motif)).sum()
    assert [one.examples for one in play.holding(2, number, "N" * 61)] == [1200, 1200, 300, 300, 300, 300]
    assert not any(one.written or one.turned for one in play.holding(2, number, "N" * 61))


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path))
    return tmp_path


def test_its_experiment_has_the_data_and_not_the_secret(home, monkeypatch):
    monkeypatch.setattr(hidden, "SIZES", {"train": 60, "valid": 20, "test": 20})
    monkeypatch.setattr(challenge.hidden, "SIZES", hidden.SIZES)
    number = of_kind(5, "leak", "copies")
    assert play.made(5, number) is None
    made = play.make(5, number)
    assert made.key == f"challenge_5_{number}" and dict(made.parts) == hidden.SIZES and made.strand == "one"
    assert play.make(5, number) is not None  # the one that is there
    rows = list(csv.DictReader(play.table(5, number).splitlines()))
    found = hide(5, number)
    assert [row["part"] for row in rows] == ["train"] * 60 + ["valid"] * 20 + ["test"] * 20
    assert [row["sequence"] for row in rows[60:80]] == words(found.parts["valid"].codes)
    stored = (experiments_folder() / made.key / "experiment.json").read_text()
    assert json.loads(stored)["motif"] == "" and "copies" not in stored and "leak" not in stored


def test_the_reverse_complement_of_a_motif_that_counts_as_written_is_told():
    truth = hide(2, 1).truth
    assert (truth["motif"], truth["strand"]) == ("CTCTAAAT", "given")
    motif, strand = score(2, 1, {"motif": "ATTTAGAG", "strand": "given"}).marked
    assert (motif.points, motif.why) == (0, "its reverse complement, which does not count here")
    assert strand.points == 40
