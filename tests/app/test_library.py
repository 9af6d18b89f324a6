"""What browsers load with the pages."""

import asyncio
import gzip
import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
SCRIPT = b"Plotly = {};" * 100


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """What is answered to a request for a path: status, headers, body; the app within answers 404."""
    monkeypatch.syspath_prepend(APP)
    script = tmp_path / "plotly.min.js"
    script.write_bytes(SCRIPT)

    async def within(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    library = importlib.import_module("frame.library").Library(within, script)

    def asked(path, query=b"v=7.1.0", takes=b"gzip, br", kind="http", method="GET"):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": kind, "method": method, "path": path, "query_string": query}
        scope["headers"] = [(b"accept-encoding", takes)]
        with ThreadPoolExecutor(1) as beside:  # a browser of other tests leaves a loop running in this thread
            beside.submit(asyncio.run, library(scope, None, send)).result()
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]

    return asked


PLACE = "/component/components.source.plotly_files/plotly.min.js"


def test_the_script_is_sent_compressed_and_kept_for_its_version(ask):
    status, headers, body = ask(PLACE)
    assert (status, gzip.decompress(body)) == (200, SCRIPT)
    assert headers[b"content-encoding"] == b"gzip"
    assert int(headers[b"content-length"]) == len(body) < len(SCRIPT)
    assert b"immutable" in headers[b"cache-control"]
    assert ask(f"/below{PLACE}")[0] == 200


@pytest.mark.parametrize(
    "other",
    [{"takes": b"br"}, {"query": b""}, {"method": "POST"}, {"kind": "websocket"}, {"path": "/media/plotly.min.js"}],
)
def test_all_else_is_answered_as_before(ask, other):
    assert ask(**{"path": PLACE, **other})[0] == 404


def test_no_page_draws_code_at_once():
    """Streamlit's `st.code` loads a highlighter for hundreds of languages: `copied` draws plain text."""
    drawn = {file.name for file in APP.rglob("*.py") if "st.code(" in file.read_text().replace("`st.code`", "")}
    assert drawn == {"files.py"}  # in a popover that is closed at first
