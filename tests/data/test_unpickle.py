"""What a shard may hold, and that nothing else in one ever runs."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import pickle
import zlib

import joblib
import numpy as np
import pytest
from joblib.numpy_pickle import NumpyArrayWrapper

from dnaconv_core.data.unpickle import StoredArray, read_array
from dnaconv_core.errors import UnsafeFileError

ARRAYS = {
    "int8": np.arange(24, dtype=np.int8).reshape(2, 3, 4),
    "bool": np.array([[True, False, True]]),
    "float64": np.linspace(-1, 1, 7),
    "float16": np.ones((3, 1), np.float16),
    "uint64": np.array([2**63], np.uint64),
    "big endian": np.arange(5, dtype=">i4"),
    "text": np.array(["chr22:1-102", "β", ""]),
    "bytes": np.array([b"a", b"bc"]),
    "Fortran": np.asfortranarray(np.arange(30, dtype=np.int16).reshape(2, 3, 5)),
    "one number": np.array(3.5),
    "no rows": np.zeros((0, 3)),
    "no columns": np.zeros((3, 0), np.float32),
    "large": np.arange(300_000, dtype=np.float32).reshape(-1, 3),
}
WAYS = {"raw": 0, "zlib": ("zlib", 3), "gzip": ("gzip", 3), "bz2": ("bz2", 3), "xz": ("xz", 3), "lzma": ("lzma", 3)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ARRAYS)
def test_reads_what_joblib_writes(tmp_path, name, way):
    file = tmp_path / "a.joblib"
    joblib.dump(ARRAYS[name], file, compress=WAYS[way])
    found = read_array(file)
    np.testing.assert_array_equal(found, ARRAYS[name])
    np.testing.assert_array_equal(found, joblib.load(file))
    assert found.dtype == ARRAYS[name].dtype.newbyteorder("=")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_reads_every_binary_protocol(tmp_path, protocol):
    file = tmp_path / "a.joblib"
    joblib.dump(ARRAYS["text"], file, protocol=protocol)
    np.testing.assert_array_equal(read_array(file), ARRAYS["text"])


@pytest.mark.parametrize("name", [name for name in ARRAYS if name not in ("one number", "no rows")])
def test_blocks_are_the_array_in_order(tmp_path, name):
    file = tmp_path / "a.joblib"
    joblib.dump(ARRAYS[name], file, compress=3)
    with StoredArray(file) as stored:
        assert stored.shape == ARRAYS[name].shape
        blocks = list(stored.blocks(2))
    assert all(len(block) == 2 for block in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate(blocks), ARRAYS[name])


@pytest.mark.parametrize("name", ARRAYS)
def test_reads_npy(tmp_path, name):
    file = tmp_path / "a.npy"
    np.save(file, ARRAYS[name])
    np.testing.assert_array_equal(read_array(file), ARRAYS[name])


def test_reads_the_books_shards_as_joblib_does(shared_data):
    files = sorted(shared_data.glob("*/*/*.joblib"))
    assert len(files) == 12
    for file in files:
        found, expected = read_array(file), joblib.load(file)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


# What must not run


class Asks:
    """Pickled, a request to call `function(*arguments)`."""

    def __init__(self, function, *arguments):
        self.request = function, arguments

    def __reduce__(self):
        return self.request


def a_global(module: str, name: str, argument: str, protocol: int) -> bytes:
    """A pickle that calls module.name(argument), put together by hand so that neither needs to exist."""
    if protocol == 0:
        return f"c{module}\n{name}\n(V{argument}\ntR.".encode()
    text = argument.encode()
    argument_code = b"X" + len(text).to_bytes(4, "little") + text
    if protocol == 2:
        return b"\x80\x02" + f"c{module}\n{name}\n".encode() + argument_code + b"\x85R."
    names = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name))
    return b"\x80\x04" + names + b"\x93" + argument_code + b"\x85R."


GLOBALS = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "getattr"),
    ("__builtin__", "eval"),
    ("subprocess", "Popen"),
    ("numpy.testing._private.utils", "runstring"),
    ("numpy.f2py", "compile"),
    ("numpy.f2py.crackfortran", "myeval"),
    ("numpy", "load"),
    ("numpy", "fromfile"),
    ("numpy", "ndarray.tofile"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("joblib.numpy_pickle", "load"),
    ("joblib.numpy_pickle_compat", "NDArrayWrapper"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper.read_mmap"),
    ("pickle", "loads"),
    ("copyreg", "_reconstructor"),
    ("importlib", "import_module"),
    ("dnaconv_core.data.unpickle", "read_array"),
]


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(("module", "name"), GLOBALS)
def test_any_other_global_is_refused_by_name(tmp_path, module, name, protocol):
    marker, file = tmp_path / "it ran", tmp_path / "shard-0-X.joblib"
    content = a_global(module, name, f"touch '{marker}'", protocol)
    for pack in (bytes, zlib.compress, gzip.compress, bz2.compress, lzma.compress):
        file.write_bytes(pack(content))
        with pytest.raises(UnsafeFileError) as caught:
            read_array(file)
        assert f"{module}.{name}" in str(caught.value)
        assert str(file) in str(caught.value)
        assert not marker.exists()


def test_the_attack_itself_works_on_a_plain_unpickler(tmp_path):
    """So that the tests above mean something."""
    marker = tmp_path / "it ran"
    pickle.loads(a_global("os", "system", f"touch '{marker}'", 4))
    assert marker.exists()


def hostile(marker):
    """Objects that would leave a marker when unpickled, by what they ask for."""
    write = f"open({str(marker)!r}, 'w')"
    code = f"import os; os.mkdir({str(marker)!r})"
    return {
        f"{os.system.__module__}.system": Asks(os.system, f"touch '{marker}'"),
        "builtins.eval": Asks(eval, write),
        "builtins.exec": Asks(exec, code),
        f"{open.__module__}.open": Asks(open, str(marker), "w"),
        "numpy.fromfile": Asks(np.fromfile, str(marker)),
    }


NAMES = list(hostile("x"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("compress", [0, 3])
def test_objects_that_joblib_wrote_do_not_run(tmp_path, name, compress):
    marker, file = tmp_path / "it ran", tmp_path / "a.joblib"
    joblib.dump(hostile(marker)[name], file, compress=compress)
    with pytest.raises(UnsafeFileError, match=name):
        read_array(file)
    assert not marker.exists()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["subclass", "shape", "order", "dtype", "allow_mmap", "other", "alignment", "inside"])
def test_hostile_attributes_of_the_wrapper_do_not_run(tmp_path, name, where):
    marker, file = tmp_path / "it ran", tmp_path / "a.joblib"
    wrapper = NumpyArrayWrapper(np.ndarray, (3,), "C", np.dtype("i1"))
    evil = hostile(marker)[name]
    if where == "inside":
        wrapper.shape = (3, evil)
    else:
        setattr(wrapper, {"alignment": "numpy_array_alignment_bytes"}.get(where, where), evil)
    file.write_bytes(pickle.dumps(wrapper)[:-1] + b"\0abc.")
    with pytest.raises(UnsafeFileError, match=name):
        read_array(file)
    assert not marker.exists()


@pytest.mark.parametrize("content", ["text", "hostile"])
def test_arrays_of_objects_are_refused_before_their_own_pickle(tmp_path, content):
    marker, file = tmp_path / "it ran", tmp_path / "shard-0-ids.joblib"
    held = ["a", None] if content == "text" else [Asks(os.system, f"touch '{marker}'")]
    joblib.dump(np.array(held, dtype=object), file, compress=3)
    with pytest.raises(
        UnsafeFileError, match=r"array of Python objects: .* with array\.astype\(str\) .* \(DeepChem keeps ids so\)"
    ):
        read_array(file)
    np.save(tmp_path / "a.npy", np.array(held, dtype=object), allow_pickle=True)
    with pytest.raises(UnsafeFileError, match="array of Python objects"):
        read_array(tmp_path / "a.npy")
    assert not marker.exists()


class Shifty(np.ndarray):
    """A subclass, which joblib pickles by way of numpy's reconstruction."""


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"X": np.ones(3)}, "more than one numpy array|mapping|pickled object"),
        ([np.ones(3)], "instruction EMPTY_LIST"),
        ((np.ones(3), np.ones(3)), "goes on after its array: only one numpy array"),
        ("text", "no numpy array"),
        (3, "no numpy array"),
        (None, "no numpy array"),
        (np.ones(3).view(Shifty), "_reconstruct"),
        (np.ones((2, 2)).view(np.matrix), "numpy.matrix"),
        (np.float64(3.0), "multiarray.scalar"),
        (np.zeros(2, "c16"), "values of type 'c16'"),
        (np.zeros(2, "M8[s]"), "no numpy array: nothing of it was run"),
        (np.zeros(2, "V3"), "values of type 'V3'"),
        (np.zeros(2, [("a", "i4"), ("b", "f8")]), "values of type 'V12'"),
        (np.ma.masked_array([1, 2], [0, 1]), "numpy.ma"),
    ],
)
def test_anything_but_one_plain_array_is_refused(tmp_path, held, message):
    file = tmp_path / "a.joblib"
    joblib.dump(held, file)
    with pytest.raises(UnsafeFileError, match=message):
        read_array(file)
