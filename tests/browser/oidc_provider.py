"""A small OpenID Connect provider for a test: its login page asks who one is, and believes it.

It speaks what a real one does of the authorization code flow (OpenID Connect Core 1.0, section 3.1; PKCE by RFC 7636):
discovery, consent, an exchange of the code for an ID token signed by RS256, its keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "dnaconv-lab", "of the client"
_KEY, _FORGED = (RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}) for _ in range(2))


class Provider(ThreadingHTTPServer):
    """Its people: what is claimed of whom, by the name that is clicked. forge: sign with a key it does not show."""

    def __init__(self, people: dict[str, dict[str, object]]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.people, self.forge = people, False
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.codes: dict[str, dict[str, str]] = {}


class _Answer(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        issuer = self.server.issuer
        if asked.path == "/.well-known/openid-configuration":
            places = {f"{name}_endpoint": f"{issuer}/{name}" for name in ("authorization", "token", "end_session")}
            known = {"response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
            self._json(known | places | {"issuer": issuer, "jwks_uri": f"{issuer}/keys"})
        elif asked.path == "/keys":
            self._json({"keys": [_KEY.as_dict(private=False)]})
        elif asked.path == "/authorization":
            links = "".join(
                f'<a href="/agree?{urlencode(query | {"as": name})}">{name}</a> ' for name in self.server.people
            )
            self._send(200, f"<h1>Who are you?</h1>{links}".encode(), "text/html")
        elif asked.path == "/agree":
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = query
            self._to(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")
        elif asked.path == "/end_session":
            self._to(query["post_logout_redirect_uri"])
        else:  # a browser asks for an icon
            self._send(404, b"", "text/plain")

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = {name: values[0] for name, values in parse_qs(given).items()}
        asked = self.server.codes.pop(body["code"])  # once
        proof = base64.urlsafe_b64encode(hashlib.sha256(body["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        who = base64.b64decode(self.headers["Authorization"].split()[1]).decode()
        if (who, proof, body["redirect_uri"]) != (
            f"{CLIENT}:{SECRET}", asked["code_challenge"], asked["redirect_uri"],
        ):  # fmt: skip
            self._json({"error": "invalid_grant"}, 400)
            return
        now, own = int(time.time()), {"iss": self.server.issuer, "aud": CLIENT, "nonce": asked["nonce"]}
        claims = {"sub": asked["as"], "iat": now, "exp": now + 300, **self.server.people[asked["as"]]}
        key = _FORGED if self.server.forge else _KEY
        token = jwt.encode({"alg": "RS256", "kid": "one"}, own | claims, key)
        self._json({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _to(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def providing(people: dict[str, dict[str, object]]) -> Iterator[Provider]:
    provider = Provider(people)
    thread = Thread(target=provider.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        provider.server_close()
