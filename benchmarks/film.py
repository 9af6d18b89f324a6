"""Make the film on the first page from a real training: `python benchmarks/film.py RUN FILTER [--out FILE]`.

RUN is a finished run of this home, for example of `dnaconv train tf_binding --preset quick --epochs 8`; FILTER one of
its first-layer filters, from 1. The file holds that filter's weights after every epoch.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from dnaconv_core.runs.store import Store

FILM = Path(__file__).parents[1] / "app" / "assets" / "film.json"


def film(store: Store, run: str, number: int) -> dict:
    """The epochs, and at each the kernel `(4, K)` with its columns centred, to three digits."""
    frames = []
    for epoch in store.filter_epochs(run):
        found = store.filters(run, epoch)
        assert found is not None  # it was listed
        kernel = found.kernels[number - 1].astype(float)
        frames.append({"epoch": epoch, "kernel": (kernel - kernel.mean(axis=0)).round(3).tolist()})
    return {"experiment": store.get(run).experiment, "frames": frames}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("run")
    asked.add_argument("filter", type=int)
    asked.add_argument("--out", type=Path, default=FILM)
    given = asked.parse_args()
    given.out.write_text(json.dumps(film(Store(), given.run, given.filter), separators=(",", ":")) + "\n")
