"""Who may talk to the server, and what a browser may do with its answers.

A page on another site must not reach a dashboard that runs on its reader's machine. A name that its owner lets point to
this machine (DNS rebinding) is refused by the Host header, a foreign page by its Origin, of which the port counts too,
and a frame around the dashboard by the headers of every answer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from dnaconv_core.errors import DnaConvError
from dnaconv_core.home import several
from dnaconv_core.users import OIDC, TOKENS, NoUser, way
from frame.users import ask_to_log_in, is_login, log_in, user_of_request, with_user

_HERE = ("localhost", "127.0.0.1", "[::1]", "::1")
_EVERYWHERE = ("", "0.0.0.0", "::")  # to listen at, but no name that a browser asks for
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_HEALTH = "/_stcore/health"  # says that the server runs, and nothing of a user
_REFUSED = b"This address is not one of the dashboard's own: see server.allowedHosts in app/.streamlit/config.toml.\n"


def allow_own_hosts() -> None:
    """Let the names by which this server is opened be asked for: those configured, its address, and this machine's."""
    named = [*config.get_option("server.allowedHosts"), config.get_option("server.address")]
    if config.is_manually_set("browser.serverAddress"):
        named.append(config.get_option("browser.serverAddress"))
    hosts = [host for host in (*named, *_HERE) if host not in (None, *_EVERYWHERE)]
    config.set_option("server.allowedHosts", list(dict.fromkeys(hosts)), "this server's own names")


class Guard:
    """ASGI middleware: 403 for a foreign Host or Origin, and security headers on every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.headers = [(name.lower().encode(), value.encode()) for name, value in _security_headers().items()]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif not _welcome(scope["headers"]):
            await self._refuse(scope, send, _REFUSED)
        elif not several() or scope["path"].endswith(_HEALTH) or way().kind == OIDC:
            await self.app(with_user(scope, ""), receive, self._sending(send))
        else:
            await self._for_user(scope, receive, send)

    async def _for_user(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Go on for a user who is known; else the form for a token, or 403 where a proxy should have told."""
        if is_login(scope):
            await log_in(scope, receive, self._sending(send))
            return
        try:
            user = user_of_request(scope)
        except DnaConvError as error:
            if scope["type"] == "http" and way().kind == TOKENS and isinstance(error, NoUser):
                await ask_to_log_in(self._sending(send))
            else:
                await self._refuse(scope, send, f"{error}\n".encode())
            return
        await self.app(with_user(scope, user), receive, self._sending(send))

    async def _refuse(self, scope: dict[str, Any], send: Any, why: bytes) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: answered with 403
            return
        plain_text = [(b"content-type", b"text/plain; charset=utf-8")]
        await self._sending(send)({"type": "http.response.start", "status": 403, "headers": plain_text})
        await send({"type": "http.response.body", "body": why})

    def _sending(self, send: Any) -> Any:
        async def with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in self.headers}
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in names]
                message = {**message, "headers": [*kept, *self.headers]}
            await send(message)

        return with_headers


def _welcome(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request names this server in its one Host header, and comes from its own pages where it tells."""
    given = [(name.lower(), value.decode("latin-1")) for name, value in headers]
    hosts = [value for name, value in given if name == b"host"]
    origins = [value for name, value in given if name == b"origin"]
    if len(hosts) != 1 or not is_host_allowed(hosts[0]):
        return False
    return all(
        _same(origin, hosts[0]) or origin in config.get_option("server.corsAllowedOrigins") for origin in origins
    )


def _same(origin: str, host: str) -> bool:
    """Whether an Origin is the server that Host names, port and all; a port left out is that of the scheme."""
    try:
        told = urlsplit(origin)
        usual = _PORTS.get(told.scheme)
        asked = urlsplit(f"//{host}")
        same = told.hostname == asked.hostname and (told.port or usual) == (asked.port or usual)
    except ValueError:
        return False
    return usual is not None and same


def _security_headers() -> dict[str, str]:
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {_inline_scripts()}",  # a component's script is a blob
        "style-src": "'self' 'unsafe-inline'",  # Streamlit's styles are made in the page
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "connect-src": "'self'",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def _inline_scripts() -> str:
    """The hashes of the scripts that stand in Streamlit's own page: no other inline script runs."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text()
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
