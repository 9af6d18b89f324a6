"""The shape of the code itself: imports go one way, the core knows no screen, files stay readable."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_found = importlib.util.spec_from_file_location("drawn_text", Path(__file__).with_name("drawn_text.py"))
drawn_text = importlib.util.module_from_spec(_found)
_found.loader.exec_module(drawn_text)
CORE = ROOT / "dnaconv_core"
FILES = sorted(CORE.rglob("*.py"))
APP = sorted((ROOT / "app").rglob("*.py"))
MOST_LINES, MOST_IN_APP = 350, 200
WARM_UP = ROOT / "app" / "frame" / "cache.py"  # imports torch beforehand, while the first page is read
COMPUTING = {"torch", "sklearn", "scipy", "captum", "memelite", "numba"}

# A file imports from rows above its own, and from files of its own room.
ROWS = {
    "front": -1, "__init__": 0, "errors": 0, "results": 0, "progress": 0, "home": 0.2, "files": 0, "wholefile": 0.5,
    "text": 0.5, "memory": 0, "threads": 0.1, "storing": 0.5, "users": 0.6, "quota": 0.7, "sharing": 0.7,
    "scratch": 0.6, "cluster": 0.6,
    "sequence": 1, "data": 2, "answers": 3, "model": 3.3, "engine": 4, "predict": 4.5,
    "evaluate": 5, "interpret": 5.3, "scan": 5.5, "variants": 5.6, "sirna": 5.6, "design": 5.6, "plot": 6, "train": 7,
    "experiments": 8, "why": 8.5, "runs": 9, "afar": 9.5, "commands": 10, "cli": 10, "api": 10,
}  # fmt: skip


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            if node.module == "dnaconv_core":
                found += [f"dnaconv_core.{alias.name}" for alias in node.names if not alias.name.startswith("_")]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_go_up_only_and_know_no_screen(path):
    own = room("dnaconv_core." + ".".join(path.relative_to(CORE).with_suffix("").parts))
    for module in imports(path):
        assert module.split(".")[0] != "streamlit"
        if module.split(".")[0] == "dnaconv_core":
            other = room(module)
            assert other == own or ROWS[other] < ROWS[own] or {own, other} == {"cli", "commands"}, module


@pytest.mark.parametrize("path", [*FILES, *APP], ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_readable(path):
    assert len(path.read_text().splitlines()) <= (MOST_IN_APP if path in APP else MOST_LINES)


@pytest.mark.parametrize("path", APP, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_app_only_shows(path):
    """It computes nothing itself, and what is asked and found comes from the experiment."""
    computing = {module.split(".")[0] for module in imports(path)} & COMPUTING
    assert computing <= ({"torch"} if path == WARM_UP else set())
    assert re.findall(r"JUND|AP-1|TGASTCA|TGACTCA|UUAAU|Huesken|HepG2", path.read_text()) == []


def test_links_name_pages_that_are_there():
    code = ast.parse((ROOT / "app" / "frame" / "pages.py").read_text())
    paths = [node.value.value for node in code.body if isinstance(node, ast.Assign)]
    assert len(paths) == len(set(paths)) >= 12
    assert [path for path in paths if not (ROOT / "app" / path).is_file()] == []


def test_text_of_others_is_never_drawn_as_markdown():
    files = [path for path in APP if path.name != "words.py"]
    found = [f"{path.relative_to(ROOT)}:{line}: {text}" for path, line, text in drawn_text.Reader(files).unsafe()]
    assert sorted(found) == []  # what is not written in the source goes through frame.words.plain, code or ours


@pytest.mark.parametrize(
    "line",
    [
        "st.error(str(error))",
        "st.markdown(f'**{run.name}**')",
        "left.caption('a ' + name)",
        "st.button('Go', help=run.notes)",
        "st.metric('n', value)",
        "st.pills('Which', names)",
        "st.pills('Which', names, format_func=lambda name: name)",
        "st.tabs([name])",
        "words = run.name\n    st.info(words)",
        "words = 'a'\n    words += run.name\n    st.info(words)",
        "for words in names:\n        st.info(words)",
        "box(run.name)",
        "st.badge(run.name)",
        "st.page_link('x', label=run.name)",
        "st.info(tr(run.name))",
        "st.info(tr('{a:,} of {b}', a=run.n, b=run.name))",
        "st.info(tr('{a:,}', a=run.n) + run.name)",
    ],
)
def test_a_raw_call_is_seen(line, tmp_path):
    code = "def box(words: Words):\n    st.info(words)\n\n\ndef told(run) -> Words:\n    return plain(run)\n\n\n"
    page = tmp_path / "page.py"
    page.write_text(f"{code}def draw(run, names, name, value, error):\n    {line}\n")
    assert len(list(drawn_text.Reader([page]).unsafe())) == 1


def test_text_that_is_ours_or_escaped_passes(tmp_path):
    fine = (
        "st.error(plain(error))", "st.markdown(f'**{plain(run.name)}** {n:,} {share:.1%} {len(names)}')", "box('a')",
        "words = 'a'\n    words += f' {n + 1}'\n    st.info(words)", "st.info(told(run))", "st.caption(_LINE)",
        "st.info(tr('**{a}** {n:,} {share:.1%}', a=plain(run.name), n=run.n, share=run.share))",
        "st.info(tr_n('{n} example', '{n} examples', run.n))", "st.caption(tr(_LINE))", "st.info(tr(ours(run.words)))",
        "st.pills('Which', names, format_func=plain)", "st.metric('n', f'{n:,}', help=LABELS[n].name)",
    )  # fmt: skip
    code = "def box(words: Words):\n    st.info(words)\n\n\ndef told(run) -> Words:\n    return plain(run)\n\n\n"
    page = tmp_path / "page.py"
    for line in fine:
        page.write_text(f"{code}def draw(run, names, n, share, error):\n    {line}\n")
        assert list(drawn_text.Reader([page]).unsafe()) == [], line


def _task_compared(node: ast.AST) -> bool:
    """Whether this compares something called a task with a text: `config.task == "binary"`, `task in ("a", "b")`."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    named = any(getattr(side, "attr", getattr(side, "id", "")) == "task" for side in sides)
    texts = (leaf for side in sides for leaf in ast.walk(side) if isinstance(leaf, ast.Constant))
    return named and any(isinstance(leaf.value, str) for leaf in texts)


def test_a_comparison_of_a_task_is_seen():
    seen = 'a.task == "binary"', '"binary" != task', 'x if task in ("binary", "regression") else y'
    assert all(any(map(_task_compared, ast.walk(ast.parse(code)))) for code in seen)
    fine = "ANSWERS[task].yes_or_no", "a.task == b.task", "len(task) > 2", 'job == "training"'
    assert not any(any(map(_task_compared, ast.walk(ast.parse(code)))) for code in fine)


def test_only_answers_know_the_kinds_of_answer_apart():
    files = [path for folder in ("dnaconv_core", "app", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    comparing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        if CORE / "answers" not in path.parents
        for node in ast.walk(ast.parse(path.read_text()))
        if _task_compared(node)
    ]
    assert len(files) > 150 and comparing == []


def test_importing_the_light_rooms_does_not_import_torch():
    light = "dnaconv_core, dnaconv_core.cli, dnaconv_core.runs.worker, dnaconv_core.data.formats, dnaconv_core.predict"
    heavy = "sorted({'torch', 'plotly', 'sklearn', 'streamlit'} & set(sys.modules))"
    code = f"import sys, {light}; dnaconv_core.cli._parser(); print({heavy})"  # with all commands
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
