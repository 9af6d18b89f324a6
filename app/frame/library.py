"""plotly's script, as it is sent to browsers: compressed once, not for every session, and kept by those who have it."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

NAME = "/plotly.min.js"
_HEADERS = [
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"content-encoding", b"gzip"),
    (b"vary", b"Accept-Encoding"),
    (b"cache-control", b"public, max-age=31536000, immutable"),  # its address names its version
]


@cache
def _packed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


class Library:
    """ASGI middleware: sends the script at `path` where the browser takes it compressed and names a version."""

    def __init__(self, app: Any, path: Path) -> None:
        self.app, self.path = app, path

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not self._asked(scope):
            await self.app(scope, receive, send)
            return
        body = _packed(self.path)
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    def _asked(self, scope: dict[str, Any]) -> bool:
        wanted = scope["method"] == "GET" and scope["path"].endswith(f".plotly_files{NAME}")
        takes = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
        return wanted and takes and scope["query_string"].startswith(b"v=")
