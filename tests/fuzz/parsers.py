"""Every reader of what others wrote, with good inputs to begin from."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import joblib
import mutate
import numpy as np

from dnaconv_core.commands.models import given_split
from dnaconv_core.data.covariates import read_covariates
from dnaconv_core.data.delimited import read_columns
from dnaconv_core.data.fasta import read_fasta, read_fasta_dataset
from dnaconv_core.data.fasta_examples import labelled_fasta, unlabelled_fasta
from dnaconv_core.data.formats import read_dataset
from dnaconv_core.data.intervals import read_intervals
from dnaconv_core.data.split import check_split
from dnaconv_core.data.table import read_table
from dnaconv_core.data.unpickle import read_array
from dnaconv_core.evaluate.held_out import WHOLE, read_kept
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import experiments_folder, from_words, read_words
from dnaconv_core.experiments.own_transfer import import_experiment
from dnaconv_core.experiments.recipe import Input, Recipe, read_recipe
from dnaconv_core.experiments.recognise import recognise_one
from dnaconv_core.interpret.keep import load_discovery, load_filters
from dnaconv_core.model.bundle import read_config, stored_metrics
from dnaconv_core.model.config import TrainConfig
from dnaconv_core.runs.baselines import load_baselines
from dnaconv_core.runs.models import PRETRAINED
from dnaconv_core.runs.seen import read_hashes
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.transfer import export_model, import_model
from dnaconv_core.sequence.encoding import parse_pasted
from dnaconv_core.sequence.interval import parse_region
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.sequence.motif_text import read_motifs
from dnaconv_core.variants.vcf import read_vcf

Mutation = Callable[[random.Random, bytes], bytes]


class Parser(NamedTuple):
    """`read` is given a folder of its own and the content."""

    seeds: Callable[[], list[bytes]]
    change: Mutation
    read: Callable[[Path, bytes], object]
    share: float = 1.0  # of the inputs, beside the others


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


def _words(rng: random.Random, content: bytes) -> bytes:
    """As what is typed: some text, which is always one."""
    return mutate.some_text(rng, content).decode("utf-8", "replace").encode()


FASTA = [
    b">s1 label=1\nACGTACGTACGT\n>s2 label=0\nACGTTTGTACGT\n",
    b">chr1:100-112(+)\nacgtnnACGTAC\r\n>x|2\nACG TAC\n\n",
    b">a;class:1\nACGUACGU\n>a;class:0\nACGUACGA\n",
]
TABLES = [
    b"id,sequence,label\na,ACGTACGT,1\nb,ACGTTCGT,0\nc,AAGTTCGT,0\n",
    b"name\tseq\tactivity\tset\nx\tACGUA\t0.5\ttrain\ny\tACGUC\t1.5\ttest\n",
    b"sequence;y;weight\nACGT;1,5;1\nACGA;2,5;0\n",
    b"chrom,start,end,signal\nchr1,10,20,0.5\nchr2,30,40,1.5\n",
]
BED = [
    b"chr1\t100\t200\tname\t5\t+\nchr2\t5\t50\tother\t0\t-\n",
    b"track name=x\nchr1 100 200 0.5\nchr1 300 400 1.5\n",
    b"chr1\t10\t200\tp\t900\t.\t5.5\t3.1\t2.0\t50\nchr1\t400\t600\tq\t90\t.\t5.5\t3.1\t2.0\t-1\n",
]
VCF = [
    b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t10\trs1\tA\tG,<DEL>\t.\tPASS\tDP=3\n"
    b"chr1\t12\t.\tAC\tA\t5\t.\t.\n"
]
MOTIFS = [
    b"MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.25 C 0.25 G 0.25 "
    b"T 0.25\n\nMOTIF M1 name\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n"
    b"0.1 0.2 0.3 0.4\n0.7 0.1 0.1 0.1\n",
    b">MA0001.1 AP1\nA [ 1 2 3 ]\nC [ 4 0 0 ]\nG [ 0 3 1 ]\nT [ 5 5 6 ]\n",
]
COVARIATES = [b"id accessibility\na 0.5\nb 1.5\n", b"a\t1\nb\t2\n", b"name,x,y\na,1,2\nb,3,4\n"]
LOCI = [b"chr22:100-200", b"chr1:1,000-2,000(+)", b"X:5-9(-)", b"HLA-A*01:01:5-9"]
PASTED = [b">a\nACGT\n>b\nAC", b"  1 acgtac gtacgt\n 61 acgt", b"ACGTNRY"]
SPLITS = [b"random", b"0.3", b"chr21,chr22", b'{"kind": "random", "fraction": 0.2, "seed": 1}', b"X,22"]


def _arrays() -> list[bytes]:
    found = []
    for array in (np.arange(12.0).reshape(3, 4), np.array(["a", "bc"]), np.zeros((2, 5, 4), np.int8)):
        for compress in (0, 3, ("gzip", 3)):
            out = io.BytesIO()
            joblib.dump(array, out, compress=compress)
            found.append(out.getvalue())
    return found


def _npz(**arrays: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def _kept() -> list[bytes]:
    n = 5
    ids, codes = np.array([f"s{i}" for i in range(n)]), np.zeros((n, 7), np.uint8)
    y = np.linspace(0, 1, n, dtype=np.float32)[:, None]
    whole = {"ids": ids, "y": y, "w": np.ones_like(y), "prediction": y, "codes": codes, "covariates": y[:, :0]}
    return [_npz(**whole), _npz(hashes=np.arange(1, 9, dtype=np.uint64), whole=np.array(True))]


def _read_npz(folder: Path, content: bytes) -> None:
    for name in ("predictions.npz", "filters.npz", "patterns.npz", "baselines.npz"):
        _file(folder, name, content)
    _file(folder, "baselines.json", json.dumps({"baselines": {}, "reason": ""}).encode())
    load_baselines(folder)
    readers = (
        lambda: read_kept(folder), lambda: read_kept(folder, *WHOLE), lambda: load_filters(folder),
        lambda: load_discovery(folder), lambda: read_hashes(content),
    )  # fmt: skip
    _each(*readers)


def _each(*readers: Callable[[], object]) -> None:
    """All of them; the last error of the project's own, if any, is raised at the end."""
    from dnaconv_core.errors import DnaConvError

    told = None
    for read in readers:
        try:
            read()
        except DnaConvError as error:
            told = error
    if told is not None:
        raise told


def _read_text(folder: Path, content: bytes, *readers: Callable[[Path], object]) -> None:
    path = _file(folder, "given.txt", content)
    _each(*(lambda read=read: read(path) for read in readers))


def _configs() -> list[bytes]:
    experiment = get_experiment("tf_binding")
    bundle = json.loads((PRETRAINED / "tf_binding_synthetic" / "config.json").read_text())
    recipe = Recipe("mine", (Input("table", "/x/t.csv"),), sequence="dna", part="set")
    baselines = json.loads((PRETRAINED / "tf_binding_synthetic" / "baselines.json").read_text())
    return [
        json.dumps(one).encode()
        for one in (
            bundle, RunSpec("rnai", settings={"epochs": 3}).to_json(), experiment.train_config("quick").to_json(),
            recipe.to_json(), baselines, {"valid": {"auroc": {"value": 0.5, "low": 0.4, "high": 0.6}, "loss": 0.1}},
        )
    ]  # fmt: skip


def _read_configs(folder: Path, content: bytes) -> None:
    for name in ("config.json", "baselines.json", "recipe.json", "metrics.json"):
        _file(folder, name, content)
    load_baselines(folder)
    readers = [
        lambda: read_config(folder), lambda: stored_metrics(folder), lambda: read_recipe(folder / "recipe.json"),
        lambda: from_words(read_words(content, "this"), "this"),
    ]  # fmt: skip
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):
        stored = None
    if isinstance(stored, dict):
        readers += [lambda: RunSpec.from_json(stored), lambda: TrainConfig.from_json(stored)]
    _each(*readers)


def _rows() -> list[bytes]:
    spec = RunSpec("rnai", settings={"epochs": 3}).to_json()
    metrics = {"valid": {"pearson_r": {"value": 0.5, "low": 0.4, "high": 0.6}}}
    return [json.dumps({"spec": spec, "metrics": metrics, "epoch": 3, "tags": "a,b", "created": 1.5}).encode()]


def _read_rows(folder: Path, content: bytes) -> None:
    """A run's record with these values; whatever they are, all runs are listed."""
    store = Store(folder)
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):
        stored = {"spec": content.decode("utf-8", "replace")}
    if not store.database.exists():
        store.create(RunSpec("rnai"), "whole")
        store.create(RunSpec("rnai"), "broken")
    with sqlite3.connect(store.database) as db:
        for column, value in stored.items() if isinstance(stored, dict) else ():
            if column in ("spec", "metrics", "epoch", "tags", "created", "state", "name"):
                kept = json.dumps(value) if isinstance(value, (dict, list)) or column in ("spec", "metrics") else value
                if isinstance(kept, int) and abs(kept) >= 2**63:
                    kept = str(kept)[:400]
                if isinstance(kept, str):
                    kept = kept.encode("utf-8", "replace").decode()
                if kept is not None and kept == kept:  # SQLite keeps NaN as NULL, and a column may not be that
                    db.execute(f"UPDATE runs SET {column} = ? WHERE rowid = 2", (kept,))
    db.close()
    broken, whole = store.list()
    assert whole.name == "whole" and whole.state == "queued"
    json.dumps([run.as_json() for run in (broken, whole)], allow_nan=False).encode()
    str(broken).encode()


def _bundles() -> list[bytes]:
    found = []
    for name in ("tf_binding_synthetic", "rnai_huesken_book"):
        found.append(_shortened(export_model(name)))
    return found


def _shortened(archive: bytes) -> bytes:
    """The bundle with few predictions, so that reading it is quick."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as packed, zipfile.ZipFile(out, "w") as short:
        for entry in packed.infolist():
            content = packed.read(entry)
            if entry.filename == "predictions.csv":
                rows = list(csv.reader(io.StringIO(content.decode())))[:6]
                content = "\n".join(",".join(row) for row in rows).encode() + b"\n"
            short.writestr(entry.filename, content)
    return out.getvalue()


def _experiment_zip() -> list[bytes]:
    """An own experiment, exported: made here from a table, in a home of its own."""
    import tempfile

    from dnaconv_core.experiments.bring import bring
    from dnaconv_core.experiments.own_transfer import export_experiment

    rng, before = random.Random(5), os.environ.get("DNACONV_HOME")
    rows = [f"s{i},{''.join(rng.choice('ACGT') for _ in range(12))},{i % 2}" for i in range(40)]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DNACONV_HOME"] = folder
        try:
            table = _file(Path(folder), "t.csv", "\n".join(["id,sequence,label", *rows]).encode())
            bring(Recipe("mine", (Input("table", str(table)),), split={"kind": "random"}))
            export_experiment("mine", Path(folder) / "mine.zip")
            return [(Path(folder) / "mine.zip").read_bytes()]
        finally:
            os.environ.pop("DNACONV_HOME") if before is None else os.environ.__setitem__("DNACONV_HOME", before)


def _take_in(folder: Path, content: bytes) -> None:
    shutil.rmtree(experiments_folder(), ignore_errors=True)  # the one before
    import_experiment(_file(folder, "e.zip", content), "taken_in")


def _vcf(path: Path) -> None:
    opened = read_vcf(path)
    for variant in opened.variants:
        assert variant.start == variant.pos - 1


def _typed(content: bytes, *readers: Callable[[str], object]) -> None:
    text = _text(content)
    _each(*(lambda read=read: read(text) for read in readers))


PARSERS: dict[str, Parser] = {
    "FASTA": Parser(
        lambda: FASTA, mutate.some_text,
        lambda f, c: _read_text(f, c, read_fasta, read_fasta_dataset, labelled_fasta, unlabelled_fasta),
    ),
    "tables": Parser(
        lambda: TABLES, mutate.some_text, lambda f, c: _read_text(f, c, read_table, read_columns, read_dataset)
    ),
    "BED": Parser(lambda: BED, mutate.some_text, lambda f, c: _read_text(f, c, read_intervals)),
    "VCF": Parser(lambda: VCF, mutate.some_text, lambda f, c: _read_text(f, c, _vcf), 2.0),
    "motifs": Parser(lambda: MOTIFS, mutate.some_text, lambda f, c: _read_text(f, c, read_motifs), 2.0),
    "covariates": Parser(lambda: COVARIATES, mutate.some_text, lambda f, c: _read_text(f, c, read_covariates), 2.0),
    "anything": Parser(
        lambda: [*FASTA, *TABLES, *BED, *VCF, *MOTIFS, *COVARIATES], mutate.some_text,
        lambda f, c: _read_text(f, c, recognise_one),
    ),
    "regions": Parser(lambda: LOCI, _words, lambda _, c: _typed(c, parse_region), 2.0),
    "pasted": Parser(lambda: PASTED, _words, lambda _, c: _typed(c, parse_pasted, from_iupac), 2.0),
    "splits": Parser(lambda: SPLITS, _words, lambda _, c: _typed(c, lambda text: check_split(given_split(text))), 2.0),
    "shards": Parser(_arrays, mutate.some_pickle, lambda f, c: read_array(_file(f, "a.joblib", c)), 3.0),
    "npz": Parser(_kept, mutate.some_npz, _read_npz, 0.4),
    "configs": Parser(_configs, mutate.some_json, _read_configs, 2.0),
    "records": Parser(_rows, mutate.some_json, _read_rows, 0.4),
    "bundles": Parser(_bundles, mutate.some_zip, lambda _, c: import_model(c), 0.2),
    "experiments": Parser(
        _experiment_zip, mutate.some_zip, _take_in, 0.2
    ),
}  # fmt: skip
