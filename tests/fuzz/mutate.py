"""Inputs that are nearly right: a good file with some of its bytes, fields, values or entries changed."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import re
import zipfile
from typing import Any

import numpy as np

ODD_BYTES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\r\n", b"\n\n", b"\t", b"\x1f\x8b", b"\x80\x04",
    b"9" * 400, b"\xe2\x80\xae", b"\xc3", b"PK\x03\x04", b'"', b">", b"#", b" " * 300,
)  # fmt: skip
ODD_WORDS = (
    "", "-1", "0", "1e999", "nan", "-inf", "9" * 400, "9" * 5000, "\u00b2", "\u0663", "=1+1", "NA", '"', "'", "true",
    "1,5", "0x10", "1_000", "chr1", "chrUn_x:1-2", ">", "N", "acgtn", "-", "*", "<DEL>", "\ud800", "\u202e", "x" * 3000,
    "18446744073709551616", "-9223372036854775809", "2147483648", "[", "{}", ".", "\x00",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 2**31, 2**64, 10**400, -(10**400), 1e308, float("inf"), float("nan"), "", "x" * 3000,
    "\ud800", [], {}, [[]], {"a": 1}, [1, "a"], 0.5, "binary", [None], "../x",
)  # fmt: skip


class Bomb:
    """What an unpickler that trusts its file would run."""

    def __reduce__(self):
        return os.system, ("touch /tmp/dnaconv-fuzz-was-here",)


def some_bytes(rng: random.Random, content: bytes) -> bytes:
    """One to four changes anywhere."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randint(0, len(data)), rng.randint(1, 20)
        match rng.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * rng.choice((1, 2, 50))
            case 3:
                data[at:at] = rng.choice(ODD_BYTES)
            case 4:
                del data[at:]
            case _:
                data[at : at + length] = rng.randbytes(length)
    return bytes(data)


def some_text(rng: random.Random, content: bytes) -> bytes:
    """Fields and lines changed, then perhaps another encoding, packed, or bytes."""
    lines = content.decode("utf-8", "surrogatepass").split("\n")
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines))
        parts = re.split(r"([\t,; :|=-])", lines[at])
        match rng.randrange(6):
            case 0 | 1:
                parts[rng.randrange(len(parts))] = rng.choice(ODD_WORDS)
                lines[at] = "".join(parts)
            case 2:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 3:
                del lines[at]
            case 4:
                lines[at] = "".join(part if rng.random() < 0.7 else rng.choice(ODD_WORDS) for part in parts)
            case _:
                rng.shuffle(lines)
        lines = lines or [""]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    match rng.randrange(12):
        case 0:
            return data.decode("utf-8", "replace").encode("utf-16")
        case 1:
            return gzip.compress(data, 1)
        case 2:
            return gzip.compress(data, 1)[: -rng.randint(1, 12)]
        case 3:
            return data.replace(b"\n", rng.choice((b"\r", b"\r\n")))
        case 4 | 5:
            return some_bytes(rng, data)
        case _:
            return data


def some_json(rng: random.Random, content: bytes) -> bytes:
    """Values, keys or depth changed."""
    if rng.random() < 0.1:
        return some_bytes(rng, content)
    if rng.random() < 0.02:
        return b"[" * 100_000
    value = json.loads(content)
    for _ in range(rng.randint(1, 3)):
        value = _changed(rng, value)
    return json.dumps(value).encode()


def _changed(rng: random.Random, value: Any) -> Any:
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value))) if _is_list(value) else []
    if not keys or rng.random() < 0.05:
        return rng.choice(ODD_VALUES)
    key = rng.choice(keys)
    match rng.randrange(8):
        case 0:
            del value[key]
        case 1 if isinstance(value, dict):
            value[rng.choice(("new", "", "\ud800", "x" * 200))] = rng.choice(ODD_VALUES)
        case 2 | 3 | 4:
            value[key] = _changed(rng, value[key])
        case _:
            value[key] = rng.choice(ODD_VALUES)
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def some_zip(rng: random.Random, content: bytes) -> bytes:
    """Entries changed, doubled, renamed or left out; or the bytes of the archive."""
    if rng.random() < 0.35:
        return some_bytes(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        entries = [(entry.filename, packed.read(entry)) for entry in packed.infolist()]
    at = rng.randrange(len(entries))
    name, inside = entries[at]
    match rng.randrange(6):
        case 0:
            del entries[at]
        case 1:
            entries.append((name, some_bytes(rng, inside)))
        case 2:
            entries[at] = (rng.choice(("../" + name, "/" + name, "a/" + name, "c:\\" + name, "\u202e" + name)), inside)
        case 3 if name.endswith(".json"):
            entries[at] = (name, some_json(rng, inside))
        case 4 if name.endswith((".csv", ".txt")):
            entries[at] = (name, some_text(rng, inside))
        case _:
            entries[at] = (name, some_bytes(rng, inside))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as packed:
        for name, inside in entries:  # one name twice may be what is wanted
            packed.writestr(name, inside)
    return out.getvalue()


def some_npz(rng: random.Random, content: bytes) -> bytes:
    """Arrays of other shapes, kinds and values; one that is pickled; or the bytes."""
    if rng.random() < 0.3:
        return some_bytes(rng, content)
    with np.load(io.BytesIO(content)) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    name = rng.choice(list(arrays))
    array = arrays[name]
    match rng.randrange(10):
        case 0:
            del arrays[name]
        case 1:
            arrays[name] = np.array(rng.choice((0, 1.5, "x", True)))
        case 2:
            arrays[name] = array[:-1]
        case 3:
            arrays[name] = array[..., None]
        case 4:
            arrays[name] = np.array([Bomb()], dtype=object)
        case 5:
            arrays[name] = array.astype(rng.choice(("U3", "S2", "c16", "f2", "u8", "M8[s]", "?")))
        case 6 if array.dtype.kind == "f":
            arrays[name] = np.full_like(array, rng.choice((np.nan, np.inf, -np.inf, 1e38)))
        case 7:
            arrays[name] = np.zeros(array.shape, array.dtype)[:0]
        case 8:
            arrays[name] = np.array(["\ud800"] * len(array) if array.ndim else "\ud800")
        case _:
            arrays[rng.choice(("new", "../x", "file"))] = array
    out = io.BytesIO()
    np.savez(out, **{key: value for key, value in arrays.items() if key != "file"})
    return out.getvalue()


def some_pickle(rng: random.Random, content: bytes) -> bytes:
    """Its bytes, or what a pickle should never hold."""
    if rng.random() < 0.15:
        return pickle.dumps(rng.choice((Bomb(), [Bomb()], print, {"a": 10**400}, "x")), rng.randint(0, 5))
    return some_bytes(rng, content)
