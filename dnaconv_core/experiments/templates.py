"""Tiny files of every form in which data can be brought: to see how one looks, and to try it all with a click.

They are made here, always the same: 60-base sequences in which the half that is bound has TGACTCA.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_MOTIF = "TGACTCA"
_N = 400  # examples of a template
_LENGTH = 60


class Template(NamedTuple):
    title: str
    words: str  # what is in it, in one line
    make: Callable[[], dict[str, bytes]]  # files by name


def _letters(rng: np.random.Generator, n: int, length: int, letters: str = "ACGT") -> list[str]:
    codes = rng.integers(0, 4, (n, length))
    return ["".join(letters[c] for c in row) for row in codes.tolist()]


def _with_motif(sequence: str, at: int) -> str:
    return sequence[:at] + _MOTIF + sequence[at + len(_MOTIF) :]


def _bound(n: int, seed: int) -> tuple[list[str], list[int]]:
    """n sequences, every second with the motif somewhere, and 1 for those."""
    rng = np.random.default_rng(seed)
    sequences, places = _letters(rng, n, _LENGTH), rng.integers(0, _LENGTH - len(_MOTIF), n).tolist()
    labels = [row % 2 for row in range(n)]
    return [_with_motif(s, at) if y else s for s, at, y in zip(sequences, places, labels, strict=True)], labels


def _lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _fasta(headers: list[str], sequences: list[str]) -> bytes:
    return _lines([line for pair in zip(headers, sequences, strict=True) for line in (f">{pair[0]}", pair[1])])


def _table() -> dict[str, bytes]:
    sequences, labels = _bound(_N, 1)
    rows = [
        f"seq_{i},{s},{'bound' if y else 'unbound'}" for i, (s, y) in enumerate(zip(sequences, labels, strict=True))
    ]
    return {"bound.csv": _lines(["id,sequence,label", *rows])}


def _counts() -> dict[str, bytes]:
    """An assay with two counts: RNA over DNA goes up with each motif."""
    rng = np.random.default_rng(2)
    sequences, n_sites = _letters(rng, _N, _LENGTH), rng.integers(0, 4, _N)
    for row, n in enumerate(n_sites.tolist()):
        for site in range(n):
            sequences[row] = _with_motif(sequences[row], 18 * site + int(rng.integers(0, 11)))
    dna = rng.integers(40, 200, _N)
    rna = rng.poisson(dna * 2.0 ** (n_sites - 1.0))
    part = np.where(np.arange(_N) % 10 == 8, "validation", np.where(np.arange(_N) % 10 == 9, "test", "training"))
    rows = [f"{s}\t{a}\t{b}\t{p}" for s, a, b, p in zip(sequences, rna.tolist(), dna.tolist(), part, strict=True)]
    return {"reporter.tsv": _lines(["sequence\trna\tdna\tset", *rows])}


def _pair() -> dict[str, bytes]:
    sequences, labels = _bound(_N, 3)
    files = {}
    for name, wanted in (("positives.fa", 1), ("negatives.fa", 0)):
        chosen = [s for s, y in zip(sequences, labels, strict=True) if y == wanted]
        files[name] = _fasta([f"{name[:3]}_{i}" for i in range(len(chosen))], chosen)
    return files


def _headers() -> dict[str, bytes]:
    sequences, labels = _bound(_N, 4)
    return {"labelled.fa": _fasta([f"seq_{i};class:{y}" for i, y in enumerate(labels)], sequences)}


def _classes() -> dict[str, bytes]:
    rng = np.random.default_rng(5)
    files = {}
    for name, motif in (("promoter", "TATAAAA"), ("enhancer", "TGACTCA"), ("background", "")):
        found = _letters(rng, _N // 2, _LENGTH)
        places = rng.integers(0, _LENGTH - len(_MOTIF), len(found)).tolist()
        found = [s[:at] + motif + s[at + len(motif) :] for s, at in zip(found, places, strict=True)]
        files[f"{name}.fa"] = _fasta([f"{name}_{i}" for i in range(len(found))], found)
    return files


def _intervals() -> dict[str, bytes]:
    """Six contigs of 12,000 bases and the peaks on them, a motif somewhere in each."""
    rng = np.random.default_rng(6)
    genome: list[str] = []
    peaks: list[str] = []
    for number in range(1, 7):
        contig = bytearray(_letters(rng, 1, 12_000)[0], "ascii")
        for start in range(300, 11_500, 280):
            low = start + int(rng.integers(0, 100))
            site = low + int(rng.integers(0, 93))
            contig[site : site + len(_MOTIF)] = _MOTIF.encode()
            peaks.append(f"chr{number}\t{low}\t{low + 100}\tpeak_{len(peaks) + 1}\t{rng.integers(100, 1000)}\t.")
        text = contig.decode()
        genome += [f">chr{number}", *(text[i : i + 60] for i in range(0, len(text), 60))]
    return {"peaks.bed": _lines(peaks), "genome.fa": _lines(genome)}


TEMPLATES: dict[str, Template] = {
    "table": Template("A table", "CSV with a sequence and a label in words on each row", _table),
    "counts": Template("A table of counts", "TSV whose label is computed, log2 of RNA over DNA; with parts", _counts),
    "pair": Template("Positives and negatives", "Two FASTA files", _pair),
    "headers": Template("Labels in headers", "One FASTA file, '>seq_1;class:1'", _headers),
    "classes": Template("A file for each class", "Three FASTA files: which of the three is it?", _classes),
    "intervals": Template("Intervals and a genome", "BED and FASTA; negatives are drawn from the genome", _intervals),
}
