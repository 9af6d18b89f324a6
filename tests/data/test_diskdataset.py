from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest

from dnaconv_core.data.dataset import MappedRows
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.data.on_disk import StoredRows, StreamedX
from dnaconv_core.errors import ConfigError, DataError, UnsafeFileError

N, L, T = 11, 7, 2


def stored_x(n: int = N, length: int = L, seed: int = 0) -> np.ndarray:
    """One-hot as DeepChem keeps it, (n, L, 4), with some N."""
    rng = np.random.default_rng(seed)
    return np.eye(5, 4, dtype=np.int8)[rng.integers(0, 5, (n, length))]


def folder_of(path, shards, metadata=True, tasks=(0, 1), suffix="joblib"):
    """A DiskDataset folder as DeepChem lays it out; `shards` is a list of dicts of arrays."""
    path.mkdir()
    rows = []
    for number, arrays in enumerate(shards):
        for part, array in arrays.items():
            file = path / f"shard-{number}-{part}.{suffix}"
            joblib.dump(array, file, compress=3) if suffix == "joblib" else np.save(file, array)
        rows.append([f"shard-{number}-{p}.{suffix}" if p in arrays else "" for p in ("ids", "X", "y", "w")])
    if metadata:
        with gzip.open(path / "metadata.csv.gzip", "wt", newline="") as file:
            csv.writer(file).writerows([["ids", "X", "y", "w"], *rows])
        (path / "tasks.json").write_text(json.dumps(list(tasks)))
    return path


def shard(n: int = N, first: int = 0, **change) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(first)
    arrays = {
        "X": stored_x(n, seed=first),
        "y": rng.random((n, T)),
        "w": np.ones((n, T)),
        "ids": np.array([f"id_{i}" for i in range(first, first + n)]),
    }
    return {part: array for part, array in {**arrays, **change}.items() if array is not None}


@pytest.mark.parametrize("suffix", ["joblib", "npy"])
@pytest.mark.parametrize("metadata", [True, False])
def test_many_shards_are_read_in_order(tmp_path, metadata, suffix):
    sizes = (3, 1, 5, 2, 1, 1, 1, 1, 1, 1, 4)  # more than ten shards: 10 comes after 2
    parts = [shard(n, 100 * i) for i, n in enumerate(sizes)]
    data = read_diskdataset(folder_of(tmp_path / "d", parts, metadata, suffix=suffix), alphabet="RNA")
    X = np.concatenate([part["X"] for part in parts])
    assert data.X.shape == (21, 4, L)
    assert data.X.dtype == np.int8
    assert data.y.dtype == data.w.dtype == np.float32
    for row, position, channel in np.ndindex(21, L, 4):
        assert data.X[row, channel, position] == X[row, position, channel]
    np.testing.assert_allclose(data.y, np.concatenate([part["y"] for part in parts]), rtol=1e-6)
    assert data.ids.tolist() == [name for part in parts for name in part["ids"]]
    assert (data.name, data.alphabet, data.covariates) == ("d", "RNA", None)


def test_metadata_decides_order_and_names(tmp_path):
    folder = folder_of(tmp_path / "d", [shard(3, 0), shard(2, 50)])
    with gzip.open(folder / "metadata.csv.gzip", "wt") as file:
        file.write("X,ids,y,w,X_shape\n")
        for n in (1, 0):
            file.write(f"shard-{n}-X.joblib,shard-{n}-ids.joblib,shard-{n}-y.joblib,shard-{n}-w.joblib,None\n")
    assert read_diskdataset(folder).ids.tolist() == ["id_50", "id_51", "id_0", "id_1", "id_2"]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, bool, np.int64, np.float32, np.float64, ">f8", np.float16])
def test_exact_one_hot_of_any_number_type_is_converted(tmp_path, dtype):
    data = read_diskdataset(folder_of(tmp_path / "d", [shard(X=stored_x().astype(dtype))]))
    np.testing.assert_array_equal(data.X, stored_x().transpose(0, 2, 1))
    assert data.X.dtype == np.int8


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        (np.int8, 2, "row 6, position 4 .* holds 2: one-hot sequences hold only 0 and 1"),
        (np.int8, -1, "holds -1"),
        (np.uint8, 255, "holds 255"),
        (np.int64, 256, "holds 256"),
        (np.float32, 0.5, "holds 0.5"),
        (np.float64, 1 + 1e-9, "holds 1.0"),
        (np.float64, np.nan, "holds nan"),
        (np.float64, np.inf, "holds inf"),
    ],
)
def test_other_values_in_x_are_named_with_their_place(tmp_path, dtype, value, message):
    second = stored_x().astype(dtype)
    second[6, 4, 3] = value
    folder = folder_of(tmp_path / "d", [shard(), shard(first=N, X=second)])
    with pytest.raises(DataError, match=r"shard-1-X\.joblib: .*" + message):
        read_diskdataset(folder)


@pytest.mark.parametrize("dtype", [np.int8, bool, np.float32])
def test_two_ones_in_a_position_are_named_with_their_place(tmp_path, dtype, monkeypatch):
    monkeypatch.setattr("dnaconv_core.data.diskdataset._BLOCK_BYTES", 200)  # several blocks
    X = stored_x().astype(dtype)
    X[8, 5] = [1, 0, 1, 1]
    with pytest.raises(DataError, match=r"row 8, position 5 .* has 3 ones: a one-hot position has one, or none for N"):
        read_diskdataset(folder_of(tmp_path / "d", [shard(X=X)]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"y": np.zeros((N - 1, T))},
            r"shard-1-y\.joblib has 10 rows but shard-1-X\.joblib has 11: they must be equal",
        ),
        ({"w": np.zeros((N + 1, T))}, r"shard-1-w\.joblib has 12 rows"),
        ({"ids": np.array(["a"])}, r"shard-1-ids\.joblib has 1 rows"),
        ({"ids": np.array("a")}, r"shard-1-ids\.joblib has no rows"),
        ({"X": stored_x().transpose(0, 2, 1)}, r"has shape \(11, 4, 7\), .* \(examples, length, 4\): swap"),
        ({"X": stored_x()[:, 0]}, r"has shape \(11, 4\)"),
        ({"X": stored_x()[:, :0]}, r"has shape \(11, 0, 4\)"),
        ({"X": stored_x().astype(str)}, "holds <U4 values, but one-hot sequences are numbers"),
        ({"X": stored_x(N, L + 1)}, r"shard-1-X\.joblib has sequences of 8 bases and .*shard-0-X\.joblib of 7"),
        ({"y": np.zeros((N, 3)), "w": np.zeros((N, 3))}, r"has 3 columns and the first 2"),
        ({"y": np.zeros((N, 1, 2))}, "has shape"),
        ({"y": np.array(["a"] * N)}, "should hold numbers"),
        ({"y": np.full((N, T), np.nan)}, r"shard-1-y\.joblib: row 0 .* every value must be a finite number"),
        ({"y": np.full((N, T), 1e300)}, "must be a finite number"),
        ({"w": np.full((N, T), -1)}, r"shard-1-w\.joblib: row 0 .* weights are numbers from 0 up"),
        ({"w": np.full((N, T), np.nan)}, "weights are numbers from 0 up"),
        ({"w": np.ones((N, 3))}, r"has 3 columns but .* has 2"),
        ({"ids": np.zeros((N, 2), int)}, "ids are a single column"),
        ({"ids": np.zeros(N)}, "ids are text or whole numbers"),
        ({"ids": np.array([b"\xff"] * N)}, "not ASCII"),
        ({"ids": np.array([f"id_{3 + i}" for i in range(N)])}, r"has the id 'id_3' twice, in rows 3 and 11"),
        ({"y": None, "w": None}, "no y and others have"),
        ({"ids": None}, "no ids and others have"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        read_diskdataset(folder_of(tmp_path / "d", [shard(), shard(first=N, **change)]))


def test_what_may_be_missing_or_narrow(tmp_path):
    y = np.arange(N)
    data = read_diskdataset(folder_of(tmp_path / "1", [shard(y=y, w=None, ids=np.arange(N))], tasks=["activity"]))
    assert data.y.tolist() == y[:, None].tolist()
    assert data.w.tolist() == [[1.0]] * N
    assert data.ids.tolist() == [str(i) for i in range(N)]
    data = read_diskdataset(folder_of(tmp_path / "2", [shard(y=None, w=None, ids=None)]))
    assert data.y.shape == data.w.shape == (N, 0)
    assert data.ids.tolist() == [str(i) for i in range(N)]
    data = read_diskdataset(folder_of(tmp_path / "3", [shard(w=np.arange(N, dtype=float))]))
    assert data.w.tolist() == [[i, i] for i in range(N)]
    data = read_diskdataset(folder_of(tmp_path / "4", [shard(ids=np.array([b"a%d" % i for i in range(N)]))]))
    assert data.ids[3] == "a3"
    labels, weights = np.ones((N, T)), np.ones((N, T))
    labels[2, 1], weights[2, 1] = np.nan, 0  # how DeepChem marks a missing label
    data = read_diskdataset(folder_of(tmp_path / "5", [shard(y=labels, w=weights)]))
    assert data.y[2].tolist() == [1, 0]


def test_covariates_beside_the_shards(tmp_path):
    a = np.linspace(0, 1, N)
    data = read_diskdataset(folder_of(tmp_path / "1", [shard(a=a)]))
    assert data.covariate_names == ("accessibility",)
    np.testing.assert_allclose(data.covariates, a[:, None], rtol=1e-6)
    folder = folder_of(tmp_path / "2", [shard(a=np.ones((N, 3)))])
    assert read_diskdataset(folder).covariate_names == ("covariate_0", "covariate_1", "covariate_2")
    (folder / "covariates.json").write_text('["open", "closed", "gc"]')
    assert read_diskdataset(folder).covariate_names == ("open", "closed", "gc")
    (folder / "covariates.json").write_text('["open"]')
    with pytest.raises(DataError, match="should hold 3 names"):
        read_diskdataset(folder)
    with pytest.raises(DataError, match="no a and others have"):
        read_diskdataset(folder_of(tmp_path / "3", [shard(a=a), shard(first=N)]))
    with pytest.raises(DataError, match=r"shard-0-a\.joblib: row 1"):
        read_diskdataset(folder_of(tmp_path / "4", [shard(a=np.where(np.arange(N) == 1, np.inf, 0))]))


def rewrite_metadata(folder, text: str | bytes):
    (folder / "metadata.csv.gzip").write_bytes(gzip.compress(text.encode() if isinstance(text, str) else text))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "ids,X,y,w\nshard-0-ids.joblib,../d/shard-0-X.joblib,,\n",
            UnsafeFileError,
            r"names '\.\./d/shard-0-X.joblib'",
        ),
        ("ids,X,y,w\n,/etc/passwd,,\n", UnsafeFileError, "names '/etc/passwd': a shard is a .joblib or .npy file"),
        ("ids,X,y,w\n,..\\x.joblib,,\n", UnsafeFileError, "in the same folder"),
        ("ids,X,y,w\n,.joblib,,\n", UnsafeFileError, "in the same folder"),
        ("ids,X,y,w\n,shard-7-X.joblib,,\n", DataError, "has no shard-7-X.joblib, which its metadata.csv.gzip names"),
        ("ids,X,y,w\nshard-0-ids.joblib,,,\n", DataError, "names no X file in row 1"),
        ("a,b\n1,2\n", DataError, "names no X file in row 1"),
        ("ids,X,y,w\n", DataError, "has no shard"),
        ("", DataError, "has no shard"),
        (b"\xff\xfe", DataError, "cannot be read"),
        (b"," * (17 << 20), UnsafeFileError, "unpacks to more than 16 MiB"),
        ("X\n" + "a" * 200_000, DataError, "cannot be read"),
    ],
)
def test_bad_metadata(tmp_path, text, error, message):
    folder = folder_of(tmp_path / "d", [shard()])
    rewrite_metadata(folder, text)
    with pytest.raises(error, match=message):
        read_diskdataset(folder)


def test_bad_folders(tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        read_diskdataset(tmp_path / "none")
    with pytest.raises(DataError, match="has no shard"):
        read_diskdataset(tmp_path)
    folder = folder_of(tmp_path / "d", [shard()])
    (folder / "metadata.csv.gzip").write_bytes(b"no gzip")
    with pytest.raises(DataError, match=r"metadata\.csv\.gzip cannot be read"):
        read_diskdataset(folder)
    wrong = {"{}": "does not hold a list", "[": "cannot be read", "[1]": "names 1 tasks but y has 2"}
    for number, (text, message) in enumerate(wrong.items()):
        folder = folder_of(tmp_path / str(number), [shard()])
        (folder / "tasks.json").write_text(text)
        with pytest.raises(DataError, match=message):
            read_diskdataset(folder)
    empty = shard(0, X=np.zeros((0, L, 4), np.int8), ids=np.zeros(0, "U1"), y=np.zeros((0, 2)), w=np.zeros((0, 2)))
    with pytest.raises(DataError, match="has no examples"):
        read_diskdataset(folder_of(tmp_path / "e", [empty]))
    assert len(read_diskdataset(folder_of(tmp_path / "f", [empty, shard(), empty]))) == N


def test_a_hostile_shard_beside_good_ones_does_not_run(tmp_path):
    marker = tmp_path / "it ran"
    for part in ("X", "y", "w", "ids", "a"):
        folder = folder_of(tmp_path / part, [shard(a=np.ones(N))])
        command = f"touch '{marker}'"
        (folder / f"shard-0-{part}.joblib").write_bytes(f"cos\nsystem\n(V{command}\ntR.".encode())
        with pytest.raises(UnsafeFileError, match=rf"shard-0-{part}\.joblib asks to load 'os\.system'"):
            read_diskdataset(folder)
    assert not marker.exists()


# Larger than the budget


def test_beyond_the_budget_x_lies_on_the_disk_with_the_same_content(tmp_path, home):
    parts = [shard(n, 1000 * n, a=np.arange(n)) for n in range(1, 30)]
    folder = folder_of(tmp_path / "d", parts)
    whole, mapped = read_diskdataset(folder), read_diskdataset(folder, budget_bytes=100)
    assert isinstance(whole.X, np.ndarray) and isinstance(whole.ids, np.ndarray)
    assert isinstance(mapped.X, StreamedX) and isinstance(mapped.ids, StoredRows)
    np.testing.assert_array_equal(mapped.X, whole.X)
    for part in ("y", "w", "ids", "covariates"):
        np.testing.assert_array_equal(getattr(mapped, part), getattr(whole, part))
    assert list((home / "cache").iterdir()) == []  # the file has no name
    some = mapped.subset(np.array([5, 2, 400]))
    assert isinstance(some.X, MappedRows)
    np.testing.assert_array_equal(some.X[:], whole.X[[5, 2, 400]])
    exactly = read_diskdataset(folder, budget_bytes=whole.X.nbytes)
    assert isinstance(exactly.X, np.ndarray)


def test_the_budget_can_be_set_from_outside(tmp_path, home, monkeypatch):
    folder = folder_of(tmp_path / "d", [shard()])
    monkeypatch.setenv("DNACONV_IN_MEMORY", "0")
    assert isinstance(read_diskdataset(folder).X, StreamedX)
    monkeypatch.setenv("DNACONV_IN_MEMORY", "1")
    assert isinstance(read_diskdataset(folder).X, np.ndarray)
    monkeypatch.setenv("DNACONV_IN_MEMORY", "1G")
    with pytest.raises(ConfigError, match="DNACONV_IN_MEMORY is '1G': it must be a whole number of MiB, such as 1024"):
        read_diskdataset(folder)


def test_an_id_that_comes_twice_is_found_on_the_disk_too(tmp_path, home):
    """The same sentence as in memory; ids that are alike in all but one letter are not taken for the same."""
    names = [f"{a}{b}:{n}" for n in range(30) for a, b in ("ab", "ba", "aa", "bb")]
    for wrong in (False, True):
        given = [*names[:119], names[17]] if wrong else names
        halves = [shard(60, ids=np.array(given[:60])), shard(60, ids=np.array(given[60:]))]
        folder = folder_of(tmp_path / str(wrong), halves)
        if not wrong:
            assert read_diskdataset(folder, budget_bytes=1).ids.tolist() == names
            continue
        said = []
        for budget in (1, 1 << 30):
            with pytest.raises(DataError, match=r"has the id 'ba:4' twice, in rows 17 and 119 \(count") as error:
                read_diskdataset(folder, budget_bytes=budget)
            said.append(str(error.value))
        assert said[0] == said[1]


def test_too_small_a_disk_is_said_so(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "d", [shard()])
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("usage", (), {"free": 10}))
    with pytest.raises(DataError, match=r"0\.0 GiB free: make room, or set DNACONV_HOME"):
        read_diskdataset(folder, budget_bytes=10)


LIMITED = """
import resource, sys
import numpy as np
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.data import diskdataset
diskdataset._BLOCK_BYTES = 1 << 20
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) << 10
resource.setrlimit(resource.RLIMIT_DATA, (used + (24 << 20),) * 2)  # 24 MiB more of memory of one's own
data = read_diskdataset(sys.argv[1], budget_bytes=int(sys.argv[2]))
print(sum(int(data.X[i : i + 1000].sum()) for i in range(0, len(data), 1000)))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
def test_a_dataset_larger_than_memory_is_read_in_pieces(tmp_path):
    """60 MB of X pass through a process that may take 24 MiB, and do not when kept whole."""
    X = np.eye(4, dtype=np.int8)[np.random.default_rng(0).integers(0, 4, (5_000, 500))]
    parts = [
        {"X": X, "y": np.zeros((5000, 1)), "w": np.ones((5000, 1)), "ids": np.arange(5000) + 5000 * i} for i in range(6)
    ]
    folder = folder_of(tmp_path / "d", parts, tasks=[0])

    def read(budget):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        command = [sys.executable, "-c", LIMITED, str(folder), str(budget)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    whole = read(1 << 30)
    assert whole.returncode != 0
    assert "MemoryError" in whole.stderr
    mapped = read(1 << 20)
    assert mapped.returncode == 0, mapped.stderr
    assert int(mapped.stdout) == 6 * 5_000 * 500
