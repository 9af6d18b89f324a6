"""The benchmarks measure what they say: comparisons start from equal networks, and ratios are what they are called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def beside_them(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def same_network():
    """Our network and the plain one, with the same weights."""
    from networks import Plain

    config = ModelConfig(length=23, depth=2, filters=5, kernel_size=4)
    model, plain = build(config, 1), Plain(config).eval()
    with torch.no_grad():
        for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
            theirs.copy_(ours)
    return config, model, plain


def test_the_plain_network_and_the_usual_loop_compute_the_same():
    from attribute import plain_ism
    from networks import data

    config, model, plain = same_network()
    X = data(config, 3).X
    with torch.no_grad():
        logits = plain(torch.from_numpy(X).float()).numpy()
    np.testing.assert_allclose(predict(model, X, output="logit"), logits, atol=1e-5)
    np.testing.assert_allclose(ism(model, X), plain_ism(plain, torch.from_numpy(X), batch=7).numpy(), atol=1e-5)


@pytest.mark.slow
def test_both_loops_learn_from_the_same_number_of_steps():
    from networks import data
    from train import ours, plain

    config = ModelConfig(length=23, depth=1, filters=5, kernel_size=4)
    examples = data(config, 25)
    for epoch in (ours(config, examples, 10), plain(config, examples, 10, loader=True)):
        epoch()


def test_a_ratio_is_the_median_over_rounds_with_quartiles():
    from common import ratio

    found = ratio([2.0, 9.0, 8.0, 3.0, 30.0], [1.0, 3.0, 2.0, 3.0, 5.0])  # 2 3 4 1 6
    assert found == (3.0, 2.0, 4.0)


def test_candidates_are_measured_in_turn_and_the_warm_up_is_left_out():
    from common import Spent, alternate

    order: list[str] = []

    def candidate(name: str):
        def run() -> Spent:
            order.append(name)
            return Spent(len(order), 0.0)

        return run

    times = alternate({"a": candidate("a"), "b": candidate("b")}, rounds=2, warm_up=1)
    assert order == ["a", "b"] * 3
    assert (times["a"].wall, times["b"].wall) == ([3, 5], [4, 6])


def test_the_work_of_a_step_by_hand():
    """2 positions, kernel 1, 3 filters in 2 layers: 2·2·4·3 twice, 2·2·3·3 three times, dense 2·6 three times."""
    from networks import step_flops

    assert step_flops(ModelConfig(length=2, depth=2, filters=3, kernel_size=1)) == 2 * 48 + 3 * 36 + 3 * 12


def test_a_peer_answers_in_lines_and_may_print_other_things(tmp_path, monkeypatch):
    from common import Peer

    script = tmp_path / "peer.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(FOLDER)!r})\nprint('hello')\nfrom common import serve\n"
        "serve(lambda question: print('working on', question['do']))\n"
    )
    monkeypatch.setattr("common.__file__", str(tmp_path / "common.py"))
    peer = Peer(sys.executable, "peer.py", 1)
    spent = peer.spent(do="nothing")
    peer.close()
    assert 0 <= spent.wall < 60


@pytest.mark.slow
def test_the_guard_passes_and_writes_its_figures(tmp_path):
    done = subprocess.run(
        [sys.executable, str(FOLDER / "guard.py"), "--rounds", "3", "--json", str(tmp_path / "guard.json")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "training step against plain PyTorch" in done.stdout
    assert json.loads((tmp_path / "guard.json").read_text())["benchmark"] == "guard"


@pytest.mark.slow
def test_the_gpu_benchmark_runs_where_there_is_none(tmp_path):
    """Its loops are the same on a CPU, small."""
    small = ["--device", "cpu", "--networks", "tf", "--examples", "1100", "--epochs", "2", "--rounds", "2"]
    small += ["--sequences", "1", "--bases", "700", "--sample", "300"]
    done = subprocess.run(
        [sys.executable, str(FOLDER / "gpu.py"), *small, "--json", str(tmp_path / "gpu.json")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "gpu.json").read_text())["figures"]
    trained, scanned = figures["training"]["tf"], figures["scan"]["tf"]
    assert trained["epochs"] == 2 and trained["whole"] > 0 and trained["memory"] == {}
    assert all(len(trained[form]) == 2 for form in ("ours", "ours, bfloat16", "plain PyTorch", "plain, bfloat16"))
    assert "ours, not recorded" not in trained  # nothing is recorded on a CPU
    assert len(figures["ism"]["tf"]["1"]["every mutant"]) == 2
    assert scanned["n"] == {
        "dense, exact": 600,
        "dense, context": 600,
        "our windows": 200,
        "plain PyTorch windows": 200,
    }


def test_the_peak_of_a_gpus_memory_is_counted_from_each_candidates_making(monkeypatch):
    """A device that holds 3 MB, then 5 MB more for each candidate, and 2 MB while an epoch runs."""
    import gpu

    held, peak = [3], [0]

    def made():
        for name in ("a", "b"):
            held[0] += 5
            peak[0] = held[0]
            yield name, lambda: peak.__setitem__(0, held[0] + 2)

    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: held[0] << 20)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: peak.__setitem__(0, held[0]))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peak[0] << 20)
    forms, taken = gpu.with_memory("cuda", made())
    assert list(forms) == ["a", "b"] and taken == {"a": 7.0, "b": 7.0}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_step_in_bfloat16_sees_the_weights_that_the_step_before_left(device):
    """Autocast's cache would keep those of an epoch's first step, whose mean loss would then hardly fall."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    from dataclasses import replace

    import gpu
    from networks import data

    config = ModelConfig(length=23, depth=1, filters=8, kernel_size=4, dropout=0.0)
    examples = data(config, 640)
    examples = replace(examples, y=examples.X[:, :1, 11].astype(np.float32))  # an A in the middle
    forms = dict(gpu.candidates(config, examples, 16, device))
    for _ in range(3):
        assert forms["ours, bfloat16"]() == pytest.approx(forms["ours"](), rel=0.02)


@pytest.mark.slow
def test_intake_measures_every_step(tmp_path):
    command = [sys.executable, str(FOLDER / "intake.py"), "--n", "300", "--megabases", "1"]
    told = subprocess.run(
        [*command, "--json", str(tmp_path / "x.json")], capture_output=True, text=True, check=True
    ).stdout
    steps = json.loads((tmp_path / "x.json").read_text())["figures"]
    assert [row["step"] for row in steps] == ["index the genome", "read the BED file", "read the windows", "both"]
    assert steps[3]["seconds"] >= steps[1]["seconds"] + steps[2]["seconds"] and steps[3]["per_second"] > 0
    assert "300 intervals of 200 bases on 1 Mb" in told and 20 < steps[3]["peak_mb"] < 1000
