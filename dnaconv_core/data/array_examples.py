"""Examples out of NPZ files: one-hot arrays or texts with labels, in one part or several. Nothing is unpickled."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from pathlib import Path

import numpy as np

from dnaconv_core.data.columns import part_of
from dnaconv_core.data.examples import UNKNOWN, Examples, joined
from dnaconv_core.data.labels import LabelRecipe, make_labels
from dnaconv_core.data.letters import encode_texts, guess_alphabet
from dnaconv_core.errors import DataError, UnsafeFileError

_SMALL = 64 << 20  # bytes that are unpacked however few hold them
PACKED_AT_MOST = 100  # times: one-hot letters pack about twentyfold
ARRAYS_BYTES = 8 << 30  # the most that a file's arrays may hold together, unpacked
_NAMES = {
    "x": ("x", "onehot", "one_hot", "seq", "seqs", "sequence", "sequences", "inputs", "data", "arr_0"),
    "y": ("y", "label", "labels", "target", "targets", "arr_1"),
    "w": ("w", "weight", "weights"),
    "ids": ("ids", "id", "names", "name"),
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names}
_BLOCK = 1 << 24  # values of X looked at together


def read_npz(path: Path | str, *, alphabet: str = "") -> Examples:
    """The arrays of an NPZ: X one-hot `(N, L, 4)` or `(N, 4, L)`, or texts `(N,)`; y, w and ids where they are there.

    Names in usual spellings; 'X_train', 'test_y' and the like are parts. A position of four equal shares is N.
    Raises DataError naming the array that is missing, of another shape or not one-hot, UnsafeFileError for one that
    holds objects or unpacks to more than ARRAYS_BYTES.
    """
    path = Path(path)
    arrays = _arrays(path)
    lots: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        part, role = _meant(name)
        if role:
            lots.setdefault(part, {}).setdefault(role, array)
    lots = {part: held for part, held in lots.items() if "x" in held}
    if not lots:
        names = ", ".join(map(repr, arrays))[:200]
        raise DataError(f"{path} has no array of sequences: call it X; it has {names or 'none'}")
    recipe = _recipe([held["y"] for held in lots.values() if "y" in held])
    found = [_examples(path, part, held, alphabet, recipe) for part, held in lots.items()]
    return joined(found)._replace(alphabet=alphabet or found[0].alphabet)


def _meant(name: str) -> tuple[str, str]:
    """Part and role that an array's name tells, '' for neither."""
    words = re.split(r"[_.\- ]+", name.lower())
    if "_".join(words) in _ROLES:
        return "", _ROLES["_".join(words)]
    for part, rest in ((words[-1], words[:-1]), (words[0], words[1:])):
        if part_of(part) and "_".join(rest) in _ROLES:
            return part_of(part), _ROLES["_".join(rest)]
    return "", ""


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            size = sum(info.file_size for info in members)
            if size > ARRAYS_BYTES:
                raise UnsafeFileError(f"{path} unpacks to {size / 2**30:.1f} GiB: split it")
            packed = sum(info.compress_size for info in members)
            if size > max(PACKED_AT_MOST * packed, _SMALL):
                raise UnsafeFileError(f"{path} unpacks to {size / max(packed, 1):,.0f} times its size: refused")
            return {info.filename.removesuffix(".npy"): _array(archive, info, path) for info in members}
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: check the name") from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path} cannot be read as NPZ ({str(error)[:100]}): write it again") from error


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> np.ndarray:
    """One array, whose header is looked at before room is made for it."""
    with archive.open(info) as file:
        major = np.lib.format.read_magic(file)[0]
        header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
    if dtype.hasobject or dtype.kind not in "biufUS":
        raise UnsafeFileError(f"{path}: {info.filename} holds {dtype} values: only numbers and text are read")
    if math.prod(shape) * dtype.itemsize > info.file_size:
        raise UnsafeFileError(f"{path}: {info.filename} declares more than it holds: write it again")
    with archive.open(info) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _examples(path: Path, part: str, held: dict[str, np.ndarray], alphabet: str, recipe: LabelRecipe) -> Examples:
    where = f"{path}{f' ({part})' if part else ''}"
    x = held["x"]
    n = len(x) if x.ndim else 0
    if not n:
        raise DataError(f"{where} has no examples: X has shape {x.shape}")
    for role, array in held.items():
        if array.ndim == 0 or len(array) != n:
            raise DataError(f"{where}: {role} has shape {array.shape} but X has {n} rows: they must be equal")
    codes, offsets, letters = _texts(where, x) if x.dtype.kind in "US" else _one_hot(where, x)
    y, tasks, classes = _labels(held.get("y"), n, recipe)
    w = np.isfinite(y).astype(np.float32)
    if "w" in held:
        w = w * _columns(held["w"], n)
    ids = np.array(_words(held["ids"])) if "ids" in held and held["ids"].size == n else _numbered(part, n)
    return Examples(
        codes, offsets, ids, y, w.astype(np.float32), alphabet or letters, tasks, classes, part=np.full(n, part, "U5")
    )


def _numbered(part: str, n: int) -> np.ndarray:
    return np.array([f"{part}_{i}" if part else f"row_{i}" for i in range(1, n + 1)])


def _texts(where: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    if x.ndim != 1:
        raise DataError(f"{where}: X has text of shape {x.shape}: give one text for each example")
    texts = _words(x)
    encoded = encode_texts(texts)
    if encoded.wrong:
        row, why = next(iter(sorted(encoded.wrong.items())))
        raise DataError(f"{where}: row {row} (counted from 0) {why}")
    return encoded.codes, encoded.offsets, guess_alphabet(texts)


def _one_hot(where: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    if x.ndim != 3 or 4 not in x.shape[1:] or not x.size:
        raise DataError(f"{where}: X has shape {x.shape}: one-hot is (examples, length, 4) or (…, 4, length)")
    x = x if x.shape[2] == 4 else x.swapaxes(1, 2)  # (N, L, 4)
    codes = np.empty(x.shape[:2], np.uint8)
    rows = max(_BLOCK // (4 * x.shape[1]), 1)
    for start in range(0, len(x), rows):
        block = x[start : start + rows]
        highest, total = block.max(axis=2), block.sum(axis=2, dtype=np.float64)
        base = (highest == 1) & (total == 1) & (block >= 0).all(axis=2)
        equal = (block == block[:, :, :1]).all(axis=2) & ((total == 0) | (total == 1))
        if not (base | equal).all():
            row, position = np.argwhere(~(base | equal))[0]
            raise DataError(
                f"{where}: row {start + row}, position {position} (counted from 0) of X holds "
                f"{block[row, position].tolist()}: a one-hot position has a single 1, or is all 0 for N"
            )
        codes[start : start + rows] = np.where(base, block.argmax(axis=2), UNKNOWN)
    return codes.ravel(), np.arange(len(x) + 1, dtype=np.int64) * x.shape[1], "DNA"


def _columns(array: np.ndarray, n: int) -> np.ndarray:
    """(N, T) float32, NaN for what is not finite."""
    wide = array.reshape(n, -1).astype(np.float32)
    return np.where(np.isfinite(wide), wide, np.nan)


def _words(array: np.ndarray) -> list[str]:
    array = np.char.decode(array, "latin-1") if array.dtype.kind == "S" else array
    return array.astype(str).ravel().tolist()


def _recipe(arrays: list[np.ndarray]) -> LabelRecipe:
    """What words mean in all parts together."""
    recipe = LabelRecipe(("label",))
    texts = [word for array in arrays if array.dtype.kind in "US" for word in _words(array)]
    return make_labels({"label": texts}, recipe).recipe if texts else recipe


def _labels(
    array: np.ndarray | None, n: int, recipe: LabelRecipe
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    if array is None:
        return np.empty((n, 0), np.float32), (), ()
    if array.dtype.kind in "US":
        if array.size != n:
            raise DataError(f"y has words of shape {array.shape}: give one word for each of the {n:,} examples")
        labels = make_labels({"label": _words(array)}, recipe)
        return labels.y, labels.tasks, labels.classes
    y = _columns(array, n)
    return y, tuple(f"label_{t}" for t in range(1, y.shape[1] + 1)) if y.shape[1] > 1 else ("label",), ()
