"""Checkpoints: everything training needs to go on, as tensors and JSON, written atomically and checked when read.

A file is a SHA-256 digest followed by safetensors bytes. Random states need no place in it: every epoch draws its
numbers from (seed, epoch), see loop.py. The two newest files are kept, so that a torn one has a predecessor.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.errors import TrainingError
from dnaconv_core.files import write_atomic

if TYPE_CHECKING:
    from torch import Tensor

_DIGEST = 32
KEPT = 2


class Checkpoint(NamedTuple):
    epoch: int
    tensors: dict[str, Tensor]
    state: dict[str, Any]  # JSON: history and early-stopping counters
    skipped: tuple[str, ...] = ()  # newer files that were damaged


def save_checkpoint(folder: Path, epoch: int, tensors: dict[str, Tensor], state: dict[str, Any]) -> Path:
    """Write `epoch`'s checkpoint into `folder` in one step and drop all but the newest two.

    Raises OSError where the folder above is gone: a run that was removed is not made again.
    """
    from safetensors.torch import save

    folder.mkdir(exist_ok=True)
    content = save({k: v.contiguous() for k, v in tensors.items()}, {"state": json.dumps(state)})
    path = folder / f"epoch-{epoch:06d}.ckpt"
    write_atomic(path, hashlib.sha256(content).digest() + content)
    for old in sorted(folder.glob("epoch-*.ckpt"))[:-KEPT]:
        old.unlink()
    return path


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest intact checkpoint (naming damaged newer ones in `skipped`), or None where there is none.

    Raises TrainingError when there are files but none is intact.
    """
    from safetensors.torch import load

    skipped = []
    for path in sorted(folder.glob("epoch-*.ckpt"), reverse=True):
        raw = path.read_bytes()
        digest, content = raw[:_DIGEST], raw[_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            skipped.append(path.name)
            continue
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return Checkpoint(
            int(path.stem.split("-")[1]), load(content), json.loads(header["__metadata__"]["state"]), tuple(skipped)
        )
    if skipped:
        raise TrainingError(f"every checkpoint in {folder} is damaged ({', '.join(skipped)}): start the run anew")
    return None
