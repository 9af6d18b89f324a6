"""Several users of one dashboard: `DNACONV_USERS` says how their names come.

    DNACONV_USERS=header:X-Forwarded-User    from a reverse proxy at an address in DNACONV_PROXY (127.0.0.1,::1)
    DNACONV_USERS=oidc                       from Streamlit's own login
    DNACONV_USERS=tokens:/etc/dnaconv.tokens from a file of lines 'NAME SHA256-OF-A-TOKEN'

A user's home is `users/NAME` in $DNACONV_HOME.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.errors import ConfigError, DnaConvError
from dnaconv_core.home import USER

HEADER, OIDC, TOKENS = "header", "oidc", "tokens"
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}", re.ASCII)
_LINE = re.compile(r"(\S+)\s+([0-9a-f]{64})", re.ASCII)
_PROXIES = "127.0.0.1,::1"


class NoUser(DnaConvError):
    """Nobody, or nobody with a name that can be used, asks for something that belongs to a user."""


class Way(NamedTuple):
    kind: str  # HEADER, OIDC or TOKENS
    detail: str  # the header's name, or the tokens' file


def way() -> Way:
    """How users' names come. Raises ConfigError where `DNACONV_USERS` cannot be read."""
    given = os.environ.get("DNACONV_USERS", "").strip()
    kind, _, detail = given.partition(":")
    kind, detail = kind.lower(), detail.strip()
    if kind == OIDC and not detail:
        return Way(OIDC, "")
    if (kind == HEADER and _HEADER.fullmatch(detail)) or (kind == TOKENS and detail):
        return Way(kind, detail)
    raise ConfigError(
        f"DNACONV_USERS is {given[:60]!r}: write header:NAME, oidc, or tokens: and the path of a file of tokens"
    )


def checked_user(name: str) -> str:
    """The name in small letters, as that of a folder. Raises NoUser for one that holds anything but letters, digits
    and ._@+-, begins with none of the first two, or is too long."""
    small = name.strip().lower()
    if not USER.fullmatch(small):
        raise NoUser(
            f"{name[:60]!r} cannot be a user's name here: up to 64 of a-z, 0-9 and ._@+-, a letter or digit first"
        )
    return small


def proxies() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The addresses whose header is believed, `DNACONV_PROXY`. Raises ConfigError for what is no address."""
    text = os.environ.get("DNACONV_PROXY") or _PROXIES
    try:
        return [ipaddress.ip_network(part.strip()) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"DNACONV_PROXY is {text[:60]!r}: write addresses such as '127.0.0.1,10.0.0.0/24'") from None


def is_proxy(address: str) -> bool:
    """Whether a request from this address comes from the proxy."""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(asked in network for network in proxies() if network.version == asked.version)


def user_of_token(token: str, file: str) -> str:
    """Whose token this is; '' where it is nobody's. Raises ConfigError for a file that cannot be read."""
    digest, found = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest(), ""
    for number, line in enumerate(_lines(Path(file)), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ConfigError(f"{file}, line {number}: write a name, a space, and the SHA-256 of the token")
        if hmac.compare_digest(match[2], digest):
            found = checked_user(match[1])
    return found


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"DNACONV_USERS names {file}, which cannot be read ({error}): put it right") from None
