"""Users by a login at a real OpenID Connect provider, a small one of the test's own, in a real browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dnaconv_core.home import acting_as
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store

pytest.importorskip("authlib", reason="Authlib is not installed: pip install 'dnaconv[oidc]'")
sys.path.insert(0, str(Path(__file__).parent))  # tests are imported by file, not as packages
from oidc_provider import CLIENT, SECRET, providing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GUIDE = Path(__file__).parents[2] / "docs" / "lab-server.md"
PEOPLE = {
    "anna": {"email": "Anna@Lab.example", "email_verified": True},
    "unchecked": {"email": "bobs@lab.example", "email_verified": False},
}


def secrets_file(folder: Path, address: str, issuer: str) -> None:
    """The guide's, with this test's addresses."""
    text = re.search(r"```toml\n(\[auth\].*?)```", GUIDE.read_text(), re.DOTALL)[1]
    wanted = {
        "redirect_uri": f"{address}oauth2callback", "cookie_secret": "a word of thirty-two random letters",
        "client_id": CLIENT, "client_secret": SECRET,
        "server_metadata_url": f"{issuer}/.well-known/openid-configuration",
    }  # fmt: skip
    for name, value in wanted.items():
        text, found = re.subn(rf'^{name} = ".*"$', f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert found == 1, name
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "secrets.toml").write_text(text)


def test_who_logs_in_at_the_provider_sees_their_own_runs_and_nobody_else_does(
    start_server, browser, settled, tmp_path, monkeypatch, free_port
):
    for name in ("anna@lab.example", "bobs@lab.example"):
        with acting_as(name):
            Store().create(RunSpec("rnai"), f"the run of {name[:4]}")
    monkeypatch.setenv("DNACONV_USERS", "oidc")
    monkeypatch.setenv("HOME", str(tmp_path))  # where Streamlit looks for secrets
    with providing(PEOPLE) as provider:
        secrets_file(tmp_path, f"http://127.0.0.1:{free_port}/", provider.issuer)
        with start_server(port=free_port) as (_, address):

            def seen_by(who: str) -> tuple[object, str]:
                context = browser.new_context()
                page = context.new_page()
                page.goto(f"{address}runs")
                page.get_by_role("button", name="Log in").click()
                page.get_by_role("link", name=who, exact=True).click()
                page.wait_for_url(lambda url: urlsplit(url).netloc == urlsplit(address).netloc)
                page.goto(f"{address}runs")
                settled(page)
                return page, page.locator("body").inner_text()

            page, text = seen_by("anna")
            assert "the run of anna" in text and "the run of bob" not in text
            page.get_by_role("button", name="Log out").click()
            page.get_by_role("button", name="Log in").wait_for()
            assert "the run of anna" not in page.locator("body").inner_text()
            for who in ("unchecked",):
                page, text = seen_by(who)
                assert "no e-mail address that was checked" in text and "the run of" not in text
            provider.forge = True
            page, text = seen_by("anna")
            assert "Log in to see your runs" in text and "the run of" not in text
