from __future__ import annotations

import http.server

import pytest


class Server(http.server.ThreadingHTTPServer):
    """Hands out files below /base, and misbehaves where its plan says so."""

    daemon_threads = True

    def __init__(self, content: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {f"/base/{path}": held for path, held in content.items()}
        self.requests: list[tuple[str, str | None]] = []  # path, Range
        self.plan: dict[str, list[str]] = {}  # path → what to do at each request, then "ok"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/base"

    def asked(self, ending: str) -> list[str | None]:
        return [asked for path, asked in self.requests if path.endswith(ending)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *args):
        pass

    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        plan = self.server.plan.get(self.path.rpartition("Chapter06/")[2], [])
        action = plan.pop(0) if plan else "ok"
        content = self.server.files.get(self.path)
        if action.isdigit() or content is None:
            self.answer(int(action) if action.isdigit() else 404, b"an error page")
            return
        if action.startswith("redirect "):
            self.answer(302, b"", Location=action.removeprefix("redirect "))
            return
        if action == "hang up":
            self.close_connection = True
            self.connection.close()
            return
        if action == "corrupt":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if action == "other length":
            content = content + b"more"
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and action != "ignore range" else 0
        if asked and start >= len(content):
            self.answer(416, b"")
            return
        more = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        if action == "wrong range":
            more["Content-Range"] = f"bytes {start + 1}-{len(content) - 1}/{len(content)}"
        if action == "too large":
            more["Content-Length"] = str(2 << 40)
        body = content[start:]
        if action.startswith("drop after "):
            cut = body[: int(action.removeprefix("drop after "))]
            self.answer(206 if start else 200, cut, **more, **{"Content-Length": str(len(body))})
            self.close_connection = True
        elif action == "no length":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True
        else:
            self.answer(206 if start else 200, body, **more)

    def answer(self, status: int, body: bytes, **headers: str):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def serve() -> type[Server]:
    """A server on this machine, made of {path: content}, that misbehaves on demand."""
    return Server
