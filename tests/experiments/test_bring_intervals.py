"""Ten intervals on three contigs, by hand; negatives where there are none; a bigWig as label and as covariate."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import experiments_folder
from dnaconv_core.experiments.own_store import data_hash
from dnaconv_core.experiments.sources import load_own

CONTIGS = {"chr1": 900, "chr2": 700, "chrM": 400}


@pytest.fixture
def genome(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    texts = {name: "".join("ACGT"[i] for i in rng.integers(0, 4, n)) for name, n in CONTIGS.items()}
    file = tmp_path / "genome.fa"
    file.write_text("".join(f">{n}\n" + "\n".join(t[i : i + 50] for i in range(0, len(t), 50)) + "\n"
                            for n, t in texts.items()))  # fmt: skip
    return file


def contig(genome: Path, name: str) -> str:
    records = dict(part.split("\n", 1) for part in genome.read_text().split(">")[1:])
    return records[name].replace("\n", "")


ROWS = [  # chromosome (without chr, and MT), start, end, value
    ("1", 100, 120, 0.5), ("1", 200, 220, 1.5), ("1", 300, 321, -1.0), ("1", 400, 420, 2.0), ("1", 2, 10, 9.0),
    ("2", 100, 120, 0.25), ("2", 300, 320, 4.0), ("2", 500, 520, 3.0), ("MT", 100, 120, 5.0), ("MT", 200, 220, 6.0),
]  # fmt: skip


@pytest.fixture
def bedgraph(tmp_path) -> Path:
    file = tmp_path / "values.bedgraph.gz"
    file.write_bytes(gzip.compress("".join(f"{c}\t{a}\t{b}\t{v}\n" for c, a, b, v in ROWS).encode()))
    return file


def told(capsys, *words: str) -> dict:
    assert main(["data", "import", *words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def whole(key: str) -> dict[str, tuple[str, float]]:
    """Letters and label of every example, by id."""
    e = get_experiment(key)
    parts = [load_own(e, part) for part, _ in e.parts]
    return {
        name: (text, float(y))
        for data in parts
        for name, text, y in zip(data.ids.tolist(), data.sequences(), data.y[:, 0], strict=True)
    }


@pytest.mark.slow
def test_windows_and_labels_by_hand(genome, bedgraph, capsys):
    found = told(
        capsys, "levels", "--bed", str(bedgraph), "--genome", str(genome), "--width", "40", "--split", "chr2/MT"
    )
    assert found["parts"] == {"train": 4, "valid": 3, "test": 2}
    assert (found["n"], found["length"], found["task"], found["skipped"]) == (9, 40, "regression", 1)  # one at the end
    by_value = {value: text for text, value in whole("levels").values()}
    assert sorted(by_value) == sorted(np.float32(v) for _, a, _, v in ROWS if a > 2)
    assert by_value[0.5] == contig(genome, "chr1")[90:130]  # around 110
    assert by_value[-1.0] == contig(genome, "chr1")[290:330]  # around 310, the middle of 300 to 321 rounded down
    assert by_value[6.0] == contig(genome, "chrM")[190:230]


@pytest.mark.parametrize(("width", "length"), [((), 50), (("--width", "0"), 30), (("--width", "26"), 26)])
def test_intervals_that_differ_in_length_become_windows(genome, tmp_path, capsys, width, length):
    bed = tmp_path / "peaks.bed"
    bed.write_text("".join(f"chr1\t{a}\t{a + 10 + 20 * (k % 2)}\n" for k, a in enumerate(range(40, 840, 40))))
    found = told(capsys, "unequal", "--bed", str(bed), "--genome", str(genome), "--negatives", "shuffle", *width)
    assert found["length"] == length
    told_so = "The intervals have 10 to 30 bases: windows of 50 were taken around them." in found["notes"]
    assert told_so == (not width)
    unknown = {line["check"]: line["value"] for line in found["audit"]}["unknown"]
    assert (unknown > 0.2) == (width == ("--width", "0"))  # those are padded


@pytest.mark.parametrize("how", ["shuffle", "gc", "flanks"])
def test_negatives_where_there_are_only_positives(genome, tmp_path, capsys, how):
    rng = np.random.default_rng(1)
    starts = np.sort(rng.choice(np.arange(20, 850, 30), 20, replace=False))
    bed = tmp_path / "peaks.bed"
    bed.write_text("".join(f"chr1\t{a}\t{a + 20}\n" for a in starts))
    found = told(capsys, "peaks", "--bed", str(bed), "--genome", str(genome), "--negatives", how, "--split", "random")
    assert found["task"] == "binary" and found["length"] == 20
    values = [value for _, value in whole("peaks").values()]
    assert values.count(1.0) == 20 and values.count(0.0) >= 10
    assert len(found["notes"]) >= 3  # how negatives, lengths and parts were made
    e = get_experiment("peaks")
    before = data_hash({part: load_own(e, part) for part, _ in e.parts})
    assert before == e.data_hash
    assert main(["data", "import", "--again", "peaks"]) == 0
    assert get_experiment("peaks").data_hash == before


def test_a_bigwig_as_label_and_another_as_covariate_that_tells_all(genome, tmp_path, capsys):
    import pybigtools

    for name, scale in (("signal", 1.0), ("open", 2.0)):
        rows = [("chr1", 0, 450, scale), ("chr1", 450, 900, 3.0 * scale)]
        pybigtools.open(str(tmp_path / f"{name}.bw"), "w").write(CONTIGS, rows)
    bed = tmp_path / "peaks.bed"
    bed.write_text("".join(f"chr1\t{a}\t{a + 20}\n" for a in range(30, 870, 25)))
    bigwigs = ("--bigwig-label", str(tmp_path / "signal.bw"), "--bigwig-covariate", f"open={tmp_path / 'open.bw'}")
    found = told(capsys, "track", "--bed", str(bed), "--genome", str(genome), *bigwigs, "--split", "random")
    assert found["task"] == "regression"
    train = load_own(get_experiment("track"), "train")
    assert train.covariate_names == ("open",)
    np.testing.assert_allclose(train.covariates[:, 0], 2 * train.y[:, 0])
    by_id = {name: y for name, y in zip(train.ids.tolist(), train.y[:, 0].tolist(), strict=True)}
    assert set(by_id.values()) <= {1.0, 3.0, 2.0} | {y for y in by_id.values() if 1 < y < 3}
    covariate = {line["check"]: line for line in found["audit"]}["covariate_open"]
    assert covariate["verdict"] == "stop"  # it is twice the label


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr9\t1\t30\nchr8\t1\t30\n", "no contig of"),
        ("chr1\t50\t30\n", "line 1 ends at 30, not after its start, 50"),
        ("", "is empty"),
        ("chr1\tten\t30\n", "no whole number"),
    ],
)
def test_bad_intervals_are_refused_with_file_and_line(genome, tmp_path, capsys, content, message):
    bed = tmp_path / "bad.bed"
    bed.write_text(content)
    assert main(["data", "import", "bad", "--bed", str(bed), "--genome", str(genome), "--negatives", "shuffle"]) == 2
    error = capsys.readouterr().err
    assert message in error and "bad.bed" in error and "Traceback" not in error
    assert not experiments_folder().exists() or not list(experiments_folder().iterdir())
