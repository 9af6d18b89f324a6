"""Brakes against fooling oneself: another network's opinion, and how unlike the known examples a design is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.answers.outputs import find_output, output_names
from dnaconv_core.design.design import Design
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.marginalize import typical_covariates
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot, to_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet

K = 6  # bases of the words that sequences are compared by
_SAMPLED = 300  # examples whose own nearest neighbour says what is usual
_AT_ONCE = 200  # sequences compared with all examples together


def judge_output(config: ModelConfig, judge: ModelConfig, task: int) -> int:
    """The output of the judge that answers what output `task` of the model does: the one of its name, or its only one.

    Raises InputError where the judge reads other sequences or has no such output.
    """
    if (judge.length, judge.alphabet) != (config.length, config.alphabet):
        raise InputError(
            f"the judge reads {judge.length} bases of {judge.alphabet} and the model {config.length} of "
            f"{config.alphabet}: choose a judge that was trained on sequences like the model's"
        )
    if judge.n_tasks == config.n_tasks == 1:
        return 0
    return find_output(judge, output_names(config)[task])


def judged(designs: list[Design], judge: ConvNet, task: int, covariates: np.ndarray | None = None) -> list[Design]:
    """The designs with the judge's predictions of their starts and of themselves; covariates: raw `(C,)`."""
    if not designs:
        return []
    sequences = [one.start for one in designs] + [one.sequence for one in designs]
    X = one_hot(sequences, judge.config.alphabet)
    beside = None if covariates is None else np.tile(covariates, (len(X), 1))
    before, after = predict(judge, X, beside)[:, task].reshape(2, -1).tolist()
    return [one._replace(judge=pair) for one, pair in zip(designs, zip(before, after, strict=True), strict=True)]


class Similarity(NamedTuple):
    """Distances from the nearest example: of `(N,)` sequences, and what is usual among the examples themselves.

    A distance is the share of a sequence's different 6-base words that its nearest example lacks: 0 where it has them
    all. usual: the distance within which 95 % of a sample of examples have their nearest other example.
    """

    distance: np.ndarray
    usual: float


def nearest(sequences: np.ndarray, examples: np.ndarray, *, seed: int = 0) -> Similarity:
    """How far one-hot `(N, 4, L)` sequences lie from one-hot `(M, 4, L')` examples.

    Raises InputError where there are fewer than two examples.
    """
    if len(examples) < 2:
        raise InputError(f"there are {len(examples)} examples to compare with: give at least 2")
    known = _words(to_codes(examples))
    some = np.sort(np.random.default_rng(seed).permutation(len(examples))[:_SAMPLED])
    among = _distances(known[some], known, own=some)
    return Similarity(_distances(_words(to_codes(sequences)), known), float(np.quantile(among, 0.95)))


def _words(codes: np.ndarray) -> csr_array:
    """Which words of K bases each of `codes (N, L)` has: `(N, 4^K)`, 1 or 0."""
    from scipy.sparse import csr_array

    places = max(codes.shape[1] - K + 1, 0)
    value, known = np.zeros((len(codes), places), np.int32), np.ones((len(codes), places), bool)
    for offset in range(K):
        column = codes[:, offset : offset + places]
        value, known = 4 * value + column, known & (column < 4)
    row = np.repeat(np.arange(len(codes)), places).reshape(known.shape)[known]
    found = csr_array((np.ones(len(row), np.float32), (row, value[known])), shape=(len(codes), 4**K))
    found.sum_duplicates()
    found.data[:] = 1
    return found


def _distances(words: csr_array, known: csr_array, own: np.ndarray | None = None) -> np.ndarray:
    """`(N,)`; own: the row of `known` that each is, which does not count."""
    other, result = known.T.tocsr(), np.ones(words.shape[0])
    size = np.maximum(words.sum(axis=1), 1)
    for begin in range(0, words.shape[0], _AT_ONCE):
        shared = (words[begin : begin + _AT_ONCE] @ other).toarray()  # (B, M)
        if own is not None:
            rows = own[begin : begin + _AT_ONCE]
            shared[np.arange(len(rows)), rows] = 0
        result[begin : begin + _AT_ONCE] -= shared.max(axis=1) / size[begin : begin + _AT_ONCE]
    return result


def compared(designs: list[Design], examples: np.ndarray, alphabet: str) -> tuple[list[Design], float]:
    """The designs with the distances of their starts and of themselves, and the distance that is usual."""
    if not designs:
        return [], float("nan")
    sequences = [one.start for one in designs] + [one.sequence for one in designs]
    found = nearest(one_hot(sequences, alphabet), examples)
    before, after = found.distance.reshape(2, -1).tolist()
    pairs = zip(before, after, strict=True)
    return [one._replace(distance=pair) for one, pair in zip(designs, pairs, strict=True)], found.usual


def beside_judge(config: ModelConfig, judge: ModelConfig, covariates: np.ndarray | None) -> np.ndarray | None:
    """The judge's covariates `(C,)`: by name those that the model is given, else what is usual for the judge."""
    usual = typical_covariates(judge)
    if usual is None:
        return None
    given = {} if covariates is None else dict(zip(config.covariates, covariates.tolist(), strict=True))
    return np.array([given.get(name, value) for name, value in zip(judge.covariates, usual, strict=True)], np.float32)
