"""siRNA design: orientation, rules by hand, energies from the published table, matches counted slowly."""

from __future__ import annotations

import csv
import gzip
import io

import numpy as np
import pytest

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot, reverse_complement, reverse_complement_text
from dnaconv_core.sirna.design import NOT_SEARCHED, apart, design, duplex, longest_orf, oligos, sites_csv
from dnaconv_core.sirna.offtargets import find_offtargets
from dnaconv_core.sirna.rules import (
    RULES,
    check_rules,
    end_energies,
    longest_run,
    longest_stem,
    reynolds_score,
    stacking_energy,
)

GUIDES = {"length": 21, "alphabet": "RNA", "task": "regression", "output": "linear"}
GUIDE = "UAAGCUUCAGGAUCUGACGGA"
TARGET = "UCCGUCAGAUCCUGAAGCUUA"  # read from GUIDE's end: A→U, G→C, G→C, C→G, …


def bundle_of(model, tmp_path) -> Bundle:
    return Bundle(model.eval(), model.config, "rnai", {}, {}, "", tmp_path)


@pytest.fixture
def rnai(tmp_path) -> Bundle:
    config = ModelConfig(
        length=21, alphabet="RNA", task="regression", output="linear", depth=1, filters=3, kernel_size=5
    )
    return bundle_of(build(config, 1), tmp_path)


def random_rna(n: int, seed: int = 0) -> str:
    return decode(from_codes(np.random.default_rng(seed).integers(0, 4, n)), "RNA")[0]


def test_each_site_has_the_guide_that_pairs_with_it(rnai):
    record = Record("mRNA", "GG" + TARGET + "ACGT", 0)  # T is read as U
    found = design(rnai, [record])
    assert len(found.sites) == 27 - 21 + 1 and found.n_missing == 0
    site = next(site for site in found.sites if site.start == 2)
    assert (site.target, site.guide, site.id) == (TARGET, GUIDE, "mRNA")
    assert site.seed == "AAGCUUC" and site.gc == pytest.approx(10 / 21)
    assert site.prediction == pytest.approx(float(predict(rnai.model, one_hot(GUIDE, "RNA"))[0, 0]), abs=1e-6)
    scores = [site.prediction for site in found.sites]
    assert scores == sorted(scores, reverse=True)


def test_oligos_pair_over_19_bases_and_hang_over_by_two(rnai):
    record = Record("mRNA", TARGET + "GA", 0)
    site = next(site for site in design(rnai, [record]).sites if site.start == 0)
    sense, antisense = oligos(site)
    assert (sense, antisense) == ("CGUCAGAUCCUGAAGCUUAGA", GUIDE)
    assert reverse_complement_text(sense[:19], "RNA") == antisense[:19]
    assert oligos(site, dtdt=True) == ("CGUCAGAUCCUGAAGCUUAdTdT", "UAAGCUUCAGGAUCUGACGdTdT")
    last = next(site for site in design(rnai, [record]).sites if site.start == 2)
    assert last.sense.endswith("UU") and len(last.sense) == 21  # the mRNA ends here


@pytest.mark.slow
def test_active_guides_are_recovered_in_the_orientation_of_the_training_data(shared_data, tmp_path):
    from dnaconv_core.data.formats import read_dataset
    from dnaconv_core.train.loop import fit

    train = read_dataset(shared_data / "sirna" / "train_siRNA", alphabet="RNA")
    valid = read_dataset(shared_data / "sirna" / "valid_siRNA", alphabet="RNA")
    config = ModelConfig(
        length=21, alphabet="RNA", task="regression", output="linear", depth=1, filters=10, dropout=0.2
    )
    model = build(config, 0)
    fit(model, train, valid, TrainConfig(epochs=30, eval_every=30, batch_size=100, learning_rate=3e-3, device="cpu"))
    guides = valid.sequences()
    mrna = "".join(reverse_complement_text(guide, "RNA") for guide in guides)
    sites = {site.start: site for site in design(bundle_of(model, tmp_path), [Record("joined", mrna, 0)]).sites}
    found = [sites[21 * i] for i in range(len(guides))]
    assert [site.guide for site in found] == guides
    as_given = predict(model, valid)[:, 0]
    np.testing.assert_allclose([site.prediction for site in found], as_given, atol=1e-5)
    turned = predict(model, reverse_complement(valid.X))[:, 0]
    activity = valid.y[:, 0]
    right, wrong = np.corrcoef(as_given, activity)[0, 1], np.corrcoef(turned, activity)[0, 1]
    assert right > 0.5 and wrong < 0.25
    active = activity > np.quantile(activity, 0.8)
    assert as_given[active].mean() > as_given[~active].mean() + 0.1


def test_the_rules_by_hand():
    # sense 19: CGUCAGAUCCUGAAGCUUA; GC of the guide's 19: UAAGCUUCAGGAUCUGACG has 9 of 19
    kept = check_rules(GUIDE)
    assert kept == {
        "ui_tei_1": True,  # guide begins with U
        "ui_tei_2": True,  # sense begins with C
        "ui_tei_3": True,  # UAAGCUU: five A/U
        "ui_tei_4": True,
        "reynolds_1": True,  # 47 %
        "reynolds_2": True,  # sense 15 to 19 is GCUUA: three A/U
        "reynolds_3": False,  # UCAG … CUGA pair
        "reynolds_4": True,  # sense 19 is A
        "reynolds_5": False,  # sense 3 is U
        "reynolds_6": False,  # sense 10 is C
        "reynolds_7": True,
        "reynolds_8": True,  # sense 13 is A
    }
    assert reynolds_score(GUIDE) == 3 + 1 + 0 + 1  # A/U in 15 to 19, GC, hairpin, A19
    assert all(rule.source and rule.title for rule in RULES.values())
    worst = "GCGCGCGCGCGCGCCCCCCCC"
    assert not any(check_rules(worst)[key] for key in ("ui_tei_1", "ui_tei_3", "ui_tei_4", "reynolds_1", "reynolds_7"))
    assert check_rules("A" * 6 + "C" + "A" * 14)["reynolds_8"] is False  # guide 7 faces sense 13


def test_energies_are_those_of_the_published_table():
    # Xia et al. 1998: AA/UU −0.93, AG = CU −2.08, GC −3.42, CU −2.08
    assert stacking_energy("AAGCU") == pytest.approx(-0.93 - 2.08 - 3.42 - 2.08)
    assert stacking_energy("CCGUC") == pytest.approx(stacking_energy("GACGG"))  # either strand
    first, last = end_energies(GUIDE)
    # UAAGC: UA −1.33, AA −0.93, AG −2.08, GC −3.42, terminal AU +0.45; UGACG: UG −2.11, GA −2.35, AC −2.24, CG −2.36
    assert first == pytest.approx(-1.33 - 0.93 - 2.08 - 3.42 + 0.45)
    assert last == pytest.approx(end_energies("A" * 14 + "UGACG" + "AA")[1])
    assert last == pytest.approx(-2.11 - 2.35 - 2.24 - 2.36)


def test_runs_and_stems_by_hand():
    assert longest_run("AACCCGU") == 3 and longest_run("ACGU") == 1 and longest_run("AGCGCUGC", "GC") == 4
    assert longest_stem("GGGGAAACCCC") == 4
    assert longest_stem("GGGGAACCCC") == 3  # a loop of two is too tight: its innermost pair opens
    assert longest_stem("AAAAAAAAA") == 0
    assert longest_stem("ACGUUUUUUACGU") == 4


def test_regions_follow_the_coding_region(rnai):
    orf = "AUG" + "GCU" * 100 + "UAA"
    text = "GGCC" * 10 + orf + "CCGG" * 10
    assert longest_orf(text) == (40, 40 + len(orf))
    assert longest_orf("AUGGCUUAA") is None
    by_start = {site.start: site.region for site in design(rnai, [Record("m", text, 0)]).sites}
    assert (by_start[0], by_start[39], by_start[40]) == ("5' UTR", "5' UTR", "CDS")
    end = 40 + len(orf)
    assert (by_start[end - 21], by_start[end - 20]) == ("CDS", "3' UTR")
    given = design(rnai, [Record("m", text, 0)], cds=(0, 30))
    assert design(rnai, [Record("m", text, 0)]).guessed and not given.guessed
    assert given.cds == {"m": (0, 30)} and {s.region for s in given.sites} == {"CDS", "3' UTR"}
    with pytest.raises(InputError, match="is 6-999, counted from 1: it must lie within a single mRNA"):
        design(rnai, [Record("m", text, 0)], cds=(5, 999))


def test_unknown_bases_and_short_records(rnai):
    found = design(rnai, [Record("m", random_rna(30) + "N" + random_rna(25, 1), 1)])
    assert found.n_missing == 21 and len(found.sites) == 10 + 5
    with pytest.raises(InputError, match="sequence 1 \\('m'\\) has 20 bases: a target site has 21"):
        design(rnai, [Record("m", "A" * 20, 0)])
    with pytest.raises(InputError, match="no site has 21 known bases"):
        design(rnai, [Record("m", "A" * 15 + "N" + "A" * 15, 1)])


def test_two_records_of_one_name_are_refused(rnai):
    with pytest.raises(InputError, match="the mRNA 'a' comes twice: give each its own name"):
        design(rnai, [Record("a", random_rna(30), 0), Record("a", random_rna(40), 0)])


def test_the_longest_frame_is_found_where_no_frame_ends():
    orf = "AUG" + "GCU" * 100 + "UAA"
    assert longest_orf("CC" + orf + "AUG" * 20_000) == (2, 2 + len(orf))  # its quadratic form took minutes
    assert longest_orf("AUG" + "GCU" * 97 + "UGA") is None  # 297 bases
    assert longest_orf(orf + "G" + orf) == (0, len(orf))  # the first of two alike


def test_a_model_of_something_else_is_refused(tmp_path):
    dna = bundle_of(build(ModelConfig()), tmp_path)
    with pytest.raises(InputError, match="the model reads 101 bases of DNA; siRNA design needs one that reads 21"):
        design(dna, [Record("m", "A" * 30, 0)])


def slow_count(guide: str, transcripts: dict[str, str]) -> tuple[int, int, int, list[str]]:
    target, seed = reverse_complement_text(guide, "RNA"), reverse_complement_text(guide[1:8], "RNA")
    seeds = exact = near = 0
    names = []
    for name, text in transcripts.items():
        seeds += sum(text[i : i + 7] == seed for i in range(len(text) - 6))
        for i in range(len(text) - 20):
            window = text[i : i + 21]
            if "N" not in window:
                different = sum(a != b for a, b in zip(window, target, strict=True))
                exact, near = exact + (different == 0), near + (different == 1)
                if different < 2 and name not in names:
                    names.append(name)
    return seeds, exact, near, names


@pytest.mark.parametrize("piece", [1 << 20, 50, 333])
def test_matches_in_a_transcriptome_are_counted(tmp_path, monkeypatch, piece):
    monkeypatch.setattr("dnaconv_core.sirna.offtargets._PIECE", piece)
    rng = np.random.default_rng(5)
    target = TARGET
    changed = [target[:i] + "ACGU"["ACGU".index(target[i]) - 1] + target[i + 1 :] for i in (0, 9, 10, 20)]
    twice = changed[0][:5] + "ACGU"["ACGU".index(target[5]) - 1] + changed[0][6:]
    transcripts = {
        "own": random_rna(100, 1) + target + random_rna(70, 2),
        "close": random_rna(30, 3).join(changed),
        "far": twice + random_rna(900, 4),
        "unknown": target[:10] + "N" + target[11:],
        "short": "ACGU",
        "own2": target + target,
    }
    guides = [GUIDE, *(random_rna(21, seed) for seed in range(10, 14))]
    transcripts["other"] = reverse_complement_text(guides[2], "RNA")
    lines = []
    for name, text in transcripts.items():
        width = int(rng.integers(7, 40))
        lines += [f">{name} words after it", *(text[i : i + width] for i in range(0, len(text), width))]
    path = tmp_path / "transcripts.fa.gz"
    path.write_bytes(gzip.compress("\n".join(lines).replace("U", "t").encode()))  # DNA letters, any case
    found = find_offtargets(guides, path)
    for i, guide in enumerate(guides):
        seeds, exact, near, names = slow_count(guide, transcripts)
        assert (found.seed_sites[i], found.exact[i], found.one_mismatch[i]) == (seeds, exact, near)
        assert found.names[i] == names[:5]
    assert (found.exact[0], found.one_mismatch[0]) == (3, 4)
    assert found.n_transcripts == 7 and found.n_bases == sum(map(len, transcripts.values()))


def test_a_transcriptome_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DataError, match="does not exist: check the name"):
        find_offtargets([GUIDE], tmp_path / "none.fa")
    (tmp_path / "x.fa").write_text("ACGT\n>late\nACGT")
    with pytest.raises(DataError, match="begins with 'ACGT': FASTA records begin with"):
        find_offtargets([GUIDE], tmp_path / "x.fa")
    (tmp_path / "empty.fa").write_text("")
    with pytest.raises(DataError, match="has no record"):
        find_offtargets([GUIDE], tmp_path / "empty.fa")
    with pytest.raises(InputError, match="the guide 'ACGT' is not 21 bases"):
        find_offtargets(["ACGT"], tmp_path / "x.fa")


def test_the_table_orders_and_cannot_hold_a_formula(rnai, tmp_path):
    (tmp_path / "t.fa").write_text(f">a\n{TARGET}\n")
    found = design(rnai, [Record("=cmd()", TARGET + "GA", 0)], transcriptome=tmp_path / "t.fa")
    rows = list(csv.DictReader(io.StringIO(sites_csv(found.sites, dtdt=True))))
    assert [row["rank"] for row in rows] == ["1", "2", "3"] and {row["id"] for row in rows} == {"'=cmd()"}
    row = next(row for row in rows if row["start"] == "0")
    assert row["antisense_oligo"] == "UAAGCUUCAGGAUCUGACGdTdT" and row["ui_tei_1"] == "pass"
    assert (row["exact_sites"], row["one_mismatch_sites"], row["transcripts"]) == ("1", "0", "a")


def test_the_duplex_is_drawn_antiparallel(rnai):
    text = "AACGUUGACCAGUAUCGGAUCCAG"
    site = next(one for one in design(rnai, [Record("m", text, 0)]).sites if one.start == 0)
    drawn = duplex(site)
    assert drawn.lines().splitlines() == [
        "5'    CGUUGACCAGUAUCGGAUCCA  3'  sense",
        "      |||||||||||||||||||  ",
        "3'  UUGCAACUGGUCAUAGCCUAG    5'  antisense (guide)",
    ]
    pairs = [pair for pair in zip(drawn.sense, drawn.antisense, strict=True) if " " not in pair]
    assert len(pairs) == 19 == drawn.bonds.count("|") and set(pairs) <= {("A", "U"), ("U", "A"), ("C", "G"), ("G", "C")}
    (low, high), (under, beyond) = drawn.overhangs
    assert (drawn.sense[low:high], drawn.antisense[under:beyond]) == ("CA", "UU")
    assert drawn.antisense[slice(*drawn.seed)][::-1] == site.seed == site.guide[1:8]
    assert duplex(site, dtdt=True).sense.endswith("GAUCtt") and duplex(site, dtdt=True).antisense.startswith("ttGC")


def test_overlapping_neighbours_are_left_out(rnai):
    sites = design(rnai, [Record("m", random_rna(200), 0), Record("n", random_rna(60, 1), 0)]).sites
    kept = apart(sites)
    free, expected = {"m": np.ones(200, bool), "n": np.ones(60, bool)}, []
    for site in sites:  # the definition, the slow way
        span = slice(site.start, site.start + 21)
        if free[site.id][span].all():
            free[site.id][span] = False
            expected.append(site)
    assert kept == expected and 2 < len(kept) < len(sites)


def test_what_was_not_searched_says_so(rnai):
    sites = design(rnai, [Record("m", random_rna(40), 0)]).sites
    rows = list(csv.DictReader(io.StringIO(sites_csv(sites))))
    assert {row["off_targets"] for row in rows} == {NOT_SEARCHED} and "exact_sites" not in rows[0]


def test_seed_sites_in_3_utrs_are_counted_apart(tmp_path, monkeypatch):
    """Each seed site by hand: wholly within the 3' UTR that a header tells, from 1; also where records are cut."""
    seed = reverse_complement_text(GUIDE[1:8], "RNA")
    filler = "ACAC" * 10
    text = filler + seed + filler + seed + filler[:13] + seed
    at = [place for place in range(len(text)) if text.startswith(seed, place)]
    assert at == [40, 87, 107]
    headers = {
        f">ENST1|UTR5:1-9|CDS:10-88|UTR3:89-{len(text)}|": 1,  # the second begins at base 88
        f">ENST2|CDS:10-87|UTR3:88-{len(text) - 1}|": 1,  # the last ends at the last base
        ">ENST3|CDS:10-60|": 2,
        ">ENST4": 0,
    }
    from dnaconv_core.sirna import offtargets

    for piece in (offtargets._PIECE, 50):
        monkeypatch.setattr(offtargets, "_PIECE", piece)
        for header, count in headers.items():
            lines = [text[i : i + 10] for i in range(0, len(text), 10)]
            (tmp_path / "t.fa").write_text("\n".join([header, *lines, ""]))
            found = find_offtargets([GUIDE], tmp_path / "t.fa")
            assert (found.seed_sites[0], found.utr_sites[0], found.n_utrs) == (3, count, int("CDS" in header))


def test_activities_have_intervals_where_there_are_validation_predictions(rnai):
    from dnaconv_core.evaluate.conformal import margin_in
    from dnaconv_core.model.bundle import load_bundle

    record = Record("m", random_rna(60), 0)
    assert design(rnai, [record]).margin is None and design(rnai, [record]).sites[0].interval is None
    known = load_bundle("pretrained/rnai_huesken")
    found = design(known, [record])
    half = margin_in(known.path).half
    assert all(s.interval == pytest.approx((s.prediction - half, s.prediction + half)) for s in found.sites)
    row = next(csv.DictReader(io.StringIO(sites_csv(found.sites))))
    assert float(row["high"]) - float(row["low"]) == pytest.approx(2 * half, rel=1e-4)
