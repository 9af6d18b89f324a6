"""The real dashboard in a real browser: a server of its own on a free port, and Debian's chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
PATIENCE = 180_000  # milliseconds; a machine that does much else is slow, not wrong
BUSY = '[data-testid="stStatusWidget"], [data-testid="stSkeleton"], [data-testid="stSpinner"]'
# Whether the script has ended and every chart is plotted; the address and the text.
LOOK = """() => {
  const app = document.querySelector('[data-testid="stApp"]'), main = document.querySelector('[data-testid="stMain"]');
  const ended = app?.getAttribute('data-test-script-state') === 'notRunning';
  const plotted = [...document.querySelectorAll('.dc-chart')].every((chart) => chart.querySelector('.main-svg'));
  return [Boolean(ended && plotted && main?.innerText), location.href, main?.innerText ?? ''];
}"""


@pytest.fixture(scope="session")
def browser():
    """Chromium, or a skip that says what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("no chromium found: install Debian's chromium or set CHROMIUM to its path")
    playwright.expect.set_options(timeout=PATIENCE / 3)
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=FLAGS)
        opened.new_page, opened.new_context = _patient(opened.new_page), _patient(opened.new_context)
        yield opened
        opened.close()


def _patient(make: Callable) -> Callable:
    """`make`, which opens a page or a context; what is asked of it waits longer than Playwright's 30 s."""

    def opened(**options: object):
        made = make(**options)
        made.set_default_timeout(PATIENCE)
        return made

    return opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What the open pages say goes with a failure: a click that had no effect leaves no other trace."""
    report = yield
    if report.failed and "browser" in getattr(item, "funcargs", {}):
        for page in [page for context in item.funcargs["browser"].contexts for page in context.pages]:
            with suppress(Exception):
                state = page.locator('[data-testid="stApp"]').get_attribute("data-test-script-state", timeout=5000)
                text = page.locator("body").inner_text(timeout=5000)
                report.sections.append((f"Page {page.url}, {state}", text[:4000]))
        log = item.funcargs["home"].parent / "server.log"
        if log.is_file():
            report.sections.append(("Log of the server", log.read_text(errors="replace")[-4000:]))
    return report


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(home: Path, app: Path | str = "app", port: int = 0) -> Iterator[tuple[subprocess.Popen, str]]:
    """The process and the address of a dashboard whose runs are in `home`; app: another one, for a test of its own."""
    port = port or a_free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(app),
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    log = home.parent / "server.log"
    quick = {**os.environ, "DNACONV_HOME": str(home), "DNACONV_NICE": "0"}  # the test waits for the training
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=quick, stdout=out, stderr=out, start_new_session=True)
    try:
        _wait_until_healthy(process, port, log)
        yield process, f"http://127.0.0.1:{port}/"
    finally:
        if process.poll() is None:  # a test may have killed it
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # a response half read can keep it stopping for minutes
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def end_all_of(home: Path) -> None:
    """Trainings that the servers of a home have started outlive them, and would take the next tests' time."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            of_home = f"DNACONV_HOME={home}\0".encode() in (process / "environ").read_bytes() + b"\0"
            if of_home and b"dnaconv_core.runs." in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


@pytest.fixture(scope="session")
def server_of_many(tmp_path_factory):
    """The address of a dashboard for all tests that only look at what is shipped."""
    with serving(tmp_path_factory.mktemp("looked_at") / "home") as (_, address):
        yield address


@pytest.fixture
def server(home, request):
    """The address of a dashboard whose runs are in this test's home; of one for many where the test is marked so."""
    if request.node.get_closest_marker("looks"):
        yield request.getfixturevalue("server_of_many")
        return
    with serving(home) as (_, address):
        yield address
    end_all_of(home)


@pytest.fixture
def start_server(home):
    """`serving` for a test that starts and stops servers itself."""
    yield lambda app="app", port=0: serving(home, app, port)
    end_all_of(home)


@pytest.fixture
def free_port():
    """A port for a server whose address must be known before it starts."""
    return a_free_port()


def _wait_until_healthy(process: subprocess.Popen, port: int, log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                pytest.fail(f"the dashboard ended at once: {log.read_text()}")
            time.sleep(0.1)
    pytest.fail("the dashboard did not start within a minute")


@pytest.fixture(scope="session")
def context_of_many(browser, server_of_many):
    """What `server_of_many` has sent is loaded and compiled once for all its pages."""
    context = browser.new_context(base_url=server_of_many)
    yield context
    context.close()


@pytest.fixture
def page(browser, server, request):
    """A page at the dashboard's address; a script error on it fails the test."""
    shared = request.node.get_closest_marker("looks")
    context = request.getfixturevalue("context_of_many") if shared else browser.new_context(base_url=server)
    opened = context.new_page()
    opened.set_viewport_size({"width": 1440, "height": 1000})
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    context.set_offline(False)
    opened.close()
    if not shared:
        context.close()
    assert not broken


@pytest.fixture
def until():
    """A function that waits until what it is given is true."""

    def wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 2 * PATIENCE / 1000
        while not true():
            assert time.monotonic() < deadline, "waited for too long"
            time.sleep(0.05)

    return wait


@pytest.fixture
def answers():
    """A function that makes a question: does anything listen at this port of this machine?"""

    def asked(port: int) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    return lambda port: partial(asked, port)


@pytest.fixture
def settled():
    """A function that waits until the page is drawn: read nothing from one before.

    The script has ended, nothing says it is busy, charts are plotted, address and text have stood still for a while.
    """
    return _settle


def _settle(page) -> None:
    last, still, deadline = None, 0, time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline:
        time.sleep(0.2)
        seen = page.evaluate(LOOK)
        still = still + 1 if seen[0] and seen == last and not page.locator(BUSY).count() else 0
        if still == 3:
            return
        last = seen
    pytest.fail(f"the page was not still within three minutes: {last[1] if last else 'nothing was drawn'}")
