"""Where a user's runs, data and models live: `$DNACONV_HOME`, by default `./dnaconv_home`; what the package ships.

A dashboard for several (`DNACONV_USERS`, see users.py) keeps each user's in `users/NAME` in there. Who is meant is told
by `acting_as`, else by whom `ask_with` named, else by `$DNACONV_USER`, which workers and an administrator have.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from dnaconv_core.errors import ConfigError

USERS = "users"
USER = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)  # a name that can be that of a folder
_AWAY = "move it away, or set DNACONV_HOME to another"
_acting: ContextVar[str] = ContextVar("dnaconv_user", default="")
_asked: list[Callable[[], str]] = []


def home() -> Path:
    """The home folder of whoever is acting, as an absolute path; it is not created here."""
    user = acting()
    return configured_home() / USERS / user if user else configured_home()


def configured_home() -> Path:
    """The folder that $DNACONV_HOME names. Raises ConfigError where a file is in its place."""
    named = os.path.expanduser(os.environ.get("DNACONV_HOME") or "dnaconv_home")
    path = _as_path(named if os.path.isabs(named) else os.path.join(os.getcwd(), named))
    if file := in_the_way(path):
        raise ConfigError(f"the home folder {path} cannot be written ({file} is a file, no folder): {_AWAY}")
    return path


@lru_cache(64)  # a page asks for its home some forty times
def _as_path(name: str) -> Path:
    return Path(name)


def in_the_way(folder: Path) -> Path | None:
    """The file that stands where this folder, or one above it, should be."""
    if os.path.isdir(folder):
        return None
    nearest = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    return None if os.path.isdir(nearest) else nearest


def several() -> bool:
    """Whether `DNACONV_USERS` is set to anything but 0, no, off or false."""
    return os.environ.get("DNACONV_USERS", "").strip().lower() not in ("", "0", "no", "off", "false")


def acting() -> str:
    """The name of the user for whom this is done; '' where there is one user only.

    Raises what the one who was named by `ask_with` does where there is none: then nobody's home is used instead.
    """
    if user := _acting.get():
        return user
    if _asked and several():
        return _asked[0]()
    user = os.environ.get("DNACONV_USER", "")
    if user and not USER.fullmatch(user):
        raise ConfigError(f"DNACONV_USER is {user[:60]!r}: write a user's name in small letters, or leave it out")
    return user


@contextmanager
def acting_as(user: str) -> Iterator[None]:
    """Until this ends, in this thread, all is done for this user. The name is a checked one: see users.py."""
    token = _acting.set(user)
    try:
        yield
    finally:
        _acting.reset(token)


def ask_with(who: Callable[[], str]) -> None:
    """Whom to ask for the user from now on where `acting_as` does not tell."""
    _asked[:] = [who]


def machine_home(folder: Path) -> Path:
    """The folder of what this home shares with others: locks of slots, public data; itself where it stands alone."""
    root = configured_home()
    return root if folder.parent == root / USERS else folder


def owner_of(folder: Path) -> str:
    """Whose home this is; '' for one that stands alone."""
    return folder.name if machine_home(folder) != folder else ""


def environment(folder: Path) -> dict[str, str]:
    """What a process needs in its environment to work in this home."""
    return {"DNACONV_HOME": str(machine_home(folder)), "DNACONV_USER": owner_of(folder)}


def homes_beside(folder: Path) -> list[Path]:
    """The homes that share the machine with this one, this one too."""
    users = machine_home(folder) / USERS
    if not owner_of(folder) or not users.is_dir():
        return [folder]
    return sorted({folder, *(path for path in users.iterdir() if USER.fullmatch(path.name) and path.is_dir())})


def data_folder() -> Path:
    """Fetched and converted data, which are public and the same for all users."""
    return machine_home(home()) / "data"


def models_folder() -> Path:
    """Imported bundles."""
    return home() / "models"


def cache_folder() -> Path:
    """What can be made again from other files: indices and unpacked copies of genomes."""
    return home() / "cache"


def baselines_folder() -> Path:
    """Simple predictors that were fitted before, the same for all users; `$DNACONV_BASELINES_CACHE` moves them."""
    moved = os.environ.get("DNACONV_BASELINES_CACHE")
    return Path(os.path.expanduser(moved)).absolute() if moved else machine_home(home()) / "cache" / "baselines"


def shipped(name: str) -> Path:
    """The folder 'app' or 'pretrained': inside the installed package, or next to it in a checkout."""
    package = Path(__file__).parent
    inside = package / "shipped"  # setup.py puts it into a wheel
    return (inside if inside.is_dir() else package.parent) / name
