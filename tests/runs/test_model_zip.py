"""An archive that is refused never takes much memory, however much it unpacks to: measured in a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable

import numpy as np
import pytest

from dnaconv_core.model.bundle import CONFIG, METRICS, WEIGHTS
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.runs.seen import HASHES

pytestmark = pytest.mark.slow

MB = 1 << 20
MOST = 200 * MB  # beside what importing torch takes
SMALL = ModelConfig(length=21, filters=4, depth=1, kernel_size=5, alphabet="RNA", task="regression", output="linear")
LARGE = ModelConfig(length=100_000, filters=256, depth=1, kernel_size=5, alphabet="RNA", task="regression")  # 102 MB
SCRIPT = """
import sys
import torch
from dnaconv_core.errors import DnaConvError
from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.runs.transfer import import_model

def highest():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

before = highest()
try:
    import_model(open(sys.argv[1], "rb").read())
except DnaConvError as error:
    print(before, highest(), error)
"""


def described(config: ModelConfig) -> bytes:
    return json.dumps({"format": 1, "experiment": "rnai", "model": config.to_json()}).encode()


def header(config: ModelConfig, rename: str = "") -> bytes:
    """The beginning of a safetensors file that has this network's tensors."""
    told, at = {}, 0
    for name, tensor in ConvNet(config).state_dict().items():
        size = 4 * tensor.numel()
        told[name + rename] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(told).encode()
    return len(text).to_bytes(8, "little") + text


def zeros(n: int) -> Iterable[bytes]:
    return (bytes(min(MB, n - at)) for at in range(0, n, MB))


def packed_hashes() -> bytes:
    """Half a gigabyte of numbers in half a megabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, array in (("whole", np.array(True)), ("hashes", None)):
            with packed.open(f"{name}.npy", "w", force_zip64=True) as file:
                if array is not None:
                    np.lib.format.write_array(file, array)
                else:
                    shape = {"descr": "<u8", "fortran_order": False, "shape": (64 * MB,)}
                    np.lib.format.write_array_header_1_0(file, shape)
                    for block in zeros(512 * MB):
                        file.write(block)
    return out.getvalue()


COLUMNS, ROW = b"id,sequence,measured,predicted,weight\n", b"a,ACGUACGUACGUACGUACGUA,1,1,1\n"
BOMBS = {  # made when they are tried: some take seconds and much memory
    "no header": lambda: ({WEIGHTS: (zeros(1000 * MB),)}, "its header is cut off or too large"),
    "more than the network has": lambda: ({WEIGHTS: (header(SMALL), zeros(1000 * MB))}, "unpacks to more than the"),
    "others than the network has": lambda: (
        {CONFIG: (described(LARGE),), WEIGHTS: (header(LARGE, "x"), zeros(4 * LARGE.n_parameters))},
        "do not belong together",
    ),
    "one at the end is no number": lambda: (
        {CONFIG: (described(LARGE),), WEIGHTS: (header(LARGE), zeros(4 * LARGE.n_parameters - 4), b"\xff" * 4)},
        "not finite numbers",
    ),
    "a configuration of brackets": lambda: (
        {CONFIG: (b"[" + b"{}," * (16 * MB) + b"{}]",)},
        "config.json unpacks to more",
    ),
    "metrics of brackets": lambda: ({METRICS: (b"[" + b"{}," * (16 * MB) + b"{}]",)}, "metrics.json unpacks to more"),
    "a line of commas": lambda: ({"predictions.csv": (COLUMNS, [b"," * MB] * 200)}, "has a line of more than"),
    "a last row that is wrong": lambda: (
        {"predictions.csv": (COLUMNS, [ROW * 33_000] * 60, b"a,b\n")},
        "2 cells for 5",
    ),
    "long ids": lambda: ({"predictions.csv": (COLUMNS, [b"x" * 60_000 + ROW[1:] + ROW * 1000] * 100)}, "too long for"),
    "hashes": lambda: ({HASHES: (packed_hashes(),)}, "it unpacks to too much"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_refused_model_takes_little_memory(name, tmp_path, home):
    changed, sentence = BOMBS[name]()
    fits = {CONFIG: (described(SMALL),), WEIGHTS: (header(SMALL), bytes(4 * SMALL.n_parameters))}
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for file, pieces in (fits | changed).items():
            with packed.open(file, "w", force_zip64=True) as entry:
                for piece in pieces:
                    for block in [piece] if isinstance(piece, bytes) else piece:
                        entry.write(block)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "bomb.zip")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ)).stdout
    before, after, words = told.split(" ", 2)
    assert sentence in words
    assert 1024 * (int(after) - int(before)) < MOST, words
    assert not list(home.glob("models/*"))
