"""However a file is written, every command that takes such a file answers as it does to the plain one."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.scan import chance

TF, SIRNA = "tf_binding_synthetic", "rnai_huesken"
_RNG = np.random.default_rng(3)


def letters(n: int) -> str:
    return "".join(_RNG.choice(list("ACGT"), n))


WINDOWS = [letters(101) for _ in range(3)]
CONTIG = letters(150)
TEXTS = {
    "table": "id,sequence\n" + "".join(f"w{i},{text}\n" for i, text in enumerate(WINDOWS)),
    "fasta": "".join(f">w{i} one\n{text[:60]}\n{text[60:]}\n" for i, text in enumerate(WINDOWS)),
    "genome": f">chr1\n{CONTIG[:60]}\n{CONTIG[60:120]}\n{CONTIG[120:]}\n>chrM\n{WINDOWS[0]}\n",
    "vcf": f"##x\n#CHROM\tPOS\tID\tREF\tALT\n1\t75\trs1\t{CONTIG[74]}\t{'ACGT'['ACGT'.index(CONTIG[74]) - 1]}\n",
    "motifs": "MEME version 4\n\nMOTIF m one\nletter-probability matrix: alength= 4 w= 2\n0 0 0 1\n1 0 0 0\n",
    "covariates": "id;anything\nw0;0.5\nw1;1.5\nw2;0\n",
    "mrna": f">m1\n{WINDOWS[1]}\n",
}
COMMANDS = {  # a file that is written in odd ways, the command without it, its option, and plain files beside it
    "predict --table": ("table", ["predict", TF], "--table", {}),
    "predict --fasta": ("fasta", ["predict", TF], "--fasta", {}),
    "predict --covariates": ("covariates", ["predict", "chromatin_jund"], "--covariates", {"--fasta": "fasta"}),
    "attribute --fasta": ("fasta", ["attribute", TF, "--method", "gradient"], "--fasta", {}),
    "scan --fasta": ("genome", ["scan", TF], "--fasta", {}),
    "scan --region": ("genome", ["scan", TF, "--region", "chr1:11-140"], "--fasta", {}),
    "scan of MT": ("genome", ["scan", TF, "--region", "MT"], "--fasta", {}),
    "variants --vcf": ("vcf", ["variants", TF], "--vcf", {"--genome": "genome"}),
    "variants --genome": ("genome", ["variants", TF], "--genome", {"--vcf": "vcf"}),
    "hits --motifs": ("motifs", ["hits", TF, "--p-value", "0.1"], "--motifs", {"--fasta": "fasta"}),
    "hits --fasta": ("fasta", ["hits", TF, "--p-value", "0.1"], "--fasta", {"--motifs": "motifs"}),
    "design --fasta": ("fasta", ["design", TF, "--edits", "1"], "--fasta", {}),
    "sirna --fasta": ("mrna", ["sirna", "--model", SIRNA], "--fasta", {}),
    "sirna --transcriptome": ("fasta", ["sirna", "--model", SIRNA], "--transcriptome", {"--fasta": "mrna"}),
}
WAYS = {
    "byte-order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "gzip, whatever its name": lambda text: gzip.compress(text.encode()),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "blank lines at the end": lambda text: (text + "\n \n\n").encode(),
    "spaces at ends of lines": lambda text: text.replace("\n", "  \n").encode(),
    "Windows letters": lambda text: text.replace(" one", " \xe9t\xe9").encode("cp1252"),
    "no last line end": lambda text: text.rstrip("\n").encode(),
    "small letters": lambda text: text.encode(),
}
LETTERS_ONLY = str.maketrans("ACGT", "acgt")


def small(text: str) -> bytes:
    """Letters of sequences as a soft mask writes them."""
    return "\n".join(line if line[:1] == ">" else line.translate(LETTERS_ONLY) for line in text.split("\n")).encode()


@pytest.fixture
def answer(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(chance, "_BASES", {"dense": 2000, "windows": 2000})  # few shuffles: how a file is read is asked
    monkeypatch.setattr(chance, "_LEAST", 2000)

    def answered(name: str, way) -> object:
        kind, words, option, beside = COMMANDS[name]
        file = tmp_path / "given.dat"
        file.write_bytes(way(TEXTS[kind]))
        given = [option, str(file)]
        for other, plain in beside.items():
            (tmp_path / plain).write_text(TEXTS[plain])
            given += [other, str(tmp_path / plain)]
        code = main([*words, *given, "--json"])
        told = capsys.readouterr()
        assert code == 0, told.err
        return json.loads(told.out)

    return answered


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_way_of_writing_gives_the_same_answer(answer, name):
    plain = json.dumps(answer(name, str.encode))
    assert len(plain) > 80
    for way, write in WAYS.items():
        if way == "small letters" and COMMANDS[name][0] in ("fasta", "genome", "mrna"):
            lines = "\n".join(
                line if line[:1] == ">" else line.translate(LETTERS_ONLY)
                for line in TEXTS[COMMANDS[name][0]].split("\n")
            )
            assert json.dumps(answer(name, lambda _, lines=lines: lines.encode())) == plain, way
            continue
        found = json.dumps(answer(name, write), ensure_ascii=False).replace("\xe9t\xe9", "one")
        assert found == plain, way


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scan --fasta", "scan --region", "variants --genome", "sirna --transcriptome"])
def test_a_masked_base_is_unknown_by_every_way(answer, name):
    def masked(letter: str):
        return lambda text: text.replace(CONTIG[30:33], letter * 3, 1).replace(WINDOWS[0][7:19], letter * 12).encode()

    unknown = json.dumps(answer(name, masked("N")))
    for mask in ("X", "-", "n", "x"):
        assert json.dumps(answer(name, masked(mask))) == unknown, mask
