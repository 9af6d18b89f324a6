"""The dashboard in Korean: the switch, the address, and what happens where a translation is missing or broken."""

from __future__ import annotations

import pytest

pytest.importorskip("streamlit")

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
OTHER_FIELDS = 'msgid "{n} of {m}"\nmsgstr "{m}개 중 {k}개"\n\n'
PLURAL = 'msgid "{n} run"\nmsgid_plural "{n} runs"\nmsgstr[0] "실행 {n}개"\n'


def _speaks(at) -> str:
    return at.session_state["_language"]


def test_the_switch_changes_the_language_and_the_address(dashboard):
    at = dashboard("runs")
    assert _speaks(at) == "en" and "lang" not in at.query_params
    at.segmented_control(key="_speak").set_value("ko").run()
    assert not at.exception and _speaks(at) == "ko" and at.query_params["lang"] == "ko"
    at.segmented_control(key="_speak").set_value("en").run()
    assert _speaks(at) == "en" and "lang" not in at.query_params


def test_a_link_that_drops_the_language_does_not_change_it(dashboard):
    at = dashboard("runs", lang="ko")
    del at.query_params["lang"]
    at.switch_page("learn/train.py").run()
    assert _speaks(at) == "ko" and at.query_params["lang"] == "ko"
    at.query_params["lang"] = "xx"
    assert _speaks(at.run()) == "en" and "lang" not in at.query_params


def test_a_first_visit_follows_the_browser_and_a_choice_stays(dashboard):
    at = dashboard()
    del at.session_state["_language"]
    at.context["locale"] = "ko-KR"
    at.run()
    assert _speaks(at) == "ko" and "lang" not in at.query_params
    at.segmented_control(key="_speak").set_value("en").run()
    assert _speaks(at) == "en" and at.query_params["lang"] == "en"


def test_a_translation_that_is_broken_leaves_the_english(tmp_path, monkeypatch, dashboard, caplog):
    dashboard()
    from frame import language

    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "a.po").write_bytes(b'msgid "broken\nmsgstr \xff')
    (folder / "b.po").write_text(HEAD + OTHER_FIELDS + PLURAL)
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    monkeypatch.setattr(language, "language", lambda: "ko")
    language._catalogue.cache_clear()
    try:
        assert language.tr("{n} of {m}", n=1, m=2) == "1 of 2" and "has other fields" in caplog.text
        assert language.tr_n("{n} run", "{n} runs", 3) == "실행 3개" and language.tr("unknown") == "unknown"
        assert "a.po cannot be read" in caplog.text
    finally:
        language._catalogue.cache_clear()
