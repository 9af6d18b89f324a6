"""Parts of a page that draw themselves anew while something goes on: less often, the more sessions look."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dnaconv_core.home import acting
from dnaconv_core.users import NoUser

_ALONE = 10  # sessions that may all look as often as they ask; a look costs about 10 ms of the one core a server has
_AWAY = 30.0  # seconds after which a session that was not heard of is not counted
_TIDY = 10.0  # seconds between full collections of garbage, which Streamlit would do after each look
_seen: dict[str, float] = {}  # sessions, and when they last drew something
_tidied = 0.0
_AGAIN = "_drawn_again"


def here() -> None:
    """This session draws something."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        _seen[context.session_id] = time.monotonic()


def tidy() -> None:
    """Collect garbage, now and then: after what was drawn, so that nobody waits for it."""
    global _tidied
    now = time.monotonic()
    if now - _tidied > _TIDY:
        _tidied = now
        gc.collect()


def paced(seconds: float) -> float:
    """How often to look for what should be looked at every so many `seconds`: as often, or less with many sessions."""
    since = time.monotonic() - _AWAY
    for session, last in list(_seen.items()):
        if last < since:
            _seen.pop(session, None)
    return seconds * max(1.0, len(_seen) / _ALONE)


def redraw() -> None:
    """Have the whole page drawn anew: at once where a part of it draws itself, else when it is drawn to its end.

    To break off the drawing of a page would lose the press of a button that it is drawn for, and has not reached yet:
    Streamlit tells of it only once. What calls this goes on, or returns.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or context.fragment_ids_this_run:
        st.rerun()
    st.session_state[_AGAIN] = True


def page_drawn() -> None:
    """The page is drawn to its end; it is drawn once more if a part of it has asked for that."""
    if st.session_state.pop(_AGAIN, False):
        st.rerun()
    tidy()


def _nobody() -> bool:
    """Whether there is nobody any more for whom this session may draw."""
    try:
        acting()
    except NoUser:
        return True
    return False


def looking(draw: Callable[..., None], every: float | None) -> Callable[..., None]:
    """`draw` as a fragment that draws itself anew every so many seconds (never for None), or less often in a crowd.

    When the crowd has grown or gone since the page was drawn, the page is drawn once more, with another pace; when the
    user has gone, without what is theirs.
    """
    if every is None:
        return st.fragment(draw)
    pace = paced(every)

    @wraps(draw)
    def look(*asked: Any) -> None:
        here()
        if _nobody() or not 0.5 <= paced(every) / pace <= 2:
            redraw()
        draw(*asked)
        tidy()

    return st.fragment(look, run_every=pace)
