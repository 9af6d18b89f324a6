"""One file over https: resumed where it broke off, tried again with growing pauses, and checked before it is used."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from dnaconv_core.errors import FetchError

FILE_BYTES = 1 << 30  # the most one file may have
_PIECE = 1 << 16
_ATTEMPTS = 5  # in a row without _GAIN new bytes
_GAIN = 1 << 20
_TIMEOUT = 30.0  # seconds without a byte
Tell = Callable[[int, int | None], None]  # bytes so far, all bytes or None


class Broken(Exception):
    """An attempt that ended early and may be tried again."""


def blob_id(path: Path) -> str:
    """The id git gives the file's content. Raises OSError."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def download(
    url: str,
    path: Path,
    blob: str,
    *,
    tell: Tell = lambda done, total: None,
    warn: Callable[[str], None] = lambda message: None,
    should_stop: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put the file at `url`, whose git blob id is `blob`, at `path`; what has arrived waits in `path` + `.part`.

    tell(bytes so far, all bytes or None): called as they come. warn(message): called before each new attempt.
    Raises FetchError when the server refuses, does not answer, or keeps sending something else, and when it should
    stop.
    """
    opener = _opener(url)
    part = path.with_name(path.name + ".part")
    failures, wrong, last = 0, 0, ""
    while failures < _ATTEMPTS:
        before = _size(part)
        try:
            if before == 0 or blob_id(part) != blob:
                _receive(opener, url, part, tell, should_stop)
            if blob_id(part) == blob:
                os.replace(part, path)
                return
            part.unlink()
            wrong += 1
            last = "its content is not what the book's data have"
            if wrong >= 3:
                break
        except Broken as error:
            last = str(error)
        except OSError as error:
            raise FetchError(f"{part} cannot be written ({error.strerror or error}): make room there") from error
        failures = 0 if _size(part) - before >= _GAIN else failures + 1
        if failures < _ATTEMPTS:
            pause = 2 ** max(failures - 1, 0)
            warn(f"{last}; trying again in {pause} s")
            _pause(pause, should_stop, sleep)
    raise FetchError(f"{url} could not be fetched: {last}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _pause(seconds: int, should_stop: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    for _ in range(seconds):
        sleep(1.0)
        _stop_if(should_stop)


def _stop_if(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise FetchError("the download was stopped: what has arrived is kept, and fetching again goes on from there")


def _receive(
    opener: urllib.request.OpenerDirector, url: str, part: Path, tell: Tell, should_stop: Callable[[], bool]
) -> None:
    """One attempt: append to `part` what it lacks, or start anew where the server ignores ranges."""
    have = _size(part)
    with _answer(opener, url, part, have) as response:
        start, total = _span(response, have)
        if start != have:
            have = 0
        if (total or 0) > FILE_BYTES:
            raise FetchError(f"{url} has {total:,} bytes: more than the {FILE_BYTES:,} that are allowed")
        with part.open("ab" if have else "wb") as file:
            while piece := _piece(response, have, should_stop):
                file.write(piece)
                have += len(piece)
                if have > FILE_BYTES:
                    raise FetchError(f"{url} has more than {FILE_BYTES:,} bytes: it is not the book's file")
                tell(have, total)
    if total is not None and have < total:
        raise Broken(f"the connection broke after {have:,} of {total:,} bytes")


def _answer(opener: urllib.request.OpenerDirector, url: str, part: Path, have: int) -> http.client.HTTPResponse:
    """What the server answers when asked for all from byte `have` on."""
    headers = {"User-Agent": "dnaconv", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        return opener.open(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # nothing after what is there, and that is not the file
            part.unlink(missing_ok=True)
            raise Broken("the server has fewer bytes than were kept; starting anew") from error
        if error.code in (408, 425, 429) or error.code >= 500:
            raise Broken(f"the server answered {error.code} {error.reason}") from error
        raise FetchError(f"{url} could not be fetched: the server answered {error.code} {error.reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Broken(f"no answer ({getattr(error, 'reason', None) or error})") from error


def _piece(response: http.client.HTTPResponse, have: int, should_stop: Callable[[], bool]) -> bytes:
    """The next bytes after the first `have`; none at the end."""
    _stop_if(should_stop)
    try:
        return response.read1(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise Broken(f"the connection broke after {have:,} bytes ({error or type(error).__name__})") from error


def _span(response: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and the file's size where it is said."""
    length = response.headers.get("Content-Length", "")
    size = int(length) if re.fullmatch(r"\d{1,15}", length) else None
    if response.status != 206:
        return 0, size
    said = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", response.headers.get("Content-Range", ""))
    if said and int(said[1]) == have:
        return have, int(said[2]) if said[2] != "*" else None if size is None else have + size
    raise Broken("the server sent another range than was asked for")


def _opener(url: str) -> urllib.request.OpenerDirector:
    """https, or plain http on this machine alone. Raises FetchError for any other address."""
    here = _on_this_machine(url)
    if urlsplit(url).scheme != "https" and not here:
        raise FetchError(f"{url} is not an https address: only those are fetched")
    proxies = [urllib.request.ProxyHandler({})] if here else []
    return urllib.request.build_opener(_Redirects(here), *proxies)


def _on_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https only (and on this machine, when it began there)."""

    def __init__(self, here: bool) -> None:
        self.here = here

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https" and not (self.here and _on_this_machine(newurl)):
            raise FetchError(f"{req.full_url} redirects to {newurl}, which is not https: it was not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
