"""Generated data: its truth holds, it repeats by seed, and it can be solved as far as its docstrings say."""

from __future__ import annotations

import inspect
import itertools
import re

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import roc_auc_score

from dnaconv_core.data.audit import audit
from dnaconv_core.data.synthetic import ACCESSIBILITY, SYNTHETIC, chromatin, rnai, tf_binding
from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import reverse_complement_text
from dnaconv_core.sequence.motif import AP1, scan

CORE = re.compile("(?=TGA[CG]TCA)")
GC_42 = np.array([0.29, 0.21, 0.21, 0.29])


def evidence(X: np.ndarray) -> np.ndarray:
    """Log of the likelihood ratio 'one site somewhere' to 'none', with the matrix the sites were drawn from."""
    ratios = 2.0 ** scan(X, np.log2(AP1.ppm / GC_42[:, None])).astype(float)
    return np.log(ratios.mean(axis=(1, 2)))


@pytest.mark.parametrize("name", SYNTHETIC)
def test_every_generator(name):
    make = SYNTHETIC[name]
    data = make(237, seed=5)
    assert len(data) == 237 and data.X.dtype == np.int8 and (data.X.sum(axis=1) == 1).all()
    assert data.y.shape == data.w.shape == (237, 1) and data.y.dtype == np.float32 and (data.w == 1).all()
    assert data.ids[0] == "synthetic_000001" and len(set(data.ids)) == 237
    again, other = make(237, seed=5), make(237, seed=6)
    np.testing.assert_array_equal(data.X, again.X)
    np.testing.assert_array_equal(data.y, again.y)
    assert data.truth == again.truth
    assert (data.X != other.X).any() and (data.y != other.y).any()
    report = audit(data, other)
    assert report.copies == report.shared == report.duplicate_ids == 0


@pytest.mark.parametrize("name", SYNTHETIC)
def test_every_generator_takes_few_and_refuses_nonsense(name):
    make = SYNTHETIC[name]
    assert len(make(2)) == 2
    with pytest.raises(InputError, match="n is 1: ask for at least 2"):
        make(1)
    with pytest.raises(InputError, match="length is 10: these sequences need at least"):
        make(5, length=10)
    assert inspect.signature(make).parameters["seed"].default == 0


@pytest.mark.parametrize("make", [tf_binding, chromatin])
@pytest.mark.parametrize("options", [{}, {"decoys": False}, {"length": 33, "gc": 0.6}])
def test_sites_stand_where_the_truth_says_and_nowhere_else(make, options):
    data = make(600, seed=1, **options)
    planted = {(site.index, site.start) for site in data.truth}
    assert len(planted) == len(data.truth)
    found = {(row, match.start()) for row, s in enumerate(data.sequences()) for match in CORE.finditer(s)}
    assert found <= planted
    assert len(found) > 0.85 * len(planted)  # six columns of 0.985 and one of 0.98: 0.895
    for site, after in itertools.pairwise(data.truth):  # in order, and never over one another
        assert site.index < after.index or (site.index == after.index and site.end <= after.start)
    assert all(site.start >= 0 and site.end == site.start + AP1.width <= data.length for site in data.truth)
    per_sequence = np.bincount([site.index for site in data.truth], minlength=len(data))
    assert per_sequence.max() == 2 and 0.4 < (per_sequence == 2).sum() / (per_sequence > 0).sum() < 0.6
    if make is tf_binding:
        np.testing.assert_array_equal(per_sequence > 0, data.y[:, 0] == 1)
    assert {site.motif for site in data.truth} == {AP1.name}


def test_the_strand_is_true():
    data = tf_binding(6000, seed=2)
    words = data.sequences()
    read = {"+": [], "-": []}
    for site in data.truth:
        word = words[site.index][site.start : site.end]
        read[site.strand].append(word if site.strand == "+" else reverse_complement_text(word))
    for strand in "+-":
        assert len(read[strand]) > 1300
        for column, letters in enumerate(zip(*read[strand], strict=True)):
            shares = [letters.count(base) / len(letters) for base in "ACGT"]
            np.testing.assert_allclose(shares, AP1.ppm[:, column], atol=0.05)


def test_sites_are_everywhere():
    starts = np.array([site.start for site in tf_binding(6000, seed=3).truth])
    assert starts.min() == 0 and starts.max() == 101 - AP1.width
    assert np.histogram(starts, bins=5, range=(0, 95))[0].min() > 0.17 * len(starts)


def test_composition_tells_nothing():
    data = tf_binding(20_000, seed=4)
    y = data.y[:, 0]
    assert y.mean() == 0.5
    for base in range(4):
        assert abs(roc_auc_score(y, data.X[:, base].sum(axis=1)) - 0.5) < 0.02
    half = np.array([len(re.findall("TGAC|TGAG|GTCA|CTCA", s)) for s in data.sequences()])
    assert roc_auc_score(y, half) < 0.85
    assert abs(tf_binding(2000, gc=0.6, decoys=False).X[:, 1:3].sum(axis=1).mean() - 0.6) < 0.01


@pytest.mark.parametrize("prevalence", [0.004, 0.1, 0.5, 0.9])
def test_prevalence_is_exact(prevalence):
    assert tf_binding(1000, prevalence=prevalence).y.sum() == 1000 * prevalence
    assert chromatin(1000, prevalence=prevalence, open_share=0.95).y.sum() == 1000 * prevalence


def test_tf_binding_can_be_solved_as_far_as_it_says():
    data = tf_binding(20_000)
    assert roc_auc_score(data.y[:, 0], evidence(data.X)) == pytest.approx(0.992, abs=0.003)
    assert "0.992" in tf_binding.__doc__


def test_chromatin_needs_both_the_motif_and_the_accessibility():
    data = chromatin(20_000)
    y, motif = data.y[:, 0], np.zeros(20_000)
    motif[[site.index for site in data.truth]] = 1
    assert data.covariate_names == (ACCESSIBILITY,) and data.covariates.dtype == np.float32
    a = data.covariates[:, 0].astype(float)
    assert a.min() > 0 and a.max() <= 0.13 and 0.0035 < a.mean() < 0.0045 and np.median(a) < a.mean()
    assert motif[y == 1].all()  # never bound without a site
    assert abs(motif[a > np.median(a)].mean() - motif.mean()) < 0.02  # the two are independent
    is_open, is_closed = (t.pdf(np.log(a / median) / 0.3, 5) for median in (0.0044, 0.0011))
    openness = 0.8 * is_open / (0.8 * is_open + 0.2 * is_closed)
    both = 1 / (1 + np.exp(-evidence(data.X))) * openness
    assert roc_auc_score(y, both) == pytest.approx(0.989, abs=0.003)
    assert roc_auc_score(y, motif) == pytest.approx(0.917, abs=0.005)
    assert roc_auc_score(y, a) == pytest.approx(0.66, abs=0.01)
    for number in ("0.989", "0.92", "0.66"):
        assert number in chromatin.__doc__


def test_rnai_activity_looks_like_the_measured_one_and_follows_the_rules():
    data, quiet = rnai(20_000), rnai(20_000, noise=0.0)
    np.testing.assert_array_equal(data.X, quiet.X)  # noise changes the activity, not the guides
    assert data.alphabet == "RNA" and data.length == 21 and "U" in data.sequences(slice(0, 1))[0]
    y = data.y[:, 0]
    assert y.min() >= 0 and y.max() <= np.float32(1.34) and 0.6 < y.mean() < 0.75 and 0.18 < y.std() < 0.23
    assert np.corrcoef(quiet.y[:, 0], y)[0, 1] == pytest.approx(0.92, abs=0.01)
    assert "0.92" in rnai.__doc__
    first = [y[data.X[:, base, 0] == 1].mean() for base in range(4)]
    assert first[3] > first[0] > first[1] and first[0] > first[2]  # U, then A, at the guide's 5' end
    content = data.X[:, 1:3, :19].sum(axis=(1, 2)) / 19
    assert y[(content > 0.3) & (content < 0.52)].mean() > y[content > 0.6].mean() + 0.15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf_binding(10, prevalence=1.0), r"prevalence is 1.0: it must lie between 0 and 1"),
        (lambda: tf_binding(10, second_site=1.5), r"second_site is 1.5: it is a share, from 0 to 1"),
        (lambda: tf_binding(10, gc=0), r"gc is 0: it must lie between 0 and 1"),
        (lambda: chromatin(10, prevalence=0.8), r"prevalence is 0.8: only open sequences are bound"),
        (lambda: chromatin(10, contrast=0.5), r"contrast is 0.5: it must be 1 or more"),
        (lambda: rnai(10, noise=-0.1), r"noise is -0.1: it must be 0 or more"),
    ],
)
def test_errors(call, message):
    with pytest.raises(InputError, match=message):
        call()
