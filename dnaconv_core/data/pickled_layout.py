"""What a joblib or `.npy` file says about its array, found without importing or calling anything.

joblib pickles a `NumpyArrayWrapper` (shape, dtype, order). The instructions of that pickle are followed here one at a
time: a class name is only compared with the short list `_ADMITTED` and stays a name. Arrays of Python objects, which
nest a second pickle, end here. A description has at most `HEADER_BYTES`.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from dnaconv_core.errors import DataError, UnsafeFileError

HEADER_BYTES = 1 << 16  # the most that the description of an array may take; joblib's own has about 250
_DTYPE = re.compile(r"(b1|[iu][1248]|f[248]|[SU][1-9]\d{0,8})")


class _Name:
    """A class that a pickle names and that stays a name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


class _Described:
    """What the pickle would have built: a dtype (`state` is a tuple) or a wrapper (`state` is a dict)."""

    def __init__(self, kind: str, arguments: tuple[Any, ...], state: Any = None) -> None:
        self.kind, self.arguments, self.state = kind, arguments, state


_ADMITTED = {
    "joblib.numpy_pickle.NumpyArrayWrapper": "wrapper",
    "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper": "wrapper",  # joblib as scikit-learn < 0.23 carried it
    "numpy.ndarray": "ndarray",
    "numpy.memmap": "ndarray",
    "numpy.core.memmap.memmap": "ndarray",
    "numpy._core.memmap.memmap": "ndarray",
    "numpy.dtype": "dtype",
}


class Layout(NamedTuple):
    """How an array lies in its file."""

    shape: tuple[int, ...]
    dtype: np.dtype
    order: str  # "C" or "F"
    padded: bool  # joblib ≥ 1.2 puts alignment bytes before the data
    pickled: bool  # a STOP instruction follows the data

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


class _Header:
    """The bytes of a description, up to HEADER_BYTES of them."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path, self._left = stream, path, HEADER_BYTES

    def _spend(self, n: int) -> None:
        self._left -= n
        if self._left < 0:
            raise UnsafeFileError(
                f"{self._path} describes its array in more than {HEADER_BYTES} bytes: no array needs that"
            )

    def read(self, n: int) -> bytes:
        self._spend(n)
        return self._stream.read(n)

    def readline(self) -> bytes:
        line = self._stream.readline(self._left + 1)
        self._spend(len(line))
        return line


def read_layout(stream: BufferedReader, path: Path) -> Layout:
    """What the array in `stream` looks like; the stream is left where its data (or their alignment) begin.

    Raises UnsafeFileError for anything but one array of numbers, truth values or fixed-width text; a damaged
    description raises ValueError, LookupError or TypeError, which the caller puts into a sentence.
    """
    if stream.peek(6)[:6] == b"\x93NUMPY":
        return _npy_layout(stream, path)
    wrapper = _follow(_Header(stream, path), path)
    known = {"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}
    state = wrapper.state
    for key in state:
        if key not in known:
            raise UnsafeFileError(f"{path} describes its array with {short(key)}, which joblib does not write")
    if not isinstance(state.get("subclass"), _Name) or state["subclass"].kind != "ndarray":
        raise UnsafeFileError(f"{path} does not hold a plain numpy array: only those are read")
    if state.get("order") not in ("C", "F"):
        raise ValueError("its order is neither C nor F")
    padded = state.get("numpy_array_alignment_bytes")
    if padded is not None and type(padded) is not int:
        raise ValueError("its alignment is not a number")
    dtype = _checked_dtype(state.get("dtype"), path)
    return Layout(_checked_shape(state.get("shape"), path), dtype, state["order"], padded is not None, pickled=True)


_NPY_HEADER = re.compile(
    r"\{'descr': '([<>|=]?)(\w+)', 'fortran_order': (True|False), 'shape': \(((?:\d{1,18}, ?)*\d{0,18})\), ?\}\s*"
)


def _npy_layout(stream: BinaryIO, path: Path) -> Layout:
    """What a `.npy` file says about its array: a fixed form of words, so that nothing needs to be evaluated."""
    version = stream.read(8)[6:]
    if version not in (b"\x01\x00", b"\x02\x00"):
        raise ValueError("it is a .npy file of an unknown version")
    length = int.from_bytes(stream.read(2 if version[0] == 1 else 4), "little")
    header = _Header(stream, path).read(length).decode("latin-1")
    match = _NPY_HEADER.fullmatch(header)
    if match is None:
        if "'descr': [" in header:
            raise _refused_dtype(path, "V (several fields)")
        raise ValueError("its .npy header is not one that numpy writes")
    if not _DTYPE.fullmatch(match[2]):
        raise _refused_dtype(path, match[2])
    dtype = np.dtype((match[1] or "=") + match[2])
    shape = tuple(int(n) for n in match[4].replace(",", " ").split())
    return Layout(_checked_shape(shape, path), dtype, "F" if match[3] == "True" else "C", padded=False, pickled=False)


def _follow(header: _Header, path: Path) -> _Described:
    """Follow the pickle to the BUILD that completes the wrapper; the array's bytes come next in the stream."""
    stack = _Stack(path)
    for opcode, value, _ in pickletools.genops(header):  # type: ignore[arg-type]  # it only needs read and readline
        step = _STEPS.get(opcode.name)
        if step is None:
            raise UnsafeFileError(
                f"{path} holds a pickled object (its instruction {opcode.name}) that is no numpy array: "
                "nothing of it was run"
            )
        step(stack, value)
        if stack.wrapper is not None:
            return stack.wrapper
    raise UnsafeFileError(f"{path} holds a pickled object that is no numpy array: nothing of it was run")


class _Stack:
    """What a pickle has put down so far, and what its instructions do with it; `wrapper` once that is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.items: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.wrapper: _Described | None = None

    def push(self, value: Any) -> None:
        self.items.append(value)

    def mark(self) -> None:
        self.marks.append(len(self.items))

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.items[start:]
        del self.items[start:]
        return items

    def join(self, n: int) -> None:
        """The last n become a tuple."""
        self.items[-n:] = [tuple(self.items[-n:])]

    def remember(self, key: int | None) -> None:
        self.memo[len(self.memo) if key is None else key] = self.items[-1]

    def set_items(self, pairs: list[Any]) -> None:
        for key, item in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) is not str or type(self.items[-1]) is not dict:
                raise UnsafeFileError(f"{self.path} holds a mapping that joblib does not write: it was not read")
            self.items[-1][key] = item

    def name_class(self) -> None:
        attribute, module = self.items.pop(), self.items.pop()
        if type(attribute) is not str or type(module) is not str:
            raise ValueError("it names a class by something else than text")
        self.push(_admitted(f"{module}.{attribute}", self.path))

    def make(self, wanted: str) -> None:
        arguments, made = self.items.pop(), self.items.pop()
        if type(arguments) is not tuple or not isinstance(made, _Name) or made.kind != wanted:
            raise UnsafeFileError(f"{self.path} asks to call something that is no array's type: nothing of it was run")
        self.push(_Described(wanted, arguments))

    def build(self) -> None:
        state, made = self.items.pop(), self.items[-1]
        if not isinstance(made, _Described) or type(state) is not {"wrapper": dict, "dtype": tuple}[made.kind]:
            raise UnsafeFileError(f"{self.path} asks to set the state of what is no array: nothing of it was run")
        made.state = state
        if made.kind == "wrapper":
            if len(self.items) != 1 or made.arguments:
                raise UnsafeFileError(f"{self.path} holds more than one numpy array: only a single array is read")
            self.wrapper = made


_VALUES = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE")
_STEPS: dict[str, Callable[[_Stack, Any], None]] = {  # every instruction that is followed: what it does with its value
    **dict.fromkeys(("PROTO", "FRAME"), lambda stack, _: None),
    **dict.fromkeys(_VALUES, _Stack.push),
    "NONE": lambda stack, _: stack.push(None),
    "NEWTRUE": lambda stack, _: stack.push(True),
    "NEWFALSE": lambda stack, _: stack.push(False),
    "EMPTY_TUPLE": lambda stack, _: stack.push(()),
    "EMPTY_DICT": lambda stack, _: stack.push({}),
    "MARK": lambda stack, _: stack.mark(),
    "TUPLE": lambda stack, _: stack.push(tuple(stack.since_mark())),
    "TUPLE1": lambda stack, _: stack.join(1),
    "TUPLE2": lambda stack, _: stack.join(2),
    "TUPLE3": lambda stack, _: stack.join(3),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT", "MEMOIZE"), _Stack.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda stack, key: stack.push(stack.memo[key])),
    "SETITEM": lambda stack, _: stack.set_items([stack.items.pop(-2), stack.items.pop()]),
    "SETITEMS": lambda stack, _: stack.set_items(stack.since_mark()),
    **dict.fromkeys(("GLOBAL", "INST"), lambda stack, name: stack.push(_admitted(name.replace(" ", "."), stack.path))),
    "STACK_GLOBAL": lambda stack, _: stack.name_class(),
    "NEWOBJ": lambda stack, _: stack.make("wrapper"),
    "REDUCE": lambda stack, _: stack.make("dtype"),
    "BUILD": lambda stack, _: stack.build(),
}


def _admitted(name: str, path: Path) -> _Name:
    if name not in _ADMITTED:
        raise UnsafeFileError(
            f"{path} asks to load {short(name)}: only numpy arrays are read, so nothing of it was run; "
            "do not use the file unless you know why it asks for that"
        )
    return _Name(_ADMITTED[name])


def _checked_shape(shape: Any, path: Path) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) > 8 or not all(type(n) is int and n >= 0 for n in shape):
        raise DataError(f"{path} has an array whose shape is not a list of sizes: fetch or write it again")
    return shape


def _checked_dtype(described: Any, path: Path) -> np.dtype:
    """The dtype from the arguments and state that numpy pickles, compared piece by piece."""
    if not isinstance(described, _Described) or described.kind != "dtype" or type(described.state) is not tuple:
        raise ValueError("its dtype is not described")
    code = described.arguments[0] if described.arguments else None
    if type(code) is not str:
        raise ValueError("its dtype has no name")
    if not _DTYPE.fullmatch(code):
        raise _refused_dtype(path, code)
    version, byte_order, *compound = described.state[:5]
    if type(version) is not int or version != 3 or any(part is not None for part in compound):
        raise _refused_dtype(path, f"{code} with fields")
    if byte_order not in ("<", ">", "|", "="):
        raise ValueError("its byte order is unknown")
    return np.dtype(byte_order + code)


def _refused_dtype(path: Path, code: str) -> UnsafeFileError:
    objects = code.startswith(("O", "object"))
    what = "Python objects" if objects else f"values of type {short(code)}"
    return UnsafeFileError(
        f"{path} is an array of {what}: only numbers, truth values and fixed-width text are read, and nothing of it "
        "was run; if it is your own, convert it with "
        f"array.astype(str) or array.astype(float) and write it again{' (DeepChem keeps ids so)' * objects}"
    )


def short(value: object) -> str:
    """What a file or an error says, cut to what fits in a sentence; `value` is text, an error or a tuple of numbers."""
    text = repr(value) if isinstance(value, (str, tuple)) else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
