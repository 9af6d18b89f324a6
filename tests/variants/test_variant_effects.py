"""Variants: windows built by hand, every odd record reported, and files that keep what they were given."""

from __future__ import annotations

import csv
import gzip
import io

import numpy as np
import pytest
import torch

from dnaconv_core.data.genome import Genome
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot, reverse_complement_text
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.variants.effects import pasted_variant, score_variants
from dnaconv_core.variants.files import COLUMNS, write_table, write_vcf
from dnaconv_core.variants.vcf import read_vcf

LENGTH = 15
CHR1 = decode(from_codes(np.random.default_rng(7).integers(0, 4, 60)))[0]
CHR2 = "ACGTTGCA" * 3 + "N" * 8 + "TTGACTCATGCCATGA" * 2


@pytest.fixture
def model():
    made = build(ModelConfig(length=LENGTH, depth=2, kernel_size=4, filters=5), 3).eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for conv in made.convs:
            conv.bias.normal_(0, 0.2)
    return made


@pytest.fixture
def genome(tmp_path):
    path = tmp_path / "genome.fa"
    lines = [f">{name}\n" + "\n".join(text[i : i + 25] for i in range(0, len(text), 25)) for name, text in CONTIGS]
    path.write_text("\n".join(lines) + "\n")
    with Genome(path) as opened:
        yield opened


CONTIGS = [("chr1", CHR1.lower()), ("chr2", CHR2), ("tiny", "ACGTACG")]


def vcf(tmp_path, *records: str, packed: bool = False):
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1"]
    lines += ["\t".join([*record.split(), ".", ".", "PASS", "DP=3", "GT", "0/1"]) for record in records]
    lines = [line.replace("\t.\t.\tPASS", "\t.\tPASS") for line in lines]
    path = tmp_path / ("in.vcf.gz" if packed else "in.vcf")
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def logit(model, text: str) -> float:
    return float(predict(model, one_hot(text), output="logit")[0, 0])


def other(base: str) -> str:
    return "ACGT"["ACGT".index(base) - 1]


def test_a_bad_line_is_passed_over_and_listed(model, genome, tmp_path):
    """REF '.', '-' and '<DEL>', and ALT alleles with a U or small letters, stand in the answer as in the file."""
    good = f"chr1\t31\trs1\t{CHR1[30].lower()}\t{other(CHR1[30]).lower()}"
    lines = [
        good,
        "chr1\t31\t.\t.\tA",
        "chr1\t31\t.\t-\tA",
        "chr1\t31\t.\t<DEL>\tA",
        "chr1 31 . A C",
        "",
        "chr1\tx\t.\tA\tC",
    ]
    symbols = ["<DUP>", "<INS:ME:ALU>", "g]chrUn_gl000220:100]", "*", "."]
    lines += [f"chr1\t31\t.\t{CHR1[30]}\t{symbol}" for symbol in symbols] + [good.upper()]
    path = tmp_path / "v.vcf"
    path.write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "\n".join(lines) + "\n")
    file = read_vcf(path)
    effects = list(score_variants(model, file.variants, genome))
    assert [effect.variant.ref for effect in effects[:4]] == [CHR1[30].lower(), ".", "-", "<DEL>"]
    assert [effect.alt for effect in effects] == [other(CHR1[30]).lower(), "A", "A", "A", *symbols, other(CHR1[30])]
    words = [effect.status.split(":")[0] for effect in effects]
    assert words == ["ok", *["unsupported"] * 3, *["unsupported"] * 4, "no_alt", "ok"]
    assert effects[1].status == "unsupported: the allele . is not written out in bases"
    assert [(one.file, one.line, one.reason.split(":")[0]) for one in file.skipped] == [
        (str(path), 6, "has 1 columns"),
        (str(path), 8, "has the position 'x'"),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_a_substitution_is_scored_in_the_window_around_it(model, genome, tmp_path, packed):
    at = 30  # 0-based
    alt = other(CHR1[at])
    path = vcf(tmp_path, f"chr1 {at + 1} rs1 {CHR1[at]} {alt}", packed=packed)
    (effect,) = score_variants(model, read_vcf(path).variants, genome)
    ref_window = CHR1[at - 7 : at + 8]
    alt_window = CHR1[at - 7 : at] + alt + CHR1[at + 1 : at + 8]
    assert (effect.status, effect.window_start) == ("ok", at - 7)
    assert (effect.ref_window, effect.alt_window) == (ref_window, alt_window)
    before, after = logit(model, ref_window), logit(model, alt_window)
    assert effect.effect_logit == pytest.approx(after - before, abs=2e-6)
    sigmoid = [1 / (1 + np.exp(-value)) for value in (before, after)]
    assert effect.effect_prediction == pytest.approx(sigmoid[1] - sigmoid[0], abs=1e-6)
    tried = {}
    for start in range(at - 14, at + 1):
        a, b = CHR1[start : start + 15], (CHR1[:at] + alt + CHR1[at + 1 :])[start : start + 15]
        tried[start, "+"] = logit(model, b) - logit(model, a)
        tried[start, "-"] = logit(model, reverse_complement_text(b)) - logit(model, reverse_complement_text(a))
    best = max(tried, key=lambda key: abs(tried[key]))
    assert (effect.best_start, effect.best_strand) == best
    assert effect.best_effect_logit == pytest.approx(tried[best], abs=2e-6)


def test_insertions_deletions_and_several_alleles(model, genome, tmp_path):
    base = CHR1[30]
    records = [
        f"chr1 31 . {base} {base}GGT",
        f"chr1 31 . {CHR1[30:35]} {base}",
        f"chr1 31 . {base} {other(base)},{base}AC,<DEL>,*",
    ]
    effects = list(score_variants(model, read_vcf(vcf(tmp_path, *records)).variants, genome))
    inserted = (CHR1[:30] + base + "GGT" + CHR1[31:])[23:38]
    deleted = (CHR1[:31] + CHR1[35:])[23:38]
    reference = logit(model, CHR1[23:38])
    assert effects[0].effect_logit == pytest.approx(logit(model, inserted) - reference, abs=2e-6)
    assert effects[1].effect_logit == pytest.approx(logit(model, deleted) - reference, abs=2e-6)
    assert [effect.alt for effect in effects[2:]] == [other(base), base + "AC", "<DEL>", "*"]
    assert [effect.status.split(":")[0] for effect in effects] == ["ok"] * 4 + ["unsupported"] * 2
    assert effects[4].effect_logit is None


def test_odd_records_are_reported_and_the_rest_goes_on(model, genome, tmp_path):
    records = {
        f"chr1 31 . {other(CHR1[30])} {CHR1[30]}": "ref_mismatch: the file has "
        f"{other(CHR1[30])} and the genome has {CHR1[30]}",
        f"chr1 61 . {CHR1[0]} A": "outside: chr1 has 60 bases",
        f"chr1 60 . {CHR1[59]}A A": "outside: chr1 has 60 bases",
        "chr1 0 . A C": "outside: chr1 has 60 bases",
        "chr9 5 . A C": "outside: the genome has no contig chr9",
        "chr2 27 . A C": "ref_unknown: the genome has N where the file has A",
        "chr2 20 . T C": "unknown_bases: 3 of the window's 15 bases are unknown",
        "tiny 3 . G C": "short_contig: tiny has 7 bases and the model reads 15",
        f"chr1 31 . {CHR1[30]} .": "no_alt: the line names no alternative allele",
        f"chr1 2 . {CHR1[1]} {other(CHR1[1])}": "contig_end: the window was moved by 6 bases to fit the contig",
        f"chr1 60 . {CHR1[59]} {other(CHR1[59])}": "contig_end: the window was moved by 7 bases to fit the contig",
        f"1 31 . {CHR1[30]} {other(CHR1[30])}": "ok",  # without 'chr'
    }
    effects = list(score_variants(model, read_vcf(vcf(tmp_path, *records)).variants, genome))
    assert [effect.status for effect in effects] == list(records.values())
    scored = [effect.effect_logit is not None for effect in effects]
    assert scored == [False] * 6 + [True, False, False, True, True, True]
    first, last = effects[9], effects[10]
    assert (first.window_start, first.ref_window) == (0, CHR1[:15])
    assert (last.window_start, last.ref_window) == (45, CHR1[45:])
    assert last.effect_logit == pytest.approx(
        logit(model, CHR1[45:59] + other(CHR1[59])) - logit(model, CHR1[45:]), abs=2e-6
    )


def test_a_deletion_at_the_end_of_a_contig(model, genome, tmp_path):
    record = f"chr1 56 . {CHR1[55:60]} {CHR1[55]}"
    (effect,) = score_variants(model, read_vcf(vcf(tmp_path, record)).variants, genome)
    assert (effect.window_start, effect.ref_window) == (45, CHR1[45:60])
    assert effect.alt_window == CHR1[45:56] + "NNNN"
    assert effect.status == "contig_end: behind the deletion the contig ends, and unknown bases fill the window"
    expected = logit(model, CHR1[45:56] + "NNNN") - logit(model, CHR1[45:60])
    assert effect.effect_logit == pytest.approx(expected, abs=2e-6)


def test_motif_hits_gained_and_lost(model, genome, tmp_path):
    start = CHR2.index("TGACTCA")
    motif = from_iupac("TGASTCA", "AP-1")
    records = [f"chr2 {start + 4} . C A", f"chr2 {start + 4} . C G", f"chr2 {start + 12} . C T"]
    lost, kept, far = score_variants(model, read_vcf(vcf(tmp_path, *records)).variants, genome, motifs=[motif])
    assert [str(hit) for hit in lost.lost] == ["AP-1:TGACTCA(+)-3"] and lost.gained == ()
    assert {hit.word for hit in kept.gained} == {"TGAGTCA"} and not far.lost and not far.gained


def test_covariates_and_another_alphabet(genome, tmp_path):
    path = vcf(tmp_path, f"chr1 31 . {CHR1[30]} {other(CHR1[30])}")
    with_one = build(ModelConfig(length=LENGTH, depth=1, kernel_size=4, filters=3, covariates=("a",)), 1).eval()
    (effect,) = score_variants(with_one, read_vcf(path).variants, genome, covariates=np.float32([0.5]))
    expected = predict(with_one, one_hot(CHR1[23:38]), np.float32([[0.5]]), output="logit")[0, 0]
    assert effect.ref_logit == pytest.approx(expected, abs=2e-6)
    with pytest.raises(InputError, match="this model needs a beside"):
        list(score_variants(with_one, read_vcf(path).variants, genome))
    rna = build(ModelConfig(length=LENGTH, alphabet="RNA", depth=1, kernel_size=4, filters=3)).eval()
    with pytest.raises(InputError, match="variants need a model that reads DNA"):
        list(score_variants(rna, read_vcf(path).variants, genome))


def test_table_and_annotated_vcf(model, genome, tmp_path):
    base = CHR1[30]
    path = vcf(tmp_path, f"chr1 31 =x {base} {other(base)},{base}A", "chr9 4 . A C")
    file = read_vcf(path)
    table, out = io.StringIO(), io.StringIO()
    effects = list(write_vcf(out, file.header, write_table(table, score_variants(model, file.variants, genome))))
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert tuple(rows[0]) == COLUMNS and [row["pos"] for row in rows] == ["31", "31", "4"]
    assert rows[0]["id"] == "'=x" and rows[2]["effect_logit"] == "" and rows[2]["status"].startswith("outside")
    assert float(rows[0]["effect_logit"]) == pytest.approx(effects[0].effect_logit, rel=1e-5)
    lines = out.getvalue().splitlines()
    assert lines[0] == "##fileformat=VCFv4.2" and lines[-3].startswith("#CHROM") and len(lines) == 10
    fields = lines[-2].split("\t")
    assert fields[:7] == ["chr1", "31", "=x", base, f"{other(base)},{base}A", ".", "PASS"] and fields[8:] == [
        "GT",
        "0/1",
    ]
    info = dict(entry.split("=") for entry in fields[7].split(";"))
    assert info["DP"] == "3" and info["DNACONV_STATUS"] == "ok,ok"
    assert float(info["DNACONV_LOGIT"].split(",")[1]) == pytest.approx(effects[1].effect_logit, rel=1e-4)
    assert "DNACONV_LOGIT=.;" in lines[-1] and lines[-1].split("\t")[7].endswith("DNACONV_STATUS=outside")


def test_an_annotated_vcf_is_annotated_again_in_place(model, genome, tmp_path):
    def annotated(path) -> str:
        file, out = read_vcf(path), io.StringIO()
        list(write_vcf(out, file.header, score_variants(model, file.variants, genome)))
        return out.getvalue()

    path = tmp_path / "v.vcf"  # begins with a byte-order mark, ends its lines as Windows does, and has no INFO
    path.write_bytes(f"\ufeff##x\r\n#CHROM\tPOS\tID\tREF\tALT\r\nchr1\t31\t.\t{CHR1[30]}\tN\r\n".encode())
    once = annotated(path)
    assert once.splitlines()[-2] == "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    assert len(once.splitlines()[-1].split("\t")) == 8 and "DNACONV_STATUS=unknown_bases" in once
    path.write_text(once)
    assert annotated(path) == once


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr1\t5\t.\tA\tC\n", "line 1 comes before a header"),
        ("", "has no '#CHROM' line"),
        ("##fileformat=VCFv4.2\n#CHROM POS ID REF ALT\n", "line 2 has no tabs"),
        ("#CHROM\tPOS\tID\tREF\tALT\nchr1 5 . A C\n", "line 2 has 1 columns"),
        ("#CHROM\tPOS\tID\tREF\tALT\n\nchr1\tfive\t.\tA\tC\n", "line 3 has the position 'five'"),
        (f"#CHROM\tPOS\tID\tREF\tALT\nchr1\t{'9' * 5000}\t.\tA\tC\n", "line 2 has the position '9999"),
    ],
)
def test_a_damaged_vcf_is_named_by_line(tmp_path, content, message):
    path = tmp_path / "bad.vcf"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        list(read_vcf(path).variants)


@pytest.mark.parametrize(
    ("ref", "alt", "expected"),
    [
        ("ACGTACGTACGTACGTACGT", "ACGTACGTCCGTACGTACGT", (9, "A", "C")),
        ("AACCGGTTAACCGGTTAACC", "AACCGGTTAAGGCCGGTTAACC", (10, "A", "AGG")),
        ("AACCGGTTAACCGGTTAACC", "AACCGGTTAAGGTTAACC", (10, "ACC", "A")),
        ("AACCGGTTAACCGGTTAACC", "GAACCGGTTAACCGGTTAACC", (1, "A", "GA")),
        ("ACGTACG", "ACGAACG", (8, "T", "A")),  # padded with 4 N before
    ],
)
def test_two_pasted_sequences_are_a_variant(model, ref, alt, expected):
    variant, genome = pasted_variant(ref, alt, length=LENGTH)
    assert (variant.pos, variant.ref, variant.alts[0]) == expected
    text = genome["pasted"].text(0, genome["pasted"].length)
    changed = text[: variant.start] + variant.alts[0] + text[variant.start + len(variant.ref) :]
    assert changed.strip("N") == alt and text.strip("N") == ref
    (effect,) = score_variants(model, [variant], genome)
    assert effect.effect_logit is not None
    with pytest.raises(InputError, match="the two sequences are the same"):
        pasted_variant(ref, ref, length=LENGTH)
