"""Own experiments: to JSON and back, refused where damaged, in the registry, trained, renamed, deleted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.errors import ConfigError, DataError, InputError
from dnaconv_core.experiments import EXPERIMENTS, all_experiments, damaged_experiments, get_experiment
from dnaconv_core.experiments.own import EXPERIMENT, folder_of, from_words, words_of
from dnaconv_core.experiments.own_presets import own_presets
from dnaconv_core.experiments.own_store import change_words, count_look, delete_experiment, looks, new_key
from dnaconv_core.experiments.sources import OWN, load_own, load_parts
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.train.facts import Facts


def test_words_go_to_json_and_back(own):
    again = from_words(json.loads(json.dumps(words_of(own))), "it")
    assert again == own
    assert get_experiment("gata") == own
    assert get_experiment("gat").key == "gata"
    assert list(all_experiments()) == [*EXPERIMENTS, "gata"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "'colour' is unknown"),
        ({"title": None}, "title must be a text"),
        ({"title": "x" * 81}, "title has 81 letters and may have 80"),
        ({"title": "a\x1b[2J"}, "title holds control characters"),
        ({"key": "../up"}, "its key must be 1 to 40 of a-z, 0-9 and _"),
        ({"task": "guess"}, "task is 'guess': it must be binary or "),
        ({"length": 10**9}, "length must be 1 to 100,000 bases"),
        ({"length": True}, "length must be 1 to 100,000 bases"),
        ({"motif": "<b>"}, "motif must be written in IUPAC letters"),
        ({"names": ["a", "a"]}, "names holds a name twice"),
        ({"data_hash": "zz"}, "data_hash is no sha256"),
        ({"parts": {"train": -1}}, "a part's number of examples must be a whole number"),
        ({"parts": {"more": 1}}, "parts must be some of train, valid, test"),
        ({"examples": [{"name": "a", "sequence": "ACGU", "covariates": [], "note": ""}]}, "does not have 17 of ACGTN"),
        ({"format": 2}, "its format is '2' and this version reads 1"),
    ],
)
def test_what_does_not_describe_an_experiment_is_refused_in_a_sentence(own, change, message):
    with pytest.raises(DataError, match="the file does not describe an experiment: ") as refused:
        from_words(words_of(own) | change, "the file")
    assert message in str(refused.value)


def test_a_missing_key_is_named(own):
    words = words_of(own)
    del words["unit"]
    with pytest.raises(DataError, match="'unit' is missing"):
        from_words(words, "the file")


def test_a_damaged_one_is_listed_and_the_others_stay(own):
    broken = folder_of("broken")
    broken.mkdir()
    (broken / EXPERIMENT).write_text("{")
    assert "gata" in all_experiments()
    assert "is not readable JSON" in damaged_experiments()["broken"]
    with pytest.raises(DataError, match="is not readable JSON"):
        get_experiment("broken")
    delete_experiment("broken", used=False)
    assert not damaged_experiments()


def test_a_change_is_read_at_once(own):
    changed = change_words("gata", title="  Other  ", note="mine")
    assert (changed.title, get_experiment("gata").note) == ("Other", "mine")
    with pytest.raises(InputError, match="tf_binding comes with the program"):
        change_words("tf_binding", title="Mine")
    with pytest.raises(DataError, match="question must be a text"):
        change_words("gata", question=" ")


def test_own_data_come_in_their_parts(own, examples):
    train, valid = load_parts(own, OWN)
    test = load_own(own, "test")
    assert [len(part) for part in (train, valid, test)] == [60, 14, 10]
    np.testing.assert_array_equal(test.X, examples(10, 2).X)
    assert train.label == "the training part of gata"
    with pytest.raises(ConfigError, match="tf_binding has no data of its own"):
        load_own(EXPERIMENTS["tf_binding"], "test")


def test_presets_fit_every_length_and_alphabet(made):
    for alphabet, strand in (("DNA", "both"), ("DNA", "one"), ("RNA", "one")):
        for length in (1, 4, 9, 21, 49, 50, 101, 1000):
            for task in ("binary", "regression"):
                presets = own_presets(task, alphabet, length, strand)
                experiment = made(
                    task=task, alphabet=alphabet, strand=strand, length=length, presets=presets, examples=()
                )
                for name in presets:
                    model = experiment.model_config(name)
                    assert experiment.train_config(name).epochs > 0
                    assert model.output == ("sigmoid" if task == "binary" else "linear")


def test_facts_of_the_data_are_kept_and_decide_the_settings(made):
    facts = Facts("binary", "DNA", 17, True, False, 9000, 80, 1, one_hot=0.5, words=0.75, placed=0.8)
    words = json.loads(json.dumps(words_of(made(facts=facts))))
    again = from_words(words, "it")
    assert again.facts == facts and again.facts.boosted is None  # not tried
    assert (
        from_words(json.loads(json.dumps(words_of(made(facts=facts._replace(boosted=0.9))))), "it").facts.boosted == 0.9
    )
    del words["facts"]["placed"]  # as those made before it was asked
    assert from_words(words, "it").facts == facts._replace(placed=None)
    words["facts"] |= {"skewed": True, "usual": False}
    assert from_words(words, "it").facts == facts._replace(placed=None, skewed=True, usual=False)
    del words["facts"]["usual"]
    assert from_words(words, "it").facts == facts._replace(placed=None, skewed=True)
    assert next(iter(again.presets)) == "auto" and again.train_config("auto").balance  # 80 positives are few


@pytest.mark.parametrize(
    "change, message",
    [({"n": 0}, "n must be above 0"), ({"words": 7}, "must be -100 to 1"), ({"padded": 1}, "true or false")],
)
def test_facts_that_cannot_be_are_refused(made, change, message):
    words = words_of(made(facts=Facts("binary", "DNA", 17, True, False, 90, 40, 1, 0.5, 0.75)))
    with pytest.raises(DataError, match=message):
        from_words(words | {"facts": words["facts"] | change}, "the file")


def test_a_run_takes_its_own_data_unless_told(own):
    assert (RunSpec("gata").data, RunSpec("rnai").data) == ("own", "synthetic")
    assert RunSpec.from_json(RunSpec("gata").to_json()) == RunSpec("gata")
    delete_experiment("gata", used=True)
    with pytest.raises(ConfigError, match="gata has no examples of its own here"):
        RunSpec("gata")


def test_deleting_keeps_the_words_for_what_uses_them(own):
    assert delete_experiment("gata", used=True)
    left = get_experiment("gata")
    assert (left.question, left.has_data) == (own.question, False)
    with pytest.raises(DataError, match="gata has no examples here"):
        load_own(left, "train")
    assert not delete_experiment("gata", used=False)
    with pytest.raises(InputError, match="there is no experiment 'gata'"):
        get_experiment("gata")
    assert [path.name for path in folder_of("gata").parent.iterdir()] == []


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("rnai", "rnai is an experiment of the program's own"),
        ("gata", "there is an experiment gata already"),
        ("Gata", "the key 'Gata' is not allowed"),
        ("a/b", "the key 'a/b' is not allowed"),
        ("", "the key '' is not allowed"),
    ],
)
def test_keys_that_are_taken_or_cannot_be(own, key, message):
    with pytest.raises(InputError, match=message):
        new_key(key)


def test_looks_are_counted(own):
    assert looks("gata") == 0
    assert [count_look("gata"), count_look("gata"), looks("gata")] == [1, 2, 2]


@pytest.mark.slow
def test_trained_from_the_command_line_and_explained_where_the_question_is_unknown(own, capsys, tmp_path, monkeypatch):
    from dnaconv_core.runs.transfer import export_model, import_model

    assert main(["train", "gata", "--epochs", "3", "--filters", "8", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    config = json.loads((Store().folder(run) / "config.json").read_text())
    assert (config["data"], config["data_hash"]) == ("own", own.data_hash)
    assert "Does GATA1 bind here?" in (Store().folder(run) / "card.md").read_text()
    packed = export_model(run)

    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "elsewhere"))
    assert "gata" not in all_experiments()
    key = import_model(packed)
    assert import_model(packed) == key
    borne = get_experiment("gata")
    assert (borne.question, borne.class_names, borne.has_data) == (own.question, ("free", "bound"), False)
    assert main(["predict", key, "ACGTACGTACGTACGTA"]) == 0


@pytest.mark.slow
def test_a_model_of_another_question_with_the_same_key_gets_another(own, made, capsys, tmp_path, monkeypatch):
    from dnaconv_core.experiments.own import write_experiment
    from dnaconv_core.runs.transfer import export_model, import_model

    main(["train", "gata", "--epochs", "1", "--filters", "4", "--json"])
    packed = export_model(json.loads(capsys.readouterr().out)["run"])
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "elsewhere"))
    folder_of("gata").mkdir(parents=True)
    write_experiment(folder_of("gata"), made(question="Something else?", length=17))
    import_model(packed)
    assert get_experiment("gata").question == "Something else?"
    assert get_experiment("gata_2").question == own.question
