"""First-layer filters that begin as motifs or words: which ones, with what weights, frozen or not, resumed or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.engine import channels_last, forward
from dnaconv_core.errors import ConfigError
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import from_iupac, scan, to_pwm
from dnaconv_core.sequence.shuffle import random_backgrounds
from dnaconv_core.train.begin import begin, best_matches, check_begin, pursue
from dnaconv_core.train.loop import fit

CONFIG = ModelConfig(length=63, kernel_size=7, filters=6, depth=2, members=2, strands="both", pooling="max_mean")
TRAIN = TrainConfig(
    epochs=6, eval_every=2, batch_size=32, checkpoint_every=1, learning_rate=0.02, weight_decay=0.5, mutation=0.05,
    begin="words", begin_share=0.5,
)  # fmt: skip


def planted(word: str, n: int = 240, length: int = 63, *, values: bool = False, alphabet: str = "DNA") -> Dataset:
    """Half of the sequences have the word somewhere: the positives, but for a tenth, or those of low values."""
    X = random_backgrounds(n, length, seed=3)
    codes = one_hot([word.replace("U", "T")])[0]
    rng = np.random.default_rng(1)
    has = rng.permutation(n) < n // 2
    for row in np.flatnonzero(has):
        at = rng.integers(0, length - len(word))
        X[row, :, at : at + len(word)] = codes
    has ^= rng.random(n) < 0.1
    y = (np.where(has, -1.0, 1.0) + 0.1 * rng.normal(size=n) if values else has).astype(np.float32)[:, None]
    ids = np.array([f"s{i}" for i in range(n)])
    return Dataset(X, y, np.ones_like(y), ids, alphabet=alphabet, name="planted")


@pytest.fixture(scope="module")
def parts() -> tuple[Dataset, Dataset]:
    data = planted("GACGTC")
    return data.subset(np.arange(160)), data.subset(np.arange(160, 240))


class StopAfter:
    def __init__(self, epochs: int) -> None:
        self.epochs, self.stop = epochs, False

    def report(self, fraction: float, message: str) -> None:
        self.stop = round(fraction * TRAIN.epochs) >= self.epochs

    def should_stop(self) -> bool:
        return self.stop


def test_pursuit_takes_what_the_others_leave_unexplained():
    target = np.array([[3.0], [3.0], [1.0], [1.0], [-2.0], [-2.0], [-2.0], [-2.0]])
    high = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])
    features = np.stack([0 * high, [1, 1, 0, 0, 0, 0, 0, 0], 2 * high, high, [0, 0, 0, 0, 1, 1, 0, 0]], axis=1)
    # 2 goes best with the target; 3 says the same as 2; of what 2 leaves (1, 1, -1, -1, 0, …) 1 explains most
    assert pursue(features, target, 2, signed=False) == [2, 1]
    assert pursue(features, target, 5, signed=False) == [2, 1]  # nothing is left
    assert pursue(features[:, [0, 4]], target, 2, signed=False) == []  # it goes with low values only
    assert pursue(features[:, [0, 4]], target, 2, signed=True) == [1]


def test_pursuit_is_scikit_learns_orthogonal_matching_pursuit():
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import OrthogonalMatchingPursuit

    rng = np.random.default_rng(0)
    features = (rng.random((90, 40)) < 0.3).astype(float)
    target = features @ rng.normal(size=40) + rng.normal(size=90)
    centred = features - features.mean(axis=0)
    theirs = OrthogonalMatchingPursuit(n_nonzero_coefs=7, fit_intercept=False)
    theirs.fit(centred / np.linalg.norm(centred, axis=0), target - target.mean())
    for ours in (features, csr_matrix(features)):
        assert sorted(pursue(ours, target[:, None], 7, signed=True)) == np.flatnonzero(theirs.coef_).tolist()


def test_a_filter_begins_as_the_word_that_positives_have(parts):
    model, usual = build(CONFIG, 4), build(CONFIG, 4)
    names = begin(model, parts[0], TRAIN)
    assert len(names) == 3 and names[0] == "GACGTC"  # its own reverse complement
    weight, bias = model.convs[0].weight.detach(), model.convs[0].bias.detach()
    kernel = weight[0].numpy()
    assert (kernel[:, 6] == 0).all()  # the word has 6 letters
    assert kernel[:, :6].argmax(axis=0).tolist() == [2, 0, 1, 2, 3, 1]
    letter, other = kernel.max(), kernel[0, 0]
    assert letter / other == pytest.approx(-3, rel=1e-4)  # columns add up to 0
    # scored by the motif scanner: the strongest matches have standard deviation 0.1 and mean 0.2 where ReLU sees them
    pwm = to_pwm(from_iupac("GACGTC").ppm, nsites=20)
    pwm = pwm - pwm.mean(axis=0)
    best = scan(parts[0].X, pwm * letter / pwm.max()).max(axis=(1, 2)) + float(bias[0])
    assert best.std() == pytest.approx(0.1, rel=0.02) and best.mean() == pytest.approx(0.2, rel=0.02)
    # every member begins with the same ones, and the others are what they would have been
    assert torch.equal(weight[:3], weight[6:9]) and torch.equal(bias[:3], bias[6:9])
    for rows in (slice(3, 6), slice(9, 12)):
        assert torch.equal(weight[rows], usual.convs[0].weight[rows]) and not bias[rows].any()
    rest = [name for name in usual.state_dict() if not name.startswith("convs.0")]
    assert all(torch.equal(model.state_dict()[name], usual.state_dict()[name]) for name in rest)


def test_best_matches_are_what_the_scanner_finds():
    X = random_backgrounds(9, 23, seed=5)
    X[2, :, 4:9] = 0
    pwm = to_pwm(from_iupac("TGASTCA").ppm, nsites=20)
    pwm = pwm - pwm.mean(axis=0)
    both = best_matches(X[[0, 1, 3]], [pwm, pwm * 2], both_strands=True)
    scores = scan(X[[0, 1, 3]], pwm)
    np.testing.assert_allclose(both, np.outer(scores.max(axis=(1, 2)), [1, 2]), rtol=1e-5)
    one = best_matches(X[[0, 1, 3]], [pwm], both_strands=False)
    np.testing.assert_allclose(one[:, 0], scores[:, 0].max(axis=1), rtol=1e-5)


def test_numbers_take_words_that_go_with_low_values_and_rna_has_words_too():
    data = planted("UGUA", values=True, alphabet="RNA", length=61)
    config = ModelConfig(
        length=61, alphabet="RNA", kernel_size=4, filters=5, depth=1, task="regression", output="linear"
    )
    assert begin(build(config), data, TRAIN.replace(begin_share=0.2)) == ("TGTA",)


def test_jaspar_gives_the_factor_whose_site_was_planted():
    data = tf_binding(400, length=60, seed=2)
    config = ModelConfig(length=60, kernel_size=11, filters=4, depth=1, strands="both", pooling="max")
    model = build(config)
    names = begin(model, data, TRAIN.replace(begin="jaspar"))
    kernel = model.convs[0].weight[0].detach().numpy()
    read = ["".join("ACGT"[i] for i in k.argmax(axis=0)) for k in (kernel, kernel[::-1, ::-1])]
    assert any("TGACTCA" in word or "TGAGTCA" in word for word in read), (names, read)
    assert len(names) == 2


def test_every_engine_reads_a_network_that_began_so(parts, tmp_path):
    model = build(CONFIG, 4)
    begin(model, parts[0], TRAIN)
    model.eval()
    X = parts[1].X[:9]
    with torch.inference_mode():
        x = torch.from_numpy(X).float()
        truth = model(x).numpy()
        assert channels_last.applies(model, x)
        np.testing.assert_allclose(forward.logits(model, x, None), truth, rtol=1e-4, atol=1e-5)
    changes = ism(model, X[:2])
    mutant = X[1].copy()
    mutant[:, 20] = [0, 0, 0, 1]
    with torch.inference_mode():
        changed = model(torch.from_numpy(mutant[None]).float()).numpy() - truth[1]
    assert changes[1, 3, 20] == pytest.approx(float(changed[0, 0]), abs=1e-5)
    found = attribute(model, X[:3], method="deeplift")
    assert np.abs(found.delta).max() < 1e-3
    save_bundle(tmp_path / "m", model, "tf_binding")
    again = load_bundle(tmp_path / "m").model
    assert np.array_equal(predict(again, parts[1]), predict(model, parts[1]))


@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_frozen_filters_end_as_they_began_bit_for_bit(parts, precision):
    started, model = build(CONFIG, 4), build(CONFIG, 4)
    settings = TRAIN.replace(freeze_filters=True, precision=precision, keep="last")
    names = begin(started, parts[0], settings)
    assert fit(model, *parts, settings).begun == names
    frozen = torch.tensor([0, 1, 2, 6, 7, 8])
    free = torch.tensor([3, 4, 5, 9, 10, 11])
    for before, after in zip(started.convs[0].parameters(), model.convs[0].parameters(), strict=True):
        assert torch.equal(after[frozen], before[frozen]) and after.requires_grad
        assert (after[free] != before[free]).any(dim=tuple(range(1, after.dim()))).all()
    assert not torch.equal(model.convs[1].weight, started.convs[1].weight)
    unfrozen = build(CONFIG, 4)
    fit(unfrozen, *parts, settings.replace(freeze_filters=False))
    assert not torch.equal(unfrozen.convs[0].weight[frozen], started.convs[0].weight[frozen])


@pytest.mark.parametrize("frozen", [False, True])
def test_resuming_equals_never_having_stopped(parts, tmp_path, frozen):
    settings = TRAIN.replace(freeze_filters=frozen)
    whole, resumed = build(CONFIG), build(CONFIG)
    expected = fit(whole, *parts, settings)
    fit(resumed, *parts, settings, checkpoints=tmp_path, progress=StopAfter(3))
    again = build(CONFIG, 9)  # what it held before does not matter
    history = fit(again, *parts, settings, checkpoints=tmp_path)
    assert history.begun == expected.begun and len(history.begun) == 3
    assert history.evaluations[-1].metrics == expected.evaluations[-1].metrics
    for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_what_cannot_be_is_refused():
    rna = ModelConfig(alphabet="RNA")
    with pytest.raises(ConfigError, match="JASPAR CORE has no motifs of RNA: choose 'words'"):
        check_begin(rna, TRAIN.replace(begin="jaspar"))
    with pytest.raises(ConfigError, match="freeze_filters is true but the filters begin random"):
        check_begin(CONFIG, TrainConfig(freeze_filters=True))
    with pytest.raises(ConfigError, match="'words' but the filters come from a trained model"):
        check_begin(CONFIG, TRAIN, from_model=True)
    check_begin(CONFIG, TrainConfig(freeze_filters=True), from_model=True)
