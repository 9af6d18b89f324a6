"""How much memory the commands take on 10 and on 100 shards, read from the disk as they are needed.

    python benchmarks/stream.py [--examples 20000] [--length 200] [--shards 10 100]

Each command is a process of its own, of which the most memory that it ever held is reported (as the system counts it:
pages of files that are mapped included). Nothing but labels, weights and predictions should grow with the shards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import arguments, finish, prepare, print_table

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.sequence.encoding import from_codes, one_hot

SETTINGS = "depth=1 filters=16 kernel-size=11 pooling=max batch-size=500 epochs=1 learning-rate=0.003"
NETWORK = [f"--{setting}" for setting in SETTINGS.split()]
MOTIF = one_hot("TGACTCA")[0]  # (4, 7), in the middle of every second sequence


def examples(n: int, length: int, seed: int) -> Dataset:
    """n sequences, half of them with the motif."""
    rng = np.random.default_rng(seed)
    X = from_codes(rng.integers(0, 4, (n, length), np.uint8))
    y = (np.arange(n) % 2).astype(np.float32)[:, None]
    place = length // 2
    X[1::2, :, place : place + MOTIF.shape[1]] = MOTIF
    starts = np.arange(n, dtype=np.int64) * length + seed * n * length
    ids = np.array([f"chr1:{start}-{start + length}" for start in starts.tolist()])
    return Dataset(X, y, np.ones_like(y), ids)


def write_shards(folder: Path, shards: int, n: int, length: int) -> None:
    """`shards` shards of n examples each, without ever holding them all."""
    folder.mkdir()
    for number in range(shards):
        made = write_diskdataset(examples(n, length, number), folder / "next", level=1)
        for file in made.glob("shard-0-*"):
            file.rename(folder / file.name.replace("shard-0", f"shard-{number}"))
        (made / "tasks.json").rename(folder / "tasks.json")
        (made / "metadata.csv.gzip").unlink()  # without it the shards' numbers are their order
        made.rmdir()


_MEASURED = """
import sys
sys.path.insert(0, sys.argv[1])
from common import peak_mb
from dnaconv_core.cli import main
code = main(sys.argv[2:])
sys.stderr.write(f"\\n{peak_mb()}")
sys.exit(code)
"""


def run(home: Path, *command: str) -> tuple[dict, float, float]:
    """What a command says as JSON, the most MB it held, and its seconds."""
    # with nothing kept in memory
    environment = {**os.environ, "DNACONV_HOME": str(home), "DNACONV_IN_MEMORY": "0"}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        words = [sys.executable, "-c", _MEASURED, str(Path(__file__).parent), *command, "--json"]
        done = subprocess.run(words, env=environment, stdout=out, stderr=said, check=False)
        out.seek(0), said.seek(0)
        told = said.read().decode()
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {told[-2000:]}")
        return json.load(out), float(told.rsplit("\n", 1)[1]), time.perf_counter() - start


def measure(folder: Path, shards: int, n: int, length: int) -> dict[str, dict[str, float]]:
    """Peak MB and seconds of each command on this many shards; the validation part has one."""
    home, data, valid = folder / "home", folder / f"train-{shards}", folder / "valid"
    write_shards(data, shards, n, length)
    if not valid.exists():
        write_diskdataset(examples(n, length, 10_000), valid, level=1)
    found = {}
    said, *found["train"] = run(
        home, "train", "tf_binding", "--data", str(data), "--valid", str(valid), "--preset", "quick", *NETWORK
    )
    run_id = said["run"]
    for command in ("evaluate", "filters"):
        found[command] = run(home, command, run_id, "--data", str(data))[1:]
    return {name: {"peak_mb": peak, "seconds": seconds} for name, (peak, seconds) in found.items()}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--examples", type=int, default=20_000, help="in each shard")
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--shards", type=int, nargs=2, default=[10, 100])
    options = parser.parse_args()
    prepare(options)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for shards in options.shards:
            figures[str(shards)] = measure(Path(folder), shards, options.examples, options.length)
    few, many = figures.values()
    rows = [
        (name, *(f"{part[name]['peak_mb']:,.0f} MB" for part in (few, many)),
         f"{many[name]['peak_mb'] / few[name]['peak_mb']:.2f}", f"{many[name]['seconds']:.0f} s")
        for name in few
    ]  # fmt: skip
    print_table(("", *(f"{n} shards" for n in options.shards), "ratio", "time, the larger"), rows)
    finish(options, "stream", figures)


if __name__ == "__main__":
    main()
