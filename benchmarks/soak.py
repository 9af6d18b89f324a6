"""Many people at one dashboard: sessions that open Runs at once, then hundreds of visits beside a training.

    python benchmarks/soak.py [--sessions 1 20 50] [--visits 500] [--runs 40]

Each session is a real one: a websocket that speaks the browser's protocol, and asks again for the parts of a page that
draw themselves anew, as often as they say. Nothing is drawn: what is measured is the server, until it has sent a page
whole. Its home has runs, and one that trains all the while. Memory is the server's resident set.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from common import arguments, finish, print_table

from app import ROOT, cpu_seconds, memory, served

PAGES = (
    "your_data", "", "train", "runs", "evaluate", "filters", "saliency", "motifs", "why", "predict", "scan", "variants",
    "sirna",
)  # fmt: skip
PATIENCE = 120.0  # seconds for one page
LEAST = 8  # elements of a page that was drawn at all
MOST = 1 << 28  # bytes of a message


class Session:
    """One open tab."""

    def __init__(self, address: str) -> None:
        self.address, self.problems = address, []
        self.timers: dict[str, tuple[float, asyncio.Task[None]]] = {}  # seconds, and who asks that often
        self.drawn = 0  # times that a part drew itself anew
        self.names: dict[str, str] = {}  # of pages, to their hash
        self.query, self.page, self.elements = "", "", 0
        self.ended = asyncio.Event()

    async def open(self) -> None:
        from websockets.asyncio.client import connect

        where = self.address.replace("http", "ws") + "_stcore/stream"
        self.socket = await connect(where, subprotocols=["streamlit"], max_size=MOST, origin=self.address.rstrip("/"))
        self.reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        self._forget_timers()
        self.reader.cancel()
        await self.socket.close()

    async def visit(self, page: str, query: str = "") -> float:
        """Seconds until the page is complete."""
        self._forget_timers()
        self.page, self.query = page, query
        self.ended.clear()
        self.elements = 0
        start = time.perf_counter()
        await self._ask()
        await asyncio.wait_for(self.ended.wait(), PATIENCE)
        if self.elements < LEAST:
            self.problems.append(f"{page or 'first'}: only {self.elements} elements were drawn")
        return time.perf_counter() - start

    async def _ask(self, fragment: str = "") -> None:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_name, asked.fragment_id = self.query, self.page, fragment
        asked.page_script_hash = self.names.get(self.page, "")
        asked.is_auto_rerun = bool(fragment)
        await self.socket.send(message.SerializeToString())

    async def _read(self) -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        async for content in self.socket:
            message = ForwardMsg()
            message.ParseFromString(content)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.names = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                for page in message.navigation.app_pages:
                    if page.is_default:
                        self.names[""] = page.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "auto_rerun":
                self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "stop_auto_rerun":
                if message.stop_auto_rerun.fragment_ids:
                    self._forget_timers(*message.stop_auto_rerun.fragment_ids)
            elif kind == "delta":
                self._look(message.delta)
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    self.ended.set()
                elif message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
                    self.drawn += 1

    def _look(self, delta: Any) -> None:
        self.elements += 1
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
            text = element.exception.message if kind == "exception" else element.alert.body
            self.problems.append(f"{self.page or 'first'}: {text[:120]}")

    def _start_timer(self, fragment: str, interval: float) -> None:
        async def again() -> None:
            while True:
                await asyncio.sleep(interval)
                with contextlib.suppress(OSError):
                    await self._ask(fragment)

        if self.timers.get(fragment, (None,))[0] != interval:
            self._forget_timers(fragment)
            self.timers[fragment] = interval, asyncio.create_task(again())

    def _forget_timers(self, *fragments: str) -> None:
        for fragment in fragments or tuple(self.timers):
            if fragment in self.timers:
                self.timers.pop(fragment)[1].cancel()


def furnished(home: Path, runs: int) -> None:
    """A home with ended runs and their curves, as a user has after some weeks."""
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store

    store, rng = Store(home), random.Random(0)
    for number in range(runs):
        spec = RunSpec(("tf_binding", "chromatin", "rnai")[number % 3], settings={"seed": number})
        name = "pearson_r" if number % 3 == 2 else "auroc"
        run = store.create(spec, f"run {number}").id
        store.start(run, 30)
        for epoch in range(1, 31):
            store.add_metrics(run, epoch, {"valid": {name: 1 - 1 / (epoch + 2 * rng.random()), "loss": 1 / epoch}})
        found = {"value": 0.9, "low": 0.85, "high": 0.94}
        store.finish(run, "finished", {"valid": {name: found}}, epoch=30, message="all epochs done")


def training(home: Path) -> str:
    """Begin a training that lasts; its run."""
    command = [sys.executable, "-m", "dnaconv_core.cli", "train", "tf_binding", "--detach", "--json", "--epochs"]
    environment = {**os.environ, "DNACONV_HOME": str(home)}
    done = subprocess.run([*command, "5000"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["run"]


def stopped(home: Path, run: str) -> None:
    """End the training, and wait for it."""
    from dnaconv_core.runs.store import LIVE, Store

    store = Store(home)
    with contextlib.suppress(Exception):
        store.ask_to_stop(run)
    for _ in range(300):
        if store.get(run).state not in LIVE:
            return
        time.sleep(0.1)


def usage(pid: int) -> dict[str, float]:
    tasks, files = (len(os.listdir(f"/proc/{pid}/{what}")) for what in ("task", "fd"))
    return {"MiB": round(memory(pid)), "threads": tasks, "descriptors": files}


async def side_by_side(address: str, count: int, page: str, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds until the page is complete in each of `count` sessions that open it at the same moment, and when each
    draws it anew while the others stay on it."""
    sessions, rng, again = [Session(address) for _ in range(count)], random.Random(0), []
    await asyncio.gather(*(session.open() for session in sessions))
    first = await asyncio.gather(*(session.visit(page) for session in sessions))

    async def stay(session: Session) -> None:
        for _ in range(rounds):
            await asyncio.sleep(2 + 4 * rng.random())
            again.append(await session.visit(page))

    await asyncio.gather(*map(stay, sessions))
    await asyncio.gather(*(session.close() for session in sessions))
    return first, again


async def visits(address: str, count: int, number: int) -> tuple[list[float], list[str], int]:
    """Seconds of `number` visits by `count` sessions side by side; what went wrong; parts drawn anew meanwhile."""
    sessions, rng = [Session(address) for _ in range(count)], random.Random(1)
    await asyncio.gather(*(session.open() for session in sessions))
    left, times = iter(range(number)), []

    async def walk(session: Session) -> None:
        await asyncio.sleep(rng.random() * 3)
        for turn in left:
            try:
                times.append(await session.visit(PAGES[turn % len(PAGES)]))
            except TimeoutError:
                session.problems.append(f"{session.page}: not complete after {PATIENCE:.0f} s")
            await asyncio.sleep(rng.random() * 3)  # it is read

    await asyncio.gather(*map(walk, sessions))
    await asyncio.gather(*(session.close() for session in sessions))
    problems = [problem for session in sessions for problem in session.problems]
    return times, problems, sum(session.drawn for session in sessions)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 20, 50], help="that open Runs at once")
    parser.add_argument("--visits", type=int, default=500, help="to pages in turn, by the most sessions")
    parser.add_argument("--readers", type=int, default=0, help="sessions for the visits (default: the most of above)")
    parser.add_argument("--runs", type=int, default=40, help="ended ones in the home")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # also then the server is ended
    figures: dict[str, Any] = {"opening": {}}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        furnished(home, options.runs)
        run = training(home)
        try:
            with served(folder) as (pid, address):
                measure(options, figures, pid, address)
        finally:
            stopped(home, run)
    finish(options, "soak", figures)


def measure(options: Any, figures: dict[str, Any], pid: int, address: str) -> None:
    asyncio.run(side_by_side(address, 1, "runs", 1))  # imports
    time.sleep(4)
    table = []
    for count in options.sessions:
        began, spent = time.perf_counter(), cpu_seconds(pid)
        first, again = asyncio.run(side_by_side(address, count, "runs", options.rounds))
        share = (cpu_seconds(pid) - spent) / (time.perf_counter() - began)
        figures["opening"][count] = {"first": first, "again": again, "share": share}
        table.append((count, *map(_spread, (first, again)), f"{share:.0%}"))
    print("Runs beside a training: opened by all sessions at once, then drawn anew now and then while all stay on it")
    print_table(("sessions", "opened: median, slowest", "anew: median, slowest", "server's share of a core"), table)
    if options.visits:
        soak(options.readers or max(options.sessions), options.visits, figures, pid, address)


def soak(count: int, number: int, figures: dict[str, Any], pid: int, address: str) -> None:
    """Half of the visits, the other half: what still grows in the second is a leak."""
    rows = [("at first", "", "", "", *usage(pid).values())]
    for half in ("first", "second"):
        times, problems, drawn = asyncio.run(visits(address, count, number // 2))
        ordered = sorted(times)
        used = usage(pid)
        figures[half] = {"times": times, "problems": problems, "drawn": drawn, **used}
        words = f"{statistics.median(ordered):.2f} s", f"{ordered[int(0.95 * len(ordered))]:.2f} s", len(problems)
        rows.append((f"{half} {len(times)} visits", *words, *used.values()))
        for problem, times_seen in Counter(problems).most_common(5):
            print(f"  {times_seen} × {problem}")
    time.sleep(5)
    rows.append(("all gone", "", "", "", *usage(pid).values()))
    print(f"visits to all pages in turn, {count} sessions side by side, each reading for up to 3 s")
    print_table(("", "median", "95 %", "errors", "MiB", "threads", "descriptors"), rows)


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} s, {max(values):.2f} s"


if __name__ == "__main__":
    main()
