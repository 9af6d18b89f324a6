"""Users by token in a real browser, and by a proxy's header behind a real nginx: who is nobody gets nothing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dnaconv_core.home import acting_as
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
GUIDE = Path(__file__).parents[2] / "docs" / "lab-server.md"


def status(address: str, **headers: str) -> int:
    """What the server answers to a request with these headers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def a_run_of_each() -> None:
    for name in ("anna", "bob"):
        with acting_as(name):
            Store().create(RunSpec("rnai"), f"the run of {name}")


def test_each_sees_their_own_runs_after_a_login(start_server, browser, settled, tmp_path, monkeypatch):
    tokens = tmp_path / "tokens"
    tokens.write_text(
        "".join(f"{name} {hashlib.sha256(f'token {name}'.encode()).hexdigest()}\n" for name in ("anna", "bob"))
    )
    a_run_of_each()
    monkeypatch.setenv("DNACONV_USERS", f"tokens:{tokens}")
    with start_server() as (_, address):
        assert status(address) == 401 and status(f"{address}_stcore/health") == 200
        assert status(address, **{"X-Dnaconv-User": "anna"}) == 401
        for name, other in (("anna", "bob"), ("bob", "anna")):
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{address}runs")
            for token, led_to in (("wrong", f"{address}dnaconv-login"), (f"token {name}", address)):
                page.get_by_label("Your token").fill(token)
                with page.expect_navigation(url=led_to):  # before it, the form is the last one's
                    page.get_by_role("button", name="Log in").click()
            page.goto(f"{address}runs")
            page.get_by_role("heading", name="Runs", level=1).wait_for()
            settled(page)
            text = page.locator("body").inner_text()
            assert f"the run of {name}" in text and f"the run of {other}" not in text
            context.close()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_the_proxy_tells_who_asks_and_nobody_else_can(
    start_server, browser, settled, tmp_path, monkeypatch, until, answers
):
    location = re.search(r"    location / \{.*?\n    \}", GUIDE.read_text(), re.DOTALL)[0]
    assert "proxy_set_header X-Forwarded-User $remote_user;" in location
    (tmp_path / "users").write_text("anna:{PLAIN}hers\nbob:{PLAIN}his\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    a_run_of_each()
    monkeypatch.setenv("DNACONV_USERS", "header:X-Forwarded-User")
    with start_server() as (_, address):
        assert status(address) == 403
        ours = location.replace("127.0.0.1:8501", urlsplit(address).netloc)
        ours = ours.replace("location / {", "location / { proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;")
        login = f"auth_basic dnaconv; auth_basic_user_file {tmp_path}/users;"
        places = " ".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = tmp_path / "nginx.conf"
        server = f"server {{ listen 127.0.0.1:{port}; server_name localhost; {login}\n{ours} }}"
        config.write_text(
            f"{'user root; ' * (os.getuid() == 0)}daemon off; pid {tmp_path}/pid;\nevents {{}}\n"
            f"http {{ access_log off; {places}\n{server} }}\n"
        )
        nginx = subprocess.Popen([NGINX, "-e", f"{tmp_path}/error.log", "-c", str(config)])
        try:
            until(answers(port))
            for name, word, other in (("anna", "hers", "bob"), ("bob", "his", "anna")):
                words = {"username": name, "password": word}
                context = browser.new_context(http_credentials=words, extra_http_headers={"X-Forwarded-User": other})
                page = context.new_page()
                page.goto(f"http://localhost:{port}/runs")
                page.get_by_role("heading", name="Runs", level=1).wait_for()
                settled(page)
                text = page.locator("body").inner_text()
                assert f"the run of {name}" in text and f"the run of {other}" not in text
                context.close()
        finally:
            nginx.terminate()
            nginx.wait(10)


def test_a_header_from_elsewhere_is_not_believed(start_server, monkeypatch):
    monkeypatch.setenv("DNACONV_USERS", "header:X-Forwarded-User")
    with start_server() as (_, address):
        assert status(address, **{"X-Forwarded-User": "anna"}) == 200  # from this machine, where the proxy is
        assert status(address, **{"X-Forwarded-User": "../anna"}) == 403
        assert status(address, **{"X-Forwarded-User": "anna", "X-Forwarded-For": "127.0.0.1"}) == 200
    monkeypatch.setenv("DNACONV_PROXY", "10.0.0.1")
    with start_server() as (_, address):
        assert status(address, **{"X-Forwarded-User": "anna"}) == 403
        assert status(address, **{"X-Forwarded-User": "anna", "X-Forwarded-For": "10.0.0.1"}) == 403
