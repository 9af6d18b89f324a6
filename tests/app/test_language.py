"""The dashboard in Korean: the switch, the address, and what happens where a translation is missing or broken."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("streamlit")
TESTS = Path(__file__).parents[1]
FOLDERS = ("bring", "judge", "learn", "open_up", "use", "frame", "components")

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
BOLD = 'msgid "higher than **{share}** of all"\nmsgstr "모두의 **{share}**보다 높음"\n\n'
OTHER_FIELDS = 'msgid "{n} of {m}"\nmsgstr "{m}개 중 {k}개"\n\n'
PLURAL = 'msgid "{n} run"\nmsgid_plural "{n} runs"\nmsgstr[0] "실행 {n}개"\n'


def _speaks(at) -> str:
    return at.session_state["_language"]


@pytest.fixture
def browser(dashboard, monkeypatch):
    """The words that a browser shows, and tells what is chosen by: a list with the code of their language."""
    monkeypatch.syspath_prepend(str(TESTS.parent / "app"))
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from frame import language

    shown, of_session = ["en"], language.language
    told = lambda: of_session() if get_script_run_ctx(suppress_warning=True) else shown[0]  # noqa: E731
    monkeypatch.setattr(language, "language", told)
    return shown


def test_the_switch_changes_the_language_and_the_address(dashboard, browser):
    at = dashboard("runs")
    assert _speaks(at) == "en" and "lang" not in at.query_params and at.title[0].value == "Runs"
    at.selectbox(key="_experiment").set_value("rnai").run()
    at.segmented_control(key="_speak").set_value("ko").run()
    browser[0] = "ko"
    assert not at.exception and _speaks(at) == "ko" and at.query_params["lang"] == "ko"
    box = at.selectbox(key="_experiment")
    assert box.label == "실험" and "RNA 간섭" in box.options and box.value == "rnai" == at.query_params["experiment"]
    at.segmented_control(key="_speak").set_value("en").run()
    browser[0] = "en"
    assert _speaks(at) == "en" and "lang" not in at.query_params
    assert at.selectbox(key="_experiment").label == "Experiment" and at.query_params["experiment"] == "rnai"


def test_what_is_chosen_stays_when_the_words_change(dashboard, browser):
    at = dashboard("train")
    at.segmented_control(key="preset").set_value("tuned").run()
    at.query_params["lang"] = "ko"
    at.run()
    browser[0] = "ko"
    assert not at.exception and _speaks(at) == "ko"
    assert at.segmented_control(key="preset").value == "tuned" and at.selectbox(key="_experiment").value == "tf_binding"


def test_a_link_that_drops_the_language_does_not_change_it(dashboard, browser):
    browser[0] = "ko"
    at = dashboard("runs", lang="ko")
    del at.query_params["lang"]
    at.switch_page("learn/train.py").run()
    assert _speaks(at) == "ko" and at.query_params["lang"] == "ko"
    at.query_params["lang"] = "xx"
    assert _speaks(at.run()) == "en" and "lang" not in at.query_params


def test_a_first_visit_follows_the_browser_and_a_choice_stays(dashboard, browser):
    at = dashboard()
    del at.session_state["_language"]
    at.context["locale"] = "ko-KR"
    at.run()
    browser[0] = "ko"
    assert _speaks(at) == "ko" and "lang" not in at.query_params
    at.segmented_control(key="_speak").set_value("en").run()
    assert _speaks(at) == "en" and at.query_params["lang"] == "en"


def test_a_translation_that_is_broken_leaves_the_english(tmp_path, monkeypatch, dashboard, caplog):
    dashboard()
    from frame import language

    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "a.po").write_bytes(b'msgid "broken\nmsgstr \xff')
    (folder / "b.po").write_text(HEAD + BOLD + OTHER_FIELDS + PLURAL)
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    monkeypatch.setattr(language, "language", lambda: "ko")
    language._catalogue.cache_clear()
    try:
        assert language.tr("{n} of {m}", n=1, m=2) == "1 of 2" and "has other fields" in caplog.text
        assert language.tr_n("{n} run", "{n} runs", 3) == "실행 3개" and language.tr("unknown") == "unknown"
        assert "a.po cannot be read" in caplog.text
        shown = language.tr("higher than **{share}** of all", share="4 %")
        assert shown == "모두의 **4 %\u2060**보다 높음"  # without the joiner the stars would be shown
    finally:
        language._catalogue.cache_clear()


@pytest.fixture(scope="module")
def lists():
    """tests/translations.py, and a reader of the app's code."""
    sys.path.insert(0, str(TESTS))
    import translations
    from drawn_text import Reader

    yield translations, Reader(sorted(translations.APP.rglob("*.py")))
    sys.path.remove(str(TESTS))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_text_has_a_translation_with_its_fields(lists, folder):
    wrong = lists[0].missing("ko", folder)
    assert not wrong, "\n".join([f"{len(wrong)} texts to translate in app/locales/ko/LC_MESSAGES/{folder}.po:", *wrong])


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_translation_is_of_a_text_that_is_gone(lists, folder):
    gone = lists[0].obsolete("ko", folder)
    assert not gone, "\n".join(gone)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_text_is_drawn_past_tr(lists, folder):
    bare = lists[0].unwrapped(lists[1], folder)
    assert not bare, "\n".join(["texts that are drawn without tr or said:", *bare])


def test_a_text_that_is_drawn_past_tr_is_found(lists, tmp_path, monkeypatch):
    from drawn_text import Reader

    page = tmp_path / "use" / "page.py"
    page.parent.mkdir()
    page.write_text(
        "from __future__ import annotations\nimport streamlit as st\nWAY = 'go on'\nSAFE = mark('go on')\n"
        "def draw(n: int) -> None:\n"
        "    words = 'None of them'\n    st.title(f'{n} runs')\n    st.caption(words)\n    st.button(WAY)\n"
        "    st.button(tr(SAFE), help=plain('so it is'))\n    st.metric('AUC', tr('fine'))\n"
        "    st.write(f'**{n}** kb')\n"
    )
    monkeypatch.setattr(lists[0], "APP", tmp_path)
    found = lists[0].unwrapped(Reader([page]))
    assert [line.partition(": ")[2] for line in found] == ["'go on'", "'None of them'", "'  runs'", "'so it is'"]


@pytest.mark.parametrize("page", ["", "your_data", "step_through"])
def test_a_page_in_korean_has_no_english_sentence(dashboard, browser, page):
    browser[0] = "ko"
    at = dashboard(page, lang="ko")
    drawn = [one.value for one in (*at.title, *at.subheader, *at.caption, *at.markdown, *at.metric)]
    drawn += [one.label for one in (*at.button, *at.selectbox, *at.segmented_control, *at.metric, *at.expander)]
    told = [text for text in drawn if len(re.findall(r"\b[a-z]{2,}\b", text)) > 3 and not re.search("[가-힣]", text)]
    assert not at.exception and len(drawn) > 10
    assert not told, "\n".join(told)


def test_braces_are_doubled_only_where_values_are_put_in():
    """A text without values is drawn as it stands: what Plotly is to fill in would not be found behind two braces."""
    import ast

    wrong = []
    for path in (TESTS.parent / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "tr" and not call.keywords):
                continue
            wrong += [f"{path.name}: {one.value}" for one in call.args
                      if isinstance(one, ast.Constant) and ("{{" in one.value or "}}" in one.value)]  # fmt: skip
    assert not wrong, wrong
