"""Do attributions point at the planted bases? Recall per method on synthetic binding data, whose sites are known.

    python benchmarks/recall.py [--model MODEL] [--sequences 200]

For each positive sequence as many top bases are taken as were planted; recall is the share of planted bases among them.
By chance it is the planted share of the sequence (7 or 14 bases of 101).
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.interpret.attribution import ATTRIBUTIONS, NAMES, attribute
from dnaconv_core.interpret.seqlets import call_seqlets, overlap_share
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs.models import find_model
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tf_binding_synthetic")
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = load_bundle(find_model(options.model)).model
    data = tf_binding(2 * options.sequences, seed=9001, length=model.config.length)
    data = data.subset(data.y[:, 0] > 0.5)
    planted = np.zeros((len(data), data.length), bool)
    for site in data.truth:
        planted[site.index, site.start : site.end] = True
    shuffled = dinucleotide_shuffle(data.X, 1, seed=1)[:, 0]
    rows = []
    for method in ATTRIBUTIONS:
        started = time.perf_counter()
        scores = (attribute(model, data.X, method=method).values * data.X).sum(axis=1)
        seconds = time.perf_counter() - started
        null = (attribute(model, shuffled, method=method).values * shuffled).sum(axis=1)
        recall = [
            hit[np.argsort(-row, kind="stable")[: hit.sum()]].mean() for row, hit in zip(scores, planted, strict=True)
        ]
        seqlets = call_seqlets(scores, null)
        rows.append(
            {
                "method": method,
                "recall": float(np.mean(recall)),
                "seqlets": len(seqlets),
                "top_100_on_sites": overlap_share(seqlets, data.truth, 100),
                "sequences_per_second": len(data) / seconds,
            }
        )
    if options.json:
        print(json.dumps({"model": options.model, "n": len(data), "chance": float(planted.mean()), "methods": rows}))
        return
    print(f"{len(data)} positives; by chance recall is {planted.mean():.2f}")
    print(f"{'method':<22} {'recall':>7} {'seqlets':>8} {'top 100 on sites':>17} {'sequences/s':>12}")
    for row in rows:
        print(
            f"{NAMES[row['method']]:<22} {row['recall']:>7.3f} {row['seqlets']:>8} {row['top_100_on_sites']:>17.2f} "
            f"{row['sequences_per_second']:>12.1f}"
        )


if __name__ == "__main__":
    main()
