"""The Train page says before training whether the chosen data suit it."""

from __future__ import annotations

import numpy as np
import pytest


def _rows(labels, seed=0, length=21) -> str:
    rng = np.random.default_rng(seed)
    texts = ["".join("ACGU"[base] for base in row) for row in rng.integers(0, 4, (len(labels), length))]
    return "".join(f"{text},{label}\n" for text, label in zip(texts, labels, strict=True))


def _table(path, labels, **more):
    path.write_text("sequence,label\n" + _rows(labels, **more))
    return str(path)


def _told(at) -> list[str]:
    return [one.value for one in at.markdown if one.value.startswith((":red[", ":orange["))]


def _start(at):
    return next(button for button in at.button if button.label == "Start training")


@pytest.mark.parametrize(
    ("labels", "said", "refused"),
    [
        ([0.2, 0.4, 0.6, 0.8] * 10, "", False),
        ([20, 40, 60, 80] * 10, "has labels from 20 to 80, and a sigmoid gives 0 to 1: choose output 'linear'", True),
        ([0.5] * 40, "In the training part every label is the same: nothing can be learned", False),
    ],
    ids=["good", "percent", "constant"],
)
def test_labels_that_do_not_suit_are_said_before_training(dashboard, home, tmp_path, labels, said, refused):
    at = dashboard(
        "train", experiment="rnai", preset="book", batch_size="32", data=_table(tmp_path / "labels.csv", labels)
    )
    told = _told(at)
    assert any(said in one for one in told) if said else not told
    assert _start(at).disabled == refused and not at.exception


def test_another_output_takes_the_refusal_back(dashboard, home, tmp_path):
    labels = _table(tmp_path / "percent.csv", [20, 40, 60, 80] * 10)
    at = dashboard("train", experiment="rnai", preset="book", batch_size="32", data=labels, output="linear")
    assert not _told(at) and not _start(at).disabled


def test_copies_in_both_parts_are_told(dashboard, home, tmp_path):
    train, valid = (_table(tmp_path / f"{part}.csv", [0.2, 0.4, 0.6, 0.8] * 5) for part in ("train", "valid"))
    at = dashboard("train", experiment="rnai", data=train, valid=valid)
    assert any("20 of 20 validation examples have the sequence of a training example" in one for one in _told(at))
    assert not _start(at).disabled


def test_unwise_settings_are_told_under_their_fields_and_do_not_hold_up_the_start(dashboard, home):
    """Those whose fields are folded away are told at the top, too, by name."""
    at = dashboard("train", experiment="tf_binding", learning_rate="0.1", mutation="0.5", batch_size="9000")
    told = _told(at)
    assert sum("An epoch has 8,000 examples, so one batch holds them all" in one for one in told) == 1
    assert sum("Steps of 0.1 are so large that training often fails" in one for one in told) == 1
    assert sum("only 4% of the motifs" in one.lower() for one in told) == 2
    assert any("Random mutations: Only 4%" in one for one in told)
    assert all(one.startswith(":orange[:material/warning: ") for one in told) and not _start(at).disabled


def test_a_long_training_is_told_by_the_pace_of_earlier_runs(dashboard, trained):
    trained("rnai")
    assert not _told(dashboard("train", experiment="rnai"))
    told = _told(dashboard("train", experiment="rnai", epochs="100000", members="8"))
    assert any("100,000 epochs may take about " in one and " hours: begin with fewer" in one for one in told)
    assert any("8 networks take about 8 times as long as one" in one for one in told)


def test_balanced_batches_of_numbers_are_refused_before_training(dashboard, home):
    at = dashboard("train", experiment="rnai", balance="true")
    assert any(one.startswith(":red[balance is true but there are no two classes to balance") for one in _told(at))
    assert _start(at).disabled


def test_the_reason_is_told_in_korean(dashboard, home):
    at = dashboard("train", experiment="tf_binding", batch_size="9000", lang="ko")
    assert any("한 에폭의 예제가 8,000개라" in one for one in _told(at))
