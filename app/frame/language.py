"""The language a page speaks: English, as it stands in the source, or what app/locales has for it.

Texts of the dashboard are written as `tr("{n:,} examples", n=n)`: Babel finds them in the source, and the words around
the numbers are those of the page's language. What the core says in whole sentences goes through `said`. A table at the
top of a module marks its texts with `mark` and translates them where they are drawn: a module is read once, for all.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from frame.particles import particles
from frame.sentences import Sentences
from frame.words import JOINER, Words, ours

if TYPE_CHECKING:
    from babel.support import Translations

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "ko": "한국어"}
LOCALES = Path(__file__).parents[1] / "locales"
PARAMETER = "lang"  # of the address
_CHOSEN = "_language"
# '**12 %**보다' is not bold in Markdown: a sign before the stars, a letter behind them.
_BOLD_END = re.compile(r"(?<=[^\w\s*])\*\*(?=[가-힣])")
_log = logging.getLogger("dnaconv.app")


def language() -> str:
    """The code of the page's language; English outside a session."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    return st.session_state.get(_CHOSEN, ENGLISH)


def follow_address() -> None:
    """Take the language from the address, else keep the session's; a new session begins in the browser's own."""
    before = st.session_state.get(_CHOSEN)
    if PARAMETER in st.query_params:
        asked = st.query_params[PARAMETER]
        st.session_state[_CHOSEN] = asked if asked in LANGUAGES else ENGLISH
    elif before is None:
        st.session_state[_CHOSEN] = _of_browser()
    if before not in (None, language()):
        _keep_choices()


def _keep_choices() -> None:
    """A browser tells what is chosen by the words of it, which are now others: say what they stood for."""
    for key in [key for key in st.session_state if isinstance(key, str)]:
        value = st.session_state[key]
        some = value if isinstance(value, (list, tuple)) else (value,)
        # what files, tables and buttons hold cannot be set
        if some and all(type(one) in (str, int, float) for one in some):
            st.session_state[key] = value


def address() -> dict[str, str]:
    """What the address says of the language; '' takes it out, where it is the one the browser asks for anyway."""
    return {PARAMETER: "" if language() == _of_browser() else language()}


def choose_language(code: str) -> None:
    st.session_state[_CHOSEN] = code
    _keep_choices()


def _of_browser() -> str:
    code = str(st.context.locale or "").partition("-")[0].lower()
    return code if code in LANGUAGES else ENGLISH


def tr(text: str, /, **values: object) -> Words:
    """`text` in the page's language, with `values` put in as `str.format` does. Others' text is escaped before."""
    return _filled(_catalogue(language()).gettext(text), text, values)


def tr_n(one: str, many: str, n: int, /, **values: object) -> Words:
    """`tr` of `one` or `many` by the number `n`, which both may write as {n}."""
    found = _catalogue(language()).ngettext(one, many, n)
    return _filled(found, one if n == 1 else many, {"n": n, **values})


def _filled(found: str, text: str, values: dict[str, object]) -> Words:
    """The translation with its values; the English `text` with them where the translation has other fields."""
    if not values:
        return ours(found)
    try:
        return ours(_BOLD_END.sub(f"{JOINER}**", particles(found.format(**values))))
    except (LookupError, ValueError, TypeError, AttributeError):
        if found == text:
            raise
        _log.warning("a translation has other fields than its text: %s", text)
        return ours(text.format(**values))


def mark(text: str) -> str:
    """`text` as it is: found by Babel here, translated by `tr` where it is drawn."""
    return text


class Later(str):
    """A text of `mark` that is translated when it is drawn: for a decorator, which a module calls once for all."""

    def __str__(self) -> str:
        return tr(str.__str__(self))


def said(sentence: str) -> str:
    """A sentence of the core in the page's language; one that is not known stays as it is. Not yet escaped."""
    return saying()(sentence)


def saying() -> Callable[[str], str]:
    """`said` in the page's language of now, for work in the background, which has no page."""
    code = language()
    return str if code == ENGLISH else lambda sentence: sentence and _said(code, sentence)


def day_and_time(seconds: float) -> str:
    """A moment since 1970 as '3 Nov 14:05', in the server's time."""
    moment = datetime.fromtimestamp(seconds)
    month = moment.strftime("%b") if language() == ENGLISH else moment.month
    return tr("{day} {month} {time}", day=moment.day, month=month, time=moment.strftime("%H:%M"))


@lru_cache(maxsize=4096)
def _said(code: str, sentence: str) -> str:
    return particles(_sentences(code)(sentence))


@lru_cache
def _sentences(code: str) -> Sentences:
    """The core's sentences of one language, read once per server."""
    from babel.messages.pofile import read_po

    try:
        with (_folder(code) / "core.po").open("rb") as stream:
            read = read_po(stream, locale=code)
            known = {message.id: message.string for message in read if message.id and message.string}
        return Sentences(known, _catalogue(code).gettext)
    except Exception:  # as below
        _log.exception("the core's sentences cannot be read in %s", code)
        return Sentences({}, _catalogue(code).gettext)


def _folder(code: str) -> Path:
    return LOCALES / code / "LC_MESSAGES"


@lru_cache
def _catalogue(code: str) -> NullTranslations:
    """All files of one language as one, read once per server; a file that cannot be read is left out."""
    parts = []
    for file in sorted(_folder(code).glob("*.po")):
        try:
            parts.append(_read(file, code))
        except Exception:  # whatever is wrong in it, the page is drawn, in English
            _log.exception("%s cannot be read", file)
    for part in parts[1:]:
        parts[0].merge(part)
    return parts[0] if parts else NullTranslations()


def _read(file: Path, code: str) -> Translations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    packed = io.BytesIO()
    with file.open("rb") as stream:
        write_mo(packed, read_po(stream, locale=code))
    packed.seek(0)
    return Translations(packed)
