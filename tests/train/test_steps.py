from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.progress import SILENT
from dnaconv_core.train.batches import Loader
from dnaconv_core.train.loop import fit, make_optimizer
from dnaconv_core.train.steps import Steps

MODEL = ModelConfig(length=31, kernel_size=6, filters=5, depth=2, dropout=0.0)
TRAIN = TrainConfig(epochs=2, batch_size=50, learning_rate=0.01)
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: recorded steps are not tried")


@pytest.fixture(scope="module")
def data():
    return tf_binding(120, length=31, seed=1)


def steps_of(model, data, device="cpu") -> Steps:
    model.to(device)
    optimizer = make_optimizer(model, TRAIN, device)
    return Steps(model, optimizer, Loader(data, MODEL, device), TRAIN.batch_size)


def test_an_epoch_is_what_a_plain_loop_does(data):
    """The same batches through torch's own layers, loss and Adam, step by step."""
    model, plain = build(MODEL, 1), build(MODEL, 1)
    losses = steps_of(model, data).epoch(np.arange(120)[::-1].copy(), SILENT)
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.01, eps=1e-7)
    expected = []
    for rows in np.split(np.arange(120)[::-1].copy(), [50, 100]):
        x, y, w = (torch.from_numpy(np.ascontiguousarray(a[rows])).float() for a in (data.X, data.y, data.w))
        h = x
        for conv in plain.convs:
            h = conv(h).relu()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(plain.dense(h.flatten(1)), y, weight=w)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.detach())
    torch.testing.assert_close(losses, torch.stack(expected), rtol=1e-4, atol=1e-6)
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_steps_that_read_memory_mapped_data_stay_on_the_host(data, tmp_path):
    from dnaconv_core.data.dataset import Dataset

    np.save(tmp_path / "X.npy", data.X)
    mapped = Dataset(np.load(tmp_path / "X.npy", mmap_mode="r"), data.y, data.w, data.ids)
    loader = Loader(mapped, MODEL, "cpu")
    order = np.array([7, 3, 3, 110])
    assert not loader.recordable and loader.index(order).device.type == "cpu"
    batch, plain = loader.batch(loader.index(order)), Loader(data, MODEL, "cpu").batch(torch.from_numpy(order))
    assert all(torch.equal(a, b) for a, b in zip(batch[:3], plain[:3], strict=True))


def test_steps_that_cannot_be_recorded_are_computed_one_by_one(data, monkeypatch):
    """As on a machine whose recording fails: a warning that says so, and the same losses."""

    def fail(*_):
        raise RuntimeError("no graphs here")

    monkeypatch.setattr("dnaconv_core.train.steps._Recorded", fail)
    monkeypatch.setattr("dnaconv_core.train.steps._aside", lambda device: nullcontext())
    order = np.tile(np.arange(100), 3)
    tried, plain = steps_of(build(MODEL, 1), data), steps_of(build(MODEL, 1), data)
    tried.recording = True
    with pytest.warns(UserWarning, match="computed one by one, as they cannot be recorded: no graphs here"):
        losses = tried.epoch(order, SILENT)
    assert torch.equal(losses, plain.epoch(order, SILENT))


def test_recorded_steps_take_whole_batches_and_the_rest_is_computed(data, monkeypatch):
    """A recording that computes when played back: three steps before it, and never a batch of another size."""
    played = []

    class Played:
        def __init__(self, steps, index):
            self.steps = steps

        def step(self, index):
            played.append(len(index))
            return self.steps.step(self.steps.loader.batch(index))

    monkeypatch.setattr("dnaconv_core.train.steps._Recorded", Played)
    monkeypatch.setattr("dnaconv_core.train.steps._aside", lambda device: nullcontext())
    order = np.arange(120)
    tried, plain = steps_of(build(MODEL, 1), data), steps_of(build(MODEL, 1), data)
    tried.recording = True
    for _ in range(3):
        assert torch.equal(tried.epoch(order, SILENT), plain.epoch(order, SILENT))
    assert played == [50, 50, 50, 50]


@needs_cuda
def test_recorded_steps_are_the_steps(data):
    """Without dropout: playing back gives the losses of computing each step."""
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(120), 5))
    recorded, plain = steps_of(build(MODEL, 1), data, "cuda"), steps_of(build(MODEL, 1), data, "cuda")
    plain.recording = False
    torch.testing.assert_close(recorded.epoch(order, SILENT), plain.epoch(order, SILENT), rtol=1e-3, atol=1e-5)
    assert recorded.recorded is not None and plain.recorded is None


@needs_cuda
def test_training_with_dropout_on_a_cuda_device_learns_and_repeats(data):
    config = TrainConfig(epochs=20, eval_every=20, batch_size=50, learning_rate=0.01)
    results = [fit(build(MODEL.replace(dropout=0.3)), data, data, config, device="cuda") for _ in range(2)]
    losses = [result.evaluations[-1].metrics["train"]["loss"] for result in results]
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's memory is only kept on Linux")
def test_kept_memory_is_not_mapped_again_and_given_back_afterwards():
    """Page faults of training steps, in a process of its own: what other tests have freed would be used again.

    1000 × 101 × 16 activations are 1579 pages a tensor.
    """
    code = (
        "import resource\n"
        "import numpy as np\n"
        "from dnaconv_core.data.synthetic import tf_binding\n"
        "from dnaconv_core.memory import kept_memory\n"
        "from dnaconv_core.model.config import ModelConfig, TrainConfig\n"
        "from dnaconv_core.model.convnet import build\n"
        "from dnaconv_core.progress import SILENT\n"
        "from dnaconv_core.train.batches import Loader\n"
        "from dnaconv_core.train.loop import make_optimizer\n"
        "from dnaconv_core.train.steps import Steps\n"
        "data, model = tf_binding(600, seed=1), build(ModelConfig(depth=2))\n"
        "how = TrainConfig(epochs=2, batch_size=50, learning_rate=0.01)\n"
        "steps = Steps(model, make_optimizer(model, how, 'cpu'), Loader(data, model.config, 'cpu'), 600)\n"
        "def faults(n):\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for _ in range(n):\n"
        "        steps.epoch(np.arange(600), SILENT)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "with kept_memory():\n"
        "    faults(6)\n"
        "    print(min(faults(4) for _ in range(3)))\n"  # a busy system may take pages away meanwhile
        "    try:\n"
        "        with kept_memory():\n"
        "            raise ValueError('on purpose')\n"
        "    except ValueError as error:\n"
        "        print(error)\n"
        "print(faults(1))\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    kept, raised, given_back = told.stdout.splitlines() or pytest.fail(told.stderr)
    assert int(kept) < 1500  # less than one tensor of one step
    assert raised == "on purpose"
    assert int(given_back) > 1500


@pytest.mark.slow
def test_training_does_not_load_torchs_compiler():
    """Which takes as long as torch itself; a process of its own, since others load it."""
    code = (
        "import sys, tempfile, pathlib\n"
        "from dnaconv_core.data.synthetic import rnai\n"
        "from dnaconv_core.model.config import ModelConfig, TrainConfig\n"
        "from dnaconv_core.model.convnet import build\n"
        "from dnaconv_core.train.loop import fit\n"
        "data, kept = rnai(30, seed=1), pathlib.Path(tempfile.mkdtemp())\n"
        "config = ModelConfig(length=21, alphabet='RNA', task='regression', output='linear', filters=2, depth=1)\n"
        "for epochs in (1, 2):\n"  # the second goes on from what the first has kept
        "    how = TrainConfig(epochs=epochs, loss='l2', checkpoint_every=1)\n"
        "    fit(build(config), data, data, how, checkpoints=kept)\n"
        "print(len(list(kept.iterdir())), 'torch' in sys.modules, 'torch._dynamo' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.stdout.split()[1:] == ["True", "False"] and int(told.stdout.split()[0]), told.stderr
