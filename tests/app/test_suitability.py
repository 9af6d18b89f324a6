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
    at = dashboard("train", experiment="rnai", preset="book", data=_table(tmp_path / "labels.csv", labels))
    told = _told(at)
    assert any(said in one for one in told) if said else not told
    assert _start(at).disabled == refused and not at.exception


def test_another_output_takes_the_refusal_back(dashboard, home, tmp_path):
    labels = _table(tmp_path / "percent.csv", [20, 40, 60, 80] * 10)
    at = dashboard("train", experiment="rnai", preset="book", data=labels, output="linear")
    assert not _told(at) and not _start(at).disabled


def test_copies_in_both_parts_are_said(dashboard, home, tmp_path):
    train, valid = (_table(tmp_path / f"{part}.csv", [0.2, 0.4, 0.6, 0.8] * 5) for part in ("train", "valid"))
    at = dashboard("train", experiment="rnai", data=train, valid=valid)
    assert any("20 of 20 validation examples have the sequence of a training example" in one for one in _told(at))
    assert not _start(at).disabled
