"""Ten times as many shards take hardly more memory, in every command that goes through all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.data.diskdataset import read_diskdataset

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def stream(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import stream

    return stream


def test_shards_written_one_by_one_are_read_as_one_dataset(stream, tmp_path):
    stream.write_shards(tmp_path / "d", 3, 6, 23)
    data = read_diskdataset(tmp_path / "d")
    made = [stream.examples(6, 23, number) for number in range(3)]
    np.testing.assert_array_equal(data.X, np.concatenate([part.X for part in made]))
    assert data.ids.tolist() == [name for part in made for name in part.ids] and len(set(data.ids)) == 18
    assert data.y[:, 0].tolist() == [0, 1] * 9
    assert ["TGACTCA" in text for text in data.sequences()][1::2] == [True] * 9


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
def test_memory_holds_no_sequences_from_10_to_100_shards(stream, tmp_path, monkeypatch):
    """450,000 sequences of 60 bases are 108 MB as one-hot: kept in memory, training would take twice that more."""
    monkeypatch.setenv("DNACONV_BASELINES", "none")  # fitted to few examples, not to many: the few would take the more
    few, many = (stream.measure(tmp_path, shards, 4_500, 60) for shards in (10, 100))  # below, buffers are not full
    assert many["filters"]["peak_mb"] < 1.1 * few["filters"]["peak_mb"], (few, many)
    # labels, the order, scores, groups and one metric's arrays grow, by some 80 to 120 bytes, and 10 shards do not fill
    # the buffer of training; the sequences would take 240 bytes each besides
    for name in ("train", "evaluate"):
        each = (many[name]["peak_mb"] - few[name]["peak_mb"]) * 2**20 / (90 * 4_500)
        assert each < 200, (name, few, many)
