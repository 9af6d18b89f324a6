"""Korean particles after what was put into a sentence: the form that its last sound takes."""

from __future__ import annotations

import re

# The form after a consonant, and the one after a vowel.
_PAIRS = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
    "(이)라": ("이라", "라"),
    "(으)로": ("으로", "로"),
}
# The last sound of what ends in a Hangul syllable, a digit or a capital, closing quotes and stars passed over. How a
# word in small Latin letters sounds is not known: it keeps both forms, as is usual.
_PATTERN = re.compile(rf"([가-힣0-9A-Z])(['\"’”)\]*\u2060%]*)({'|'.join(map(re.escape, _PAIRS))})")
_CLOSED = frozenset("013678LMNR")  # 영 일 삼 육 칠 팔, 엘 엠 엔 아르/알
_IN_L = frozenset("178LR")


def particles(text: str) -> str:
    """`text` with the right particles, where the word before says which."""
    return _PATTERN.sub(_right, text) if "(" in text else text


def _right(found: re.Match[str]) -> str:
    last, between, both = found.groups()
    if "%" in between:  # 퍼센트
        last = "트"
    closed, in_l = _sound(last)
    after_consonant, after_vowel = _PAIRS[both]
    return f"{found[1]}{between}" + (after_consonant if closed and not (in_l and both == "(으)로") else after_vowel)


def _sound(letter: str) -> tuple[bool, bool]:
    """Whether it ends in a consonant, and whether that is ㄹ."""
    if "가" <= letter <= "힣":
        final = (ord(letter) - ord("가")) % 28
        return final > 0, final == 8
    return letter in _CLOSED, letter in _IN_L
