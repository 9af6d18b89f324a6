"""Fetching against a server on this machine that misbehaves on demand."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from dnaconv_core.data import book, book_files, download
from dnaconv_core.data.book import available, book_folder, book_part, fetch, part_names
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.errors import FetchError, InputError

LARGE = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(9_000))  # 288,000 bytes that do not repeat


def blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


CONTENT = {
    "Chapter06/train_siRNA/metadata.csv.gzip": b"m",
    "Chapter06/train_siRNA/shard-0-X.joblib": LARGE,
    "Chapter06/train_siRNA/tasks.json": b"[0]",
    "Chapter06/valid_siRNA/shard-0-X.joblib": LARGE[:1000],
    "Chapter06/valid_siRNA/tasks.json": b"[0]",
    "Chapter06/accessibility.txt": b"chr22:1-2 0.5\n",
}


@pytest.fixture(autouse=True)
def small_book(monkeypatch):
    """A book of a few small files with its own blob ids."""
    files: dict[str, dict[str, str]] = {}
    for path, content in CONTENT.items():
        part, _, name = path.removeprefix("Chapter06/").partition("/")
        files.setdefault(part, {})[name] = blob(content)
    parts = {"sirna": ("train_siRNA", "valid_siRNA"), "jund": ("accessibility.txt",)}
    for module in (book, book_files):
        monkeypatch.setattr(module, "BOOK_FILES", files)
        monkeypatch.setattr(module, "PARTS", parts)


@pytest.fixture
def server(monkeypatch, serve):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nothing listens there: proxies must not be asked
    with serve(CONTENT) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Watch:
    """A progress that remembers, and asks to stop after so many reports."""

    def __init__(self, stop_after: int | None = None):
        self.reports: list[tuple[float, str]] = []
        self.stop_after = stop_after

    def report(self, fraction: float, message: str) -> None:
        self.reports.append((fraction, message))

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.reports) >= self.stop_after


@pytest.fixture
def slept():
    return []


@pytest.fixture
def get(server, slept):
    return lambda parts=("sirna",), **more: fetch(parts, base_url=server.url, sleep=slept.append, **more)


def everything_in_place(parts=("train_siRNA", "valid_siRNA")):
    for path, content in CONTENT.items():
        part = path.split("/")[1]
        if part in parts:
            assert (book_folder() / path.removeprefix("Chapter06/")).read_bytes() == content
    assert not list(book_folder().rglob("*.part"))
    return True


def test_all_parts_arrive_with_progress(get, server, home):
    watch = Watch()
    result = get(("jund", "sirna"), progress=watch)
    assert everything_in_place(("train_siRNA", "valid_siRNA", "accessibility.txt"))
    assert result.missing == ()
    assert result.complete == available()
    assert result.complete["train_siRNA"] == home / "data" / "book" / "train_siRNA" == book_part("train_siRNA")
    assert book_part("accessibility.txt") == home / "data" / "book" / "accessibility.txt"
    fractions = [fraction for fraction, _ in watch.reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("train_siRNA/shard-0-X.joblib: 0.1 of 0.3 MB" in message for _, message in watch.reports)
    before = len(server.requests)
    get(("jund", "sirna"))
    assert len(server.requests) == before  # nothing is fetched twice


def test_only_what_was_asked_for(get, server):
    assert list(get(("valid_siRNA",)).complete) == ["valid_siRNA"]
    assert book_part("train_siRNA") is None
    assert list(available()) == ["valid_siRNA"]
    with pytest.raises(InputError, match="no part 'moon': choose from sirna, jund, train_siRNA"):
        get(("moon",))


def test_a_damaged_file_is_fetched_again(get, server):
    get()
    file = book_folder() / "train_siRNA" / "shard-0-X.joblib"
    file.write_bytes(LARGE[:-1])
    server.requests.clear()
    get()
    assert everything_in_place()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("plan", "ranges", "seconds"),
    [
        (["drop after 100000", "drop after 50000"], [None, "bytes=100000-", "bytes=150000-"], 3),
        (["drop after 0", "drop after 1"], [None, None, "bytes=1-"], 3),
        (["hang up"], [None, None], 1),
        (["500", "503", "429", "408"], [None] * 5, 15),
        (["drop after 1000", "ignore range"], [None, "bytes=1000-"], 1),
        (["drop after 1000", "wrong range"], [None, "bytes=1000-", "bytes=1000-"], 3),
        (["corrupt"], [None, None], 1),
        (["other length"], [None, None], 1),
        (["corrupt", "corrupt"], [None, None, None], 3),
        (["no length"], [None], 0),
    ],
)
def test_it_goes_on_after_a_mishap(get, server, slept, plan, ranges, seconds):
    server.plan["train_siRNA/shard-0-X.joblib"] = list(plan)
    get()
    assert everything_in_place()
    assert server.asked("train_siRNA/shard-0-X.joblib") == ranges
    assert sum(slept) == seconds


def test_pauses_double(slept):
    stop = iter([False] * 100)
    with pytest.raises(FetchError):
        download.download(
            "http://127.0.0.1:9/x", Path("x"), "0" * 40, sleep=slept.append, should_stop=lambda: next(stop)
        )
    assert sum(slept) == 1 + 2 + 4 + 8


def test_a_kept_part_is_gone_on_with(get, server):
    target = book_folder() / "train_siRNA" / "shard-0-X.joblib"
    target.parent.mkdir(parents=True)
    part = target.with_name(target.name + ".part")
    part.write_bytes(LARGE[:1234])
    get()
    assert server.asked("train_siRNA/shard-0-X.joblib") == ["bytes=1234-"]
    target.unlink()
    part.write_bytes(LARGE)  # complete, only not yet in place
    server.requests.clear()
    get()
    assert server.requests == []
    target.unlink()
    part.write_bytes(b"another file" + LARGE)  # longer than the file: 416, then from the start
    get()
    assert server.asked("train_siRNA/shard-0-X.joblib") == [f"bytes={len(LARGE) + 12}-", None]
    target.unlink()
    part.write_bytes(b"wrong from the start")  # found out at the end, then from the start
    get()
    assert everything_in_place()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (["404"], r"tasks\.json could not be fetched: the server answered 404 Not Found"),
        (["403"], "the server answered 403 Forbidden"),
        (["500"] * 9, "could not be fetched: the server answered 500 Internal Server Error"),
        (["hang up"] * 9, r"could not be fetched: no answer \("),
        (["corrupt"] * 9, "could not be fetched: its content is not what the book's data have"),
        (["drop after 0"] * 9, "could not be fetched: the connection broke after 0 of 3 bytes"),
        (["too large"], "more than the 1,073,741,824"),
        (
            ["redirect http://example.org/x"],
            r"redirects to http://example\.org/x, which is not https: it was not",
        ),
        (["redirect file:///etc/passwd"], "Redirection to url 'file:///etc/passwd' is not allowed"),
        (["redirect ftp://127.0.0.1/x"], "which is not https"),
    ],
)
def test_it_gives_up_in_words(get, server, plan, message):
    server.plan["valid_siRNA/tasks.json"] = list(plan)
    with pytest.raises(FetchError, match=message) as caught:
        get()
    assert "dnaconv data fetch --from DIR" in str(caught.value)
    assert "https://github.com/deepchem/DeepLearningLifeSciences" in str(caught.value)
    assert book_part("valid_siRNA") is None
    assert not (book_folder() / "valid_siRNA" / "tasks.json").exists()
    assert book_part("train_siRNA") is not None  # what came before stays


def test_a_redirect_on_this_machine_is_followed(get, server):
    server.plan["valid_siRNA/tasks.json"] = [f"redirect {server.url}/Chapter06/train_siRNA/tasks.json"]
    get()
    assert everything_in_place()


@pytest.mark.parametrize(
    "url", ["http://example.org", "ftp://127.0.0.1", "file:///tmp", "http://127.0.0.1.example.org", "//127.0.0.1", ""]
)
def test_only_https_is_asked(url):
    with pytest.raises(FetchError, match="is not an https address"):
        fetch(("sirna",), base_url=url)


def test_no_connection_says_how_to_place_the_files(serve, slept):
    with serve(CONTENT) as closed:
        url = closed.url
    with pytest.raises(FetchError, match=r"no answer .*without a connection, download .* --from DIR"):
        fetch(("sirna",), base_url=url, sleep=slept.append)
    assert sum(slept) == 15


def test_stopping_keeps_what_has_arrived(get, server):
    with pytest.raises(FetchError, match="stopped: what has arrived is kept"):
        get(progress=Watch(stop_after=2))
    part = book_folder() / "train_siRNA" / "shard-0-X.joblib.part"
    kept = part.stat().st_size
    assert 0 < kept < len(LARGE)
    server.requests.clear()
    get()
    assert server.asked("train_siRNA/shard-0-X.joblib") == [f"bytes={kept}-"]
    assert everything_in_place()


def test_a_new_attempt_is_announced(get, server):
    server.plan["train_siRNA/shard-0-X.joblib"] = ["drop after 100000", "503"]
    watch = Watch()
    get(progress=watch)
    messages = [message for _, message in watch.reports if "again" in message]
    assert messages == [
        "train_siRNA/shard-0-X.joblib: the connection broke after 100,000 of 288,000 bytes; trying again in 1 s",
        "train_siRNA/shard-0-X.joblib: the server answered 503 Service Unavailable; trying again in 2 s",
    ]


def test_stopping_during_a_pause(server):
    server.plan["train_siRNA/metadata.csv.gzip"] = ["500"] * 9
    watch = Watch()
    with pytest.raises(FetchError, match="stopped"):
        fetch(("sirna",), base_url=server.url, progress=watch, sleep=lambda s: setattr(watch, "stop_after", 0))
    assert len(server.requests) == 1


def test_two_fetches_at_once(get):
    book_folder().mkdir(parents=True)
    with FileLock(book_folder() / ".lock"), pytest.raises(FetchError, match="another fetch is writing to"):
        get()


# From a folder


def lay_out(folder: Path, layout: str):
    for path, content in CONTENT.items():
        name = path.removeprefix("Chapter06/")
        file = {
            "as in the repository": folder / path,
            "without the chapter": folder / name,
            "other folders": folder / "copy of" / name.replace("_siRNA", " (1)"),
            "deep": folder / "a" / "b" / path,
        }[layout]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


@pytest.mark.parametrize("layout", ["as in the repository", "without the chapter", "other folders", "deep"])
def test_files_are_taken_from_a_folder_by_their_content(tmp_path, layout):
    lay_out(tmp_path / "usb", layout)
    (tmp_path / "usb" / "shard-0-X.joblib").write_bytes(b"another file of that name")
    watch = Watch()
    result = fetch(("sirna", "jund"), source=tmp_path / "usb", progress=watch)
    assert result.missing == ()
    assert everything_in_place(("train_siRNA", "valid_siRNA", "accessibility.txt"))
    assert watch.reports[-1][0] == 1.0
    assert fetch(("sirna",), source=tmp_path / "usb").missing == ()  # nothing left to do


def test_a_folder_with_some_parts(tmp_path):
    lay_out(tmp_path / "usb", "without the chapter")
    (tmp_path / "usb" / "train_siRNA" / "shard-0-X.joblib").write_bytes(LARGE[:-1])
    result = fetch(source=str(tmp_path / "usb"))
    assert result.missing == ("train_siRNA",)
    assert list(result.complete) == ["accessibility.txt", "valid_siRNA"]
    (book_folder() / "valid_siRNA" / "shard-0-X.joblib").write_bytes(b"damaged since")
    (tmp_path / "usb" / "valid_siRNA" / "shard-0-X.joblib").unlink()
    assert fetch(source=str(tmp_path / "usb")).missing == ("train_siRNA", "valid_siRNA")


def test_folders_without_any(tmp_path, monkeypatch):
    with pytest.raises(FetchError, match="none is not a folder"):
        fetch(source=tmp_path / "none")
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "tasks.json").write_text("[1]")
    with pytest.raises(FetchError, match=r"usb holds no whole part of the book's data \(looked for acc"):
        fetch(source=tmp_path / "usb")
    monkeypatch.setattr(book, "_FILES_LOOKED_AT", 0)
    with pytest.raises(FetchError, match="holds more than 0 files: give one closer"):
        fetch(source=tmp_path / "usb")


def test_the_real_list_and_the_real_files(shared_data, monkeypatch, home):
    """The pinned ids are those of BOOK_FILES.txt, and the shared files that are whole match them."""
    monkeypatch.undo()
    monkeypatch.setenv("DNACONV_HOME", str(home))
    lines = [line.split() for line in (shared_data / "BOOK_FILES.txt").read_text().splitlines() if line[0] != "#"]
    pinned = {
        "/".join(filter(None, (book_files.FOLDER, part, name))): blob
        for part, files in book_files.BOOK_FILES.items()
        for name, blob in files.items()
    }
    assert pinned == {path: blob for blob, path in lines}
    assert len(pinned) == 31
    assert book_files.COMMIT in (shared_data / "BOOK_FILES.txt").read_text()
    assert sorted(part_names(["jund", "sirna"])) == sorted(book_files.BOOK_FILES)
    assert book.BASE_URL.startswith("https://")
    result = fetch(source=shared_data)
    assert list(result.complete) == ["valid_dataset", "train_siRNA", "valid_siRNA"]
    assert result.missing == ("train_dataset", "test_dataset", "accessibility.txt")
    assert len(read_diskdataset(book_part("train_siRNA"), alphabet="RNA")) == 2187
    assert fetch(source=shared_data) == result  # the folder has nothing more, which is no mistake
