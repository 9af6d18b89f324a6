from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import dnaconv_core as dc
from dnaconv_core.api.models import wrap
from dnaconv_core.cluster import connect
from dnaconv_core.cluster.facts import difference, facts
from dnaconv_core.cluster.pieces import over
from dnaconv_core.cluster.where import where
from dnaconv_core.data import diskdataset
from dnaconv_core.data.genome import RecordContig
from dnaconv_core.errors import ClusterError, ConfigError, InputError
from dnaconv_core.experiments import bring
from dnaconv_core.experiments.own import folder_of
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.interpret import blocks, filter_reading, filters
from dnaconv_core.interpret.attribution import ATTRIBUTIONS, attribute
from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.scan import regions
from dnaconv_core.scan.files import scan_to_files
from dnaconv_core.scan.scan import ScanOptions, scan_chunks
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.variants import effects, null
from dnaconv_core.variants.effects import score_variants
from dnaconv_core.variants.null import verdicts
from dnaconv_core.variants.vcf import Variant


def test_where_reads_what_is_asked_before_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "scheduler.json"
    file.write_text("{}")
    assert where() == "" and where("here") == ""
    monkeypatch.setenv("DNACONV_CLUSTER", " tcp://lab-3.example:8786 ")
    assert where() == "tcp://lab-3.example:8786" and where("here") == ""
    assert where("tls://[::1]:8786") == "tls://[::1]:8786"
    monkeypatch.chdir(tmp_path)
    assert where("scheduler.json") == str(file)
    with pytest.raises(ConfigError, match=r"--on is 'lab:8786': write 'here', the address of a Dask scheduler"):
        where("lab:8786")
    monkeypatch.setenv("DNACONV_CLUSTER", "nowhere")
    with pytest.raises(ConfigError, match="DNACONV_CLUSTER is 'nowhere'"):
        where()


def test_what_differs_on_a_worker_is_named():
    assert difference(facts()) == ""
    assert difference({**facts(), "torch": "1.0"}).startswith("torch 1.0 and ")
    assert "another copy of dnaconv" in difference({**facts(), "code": "0"})


def test_a_cluster_that_is_not_there_is_told_in_a_sentence(monkeypatch):
    silent = pytest.raises(ClusterError, match=r"the cluster at tcp://127.0.0.1:9 does not answer .* or choose 'here'")
    with silent, connect.connected("tcp://127.0.0.1:9", patience=0.3):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'dnaconv\[cluster\]'"), connect.connected("tcp://x:1"):
        pass


def times(shared, piece):
    return [shared * piece]


def test_here_the_pieces_are_done_in_order():
    assert list(over(times, 3, range(4))) == [[0], [3], [6], [9]]


def network(**settings):
    return build(ModelConfig(**{"length": 20, "filters": 3, "depth": 2, "kernel_size": 5, **settings}), 1)


def contig(name, length, seed):
    letters = np.random.default_rng(seed).choice(list("ACGT"), length)
    letters[length // 2 : length // 2 + 3] = "N"
    return RecordContig(Record(name, "".join(letters), 0))


@pytest.mark.slow
@pytest.mark.parametrize("edges", ["exact", "context"])
def test_a_region_gives_the_chunks_of_the_whole_scan(edges, monkeypatch):
    """With nothing but the letters that travel with it; the span ends in the middle of the contig, and of a chunk."""
    monkeypatch.setattr(regions, "over", lambda work, shared, pieces, **_: (work(shared, one) for one in pieces))
    model, whole, how = network(), contig("c", 700, 2), ScanOptions(edges=edges)
    targets = [(whole, 30, 661), (contig("short", 25, 3), 0, 25)]
    made = regions.Regions(model, targets, "", how=how, chunk=64)
    for target in targets:
        expected = list(scan_chunks(model, target[0], target[1:], how=how, chunk=64))
        found = list(made.chunks(target))
        assert [chunk.start for chunk in found] == [chunk.start for chunk in expected]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.scores, other.scores)


def ask_in_blocks(monkeypatch):
    """Here, each block computed from what travels with it; some batches in each, and their number afterwards."""
    sent = []

    def nearby(work, shared, pieces, **_):
        for piece in pieces:
            sent.append(piece)
            yield work(shared, piece)

    monkeypatch.setattr(blocks, "over", nearby)
    monkeypatch.setattr(blocks, "_WORKS", {name: work._replace(bases=81) for name, work in blocks._WORKS.items()})
    return sent


def test_predictions_and_substitutions_in_blocks_are_those_of_the_whole_byte_for_byte(monkeypatch):
    model, sent = network(covariates=("a", "b")), ask_in_blocks(monkeypatch)
    rng = np.random.default_rng(0)
    X, beside = one_hot(["".join(rng.choice(list("ACGTN"), 20)) for _ in range(17)]), rng.normal(size=(17, 2))
    found = blocks.in_blocks("predict", model, X, beside, on="x", output="logit", batch_size=2)
    np.testing.assert_array_equal(found, predict(model, X, beside, output="logit", batch_size=2))
    assert [len(block.codes) for block in sent] == [4, 4, 4, 4, 1]
    found = blocks.in_blocks("ism", model, X, beside, on="x", batch_size=130)
    np.testing.assert_array_equal(found, ism(model, X, beside, batch_size=130))
    assert found.shape == (17, 4, 20) and np.abs(found).max() > 0.001
    assert len(sent) == 10
    with pytest.raises(InputError, match="30 bases"):
        blocks.in_blocks("predict", model, np.zeros((2, 4, 30), np.int8), beside[:2], on="x")


@pytest.mark.parametrize("method", ATTRIBUTIONS)
def test_attributions_in_blocks_are_those_of_the_whole_byte_for_byte(method, monkeypatch):
    """With a reference of its own for each sequence, which travels with it."""
    model, sent = network(covariates=("a", "b")), ask_in_blocks(monkeypatch)
    rng = np.random.default_rng(1)
    X, beside = one_hot(["".join(rng.choice(list("ACGTN"), 20)) for _ in range(11)]), rng.normal(size=(11, 2))
    own = rng.dirichlet(np.ones(4), (11, 20)).transpose(0, 2, 1)
    how = {"method": method, "covariates": beside, "batch_size": 2, "n_steps": 3, "n_references": 2, "seed": 5}
    for reference in (None, own):
        found, expected = attribute(model, X, on="x", reference=reference, **how), None
        expected = attribute(model, X, reference=reference, **how)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
        assert found.values.shape == (11, 4, 20) and np.isfinite(found.hypothetical).all()
    assert [len(block.codes) for block in sent] == [4, 4, 3] * 2


def test_patterns_are_those_found_here(monkeypatch):
    rng, model, sent = np.random.default_rng(3), network(), ask_in_blocks(monkeypatch)
    X, y = one_hot(["".join(rng.choice(list("ACGT"), 20)) for _ in range(60)]), np.arange(60) % 2
    how = DiscoveryOptions(n_references=2, least=2, p_value=0.2)
    found = discover(model, X, y, how=how, on="x")
    assert len(sent) == 8  # a batch holds more than a part's sequences
    for one, other in zip(found.seqlets, discover(model, X, y, how=how).seqlets, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(found.seqlets) > 3


@pytest.mark.parametrize("most", [1 << 20, 100])
def test_filters_read_in_blocks_are_those_read_here_byte_for_byte(most, monkeypatch):
    """Also where there are too many windows to hold: all is read a second time."""
    rng, model, sent = np.random.default_rng(4), network(strands="both"), ask_in_blocks(monkeypatch)
    monkeypatch.setattr(filter_reading, "over", blocks.over)
    X = one_hot(["".join(rng.choice(list("ACGTN"), 20)) for _ in range(53)])
    monkeypatch.setattr(filters, "_AT_ONCE", 3 * 20 * 7)
    monkeypatch.setattr(filters, "_MOST_HELD", most)
    monkeypatch.setattr(filter_reading, "_BLOCK", 300)  # two batches of seven
    found, expected = (filters.filter_motifs(model, X, fraction=0.3, layer=2, on=on) for on in ("x", ""))
    assert [len(block.codes) for block in sent] == [14, 14, 14, 11] * (1 if most > 100 else 2)
    np.testing.assert_array_equal(found.peak, expected.peak)
    np.testing.assert_array_equal(found.positions, expected.positions)
    for one, other in zip(found.motifs, expected.motifs, strict=True):
        np.testing.assert_array_equal(one.pfm, other.pfm)
        assert [part.tolist() for part in one.sites] == [part.tolist() for part in other.sites]
    assert sum(one.n_sites for one in found.motifs) > 100


def test_variants_and_their_matched_ones_are_those_scored_here_byte_for_byte(monkeypatch):
    """By two networks. What cannot be scored, and a contig's ends, are among them; no genome travels."""
    rng, models = np.random.default_rng(5), [network(strands="both"), network(filters=4)]
    letters = "".join(rng.choice(list("ACGT"), 600))
    genome = {"c": RecordContig(Record("c", letters, 0))}
    places = [2, 597, *range(40, 560, 23)]
    lines = [Variant("c", at + 1, ".", letters[at], ("ACGT"[at % 4], "GA"), (), 0) for at in places]
    lines.insert(3, Variant("x", 5, ".", "A", ("C",), (), 0))
    sent = ask_in_blocks(monkeypatch)
    for module in (effects, null):
        monkeypatch.setattr(module, "over", lambda *asked, on, **how: (blocks.over if on else over)(*asked, **how))
        monkeypatch.setattr(module, "_SENT", 3)
    monkeypatch.setattr(effects, "_BATCH", 5)
    found = []
    for on in ("x", ""):
        scored = list(score_variants(models[0], lines, genome, on=on))
        told = verdicts(models, scored, genome, n=7, on=on)
        nulls = [judged.null and (judged.null.effects.tolist(), judged.null.largest.tolist()) for judged in told.judged]
        numbers = [(judged.effect, judged.p, judged.q, judged.low, judged.high) for judged in told.judged]
        found.append((nulls, numbers, told.threshold, told.largest_threshold))
    assert found[0] == found[1]
    assert len(sent) == 4 + 17  # 51 alleles: in fifteens, and in threes with their matched variants
    assert sum(one is not None for one in found[0][0]) > 40 and found[0][2] > 0


def test_a_module_of_ones_own_does_not_travel():
    module = wrap(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(80, 1)), length=20).network
    with pytest.raises(InputError, match="a torch module of your own cannot be sent to a cluster"):
        attribute(module, np.zeros((2, 4, 20), np.int8), method="gradient", on="tcp://x:1")


@pytest.mark.slow
def test_a_scan_on_two_workers_is_the_scan_here_byte_for_byte(cluster, tmp_path, monkeypatch):
    defaults = {**regions.Regions.__init__.__kwdefaults__, "chunk": 256}
    monkeypatch.setattr(regions.Regions.__init__, "__kwdefaults__", defaults)
    model = network()
    targets = [(contig("a", 3000, 4), 0, 3000), (contig("b", 900, 5), 100, 890)]
    found = []
    for on in ("", str(cluster.file)):
        files = {name: tmp_path / f"{name}{bool(on)}" for name in ("bed", "bedgraph", "bigwig")}
        scanned = scan_to_files(model, targets, threshold=0.5, on=on, **files)
        found.append((scanned, [path.read_bytes() for path in files.values()]))
    assert found[0] == found[1]
    assert sum(result.n_scored for result in found[0][0]) > 3_700


@pytest.mark.slow
def test_what_the_interface_gives_on_two_workers_is_what_it_gives_here_byte_for_byte(cluster):
    rng, model = np.random.default_rng(7), network()
    sequences = ["".join(rng.choice(list("ACGT"), 20)) for _ in range(40)]
    on, few = cluster.address, {"batch_size": 3}
    np.testing.assert_array_equal(dc.predict(model, sequences, on=on, **few), dc.predict(model, sequences, **few))
    for method in ("deeplift_shap", "integrated_gradients"):
        here, there = (dc.attribute(model, sequences, method=method, on=place, **few) for place in ("here", on))
        np.testing.assert_array_equal(here.scores, there.scores)
    here, there = (dc.filters(model, sequences, on=place) for place in ("here", on))
    assert [one.ppm.tolist() for one in here.motifs] == [one.ppm.tolist() for one in there.motifs]
    letters = "".join(rng.choice(list("ACGT"), 300))
    asked = [("c", at + 1, letters[at], "ACGT"[at % 4]) for at in range(30, 270, 5)], {"c": letters}
    assert dc.variants(model, *asked, on=on).effects == dc.variants(model, *asked).effects
    mutants = {"batch_size": 130}
    np.testing.assert_array_equal(
        dc.ism(model, sequences, on=on, **mutants).change, dc.ism(model, sequences, **mutants).change
    )


@pytest.mark.slow
def test_an_import_of_intervals_is_the_same_to_the_last_byte(cluster, tmp_path, monkeypatch):
    """All files: shards of 90 windows, their lists, the recipe, the referee's report."""
    rng = np.random.default_rng(0)
    lines = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(500)]
    (tmp_path / "g.fa").write_text("\n".join([">c1", *lines[:250], ">c2", *lines[250:], ""]))
    starts = rng.integers(0, 14_900, 330)
    rows = [f"c{1 + at % 2}\t{at}\t{at + 30}\t{at % 7}.5\n" for at in starts.tolist()]
    (tmp_path / "i.bedGraph").write_text("".join(rows))
    monkeypatch.setattr(bring, "_SHARD_BYTES", 90 * 4 * 30)
    sent = []
    monkeypatch.setattr(diskdataset, "over", lambda *asked, **how: sent.append(how["on"]) or over(*asked, **how))
    inputs = Input("bed", str(tmp_path / "i.bedGraph")), Input("genome", str(tmp_path / "g.fa"))
    found = []
    bring.bring(Recipe(key="own", inputs=inputs, split={"kind": "random"}))
    for on in ("", cluster.address):
        if on:
            bring.again("own", on=on)
        folder = folder_of("own")
        files = (path for path in folder.rglob("*") if path.is_file())
        found.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert found[0] == found[1] and {"audit.json", "experiment.json", "recipe.json"} <= set(found[0])
    assert sent == [""] * 3 + [cluster.address] * 3
    assert len([name for name in found[0] if name.endswith("X.joblib")]) == 5  # three of train


@pytest.mark.slow
def test_what_travelled_once_is_sent_again_where_all_that_had_it_are_gone(cluster, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from afar import square

    found = over(square, "", range(12), on=cluster.address)
    assert next(found) == 0
    for name in [name for name in cluster.processes if name != "scheduler" and cluster.lives(name)]:
        cluster.kill(name)
    cluster.worker(), cluster.worker()
    assert list(found) == [number**2 for number in range(1, 12)]


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_piece_only(cluster, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from afar import square

    asked = []

    def pieces():
        for number in range(30):
            asked.append(number)
            yield number

    found = over(square, str(tmp_path), pieces(), on=cluster.address)
    assert next(found) == 0 and len(asked) == 6  # no more are under way than three for each slot
    cluster.worker()  # in place of the one that ends itself
    assert list(found) == [number**2 for number in range(1, 30)]
    assert (tmp_path / "died").exists()
    cluster.workers(2)


@pytest.mark.slow
def test_workers_of_another_version_are_named_before_anything_is_computed(cluster, monkeypatch):
    monkeypatch.setattr(connect, "difference", lambda theirs: difference({**theirs, "numpy": "0.9"}))
    with pytest.raises(ClusterError, match=r"worker \w+ has numpy 0.9 and [\d.]+ here: install the same on both"):
        list(over(times, 1, [1], on=cluster.address))


@pytest.mark.parametrize("content", [b"root:x:0:0", b"[1]", b'{"address": 3}', b"[" * 100_000, b"\xff\xfe"])
def test_a_file_that_no_scheduler_wrote_is_told_at_once(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    refused = pytest.raises(ClusterError, match="file is no scheduler file: give the one that 'dask scheduler")
    with refused, connect.connected(str(path)):
        pass
