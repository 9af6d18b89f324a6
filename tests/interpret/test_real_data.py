"""Whole networks: trained on JUND's windows or on planted sites, they give AP-1 by name."""

from __future__ import annotations

import json

import pytest

from dnaconv_core.cli import main

FAMILIES = ("JUN", "FOS", "ATF", "CREB", "BATF", "BACH", "JDP2")  # bind TGACTCA, TGACGTCA or both


@pytest.mark.slow  # trains for some 20 s; Tomtom compiles on a machine's first call
def test_a_network_trained_on_jund_finds_the_site_of_ap1_and_creb(shared_data, capsys, monkeypatch):
    monkeypatch.setattr("dnaconv_core.runs.execute.store_baselines", lambda *_, **__: None)
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


@pytest.mark.slow  # Tomtom compiles on a machine's first call
def test_the_planted_site_is_found_by_name_and_the_strongest_seqlets_lie_on_it():
    from dnaconv_core.experiments import get_experiment
    from dnaconv_core.experiments.sources import SYNTHETIC, load_parts
    from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
    from dnaconv_core.interpret.naming import named
    from dnaconv_core.interpret.seqlets import overlap_share
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.runs.models import find_model

    _, held_out = load_parts(get_experiment("tf_binding"), SYNTHETIC)
    model = load_bundle(find_model("tf_binding_synthetic")).model
    found = discover(model, held_out.X, held_out.y, how=DiscoveryOptions(most=100))
    assert overlap_share(found.seqlets, held_out.subset(found.rows).truth, 100) >= 0.9
    (matches,) = named([pattern.motif for pattern in found.patterns])
    assert matches[0].q_value < 0.01 and any(f in matches[0].name.upper() for f in (*FAMILIES, "NFE2", "MAF"))
