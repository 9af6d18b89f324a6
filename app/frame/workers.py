"""Opening the dashboard sees to it that waiting runs are worked on; nothing runs all the time for that."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.runs.queue import ensure_workers
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.tidy import tidy
from dnaconv_core.storing import read_only


def wake_workers() -> None:
    """Start a worker where a slot is free and work waits. Raises RunError when the home folder cannot be written."""
    if read_only():
        return
    store = Store()
    _writable(str(store.home))
    ensure_workers(store)


@st.cache_resource(show_spinner=False)
def _writable(home: str) -> bool:
    """Looked at once for each server: an error is not kept, so that it is gone when the folder has been put right."""
    Store().check_home()
    tidy()
    return True
