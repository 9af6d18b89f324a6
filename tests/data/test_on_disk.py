"""Arrays in a file against the same arrays in memory."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.on_disk import MappedRows, StoredRows, StreamedX, chosen, streamed
from dnaconv_core.sequence.encoding import from_codes

N, L = 300, 11
CODES = np.random.default_rng(3).integers(0, 5, (N, L)).astype(np.uint8)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNACONV_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def X(cache):
    made = StreamedX(N, L)
    for start in (0, 7, 200):
        made.stored.append(CODES[start : {0: 7, 7: 200, 200: N}[start]])
    return made


@given(rows=st.lists(st.integers(-N, N - 1), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_rows_in_any_order_are_those_of_the_array(X, rows):
    rows = np.array(rows, np.int64)
    np.testing.assert_array_equal(X[rows], from_codes(CODES)[rows])
    np.testing.assert_array_equal(X.codes(rows), CODES[rows])


@given(start=st.integers(-2 * N, 2 * N), stop=st.integers(-2 * N, 2 * N), step=st.integers(-3, 3).filter(bool))
@settings(max_examples=60, deadline=None)
def test_any_slice_is_that_of_the_array(X, start, stop, step):
    np.testing.assert_array_equal(X.codes(slice(start, stop, step)), CODES[start:stop:step])


def test_rows_far_apart_are_read_one_by_one(cache):
    """Rows of 8,000 bytes are further apart than what is read in one go."""
    wide = np.random.default_rng(0).integers(0, 9, (20, 1000), np.int64)
    stored = StoredRows(wide.shape, wide.dtype)
    stored.append(wide)
    np.testing.assert_array_equal(stored[[19, 0, 7, 8, 7]], wide[[19, 0, 7, 8, 7]])


def test_masks_single_rows_and_numpys_functions(X):
    one_hot = from_codes(CODES)
    mask = CODES[:, 0] == 2
    np.testing.assert_array_equal(X[mask], one_hot[mask])
    np.testing.assert_array_equal(X[-1], one_hot[-1])
    np.testing.assert_array_equal(np.asarray(X), one_hot)
    np.testing.assert_array_equal(np.stack(list(X)), one_hot)
    assert (len(X), X.shape, X.ndim, X.dtype) == (N, (N, 4, L), 3, np.int8)
    for row in (N, -N - 1):
        with pytest.raises(IndexError):
            X[row]
        with pytest.raises(IndexError):
            X[[row]]


def test_text_is_stored_too(cache):
    names = np.array(["a", "Zürich:1-2", "", "chr1"])
    stored = StoredRows((4,), names.dtype)
    stored.append(names)
    assert stored.tolist() == names.tolist() == stored.astype(object).tolist() == list(stored)
    assert stored[1] == "Zürich:1-2" and isinstance(stored[1], str)
    some = chosen(stored, np.array([3, 1]))
    assert (some.tolist(), some[0], len(some)) == (["chr1", "Zürich:1-2"], "chr1", 2)


def test_a_subset_of_a_subset_is_read_from_the_file(X):
    data = Dataset(X, np.arange(N, dtype=np.float32)[:, None], np.ones((N, 1), np.float32), np.arange(N).astype(str))
    part = data.subset(np.arange(N)[::-2]).subset(np.array([3, 5, 0]))
    assert isinstance(part.X, MappedRows) and part.X.array is X and streamed(part.X)
    wanted = np.arange(N)[::-2][[3, 5, 0]]
    np.testing.assert_array_equal(part.X[:], from_codes(CODES)[wanted])
    np.testing.assert_array_equal(codes_of(part.X, slice(1, 3)), CODES[wanted[1:]])
    np.testing.assert_array_equal(codes_of(X, slice(1, 3)), CODES[1:3])
    assert not streamed(CODES) and part.y[:, 0].tolist() == wanted.tolist()


def test_several_threads_read_at_once_also_where_files_have_one_position(X, monkeypatch):
    monkeypatch.delattr("os.preadv", raising=False)
    wrong = []

    def read(seed):
        for rows in np.random.default_rng(seed).integers(0, N, (40, 9)):
            if not np.array_equal(X.codes(rows), CODES[rows]):
                wrong.append(seed)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
