"""Who may talk to the server: its own names and pages, and nobody in a frame."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "streamlit",
}  # fmt: skip


def asked(address: str, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    """The answer to a GET with these headers, `_` in a name for `-`."""
    connection = http.client.HTTPConnection(urlsplit(address).hostname, urlsplit(address).port, timeout=60)
    connection.putrequest("GET", path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()
    return answer


def joined(address: str, **headers: str) -> int:
    """The status that the websocket is answered with."""
    return asked(address, "/_stcore/stream", **{k.replace("-", "_"): v for k, v in UPGRADE.items()}, **headers).status


@pytest.mark.looks
def test_only_its_own_names_and_pages_reach_the_server(server):
    port = urlsplit(server).port
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/static/js/none.js", "/media/none"):
        for host in ("evil.test", f"evil.test:{port}", "localhost.evil.test", "127.0.0.1.evil.test", "", "a b"):
            assert asked(server, path, host=host).status in (400, 403), (path, host)
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", "LOCALHOST", f"[::1]:{port}"):
        assert asked(server, "/_stcore/health", host=host).status == 200, host
    own = {"host": f"localhost:{port}"}
    assert joined(server, **own, origin=f"http://localhost:{port}") == 101
    assert joined(server, **own) == 101  # no browser: those always tell their origin
    for origin in (
        f"http://localhost:{port + 1}",
        "http://localhost",
        "http://evil.test",
        "null",
        "file://",
        f"http://127.0.0.1:{port}",
    ):
        assert joined(server, **own, origin=origin) == 403, origin
        assert asked(server, "/", **own, origin=origin).status == 403, origin
    assert joined(server, host=f"evil.test:{port}", origin=f"http://evil.test:{port}") == 403


@pytest.mark.looks
def test_every_answer_has_the_security_headers(server):
    for path, status in (("/", 200), ("/_stcore/health", 200), ("/media/none.csv", 404)):
        answer = asked(server, path)
        assert answer.status == status
        assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
        scripts = policy.split("script-src ")[1].split(";")[0]
        assert "unsafe" not in scripts and "http" not in scripts and "*" not in scripts
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert asked(server, "/", host="evil.test").headers["X-Frame-Options"] == "DENY"


@pytest.mark.looks
def test_it_is_not_shown_in_a_frame_and_breaks_no_rule_of_its_own(browser, server, settled, tmp_path):
    outside = tmp_path / "frame.html"
    outside.write_text(f'<iframe src="{server}" width=800 height=600></iframe>')
    page = browser.new_page()
    page.goto(outside.as_uri())
    page.wait_for_timeout(3000)
    assert all("Experiments" not in frame.content() for frame in page.frames[1:])
    broken: list[str] = []
    page.on("console", lambda told: broken.append(told.text) if "Content Security Policy" in told.text else None)
    for path in ("", "train", "evaluate", "filters", "predict", "why", "your_data", "saliency"):
        page.goto(server + path)
        settled(page)
        assert page.get_by_test_id("stException").count() == 0
    with page.expect_download() as got:
        page.get_by_role("button", name="CSV").first.click()
    assert got.value.path().stat().st_size > 100
    page.close()
    assert broken == []


def test_it_opens_under_another_name_that_it_is_given(start_server, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "lab.example")
    with start_server() as (_, address):
        assert asked(address, "/_stcore/health", host="lab.example").status == 200
        assert joined(address, host="lab.example", origin="https://lab.example") == 101
        assert joined(address, host="lab.example", origin="https://lab.example:444") == 403
        assert asked(address, "/_stcore/health", host=socket.gethostname() + ".evil.test").status == 403
        assert asked(address, "/_stcore/health").status == 200
