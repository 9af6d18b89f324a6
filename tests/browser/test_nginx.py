"""The nginx configuration of the guide, with a real nginx: the page works behind it, websocket and all."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
GUIDE = Path(__file__).parents[2] / "docs" / "lab-server.md"


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_the_page_works_behind_nginx(start_server, browser, settled, tmp_path, until, answers):
    location = re.search(r"    location / \{.*?\n    \}", GUIDE.read_text(), re.DOTALL)[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with start_server() as (_, address):
        ours = location.replace("127.0.0.1:8501", urlsplit(address).netloc)
        server = f"server {{ listen 127.0.0.1:{port}; server_name localhost;\n{ours} }}"
        places = " ".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = tmp_path / "nginx.conf"
        config.write_text(
            f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{}}\n"
            f"http {{ access_log off; {places}\n{server} }}\n"
        )
        nginx = subprocess.Popen([NGINX, "-e", f"{tmp_path}/error.log", "-c", str(config)])
        try:
            until(answers(port))
            page = browser.new_page()
            page.goto(f"http://localhost:{port}/predict")
            page.get_by_role("heading", name="Predict", level=1).wait_for()
            settled(page)
            assert page.get_by_test_id("stException").count() == 0
            page.close()
        finally:
            nginx.terminate()
            nginx.wait(10)
