"""The dashboard in a real browser: time to first paint, reruns, memory with sessions, the cost of following a run.

    python benchmarks/app.py [--rounds 7] [--seconds 10]

Needs the playwright package and chromium (on the PATH, or named by $CHROMIUM). The server is this project's, in a home
of its own. Times: 'first paint' is the browser's first-contentful-paint of a page opened anew; 'complete' is when the
script has ended and the page has drawn it; 'rerun' is from pressing R to the same again; 'visit' is from a click in the
sidebar. 'server' is the CPU time the server took until the page was complete, 'messages' what it sent through the
WebSocket: both can be compared on a busy machine, too. Memory is the server's resident set.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import arguments, finish, print_table

ROOT = Path(__file__).parents[1]
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
STATE = "document.querySelector('[data-testid=\"stApp\"]')?.getAttribute('data-test-script-state')"
STILL = f"{STATE} === 'notRunning' && document.querySelector('[data-testid=\"stMain\"]')?.innerText.length > 40"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"  # reported some time after the paint
WATCH = """() => {
  window.__ran = false;
  window.__watch?.disconnect();
  window.__watch = new MutationObserver(() => { window.__ran = true; });
  window.__watch.observe(document.body, { subtree: true, attributeFilter: ["data-test-script-state"] });
  const main = document.querySelector('[data-testid="stMain"]');  // a quick run may end before its state is seen
  window.__watch.observe(main, { subtree: true, childList: true });
}"""
PATIENCE = 120_000  # ms


@contextmanager
def served(home: str) -> Iterator[tuple[int, str]]:
    """Process id and address of a dashboard whose runs are in `home`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app", "--server.port", str(port), "--server.headless", "true"]
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    process = subprocess.Popen(command, env={**os.environ, "DNACONV_HOME": home}, **quiet)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                if process.poll() is not None:
                    sys.exit("the dashboard ended at once: run 'streamlit run app' to see why")
                time.sleep(0.1)
        yield process.pid, f"http://127.0.0.1:{port}/"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def memory(pid: int) -> float:
    """MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def complete(page: Any, act: Callable[[], Any], *, anew: bool = True) -> float:
    """Seconds from `act` until the script has run and ended. anew: the page is opened, not only run again."""
    if not anew:
        page.evaluate(WATCH)
    start = time.perf_counter()
    act()
    page.wait_for_function(STILL if anew else f"window.__ran && {STILL}", timeout=PATIENCE, polling="raf")
    return time.perf_counter() - start


def by_sidebar(page: Any, address: str, path: str) -> float:
    """Seconds from a click in the sidebar until this page is complete; another one is shown before."""
    links = page.locator('[data-testid="stSidebarNavLink"]')
    paths = [link.removeprefix(address) for link in links.evaluate_all("found => found.map(link => link.href)")]
    there = paths.index(path)
    complete(page, lambda: links.nth(2 if there != 2 else 0).click(), anew=False)  # Runs, which is quick
    return complete(page, lambda: links.nth(there).click(), anew=False)


def pages(browser: Any, address: str) -> list[str]:
    page = browser.new_page()
    complete(page, lambda: page.goto(address))
    page.wait_for_selector('[data-testid="stSidebarNavLink"]', timeout=PATIENCE)
    links = page.eval_on_selector_all('[data-testid="stSidebarNavLink"]', "found => found.map(link => link.href)")
    page.close()
    return [link.removeprefix(address) for link in links]


def listening(page: Any) -> list[int]:
    """The sizes of the messages that this page gets through its WebSocket, bytes; it grows while the page is open."""
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda message: sizes.append(len(message))))
    return sizes


def visit(browser: Any, address: str, pid: int, path: str, rounds: int) -> dict[str, list[float]]:
    """Each round a new session; the first one, which also loads what pages share, is not counted."""
    names = ("first paint", "complete", "rerun", "visit", "server", "messages")  # seconds, and KiB
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        sizes, before = listening(page), cpu_seconds(pid)
        seconds = complete(page, lambda page=page: page.goto(address + path))
        server, sent = cpu_seconds(pid) - before, sum(sizes) / 1024
        paint = page.wait_for_function(PAINT, timeout=PATIENCE).json_value() / 1000
        again = complete(page, lambda page=page: page.keyboard.press("r"), anew=False)
        click = by_sidebar(page, address, path)
        page.close()
        if number:
            for name, value in zip(found, (paint, seconds, again, click, server, sent), strict=True):
                found[name].append(value)
    return found


def sessions(browser: Any, address: str, pid: int, paths: list[str]) -> dict[int, float]:
    """The server's memory with 1 and with 5 sessions open, each of which has seen every page."""
    used, open_pages = {}, []
    for count in range(1, 6):
        page = browser.new_page()
        for path in paths:
            complete(page, lambda page=page, path=path: page.goto(address + path))
        open_pages.append(page)
        if count in (1, 5):
            time.sleep(1)
            used[count] = memory(pid)
    for page in open_pages:
        page.close()
    return used


def following(browser: Any, address: str, pid: int, home: str, seconds: float) -> dict[str, float]:
    """The server's share of a core while nobody looks, and while one session follows a training run."""
    command = [sys.executable, "-m", "dnaconv_core.cli", "train", "tf_binding", "--detach", "--json", "--epochs", "500"]
    environment = {**os.environ, "DNACONV_HOME": home}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    run = json.loads(done.stdout)["run"]

    def share() -> float:
        start = cpu_seconds(pid)
        time.sleep(seconds)
        return (cpu_seconds(pid) - start) / seconds

    idle = share()
    page = browser.new_page()
    page.goto(f"{address}train?run={run}")
    page.wait_for_timeout(5000)
    followed = share()
    page.close()
    stop = [sys.executable, "-m", "dnaconv_core.cli", "runs", "cancel", run]
    subprocess.run(stop, cwd=ROOT, env=environment, check=False, capture_output=True)
    return {"nobody looks": idle, "one session follows": followed}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--pages", nargs="+", default=None, help="only these, as in their address (default: all)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long a share of a core is measured")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # also then the server is ended
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home, served(home) as (pid, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        paths, rows = options.pages or pages(browser, address), []
        for path in paths:
            times = figures[f"page {path or '/'}"] = visit(browser, address, pid, path, options.rounds)
            sent = times["messages"]
            cells = [_spread(values) for name, values in times.items() if name != "messages"]
            rows.append((path or "(first)", *cells, f"{statistics.median(sent):.0f} KiB"))
        print("each page, a new session each time")
        print_table(("page", "first paint", "complete", "rerun", "visit", "server", "messages"), rows)
        used = figures["memory"] = sessions(browser, address, pid, paths)
        print_table(("sessions", "server's memory"), [(count, f"{mib:.0f} MiB") for count, mib in used.items()])
        shares = figures["following"] = following(browser, address, pid, home, options.seconds)
        print_table(("", "server's share of a core"), [(name, f"{value:.1%}") for name, value in shares.items()])
        browser.close()
    finish(options, "app", figures)


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{statistics.median(ordered):.2f} s ({ordered[0]:.2f} to {ordered[-1]:.2f})"


if __name__ == "__main__":
    main()
