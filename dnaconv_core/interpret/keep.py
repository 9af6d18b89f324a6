"""Results kept with a model's folder: what discovery found, and the windows of its filters."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.held_out import read_kept
from dnaconv_core.files import DAMAGED, write_atomic
from dnaconv_core.home import home
from dnaconv_core.interpret.discovery import Discovery
from dnaconv_core.interpret.filters import FEW_SITES, FilterScan
from dnaconv_core.interpret.patterns import Pattern
from dnaconv_core.interpret.seqlets import Seqlets
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.sequence.motif import Motif, consensus, information_content, to_ppm
from dnaconv_core.storing import check_storing, read_only

PATTERNS, WINDOWS = "patterns.npz", "filters.npz"
_ARRAYS = ("pfm", "contribution", "sequence", "start", "minus")
_NUMBERS = ("consensus", "n_seqlets", "share_positives", "share_negatives", "odds_ratio", "p_fisher")


def kept_with(bundle: Path) -> Path:
    """Where results about this model are kept: in its folder, or for one outside the home in a folder there."""
    if home() in bundle.absolute().parents:
        return bundle
    folder = home() / "interpret" / bundle.name
    if not read_only():
        folder.mkdir(parents=True, exist_ok=True)
    return folder


class StoredFilter(NamedTuple):
    """A filter's motif as it was stored: counts, how many sites, its strongest activation."""

    index: int  # type: ignore[assignment]  # it hides tuple's own index
    pfm: np.ndarray
    motif: Motif
    n_sites: int
    max_activation: float
    information_bits: float
    consensus: str
    note: str


def save_filters(folder: Path, scan: FilterScan) -> Path:
    """Keep the counts of a layer's activation windows in the model's folder, so that they need no data later."""
    check_storing()
    numbers = {"layer": scan.layer, "fraction": scan.fraction}
    arrays = {
        "pfm": np.stack([m.pfm for m in scan.motifs]),
        "n_sites": np.array([m.n_sites for m in scan.motifs]),
        "max_activation": np.array([m.max_activation for m in scan.motifs], np.float32),
    }
    return _save(folder / WINDOWS, numbers, arrays)


def load_filters(folder: Path) -> list[StoredFilter] | None:
    """The filters kept in this folder, or None. Raises DataError when the file is damaged."""
    found = _load(folder / WINDOWS)
    if found is None:
        return None
    _, arrays = found
    stored = []
    try:
        columns = zip(arrays["pfm"], arrays["n_sites"], arrays["max_activation"], strict=True)
        for index, (pfm, n, highest) in enumerate(columns):
            ppm = to_ppm(pfm)
            bits = float(information_content(ppm).sum()) if n else 0.0
            few = f"only {n} sites: too few to trust the motif" if n < FEW_SITES else ""
            motif = Motif(f"filter {index + 1}", f"filter_{index + 1}", ppm, float(max(n, 1)))
            stored.append(StoredFilter(index, pfm, motif, int(n), float(highest), bits, consensus(ppm), few))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder / WINDOWS} does not hold filters ({error}): delete it and look again") from None
    return stored


def patterns_file(folder: Path, output: int = 0) -> Path:
    """Where the patterns of one output, from 0, are kept."""
    return folder / (f"patterns_{output}.npz" if output else PATTERNS)


def save_discovery(folder: Path, found: Discovery, output: int = 0) -> Path:
    """Keep patterns in the model's folder. output: the one that they are of, from 0."""
    check_storing()
    numbers: dict[str, Any] = {
        "method": found.method,
        "n_unassigned": found.n_unassigned,
        "width": found.seqlets.width,
        "patterns": [{name: getattr(p, name) for name in _NUMBERS} for p in found.patterns],
    }
    arrays = {"rows": found.rows}
    for name in ("sequence", "start", "score", "p_value"):
        arrays[f"seqlets.{name}"] = getattr(found.seqlets, name)
    for i, pattern in enumerate(found.patterns):
        arrays |= {f"{i}.{name}": getattr(pattern, name) for name in _ARRAYS}
    return _save(patterns_file(folder, output), numbers, arrays)


def load_discovery(folder: Path, output: int = 0) -> Discovery | None:
    """The patterns of one output that are kept in this folder, or None. Raises DataError when the file is damaged."""
    path = patterns_file(folder, output)
    found = _load(path)
    if found is None:
        return None
    numbers, arrays = found
    try:
        patterns = []
        for i, stored in enumerate(numbers["patterns"]):
            parts: dict[str, Any] = {name: arrays[f"{i}.{name}"] for name in _ARRAYS}
            motif = Motif(f"pattern {i + 1}", f"pattern_{i + 1}", to_ppm(parts["pfm"]), float(stored["n_seqlets"]))
            patterns.append(Pattern(motif=motif, **parts, **stored))
        columns = {n: arrays[f"seqlets.{n}"] for n in ("sequence", "start", "score", "p_value")}
        seqlets = Seqlets(**columns, width=numbers["width"])
        return Discovery(tuple(patterns), seqlets, arrays["rows"], numbers["method"], numbers["n_unassigned"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} does not hold patterns ({error}): delete it and look again") from None


def stored_examples(folder: Path, alphabet: str = "DNA", names: tuple[str, ...] = ()) -> Dataset | None:
    """The held-out examples that were kept with a model, or None where there are none. names: the covariates' names.

    Raises BundleError when the file is damaged or its parts do not fit together.
    """
    kept = read_kept(folder, "ids", "y", "codes", "covariates")
    if kept is None or not len(kept.codes):
        return None
    X, y, w = from_codes(kept.codes), kept.y.astype(np.float32), kept.w.astype(np.float32)
    beside = kept.covariates.astype(np.float32) if names and kept.covariates.shape[1] == len(names) else None
    return Dataset(X, y, w, kept.ids, beside, () if beside is None else names, alphabet, "its held-out examples")


def _save(path: Path, numbers: dict[str, Any], arrays: dict[str, np.ndarray]) -> Path:
    buffer = io.BytesIO()
    everything: dict[str, Any] = {"numbers": np.array(json.dumps(numbers)), **arrays}
    np.savez_compressed(buffer, **everything)
    write_atomic(path, buffer.getvalue())
    return path


def _load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        return json.loads(str(arrays.pop("numbers"))), arrays
    except DAMAGED as error:
        raise DataError(f"{path} cannot be read ({error}): delete it and look again") from None
