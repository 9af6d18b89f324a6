"""The mean of a bigWig over windows: a file that pyBigWig wrote, and one that pybigtools wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pybigtools
import pytest

from dnaconv_core.data.examples import Loci
from dnaconv_core.data.genome import Genome
from dnaconv_core.data.signal import mean_signal
from dnaconv_core.errors import DataError, InputError

FILES = Path(__file__).parent / "files"  # track.bw: pyBigWig; genome.fa.gz: htslib's bgzip
# track.bw: chr1 (28 bases) 1 in [2, 6), 3 in [6, 10); chr2 (20 bases) 0.5 everywhere


def loci(*rows) -> Loci:
    chrom, start, end = zip(*rows, strict=True)
    return Loci(np.array(chrom), np.array(start), np.array(end), np.full(len(rows), "."))


WINDOWS = loci(("2", 5, 9), ("chr1", 0, 8), ("chr1", 4, 8), ("1", 12, 20), ("MT", 0, 4), ("chr1", -2, 4))


def test_means_by_hand():
    assert mean_signal(FILES / "track.bw", WINDOWS).tolist() == pytest.approx([0.5, 10 / 8, 2, 0, 0, 2 / 6])
    skip = mean_signal(FILES / "track.bw", WINDOWS, missing="skip")
    assert skip.tolist() == pytest.approx([0.5, 10 / 6, 2, np.nan, np.nan, 1], nan_ok=True) and skip.dtype == np.float32
    log = mean_signal(FILES / "track.bw", WINDOWS, log=True)
    assert log.tolist() == pytest.approx(np.log([1.5, 2.25, 3, 1, 1, 4 / 3]).tolist())


def test_means_against_every_base(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.random(3_000_000).astype(np.float32)
    begins = np.arange(0, 3_000_000, 1000)
    rows = [("chr7", int(at), int(at) + 700, float(values[at])) for at in begins]  # the last 300 of each have none
    pybigtools.open(str(tmp_path / "x.bw"), "w").write({"chr7": 3_000_000}, rows)
    start = rng.integers(0, 2_990_000, 400)
    some = Loci(np.full(400, "7"), start, start + rng.integers(1, 5000, 400), np.full(400, "-"))
    dense = np.where(np.arange(3_000_000) % 1000 < 700, np.repeat(values[begins], 1000), np.nan)
    expected = [np.nan_to_num(dense[low:high]).mean() for low, high in zip(some.start, some.end, strict=True)]
    np.testing.assert_allclose(mean_signal(tmp_path / "x.bw", some), expected, rtol=1e-4, atol=1e-6)


def test_the_genome_that_a_track_belongs_to(tmp_path):
    with Genome(FILES / "genome.fa.gz") as genome:
        assert genome["chr1"].text(8, 22) == "ACGTNNACGTACGA"  # bgzip by another program, several blocks or one
        assert len(mean_signal(FILES / "track.bw", WINDOWS, genome=genome)) == 6
    (tmp_path / "other.fa").write_text(">chr1\n" + "ACGT" * 8 + "\n>chr2\n" + "A" * 20 + "\n")
    with Genome(tmp_path / "other.fa") as other, pytest.raises(DataError) as caught:
        mean_signal(FILES / "track.bw", WINDOWS, genome=other)
    assert "track.bw is of another assembly: its chr1 has 28 bases, the genome's 32. Give a track" in str(caught.value)
    with pytest.raises(DataError, match="another assembly: its chr2 has 20 bases, and a window ends at 31"):
        mean_signal(FILES / "track.bw", loci(("chr1", 2, 9), ("chr2", 21, 31)))
    with pytest.raises(DataError, match=r"no contig of the windows \(chrX\) is in .*track.bw \(chr1, chr2\)"):
        mean_signal(FILES / "track.bw", loci(("chrX", 2, 9)))


def test_what_is_no_bigwig_is_named(tmp_path):
    (tmp_path / "x.bw").write_text("chr1\t2\t6\t1\n" * 50)
    with pytest.raises(DataError, match=r"x.bw is no bigWig: it should be one"):
        mean_signal(tmp_path / "x.bw", WINDOWS)
    with pytest.raises(DataError, match=r"none.bw is no file: give a bigWig"):
        mean_signal(tmp_path / "none.bw", WINDOWS)
    content = (FILES / "track.bw").read_bytes()
    for size in range(4, len(content), 40):
        (tmp_path / "x.bw").write_bytes(content[:size])
        try:
            mean_signal(tmp_path / "x.bw", WINDOWS)
        except DataError as error:
            assert "fetch or make it again" in str(error) or "in common" in str(error) or "no contig" in str(error)
    with pytest.raises(InputError, match="missing is 'mean': choose 'zero', 'skip'"):
        mean_signal(FILES / "track.bw", WINDOWS, missing="mean")


def test_a_negative_mean_has_no_logarithm(tmp_path):
    pybigtools.open(str(tmp_path / "x.bw"), "w").write({"chr1": 30}, [("chr1", 0, 9, -2.0)])
    with pytest.raises(DataError, match="has a negative mean over some windows"):
        mean_signal(tmp_path / "x.bw", loci(("chr1", 2, 9)), log=True)
    assert mean_signal(tmp_path / "x.bw", loci(("chr1", 2, 9))).tolist() == [-2]
