"""Shards that are damaged, describe more than they hold, or unpack to too much: refused in words, in little memory."""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import tracemalloc
import zlib

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joblib.numpy_pickle import NumpyArrayWrapper

from dnaconv_core.data.unpickle import read_array
from dnaconv_core.errors import DataError, DnaConvError, UnsafeFileError


def described(shape=(3,), dtype="i1", order="C", data=b"abc", tail=b".", alignment=None, **more) -> bytes:
    wrapper = NumpyArrayWrapper(np.ndarray, shape, order, np.dtype(dtype), numpy_array_alignment_bytes=alignment)
    vars(wrapper).update(more)
    return pickle.dumps(wrapper)[:-1] + data + tail


def npy(shape: str) -> bytes:
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def test_the_hand_made_description_is_read(tmp_path):
    file = tmp_path / "a.joblib"
    file.write_bytes(described())
    assert read_array(file).tobytes() == b"abc"
    file.write_bytes(npy("(3,)") + b"abc")
    assert read_array(file).tobytes() == b"abc"
    file.write_bytes(described(alignment=16, data=b"\x02\xff\xffabc"))
    assert read_array(file).tobytes() == b"abc"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (described(data=b"ab", tail=b""), "it ends in the middle of the array"),
        (described(data=b""), "it ends in the middle of the array"),
        (described(tail=b""), "goes on after its array"),
        (described(tail=b"d."), "goes on after its array"),
        (described(tail=b".."), "goes on after its end"),
        (described(shape=(-3,)), "shape is not a list of sizes"),
        (described(shape=(3.0,)), "BINFLOAT|shape is not a list of sizes"),
        (described(shape="abc"), "shape is not a list of sizes"),
        (described(shape=(True,)), "shape is not a list of sizes"),
        (described(shape=(1,) * 9), "shape is not a list of sizes"),
        (described(shape=(10**12,)), "more than the 2,048 MiB allowed"),
        (described(shape=(10**12, 0, 10**12)), "more than the 2,048 MiB allowed"),
        (described(shape=(10**300,)), "more than the 2,048 MiB allowed"),
        (described().replace(b"i1", b"U999999999").replace(b"\x8c\x02U", b"\x8c\x0aU"), "damaged"),
        (described(order="K"), "neither C nor F"),
        (described(order=("C",)), "neither C nor F"),
        (described(subclass=np.dtype), "does not hold a plain numpy array"),
        (described(subclass=None), "does not hold a plain numpy array"),
        (described(alignment="16"), "alignment is not a number"),
        (described(surprise=1), "describes its array with 'surprise'"),
        (described(dtype="b1", data=b"\0\1\2"), "neither 0 nor 1"),
        (described(dtype="U1", shape=(1,), data=b"\xff\xff\xff\xff"), "text that is not Unicode"),
        (described(dtype=">U1", shape=(1,), data=b"\x00\x00\xd8\x00"), "text that is not Unicode"),
        (b"", "no numpy array|damaged"),
        (b".", "no numpy array|damaged"),
        (b"\x80\x04", "damaged"),
        (b"\x80\x04X\xff\xff\xff\x7f", "in more than 65536 bytes"),
        (b"\x80\x04\x8d" + b"\xff" * 7 + b"\x0f", "in more than 65536 bytes"),
        (b"\x80\x04" + b"(" * 100_000, "in more than 65536 bytes"),
        (b"V" + b"a" * 100_000, "in more than 65536 bytes"),
        (b"\x80\x04h\x05.", "damaged"),
        (b"\x80\x04t.", "damaged"),
        (b"\x80\x04\x85.", "no numpy array"),
        (b"\x80\x04R.", "damaged"),
        (b"\x80\x04}\x94]\x94", "instruction EMPTY_LIST"),
        (b"\x80\x04}N)s.", "a mapping that joblib does not write"),
        (b"x\x9c", "ends too early"),
        (zlib.compress(described())[:-2], "ends too early"),
        (zlib.compress(described())[:-4] + b"abcd", "cannot be read to its end"),
        (zlib.compress(described()) + b"more", "more follows after its compressed data"),
        (bz2.compress(described())[:-9], "ends too early"),
        (lzma.compress(described())[:-20], "ends too early|cannot be read"),
        (b"\x04\x22\x4d\x18rest", "lz4"),
        (b"ZF0x10", "no joblib array|pickled object"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': 'O'}\n ", "damaged"),
        (b"\x93NUMPY\x09\x00\x10\x00", "damaged"),
        (npy("(" + "1" * 300 + ")"), "not one that numpy writes"),  # also a trap for patterns that try every way
        (npy("(3, -1)"), "not one that numpy writes"),
        (npy("(10**9,)"), "not one that numpy writes"),
        (npy("(999999999999, 3)"), "more than the 2,048 MiB allowed"),
        (npy("(3,)") + b"ab", "it ends in the middle of the array"),
        (npy("(3,)") + b"abcd", "goes on after its end"),
    ],
)
def test_damaged_and_excessive_files_are_said_so(tmp_path, content, message):
    file = tmp_path / "a.joblib"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_array(file)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 600


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_array(tmp_path / "a.joblib")
    with pytest.raises(DataError, match="cannot be read"):
        read_array(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"NNNJ", b"N)NJ"),  # names of fields
        (b"NNNJ", b")NNJ"),  # a dtype within
        (b"NNNJ", b"NN}J"),  # fields
        (b"(K\x03X", b"(K\x04X"),  # a version with metadata
        (b"i4q", b"O8q"),
        (b"i4q", b"i3q"),
        (b"X\x01\x00\x00\x00<", b"X\x01\x00\x00\x00?"),
        (b"tq\x0fb", b"}q\x0fb"),  # the state is no tuple
    ],
)
def test_a_dtype_with_a_strange_state_is_refused(tmp_path, old, new):
    file = tmp_path / "a.joblib"
    wrapper = NumpyArrayWrapper(np.ndarray, (1,), "C", np.dtype("<i4"), numpy_array_alignment_bytes=None)
    good = pickle.dumps(wrapper, 2)[:-1] + b"\1\0\0\0."
    file.write_bytes(good)
    assert read_array(file).tolist() == [1]
    assert good.count(old) == 1
    file.write_bytes(good.replace(old, new))
    with pytest.raises(DataError):
        read_array(file)


BOMB = 24 << 20


BOMBS = {
    "more than declared": lambda: described(shape=(3,), data=b"abc" + bytes(BOMB)),
    "huge shape": lambda: described(shape=(BOMB * 128,), data=bytes(BOMB)),
    "long text": lambda: b"\x80\x04X" + BOMB.to_bytes(4, "little") + bytes(BOMB),
    "endless line": lambda: b"\x80\x04V" + bytes(BOMB),
    "zeros": lambda: bytes(BOMB),
    "endless instructions": lambda: b"\x80\x04" + b")" * BOMB,
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("pack", [zlib.compress, bz2.compress], ids=["zlib", "bz2"])
def test_bombs_are_not_unpacked(tmp_path, name, pack):
    file = tmp_path / "a.joblib"
    file.write_bytes(pack(BOMBS[name]()))
    assert file.stat().st_size < 1 << 18
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_array(file)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_dictionary_bomb_is_refused(tmp_path):
    file = tmp_path / "a.joblib"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(described(), lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1}]))
    packed[1:5] = (0xFFFFFFFF).to_bytes(4, "little")  # a window of 4 GiB
    file.write_bytes(bytes(packed))
    try:
        read_array(file)
    except DataError as error:
        assert "cannot be read" in str(error) or "no joblib array" in str(error) or "pickled" in str(error)
    file.write_bytes(lzma.compress(described(), filters=filters))
    assert read_array(file).tobytes() == b"abc"


def test_the_limit_is_the_callers_to_set(tmp_path):
    file = tmp_path / "a.joblib"
    joblib.dump(np.zeros(1000, np.int8), file)
    assert read_array(file, limit=1000).shape == (1000,)
    with pytest.raises(UnsafeFileError, match=r"declares \(1000,\) values of 1 bytes, which is more than"):
        read_array(file, limit=999)


def test_deep_nesting_neither_overflows_nor_takes_forever(tmp_path):
    file = tmp_path / "a.joblib"
    shared = b"\x80\x04)" + b"2\x86" * 2
    file.write_bytes(shared + b".")
    with pytest.raises(UnsafeFileError, match="instruction DUP"):
        read_array(file)
    twice = b"\x80\x04)\x94" + b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(200))
    for end in (b"}h\xc8Ns.", b"Nh\xc8R.", b"h\xc8h\xc8\x93.", b"."):
        file.write_bytes(twice + end)
        with pytest.raises(DataError) as caught:
            read_array(file)
        assert len(str(caught.value)) < 600


def _files() -> dict[str, bytes]:
    made = {}
    for name, array in (
        ("X", np.eye(4, dtype=np.int8)[np.arange(20) % 4].reshape(2, 10, 4)),
        ("ids", np.array(["a", "bb"])),
    ):
        for way in ("raw", "zlib", "gzip", "bz2", "xz", "lzma"):
            stream = io.BytesIO()
            joblib.dump(array, stream, compress=0 if way == "raw" else (way, 3))
            made[f"{name} {way}"] = stream.getvalue()
        stream = io.BytesIO()
        np.save(stream, array)
        made[f"{name} npy"] = stream.getvalue()
    return made


FILES = _files()


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_file_is_read_or_refused_in_words(tmp_path, data):
    content = bytearray(FILES[data.draw(st.sampled_from(sorted(FILES)))])
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["flip", "byte", "cut", "insert", "repeat"])):
            case "flip":
                content[where] ^= 1 << data.draw(st.integers(0, 7))
            case "byte":
                content[where] = data.draw(st.integers(0, 255))
            case "cut":
                del content[where : where + data.draw(st.integers(1, 40))]
            case "insert":
                content[where:where] = data.draw(st.binary(min_size=1, max_size=8))
            case "repeat":
                content[where:where] = content[where : where + 20]
        if not content:
            break
    file = tmp_path / "a.joblib"
    file.write_bytes(bytes(content))
    try:
        found = read_array(file)
    except DnaConvError as error:
        assert str(file) in str(error)
    else:
        assert found.dtype.kind in "biufSU"
        found.astype(str) if found.dtype.kind != "S" else found.tolist()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300), start=st.sampled_from([b"", b"\x80\x04", b"\x80\x02cnumpy\ndtype\n", b"\x93NUMPY"])
)
def test_noise_is_refused_in_words(tmp_path, content, start):
    file = tmp_path / "a.joblib"
    file.write_bytes(start + content)
    with pytest.raises(DataError):
        read_array(file)
