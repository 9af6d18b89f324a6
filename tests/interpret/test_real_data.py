"""Measured data from start to end: train on JUND's windows, and find AP-1."""

from __future__ import annotations

import json

import pytest

from dnaconv_core.cli import main

FAMILIES = ("JUN", "FOS", "ATF", "CREB", "BATF", "BACH", "JDP2")  # bind TGACTCA, TGACGTCA or both


@pytest.mark.slow  # trains for some 20 s; Tomtom compiles on a machine's first call
def test_a_network_trained_on_jund_finds_the_site_of_ap1_and_creb(shared_data, capsys):
    windows = str(shared_data / "jund_chr22" / "valid_dataset")

    def said(*arguments) -> dict:
        assert main([*map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    def is_ap1(best: dict) -> bool:
        return best["q_value"] < 0.05 and any(family in best["name"].upper() for family in FAMILIES)

    settings = ("--preset", "tuned", "--members", 2, "--epochs", 6, "--device", "cpu")
    run = said("train", "tf_binding", "--data", windows, *settings)["run"]
    first = said("motifs", run, "--data", windows, "--most", 500)["patterns"][0]
    assert is_ap1(first["matches"][0]) and first["share_positives"] > 5 * first["share_negatives"]
    filters = said("filters", run, "--no-ablation")["filters"]
    assert is_ap1(next(f for f in filters if f["rank"] == 1)["matches"][0])
