"""The report that a page offers is in the page's language: what the core writes in it has a translation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("streamlit")

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.plot.report import write_report
from dnaconv_core.results import Metric


@pytest.fixture
def said(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "app"))
    from frame import language

    monkeypatch.setattr(language, "language", lambda: "ko")
    return language.saying()


def test_a_report_in_korean_has_no_english_sentence(said, tmp_path):
    model = build(ModelConfig(length=41, depth=1, filters=2, kernel_size=7, pooling="max"), 1)
    metrics = {"valid": {"auroc": Metric(0.9, 0.8, 0.95)}}
    save_bundle(tmp_path / "m", model, "tf_binding", record={"name": "<mine>"}, metrics=metrics)
    data = tf_binding(60, seed=4, length=41)
    page = write_report(load_bundle(tmp_path / "m"), data, may_name=False, say=said, language="ko")
    shown = re.findall(r">([^<]+)<", page.partition("</style>")[2])
    english = [text for text in shown if re.search(r"[a-z]{2,} [a-z]{2,}", text) and not re.search("[가-힣]", text)]
    assert not set(english) - {"Sequence logo (bits)"}, english
    assert "<html lang=ko>" in page and "<h1>&lt;mine&gt;: 모델이 학습한 것</h1>" in page
    assert {"모델의 성능", "모델이 사용하는 모티프", "첫 층의 필터", "모델이 보는 곳"} <= set(shown)
    assert any("방법: DeepLIFT/SHAP" in text for text in shown) and "0.800 ~ 0.950" in page.replace(
        "0.800~0", "0.800 ~ 0"
    )


@pytest.mark.parametrize(
    ("sentence", "korean"),
    [
        (
            "99 seqlets, in 66.0% of positives and 0.0% of negatives (Fisher p 3.8e-41).",
            "seqlet 99개, 예제 중 비율: 양성 66.0%, 음성 0.0% (Fisher p 3.8e-41).",
        ),
        (
            "Put into the middle of 100 shuffled sequences it changes the logit by +5.135 (+4.866 to +5.406).",
            "셔플 서열 100개의 가운데에 넣으면 로짓 값의 변화: +5.135 (+4.866 ~ +5.406).",
        ),
        ("Filters, motifs and maps are those of the label CTCF, one of 3.", None),
        ("pattern 1 at bases 51 to 57, - strand", "패턴 1: 염기 51–57, - 가닥"),
        ("Shaded: sites of the patterns above (p at most 0.001 at one place).", None),
        ("2 of 16: those that tell high values and low values apart most come first.", None),
    ],
)
def test_sentences_of_a_report(said, sentence, korean):
    found = said(sentence)
    assert found == korean if korean else not re.search(r"[a-z]{2,} [a-z]{2,}", found)
