"""What scores mean: intervals that hold the truth, windows too unknown to compare, and sequences unlike the data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import Calibration, Reference, calibrate, calibration_interval
from dnaconv_core.evaluate.meaning import meaning, percent
from dnaconv_core.evaluate.unlike import familiar, unlike
from dnaconv_core.interpret.in_backgrounds import backgrounds_of, in_backgrounds
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot

CONFIG = ModelConfig(length=30, depth=1, kernel_size=3, filters=4)


def drawn(n: int, seed: int) -> Reference:
    """Predictions whose logit is twice too large: the truth at a prediction p is sigmoid(logit(p) / 2)."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1, 1, n)
    return Reference((rng.random(n) < 1 / (1 + np.exp(-z))).astype(float), 1 / (1 + np.exp(-2 * z)))


@pytest.mark.slow
@pytest.mark.parametrize("method, least", [("platt", 0.85), ("isotonic", 0.8)])
def test_intervals_of_probabilities_hold_the_truth(method, least):
    z = np.array([-2.0, -1.0, 0.0, 0.5])
    truth, inside = 1 / (1 + np.exp(-z)), []
    for seed in range(15):
        reference = drawn(600, seed)
        low, high = calibration_interval(reference, calibrate(reference, method), 1 / (1 + np.exp(-2 * z)))
        inside.append((low <= truth) & (truth <= high))
    assert least <= np.mean(inside) <= 1.0  # isotonic curves are stepped: a bootstrap covers somewhat less than 95 %


def test_more_examples_make_the_interval_narrower():
    at, widths = np.array([0.3]), []
    for n in (300, 4800):
        low, high = calibration_interval(drawn(n, 1), calibrate(drawn(n, 1), "platt"), at)
        widths.append(float(high[0] - low[0]))
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.2)  # the square root of sixteen times as many


def test_the_flat_end_of_a_curve_is_not_certain():
    """Twelve negatives below every positive: at most 3.84 / (12 + 3.84) of such windows, by Wilson's interval."""
    reference = Reference(np.repeat([0.0, 1.0], [12, 5]), np.repeat([0.2, 0.8], [12, 5]))
    curve = calibrate(reference, "isotonic")
    low, high = calibration_interval(reference, curve, np.array([0.1, 0.9]))
    assert (low[0], high[1]) == (0, 1)
    assert high[0] == pytest.approx(3.8416 / 15.8416) and low[1] == pytest.approx(1 - 3.8416 / 8.8416)
    assert isinstance(curve, Calibration)


def windows(n: int, seed: int, gc: float = 0.5, length: int = 30) -> np.ndarray:
    share = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return np.random.default_rng(seed).choice(4, (n, length), p=share).astype(np.uint8)


def test_the_headline_by_hand():
    codes = windows(400, 0)
    y = np.tile([0.0, 0.0, 0.0, 1.0], 100)
    reference = Reference(y, np.where(y > 0, 0.6, 0.2) + np.tile([0, 0.1], 200), codes)
    X = from_codes(codes[:2])
    found = meaning(CONFIG, X, np.array([0.5, 0.2]), reference)
    said, low, high = found.calibrated[0], found.calibrated_low[0], found.calibrated_high[0]
    assert found.prevalence == 0.25 and low < said < high
    assert found.sentence(0, "bound") == (
        f"{percent(said)} of windows like this are bound ({percent(low)} to {percent(high)}), {said / 0.25:.1f} times "
        f"the usual 25.0 %"
    )
    assert found.known is None and found.withheld(0) == ""
    assert meaning(CONFIG, X, np.array([0.5, 0.2]), None).sentence(0, "bound") == ""


def test_a_window_that_is_mostly_unknown_is_compared_with_nothing():
    codes, y = windows(60, 0), np.tile([0.0, 1.0, 0.0], 20)
    reference = Reference(y, np.random.default_rng(1).random(60), codes)
    texts = ["N" * 11 + "TGACTCA" + "N" * 12, "A" * 24 + "N" * 6, "A" * 23 + "N" * 7]  # 7, 24 and 23 bases of 30
    found = meaning(CONFIG, one_hot(texts), np.array([0.9, 0.9, 0.9]), reference)
    assert found.known == pytest.approx([7 / 30, 0.8, 23 / 30])
    columns = ("calibrated", "calibrated_low", "calibrated_high", "percentile", "among_negatives", "among_positives")
    for name in columns:
        assert np.isnan(getattr(found, name)).tolist() == [True, False, True], name
    assert found.withheld(1) == "" and found.withheld(0).startswith("only 23.3 % of the window's bases are known")
    assert found.sentence(0, "bound") == "" and found.strangers.sentence(0) == ""


def test_known_bases_stand_in_every_background():
    model = build(ModelConfig(length=12, depth=1, kernel_size=3, filters=4), 1).eval()
    X = from_codes(windows(9, 3, length=12))
    window = one_hot("NNNNTGANCANN")[0]
    found = in_backgrounds(model, window, X, curve=Calibration("platt", np.array([0.5, 0.0]), np.empty(0), 9, 4))
    texts = [text[:4] + "TGA" + text[7] + "CA" + text[10:] for text in decode(X)]
    after = predict(model, one_hot(texts))[:, 0]
    assert found.after == pytest.approx(after, abs=1e-6) and found.before == pytest.approx(predict(model, X)[:, 0])
    assert found.score.mean == pytest.approx(after.mean(), abs=1e-6)
    assert found.score.low < found.score.mean < found.score.high
    assert found.change.mean == pytest.approx(found.score.mean - found.without.mean, abs=1e-6)
    halved = 1 / (1 + np.exp(-0.5 * np.log(after / (1 - after))))
    assert found.probability.mean == pytest.approx(halved.mean(), abs=1e-6)
    with pytest.raises(InputError, match="no known base"):
        in_backgrounds(model, np.zeros((4, 12), np.int8), X)


def test_backgrounds_are_shuffles_of_known_negatives():
    codes = windows(20, 0)
    codes[:10] = windows(10, 1, gc=1.0)  # the negatives have no A and no T
    codes[0, 5] = 4
    reference = Reference(np.repeat([0.0, 1.0], 10), np.linspace(0, 1, 20), codes)
    X = backgrounds_of(CONFIG, reference, 7)
    assert X.shape == (7, 4, 30) and not X[:, [0, 3]].any() and X.sum() == 7 * 30
    assert backgrounds_of(CONFIG, None, 5).shape == (5, 4, 30)


def test_sequences_like_the_data_are_as_far_as_the_data_from_one_another():
    known = familiar(windows(1500, 0, length=60))
    share = unlike(known, windows(1500, 1, length=60)).share
    assert stats.kstest(share, "uniform").pvalue > 0.01


def test_strangers_are_told_with_the_figure():
    known = familiar(windows(300, 0, gc=0.5, length=100))
    odd = np.stack([np.zeros(100, np.uint8), windows(1, 5, length=100)[0], np.full(100, 4, np.uint8)])
    found = unlike(known, odd)
    assert found.share[0] == 1 and np.isnan(found.share[2])
    low, high = (
        f"{100 * value:.0f}"
        for value in np.quantile(np.isin(windows(300, 0, length=100), (1, 2)).mean(1), (0.025, 0.975))
    )
    assert found.sentence(0) == (
        "Unlike what this model was trained on: its composition is farther from the validation examples than all of "
        f"them are from one another (GC 0 %; theirs {low} to {high} %)."
    )
    assert found.sentence(1) == found.sentence(2) == ""
    assert familiar(windows(49, 0)) is None and familiar(windows(60, 0, length=2)) is None


def test_either_strand_is_the_same_composition():
    known = familiar(windows(200, 0))
    some = windows(5, 9)
    assert unlike(known, some).share == pytest.approx(unlike(known, 3 - some[:, ::-1]).share)
    rna = familiar(windows(200, 0), both_strands=False)
    assert rna.shares.shape[1] == 64 and known.shares.shape[1] == 32
