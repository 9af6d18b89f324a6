"""The page that makes an experiment of files: what it recognises, what can be changed, and where it ends."""

from __future__ import annotations

import dataclasses
import gzip
import os
import re
import threading
import time

import pytest

from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.own_store import change_words
from dnaconv_core.experiments.recipe import Input, Recipe, read_recipe
from dnaconv_core.experiments.templates import TEMPLATES
from dnaconv_core.experiments.uploads import Lot, uploads_folder
from dnaconv_core.runs import process
from dnaconv_core.runs.making import Making, find_making, make_in_background
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store

TABLE = TEMPLATES["table"].make()["bound.csv"]


@pytest.fixture
def settled():
    """A function that runs the page again until files are read and the referee has looked at them."""

    def wait(at):
        for _ in range(600):
            if not any(button.key in ("reading_stop", "rehearsal_stop") for button in at.button):
                return at
            for thread in threading.enumerate():
                if thread.name == "work":
                    thread.join(0.5)  # no page is drawn only to see that it is not done
            at.run()
        raise AssertionError("the work did not end")

    return wait


def texts(at) -> str:
    return "\n".join([*(m.value for m in at.markdown), *(c.value for c in at.caption)]).replace("\\", "")


def errors(at) -> list[str]:
    return [error.value.replace("\\", "") for error in at.error]


def field(at, kind: str, label: str):
    return next(one for one in getattr(at, kind) if one.label.replace("\\", "") == label)


def metric(at, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


def address(at, name: str) -> str:
    value = at.query_params[name]
    return value[0] if isinstance(value, list) else value


def upload(at, *files: tuple[str, bytes], settled=None):
    at.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    at.run()
    return settled(at) if settled else at


def done(at):
    """Run the page again until the experiment is made and the dashboard has moved on."""
    for _ in range(300):
        if at.title and at.title[0].value != "Your data":
            return at
        time.sleep(0.5)
        at.run()
    raise AssertionError("the experiment was not made")


def test_without_files_it_offers_examples(dashboard):
    at = dashboard("your_data")
    assert at.title[0].value == "Your data" and not errors(at)
    assert [b.label for b in at.button].count("Try it") == len(TEMPLATES) == len(at.get("download_button"))
    assert "None yet. What you make above is listed here." in texts(at)
    assert not uploads_folder().exists()  # nothing is written by looking


@pytest.mark.slow
def test_from_a_table_to_the_train_page(dashboard, settled, home):
    at = upload(dashboard("your_data"), ("my *bound*.csv", TABLE), settled=settled)
    assert not errors(at)
    assert (field(at, "selectbox", "Sequence").value, field(at, "multiselect", "Label or labels").value) == (
        "sequence",
        ["label"],
    )
    assert "It is called 'label' and holds yes or no." in texts(at) and "'bound' means yes." in texts(at)
    assert "**my \\*bound\\*.csv**" in [m.value.replace("\\.", ".") for m in at.markdown]  # text, not Markdown
    assert "The answer is yes or no: unbound 200, bound 200." in texts(at)
    assert (metric(at, "Training"), metric(at, "Validation"), metric(at, "Test (stays closed)")) == ("320", "40", "40")
    field(at, "text_input", "Title").set_value("Bound or not")
    at = settled(field(at, "text_input", "Question").set_value("Is it bound?").run())
    at = settled(field(at, "toggle", "Swap yes and no").set_value(True).run())
    assert "The answer is yes or no: bound 200, unbound 200." in texts(at)
    at = done(field(at, "button", "Make the experiment").click().run())
    assert at.title[0].value == "Train" and address(at, "experiment") == "bound_or_not"
    made = all_experiments()["bound_or_not"]
    assert (made.title, made.question) == ("Bound or not", "Is it bound?")
    assert made.class_names == ("bound", "unbound") and dict(made.parts) == {"train": 320, "valid": 40, "test": 40}
    assert read_recipe(home / "experiments" / "bound_or_not" / "recipe.json").labels.words
    assert "Is it bound?" in texts(at) and field(at, "button", "Start training").disabled is False
    again = at.switch_page("bring/your_data.py").run()
    assert "Bound or not" in texts(again) and "320 train · 40 valid · 40 test" in texts(again)
    assert not [b for b in again.button if b.label == "Remove"]  # the page begins anew


@pytest.mark.slow
def test_files_and_choices_survive_a_refresh(dashboard, settled):
    at = upload(dashboard("your_data"), ("bound.csv", TABLE), settled=settled)
    settled(field(at, "text_input", "Title").set_value("Kept").run())
    token = address(at, "files")
    assert [path.name for path in Lot(token).files()] == ["bound.csv"]
    fresh = settled(dashboard("your_data", files=token))
    assert field(fresh, "text_input", "Title").value == "Kept" and "400 rows" in texts(fresh)
    settled(field(fresh, "button", "Remove").click().run())
    assert Lot(token).files() == []


@pytest.mark.slow
def test_another_label_redraws_what_depends_on_it(dashboard, settled):
    rows = [f"{'ACGT'[i % 4]}{'ACGTTGCA' * 3}{'TGCA'[i // 4 % 4]},{i % 3},{'xyz'[i % 3]}" for i in range(90)]
    at = upload(dashboard("your_data"), ("t.csv", "\n".join(["seq,dose,kind", *rows]).encode()), settled=settled)
    at = settled(field(at, "multiselect", "Label or labels").set_value(["kind"]).run())
    assert "The answer is one of several classes: x 30, y 30, z 30." in texts(at)
    assert not [box for box in at.selectbox if box.label == "Then"]  # classes are no numbers to transform
    at = settled(field(at, "multiselect", "Label or labels").set_value(["dose"]).run())
    assert "The answer is a number." in texts(at) and "It will ask: What dose does this" in texts(at)
    assert settled(field(at, "selectbox", "Then").set_value("scale01").run()) and not errors(at)
    at = settled(field(at, "multiselect", "Label or labels").set_value([]).run())
    assert "Choose the column of the label above." in [i.value for i in at.info] and not at.metric


@pytest.mark.slow
def test_counts_become_a_ratio_by_themselves(dashboard, settled):
    at = dashboard("your_data")
    at = settled(at.button(key="try_counts").click().run())
    assert (field(at, "selectbox", "Above").value, field(at, "selectbox", "Below").value) == ("rna", "dna")
    assert "The file says which part each example belongs to." in texts(at)
    at = settled(field(at, "selectbox", "Part (train, validation, test)").set_value("—").run())
    assert "The file says" not in texts(at) and metric(at, "Training") == "320"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("pair", "The answer is yes or no: no 200, yes 200."),
        ("headers", "Headers have 'class' before a value."),
        ("classes", "promoter 200, enhancer 200, background 200."),
        ("intervals", "All 240 examples are positives: step 3 makes what they are compared with."),
    ],
)
def test_every_example_can_be_tried(key, told, dashboard, settled):
    at = dashboard("your_data")
    at = settled(at.button(key=f"try_{key}").click().run())
    assert told in texts(at) and not errors(at) and not at.exception
    assert field(at, "button", "Make the experiment").disabled is False


@pytest.mark.slow
def test_a_bigwig_stands_beside_the_sequence_or_is_the_label(dashboard, settled, tmp_path):
    bigwigs = pytest.importorskip("pybigtools")
    places = [(number, start) for number in range(1, 7) for start in range(0, 12_000, 500)]
    values = [(f"chr{number}", start, start + 500, float((start + number) % 11)) for number, start in places]
    bigwigs.open(str(tmp_path / "acc.bw"), "w").write({f"chr{i}": 12_000 for i in range(1, 7)}, iter(values))
    files = TEMPLATES["intervals"].make() | {"acc.bw": (tmp_path / "acc.bw").read_bytes()}
    at = upload(dashboard("your_data"), *files.items(), settled=settled)
    assert not errors(at) and "Covariate acc** (fine)" in texts(at) and "It will ask: Is this 100-base" in texts(at)
    at = settled(field(at, "selectbox", "Role of acc.bw").set_value("bigwig_label").run())
    assert not errors(at) and "The answer is a number." in texts(at) and "Covariate acc" not in texts(at)
    at = settled(field(at, "button_group", "Signal in the window").set_value("log1p").run())
    assert "What signal does this 100-base sequence have?" in texts(at)


@pytest.mark.slow
def test_a_role_can_be_changed_and_what_then_is_missing_is_said(dashboard, settled):
    at = dashboard("your_data")
    at = settled(at.button(key="try_pair").click().run())
    at = settled(field(at, "selectbox", "Role of negatives.fa").set_value("").run())
    assert "All 200 examples are positives" in texts(at)
    at = settled(field(at, "selectbox", "Role of positives.fa").set_value("negatives").run())
    said = [warning.value.replace("\\", "") for warning in at.warning]
    assert len(said) == 1 and "give one of a table, positives, fasta, classes, bed or a dataset" in said[0]


@pytest.mark.slow
def test_the_referee_offers_what_mends(dashboard, settled):
    """Every sequence four times: the copies stand together, so only the line on copies within training is left."""
    lines = TABLE.decode().splitlines()
    rows = [f"{n}_{row}" for n in range(4) for row in lines[1:]]
    at = upload(dashboard("your_data"), ("four.csv", "\n".join([lines[0], *rows]).encode()), settled=settled)
    assert "Copies** (look)" in texts(at) and "960 copies" in texts(at)
    assert "No held-out sequence, nor its reverse complement, is in another part." in texts(at)


@pytest.mark.slow
def test_padding_is_mended_by_one_click(dashboard, settled):
    header, *rows = TABLE.decode().splitlines()
    cells = [row.split(",") for row in rows[:120]]
    short = [f"{i},{text[:22] if n % 5 < 3 else text},{label}" for n, (i, text, label) in enumerate(cells)]
    at = upload(dashboard("your_data"), ("short.csv", "\n".join([header, *short]).encode()), settled=settled)
    assert field(at, "number_input", "Bases").value == 60
    assert re.search(r"3[6-9]\.\d% of the bases are unknown \(N\), most at the ends", texts(at))
    at = settled(field(at, "button", "Make all 22 bases long").click().run())
    assert field(at, "number_input", "Bases").value == 22 and "48 were cropped around their centre" in texts(at)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "empty.csv is empty: nothing can be read from it"),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "photo.png is not a text file"),
        ("cut.fa.gz", gzip.compress(b">a\nACGTACGT\n" * 999)[:70], "cut.fa.gz cannot be read to its end"),
        (
            "numbers.csv",
            b"a,b\n1,2\n3,5\n4,4\n",
            "No column of numbers.csv holds sequences: choose it above",
        ),
    ],
    ids=["empty", "binary", "truncated", "no sequences"],
)
def test_wrong_files_are_one_sentence_each(name, content, sentence, dashboard, settled):
    at = upload(dashboard("your_data"), (name, content), settled=settled)
    assert len(errors(at)) == 1 and sentence in errors(at)[0] and not at.exception
    assert "uploads/" not in errors(at)[0] and "Something went wrong" not in errors(at)[0]


def test_a_path_that_is_not_there(dashboard):
    at = dashboard("your_data")
    field(at, "text_input", "Or a path on the server").set_value("/no/such/genome.fa")
    at = field(at, "button", "Add").click().run()
    assert errors(at) == ["/no/such/genome.fa does not exist on the machine the dashboard runs on: check the path"]


@pytest.mark.slow
def test_a_file_is_read_where_it_is(dashboard, settled, tmp_path):
    (tmp_path / "bound.csv").write_bytes(TABLE)
    at = dashboard("your_data")
    field(at, "text_input", "Or a path on the server").set_value(str(tmp_path / "bound.csv"))
    at = settled(field(at, "button", "Add").click().run())
    assert "400 rows" in texts(at)
    settled(field(at, "button", "Remove").click().run())
    assert (tmp_path / "bound.csv").exists()


@pytest.fixture
def own(home, tmp_path):
    """An experiment of one's own."""
    from dnaconv_core.experiments.bring import bring

    (tmp_path / "bound.csv").write_bytes(TABLE)
    return bring(Recipe("mine", (Input("table", str(tmp_path / "bound.csv")),), title="My *own*")).experiment


@pytest.mark.slow
def test_an_experiment_is_renamed_and_its_report_read_again(own, dashboard):
    at = dashboard("your_data")
    assert "**My *own***" in texts(at) and "`mine`" in texts(at)
    titles = [one for one in at.text_input if one.label == "Title"]
    titles[-1].set_value("Renamed")
    at = field(at, "button", "Save").click().run()
    assert all_experiments()["mine"].title == "Renamed" and "**Renamed**" in texts(at)
    at = field(at, "toggle", "The referee's report").set_value(True).run()
    assert "Only 320 training examples count" in texts(at)


@pytest.mark.slow
def test_deleting_says_which_runs_use_it(own, dashboard, home):
    change_words("mine", note="a note")
    Store().create(RunSpec("mine"), name="first *run*")
    at = dashboard("your_data", experiment="mine")
    assert "Used by 1 run: first *run*." in texts(at) and "a note" in texts(at)
    at = at.button(key="delete_mine").click().run()
    assert not errors(at) and not all_experiments()["mine"].has_data  # its words stay for the run


@pytest.mark.slow
def test_an_experiment_goes_out_and_comes_back(own, dashboard, home, tmp_path):
    from dnaconv_core.experiments.own_store import delete_experiment
    from dnaconv_core.experiments.own_transfer import export_experiment

    export_experiment("mine", tmp_path / "mine.zip")
    delete_experiment("mine", used=False)
    at = dashboard("your_data")
    box = at.file_uploader[-1]
    box.set_value(("mine.zip", (tmp_path / "mine.zip").read_bytes()[:900], "application/zip"))
    at.run()
    assert len(errors(at)) == 1 and "mine.zip" in errors(at)[0] and "mine" not in all_experiments()
    box = at.file_uploader[-1]
    box.set_value(("mine.zip", (tmp_path / "mine.zip").read_bytes(), "application/zip"))
    at.run()
    assert not errors(at) and all_experiments()["mine"].data_hash == own.data_hash


@pytest.mark.slow
def test_it_goes_on_without_the_page_and_stop_leaves_nothing_behind(dashboard, settled, home, tmp_path):
    at = upload(dashboard("your_data"), ("bound.csv", TABLE), settled=settled)
    token = address(at, "files")
    os.mkfifo(tmp_path / "pipe.csv")  # what makes it waits here until it is stopped
    make_in_background(token, Recipe("bound", (Input("table", str(tmp_path / "pipe.csv")),), title="Bound"))
    assert field(at.run(), "button", "Make the experiment").disabled and not errors(at)
    at.switch_page("judge/evaluate.py").run()
    assert "Making Bound" in [link.proto.label for link in at.sidebar.get("page_link")]
    fresh = settled(dashboard("your_data", files=token))  # a new session, as after a restart of the server
    assert field(fresh, "button", "Make the experiment").disabled
    fresh = fresh.button(key="making_stop").click().run()
    for _ in range(100):
        if find_making(token).state == "stopped":
            break
        time.sleep(0.1)
    fresh = settled(fresh.run())
    assert not fresh.sidebar.get("page_link") and not field(fresh, "button", "Make the experiment").disabled
    assert not (home / "experiments").exists() or not list((home / "experiments").iterdir())


@pytest.mark.slow
def test_how_it_ended_is_told_until_something_is_changed(dashboard, settled, monkeypatch):
    monkeypatch.setenv("DNACONV_CLUSTER", "tcp://lab:8786")
    at = upload(dashboard("your_data"), ("bound.csv", TABLE), settled=settled)
    monkeypatch.setattr(process, "start", lambda *words, **more: None)  # as if it died at once
    at = field(at, "button", "Make the experiment").click().run()
    assert "Making was interrupted: its process ended before it was done" in texts(at)
    making = find_making(address(at, "files"))
    assert making.on == "tcp://lab:8786"
    dataclasses.replace(making, state="stopped").save()
    assert "Making was stopped: nothing was kept." in texts(at.run())
    dataclasses.replace(making, state="failed", error=f"{Lot(making.name).folder}/bound.csv *broke*").save()
    assert errors(at.run()) == ["bound.csv *broke*"]
    at = settled(field(at, "text_input", "Title").set_value("Another").run())
    assert not errors(at) and not field(at, "button", "Make the experiment").disabled


@pytest.mark.slow
def test_what_is_ready_is_told_until_it_is_opened(own, dashboard, home):
    making = Making("0123456789abcdef", "mine", "My *own*", state="finished", created=1.0)
    making.folder.mkdir(parents=True)
    making.save()
    at = dashboard("evaluate")
    assert [link.proto.label for link in at.sidebar.get("page_link")] == ["My \\*own\\* is ready"]
    at = dashboard("evaluate", experiment="mine")
    assert not at.sidebar.get("page_link") and not making.folder.exists()


def test_the_referee_looks_at_data_that_came_with_the_program(dashboard, settled):
    at = dashboard("your_data")
    assert not [b for b in at.get("download_button") if b.proto.label == "Report as HTML"]  # nothing is read unasked
    at = settled(field(at, "selectbox", "The referee's report on built-in data").set_value("rnai").run())
    for _ in range(300):
        if at.get("expander") and "checks are fine" in "".join(one.label for one in at.expander):
            break
        time.sleep(0.2)
        at.run()
    assert "Size** (" in texts(at) or "Conflicts** (fine)" in texts(at)
    assert [b for b in at.get("download_button") if b.proto.label == "Report as HTML"] and not errors(at)
