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
    """Numbers for counts, unknown words for the rest; of two fields side by side the second is a tail."""
    from frame.sentences import NUMBERS

    letters, values, before = "BQXZqxz", {}, None
    for literal, name, _, _ in Formatter().parse(text):
        if name:
            word = "".join(rng.choices(letters, k=5)) + str(rng.randint(0, 9))
            number = f"{rng.randint(0, 99999):,}"
            beside = before is not None and not literal
            values.setdefault(name, number if NUMBERS.fullmatch(name) else f" ({word})" if beside else word)
            before = name
    return values


@pytest.mark.parametrize(
    ("sentence", "korean"),
    [
        ("12 filters of 11 on both strands → ReLU → dropout 0.3", "너비 11 필터 12개, 양쪽 가닥 → ReLU → 드롭아웃 0.3"),
        ("baselines: k-mer counts, 0:12 left", "기준 모델: k-mer 개수, 0:12 남음"),
        ("Epoch 12 of 200, 8,345 sequences/s.", "에폭 12/200, 초당 서열 8,345개."),
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
