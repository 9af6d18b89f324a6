"""What a user lets the others of a server see: an empty file in `shared/runs` or `shared/experiments` of their home.

Others read what is shared where it lies, and change nothing there.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dnaconv_core.home import home, homes_beside, owner_of
from dnaconv_core.storing import check_storing

RUNS, EXPERIMENTS = "runs", "experiments"
BY = "~"  # between owner and key, as what is shared is called: no key, and no user's name, holds it


class Shared(NamedTuple):
    owner: str
    key: str
    path: Path

    @property
    def name(self) -> str:
        """What it is called in links of others."""
        return f"{self.owner}{BY}{self.key}"


def share(kind: str, key: str, on: bool = True) -> None:
    """Let others see a run or an experiment of one's own, or no longer. Raises ReadOnlyError where nothing is kept."""
    check_storing()
    flag = _flag(home(), kind, key)
    if on:
        flag.parent.mkdir(parents=True, exist_ok=True)
        flag.touch()
    else:
        flag.unlink(missing_ok=True)


def is_shared(kind: str, key: str) -> bool:
    """Whether others may see this run or experiment of one's own."""
    return _flag(home(), kind, key).is_file()


def shared_by_others(kind: str) -> list[Shared]:
    """What others share and still have, by owner and key."""
    mine, found = home(), []
    for folder in homes_beside(mine):
        flags = folder / "shared" / kind
        if folder != mine and flags.is_dir():
            there = [(flag.name, folder / kind / flag.name) for flag in sorted(flags.iterdir())]
            found += [Shared(owner_of(folder), key, path) for key, path in there if path.is_dir()]
    return found


def _flag(folder: Path, kind: str, key: str) -> Path:
    return folder / "shared" / kind / Path(key).name
