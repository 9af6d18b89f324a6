"""Korean particles after values: the form that the last sound takes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("streamlit")


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("서열은(는) 열을(를) 표이(가)", "서열은 열을 표가"),
        ("0이(가) 1은(는) 2을(를) 3과(와) 5와(과)", "0이 1은 2를 3과 5와"),
        ("길이가 3(으)로, 7(으)로, 9(으)로, 서울(으)로", "길이가 3으로, 7로, 9로, 서울로"),
        ("'모티프'이(가) **필터**은(는) (합성곱)을(를)", "'모티프'가 **필터**는 (합성곱)을"),
        (
            "DNA을(를) GPU이(가) BPNet은(는) TSV와(과) MEME(으)로 MRNA(이)라",
            "DNA를 GPU가 BPNet은(는) TSV와 MEME로 MRNA라",
        ),
        ("12%이(가)", "12%가"),
        ("jund은(는) .fa이(가)", "jund은(는) .fa이(가)"),
        ("구간(95%)", "구간(95%)"),
    ],
)
def test_particles_follow_the_last_sound(monkeypatch, given, right):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "app"))
    from frame.particles import particles

    assert particles(given) == right
