"""Which sequences a model has learnt from: their fingerprints are kept with it, so a test on them is recognised."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.distinct import distinct
from dnaconv_core.data.fingerprints import fingerprints
from dnaconv_core.errors import BundleError
from dnaconv_core.files import DAMAGED, write_atomic
from dnaconv_core.storing import check_storing

HASHES = "training_hashes.npz"
MOST = 2_000_000  # kept: of more sequences those with the smallest numbers, a random sample
MOST_BYTES = 8 * MOST + (1 << 16)


class Seen(NamedTuple):
    """Of N examples, how many have a sequence (or its reverse complement, of DNA) of the model's training part."""

    n: int  # that were looked at; less than all only where the training part was larger than MOST
    seen: int


def keep_hashes(folder: Path, train: Dataset, *, started: Path | None = None) -> None:
    """Write the fingerprints of a training part, each once, beside its model.

    started: the folder of the model it started from, whose training part it has learnt from, too.
    """
    check_storing()
    found = distinct(fingerprints(train.X, both_strands=train.alphabet == "DNA"))
    whole = len(found) <= MOST
    if started is not None and (started / HASHES).is_file():
        before, all_of_it = read_hashes(started / HASHES)
        found = distinct(np.concatenate([found, before]))
        if not all_of_it:  # above its last one nothing is known of it
            found = found[found <= before[-1]]
        whole = all_of_it and len(found) <= MOST
    packed = io.BytesIO()
    np.savez(packed, hashes=found[:MOST], whole=np.array(whole))
    write_atomic(folder / HASHES, packed.getvalue())


def read_hashes(content: bytes | Path) -> tuple[np.ndarray, bool]:
    """Sorted uint64 fingerprints, and whether they are all. Raises BundleError for a damaged file."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    try:
        if size > MOST_BYTES:
            raise ValueError(f"{size:,} bytes")
        with zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_BYTES:  # no more than this is unpacked
                raise ValueError("it unpacks to too much")
        with np.load(io.BytesIO(content) if isinstance(content, bytes) else content, allow_pickle=False) as kept:
            hashes, whole = kept["hashes"], bool(kept["whole"])
    except DAMAGED as error:
        raise BundleError(f"{HASHES} cannot be read ({error}): remove it, or export the model again") from None
    if hashes.ndim != 1 or hashes.dtype != np.uint64 or len(hashes) > MOST or (hashes[1:] <= hashes[:-1]).any():
        raise BundleError(f"{HASHES} does not hold sorted 64-bit numbers: remove it, or export the model again")
    return hashes, whole


def seen_in_training(folder: Path, data: Dataset) -> Seen | None:
    """How many of these examples the model in `folder` has learnt from; None where it does not tell."""
    if not (folder / HASHES).is_file():
        return None
    hashes, whole = read_hashes(folder / HASHES)
    if not len(hashes):
        return Seen(len(data), 0)
    wanted = fingerprints(data.X, both_strands=data.alphabet == "DNA")
    if not whole:
        wanted = wanted[wanted <= hashes[-1]]
    place = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
    return Seen(len(wanted), int((hashes[place] == wanted).sum()))


def seen_sentence(seen: Seen | None) -> str:
    """What to say about figures on examples that the model knows; '' where it knows none, or nothing is known."""
    if seen is None or not seen.seen:
        return ""
    return (
        f"{seen.seen:,} of {seen.n:,} examples here were in the model's training part (the same sequence): the figures "
        f"are too good by these"
    )
