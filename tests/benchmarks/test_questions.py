"""questions.py: parts that are apart, truths that are read where they are, and a run that goes on where it stopped."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.errors import DnaConvError
from dnaconv_core.sequence.motif import from_iupac

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def beside_them(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def test_a_word_is_read_where_each_letter_has_more_than_half():
    from questions import reads_word

    ppm = np.full((4, 11), 0.25)
    ppm[:, 2:10] = 0.4 * from_iupac("UGUAUAUA").ppm + 0.6 * 0.25  # each letter 0.55
    assert reads_word(ppm, "UGUANAUA", False)
    assert not reads_word(ppm[::-1, ::-1], "UGUANAUA", False) and reads_word(ppm[::-1, ::-1], "UGUANAUA", True)
    ppm[:, 4] = 0.3 * from_iupac("T").ppm[:, 0] + 0.7 * 0.25  # 0.475
    assert not reads_word(ppm, "UGUANAUA", True) and reads_word(ppm, "AUA", False)
    assert not reads_word(ppm[:, :5], "UGUANAUA", False)  # longer than the filter


def test_the_ceiling_is_that_of_counts_drawn_around_a_known_truth():
    from question_sets import counting_ceiling

    rng = np.random.default_rng(1)
    share = 10 ** rng.uniform(-1.5, 0, 4000)
    total = rng.poisson(400, 4000)
    first, second = (rng.poisson(400 * share) for _ in range(2))
    label = np.log10((first + 1) / (total + 1))
    other = np.log10((second + 1) / (rng.poisson(400, 4000) + 1))
    perfect, replicates = counting_ceiling(total, first)
    assert perfect == pytest.approx(np.corrcoef(label, np.log10(share))[0, 1], abs=0.01)
    assert replicates == pytest.approx(np.corrcoef(label, other)[0, 1], abs=0.01)
    assert counting_ceiling(total * 10**6, first * 10**6)[0] > 0.999


def test_sets_are_chosen_by_name_or_beginning():
    from questions import chosen

    assert chosen("rnai,spacing") == ["rnai", "spacing_200", "spacing_2000", "spacing_20000"]
    with pytest.raises(DnaConvError, match="there is no set 'pum3': choose pum2"):
        chosen("pum3")


def test_the_parts_of_a_grammar_share_no_sequence():
    from question_sets import REPORTED, question

    asked = question("motif_and_gc_200")
    rows = [{x.tobytes() for x in part.X} for part in asked.parts[0]]
    assert [len(row) for row in rows] == [170, 30, REPORTED]
    assert not rows[0] & rows[1] and not (rows[0] | rows[1]) & rows[2]
    assert [one.label for one in asked.truth] == ["AP-1"]
    assert asked.experiment.presets["auto"].settings["filters"] > 1


@pytest.mark.slow
def test_a_second_run_trains_nothing(monkeypatch, capsys, tmp_path):
    import questions

    out = tmp_path / "found.json"
    words = ["questions.py", "--quick", "--only", "place_200", "--seeds", "0,1", "--cache", str(tmp_path / "kept")]
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", [*words, "--out", str(out)])
    questions.main()
    first = capsys.readouterr()
    assert first.err.count("seed") == 3 and "auto over the best baseline" in first.out and "GATA: " in first.out
    questions.main()
    second = capsys.readouterr()
    assert second.err == "" and second.out == first.out
    found = json.loads(out.read_text())["sets"]["place_200"]["predictors"]
    assert {"auto", "auto seed 1", "baseline one_hot", "baseline kmers"} <= set(found)
    gained = found["baseline one_hot"]["auroc"]["auto_minus_this"]["value"]
    assert gained == pytest.approx(found["auto"]["auroc"]["value"] - found["baseline one_hot"]["auroc"]["value"])


@pytest.mark.parametrize("name", ["counts", "start", "tiles"])
def test_a_promoter_library_is_its_law_and_a_known_share_of_noise(name):
    from promoter_sets import LAWS, library
    from question_sets import without

    made = library(name, 1500, draw=3, invented=True)
    number = list(LAWS).index(name)
    fixed, rng = np.random.default_rng([number, 3]), np.random.default_rng([number, 3, 1])
    codes, signal = LAWS[name].make(fixed, rng, 1500, True)
    assert (made.X.argmax(axis=1) == codes).all()
    assert np.corrcoef(signal, made.y[:, 0])[0, 1] ** 2 == pytest.approx(1 - LAWS[name].noise, abs=0.03)
    other = library(name, 900, draw=3, seed=1, invented=True)
    shared = {x.tobytes() for x in made.X} & {x.tobytes() for x in other.X}
    assert bool(shared) == (name == "tiles")  # bare templates
    left = without(other, made)
    assert len(left) <= 900 - len(shared) and not {x.tobytes() for x in left.X} & {x.tobytes() for x in made.X}


def test_a_tile_s_number_depends_on_its_sequence_alone():
    """Bare templates come twice: the same sequence, the same number without noise."""
    from promoter_sets import LAWS

    codes, signal = LAWS["tiles"].make(np.random.default_rng(1), np.random.default_rng(2), 3000, True)
    unique, which, times = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    again = np.flatnonzero(times > 1)
    assert len(again) >= 3
    for one in again:
        assert np.ptp(signal[which.ravel() == one]) < 1e-9
    assert len(np.unique(codes[:, :15], axis=0)) == 5 and len(unique) > 2500


def test_each_draw_of_a_library_has_settings_of_its_own():
    from question_sets import experiment_of, question

    asked = question("promoter_start", quick=True, draws=2)
    first, second = (part.fold.train for part in asked.parts)
    assert len(asked.parts) == 2 and not (first.X == second.X).all() and asked.experiment.task == "regression"
    chosen = [experiment_of("promoter_start", part, quick=True, draws=2).presets["auto"] for part in (0, 1)]
    assert all(preset.settings["output"] == "linear" for preset in chosen) and chosen[0] is not chosen[1]
