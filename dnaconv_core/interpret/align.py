"""Sites of deep units brought together: one may lie anywhere in the receptive field, which blurs the motif."""

from __future__ import annotations

import numpy as np

from dnaconv_core.sequence.motif import information_content, to_ppm

_ROUNDS = 10
_LEARNED_FROM = 1000  # windows, of strong and weak ones alike


def aligned(windows: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """The middle half of windows `(S, w)` (codes, 4 where unknown), each shifted by up to a quarter to match others.

    In rounds, each window is shifted to where it fits the letters counted in all of them best (as in Gibbs sampling
    for motifs, Lawrence et al. 1993, without the chance). Any windows look alike after that: so where they gain no
    more information than windows with shuffled bases have then, they are given back whole, as they are.
    """
    some = windows[:: -(-len(windows) // _LEARNED_FROM)]
    shuffled = np.random.default_rng(seed).permuted(some, axis=1)
    found, by_chance = _learn(some), _learn(shuffled)
    if _bits(_cut(some, _best(some, found))) - _bits(_cut(shuffled, _best(shuffled, by_chance))) <= _bits(some):
        return windows
    return _cut(windows, _best(windows, found))


def _learn(windows: np.ndarray) -> np.ndarray:
    """The letters `(4, w / 2)` that the windows agree on, with the most certain ones in the middle."""
    most = windows.shape[1] // 4
    shift = np.full(len(windows), most)
    for number in range(_ROUNDS):
        ppm = _ppm(_cut(windows, shift))
        if number == _ROUNDS // 2:  # a site at the end of the half may be cut off
            bits = information_content(ppm)
            off = round(float((bits * np.arange(len(bits))).sum() / max(bits.sum(), 1e-9) - (len(bits) - 1) / 2))
            ppm = _ppm(_cut(windows, np.clip(shift + off, 0, 2 * most)))
        shift = _best(windows, ppm)
    return ppm


def _best(windows: np.ndarray, ppm: np.ndarray) -> np.ndarray:
    """Where in each window its letters fit best `(S,)`."""
    width = ppm.shape[1]
    score = np.vstack([np.log2(ppm / 0.25), np.zeros(width)])  # (5, w / 2): an unknown base says nothing
    places = range(windows.shape[1] - width + 1)
    return np.stack([score[windows[:, at : at + width], np.arange(width)].sum(axis=1) for at in places]).argmax(axis=0)


def _cut(windows: np.ndarray, start: np.ndarray) -> np.ndarray:
    width = windows.shape[1] - 2 * (windows.shape[1] // 4)
    return np.take_along_axis(windows, start[:, None] + np.arange(width), axis=1)


def _ppm(windows: np.ndarray) -> np.ndarray:
    return to_ppm(np.stack([(windows == base).sum(axis=0) for base in range(4)]).astype(np.float64))


def _bits(windows: np.ndarray) -> float:
    return float(information_content(_ppm(windows)).sum())
