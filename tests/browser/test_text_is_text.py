"""What comes from files, links and names is shown as it is written: no link, image, icon, formula or heading of it."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.experiments.bring import bring
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Each would draw or fetch something where it is read as Markdown, HTML, LaTeX or one of Streamlit's own signs.
HOSTILE = (
    "![q](http://evil.test/a.png)", "[l](http://evil.test/b)", "<http://evil.test/c>", "http://evil.test/d",
    "www.evil.test", "zq@evil.test", '<img src="http://evil.test/e.png">', '<a href="http://evil.test/f">x</a>',
    "**zq9**", "<b>zq9</b>", "_zq9_", "`zq9`", "~~zq9~~", ":red[zq9]", ":violet-badge[zq9]", "$zq9^2$", "$$zq9$$",
    ":material/pets:", ":streamlit:", ":smile:", "chr1:100:A", "# zq9", "1. zq9", "- zq9", "> zq9", "a -> zq9",
    "&copy; zq9", "[^1] zq9", "--- zq9", "zq9 \\[a\\]", "| zq9 | b |", "<!-- zq9 -->", "x\n===", "x\n\n    zq9",
)  # fmt: skip
# Foreign links and images, and what only Markdown makes of the strings above. Shadow roots are looked into.
FOREIGN = """() => {
  const found = [], all = (root) => [...root.querySelectorAll('*')].flatMap((one) =>
    [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
  for (const node of all(document.body)) {
    const to = ['href', 'src', 'xlink:href', 'srcset'].map((name) => node.getAttribute(name)).filter(Boolean);
    const away = to.some((one) => !/^(data|blob):/.test(one) && new URL(one, location.href).host !== location.host);
    const own = (node.textContent ?? '').trim(), kind = node.className?.toString() ?? '';
    const read = /^(STRONG|B|EM|DEL|H[1-6]|LI|BLOCKQUOTE|CODE)$/.test(node.tagName)
      || /stMarkdownColored|stMarkdownBadge/.test(kind) || /bold/.test(node.getAttribute('style') ?? '');
    const icon = /pets/.test(node.getAttribute('aria-label') ?? '') || node.alt === 'Streamlit logo';
    if (away || (read && own === 'zq9') || /\\bkatex\\b/.test(kind) || icon)
      found.push(node.outerHTML.slice(0, 200));
  }
  return found;
}"""
EACH = """
import random, sys

sys.path.insert(0, {app!r})
import streamlit as st

from frame.words import plain, show_error

for number, text in enumerate({texts!r}):
    with st.container(key=f"drawn_{{number}}"):
        st.markdown(plain(text))
        show_error(text, icon=None)
        st.button(plain(text), key=f"b{{number}}")
        st.metric(plain(text), plain(text))
        st.caption("before " + plain(text) + " after")
        st.markdown(f"**{{plain(text)}}** · x")
        st.markdown(f"| | b |\\n|---|---|\\n| {{plain(text)}} | c |")
"""
SHOWN = """(number) => [...document.querySelectorAll(`.st-key-drawn_${number} [data-testid="stMarkdownContainer"],`
  + ` .st-key-drawn_${number} [data-testid="stCaptionContainer"]`)].map((node) => node.textContent)"""


@pytest.fixture
def requests(browser):
    """A page that keeps every address that it asks for."""
    opened = browser.new_page(viewport={"width": 1440, "height": 1000})
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    yield opened, asked
    opened.close()


def _foreign(asked: list[str], address: str) -> list[str]:
    own = urlsplit(address).netloc
    return [url for url in asked if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != own]


def _random_texts(n: int) -> list[str]:
    """Strings of the signs that Markdown is made of."""
    rng = random.Random(16)
    parts = [*r"[]()!*_`~$:<>#+-=.|\{}&;^@/ \"'", "ab", "1", "\n", "\t", "http://", "www.", ":red[", "](", "&lt;", "->"]
    return ["".join(rng.choices(parts, k=rng.randint(1, 14))) for _ in range(n)]


def _line(text: str) -> str:
    return " ".join(text.split())


def test_every_text_is_shown_as_it_is_written(start_server, requests, settled, tmp_path):
    texts = [text for text in [*HOSTILE, *_random_texts(60)] if text.strip()]
    script = tmp_path / "each.py"
    script.write_text(EACH.format(app=str(Path(__file__).parents[2] / "app"), texts=texts))
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text("[browser]\ngatherUsageStats = false\n")
    page, asked = requests
    with start_server(script) as (_, address):
        page.goto(address)
        settled(page)
        assert page.evaluate(FOREIGN) == [] and _foreign(asked, address) == []
        for number, text in enumerate(texts):
            shown = [_line(words.replace("\u2060", "")) for words in page.evaluate(SHOWN, number)]
            line = _line(text)
            assert len(shown) >= 6 and set(shown) == {
                line, f"before {line} after", f"{line} · x", f"b{line}c"
            }, text  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A home in which every name is hostile, and the run and experiment in it."""
    folder = tmp_path_factory.mktemp("hostile")
    rng, covariate = random.Random(3), "![q](http://evil.test/cov.png)"
    rows = [f'seq,"{covariate}",y,name']
    for number in range(300):
        core = "TGACTCA" if number % 2 else "CCCCCCC"
        text = "".join(rng.choices("ACGT", k=14)) + core + "".join(rng.choices("ACGT", k=15))
        name = HOSTILE[number % len(HOSTILE)].replace('"', "'").replace("\n", " ") + str(number)
        rows.append(f'{text},{rng.random():.3f},{"[a](http://evil.test/yes)" if number % 2 else "**zq9**"},"{name}"')
    (folder / "table.csv").write_text("\n".join(rows) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNACONV_HOME", str(folder / "home"))
        recipe = Recipe(
            "hostile", (Input("table", str(folder / "table.csv")),), title="![t](http://evil.test/t.png) $zq9$",
            question="[why](http://evil.test/q) <img src=http://evil.test/q.png> :red[zq9]",
            label='<a href="http://evil.test/l">zq9</a> <b>zq9</b>', unit="www.evil.test", note=" ".join(HOSTILE),
            sequence="seq", id="name", covariates=(covariate,), labels=LabelRecipe(columns=("y",)),
        )  # fmt: skip
        bring(recipe)
        store = Store()
        small = {"epochs": 2, "filters": 4, "depth": 1, "batch_size": 32, "device": "cpu"}
        run = store.create(RunSpec("hostile", data="own", settings=small), name="![r](http://evil.test/r.png) **zq9**")
        store.edit(run.id, name=run.name, tags=("[g](http://evil.test/g)",), notes="\n".join(HOSTILE))
        train_here(store, run.id)
        failed = store.create(RunSpec("hostile", data="own", settings=small | {"filters": 3}), name="# <b>zq9</b>")
        store.fail(failed.id, " ".join(HOSTILE))
    return folder / "home", run.id, failed.id


LINKS = (
    "?run={q}", "?experiment={q}", "train?experiment=hostile&run={q}", "train?experiment=rnai&data={q}",
    "train?experiment=rnai&preset={q}&epochs={q}", "evaluate?experiment=hostile&run={run}&stretch={q}&output={q}",
    "runs?runs={q}", "runs?experiment=hostile&runs={run}&scope=all", "runs?runs={failed}",
    "why?reason={q}", "predict?experiment=hostile&run={run}&sequence={q}", "predict?experiment=hostile&run={run}",
    "filters?experiment=hostile&run={run}&filter={q}", "saliency?experiment=hostile&run={run}&sequence={q}",
    "saliency?experiment=hostile&run={run}", "motifs?experiment=hostile&run={run}&view=Bench&motif={q}",
    "motifs?experiment=hostile&run={run}&view=Scan&motif=TGACTCA", "scan?experiment=hostile&run={run}",
    "design?experiment=hostile&run={run}&output={q}", "design?experiment=hostile&run={run}&design_start={q}",
    "variants?experiment=hostile&run={run}", "sirna?experiment=hostile&run={run}", "your_data?files={q}",
    "train?experiment=hostile&run={failed}", "?experiment=hostile", "evaluate?experiment=hostile&run={run}",
)  # fmt: skip


def test_no_name_in_a_link_or_a_file_is_read_on_any_page(hostile, start_server, requests, settled, home):
    folder, run, failed = hostile
    home.symlink_to(folder)
    page, asked = requests
    found: dict[str, list[str]] = {}
    with start_server() as (_, address):
        for link in LINKS:
            page.goto(address + link.format(q=quote(HOSTILE[0]), run=run, failed=failed))
            settled(page)
            found[link] = page.evaluate(FOREIGN) + _foreign(asked, address)
            asked.clear()
    assert {link: wrong for link, wrong in found.items() if wrong} == {}
