"""`dnaconv filters | attribute | ism | motifs | bench | report`: their JSON, files and mistakes."""

from __future__ import annotations

import dataclasses
import json
import re

import Bio.motifs
import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.data.formats import read_dataset
from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.interpret.filters import filter_motifs
from dnaconv_core.interpret.keep import load_discovery, load_filters, save_filters, stored_examples
from dnaconv_core.model.bundle import save_bundle
from dnaconv_core.sequence.motif import AP1
from dnaconv_core.sequence.motif_text import read_motifs, write_meme

SEQUENCE = "A" * 20 + "TGACTCA" + "C" * 34


@pytest.fixture
def folders(tmp_path, ap1_model):
    """A bundle, labelled data, and a file of motifs (enough of them for Tomtom)."""
    rng = np.random.default_rng(0)
    save_bundle(tmp_path / "model", ap1_model, "tf_binding")
    write_diskdataset(tf_binding(160, seed=4, length=61), tmp_path / "data")
    others = [AP1._replace(name=f"other{i}", matrix_id=f"O{i}", ppm=rng.dirichlet([0.4] * 4, 9).T) for i in range(40)]
    (tmp_path / "known.meme").write_text(write_meme([AP1, *others]))
    return tmp_path


def said(capsys, *arguments) -> dict:
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_attribute_gives_a_number_for_each_base(folders, capsys):
    found = said(
        capsys, "attribute", folders / "model", SEQUENCE, "--method", "deeplift",
        "--out", folders / "a.csv", "--svg", folders / "a.svg",
    )  # fmt: skip
    (row,) = found["sequences"]
    assert found["method"] == "deeplift" and found["reference"] == "an empty sequence (all zeros)"
    assert len(row["attribution"]) == 61 and row["delta"] < 1e-4
    assert np.argsort(row["attribution"])[-7:].min() >= 20 and np.argsort(row["attribution"])[-7:].max() < 27
    lines = (folders / "a.csv").read_text().splitlines()
    assert lines[0] == "id,method,position,base,attribution" and len(lines) == 62
    assert lines[21].startswith('"seq_1",deeplift,21,T,')
    assert (folders / "a.svg").read_text().startswith("<svg")
    said(
        capsys, "attribute", folders / "model", SEQUENCE, SEQUENCE[::-1], "--method", "deeplift", "--png", folders / "p"
    )
    assert sorted(path.name for path in (folders / "p").iterdir()) == ["seq_1.png", "seq_2.png"]
    assert (folders / "p" / "seq_2.png").read_bytes().startswith(b"\x89PNG")


def test_ism_gives_a_change_for_each_substitution(folders, capsys):
    (row,) = said(capsys, "ism", folders / "model", SEQUENCE)["sequences"]
    assert list(row["change"]) == list("ACGT") and len(row["change"]["A"]) == 61
    assert row["change"]["T"][20] == 0 and row["change"]["C"][20] < -1


@pytest.mark.slow
def test_bench_measures_effect_positions_spacing_and_mutations(folders, capsys):
    model = folders / "model"
    found = said(capsys, "bench", model, "--motif", "TGACTCA", "--positions", "--backgrounds", "10")
    assert found["effect"]["low"] <= found["effect"]["mean"] <= found["effect"]["high"]
    assert len(found["positions"]["mean"]) == 55 and found["backgrounds"] == 10
    found = said(capsys, "bench", model, "--motif", "TGACTCA", "--spacing", "TGACTCA", "--backgrounds", "5")
    assert len(found["spacing"]["mean"]) == len(found["spacing"]["interaction"]["mean"]) == 31
    found = said(capsys, "bench", model, "--motif", "TGACTCA", "--mutate", "--backgrounds", "5")
    assert found["mutations"]["word"] == "TGACTCA" and found["mutations"]["change"]["T"][0] == 0
    assert main(["bench", str(model), "--motif", "TGAXTCA"]) == 2
    assert "has 'X' at position 4" in capsys.readouterr().err


def test_hits_of_a_motif_in_sequences_of_any_length(folders, capsys):
    (folders / "some.fa").write_text(">long\n" + SEQUENCE + "\n>other\nCCTGAGTCAGG\n>none\nACGT\n")
    options = (folders / "model", "--fasta", folders / "some.fa", "--out", folders / "hits.csv")
    found = said(capsys, "hits", *options, "--motif", "TGACTCA", "--p-value", 1e-4)["hits"]
    assert [(h["id"], h["start"], h["end"], h["strand"]) for h in found] == [
        ("long", 20, 27, "+"),
        ("other", 2, 9, "-"),
    ]
    places = 2 * (55 + 5)  # on both strands, none over the end of a sequence
    assert found[0]["p_value"] == pytest.approx(4**-7) and found[0]["q_value"] == pytest.approx(places * 4**-7 / 2)
    lines = (folders / "hits.csv").read_text().splitlines()
    assert lines[0] == "id,motif,start,end,strand,score_bits,p_value,q_value" and len(lines) == 3
    assert lines[1].startswith('"long","TGACTCA",21,27,+,')
    said(capsys, "hits", *options, "--motifs", folders / "known.meme", "--p-value", 0.01)
    text = (folders / "hits.csv").read_text()
    assert text.count("id,motif") == 1 and '"AP-1"' in text and '"other26"' in text
    assert main(["hits", str(folders / "model"), "--fasta", str(folders / "some.fa")]) == 2
    assert "give either --motif IUPAC or --motifs FILE.meme" in capsys.readouterr().err


def test_rna_is_written_with_u_and_not_named_by_motifs_of_dna(capsys):
    for row in said(capsys, "filters", "rnai_huesken_book", "--no-ablation")["filters"]:
        assert "T" not in row["consensus"] and row["matches"] == []
    assert main(["filters", "rnai_huesken_book", "--no-ablation"]) == 0
    assert (
        "not named: JASPAR CORE has no RNA-binding proteins; --motifs names by a MEME, JASPAR or HOMER"
        in capsys.readouterr().out
    )
    assert main(["bench", "rnai_huesken", "--motif", "UUAG", "--mutate", "--backgrounds", "5"]) == 0
    told = capsys.readouterr().out
    assert "effect of UUAG on the prediction" in told and "  U1A " in told and "T" not in told


@pytest.mark.slow
def test_filters_need_data_or_windows_kept_with_the_model(folders, capsys, ap1_model):
    assert main(["filters", str(folders / "model")]) == 2
    assert "no held-out examples or windows kept with it: give --data DIR" in capsys.readouterr().err
    scan = filter_motifs(ap1_model, tf_binding(100, seed=1, length=61).X)
    save_filters(folders / "model", scan)
    stored = load_filters(folders / "model")
    assert [f.n_sites for f in stored] == [m.n_sites for m in scan.motifs]
    np.testing.assert_array_equal(stored[2].pfm, scan.motifs[2].pfm)
    assert stored[2].consensus == scan.motifs[2].consensus


@pytest.mark.slow  # Tomtom compiles on a machine's first call
def test_filters_and_motifs_are_named_and_written_as_meme(folders, capsys):
    common = (folders / "model", "--data", folders / "data", "--motifs", folders / "known.meme")
    found = said(capsys, "filters", *common, "--fraction", "0.6", "--meme", folders / "out.meme")["filters"]
    assert [f["index"] for f in found] == [0, 1, 2, 3]
    assert found[2]["rank"] == 1 and sorted(f["rank"] for f in found) == [1, 2, 3, 4]
    assert main(["filters", *map(str, common), "--fraction", "0.6", "--png", str(folders / "png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    said_first = lines.index("those that tell positives and negatives apart most come first")
    assert said_first >= 1 and " without all of them ROC-AUC " in lines[0]  # families come before
    assert lines[said_first + 1].startswith("filter   3  ")  # the one that tells the classes apart
    assert (folders / "png" / "filter_3.png").read_bytes().startswith(b"\x89PNG")
    best = found[2]["matches"][0]
    assert (
        (best["name"], best["matrix_id"]) == ("AP-1", "AP1")
        and best["q_value"] < 0.01
        and len(found[2]["matches"]) == 5
    )
    assert set(best) >= {"name", "matrix_id", "q_value", "offset", "strand"}
    assert found[2]["ablation"]["high"] < 0
    assert {"metric", "change", "low", "high", "note"} == set(found[2]["ablation"])
    assert "TGA" in found[2]["consensus"] and found[2]["n_sites"] > 20 and found[2]["information_bits"] > 8
    assert len(read_motifs(folders / "out.meme")) == 4
    with (folders / "out.meme").open() as file:  # as another program reads it, the most useful filter first
        theirs = Bio.motifs.parse(file, "minimal")
    assert theirs[0].name == "filter_3" and len(theirs) == 4
    for mine, read in zip(read_motifs(folders / "out.meme"), theirs, strict=True):
        shares = np.array([read.pwm[base] for base in "ACGT"])  # from counts that it rounds
        np.testing.assert_allclose(shares, mine.ppm, atol=2 / mine.nsites)
        assert read.num_occurrences == mine.nsites > 20
    core = "".join("ACGT"[base] for base in np.array([theirs[0].pwm[base] for base in "ACGT"]).argmax(axis=0))
    assert "TGACTCA" in core or "TGAGTCA" in core
    found = said(capsys, "motifs", *common, "--method", "input_x_gradient", "--svg", folders / "svg")["patterns"]
    assert found[0]["n_seqlets"] > 10 and found[0]["matches"][0]["name"] == "AP-1" and len(found) == 1
    assert {path.name for path in (folders / "svg").iterdir()} == {"pattern_1.svg", "pattern_1_contribution.svg"}
    assert main(["report", *map(str, common), "--out", str(folders / "report.html")]) == 0
    page = (folders / "report.html").read_text()
    assert (
        page.startswith("<!doctype html>")
        and "AP-1" in page
        and "<script" not in page
        and "http:" not in (page.replace("http://www.w3.org/2000/svg", ""))
    )


@pytest.mark.slow
def test_patterns_are_kept_with_the_model_and_read_back(folders, capsys, ap1_model, monkeypatch):
    from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
    from dnaconv_core.interpret.keep import save_discovery

    data = tf_binding(160, seed=4, length=61)
    found = discover(ap1_model, data.X, data.y, how=DiscoveryOptions(method="input_x_gradient"))
    save_discovery(folders / "model", found)
    again = load_discovery(folders / "model")
    assert len(again.patterns) == len(found.patterns) == 1 and again.method == found.method
    for name in ("pfm", "contribution", "start", "minus", "sequence"):
        np.testing.assert_array_equal(getattr(again.patterns[0], name), getattr(found.patterns[0], name))
    assert again.patterns[0].p_fisher == found.patterns[0].p_fisher


EXAMPLES = {
    "codes": np.zeros((4, 61), np.uint8),
    "y": np.zeros((4, 1), np.float32),
    "ids": np.array(list("abcd")),
    "covariates": np.zeros((4, 0), np.float32),
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"y": np.zeros(4)}, r"holds sequences \(4, 61\), labels \(4,\).* do not belong together"),
        ({"codes": np.zeros((4, 61))}, "holds sequences that are no codes from 0 to 4"),
        ({"codes": np.zeros((3, 61))}, r"holds sequences \(3, 61\)"),
        ({"codes": np.zeros((4, 30), np.uint8)}, "have 30 bases and it reads 61"),
        ({name: part[:0] for name, part in EXAMPLES.items()}, "no held-out examples"),
        (None, "cannot be read"),
    ],
)
def test_kept_examples_that_are_none_are_told_in_a_sentence(folders, capsys, change, sentence):
    path = folders / "model" / "predictions.npz"
    np.savez(path, **{**EXAMPLES, **(change or {})})
    if change is None:
        path.write_bytes(path.read_bytes()[:-99])
    assert main(["hits", str(folders / "model"), "--motif", "TGASTCA"]) == 2
    assert re.search(sentence, capsys.readouterr().err)


@pytest.fixture
def half_known(folders):
    """Labelled data in `known`, and in `all` the same beside positives whose label is missing: 0, of weight 0."""
    whole = tf_binding(160, seed=4, length=61)
    hidden = np.flatnonzero(whole.y[:, 0] > 0)[::2]
    y, w = whole.y.copy(), np.ones_like(whole.y)
    y[hidden] = w[hidden] = 0
    every = dataclasses.replace(whole, y=y, w=w)
    write_diskdataset(every, folders / "all")
    write_diskdataset(every.subset(w[:, 0] > 0), folders / "known")
    return folders


@pytest.mark.parametrize("command", ["filters", "motifs"])
def test_an_example_without_a_label_is_no_negative(half_known, capsys, command):
    asked = [command, half_known / "model", "--motifs", half_known / "known.meme", "--data"]
    assert said(capsys, *asked, half_known / "all") == said(capsys, *asked, half_known / "known")


def test_kept_examples_have_their_weights(half_known):
    data = read_dataset(half_known / "all")
    codes = np.where(data.X.any(axis=1), data.X.argmax(axis=1), 4).astype(np.uint8)
    kept = {"codes": codes, "y": data.y, "w": data.w, "ids": data.ids, "covariates": np.zeros((len(data), 0))}
    np.savez(half_known / "model" / "predictions.npz", **kept)
    found = stored_examples(half_known / "model")
    np.testing.assert_array_equal(found.w, data.w)
    assert len(found.labelled()) == len(read_dataset(half_known / "known")) < len(found)


@pytest.mark.parametrize("command", [["motifs"], ["report", "--out", "report.html"]])
def test_sequences_without_labels_are_refused_where_classes_are_compared(folders, capsys, command):
    (folders / "plain.fasta").write_text(f">a\n{SEQUENCE}\n>b\n{SEQUENCE[::-1]}\n")
    command = [command[0], folders / "model", "--data", folders / "plain.fasta", *command[1:]]
    assert main([*map(str, command)]) == 2
    assert "plain.fasta has no labels: give --data with examples of both classes" in capsys.readouterr().err
