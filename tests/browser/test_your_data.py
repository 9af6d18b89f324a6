"""Files of other people in a real browser: brought, recognised, looked over, and made into experiments to train."""

from __future__ import annotations

import gzip
import re
from itertools import islice
from pathlib import Path

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def sample(shared_data, tmp_path):
    """A function that writes the first records (or rows) of a published file, packed as it was, or skips."""

    def write(name: str, records: int) -> Path:
        source = shared_data / "own" / name
        if not source.is_file():
            pytest.skip(f"{name} is not among the shared data")
        with gzip.open(source, "rt") as lines:
            if ".fa" in name:
                text = ">" + "\n>".join(lines.read().removeprefix(">").split("\n>")[:records])
            else:
                text = "".join(islice(lines, records + 1))
        out = tmp_path / name
        out.write_bytes(gzip.compress((text + "\n").encode()))
        return out

    return write


def brought(page, settled, *files: Path) -> None:
    page.goto("your_data")
    page.get_by_role("heading", name="Your data", level=1).wait_for()
    page.locator("input[type=file][multiple]").set_input_files([str(file) for file in files])
    page.get_by_text(files[0].name).first.wait_for()
    page.get_by_text(re.compile("checks are fine")).wait_for()
    settled(page)


def made(page, settled) -> None:
    page.get_by_role("button", name="Make the experiment").click()
    page.get_by_role("heading", name="Train", level=1).wait_for()
    settled(page)


def to(page, settled, name: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.get_by_role("heading", name=name, level=1).wait_for()
    settled(page)


def trained_and_opened(page, settled, key: str) -> None:
    """A short training, the test part opened, and the network's filters and one example looked at."""
    page.goto(f"train?experiment={key}&preset=quick&epochs=3&filters=4&depth=1")
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("finished", exact=True).wait_for()
    to(page, settled, "Evaluate")
    expect(page.get_by_text("It was never looked at.")).to_be_visible()
    page.get_by_role("button", name="Open the test part").click()
    page.get_by_role("button", name="Open it, and count this look").click()
    page.get_by_text(re.compile(r"\d+ examples, opened for the first time")).wait_for()
    settled(page)
    to(page, settled, "Filters")
    expect(page.get_by_text(re.compile(r"\d of 4 filters"))).to_be_visible()
    to(page, settled, "Saliency")
    expect(page.get_by_text("Agreement of methods")).to_be_visible()
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def test_a_pair_of_fasta_files_becomes_an_experiment(page, settled, sample):
    positives, negatives = (sample(f"pum2_{side}.fasta.gz", 300) for side in ("positives", "background"))
    brought(page, settled, positives, negatives)
    expect(page.get_by_text("no 300, yes 300")).to_be_visible()
    expect(page.get_by_text("The letters are RNA.")).to_be_visible()
    page.get_by_label("Question", exact=True).fill("Is it bound by the Pumilio protein?")
    page.keyboard.press("Enter")
    settled(page)
    address = page.url
    page.reload()  # files and choices are still there
    page.get_by_text(re.compile("checks are fine")).wait_for()
    settled(page)
    assert page.url == address
    expect(page.get_by_label("Question", exact=True)).to_have_value("Is it bound by the Pumilio protein?")
    made(page, settled)
    assert "experiment=pum2" in page.url
    expect(page.get_by_text("Is it bound by the Pumilio protein?").first).to_be_visible()
    trained_and_opened(page, settled, "pum2")
    to(page, settled, "Your data")
    page.get_by_text("Pum2", exact=True).wait_for()  # it is listed, and the page begins anew
    assert not page.get_by_role("button", name="Remove").count()


def test_positives_alone_are_compared_with_shuffles(page, settled, sample):
    brought(page, settled, sample("pu1.fa.gz", 300))
    expect(page.get_by_text("All 300 examples are positives")).to_be_visible()
    expect(page.get_by_text(re.compile("easy to tell apart")).first).to_be_visible()
    made(page, settled)
    assert "experiment=pu1" in page.url
    trained_and_opened(page, settled, "pu1")


def test_a_table_with_its_parts_and_a_ratio_of_counts(page, settled, sample):
    brought(page, settled, sample("mpsa_data.csv.gz", 800))
    expect(page.get_by_text("800 rows")).to_be_visible()
    expect(page.get_by_text("The file says which part each example belongs to.")).to_be_visible()
    expect(page.get_by_text("The answer is a number.")).to_be_visible()
    page.get_by_role("radio", name="log2 of a ratio").click()
    page.get_by_text("log2 tot_ct/ex_ct").first.wait_for()
    settled(page)
    made(page, settled)
    assert "experiment=mpsa" in page.url
    trained_and_opened(page, settled, "mpsa")


def test_wrong_files_are_one_sentence_each_and_leave_the_page_whole(page, settled, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "empty.csv").write_bytes(b"")
    (wrong / "cut.fa.gz").write_bytes(gzip.compress(b">a\nACGTACGTTA\n" * 5000)[:60])
    (wrong / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    page.goto("your_data")
    page.locator("input[type=file][multiple]").set_input_files([str(path) for path in sorted(wrong.iterdir())])
    page.get_by_text("photo.png is not a text file").wait_for()
    settled(page)
    said = [text.split("\n")[-1].split(" ")[0] for text in page.get_by_test_id("stAlert").all_inner_texts()]
    assert sorted(said) == ["cut.fa.gz", "empty.csv", "photo.png"]
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("No files yet?").wait_for()


@pytest.mark.parametrize("width", [800, 1440])
def test_nothing_reaches_beyond_the_window(page, settled, width):
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto("your_data")
    page.get_by_role("button", name="Try it").first.click()
    page.get_by_text(re.compile("checks are fine")).wait_for()
    settled(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    main = page.evaluate("(m => m.scrollWidth - m.clientWidth)(document.querySelector('[data-testid=\"stMain\"]'))")
    assert wide <= 2 and main <= 2
