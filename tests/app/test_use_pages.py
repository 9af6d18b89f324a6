"""The pages that use a model: their examples, their numbers, and what they say when something is wrong."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here

APP = Path(__file__).parents[2] / "app"


def metric(at, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


def errors(at) -> list[str]:
    return [error.value for error in at.error]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["scan", "variants", "sirna"])
@pytest.mark.parametrize("experiment", ["tf_binding", "rnai"])
def test_every_page_opens_without_any_run(dashboard, page, experiment):
    at = dashboard(page, experiment=experiment)
    assert at.title[0].value == {"scan": "Scan", "variants": "Variants", "sirna": "siRNA design"}[page]
    assert not at.exception and not errors(at)


@pytest.mark.slow
def test_scan_scores_the_example_and_calls_peaks(dashboard, trained, settled):
    run = trained("tf_binding")
    at = settled(dashboard("scan", experiment="tf_binding", run=run.id))
    assert not at.exception and not errors(at)
    # 6,000 bases of which the last 6 % begin with 180 N: windows of 101
    assert metric(at, "Windows scored") == f"{6000 - 360 - 100 + 180 - 100:,}"
    assert metric(at, "With unknown bases") == "280"
    few = int(metric(at, "Peaks").replace(",", ""))
    at.segmented_control(key="scan_wish").set_value(100.0).run()
    assert int(metric(settled(at), "Peaks").replace(",", "")) >= few
    assert 1 < float(metric(at, "Expected by chance")) <= 100
    table = next(frame.value for frame in at.dataframe if "summit" in frame.value)
    assert (table["q"].diff().dropna() >= 0).all() and table["q"].between(0, 1).all()


def test_scan_says_what_is_wrong(dashboard, trained, settled):
    run = trained("tf_binding")
    at = dashboard("scan", experiment="tf_binding", run=run.id)
    at.text_area(key="scan_text").set_value("ACGT").run()
    assert "no sequence is as long as a window: this model reads 101 bases" in errors(settled(at))[0]
    at.text_area(key="scan_text").set_value("ACXGT").run()
    assert "'X'" in errors(at)[0]
    at.text_area(key="scan_text").set_value("").run()
    assert not errors(at) and "Paste a sequence" in at.info[0].value


@pytest.mark.slow
def test_scan_tells_its_sequences_apart(dashboard, trained, settled):
    run = trained("tf_binding")
    at = dashboard("scan", experiment="tf_binding", run=run.id)
    fasta = "".join(f">s{i}\n{letters * 50}\n" for i, letters in enumerate(("TGACTCAT", "TTTG", "A")))
    at.text_area(key="scan_text").set_value(fasta).run()
    assert [caption.value for caption in settled(at).caption if "Not scanned" in caption.value] == [
        "Not scanned, because shorter than the 101 bases of a window: s2."
    ]
    next(box for box in at.selectbox if box.label == "Sequence").set_value(1).run()
    assert metric(at, "Windows scored") == "100"
    for wish in (10.0, 0):  # another threshold, other numbers of peaks
        at.segmented_control(key="scan_wish").set_value(wish).run()
        assert metric(settled(at), "Windows scored") == "100"
    at.text_area(key="scan_text").set_value(fasta.replace("s1", "s0")).run()
    assert not errors(settled(at))
    told = [caption.value for caption in at.caption]
    assert any("1 ids came before and got a number behind them" in line and "s0" in line for line in told)
    at.text_area(key="scan_text").set_value(fasta.replace("GACT", "GA!T", 1)).run()
    assert not errors(settled(at)) and [one.label for one in at.expander][:1] == ["One row was left out"]
    assert (
        at.dataframe[0].value["Line"].tolist() == [1] and "has '!' at position 4" in at.dataframe[0].value["Reason"][0]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "content, said",
    [
        ("junk\n", "own.vcf: line 1 comes before a header"),
        ("#CHROM\tPOS\tID\tREF\tALT\n", "own.vcf has a header but no variants below it"),
    ],
)
def test_variants_name_the_file_they_were_given(dashboard, trained, tmp_path, content, said):
    run = trained("tf_binding")
    (tmp_path / "genome.fa").write_text(">chr1\n" + "ACGT" * 50 + "\n")
    at = dashboard("variants", experiment="tf_binding", run=run.id)
    at.segmented_control(key="_variants_from").set_value("VCF and genome").run()
    at.file_uploader(key="variants_vcf").set_value([("own.vcf", content.encode(), "text/plain")])
    at.text_input(key="variants_genome").set_value(str(tmp_path / "genome.fa")).run()
    assert not at.exception and len(errors(at)) == 1 and errors(at)[0].startswith(said)


def test_variants_of_the_example_are_reported_one_by_one(dashboard, trained, settled):
    run = trained("tf_binding")
    at = settled(dashboard("variants", experiment="tf_binding", run=run.id))
    assert not at.exception and not errors(at)
    assert (metric(at, "Alleles"), metric(at, "Scored"), metric(at, "Not scored")) == ("6", "4", "2")
    assert list(at.dataframe[0].value)[:6] == ["variant", "Δ logit", "larger than", "q", "Δ prediction", "largest Δ"]
    assert (
        at.dataframe[0].value["larger than"].iloc[:4].between(0, 100).all()
        and at.dataframe[0].value["q"].iloc[4:].isna().all()
    )
    told = " ".join(element.value for element in [*at.markdown, *at.caption])
    assert "One in twenty matched random variants changes the logit by" in told
    assert re.search(r"larger than \*\*\d+%\*\* of \d+ matched random variants", told)
    statuses = at.dataframe[0].value["status"].tolist()
    assert statuses[:4] == ["ok"] * 4
    assert statuses[4].startswith("ref_mismatch") and statuses[5].startswith("outside")


@pytest.mark.slow
def test_effects_on_a_linear_output_are_of_the_prediction(dashboard, home, settled):
    small = {
        "epochs": 1,
        "filters": 3,
        "depth": 1,
        "batch_size": 500,
        "device": "cpu",
        "task": "regression",
        "output": "linear",
    }
    store = Store()
    run = train_here(store, store.create(RunSpec("tf_binding", data="synthetic", settings=small)).id)
    at = settled(dashboard("variants", experiment="tf_binding", run=run.id))
    assert not at.exception and not errors(at) and metric(at, "Scored") == "4"
    columns = list(at.dataframe[0].value)
    assert columns[:5] == ["variant", "Δ prediction", "larger than", "q", "largest Δ"] and columns[-1] == "strand"
    shown = [m.label + m.help for m in at.metric] + [text.value for text in [*at.caption, *at.markdown]]
    assert not [words for words in shown if "logit" in words]
    assert any("Largest change over windows (prediction)" in words for words in shown)


def test_two_pasted_sequences(dashboard, trained, settled):
    run = trained("tf_binding")
    at = dashboard("variants", experiment="tf_binding", run=run.id)
    at.segmented_control(key="_variants_from").set_value("Two sequences").run()
    assert metric(settled(at), "Alleles") == "1" and not errors(at)
    at.text_area(key="variants_alt").set_value(at.text_area(key="variants_ref").value).run()
    assert "the two sequences are the same" in errors(at)[0]


@pytest.mark.slow
def test_sirna_design_ranks_filters_and_explains(dashboard, trained, settled):
    run = trained("rnai")
    at = settled(dashboard("sirna", experiment="rnai", run=run.id))
    assert not at.exception and not errors(at)
    sites = 120 + 3 + 3 * 260 + 3 + 320 - 20
    assert metric(at, "Sites") == f"{sites:,}"
    table = at.dataframe[0].value
    assert table["prediction"].is_monotonic_decreasing
    first = ["guide (5'→3')", "prediction", "interval", "first base", "off-targets"]  # what a narrow window shows
    assert list(table)[:5] == first
    assert set(table["off-targets"]) == {"not searched"} and "region, guessed" in table
    assert table["first base"].sort_values().diff().min() >= 21 and len(table) > 5
    at.toggle(key="sirna_apart").set_value(False).run()
    assert len(at.dataframe[0].value) > len(table)
    assert (
        metric(at, "Coding region, guessed (longest ORF)") == f"88–{120 + 3 + 3 * 260 + 3}"
    )  # an AUG earlier in frame
    passing = int(metric(at, "Pass the filters").replace(",", ""))
    at.multiselect(key="sirna_rules").set_value(["ui_tei_1"]).run()
    assert int(metric(at, "Pass the filters").replace(",", "")) < passing
    assert all(guide[0] in "AU" for guide in at.dataframe[0].value["guide (5'→3')"])


def test_sirna_design_takes_the_model_of_its_own_experiment_and_says_so(dashboard, trained, settled):
    run = trained("tf_binding")
    at = dashboard("sirna", experiment="tf_binding", run=run.id)
    assert at.selectbox(key="_experiment").value == "rnai" and not at.exception and not at.error
    assert "it now shows RNA interference, not" in at.toast[0].value
    assert at.selectbox(key="_model").value != run.id and metric(settled(at), "Sites")


def upload(at, name: str, content: bytes):
    """Give the Predict page's uploader a file."""
    at.file_uploader(key="predict_file").set_value([(name, content, "text/csv")])
    return at.run()


@pytest.mark.slow
def test_predict_takes_a_table_and_says_more_of_each_row(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("predict", experiment="tf_binding", run=run.id)
    content = "name,oligo\n" + "".join(f"r{i},{letter * 101}\n" for i, letter in enumerate("ACGT"))
    at = upload(at, "many.csv.gz", gzip.compress(content.encode()))
    next(box for box in at.selectbox if box.label == "Column of sequences").set_value(1).run()
    assert not at.exception and not errors(at)
    table = at.dataframe[0].value
    assert sorted(table["sequence"]) == ["r0", "r1", "r2", "r3"] and table["score"].is_monotonic_decreasing
    assert list(table)[:5] == ["sequence", "score", "probability", "probability from", "probability to"]
    assert (table["probability from"] <= table["probability"]).all()
    assert {"above negatives", "above positives", "other strand"} <= set(table.columns)
    assert table["above negatives"].between(0, 100).all()


@pytest.mark.slow
def test_predict_gives_each_row_its_own_covariate(dashboard, trained):
    run = trained("chromatin")
    at = dashboard("predict", experiment="chromatin", run=run.id)
    rows = [f"{name}\t{'A' * 101}\t{value}\n" for name, value in (("a", 0.01), ("b", 0.1))]
    at = upload(at, "two.tsv", ("id\tsequence\taccessibility\n" + "".join(rows)).encode())
    assert not at.exception and not errors(at)
    first, second = at.dataframe[0].value["score"]
    assert first != second


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("a.csv", ",,\n,,\n", "a.csv is empty"),
        ("a.csv", "id,sequence\n", "a header but no lines below it"),
        ("a.csv", f"a,{'ACGT' * 25}\nb,{'TGCA' * 25}\n", "the first line of a.csv holds a sequence"),
        ("a.csv", f"id,sequence\na,{'A' * 200_000}\n", "a.csv cannot be split into fields"),
        ("a.csv", "id,sequence\n\na,ACGT,3\n", "line 3 has 3 fields and the header 2"),
        (
            "a.fa",
            "".join(f">s{i}\n{'A' * 101}\n" for i in range(50_001)),
            "50,001 sequences and this page takes 50,000",
        ),
    ],
)
def test_predict_says_what_is_wrong_with_a_file(dashboard, trained, name, content, said):
    run = trained("tf_binding")
    at = upload(dashboard("predict", experiment="tf_binding", run=run.id), name, content.encode())
    assert not at.exception and len(errors(at)) == 1 and said in errors(at)[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        "sequence\n" + "".join(f"{letter * 101}\n" for letter in "ACGT"),
        "id;sequence\n" + "".join(f"{letter};{letter * 101}\n" for letter in "ACGT") + ";\n",
        "oligo,letters\n" + "".join(f"r{i},{letter * 101}\n" for i, letter in enumerate("ACGT")),
    ],
)
def test_predict_finds_the_sequences_of_a_table(dashboard, trained, content):
    run = trained("tf_binding")
    at = upload(dashboard("predict", experiment="tf_binding", run=run.id), "four.csv", content.encode())
    assert not at.exception and not errors(at)
    assert at.dataframe[0].value["bases"].tolist() == [101] * 4


@pytest.mark.parametrize("value", ["nan", "inf", "high"])
def test_predict_refuses_a_covariate_that_cannot_be(dashboard, trained, value):
    run = trained("chromatin")
    at = dashboard("predict", experiment="chromatin", run=run.id)
    at = upload(at, "one.csv", f"id,sequence,accessibility\na,{'A' * 101},{value}\n".encode())
    assert not at.exception and errors(at) == [f"one.csv: line 2 has '{value}' as accessibility: write a number"]


@pytest.mark.slow
def test_predict_lists_the_lines_it_cannot_use(dashboard, trained):
    run = trained("tf_binding")
    good = "".join(f"TP53,{letter * 101}\n" for letter in "ACGT")
    at = dashboard("predict", experiment="tf_binding", run=run.id)
    at = upload(at, "t.csv", f"id,sequence\n{good}b,{'A' * 50}!\nc,A,C\n".encode())
    assert not at.exception and not errors(at)
    assert "2 rows were left out" in [one.label for one in at.expander]
    listed = next(frame.value for frame in at.dataframe if "Reason" in frame.value)
    assert listed["Line"].tolist() == [6, 7]
    assert listed["Reason"].tolist() == [
        "has '!' at position 51: use A, C, G, T or an IUPAC code such as N",
        "has 3 fields and the header 2: correct the line",
    ]


@pytest.mark.slow
def test_a_few_pasted_bases_are_put_into_backgrounds(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("predict", experiment="tf_binding", run=run.id)
    at.text_area(key="pasted").set_value("TGACTCA").run()
    assert not at.exception and not errors(at)
    label = "Probability of being bound, in 100 shuffled backgrounds"
    assert [m.label for m in at.metric] == [label] and metric(at, label).endswith(" %")
    told = " ".join(element.value for element in [*at.markdown, *at.caption, *at.warning])
    assert "Only 6.9 % of the 101 bases that the model reads are known" in told  # 7 of 101
    assert "Higher than" not in told and "Mean score" in told and "without them" in told


def test_files_of_predictions_hold_what_the_table_shows(monkeypatch):
    monkeypatch.syspath_prepend(str(APP))
    from dnaconv_core.evaluate.ask import Answer, as_csv, for_files
    from dnaconv_core.results import Record

    answers = [Answer(Record("=a", "ACGT", 0), "CG", 1, 0.25, 0.5, None)]
    assert as_csv(for_files(answers, {"other strand": np.float32([0.7331181]), "unknown bases": [0]})) == (
        "id,first_base,sequence,prediction,other strand,unknown bases\n'=a,2,CG,0.25,0.733118,0\n"
    )


def test_a_share_of_all_is_said_only_where_it_is_all(monkeypatch):
    monkeypatch.syspath_prepend(str(APP))
    from use.answer_beside import share_below

    assert [share_below(share) for share in (1.0, 0.9997, 0.5468)] == ["all", "99.9 %", "54.7 %"]


def test_a_finished_scan_is_looked_at_from_its_files(dashboard, trained, settled, tmp_path):
    from dnaconv_core.scan.tracks import write_bigwig

    (tmp_path / "s.bedgraph").write_text("chr2\t5\t40\t0.25\nchr7\t0\t900\t0.5\n")
    write_bigwig(tmp_path / "s.bw", tmp_path / "s.bedgraph", {"chr2": 50, "chr7": 1000})
    at = dashboard("scan", experiment="tf_binding", run=trained("tf_binding").id)
    at.segmented_control(key="scan_from").set_value("Finished scan").run()
    assert "Give the bigWig of a scan" in at.info[0].value
    at.text_input(key="scan_bigwig").set_value(str(tmp_path / "s.bw")).run()
    assert not at.exception and not errors(settled(at))
    assert at.selectbox(key="scan_contig").options == ["chr7", "chr2"]
    at.text_input(key="scan_bed").set_value(str(tmp_path / "none.bed")).run()
    assert "none.bed" in errors(at)[0]
