"""A preview says what making the experiment then does."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.data.tables import read_columns
from dnaconv_core.errors import InputError
from dnaconv_core.experiments import preview
from dnaconv_core.experiments.bring import bring
from dnaconv_core.experiments.own import RECIPE, folder_of
from dnaconv_core.experiments.preview import free_key, rehearse, survey
from dnaconv_core.experiments.preview_labels import (
    header_labels,
    interval_widths,
    meanings,
    preview_labels,
    swapped,
)
from dnaconv_core.experiments.recipe import NO_COLUMN, Input, Recipe, read_recipe
from dnaconv_core.experiments.recognise import recognise
from dnaconv_core.experiments.templates import TEMPLATES


def brought(tmp_path, key: str, **fields) -> Recipe:
    """The recipe of a template, with each file in the role that was recognised."""
    files = TEMPLATES[key].make()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = recognise([tmp_path / name for name in files])
    return Recipe(key=key, inputs=tuple(Input(one.role, str(one.path), one.name) for one in found), **fields)


CASES = {
    "table": ({}, "binary", {"unbound": 200, "bound": 200}),
    "counts": ({"labels": LabelRecipe(("rna", "dna"), how="ratio")}, "regression", {}),
    "pair": ({}, "binary", {"no": 200, "yes": 200}),
    "headers": ({}, "binary", {"no": 200, "yes": 200}),
    "classes": ({}, "classes", {"promoter": 200, "enhancer": 200, "background": 200}),
}


@pytest.mark.slow
@pytest.mark.parametrize("key", CASES)
def test_a_rehearsal_of_all_examples_is_what_is_made(key, tmp_path, home):
    fields, task, counts = CASES[key]
    recipe = brought(tmp_path, key, **fields)
    found = survey(recipe)
    assert (found.task, found.counts, found.n) == (task, counts, sum(counts.values()) or 400)
    assert (found.shortest, found.half, found.long, found.longest) == (60, 60, 60, 60)
    rehearsed = rehearse(recipe, found)
    made = bring(recipe)
    assert rehearsed.exact and rehearsed.parts == dict(made.experiment.parts)
    assert rehearsed.audit == made.audit and rehearsed.judged == found.n
    assert rehearsed.experiment == dataclasses.replace(made.experiment, data_hash="")


def test_negatives_are_made_for_a_sample_and_counted_for_all(tmp_path, home, monkeypatch):
    monkeypatch.setattr(preview, "POSITIVES", 60)
    recipe = brought(tmp_path, "intervals")
    found = survey(recipe)
    assert found.positives_only and found.has_loci and found.n == 240
    rehearsed = rehearse(dataclasses.replace(recipe, negatives="gc", ratio=2.0), found)
    assert not rehearsed.exact and sum(rehearsed.parts.values()) == pytest.approx(720, abs=3)
    assert any("negatives are windows of the genome" in note for note in rehearsed.notes)
    made = bring(recipe)  # where nothing is said of negatives, these are made
    assert any("negatives are windows of the genome" in note for note in made.notes)
    assert sum(n for _, n in made.experiment.parts) == pytest.approx(480, abs=3)
    assert read_recipe(folder_of(recipe.key) / RECIPE).negatives == "gc"


def test_large_data_are_sampled_and_the_referee_sees_fewer(tmp_path, home, monkeypatch):
    monkeypatch.setattr(preview, "MOST", 200)
    monkeypatch.setattr(preview, "JUDGED", 100)
    recipe = brought(tmp_path, "pair")
    found = survey(recipe)
    assert (found.n, found.sample.n, found.counts) == (400, 200, {"no": 200, "yes": 200})
    rehearsed = rehearse(recipe, found)
    assert not rehearsed.exact and sum(rehearsed.parts.values()) == 400 and 95 <= rehearsed.judged <= 105


def test_a_guessed_column_can_be_refused(tmp_path, home):
    recipe = brought(tmp_path, "counts", labels=LabelRecipe(("rna",)))
    assert survey(recipe).has_parts
    assert not survey(dataclasses.replace(recipe, part=NO_COLUMN)).has_parts
    ids = survey(dataclasses.replace(brought(tmp_path, "table"), id=NO_COLUMN)).sample.ids
    assert ids[:2].tolist() == ["row_1", "row_2"]


def test_a_key_is_made_of_the_title_and_free(tmp_path, home):
    assert free_key("PUM2: bound, or not?") == "pum2_bound_or_not"
    assert free_key("ж") == "mine" and len(free_key("x" * 90)) == 36
    bring(brought(tmp_path, "pair"))
    assert free_key("Pair") == "pair_2" and free_key("TF binding") == "tf_binding_2"


# Labels


def table_of(tmp_path, text: str):
    (tmp_path / "t.csv").write_text(text)
    return read_columns(tmp_path / "t.csv")


def test_words_and_what_they_mean_can_be_swapped(tmp_path):
    table = table_of(tmp_path, "sequence,state\nACGTA,open\nACGTT,closed\nACGTC,open\nACGTG,\n")
    labels, guess = preview_labels(table, LabelRecipe(("state",)))
    assert [tuple(m) for m in meanings(guess)] == [("open", "yes (1)", 2), ("closed", "no (0)", 1)]
    assert labels.y[:3, 0].tolist() == [1, 0, 1] and np.isnan(labels.y[3, 0])
    recipe, other = swapped(LabelRecipe(("state",)), guess)
    assert [tuple(m)[:2] for m in meanings(other)] == [("open", "no (0)"), ("closed", "yes (1)")]
    labels, _ = preview_labels(table, recipe)
    assert labels.y[:3, 0].tolist() == [0, 1, 0] and labels.classes == ("open", "closed")


def test_zeros_and_ones_can_be_swapped(tmp_path):
    table = table_of(tmp_path, "sequence,y\nACGTA,1\nACGTT,0\nACGTC,0\n")
    labels, guess = preview_labels(table, LabelRecipe(("y",)))
    assert [tuple(m) for m in meanings(guess)] == [("0", "no (0)", 2), ("1", "yes (1)", 1)]
    labels, _ = preview_labels(table, swapped(LabelRecipe(("y",)), guess)[0])
    assert labels.y[:, 0].tolist() == [0, 1, 1]


def test_numbers_have_no_words_and_classes_have_numbers(tmp_path):
    table = table_of(tmp_path, "sequence,a,b\nACGTA,x,0.5\nACGTT,z,1.5\nACGTC,y,2.5\n")
    assert preview_labels(table, LabelRecipe(("b",))).guess is None
    guess = preview_labels(table, LabelRecipe(("a",))).guess
    assert {m.word: m.means for m in meanings(guess)} == {"x": "class 0", "y": "class 1", "z": "class 2"}


def test_labels_in_headers(tmp_path):
    path = tmp_path / "a.fa"
    path.write_text(">a;class:1\nACGT\n>b;class:0\nACGA\n")
    assert header_labels(path) == ("headers have 'class' before a value", ["1", "0"])
    with pytest.raises(InputError, match=re.escape("no header has a label 'group'")):
        header_labels(path, "group")
    path.write_text(">a\nACGT\n")
    assert header_labels(path).values == []


@pytest.mark.parametrize(
    ("widths", "told", "window"),
    [([100, 100, 100], (100, 100, 100), 0), ([90, 300, 210], (90, 210, 300), 210), ([2, 9], (2, 9, 9), 50)],
)
def test_a_window_as_wide_as_half_of_the_intervals(widths, told, window, tmp_path):
    path = tmp_path / "a.bed"
    path.write_text("".join(f"chr1\t{i}\t{i + width}\n" for i, width in enumerate(widths)))
    assert tuple(interval_widths(path)) == told and interval_widths(path).window == window
