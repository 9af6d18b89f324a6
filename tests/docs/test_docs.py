"""The documentation: it builds without a warning, fetches nothing, names all there is, and its tutorials run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dnaconv_core.cli import command_parsers

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The pages, built as the gate builds them."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-f", str(ROOT / "mkdocs.yml"), "-d", folder]
    done = subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_pages_fetch_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        text = page.read_text()
        fetched = re.findall(r'(?:src|<link[^>]*href)="(https?://[^"]*)"', text)
        assert not fetched, (page.name, fetched)


@pytest.mark.slow
def test_the_reference_has_every_command_setting_and_name(site):
    import dnaconv_core as dc

    commands = (site / "reference" / "commands.html").read_text()
    for words, parser in command_parsers().items():
        assert f"usage: dnaconv {words}" in commands
        assert all(option in commands for action in parser._actions for option in action.option_strings)
    python = (site / "reference" / "python.html").read_text()
    for name in set(dc.__all__) - {"plot", "Dataset", "DnaConvError"}:
        assert re.search(rf'id="dnaconv_core\.api\.[a-z]+\.{name}"', python), name
    assert "&gt;&gt;&gt; " in python and "<blockquote" not in python  # examples are blocks of code
    settings = (site / "reference" / "settings.html").read_text()
    assert "<code>kernel_size</code>" in settings and "<code>DNACONV_SLOTS</code>" in settings


@pytest.mark.slow
def test_every_variable_that_is_read_is_in_the_reference():
    files = [file.read_text() for folder in ("dnaconv_core", "app") for file in (ROOT / folder).rglob("*.py")]
    code = "".join(files)
    of_vcf = set(re.findall(r"ID=(DNACONV_[A-Z_]+)", code))  # fields of its INFO
    read = set(re.findall(r"""["'](DNACONV_[A-Z_]+)["']""", code)) - of_vcf
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert len(read) >= 4 and not {name for name in read if f"`{name}`" not in page}


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_runs(page, tmp_path, monkeypatch):
    """As a notebook, in an empty folder; one cell after the other."""
    import jupytext
    import nbclient

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    notebook = jupytext.read(page)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    told = "".join(output.get("text", "") + "".join(output.get("data", {}).values()) for output in outputs)
    for word in WORDS[page.stem]:
        assert re.search(word, told), (word, told[-2000:])


WORDS = {  # what each must have shown: its claim
    "tgactca": [r"TGASTCA", r"auroc", r"TGACTCA: \+[4-7]\.", r"TGACTGA: [+-][01]\."],
    "peaks": [r"ROC-AUC 0\.\d+, cross-validated", r"TGASTCA", r"test part of peaks, 51 examples, opened for the first"],
    "reporter": [r"pearson_r", r"<svg", r"\+[01]\.\d\d \(.+\) in log2 of RNA over DNA"],
    "sirna": [r"best first", r"rules \d+/12", r"<svg"],
    "variants": [r"effect_logit", r"chr1:1004 C>G +-\d", r"larger than"],
}
