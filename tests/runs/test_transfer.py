"""Models out and in as one file, and what is refused on the way in; runs compared."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import shlex
import shutil
import stat
import zipfile

import numpy as np
import pytest

from dnaconv_core.errors import BundleError
from dnaconv_core.evaluate.held_out import PREDICTIONS, read_kept
from dnaconv_core.home import models_folder
from dnaconv_core.model.bundle import CONFIG, WEIGHTS, load_bundle
from dnaconv_core.predict import encode_records, predict
from dnaconv_core.results import Record
from dnaconv_core.runs import transfer
from dnaconv_core.runs.models import find_model, list_models
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.transfer import export_model, import_model


@pytest.fixture
def archive(trained) -> bytes:
    store, runs = trained
    return export_model(runs[0], store)


def files(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return out.getvalue()


@pytest.mark.slow
def test_an_exported_run_tells_all_about_itself(trained, archive):
    store, (run, _) = trained
    found = files(archive)
    beside = {"predictions.csv", "history.csv", "command.txt", "training_hashes.npz"}
    assert set(found) == {"config.json", "weights.safetensors", "metrics.json", "card.md"} | beside
    told = found["command.txt"].decode().strip()
    assert told.startswith("dnaconv train rnai --data synthetic --preset book --epochs 2")
    assert told in found["card.md"].decode() and "| Pearson r |" in found["card.md"].decode()
    rows = list(csv.DictReader(io.StringIO(found["predictions.csv"].decode())))
    assert list(rows[0]) == ["id", "sequence", "measured", "predicted", "weight"]
    bundle = load_bundle(store.folder(run))
    again = predict(bundle.model, encode_records([Record("x", rows[7]["sequence"], 0)], bundle.config))
    assert again[0, 0] == pytest.approx(float(rows[7]["predicted"]), abs=1e-5)
    assert found["history.csv"].decode().splitlines()[0] == "epoch,split,name,value"


@pytest.mark.slow
def test_the_command_repeats_the_run(trained, archive, capsys):
    from dnaconv_core.cli import main

    store, (run, _) = trained
    assert main([*shlex.split(files(archive)["command.txt"].decode())[1:], "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["metrics"] == json.loads(json.dumps(store.get(run).metrics))


def test_a_recorded_split_stands_in_the_command():
    from dnaconv_core.commands.models import given_split
    from dnaconv_core.runs.card import command

    record = RunSpec("rnai", data="/a b", split={"kind": "blocks", "n_folds": 3, "fold": 1}).to_json()
    told = command("rnai", record)
    assert "--data '/a b'" in told
    words = shlex.split(told)
    assert given_split(words[words.index("--split") + 1]) == record["split"]


def test_what_was_passed_over_does_not_stand_in_the_command():
    from dnaconv_core.runs.card import command

    split = {"kind": "random", "fraction": 0.5}
    record = RunSpec("rnai", data="book", covariates="/a.txt", split=split).to_json()
    assert command("rnai", record) == "dnaconv train rnai --data book --preset book"
    assert "--covariates /a.txt" in command("chromatin", record)


def test_an_imported_model_is_the_same_model(trained, archive, tmp_path):
    store, (run, _) = trained
    (tmp_path / "m.zip").write_bytes(archive)
    key = import_model(tmp_path / "m.zip")
    assert key.startswith("run-0-") and import_model(archive) == key
    assert [entry.key for entry in list_models(Store())][:1] == [key]
    folder = find_model(key, Store())
    assert (folder / WEIGHTS).read_bytes() == (store.folder(run) / WEIGHTS).read_bytes()
    with np.load(folder / PREDICTIONS) as got, np.load(store.folder(run) / PREDICTIONS) as sent:
        for name in ("ids", "y", "prediction", "w", "codes", "covariates"):
            np.testing.assert_array_equal(got[name], sent[name], err_msg=name)
    assert files(export_model(key, Store())) == files(archive)  # out again, in every byte


def test_an_archive_that_a_mac_or_windows_packed_again_does_too(archive):
    mac = {f"model/{name}": content for name, content in files(archive).items()}
    litter = {"model/.DS_Store": b"x", "__MACOSX/model/._config.json": b"x", "__MACOSX/._model": b"", "Thumbs.db": b"x"}
    assert load_bundle(find_model(import_model(zipped({**litter, **mac})))).config.length == 21


def test_in_one_folder_does_too(archive):
    assert import_model(zipped({f"model/{name}": content for name, content in files(archive).items()}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"../evil.json": b""}, "holds '../evil.json', a path outside the model's folder: refused"),
        ({"/etc/config.json": b""}, "holds '/etc/config.json', a path outside"),
        ({"a/b/config.json": b""}, "a path outside the model's folder"),
        ({"..\\config.json": b""}, "a path outside the model's folder"),
        ({"run.py": b""}, "holds 'run.py' which is no part of a model"),
        ({"x/card.md": b""}, "holds 'x/card.md' twice"),
        ({CONFIG: None}, "has no config.json"),
        ({CONFIG: b"[1]"}, "config.json does not describe a model"),
        ({CONFIG: b"[" * 100_000}, "config.json does not describe a model"),
        ({CONFIG: b'{"experiment": "none", "model": {}}'}, "there is no experiment 'none'"),
        ({CONFIG: b'{"experiment": "r", "model": {}}'}, "config.json does not describe a model"),
        ({WEIGHTS: b"nothing"}, "weights.safetensors is not a readable safetensors file"),
        ({"predictions.csv": b"a,b\n1,2\n"}, "predictions.csv has other columns than id, sequence"),
        (
            {"predictions.csv": b"id,sequence,measured,predicted,weight\na,ACGU,1,1,1\n"},
            "predictions.csv, line 2: the sequence does not have 21 of ACGUN",
        ),
        (
            {"predictions.csv": b"id,sequence,measured,predicted,weight\na," + b"A" * 21 + b",x,1,1\n"},
            "predictions.csv is not a table of numbers",
        ),
        (
            {"predictions.csv": b"id,sequence,measured,predicted,weight\na," + b"A" * 21 + b",1,1\n"},
            "predictions.csv, line 2: it has 4 cells for 5 columns",
        ),
        (
            {"predictions.csv": b"id,sequence,measured,predicted,weight\na," + b"A" * 21 + b",1,inf,1\n"},
            "predictions.csv holds a number that is infinite",
        ),
        ({"metrics.json": b"{" + b" " * (5 << 20)}, "metrics.json unpacks to more than the 4,194,304 bytes"),
        ({"metrics.json": b"[" * 100_000}, "metrics.json is not JSON"),
        (
            {"metrics.json": b'{"valid": {"pearson_r": "<b>"}}'},
            "pearson_r of 'valid' is no finite number",
        ),
        ({"metrics.json": b'{"valid": {"pearson_r": {"value": NaN}}}'}, "pearson_r of 'valid' is no finite number"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(archive, change, sentence):
    entries = {name: content for name, content in {**files(archive), **change}.items() if content is not None}
    with pytest.raises(BundleError, match="(?s)" + sentence.replace("(", "\\(").replace("\\", "\\\\")) as told:
        import_model(zipped(entries))
    assert "\n" not in str(told.value) and ".import-" not in str(told.value)
    assert not models_folder().exists() or list(models_folder().iterdir()) == []


def test_a_network_far_larger_than_its_weights_is_never_made(archive):
    config = json.loads(files(archive)[CONFIG])
    config["model"] |= {"length": 100_000, "filters": 256, "depth": 6, "n_tasks": 1000, "kernel_size": 10}
    with pytest.raises(BundleError, match="describes 25,603,.* parameters and weights.safetensors has only"):
        import_model(zipped({**files(archive), CONFIG: json.dumps(config).encode()}))
    config["model"] |= {"length": 22, "filters": 4, "depth": 1, "n_tasks": 1}
    with pytest.raises(BundleError, match="has shape .* but config.json describes"):
        import_model(zipped({CONFIG: json.dumps(config).encode(), WEIGHTS: files(archive)[WEIGHTS]}))


def test_a_link_in_an_archive_is_only_text(archive):
    entries = files(archive)
    out = io.BytesIO(zipped({name: content for name, content in entries.items() if name != WEIGHTS}))
    with zipfile.ZipFile(out, "a") as packed:
        link = zipfile.ZipInfo(WEIGHTS)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(BundleError, match="not a readable safetensors file"):
        import_model(out.getvalue())


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_in_a_sentence_wherever_the_damage_is(archive, kind):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as packed:
        for name in (CONFIG, WEIGHTS):
            packed.writestr(name, files(archive)[name])
    whole, rng, refused = out.getvalue(), np.random.default_rng(0), 0
    for _ in range(150):
        torn = bytearray(whole[: rng.integers(len(whole))] if rng.random() < 0.2 else whole)
        for place in rng.integers(max(0, len(torn) - 400) if rng.random() < 0.5 else 0, len(torn) + 1, 3):
            torn[place : place + 1] = rng.bytes(1)
        try:
            import_model(bytes(torn))
        except BundleError:
            refused += 1
    assert refused > 100  # some damage is to a date, and does no harm


def test_an_id_so_long_that_all_would_take_gigabytes_is_refused(archive, monkeypatch):
    monkeypatch.setattr(transfer, "_MOST_LETTERS", 50_000)
    table = files(archive)["predictions.csv"].decode().splitlines()
    table[1] = "x" * 100_000 + "," + table[1].partition(",")[2]
    with pytest.raises(BundleError, match="an id of 100,000 letters, too long for 1 rows or more"):
        import_model(zipped({**files(archive), "predictions.csv": "\n".join(table).encode()}))


@pytest.mark.parametrize("record", [{"train": "x"}, {"settings": "x"}, {"n_train": "many"}, {"split": 3}])
def test_a_record_that_is_none_is_exported_without_its_command_or_card(archive, record):
    config = json.loads(files(archive)[CONFIG]) | record
    key = import_model(zipped({**files(archive), CONFIG: json.dumps(config).encode()}))
    assert set(files(export_model(key))) >= {CONFIG, WEIGHTS}


def test_two_imports_at_once_make_one_model(archive, monkeypatch):
    usual = transfer.load_bundle

    def meanwhile(part):
        monkeypatch.setattr(transfer, "load_bundle", usual)
        assert import_model(archive) == import_model(archive)
        return usual(part)

    monkeypatch.setattr(transfer, "load_bundle", meanwhile)
    key = import_model(archive)
    assert [path.name for path in models_folder().iterdir()] == [key]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(archive, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(transfer.Path, "write_bytes", full)
    with pytest.raises(BundleError, match="cannot be written .No space left on device.: free some space there"):
        import_model(archive)
    assert list(models_folder().iterdir()) == []


def test_what_is_no_zip(tmp_path):
    with pytest.raises(BundleError, match="the file is not a readable .zip"):
        import_model(b"PK nothing")
    with pytest.raises(BundleError, match="gone.zip does not exist"):
        import_model(tmp_path / "gone.zip")


def test_ids_that_a_spreadsheet_would_calculate_come_back_as_they_were(trained, tmp_path):
    from dnaconv_core.runs.transfer import _predictions_csv, _predictions_npz

    store, (run, _) = trained
    with np.load(store.folder(run) / PREDICTIONS) as kept:
        arrays = {name: kept[name] for name in kept.files}
    ids = arrays["ids"].astype("U40")
    ids[:3] = ["=1+1", "'plain", "-x"]
    np.savez(tmp_path / PREDICTIONS, **{**arrays, "ids": ids})
    config = load_bundle(store.folder(run)).config
    table = _predictions_csv(read_kept(tmp_path), config)
    assert table.splitlines()[1].startswith("'=1+1,")
    with np.load(io.BytesIO(_predictions_npz(lambda: iter(table.splitlines(keepends=True)), config))) as again:
        np.testing.assert_array_equal(again["ids"], ids)


@pytest.mark.parametrize("change", [{"codes": np.zeros(3)}, {"y": np.zeros((1, 1))}, {"ids": None}, None])
def test_predictions_that_are_none_are_told_when_they_are_exported(trained, tmp_path, change):
    store, (run, _) = trained
    shutil.copytree(store.folder(run), tmp_path / "model")
    with np.load(tmp_path / "model" / PREDICTIONS) as kept:
        arrays = {**kept, **(change or {})}
    np.savez(tmp_path / "model" / PREDICTIONS, **{key: value for key, value in arrays.items() if value is not None})
    if change is None:
        (tmp_path / "model" / PREDICTIONS).write_bytes((tmp_path / "model" / PREDICTIONS).read_bytes()[:-99])
    with pytest.raises(BundleError, match=r"predictions\.npz does not hold the model's validation predictions"):
        export_model(str(tmp_path / "model"), store)
