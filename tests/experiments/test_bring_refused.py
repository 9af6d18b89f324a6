"""What a new experiment is refused for in a sentence, and what it is called by default."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.data.drawing import choose_chromosomes
from dnaconv_core.data.examples import Examples, Loci
from dnaconv_core.errors import DataError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import experiments_folder, from_words, words_of
from dnaconv_core.train.facts import Facts

N, LENGTH = 90, 24


def letters(seed: int, n: int = N) -> list[str]:
    return ["".join("ACGT"[i] for i in row) for row in np.random.default_rng(seed).integers(0, 4, (n, LENGTH))]


@pytest.fixture
def folder(tmp_path):
    rows = list(enumerate(letters(0)))
    columns = {
        "kind": lambda i: ("heart", "liver", "skin")[i % 3],
        "state": lambda i: ("unbound", "bound")[i % 2],
        "A": lambda i: i % 2,
        "B": lambda i: (i // 2) % 2,
        "same": lambda i: 0,
        "count": lambda i: i + 1,
    }
    lines = [
        ",".join(["sequence", *columns]),
        *(",".join([s, *(str(of(i)) for of in columns.values())]) for i, s in rows),
    ]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    for name, seed in (("pos.fa", 1), ("neg.fa", 2)):
        (tmp_path / name).write_text("".join(f">{name}{i}\n{s}\n" for i, s in enumerate(letters(seed))))
    (tmp_path / "copy.fa").write_bytes((tmp_path / "pos.fa").read_bytes())
    (tmp_path / "peaks.bed").write_text("chr1\t500\t400\nchr1\t600\t700\n")
    (tmp_path / "genome.fa").write_text(">chr1\n" + "".join(letters(3, 60)) + "\n")
    return tmp_path


def asked(folder, monkeypatch, *words: str) -> list[str]:
    monkeypatch.chdir(folder)
    return ["data", "import", "mine", *words]


REFUSED = {
    "constant": (["--table", "t.csv", "--label", "same"], "every label is '0': nothing can be learnt"),
    "no part": (
        ["--table", "t.csv", "--label", "A", "--split-column", "B"],
        "column 'B' of {folder}/t.csv never says training, validation or test",
    ),
    "one file twice": (
        ["--positives", "pos.fa", "--negatives", "copy.fa"],
        "{folder}/copy.fa was given as positives and as negatives, or a copy of it: one is wrong",
    ),
    "a name twice": (
        ["--class", "A=pos.fa", "--class", "A=neg.fa"],
        "two inputs of class are called 'A': give each a name of its own",
    ),
    "negatives of intervals": (
        ["--bed", "peaks.bed", "--genome", "genome.fa", "--negatives", "neg.fa"],
        "negatives are read beside positives, not beside bed: have negatives made",
    ),
    "test files of a table": (
        ["--table", "t.csv", "--test-positives", "pos.fa"],
        "test_positives are read beside positives, not beside table",
    ),
    "FASTA as a table": (["--table", "pos.fa"], "pos.fa is FASTA, as its line 1 begins with '>'"),
    "two forms": (["--table", "t.csv", "--positives", "pos.fa"], "table and positives were given: give one of"),
    "a row left out": (
        ["--bed", "peaks.bed", "--genome", "genome.fa", "--negatives", "gc", "--width", "20"],
        "three parts need at least 3. 1 row was left out: {folder}/peaks.bed line 1, ends at 400, not after its start",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_a_sentence_and_nothing_stays(case, folder, monkeypatch, capsys):
    words, sentence = REFUSED[case]
    assert main(asked(folder, monkeypatch, *words)) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence.format(folder=folder) in told and "Traceback" not in told
    assert not experiments_folder().is_dir() or not any(experiments_folder().iterdir())


ASKED = {
    "classes": (["--label", "kind"], "classes", "Which of heart, liver, skin is this 24-base sequence?"),
    "words": (["--label", "state"], "binary", "Is this 24-base sequence “bound” or “unbound”?"),
    "several": (
        ["--label", "A", "--label", "B"], "binary", "Which of the labels A, B does this 24-base sequence have?"
    ),
    "rank": (
        ["--label", "count", "--transform", "rank"], "regression", "What rank of count does this 24-base sequence have?"
    ),
    "a ratio of the same": (
        ["--label-ratio", "A", "B"], "regression", "What log2 A/B does this 24-base sequence have?"
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", ASKED)
def test_what_is_asked_by_default(case, folder, monkeypatch, capsys):
    words, task, question = ASKED[case]
    assert main([*asked(folder, monkeypatch, "--table", "t.csv", *words), "--title", "two\nlines", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["task"] == task
    e = get_experiment("mine")
    assert (e.question, e.title) == (question, "two lines")


def test_a_score_of_classes_is_a_log_loss():
    """Five classes told wrongly and surely have a loss above 1."""
    e = replace(from_words_of_classes(), facts=Facts("classes", "DNA", LENGTH, True, False, 90, 18, 1, -1.61, -2.4))
    assert from_words(words_of(e), "here").facts.words == -2.4
    beyond = words_of(e) | {"facts": words_of(e)["facts"] | {"words": 1.5}}
    with pytest.raises(DataError, match="a score of its facts must be -100 to 1"):
        from_words(beyond, "here")


def from_words_of_classes():
    from dnaconv_core.experiments.base import Experiment
    from dnaconv_core.experiments.own_presets import own_presets

    presets = own_presets("classes", "DNA", LENGTH, "both")
    return Experiment(
        key="five", title="Five", question="Which?", explanation="", task="classes", alphabet="DNA", length=LENGTH,
        label="class", synthetic=None, presets=presets, names=tuple("abcde"), class_names=("no", "yes"), own=True,
        examples=(),
    )  # fmt: skip


def test_chromosomes_held_out_have_every_class():
    """Positives alone lie on chr4 and chr5: neither can be held out."""
    chrom = np.repeat(["chr1", "chr2", "chr3", "chr4", "chr5"], [40, 12, 12, 12, 12])
    y = np.ones((len(chrom), 1), np.float32)
    y[:64:2] = 0
    start = np.arange(len(chrom)) * 100
    loci = Loci(chrom, start, start + 4, np.full(len(chrom), "+"))
    codes, offsets = np.zeros(4 * len(chrom), np.uint8), np.arange(len(chrom) + 1) * 4
    examples = Examples(codes, offsets, start.astype(str), y, np.ones_like(y), "DNA", loci=loci)
    for seed in range(5):
        valid, test = choose_chromosomes(examples, seed=seed)
        assert {*valid, *test} == {"chr2", "chr3"}


def test_a_table_whose_label_is_not_sure_says_how_to_name_it(tmp_path, home, capsys):
    rows = [f"{s},{i % 7},{i % 5}" for i, s in enumerate(letters(1))]
    (tmp_path / "t.csv").write_text("\n".join(["sequence,K562,HepG2", *rows]))
    assert main(["data", "import", "two", "--table", str(tmp_path / "t.csv")]) == 2
    assert "any of K562, HepG2 could be the label: choose it with --label" in capsys.readouterr().err
