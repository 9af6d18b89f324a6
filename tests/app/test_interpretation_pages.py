"""Filters, Saliency and Motifs: from the entrypoint, with their numbers, and what they say when there is nothing."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest

BY_CHANCE = "On validation data this network is not better than chance"
TITLES = {"filters": "Filters", "saliency": "Saliency", "motifs": "Motifs"}


def metric(at, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


def errors(at) -> list[str]:
    """What is said in red, but for what is rightly said of networks trained for two epochs."""
    return [error.value for error in at.error if not error.value.startswith(BY_CHANCE)]


@pytest.mark.parametrize("page", TITLES)
def test_a_page_says_what_it_is_for_where_the_model_is_unknown(dashboard, page):
    at = dashboard(page, experiment="tf_binding", run="nowhere")
    assert "there is no model 'nowhere' here" in errors(at)[0] and not at.exception


@pytest.mark.slow
def test_saliency_shows_the_prediction_and_the_evidence(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("saliency", experiment="tf_binding", run=run.id)
    assert at.title[0].value == "Saliency" and not at.exception and not errors(at)
    assert [error.value[: len(BY_CHANCE)] for error in at.error] == [BY_CHANCE]
    assert any(text.value.startswith("Prediction **") for text in at.markdown)
    said = " ".join(caption.value for caption in at.caption)
    assert "miss the change of the output by" in said.replace("\\", "")
    assert "no run with the same settings and another seed is here" in said.replace("\\", "")
    at.button(key="look_1").click().run()
    assert not errors(at) and not at.exception


def test_the_table_of_attributions_tells_sequence_and_method_apart(dashboard, trained, monkeypatch):
    from dnaconv_core.interpret import export

    write, written = export.attribution_csv, []
    monkeypatch.setattr(export, "attribution_csv", lambda *given: written.append(write(*given)) or written[-1])
    at = dashboard("saliency", experiment="tf_binding", run=trained("tf_binding").id)
    assert not at.exception and not errors(at)
    rows = list(csv.DictReader(io.StringIO(written[-1])))
    assert {row["id"] for row in rows} == {"seq_1"} and {row["method"] for row in rows} == {"deeplift_shap", "ism"}
    one = [row for row in rows if row["method"] == "ism"]
    assert "".join(row["base"] for row in one) == "".join(at.query_params["sequence"])
    assert [int(row["position"]) for row in one] == list(range(1, len(one) + 1))


@pytest.mark.parametrize("run, word", [("rnai_huesken", "prediction"), ("rnai_huesken_book", "logit")])
def test_saliency_calls_the_output_what_it_is(dashboard, monkeypatch, run, word):
    at, drawn = dashboard("saliency", experiment="rnai", run=run), []
    import components.saliency as component

    monkeypatch.setattr(component, "_saliency", lambda data, **_: drawn.append(data) or SimpleNamespace(edit=None))
    at.query_params["sequence"], at.query_params["edits"] = "CCUAAGAUAAUUCUGCGCCUG", "A1C"
    at.run()
    assert not at.exception and not errors(at)
    assert {logo["unit"] for logo in drawn[-1]["logos"]} == {word} == {drawn[-1]["unit"]}
    written = " ".join(text.value for text in [*at.markdown, *at.caption])
    assert ("logit" in written) == (word == "logit") and "Prediction **" in written


def test_saliency_says_what_is_wrong_with_a_sequence(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("saliency", experiment="tf_binding", run=run.id, sequence="ACXGT")
    assert "'X' at position 3" in errors(at)[0]


def test_an_edit_is_undone(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("saliency", experiment="tf_binding", run=run.id, sequence="A" * 101, edits="T9G,C1A,G5A")
    trail = [text.value.split("**")[1] for text in at.markdown if "· logit" in text.value and "**" in text.value[:2]]
    assert trail == ["C1A", "G5A"]  # the first does not lead to this sequence
    at.button(key="undo_1").click().run()
    assert at.query_params["sequence"] in (["AAAAG" + "A" * 96], "AAAAG" + "A" * 96)
    assert at.query_params["edits"] in (["C1A"], "C1A")
    at.button(key="undo_0").click().run()
    assert at.query_params["sequence"] in (["CAAAG" + "A" * 96], "CAAAG" + "A" * 96) and "edits" not in at.query_params


@pytest.mark.slow
def test_an_example_brings_its_accessibility_and_the_address_keeps_it(dashboard, trained):
    run = trained("chromatin")

    def beside(at) -> float:
        return next(box.value for box in at.number_input if box.label == "Accessibility")

    at = dashboard("saliency", experiment="chromatin", run=run.id)
    assert beside(at) == 0.02 and not errors(at)
    at.button(key="look_1").click().run()
    assert beside(at) == 0.001 and at.query_params["beside_accessibility"] in (["0.001"], "0.001")
    at.number_input(key="_beside_accessibility").set_value(0.5).run()
    assert beside(at) == 0.5 and at.query_params["beside_accessibility"] in (["0.5"], "0.5")
    query = {"sequence": "A" * 101, "beside_accessibility": "0.25"}
    at = dashboard("predict", experiment="chromatin", run=run.id, **query)
    assert beside(at) == 0.25
    at = dashboard("saliency", experiment="chromatin", run=run.id, **(query | {"beside_accessibility": "much"}))
    assert 0 <= beside(at) < 0.25 and not errors(at)  # a typical one


def test_scanning_counts_hits_in_both_classes(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("motifs", experiment="tf_binding", run=run.id, view="Scan")
    assert not at.exception and not errors(at)
    positive, negative = (float(metric(at, f"If {name}").rstrip("%")) for name in ("bound", "not bound"))
    assert positive > 50 > negative
    at.text_input(key="scanned").set_value("MA0099.4").run()
    assert not errors(at) and int(metric(at, "Hits").replace(",", "")) > 0
    at.text_input(key="scanned").set_value("pattern 3").run()
    assert "no pattern was found yet: look for motifs under Found" in errors(at)[0]
    at.text_input(key="scanned").set_value("filter 99").run()
    assert "there is no filter 99" in errors(at)[0]


def test_scanning_pasted_sequences(dashboard, trained):
    run = trained("tf_binding")
    query = {"run": run.id, "view": "Scan", "where": "My sequences", "scanned": "TGACTCA"}
    at = dashboard("motifs", experiment="tf_binding", **query)
    at.text_area(key="motif_scan_text").set_value(">one\nAAAATGACTCAAAA\n>two\nCCCCCCCC\n>three\nGTGAGTCAG").run()
    assert not errors(at) and not at.exception
    assert (metric(at, "Hits"), metric(at, "With a hit")) == ("2", "2 of 3")
    assert at.dataframe[0].value["first base"].tolist() == [5, 2]


def test_numbers_are_not_told_as_classes_and_rna_is_read_on_one_strand(dashboard, trained):
    run = trained("rnai")
    at = dashboard("motifs", experiment="rnai", run=run.id, view="Scan", scanned="AUUAA")
    assert not errors(at) and not at.exception
    assert 0 < float(metric(at, "Mean with a hit")) < 1.4
    assert set(at.dataframe[0].value["strand"]) == {"+"}
    at.text_input(key="scanned").set_value("MA0099.4").run()
    assert "MA0099.4 is a motif of DNA and this model reads RNA" in errors(at)[0]


@pytest.mark.slow
def test_a_motif_is_taken_from_a_filter_or_jaspar(dashboard, trained):
    run = trained("tf_binding")
    at = dashboard("motifs", experiment="tf_binding", run=run.id, view="Bench")
    at.session_state["motif_from"] = True
    at.run()
    jaspar = next(box for box in at.selectbox if box.label == "JASPAR CORE vertebrates")
    jaspar.select("MA0476.2").run()
    assert not errors(at) and not at.exception
    assert "TGA" in at.text_input(key="motif").value and at.query_params["motif"] in (
        [at.text_input(key="motif").value],
        at.text_input(key="motif").value,
    )


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["tf_binding", "rnai"])
def test_filters_open_with_their_numbers(dashboard, trained, experiment):
    run = trained(experiment)
    at = dashboard("filters", experiment=experiment, run=run.id, filter="2")
    assert at.title[0].value == "Filters" and not at.exception and not errors(at)
    assert any(text.value.startswith("**Filter 2** · layer 1") for text in at.markdown)
    assert int(metric(at, "Sites").replace(",", "")) >= 0 and metric(at, "Information").endswith("bits")


@pytest.mark.slow
def test_a_link_with_no_filters_number_shows_the_first_choice(dashboard):
    for number in ("9" * 5000, "\u00b2"):
        at = dashboard("filters", experiment="tf_binding", run="tf_binding_synthetic", filter=number)
        assert not errors(at) and not at.exception and any("**Filter " in text.value for text in at.markdown)


def test_planted_sites_are_marked_where_the_truth_is_known(dashboard, trained, monkeypatch):
    from dnaconv_core.data.synthetic import tf_binding

    run, marked = trained("tf_binding"), []
    at = dashboard("saliency", experiment="tf_binding", run=run.id)
    import components.saliency as drawn

    monkeypatch.setattr(
        drawn, "_saliency", lambda data, **_: marked.append(data["marks"]) or SimpleNamespace(edit=None)
    )
    data = tf_binding()
    site = data.truth[0]
    at.query_params["sequence"] = data.sequences()[site.index]
    at.run()
    assert not at.exception and not errors(at)
    truth = [m for m in marked[-1] if m["kind"] == "planted"]
    assert (site.start, site.end) in [(m["start"], m["end"]) for m in truth]
    at.query_params["sequence"] = "A" * 101
    at.run()
    assert marked[-1] == []


@pytest.mark.slow
def test_the_report_is_made_when_asked_for(dashboard, trained, monkeypatch):
    from dnaconv_core.plot import report

    seen = []

    def write(bundle, data, **how):
        seen.append((bundle, data, how))
        return "<!doctype html>"

    monkeypatch.setattr(report, "write_report", write)
    run = trained("rnai")
    at = dashboard("filters", experiment="rnai", run=run.id)
    assert not seen
    at.button(key="report").click().run()
    assert not at.exception and not errors(at)
    ((bundle, data, how),) = seen
    assert bundle.config.alphabet == data.alphabet == "RNA" and how["may_name"] is False
    assert len(data) == len(data.y) > 100 and data.w.min() == 1
    assert [b.label for b in at.get("download_button") if "Report" in b.label] == ["Report as HTML"]


@pytest.mark.parametrize(
    "content, words",
    [
        (b"hello", "mine.meme holds no motifs: it should begin with 'MEME version' (MEME), or with '>'"),
        (b"", "mine.meme is empty: give MEME, JASPAR or HOMER text"),
        (b"\xff\xfe\x00", "mine.meme is not a text file: byte 2 is not UTF-16; give MEME, JASPAR or HOMER text"),
    ],
)
def test_a_wrong_file_of_motifs_is_told_and_the_page_goes_on(dashboard, trained, content, words):
    run = trained("rnai")
    at = dashboard("filters", experiment="rnai", run=run.id)
    at.file_uploader[0].set_value([("mine.meme", content, "text/plain")]).run()
    assert [error for error in errors(at) if words in error] and len(errors(at)) == 1 and not at.exception
    assert any("What it resembles** in JASPAR" in text.value for text in at.markdown)


@pytest.mark.slow
def test_motifs_of_rna_are_named_by_what_the_user_gives(dashboard, trained, settled):
    run = trained("rnai")
    at = dashboard("filters", experiment="rnai", run=run.id)
    line = "JASPAR CORE has no RNA-binding proteins: give a file of motifs (MEME, JASPAR, HOMER), or a word such as"
    assert any(line in caption.value for caption in at.caption)
    at = settled(at.text_input(key="named_by").set_value("ugunXaua").run())
    assert errors(at) == ["ugunXaua holds no motifs: it should begin with 'MEME version' (MEME), or with '>' and a "
                          "matrix (JASPAR, HOMER), or have an IUPAC word in every line."]  # fmt: skip
    at = settled(at.text_input(key="named_by").set_value("UGUANAUA").run())
    assert not errors(at) and not at.exception and not any(line in caption.value for caption in at.caption)
    assert any("What it resembles** in UGUANAUA" in text.value for text in at.markdown)
