"""Sentences of the core in Korean: recognised by their templates, with what stands in them unchanged."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from string import Formatter

import pytest

pytest.importorskip("streamlit")
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def core():
    """(tests/core_texts.py, the translations of core.po, what recognises sentences by them)."""
    paths = [str(TESTS), str(TESTS.parent / "app")]
    sys.path[:0] = paths
    import core_texts
    import translations

    from frame.sentences import Sentences

    known = {message.id: message.string for message in translations.catalogue("ko", "core") if message.id}
    yield core_texts, known, Sentences(known, lambda text: known.get(text, text))
    for path in paths:
        sys.path.remove(path)


def test_every_template_is_one_of_the_core_and_keeps_its_fields(core):
    import translations

    texts, known, _ = core
    written = "\n".join(texts.all_texts())
    written += written.replace("{{", "{").replace("}}", "}")  # the templates that the core fills by itself
    gone = [text for text in known if text not in written]
    assert not gone, "core.po translates what the core does not say: " + "\n".join(gone)
    wrong = [found for text, korean in known.items() if (found := translations._other_fields(text, korean))]
    assert not wrong, "\n".join(wrong)


def test_every_error_and_reason_that_a_page_may_show_has_a_translation(core):
    texts, known, _ = core
    shown = texts.shown_texts()
    wrong = [f"{place}: {text}" for text, place in shown.items() if not texts.is_known(text, known)]
    assert not wrong, "\n".join(["texts to translate in app/locales/ko/LC_MESSAGES/core.po:", *wrong])
    assert len(shown) > 600


def test_an_error_without_a_translation_is_found(core, tmp_path, monkeypatch):
    texts, _, _ = core
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands" / "say.py").write_text("raise InputError('of a command alone')\n")
    (tmp_path / "room.py").write_text(
        "def check(n):\n    if n:\n        raise DataError(f'there are {n:,} rows: give {\"more of\" if n else n}')\n"
        "    raise\n\n\nskipped = Skipped('a', 1, 'has no letters')\nother = print('is not shown')\n"
    )
    monkeypatch.setattr(texts, "CORE", tmp_path)
    found = texts.shown_texts.__wrapped__()
    assert found == {"there are {n} rows: give {x}": "room.py:3", "more of": "room.py:3", "has no letters": "room.py:7"}


def test_a_template_filled_with_anything_is_recognised_and_keeps_it(core):
    from frame.sentences import tells

    _, known, said = core
    rng, failed, tried = random.Random(0), [], 0
    for text, korean in known.items():
        names = {name for _, name, _, _ in Formatter().parse(text) if name}
        if names and not tells(text):  # the tail of a sentence
            continue
        values = _values(text, names, rng)
        tried += 1
        if said(text.format(**values)) != korean.format(**values):
            failed.append(f"{text.format(**values)!r} became {said(text.format(**values))!r}")
    assert not failed, "\n".join(failed)
    assert tried > 400


def _values(text: str, names: set[str], rng: random.Random) -> dict[str, str]:
    """Numbers for counts, unknown words for the rest; a field after another one or a letter is a tail."""
    from frame.templates import NUMBERS

    letters, values, before = "BQXZqxz", {}, None
    for literal, name, _, _ in Formatter().parse(text):
        if name:
            word = "".join(rng.choices(letters, k=5)) + str(rng.randint(0, 9))
            number = f"{rng.randint(0, 99999):,}"
            beside = literal[-1].isalpha() if literal else before is not None
            values.setdefault(name, f" ({word})" if beside else number if NUMBERS.fullmatch(name) else word)
            before = name
    return values


@pytest.mark.parametrize(
    ("sentence", "korean"),
    [
        ("12 filters of 11 on both strands → ReLU → dropout 0.3", "너비 11 필터 12개, 양쪽 가닥 → ReLU → 드롭아웃 0.3"),
        ("baselines: k-mer counts, 0:12 left", "기준 모델: k-mer 개수, 0:12 남음"),
        ("Epoch 12 of 200, 8,345 sequences/s.", "에폭 12/200, 초당 서열 8,345개."),
        ("only 3 sites: too few to trust the motif", "부위가 3개뿐: 모티프를 믿기에는 너무 적음"),
        ("only 1 site: too few to trust the motif", "부위가 1개뿐: 모티프를 믿기에는 너무 적음"),
        ("has 5 fields where the header has 3", "필드가 5개인데 머리글은 3개입니다"),
        ("loading data. My own words.", "데이터를 읽는 중. My own words."),
        ("my.*file? {n}", "my.*file? {n}"),
        ("", ""),
    ],
)
def test_sentences_of_sentences(core, sentence, korean):
    assert core[2](sentence) == korean


def test_what_is_not_known_stays_as_it_is(core):
    said = core[2]
    for text in ("GATTACA", "3 apples", "a run of mine, too", "What is this?", "Intervals by 12 groups", "→", " · "):
        assert said(text) == text


def test_of_a_very_long_sentence_no_pattern_is_tried(core):
    """One written to fit a template of five fields again and again took a quarter of a minute."""
    said, words = core[2], "baselines: {}, 0:12 left"
    assert said(words.format("k-mer counts")) != words.format("k-mer counts")
    long = words.format("x" * 600)
    assert said(long) == long
    assert said(f"{'x' * 600}. Epoch 12 of 200, 8,345 sequences/s.").endswith("에폭 12/200, 초당 서열 8,345개.")


def test_dots_without_end_are_a_text_as_any_other(core):
    said = core[2]
    for text in ("a" + "." * 3000, "." * 3000, "Epoch 12 of 200, 8,345 sequences/s" + "." * 700):
        assert said(text) == text


WINNER = (
    "On the validation part, which had no share in the choice, the winner against auto: 7, 7 77, 7 examples, "
    "one training of each."
)


@pytest.mark.parametrize("more", [" ", " 1", ", ", " of ", "a: b; c, d. ", ". Epoch 1 of 2, 3 sequences/s"])
def test_each_place_of_a_text_is_tried_once_for_a_field(core, monkeypatch, more):
    """Counted, not timed: with regular expressions the first of these took 13 seconds."""
    from frame import sentences, templates

    text, tried, matched = (WINNER + more * 300)[:598], [], []
    end, match = templates._end, templates.Template.match
    monkeypatch.setattr(templates, "_end", lambda *given: tried.append(1) or end(*given))
    monkeypatch.setattr(templates.Template, "match", lambda one, given: matched.append(given) or match(one, given))
    sentences.Sentences(core[1], lambda text: core[1].get(text, text))(text)
    fields = max(len(one.names) for one in map(_as_template, core[1]))
    assert 0 < len(matched) < 10 * len(text)
    assert 0 < len(tried) <= fields * sum(len(given) + 1 for given in matched)
    assert len(tried) < 50 * len(text)


def _as_template(text: str):
    from frame.templates import Template

    return Template(text, "")


def test_templates_of_fields_side_by_side(core):
    from frame.templates import Template

    template = Template("{what}: {n} row{s}{more}", "")
    assert template.match("a: b: 12 rows (of mine). all") == {
        "what": "a: b",
        "n": "12",
        "s": "s",
        "more": " (of mine). all",
    }
    assert template.match("a: 12 row") == {"what": "a", "n": "12", "s": "", "more": ""}
    assert template.match("a: many rows") is None and template.match(": 1 row") is None
    assert template.match("Mine. A: 12 row") is None  # a field does not go beyond a sentence
    assert Template("{a} is {b}, not {a}", "").match("x is y, not z") is None
    assert template.words() == set()  # a field may go on with "row"
    assert Template("{n} of my rows{x}", "").words() == {"of", "my"}


def test_what_follows_a_word_is_one_with_what_follows_that(core):
    said = core[2]
    words = "{} training examples count for 48,257 weights: enough for a small network."
    assert said(words.format(900)).startswith("유효 학습 예제") and "(가중치 48,257개)" in said(words.format(900))
