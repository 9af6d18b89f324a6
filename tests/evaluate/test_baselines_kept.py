"""Simple predictors that were fitted before are read, and only where everything they depend on is the same."""

import os
from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate import baselines_kept
from dnaconv_core.evaluate.baselines import fit_baselines
from dnaconv_core.evaluate.baselines_kept import kept_baselines
from dnaconv_core.sequence.motif import from_iupac

HOW = {"motif": from_iupac("TGACTCA").ppm, "seed": 3, "both_strands": True, "quick": True}


@pytest.fixture(scope="module")
def parts():
    data = tf_binding(90, length=40)
    return data.subset(np.arange(60)), data.subset(np.arange(60, 90))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("DNACONV_BASELINES_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def fits(monkeypatch):
    """A list as long as something was often fitted: of that only 'mean' and 'gc', to be fast."""
    made = []

    def few(*data, **how):
        made.append(how)
        for number, one in enumerate(fit_baselines(*data, **how)):
            if number == 2:
                return
            yield one

    monkeypatch.setattr(baselines_kept, "fit_baselines", few)
    return made


@pytest.mark.slow
def test_what_is_read_is_what_was_fitted(parts, folder):
    usual = dict(fit_baselines("binary", *parts, **HOW))
    for _ in range(2):
        found = dict(kept_baselines("binary", *parts, **HOW))
        assert list(found) == list(usual) and len(found) == 6
        for key, one in found.items():
            assert one._replace(prediction=0) == usual[key]._replace(prediction=0)
            assert one.prediction.dtype == np.float32
            np.testing.assert_array_equal(one.prediction, usual[key].prediction)
    assert [path.suffix for path in folder.iterdir()] == [".npz"]


def changed(values, by=1.0):
    copy = np.array(values)
    copy[1, 0] = copy[1, 0] + by
    return copy


OTHERS = {
    "a base": lambda train, valid, how: (replace(train, X=np.roll(train.X, 1, axis=1)), valid, how),
    "a label": lambda train, valid, how: (replace(train, y=changed(train.y, 1 - 2 * train.y[1, 0])), valid, how),
    "a weight": lambda train, valid, how: (replace(train, w=changed(train.w)), valid, how),
    "an id": lambda train, valid, how: (train, replace(valid, ids=np.array([f"x{i}" for i in range(30)])), how),
    "a held-out label": lambda train, valid, how: (train, replace(valid, y=1 - valid.y), how),
    "the order": lambda train, valid, how: (train.subset(np.arange(60)[::-1]), valid, how),
    "covariates": lambda train, valid, how: (
        *(part.with_covariates(np.ones((len(part), 2)), ("a", "b")) for part in (train, valid)),
        how,
    ),
    "the alphabet": lambda train, valid, how: (*(replace(part, alphabet="RNA") for part in (train, valid)), how),
    "the seed": lambda train, valid, how: (train, valid, how | {"seed": 4}),
    "the motif": lambda train, valid, how: (train, valid, how | {"motif": from_iupac("TGACTCG").ppm}),
    "the strand": lambda train, valid, how: (train, valid, how | {"both_strands": False}),
    "which": lambda train, valid, how: (train, valid, how | {"quick": False}),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_of_anything_is_fitted_anew(other, parts, folder, fits):
    list(kept_baselines("binary", *parts, **HOW))
    train, valid, how = OTHERS[other](*parts, HOW)
    list(kept_baselines("binary", train, valid, **how))
    assert len(fits) == 2
    list(kept_baselines("binary", train, valid, **how))
    assert len(fits) == 2 and len(list(folder.iterdir())) == 2


def test_names_of_data_change_nothing(parts, folder, fits):
    list(kept_baselines("binary", *parts, **HOW))
    list(kept_baselines("binary", *(replace(part, name="another", truth=()) for part in parts), **HOW))
    assert len(fits) == 1


@pytest.mark.parametrize("damage", [lambda all: b"", lambda all: all[:200], lambda all: all[:-40] + b"0" * 40])
def test_a_damaged_file_is_fitted_anew(damage, parts, folder, fits):
    first = dict(kept_baselines("binary", *parts, **HOW))
    (file,) = folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    again = dict(kept_baselines("binary", *parts, **HOW))
    assert len(fits) == 2 and list(again) == list(first)
    dict(kept_baselines("binary", *parts, **HOW))
    assert len(fits) == 2  # it was mended


def test_a_file_with_predictions_of_something_else_is_fitted_anew(parts, folder, fits):
    list(kept_baselines("binary", *parts, **HOW))
    (file,) = folder.iterdir()
    with np.load(file) as kept:
        arrays = {key: kept[key] if key == "told" else kept[key][:7] for key in kept.files}
    np.savez(file, **arrays)
    assert len(dict(kept_baselines("binary", *parts, **HOW))["gc"].prediction) == 30
    assert len(fits) == 2


class Impatient:
    """Asks to stop once two baselines are there."""

    def __init__(self):
        self.there = 0

    def report(self, fraction, message):
        pass

    def should_stop(self):
        return self.there >= 2


def test_what_was_stopped_is_not_kept(parts, folder):
    watch = Impatient()
    for _ in kept_baselines("binary", *parts, **HOW, progress=watch):
        watch.there += 1
    assert watch.there == 2 and not folder.exists()


def test_where_nothing_may_or_can_be_kept_it_is_fitted_each_time(parts, folder, fits, monkeypatch):
    monkeypatch.setenv("DNACONV_READONLY", "1")
    assert len(list(kept_baselines("binary", *parts, **HOW))) == 2 and not folder.exists()
    monkeypatch.delenv("DNACONV_READONLY")
    folder.write_text("a file in the way")
    assert len(list(kept_baselines("binary", *parts, **HOW))) == 2
    assert len(fits) == 2 and folder.read_text() == "a file in the way"


def test_refused_data_are_refused_as_without_a_cache(parts, folder):
    train, valid = parts
    shorter = replace(valid, X=valid.X[:, :, :9])
    with pytest.raises(DataError, match="has length 9 but .* has 40: they must be equal"):
        list(kept_baselines("binary", train, shorter, **HOW))
    assert not folder.exists()


def test_those_used_longest_ago_make_room(parts, folder, fits, monkeypatch):
    seeds = (1, 2, 3)
    for age, seed in enumerate(seeds):
        before = set(folder.glob("*"))
        list(kept_baselines("binary", *parts, **HOW | {"seed": seed}))
        (new,) = set(folder.iterdir()) - before
        os.utime(new, (1_000_000 + age, 1_000_000 + age))
    list(kept_baselines("binary", *parts, **HOW | {"seed": 1}))  # read: the newest now
    assert len(fits) == 3
    size = max(path.stat().st_size for path in folder.iterdir())
    monkeypatch.setattr(baselines_kept, "MOST_BYTES", 3 * size + size // 2)
    list(kept_baselines("binary", *parts, **HOW | {"seed": 4}))
    assert len(list(folder.iterdir())) == 3 and len(fits) == 4
    list(kept_baselines("binary", *parts, **HOW | {"seed": 1}))
    assert len(fits) == 4
    list(kept_baselines("binary", *parts, **HOW | {"seed": 2}))
    assert len(fits) == 5


def test_what_another_user_has_kept_is_read(parts, folder, fits, monkeypatch):
    list(kept_baselines("binary", *parts, **HOW))

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    assert len(list(kept_baselines("binary", *parts, **HOW))) == 2 and len(fits) == 1
