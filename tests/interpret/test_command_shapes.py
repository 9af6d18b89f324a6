"""What the interpretation commands print with --json: the names that others build on, and what stands under them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.interpret.filters import filter_motifs
from dnaconv_core.interpret.keep import save_filters
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.sequence.motif import AP1
from dnaconv_core.sequence.motif_text import read_motifs, write_meme

SEQUENCE = "A" * 20 + "TGACTCA" + "C" * 34
FILTER = {"index", "consensus", "n_sites", "information_bits", "matches", "ablation"}  # as the first users asked for
BESIDE = {"rank", "max_activation", "note", "mean_activation", "fires_with", "positions", "top"}
MATCH = {"name", "matrix_id", "q_value", "offset", "strand", "p_value", "significant"}
PATTERN = {"consensus", "n_seqlets", "matches", "share_positives", "share_negatives", "odds_ratio", "p_fisher", "sites"}


@pytest.fixture
def model(tmp_path, ap1_model):
    save_bundle(tmp_path / "model", ap1_model, "tf_binding")
    write_diskdataset(tf_binding(160, seed=4, length=61), tmp_path / "data")
    rng = np.random.default_rng(0)
    others = [AP1._replace(name=f"other{i}", matrix_id=f"O{i}", ppm=rng.dirichlet([0.4] * 4, 9).T) for i in range(40)]
    (tmp_path / "known.meme").write_text(write_meme([AP1, *others]))
    return tmp_path / "model"


@pytest.fixture
def ask(capsys):
    def said(*arguments) -> dict:
        assert main([*map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return said


@pytest.fixture
def refused(capsys):
    def told(*arguments) -> str:
        assert main([*map(str, arguments)]) == 2
        told = capsys.readouterr()
        assert told.out == "" and told.err.count("\n") == 1  # one sentence, before any work
        return told.err

    return told


@pytest.mark.slow
def test_attribute_and_ism(model, ask):
    found = ask("attribute", model, SEQUENCE, "--method", "deeplift", "--evidence")
    assert set(found) == {"model", "method", "unit", "reference", "sequences"} and found["unit"] == "logit"
    (row,) = found["sequences"]
    assert set(row) == {"id", "sequence", "output", "attribution", "delta", "covariates", "evidence"}
    assert row["sequence"] == SEQUENCE and len(row["attribution"]) == 61
    checks = {check["name"]: check for check in row["evidence"]}
    assert list(checks) == [
        "Network better than chance",
        "Convergence",
        "Agreement of methods",
        "Random weights",
        "Stability over seeds",
    ]
    assert all(set(check) == {"name", "value", "passed", "words"} for check in row["evidence"])
    assert checks["Convergence"]["passed"] and checks["Agreement of methods"]["passed"]
    assert "with" in checks["Agreement of methods"]["words"] and checks["Stability over seeds"]["passed"] is None
    plain = ask("attribute", model, SEQUENCE, "--method", "deeplift")["sequences"][0]
    assert plain == {**row, "evidence": None}

    found = ask("ism", model, SEQUENCE, "--out", model.parent / "ism.csv")
    assert set(found) == {"model", "unit", "bases", "sequences"} and found["bases"] == "ACGT"
    (changed,) = found["sequences"]
    assert set(changed) == {"id", "sequence", "output", "change"} and changed["output"] == row["output"]
    lines = (model.parent / "ism.csv").read_text().splitlines()
    assert lines[0] == "id,position,base,to,change" and len(lines) == 1 + 3 * 61
    name, position, base, to, change = lines[1 + 3 * 20].split(",")
    assert (name, position, base, to) == ('"seq_1"', "21", "T", "A")
    assert float(change) == pytest.approx(changed["change"]["A"][20], abs=1e-5)


def test_a_folder_that_is_not_mine_is_told_but_a_device_is_written_to(model, refused, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    path = str(model.parent / "a.csv")
    assert f"--out {path} cannot be written: name a file in a folder that" in refused("ism", model, "A", "--out", path)
    assert main(["ism", str(model), SEQUENCE, "--out", "/dev/null"]) == 0


def test_a_linear_output_is_not_called_a_logit(ask):
    found = ask("attribute", "rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG", "--method", "deeplift")
    assert found["unit"] == "prediction" == ask("bench", "rnai_huesken", "--motif", "UUAAU")["unit"]
    assert ask("attribute", "rnai_huesken_book", "CCUAAGAUAAUUCUGCGCCUG", "--method", "deeplift")["unit"] == "logit"
    (row,) = ask("predict", "rnai_huesken", "CCUAAGAUAAUUCUGCGCCUG")
    assert found["sequences"][0]["output"] == pytest.approx(row["prediction"], abs=1e-6)


@pytest.mark.slow
def test_bench(model, ask):
    common = {"model", "motif", "consensus", "unit", "backgrounds", "backgrounds_are", "effect", "other_strand"}
    few = ("--backgrounds", 5)
    found = ask("bench", model, "--motif", "TGACTCA", "--data", model.parent / "data", *few)
    assert set(found) == common and set(found["effect"]) == set(found["other_strand"]) == {"mean", "low", "high"}
    assert (found["consensus"], found["backgrounds"], found["backgrounds_are"]) == ("TGACTCA", 5, "shuffled")
    found = ask("bench", model, "--motif", "TGACTCA", "--positions", *few)
    assert set(found) == common | {"positions"} and found["backgrounds_are"] == "random"
    assert set(found["positions"]) == {"at", "mean", "low", "high", "variation", "invariant"}
    assert found["positions"]["at"] == list(range(55)) and found["positions"]["invariant"] is True
    found = ask("bench", model, "--motif", "TGACTCA", "--spacing", "TGACTCA", *few)
    curve = {"at", "mean", "low", "high"}
    assert set(found["spacing"]) == curve | {"motif", "interaction"} and set(found["spacing"]["interaction"]) == curve
    found = ask("bench", model, "--motif", "TGACTCA", "--mutate", *few)
    assert set(found["mutations"]) == {"word", "change"} and np.shape(list(found["mutations"]["change"].values())) == (
        4,
        7,
    )


@pytest.mark.slow
def test_bench_and_hits_take_motifs_of_the_model_and_of_jaspar(model, ask, refused):
    data = ("--data", model.parent / "data")
    assert "TGA" in ask("bench", model, "--motif", "filter 3", "--backgrounds", 5, *data)["consensus"]
    named = ask("bench", model, "--motif", "MA0099.4", "--spacing", "filter 3", "--backgrounds", 5, *data)
    assert "TGA" in named["consensus"] and named["spacing"]["motif"] == "filter 3"
    hits = ask("hits", model, "--motif", "filter 3", *data)
    assert set(hits) == {"model", "p_value", "hits"} and {h["motif"] for h in hits["hits"]} == {"filter 3"}
    assert all(set(h) == {"id", "motif", "start", "end", "strand", "score", "p_value", "q_value"} for h in hits["hits"])
    assert "find them with 'dnaconv motifs' first" in refused("bench", model, "--motif", "pattern 1", *data)
    assert "no held-out examples or windows kept with it" in refused("bench", model, "--motif", "filter 3")


@pytest.mark.slow  # Tomtom compiles on a machine's first call
def test_filters_motifs_and_report(model, ask):
    known = ("--motifs", model.parent / "known.meme")
    data = ("--data", model.parent / "data", *known)
    files = {name: model.parent / f"filters.{name}" for name in ("meme", "pfm")}
    found = ask("filters", model, *data, "--meme", files["meme"], "--pfm", files["pfm"])
    assert set(found) == {"model", "layer", "families", "filters"}
    assert found["layer"] == 1 and len(found["filters"]) == 4
    for number, one in enumerate(found["filters"]):
        assert set(one) == FILTER | BESIDE and one["index"] == number
        assert all(set(match) == MATCH for match in one["matches"])
        assert set(one["ablation"]) == {"metric", "change", "low", "high", "note"}
        assert one["ablation"]["metric"] == "auroc"
        assert set(one["mean_activation"]) == {"positives", "negatives"} and sum(one["positions"]) == one["n_sites"]
        assert all(set(top) == {"id", "start", "strand", "activation"} for top in one["top"]) and len(one["top"]) <= 20
        assert all(set(other) == {"index", "correlation"} for other in one["fires_with"])
    first = next(one for one in found["filters"] if one["rank"] == 1)
    assert first["index"] == 2 and first["mean_activation"]["positives"] > first["mean_activation"]["negatives"]
    assert first["top"][0]["activation"] == pytest.approx(first["max_activation"])
    read = [{motif.matrix_id: motif for motif in read_motifs(path)} for path in files.values()]
    assert list(read[0]) == list(read[1])
    for name in read[0]:
        np.testing.assert_allclose(read[0][name].ppm, read[1][name].ppm, atol=1e-5)

    ask("filters", model, *data, "--no-ablation", "--svg", model.parent / "svg")
    drawn = {path.name for path in (model.parent / "svg").iterdir()}
    assert drawn == {f"filter_{i}{kind}.svg" for i in (1, 2, 3, 4) for kind in ("", "_weights")}
    assert "weight" in (model.parent / "svg" / "filter_3_weights.svg").read_text()

    found = ask("motifs", model, *data)
    assert set(found) == {"model", "method", "n_explained", "n_seqlets", "n_unassigned", "patterns"}
    (pattern,) = found["patterns"]
    assert set(pattern) == PATTERN and all(set(match) == MATCH for match in pattern["matches"])
    assert pattern["matches"][0]["name"] == "AP-1" and len(pattern["sites"]) == pattern["n_seqlets"]
    assert all(set(site) == {"id", "start", "strand"} for site in pattern["sites"])

    found = ask("report", model, *data, "--out", model.parent / "r.html")
    assert set(found) == {"model", "path", "bytes"} and (model.parent / "r.html").stat().st_size == found["bytes"]

    save_filters(model, filter_motifs(load_bundle(model).model, tf_binding(160, seed=4, length=61).X))
    stored = ask("filters", model, *known)["filters"]
    assert [set(one) for one in stored] == [FILTER | BESIDE] * 4
    same = ("index", "consensus", "n_sites", "information_bits")
    again = ask("filters", model, *data, "--no-ablation")["filters"]
    for one, other in zip(stored, again, strict=True):
        assert {name: one[name] for name in same} == {name: other[name] for name in same}
        assert one["ablation"] is one["rank"] is one["top"] is other["ablation"] is None


@pytest.mark.parametrize(
    "wrong, told",
    [
        (("filters", "--motifs", "nowhere.meme"), "nowhere.meme does not exist: check the name"),
        (("motifs", "--motifs", "words.meme"), "words.meme holds no motifs: it should begin with 'MEME version'"),
        (("report", "--motifs", "sum.meme", "--out", "r.html"), "line 6: its probabilities sum to 1.8, not to 1"),
        (
            ("hits", "--motifs", "bytes.meme"),
            "bytes.meme is not a text file: byte 14 is neither UTF-8",
        ),
        (("filters", "--jaspar", "martians"), "there is no JASPAR group 'martians': choose vertebrates, plants"),
        (("report", "--out", "nowhere/r.html"), "--out nowhere/r.html cannot be written: name a file in a folder"),
        (("filters", "--meme", "."), "--meme . cannot be written"),
        (("motifs", "--svg", "words.meme/svg"), "--svg words.meme/svg cannot be written"),
        (("motifs", "--most", "-3"), "most is -3: explain at least 1 positive and 1 negative"),
        (("motifs", "--finder", "magic"), "finder is 'magic': choose own or modisco"),
        (("filters", "--layer", "2"), "layer is 2: this model has layers 1 to 1"),
        (("filters", "--fraction", "nan"), "fraction is nan: a window counts above this share"),
        (("bench", "--motif", ""), "the motif is empty: type IUPAC letters"),
        (("bench", "--motif", "TGA", "--backgrounds", "0"), "n is 0: ask for at least 1 background"),
        (("hits", "--motif", "TGA", "--p-value", "0"), "p_value is 0.0: it must lie between 0 and 1"),
        (("attribute", "ACGT"), "has 4 bases; this model reads 61"),
        (("attribute", SEQUENCE, "--out", "nowhere/a.csv"), "--out nowhere/a.csv cannot be written"),
        (("ism", SEQUENCE[:-1] + "Z"), "'Z' at position 61"),
    ],
)
def test_mistakes_are_told_in_a_sentence_before_the_work(model, refused, monkeypatch, wrong, told):
    monkeypatch.chdir(model.parent)
    monkeypatch.setattr("dnaconv_core.interpret.compiled.is_warm", lambda: True)  # nothing is to be named
    head = "MEME version 4\n\nMOTIF x\nletter-probability matrix: alength= 4 w= 2\n"
    (model.parent / "words.meme").write_text("TGACTCX\n")
    (model.parent / "sum.meme").write_text(head + "0.1 0.2 0.3 0.4\n0.9 0.9 0 0\n")
    (model.parent / "bytes.meme").write_bytes(b"MEME version 4\xff\xfe\x02")
    data = ("--data", "data") if wrong[0] not in ("attribute", "ism") else ()
    assert told in refused(wrong[0], "model", *wrong[1:], *data)
