"""From files to an experiment: by hand, again with the same bytes, refused in a sentence, nothing left behind."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.data.diskdataset import read_diskdataset, write_diskdataset
from dnaconv_core.errors import ConfigError, DataError, InputError
from dnaconv_core.evaluate.referee_line import Line
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.bring import Brought, again, bring, prepare, read_audit, unique_ids
from dnaconv_core.experiments.own import RECIPE, experiments_folder, folder_of
from dnaconv_core.experiments.own_store import data_hash, scratch
from dnaconv_core.experiments.recipe import Input, Recipe, read_recipe
from dnaconv_core.experiments.sources import load_own
from dnaconv_core.results import Skipped

LETTERS = "ACGT"


def sequences(n: int, length: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(LETTERS[i] for i in row) for row in rng.integers(0, 4, (n, length))]


@pytest.fixture
def table(tmp_path) -> Path:
    """120 rows: row i has i bound when even; its set is train, valid or test by i % 10."""
    rows = ["name,dna,bound,set,rna,plasmid"]
    for i, text in enumerate(sequences(120, 30, 0)):
        part = {8: "Validation", 9: "test"}.get(i % 10, "TRAINING")
        rows.append(f"r{i},{text},{'yes' if i % 2 == 0 else 'no'},{part},{i + 1},{2 * i + 1}")
    file = tmp_path / "mine.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def told(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_what_was_brought_is_shown_in_a_line_and_a_table():
    experiment = replace(get_experiment("rnai"), key="mine", parts=(("train", 1200), ("valid", 30)))
    lines = [
        Line("size", "look", 1200.0, "Few <b>."),
        Line("copies", "fine", 0.0, "None."),
        Line("gc", "fine", 0.5, ""),
    ]
    found = Brought(experiment, lines, (), (Skipped("a.csv", 3, "has no label"),))
    assert repr(found) == "mine: 1,200 train, 30 valid, of 21 bases; 1 left out; the referee: 0 stop, 1 look, 2 fine"
    assert found.to_frame()["verdict"].tolist() == ["look", "fine", "fine"]
    assert repr(found) in found._repr_html_() and "Few &lt;b&gt;." in found._repr_html_()


@pytest.mark.slow
def test_a_table_becomes_an_experiment(table, capsys):
    found = told(
        capsys, "data", "import", "mine", "--table", str(table), "--sequence", "dna", "--label", "bound",
        "--split-column", "set", "--question", "Is it bound?",
    )  # fmt: skip
    assert found["experiment"] == "mine" and (found["n"], found["length"], found["task"]) == (120, 30, "binary")
    assert found["parts"] == {"train": 96, "valid": 12, "test": 12}
    assert all(set(line) >= {"check", "verdict", "value", "sentence"} for line in found["audit"])
    e = get_experiment("mine")
    assert (e.question, e.class_names, e.alphabet, e.strand) == ("Is it bound?", ("no", "yes"), "DNA", "both")
    test = load_own(e, "test")
    assert test.ids.tolist() == [f"r{i}" for i in range(9, 120, 10)]
    assert test.y[:, 0].tolist() == [0.0] * 12  # 9, 19, …: all odd
    assert test.sequences() == [sequences(120, 30, 0)[i] for i in range(9, 120, 10)]
    assert {line.check for line in read_audit("mine")["lines"]} >= {"copies_across", "gc_alone", "balance"}
    assert e.data_hash == data_hash({part: load_own(e, part) for part in ("train", "valid", "test")})
    held_out = set(load_own(e, "valid").sequences())
    assert {example.sequence for example in e.examples} <= held_out


def test_a_ratio_of_counts(table, capsys):
    found = told(capsys, "data", "import", "mpra", "--table", str(table), "--sequence", "dna", "--label-ratio", "rna",
                 "plasmid", "--pseudo", "1", "--split-column", "set")  # fmt: skip
    assert found["task"] == "regression"
    train = load_own(get_experiment("mpra"), "train")
    row = train.ids.tolist().index("r11")
    assert train.y[row, 0] == pytest.approx(np.log2((12 + 1) / (23 + 1)))


@pytest.mark.slow
def test_the_recipe_repeated_gives_the_same_bytes(table, capsys):
    told(capsys, "data", "import", "mine", "--table", str(table), "--sequence", "dna", "--label", "bound", "--split",
         "groups", "--seed", "3")  # fmt: skip
    before = tree(folder_of("mine"))
    again("mine")
    assert tree(folder_of("mine")) == before
    assert [path.name for path in experiments_folder().iterdir()] == ["mine"]
    table.write_text(table.read_text().replace("r11,", "r_11,"))
    with pytest.raises(DataError, match="is not the file that mine was made from"):
        again("mine")
    assert tree(folder_of("mine")) == before


def test_positives_and_negatives_with_a_test_part_of_their_own(tmp_path, capsys):
    files = {}
    for number, (name, n) in enumerate({"pos": 40, "neg": 50, "tpos": 6, "tneg": 7}.items()):
        files[name] = tmp_path / f"{name}.fa.gz"
        text = "".join(f">{name}{i}\n{s[:11]}\n{s[11:]}\n" for i, s in enumerate(sequences(n, 22, number)))
        files[name].write_bytes(gzip.compress(text.replace("T", "U").encode()))
    found = told(capsys, "data", "import", "pair", "--positives", str(files["pos"]), "--negatives", str(files["neg"]),
                 "--test-positives", str(files["tpos"]), "--test-negatives", str(files["tneg"]), "--rna")  # fmt: skip
    assert found["parts"]["test"] == 13 and found["n"] == 103
    e = get_experiment("pair")
    assert (e.alphabet, e.strand) == ("RNA", "one")
    assert Counter(load_own(e, "test").y[:, 0].tolist()) == {1.0: 6, 0.0: 7}
    assert {name[:4] for name in load_own(e, "test").ids} == {"tpos", "tneg"}


@pytest.mark.slow
def test_classes_from_one_file_each(tmp_path, capsys):
    words = []
    for number, name in enumerate(("exon", "intron", "utr")):
        file = tmp_path / f"{name}.fa"
        file.write_text("".join(f">{i}\n{s}\n" for i, s in enumerate(sequences(30, 20, number))))
        words += ["--class", f"{name}={file}"]
    found = told(capsys, "data", "import", "kinds", *words)
    assert found["task"] == "classes"
    e = get_experiment("kinds")
    assert e.names == ("exon", "intron", "utr") and e.n_tasks == 3
    assert "Which of exon, intron, utr" in e.question
    assert len(set(load_own(e, "train").ids)) == len(load_own(e, "train"))  # every file counts from 0
    assert main(["train", "kinds", "--epochs", "1", "--filters", "4"]) == 0


def test_two_labels_with_gaps(tmp_path, capsys):
    rows = ["seq,a,b", *(f"{s},{i % 2},{'' if i % 3 else i % 2}" for i, s in enumerate(sequences(90, 25, 5)))]
    file = tmp_path / "two.csv"
    file.write_text("\n".join(rows))
    found = told(capsys, "data", "import", "two", "--table", str(file), "--sequence", "seq", "--label", "a", "--label",
                 "b")  # fmt: skip
    e = get_experiment("two")
    assert (found["task"], e.names, e.n_tasks) == ("binary", ("a", "b"), 2)
    w = np.concatenate([load_own(e, part).w for part in found["parts"]])
    assert w.sum(axis=0).tolist() == [90, 30]


def test_repeated_ids_are_told_apart():
    assert unique_ids(np.array(["a", "b", "a", "a#2", "a"])).tolist() == ["a", "b", "a#3", "a#2", "a#4"]


def test_a_diskdataset_in_parts(tmp_path, own, examples, capsys):
    for name, n in (("one", 40), ("two", 12), ("three", 9)):
        write_diskdataset(examples(n, n, 1000 * n), tmp_path / name)
    found = told(capsys, "data", "import", "again", "--dataset", str(tmp_path / "one"), "--valid",
                 str(tmp_path / "two"), "--test", str(tmp_path / "three"))  # fmt: skip
    assert found["parts"] == {"train": 40, "valid": 12, "test": 9}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing was given: give one of a table"),
        (["--table", "{t}", "--fasta", "{t}"], "table and fasta were given"),
        (["--table", "missing.csv"], "missing.csv does not exist"),
        (["--table", "{t}", "--sequence", "rna"], "mine.csv"),
        (["--table", "{t}", "--sequence", "dna", "--label", "colour"], "has no column 'colour'"),
        (
            ["--table", "{t}", "--sequence", "dna", "--label", "rna", "--task", "binary"],
            "column 'rna' is not yes",
        ),
        (["--table", "{t}", "--sequence", "dna", "--label", "bound", "--label-ratio", "rna", "plasmid"], "three ways"),
        (["--table", "{t}", "--negatives", "gc"], "negatives 'gc' are cut out of a genome"),
        (["--bed", "{t}"], "give the genome they lie on"),
        (["--table", "{yes}", "--label", "bound"], "has positives only: choose another label, or have negatives made"),
        (["--positives", "{t}", "--negatives", "{f}"], "FASTA records begin with"),
        (["--table", "{t}", "--label", "bound", "--split", "chr8"], "--split is 'chr8'"),
        (["--table", "{t}", "--label", "bound", "--split", "blocks"], "blocks need the locus"),
        (["--table", "{t}", "--label", "bound", "--ratio", "1000"], "ratio is 1000.0: it must be 0.01 to 100"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_stays(table, tmp_path, capsys, words, message):
    fasta = tmp_path / "some.fa"
    fasta.write_text(">a\nACGTACGT\n>b\nACGTTTTT\n>c\nACGTTTAA\n")
    yes = tmp_path / "yes.csv"
    yes.write_text("dna,bound\nACGTACGT,1\nACGTTTTT,1\nACGTTTAA,1\n")
    given = [word.format(t=table, f=fasta, yes=yes) for word in words]
    assert main(["data", "import", "wrong", *given]) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not experiments_folder().exists() or not list(experiments_folder().iterdir())


def test_positives_that_come_alone_are_compared_with_shuffles(tmp_path, capsys):
    rng = np.random.default_rng(3)
    records = (f">peak{i}\n{''.join(rng.choice(list('ACGT'), 40))}\n" for i in range(60))
    (tmp_path / "peaks.fa").write_text("".join(records))
    assert main(["data", "import", "alone", "--positives", str(tmp_path / "peaks.fa"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["n"] == 120 and any("60 negatives are shuffles of the positives" in note for note in made["notes"])
    assert read_recipe(folder_of("alone") / RECIPE).negatives == "shuffle"


@pytest.mark.parametrize("key", ["rnai", "Wrong", "a b", "../up"])
def test_keys_are_checked_before_anything_is_read(key, capsys):
    assert main(["data", "import", key, "--table", "missing.csv"]) == 2
    assert "missing.csv" not in capsys.readouterr().err


@pytest.mark.slow
def test_a_stop_leaves_nothing(table):
    class Impatient:
        def __init__(self, at):
            self.at = at

        def report(self, fraction, message):
            self.at -= 1

        def should_stop(self):
            return self.at <= 0

    recipe = Recipe("mine", (Input("table", str(table)),), sequence="dna", part="set")
    stops = 0
    while True:
        try:
            bring(recipe, Impatient(stops))
            break
        except DataError as error:
            assert "stopped" in str(error)
        assert not experiments_folder().exists() or not list(experiments_folder().iterdir())
        stops += 1
    assert stops >= 8


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(how, tmp_path, home):
    file = tmp_path / "large.fa"
    file.write_text("".join(f">{i} label={i % 2}\n{s}\n" for i, s in enumerate(sequences(30_000, 60, 1))))
    words = [sys.executable, "-m", "dnaconv_core.cli", "data", "import", "large", "--fasta", str(file)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not list(home.glob("experiments/.making-*")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(how)
    # where the signal meets an `exec` of the libraries, Python ends itself by SIGINT: a shell tells both as 130
    assert process.wait(60) in (130, -signal.SIGINT)
    assert not list((home / "experiments").iterdir())


def test_what_a_killed_process_left_is_swept(own, table):
    left = experiments_folder() / ".making-999999999-ab"
    left.mkdir()
    with scratch() as mine:
        bring(Recipe("mine", (Input("table", str(table)),), sequence="dna", part="set"))
        assert not left.exists() and mine.exists()


def test_a_recipe_is_read_strictly(table):
    recipe = Recipe("mine", (Input("table", str(table)),), sequence="dna", part="set", split={})
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    for change, message in (
        ({"colour": 1}, "unknown key 'colour'"),
        ({"seed": "x"}, "seed is 'x', which is no int"),
        ({"inputs": [{"role": "spell", "path": "x"}]}, "an input is 'spell'"),
        ({"inputs": 3}, "inputs is '3', which is no list"),
        ({"lengths": "most"}, "lengths is 'most'"),
        ({"labels": {"how": "magic"}}, "how is 'magic'"),
    ):
        with pytest.raises((ConfigError, InputError), match=message):
            Recipe.from_json(recipe.to_json() | change)
    bring(recipe)
    assert read_recipe(folder_of("mine") / "recipe.json").inputs[0].sha256
    (folder_of("mine") / "recipe.json").write_text("[]")
    with pytest.raises(DataError, match="is no recipe that can be followed: it is no JSON object"):
        again("mine")
    (folder_of("mine") / "recipe.json").write_text('{"inputs": []}')
    with pytest.raises(DataError, match="is no recipe that can be followed: it has no key"):
        again("mine")


def test_preparing_writes_nothing(table):
    prepared = prepare(Recipe("mine", (Input("table", str(table)),), sequence="dna", part="set"))
    assert [len(data) for data in prepared.parts.values()] == [96, 12, 12]
    assert not experiments_folder().exists()


def test_shards_are_those_of_a_diskdataset(table, capsys):
    told(capsys, "data", "import", "mine", "--table", str(table), "--sequence", "dna", "--label", "bound")
    data = read_diskdataset(folder_of("mine") / "train")
    assert data.X.shape[1:] == (4, 30) and data.X.dtype == np.int8
