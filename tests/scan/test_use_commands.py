"""`dnaconv scan`, `variants`, `sirna` and `predict --table`, with the JSON that scripts rely on."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import os
import re
import stat

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.evaluate.calibration import read_reference
from dnaconv_core.interpret.in_backgrounds import backgrounds_of
from dnaconv_core.model.bundle import save_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot, reverse_complement_text
from dnaconv_core.sirna.rules import RULES
from dnaconv_core.variants.files import COLUMNS, JUDGED


def text(n: int, seed: int = 0, alphabet: str = "DNA") -> str:
    return decode(from_codes(np.random.default_rng(seed).integers(0, 4, n)), alphabet)[0]


@pytest.fixture
def dna(tmp_path):
    model = build(ModelConfig(length=21, depth=2, kernel_size=4, filters=3), 1).eval()
    path = save_bundle(tmp_path / "dna", model, "tf_binding")
    rng = np.random.default_rng(0)
    y = (rng.random((300, 1)) < 0.3).astype(np.float32)
    np.savez(path / "predictions.npz", y=y, prediction=rng.random((300, 1)).astype(np.float32))
    return path, model


@pytest.fixture
def ask(capsys):
    """A function that runs a command with --json and returns what it prints."""

    def run(*arguments: object):
        code = main([*map(str, arguments), "--json"])
        told = capsys.readouterr()
        assert code == 0, told.err
        return json.loads(told.out)

    return run


@pytest.fixture
def refuse(capsys):
    """A function that runs a command that must fail with exit code 2 and returns its one sentence."""

    def run(*arguments: object) -> str:
        assert main([*map(str, arguments)]) == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    return run


def allele_info(written: str) -> list[dict]:
    """The INFO entries of each ALT allele of a VCF, which must be as its own header declares them (VCF 4.2, 1.4.1)."""
    types = {"Float": float, "Integer": int, "String": str}
    declared, found = {}, []
    for line in written.splitlines():
        if line.startswith("##INFO"):
            pattern = r'##INFO=<ID=(\w+),Number=A,Type=(Float|Integer|String),Description="[^"<>\\]+">'
            name, kind = re.fullmatch(pattern, line).groups()
            assert name not in declared, name
            declared[name] = types[kind]
        elif not line.startswith("#"):
            fields = line.split("\t")
            entries = [entry.partition("=") for entry in fields[7].split(";")]
            assert len(fields) == 8 and len({name for name, _, _ in entries}) == len(entries)
            n = len(fields[4].split(","))
            values = {name: value.split(",") for name, _, value in entries}
            assert all(len(some) == n for some in values.values()) and not re.search(r"\s", fields[7])
            read = {name: [None if v == "." else declared[name](v) for v in some] for name, some in values.items()}
            found += [{name: some[i] for name, some in read.items()} for i in range(n)]
    return found


def test_scan_prints_and_writes(dna, ask, tmp_path):
    path, model = dna
    sequence = text(70)
    (tmp_path / "s.fa").write_text(f">one\n{sequence}\n>two\n{text(10)}{'N' * 25}{text(30, 2)}\n")
    bed, graph, wig = (tmp_path / name for name in ("p.bed", "s.bedgraph", "s.bw"))
    files = ("--bed", bed, "--bedgraph", graph, "--bigwig", wig)
    found = ask("scan", path, "--fasta", tmp_path / "s.fa", "--threshold", "0", *files)
    assert set(found) == {"sequences", "threshold", "expected_by_chance", "shuffled"} and found["threshold"] == 0
    one, two = found["sequences"]
    assert set(one) == {"id", "length", "n_scored", "n_missing", "peaks"}
    assert (one["id"], one["length"], one["n_scored"], one["n_missing"]) == ("one", 70, 50, 0)
    assert (two["n_scored"], two["n_missing"]) == (10, 35)
    peak = one["peaks"][0]
    assert (
        set(peak) == {"start", "end", "strand", "score", "site", "expected", "q"} and peak["end"] - peak["start"] == 21
    )
    window = sequence[peak["start"] : peak["end"]]
    window = window if peak["strand"] == "+" else reverse_complement_text(window)
    assert peak["score"] == pytest.approx(float(predict(model, one_hot(window))[0, 0]), abs=1e-5)
    lines = [line.split("\t") for line in bed.read_text().splitlines()]
    assert len(lines) == len(one["peaks"]) + len(two["peaks"])
    site = peak["site"]
    assert set(site) == {"summit", "start", "end", "word", "motif", "strand", "at", "p_value"}
    side = site["strand"] if peak["strand"] == "." else peak["strand"]
    assert lines[0][:3] + lines[0][5:] == list(
        map(str, ("one", peak["start"], peak["end"], side, site["start"], site["end"]))
    )
    assert graph.stat().st_size and wig.stat().st_size
    region = ask("scan", path, "--fasta", tmp_path / "s.fa", "--region", "one:21-60", "--fpr", "0.1")
    assert [(s["id"], s["length"], s["n_scored"]) for s in region["sequences"]] == [("one", 40, 20)]
    assert ask("scan", path, "--fasta", tmp_path / "s.fa")["sequences"][0]["n_scored"] == 50
    bare = ask("scan", path, "--fasta", tmp_path / "s.fa", "--threshold", "0", "--no-chance")
    assert (bare["expected_by_chance"], bare["shuffled"]) == (None, 0) and bare["sequences"][0]["peaks"][0]["q"] is None
    assert [peak["start"] for peak in bare["sequences"][0]["peaks"]] == [
        one["start"] for one in found["sequences"][0]["peaks"]
    ]


def test_scan_refuses_in_one_sentence(dna, refuse, tmp_path):
    path, _ = dna
    (tmp_path / "s.fa").write_text(f">one\n{text(70)}\n")
    fasta = ("--fasta", tmp_path / "s.fa")
    assert "ends beyond one" in refuse("scan", path, *fasta, "--region", "one:5-99")
    assert "is no region" in refuse("scan", path, *fasta, "--region", "one:x")
    assert "too few to see that rate" in refuse("scan", path, *fasta, "--fpr", "0.0001")
    assert "not allowed with" in refuse("scan", path, *fasta, "--fpr", "0.1", "--threshold", "1")
    assert "--threshold is nan" in refuse("scan", path, *fasta, "--threshold", "nan")
    assert "max_unknown is -1" in refuse("scan", path, *fasta, "--max-unknown", "-1")
    assert f"{tmp_path} is no file" in refuse("scan", path, *fasta, "--bed", tmp_path)
    assert "--no-chance leaves nothing to choose a threshold by" in refuse("scan", path, *fasta, "--no-chance")
    assert "this model takes none" in refuse("scan", path, *fasta, "--covariate", "a=1")
    assert "does not exist" in refuse("scan", path, "--fasta", tmp_path / "none.fa")


def test_variants_print_and_write(dna, ask, refuse, tmp_path):
    path, model = dna
    genome = text(80, 3)
    (tmp_path / "g.fa").write_text(f">chr1\n{genome}\n")
    alt = "ACGT"["ACGT".index(genome[40]) - 1]
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT"]
    lines += [f"chr1\t41\t.\t{genome[40]}\t{alt}", f"chr1\t41\t.\t{alt}\t{genome[40]}", "chr7\t1\t.\tA\tC"]
    (tmp_path / "v.vcf.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    out, vcf = tmp_path / "o.csv", tmp_path / "o.vcf"
    files = ("--vcf", tmp_path / "v.vcf.gz", "--genome", tmp_path / "g.fa")
    found = ask("variants", path, *files, "--out", out, "--vcf-out", vcf)
    assert set(found) == {"variants"} and len(found["variants"]) == 3
    first, wrong, outside = found["variants"]
    assert list(first) == list(COLUMNS)
    windows = [genome[30:51], genome[30:40] + alt + genome[41:51]]
    before, after = predict(model, one_hot(windows), output="logit")[:, 0]
    assert first["effect_logit"] == pytest.approx(after - before, abs=1e-5) and first["status"] == "ok"
    assert wrong["effect_logit"] is None and "the file has" in wrong["status"] and genome[40] in wrong["status"]
    assert outside["status"].startswith("outside")
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == 3 and int(rows[0]["best_start"]) == first["best_start"]
    one, other, _ = allele_info(vcf.read_text())
    assert one["DNACONV_LOGIT"] == pytest.approx(first["effect_logit"], rel=1e-4) and other["DNACONV_LOGIT"] is None
    assert one["DNACONV_BEST_LOGIT"] == pytest.approx(first["best_effect_logit"], rel=1e-4)
    assert one["DNACONV_BEST_START"] == first["best_start"] + 1 and one["DNACONV_BEST_STRAND"] == first["best_strand"]
    window = genome[first["best_start"] :][:21]
    mutant = window[: 40 - first["best_start"]] + alt + window[41 - first["best_start"] :]
    both = [each if first["best_strand"] == "+" else reverse_complement_text(each) for each in (window, mutant)]
    before, after = predict(model, one_hot(both), output="logit")[:, 0]
    assert first["best_effect_logit"] == pytest.approx(after - before, abs=1e-4)
    umask = os.umask(0o022)
    os.umask(umask)
    assert stat.S_IMODE(vcf.stat().st_mode) == 0o666 & ~umask
    assert len(list(tmp_path.glob("*.part"))) + len(list(tmp_path.glob(".*.part"))) == 0
    assert "does not exist" in refuse("variants", path, "--vcf", tmp_path / "n.vcf", "--genome", tmp_path / "g.fa")


def test_variants_stand_beside_matched_random_ones(dna, ask, tmp_path):
    path, _ = dna
    genome = text(4000, 3)
    (tmp_path / "g.fa").write_text(f">chr1\n{genome}\n")
    alt = "ACGT"["ACGT".index(genome[1000]) - 1]
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT", f"chr1\t1001\t.\t{genome[1000]}\t{alt}"]
    (tmp_path / "v.vcf").write_text("\n".join([*lines, "chr7\t1\t.\tA\tC"]))
    out, vcf = tmp_path / "o.csv", tmp_path / "o.vcf"
    found = ask(
        "variants", path, "--vcf", tmp_path / "v.vcf", "--genome", tmp_path / "g.fa", "--null", 30, "--out", out,
        "--vcf-out", vcf,
    )  # fmt: skip
    first, outside = found["variants"]
    assert first["null_source"] == "region" and 0 <= first["null_percentile"] <= 1
    assert first["null_q"] == first["null_p"] and round(31 * first["null_p"], 6) % 1 == 0  # of one variant, 30 matches
    assert outside["null_p"] is None and found["null_threshold"] > 0
    rows = list(csv.DictReader(out.open()))
    assert float(rows[0]["null_p"]) == pytest.approx(first["null_p"], rel=1e-5) and rows[1]["null_q"] == ""
    written = vcf.read_text()
    assert list(first) == [*COLUMNS, *JUDGED] and list(rows[0]) == list(first)
    one, other = allele_info(written)
    assert one["DNACONV_NULL_SOURCE"] == "region"
    for name, of in {"PERCENTILE": "null_percentile", "P": "null_p", "Q": "null_q", "BEST_P": "best_p"}.items():
        assert one[f"DNACONV_{name}"] == pytest.approx(first[of], rel=1e-4)
    assert one["DNACONV_BEST_Q"] == one["DNACONV_BEST_P"] and 0 <= one["DNACONV_BEST_PERCENTILE"] <= 1
    assert {name for name, value in other.items() if value is not None} == {"DNACONV_STATUS"}
    ask("variants", path, "--vcf", vcf, "--genome", tmp_path / "g.fa", "--vcf-out", tmp_path / "again.vcf")
    (again, _) = allele_info((tmp_path / "again.vcf").read_text())
    assert "DNACONV_Q" not in again and again["DNACONV_LOGIT"] == one["DNACONV_LOGIT"]


def test_many_variants_are_counted_and_the_first_printed(dna, capsys, tmp_path):
    (tmp_path / "g.fa").write_text(f">chr1\n{text(80, 3)}\n")
    (tmp_path / "v.vcf").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "chr7\t1\t.\tA\tC\n" * 53)
    assert main([*map(str, ("variants", dna[0], "--vcf", tmp_path / "v.vcf", "--genome", tmp_path / "g.fa"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 51 and lines[0].startswith("chr7:1 A>C") and lines[-1] == "… and 3 more"


def test_evaluation_needs_labels(dna, refuse, tmp_path):
    (tmp_path / "t.csv").write_text(f"id,sequence\na,{text(21)}\n")
    assert "t.csv has no labels to measure against" in refuse("evaluate", dna[0], "--data", tmp_path / "t.csv")


def test_sirna_prints_and_writes(ask, refuse, tmp_path, dna):
    config = ModelConfig(
        length=21, alphabet="RNA", task="regression", output="linear", depth=1, kernel_size=4, filters=3
    )
    path = save_bundle(tmp_path / "rnai", build(config, 1).eval(), "rnai")
    mrna = text(60, 5, "RNA")
    (tmp_path / "m.fa").write_text(f">m\n{mrna.replace('U', 'T')}\n")
    found = ask("sirna", "--fasta", tmp_path / "m.fa", "--model", path, "--out", tmp_path / "o.csv", "--dtdt")
    assert (
        set(found) == {"sites", "cds", "interval"}
        and found["interval"] is None
        and len(found["sites"]) == 40
        and found["cds"] == {}
    )
    site = found["sites"][0]
    header = set(next(csv.reader((tmp_path / "o.csv").open()))) - set(RULES)
    assert set(site) == header | {"interval", "rules"} and set(site["rules"]) == set(RULES)
    assert site["off_targets"] == "not searched" and site["sense_oligo"].endswith("dTdT") and site["rank"] == 1
    some = ask("sirna", "--fasta", tmp_path / "m.fa", "--model", path, "--apart", "--cds", "4-33")
    starts = sorted(one["start"] for one in some["sites"])
    assert 1 <= len(starts) <= 2 and all(b - a >= 21 for a, b in itertools.pairwise(starts))
    assert some["cds"] == {"m": {"start": 3, "end": 33, "how": "given"}}
    assert site["target"] == mrna[site["start"] : site["start"] + 21]
    assert site["guide"] == reverse_complement_text(site["target"], "RNA")
    assert [s["prediction"] for s in found["sites"]] == sorted((s["prediction"] for s in found["sites"]), reverse=True)
    assert all(isinstance(value, bool) for value in site["rules"].values())
    rows = list(csv.DictReader((tmp_path / "o.csv").open()))
    assert len(rows) == 40 and rows[0]["sense_oligo"].endswith("dTdT")
    also = ("--transcriptome", tmp_path / "m.fa", "--out", tmp_path / "o.csv")
    counted = ask("sirna", "--fasta", tmp_path / "m.fa", "--model", path, *also)["sites"][0]
    assert counted["exact"] == counted["exact_sites"] >= 1 and counted["transcripts"] == ["m"]
    assert set(next(csv.reader((tmp_path / "o.csv").open()))) - set(RULES) <= set(counted)
    assert "siRNA design needs one that reads 21" in refuse("sirna", "--fasta", tmp_path / "m.fa", "--model", dna[0])
    for cds in ("x", "²-5"):
        told = refuse("sirna", "--fasta", tmp_path / "m.fa", "--model", path, "--cds", cds)
        assert f"--cds is {cds!r}: write START-END" in told


@pytest.mark.parametrize("packed", [False, True])
def test_predict_reads_a_column_of_a_table(dna, ask, refuse, tmp_path, packed):
    path, model = dna
    sequences = [text(21, seed) for seed in range(3)]
    content = "name,oligo\n" + "".join(f"r{i},{s}\n" for i, s in enumerate(sequences))
    table = tmp_path / ("t.csv.gz" if packed else "t.csv")
    table.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    rows = ask("predict", path, "--table", table, "--column", "oligo")
    told = {"score", "probability", "probability_low", "probability_high", "percentile"}
    assert [set(row) - {"unlike"} for row in rows] == [{"id", "sequence", "prediction", *told}] * 3
    assert all(row["probability_low"] <= row["probability"] <= row["probability_high"] for row in rows)
    assert [row["id"] for row in rows] == ["r0", "r1", "r2"] and [row["sequence"] for row in rows] == sequences
    expected = predict(model, one_hot(sequences))[:, 0]
    assert [row["prediction"] for row in rows] == pytest.approx(expected.tolist(), abs=1e-6)
    detailed = ask("predict", path, "--table", table, "--column", "oligo", "--details")
    assert {"other_strand", "calibrated", "percentile", "among_negatives", "among_positives"} <= set(detailed[0])
    kept = read_reference(path).prediction
    assert [row["percentile"] for row in rows] == pytest.approx([(kept < value).mean() for value in expected])
    assert [row["percentile"] for row in detailed] == [row["percentile"] for row in rows]
    assert "no sequence column 'x'" in refuse("predict", path, "--table", table, "--column", "x")
    assert "give one of them at a time" in refuse("predict", path, "ACGT", "--table", table)
    assert "give --table FILE too" in refuse("predict", path, "ACGT", "--column", "x")


def test_predict_puts_what_is_mostly_unknown_into_backgrounds(dna, ask):
    path, model = dna
    texts = ["N" * 7 + "TGACTCA" + "N" * 7, text(21, 0)]
    few, whole = ask("predict", path, *texts, "--backgrounds", 20)
    assert few["known"] == pytest.approx(1 / 3, abs=1e-6) and whole["withheld"] is None
    assert [few[name] for name in ("probability", "probability_low", "percentile")] == [None] * 3
    assert few["withheld"].startswith("only 33.3 % of the window's bases are known")
    X = backgrounds_of(model.config, read_reference(path), 20)
    X[:, :, 7:14] = one_hot("TGACTCA")
    assert few["in_backgrounds_score"] == pytest.approx(predict(model, X)[:, 0].mean(), abs=1e-6)
    assert few["in_backgrounds_score_low"] < few["in_backgrounds_score"] < few["in_backgrounds_score_high"]
    assert whole["in_backgrounds_score"] is None and whole["probability"] is not None


def test_predict_takes_covariates_from_the_table(ask, refuse, tmp_path):
    config = ModelConfig(length=8, depth=1, kernel_size=3, filters=3, covariates=("accessibility",))
    model = build(config, 1).eval()
    path = save_bundle(tmp_path / "m", model, "chromatin")
    table = tmp_path / "t.tsv"
    table.write_text("id\tsequence\taccessibility\na\tACGTACGT\t0.5\nb\tACGTACGA\t0.1\n")
    rows = ask("predict", path, "--table", table)
    expected = predict(model, one_hot(["ACGTACGT", "ACGTACGA"]), np.float32([[0.5], [0.1]]))[:, 0]
    assert [row["prediction"] for row in rows] == pytest.approx(expected.tolist(), abs=1e-6)
    told = refuse("predict", path, "ACGTACGT")
    assert "this model needs accessibility beside each sequence: give --covariates" in told
