"""Files that other programs wrote, the whole way: imported by the command, trained, measured on the test part."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyfaidx
import pytest

from dnaconv_core.cli import main
from dnaconv_core.data.diskdataset import read_diskdataset, write_diskdataset
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import load_own

pytestmark = pytest.mark.slow
N, WIDTH = 60, 24
SMALL = ("--preset", "quick", "--epochs", "1", "--filters", "2", "--depth", "1", "--batch-size", "16")


def told(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def sequences(seed: int = 0, n: int = N, length: int = WIDTH) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join("ACGT"[base] for base in row) for row in rng.integers(0, 4, (n, length))]


def brought(key: str) -> dict[str, tuple[str, list[float]]]:
    """Letters and labels of every example by its id."""
    found = {}
    for part, _ in get_experiment(key).parts:
        data = load_own(get_experiment(key), part)
        labels = np.where(data.w > 0, data.y, np.nan).tolist()
        found |= dict(zip(data.ids.tolist(), zip(data.sequences(), labels, strict=True), strict=True))
    return found


def whole_way(capsys, *words: str) -> dict:
    """What the import told, after training on it and a look at its test part."""
    made = told(capsys, "data", "import", "mine", *words)
    run = told(capsys, "train", "mine", *SMALL)
    assert run["state"] == "finished"
    tested = told(capsys, "evaluate", run["run"], "--part", "test", "--no-baselines")
    assert (tested["n"], tested["part"], tested["looks"]) == (made["parts"]["test"], "test", 1)
    assert sum(made["parts"].values()) == made["n"] and min(made["parts"].values()) > 0
    return made


@pytest.fixture
def genome(tmp_path):
    """Eight contigs, packed as bgzip does by Biopython."""
    bgzf = pytest.importorskip("Bio.bgzf")
    file = tmp_path / "genome.fa.gz"
    with bgzf.BgzfWriter(str(file), "wb") as out:
        for number, text in enumerate(sequences(1, 8, 1500), 1):
            out.write(f">chr{number}\n{text}\n".encode())
    return file


def test_broad_peaks_on_a_bgzip_genome(genome, tmp_path, capsys):
    rng = np.random.default_rng(2)
    start = np.sort(rng.integers(0, 14, N) * 100 + 20)
    frame = pd.DataFrame({"chrom": rng.integers(1, 9, N), "start": start, "end": start + 30, "name": ".", "score": 9})
    frame = frame.assign(strand=".", signal=7.5, p=3.1, q=2.2).drop_duplicates(["chrom", "start"])
    frame.to_csv(tmp_path / "a.broadPeak", sep="\t", header=False, index=False)  # of contigs without chr
    given = ("--bed", str(tmp_path / "a.broadPeak"), "--genome", str(genome), "--width", str(WIDTH))
    made = whole_way(capsys, *given, "--negatives", "gc")
    assert (made["length"], made["task"]) == (WIDTH, "binary")
    found, oracle = brought("mine"), pyfaidx.Fasta(str(genome), as_raw=True)
    assert sum(labels == [1.0] for _, labels in found.values()) == len(frame)
    for chrom, begin in zip(frame.chrom.tolist(), (frame.start + 3).tolist(), strict=True):
        text = oracle[f"chr{chrom}"][begin : begin + WIDTH]
        assert any(letters == text and labels == [1.0] for letters, labels in found.values())


def test_a_bedgraph_tells_the_label(genome, tmp_path, capsys):
    rows = [(f"chr{1 + i % 8}", 40 + 90 * (i // 8), 64 + 90 * (i // 8), round(i / 7, 3)) for i in range(N)]
    pd.DataFrame(rows).to_csv(tmp_path / "a.bedGraph", sep="\t", header=False, index=False)
    made = whole_way(capsys, "--bed", str(tmp_path / "a.bedGraph"), "--genome", str(genome))
    assert (made["n"], made["length"], made["task"]) == (N, WIDTH, "regression")
    oracle = pyfaidx.Fasta(str(genome), as_raw=True)
    expected = sorted((oracle[c][a:b], round(v, 3)) for c, a, b, v in rows)
    assert sorted((text, round(y, 3)) for text, (y,) in brought("mine").values()) == expected


def test_an_npz_with_a_test_part(tmp_path, capsys):
    texts, y = sequences(3), np.arange(N) % 3
    one_hot = np.array([[[letter == base for base in "ACGT"] for letter in text] for text in texts], np.int8)
    words = np.array(["liver", "brain", "lung"])[y]
    cut = {"train": slice(0, 30), "valid": slice(30, 42), "test": slice(42, N)}
    arrays = {f"{a}_{part}": v[rows] for part, rows in cut.items() for a, v in (("x", one_hot), ("y", words))}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    made = whole_way(capsys, "--dataset", str(tmp_path / "a.npz"))
    assert made["parts"] == {"train": 30, "valid": 12, "test": 18} and made["task"] == "classes"
    test = load_own(get_experiment("mine"), "test")
    assert test.sequences() == texts[42:]
    names = get_experiment("mine").names
    assert [names[int(label)] for label in test.y[:, 0]] == words[42:].tolist()


def test_diskdatasets_of_which_deepchem_wrote_one(shared_data, tmp_path, capsys):
    """Its data has 244 examples for validation; the other parts are rows of it, as this program writes them."""
    valid = shared_data / "sirna" / "valid_siRNA"
    data = read_diskdataset(valid, alphabet="RNA")
    parts = {"--dataset": np.arange(140), "--test": np.arange(140, 180)}
    words = ["--valid", str(valid)]
    for option, rows in parts.items():
        words += [option, str(write_diskdataset(data.subset(rows), tmp_path / option.strip("-")))]
    made = whole_way(capsys, *words, "--rna")
    assert made["parts"] == {"train": 140, "valid": 244, "test": 40}
    assert (made["length"], made["task"]) == (21, "regression")
    assert {line["check"]: line["verdict"] for line in made["audit"]}["copies_across"] == "stop"  # as was planted
    assert load_own(get_experiment("mine"), "valid").sequences() == data.sequences()
    assert load_own(get_experiment("mine"), "test").y[:, 0] == pytest.approx(data.y[140:180, 0])


def test_parquet_with_two_labels_of_which_some_are_missing(tmp_path, capsys):
    texts = sequences(4)
    second = pd.Series([float(i % 5 < 2) if i % 4 else None for i in range(N)])
    frame = pd.DataFrame({"name": [f"s{i}" for i in range(N)], "seq": texts, "a": np.arange(N) % 2, "b": second})
    frame.to_parquet(tmp_path / "a.parquet", compression="zstd")
    given = (
        "--table",
        str(tmp_path / "a.parquet"),
        "--sequence",
        "seq",
        "--id",
        "name",
        "--label",
        "a",
        "--label",
        "b",
    )
    made = whole_way(capsys, *given, "--split", "random")
    assert made["task"] == "binary" and get_experiment("mine").names == ("a", "b")
    found = brought("mine")
    for row in frame.itertuples():
        text, (a, b) = found[row.name]
        assert text == row.seq and a == row.a and (b == row.b or (np.isnan(b) and np.isnan(row.b)))


def test_a_table_as_excel_writes_it(tmp_path, capsys):
    texts = sequences(5)
    frame = pd.DataFrame({"Sequenz": texts, "Aktivität": np.arange(N) / 8 - 1})
    excel = {"sep": ";", "decimal": ",", "encoding": "utf-8-sig", "lineterminator": "\r\n", "index": False}
    frame.to_csv(tmp_path / "a.csv", **excel)
    made = whole_way(capsys, "--table", str(tmp_path / "a.csv"), "--sequence", "Sequenz", "--label", "Aktivität")
    assert (made["n"], made["task"]) == (N, "regression") and get_experiment("mine").label == "Aktivität"
    assert sorted(brought("mine").values()) == sorted((t, [pytest.approx(i / 8 - 1)]) for i, t in enumerate(texts))
