"""Who looks at the dashboard, where several share it (`DNACONV_USERS`, see dnaconv_core/users.py).

The guard learns it from each request, and tells the session by a header of its own with a word that only this process
knows: without the guard, or with a header that a browser made up, there is no user, and nobody's home is opened.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, unquote

import streamlit as st
import uvicorn.config
from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dnaconv_core.errors import ConfigError
from dnaconv_core.home import acting, acting_as, ask_with, several
from dnaconv_core.users import HEADER, OIDC, NoUser, checked_user, is_proxy, proxies, user_of_token, way
from frame.language import tr
from frame.words import plain, show_error

Made = TypeVar("Made")
TOLD = b"x-dnaconv-user"
LOGIN = "/dnaconv-login"
_COOKIE = "dnaconv_token"
_SECRET = secrets.token_hex(16)
_OF_OIDC = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_LONGEST = 4096  # bytes of a login
_FORM = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>dnaconv</title>
<body style="font: 16px sans-serif; max-width: 24em; margin: 6em auto"><h1>dnaconv</h1>
<form method="post" action="dnaconv-login"><label>Your token<br><input type="password" name="token" autofocus required
style="width: 100%; font: inherit; margin: .5em 0"></label><br><button style="font: inherit">Log in</button></form>
"""

# --- in the guard: what a request tells


def start_with_users() -> None:
    """Before the server answers. Raises ConfigError where how users are told cannot be read, or is not all there."""
    proxies()
    if way().kind == OIDC:
        _check_oidc()
    if way().kind == HEADER:
        # The server would put the address that a request's X-Forwarded-For names in place of the one it comes from,
        # by which the proxy is known here.
        uvicorn.config.ProxyHeadersMiddleware = lambda app, trusted_hosts: app


def _check_oidc() -> None:
    if not is_authlib_installed():
        raise ConfigError("DNACONV_USERS=oidc needs Authlib and httpx: pip install 'dnaconv[oidc]'")
    try:
        given = get_secrets_auth_section()
    except Exception as error:  # of TOML, of the file, or Streamlit's own
        raise ConfigError(f"Streamlit's secrets.toml cannot be read ({error}): see docs/lab-server.md") from None
    missing = [name for name in _OF_OIDC if not given.get(name)]
    if missing:
        raise ConfigError(
            f"DNACONV_USERS=oidc needs {', '.join(missing)} under [auth] in .streamlit/secrets.toml: see "
            "docs/lab-server.md"
        )
    if not str(given["redirect_uri"]).endswith("/oauth2callback"):
        raise ConfigError("redirect_uri in .streamlit/secrets.toml must end with /oauth2callback")


def user_of_request(scope: dict[str, Any]) -> str:
    """The user who asks, by the proxy's header or by a token. Raises NoUser where the request does not tell."""
    kind, detail = way()
    if kind != HEADER:
        token = _cookie(scope)
        user = user_of_token(token, detail) if token else ""
        if not user:
            raise NoUser("log in first: this address is of a dashboard with users")
        return user
    if not is_proxy((scope.get("client") or ("",))[0]):
        raise NoUser("this dashboard is reached through its proxy only")
    given = [value for name, value in scope["headers"] if name.lower() == detail.lower().encode()]
    if len(given) != 1:
        raise NoUser(f"the proxy did not tell who asks: it should send one {detail}")
    return checked_user(given[0].decode("latin-1"))


def with_user(scope: dict[str, Any], user: str) -> dict[str, Any]:
    """The request with the user as the session reads it, in place of any that came with it."""
    told = [(TOLD, f"{_SECRET} {user}".encode())] if user else []
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != TOLD] + told}


def is_login(scope: dict[str, Any]) -> bool:
    return scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(LOGIN)


async def log_in(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer the form: with a cookie and the way to the page, or with the form again."""
    body, more = b"", True
    while more and len(body) <= _LONGEST:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    token = (parse_qs(body[:_LONGEST].decode("latin-1")).get("token") or [""])[0].strip()
    if way().kind == HEADER or not token or not user_of_token(token, way().detail):
        await ask_to_log_in(send)
        return
    cookie = f"{_COOKIE}={quote(token, safe='')}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    headers = [(b"location", b"./"), (b"set-cookie", f"{cookie}{secure}".encode("latin-1"))]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def ask_to_log_in(send: Any) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": _FORM})


def _cookie(scope: dict[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name.lower() == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(_COOKIE)
            except CookieError:
                continue
            if found is not None:
                return unquote(found.value)
    return ""


# --- in a session: whose it is


def session_user() -> str:
    """The user of the session that runs in this thread. Raises NoUser where there is none, or it was another's."""
    if get_script_run_ctx(suppress_warning=True) is None:
        raise NoUser("this work was begun for nobody: reload the page")
    user = _told()
    if st.session_state.setdefault("_user", user) != user:
        raise NoUser("this page was opened by another user: reload it")
    return user


def _told() -> str:
    if way().kind == OIDC:
        if not st.user.get("is_logged_in"):
            raise NoUser("log in first")
        if st.user.get("email_verified") is False or not st.user.get("email"):
            raise NoUser("your account has no e-mail address that was checked: ask who keeps this server")
        return checked_user(str(st.user["email"]))
    secret, _, name = str(st.context.headers.get(TOLD.decode()) or "").partition(" ")
    if not hmac.compare_digest(secret.encode(), _SECRET.encode()):
        raise NoUser("nobody is logged in: start the dashboard with 'streamlit run app'")
    return checked_user(name)


def enter() -> None:
    """Go on for a user who is known; else say why not, offer a login, and draw no more."""
    if not several():
        return
    try:
        acting()
    except NoUser as error:
        if way().kind == OIDC and not st.user.get("is_logged_in"):
            if "_user" in st.session_state:  # the first word to the browser is lost where a part of the page followed
                st.logout()
            st.markdown(tr("**This dashboard has users.** Log in to see your runs and data."))
            st.button(tr("Log in"), type="primary", icon=":material/login:", on_click=st.login)
        else:
            show_error(error)
        st.stop()


def whose() -> None:
    """A line in the sidebar with the user's name."""
    if several():
        st.caption(f":material/person: {plain(acting())}")
        if way().kind == OIDC:
            st.button(tr("Log out"), type="tertiary", icon=":material/logout:", on_click=st.logout)


def as_now(make: Callable[[], Made]) -> Callable[[], Made]:
    """`make`, to be called later and from any thread, done for the user of this moment."""
    user = acting()

    def made() -> Made:
        with acting_as(user):
            return make()

    return made


ask_with(session_user)
