from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.synthetic import rnai, tf_binding
from dnaconv_core.errors import ConfigError, TrainingError
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.train.batches import Loader, epoch_order
from dnaconv_core.train.checkpoint import load_checkpoint, save_checkpoint
from dnaconv_core.train.device import devices, resolve
from dnaconv_core.train.loop import fit, make_optimizer, set_rates

CONFIG = ModelConfig(length=31, kernel_size=5, filters=4, depth=2)
TRAIN = TrainConfig(epochs=6, eval_every=2, batch_size=64, checkpoint_every=1, seed=5)


@pytest.fixture(scope="module")
def parts() -> tuple[Dataset, Dataset]:
    data = tf_binding(300, length=31, seed=1)
    return data.subset(np.arange(200)), data.subset(np.arange(200, 300))


class StopAfter:
    def __init__(self, epochs: int) -> None:
        self.epochs, self.stop = epochs, False

    def report(self, fraction: float, message: str) -> None:
        self.stop = round(fraction * TRAIN.epochs) >= self.epochs

    def should_stop(self) -> bool:
        return self.stop


def weights(model) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in model.state_dict().values()]


def test_same_seed_same_numbers_and_torchs_generator_is_left_alone(parts):
    torch.manual_seed(99)
    before = torch.get_rng_state()
    first, second = build(CONFIG), build(CONFIG)
    history = fit(first, *parts, TRAIN)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert fit(second, *parts, TRAIN).evaluations[-1].metrics == history.evaluations[-1].metrics
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))
    assert [evaluation.epoch for evaluation in history.evaluations] == [2, 4, 6]


def test_the_cosine_schedule_goes_from_the_whole_step_to_nearly_nothing():
    model, config = build(CONFIG), TRAIN.replace(schedule="cosine", epochs=4, learning_rate=0.8)
    optimizer = make_optimizer(model, config, "cpu")
    rates = []
    for epoch in range(1, 5):
        set_rates(optimizer, config, epoch)
        rates.append([group["lr"] for group in optimizer.param_groups])
    shares = [1.0, 0.5 * (1 + 0.5**0.5), 0.5, 0.5 * (1 - 0.5**0.5)]  # the cosine of 0, 45, 90 and 135 degrees
    assert rates == [pytest.approx([0.8 * share] * 3) for share in shares]


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_resuming_with_a_schedule_equals_never_having_stopped(parts, tmp_path, schedule):
    config = TRAIN.replace(schedule=schedule)
    whole, resumed = build(CONFIG), build(CONFIG)
    fit(whole, *parts, config)
    fit(resumed, *parts, config, checkpoints=tmp_path, progress=StopAfter(3))
    fit(resumed, *parts, config, checkpoints=tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))


@pytest.mark.parametrize("stop_after", [1, 3, 5])
def test_resuming_equals_never_having_stopped(parts, tmp_path, stop_after):
    whole, resumed = build(CONFIG), build(CONFIG)
    expected = fit(whole, *parts, TRAIN)
    stopped = fit(resumed, *parts, TRAIN, checkpoints=tmp_path, progress=StopAfter(stop_after))
    assert (stopped.stopped, stopped.last_epoch) == ("cancelled", stop_after)
    again = build(CONFIG, seed=77)  # whatever its weights are, the checkpoint's replace them
    history = fit(again, *parts, TRAIN, checkpoints=tmp_path)
    assert [e.metrics for e in history.evaluations] == [e.metrics for e in expected.evaluations]
    assert (history.best_epoch, history.last_epoch) == (expected.best_epoch, expected.last_epoch)
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(again), strict=True))


def test_a_torn_checkpoint_falls_back_to_the_one_before(parts, tmp_path):
    fit(build(CONFIG), *parts, TRAIN.replace(epochs=4), checkpoints=tmp_path)
    newest = max(tmp_path.glob("*.ckpt"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    found = load_checkpoint(tmp_path)
    assert (found.epoch, found.skipped) == (3, ("epoch-000004.ckpt",))
    history = fit(build(CONFIG), *parts, TRAIN, checkpoints=tmp_path)
    assert history.skipped_checkpoints == ("epoch-000004.ckpt",)
    expected = fit(build(CONFIG), *parts, TRAIN)
    assert history.evaluations[-1].metrics == expected.evaluations[-1].metrics
    for path in tmp_path.glob("*.ckpt"):
        path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(TrainingError, match="every checkpoint in .* is damaged"):
        load_checkpoint(tmp_path)


def test_the_folder_of_a_run_that_was_removed_is_not_made_again(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone/checkpoints"):
        save_checkpoint(tmp_path / "gone" / "checkpoints", 1, {"weight": torch.ones(3)}, {})
    assert not (tmp_path / "gone").exists()


def test_the_model_ends_with_the_weights_of_its_best_evaluation(parts):
    from dnaconv_core.train.loop import measure

    model = build(CONFIG)
    history = fit(model, *parts, TRAIN.replace(epochs=10, learning_rate=0.05))
    by_epoch = {e.epoch: e.metrics["valid"] for e in history.evaluations}
    assert by_epoch[history.best_epoch]["auroc"] == max(m["auroc"] for m in by_epoch.values())
    assert measure(model, parts[1])["loss"] == pytest.approx(by_epoch[history.best_epoch]["loss"])


@pytest.mark.parametrize(("keep", "epoch"), [("best", 1), ("loss", 3), ("last", 4)])
def test_the_weights_of_the_best_metric_the_lowest_loss_or_the_last_epoch_are_kept(parts, keep, epoch, monkeypatch):
    from dnaconv_core.train import loop

    seen = {}

    def measured(model, parts, progress):
        number = len(seen) + 1
        seen[number] = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        loss, auroc = {1: (0.6, 0.9), 2: (0.4, None), 3: (0.2, 0.8), 4: (0.3, 0.9)}[number]
        return {split: {"loss": loss, "auroc": auroc} for split in parts}

    monkeypatch.setattr(loop, "_measured", measured)
    model = build(CONFIG)
    history = fit(model, *parts, TRAIN.replace(epochs=4, eval_every=1, learning_rate=0.05, keep=keep))
    assert history.best_epoch == epoch
    assert all(torch.equal(tensor, seen[epoch][name]) for name, tensor in model.state_dict().items())
    assert not torch.equal(seen[1]["convs.0.weight"], seen[3]["convs.0.weight"])


def test_early_stopping_waits_as_long_as_it_was_told(parts):
    config = TRAIN.replace(epochs=50, eval_every=1, patience=3, learning_rate=0.05)
    history = fit(build(CONFIG), *parts, config)
    assert history.stopped == "early"
    assert history.last_epoch == history.best_epoch + 3


def test_a_loss_that_is_no_number_names_the_step_and_the_cause(parts):
    with pytest.raises(TrainingError, match=r"not a number at epoch \d+, step \d+: the learning rate \(10\)"):
        train, valid = parts
        broken = Dataset(train.X, train.y * np.float32(np.nan), train.w, train.ids)
        fit(build(CONFIG), broken, valid, TRAIN.replace(learning_rate=10.0))


def test_loss_and_task_must_fit(parts):
    with pytest.raises(ConfigError, match="loss 'l2' does not fit a classification"):
        fit(build(CONFIG), *parts, TRAIN.replace(loss="l2"))


def test_a_linear_output_reaches_activities_above_one():
    data = rnai(400, seed=2)
    model = build(ModelConfig(length=21, alphabet="RNA", task="regression", output="linear", depth=1, dropout=0.0))
    shifted = Dataset(data.X, data.y + 3, data.w, data.ids, alphabet="RNA")
    history = fit(model, shifted, shifted, TrainConfig(epochs=30, eval_every=30, batch_size=50, learning_rate=0.01))
    assert history.evaluations[-1].metrics["valid"]["rmse"] < 0.3


def test_sample_weights_leave_examples_out(parts):
    """Weight 0 examples change nothing but the steps they share: only they are mislabelled here."""
    train, valid = parts
    half = np.arange(len(train)) % 2 == 0
    wrong = Dataset(train.X, np.where(half[:, None], train.y, 1 - train.y), half[:, None] * np.float32(1), train.ids)
    right = Dataset(train.X, train.y, half[:, None] * np.float32(1), train.ids)
    results = [fit(build(CONFIG), data, valid, TRAIN).evaluations[-1].metrics["valid"] for data in (wrong, right)]
    assert results[0] == results[1]


def test_epoch_order_is_a_permutation_or_balanced():
    y = (np.arange(1000) < 30).astype(np.float32)[:, None]
    assert sorted(epoch_order(y, 1, 2, balance=False)) == list(range(1000))
    order = epoch_order(y, 1, 2, balance=True)
    assert (len(order), int(y[order].sum())) == (1000, 500)
    assert not np.array_equal(order, epoch_order(y, 1, 3, balance=True))


def test_memory_mapped_data_train_to_the_same_numbers(parts, tmp_path):
    train, valid = parts
    np.save(tmp_path / "X.npy", np.concatenate([train.X, valid.X]))
    mapped = Dataset(
        np.load(tmp_path / "X.npy", mmap_mode="r"),
        np.concatenate([train.y, valid.y]),
        np.concatenate([train.w, valid.w]),
        np.arange(300).astype(str),
    )
    split = mapped.subset(np.arange(200)), mapped.subset(np.arange(200, 300))
    assert Loader(split[0], CONFIG, "cpu").X is None  # not copied into memory
    histories = [fit(build(CONFIG), *data, TRAIN) for data in (parts, split)]
    assert histories[0].evaluations[-1].metrics == histories[1].evaluations[-1].metrics


def test_devices_are_named_and_unknown_ones_refused():
    assert devices()[-1].key == "cpu" and devices()[-1].total > devices()[-1].free > 0
    assert resolve("cpu") == "cpu" and resolve("auto") == devices()[0].key
    with pytest.raises(ConfigError, match="device is 'tpu' but this machine has .*cpu"):
        resolve("tpu")


def test_what_was_best_by_another_measure_is_not_kept(parts, tmp_path):
    """As of a run that was stopped before its preset chose the lowest loss: every loss is below a ROC-AUC."""
    config = TRAIN.replace(eval_every=1)
    fit(build(CONFIG), *parts, config, checkpoints=tmp_path, progress=StopAfter(2))
    history = fit(build(CONFIG), *parts, config.replace(keep="loss"), checkpoints=tmp_path)
    later = {e.epoch: e.metrics["valid"]["loss"] for e in history.evaluations if e.epoch > 2}
    assert len(history.evaluations) == TRAIN.epochs and history.best_epoch == min(later, key=later.get)
