"""The first layer of a run as logos that change, with the names of known motifs that filters have come to look like."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from components.learning import Frame, learning
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.kernel_change import evenly, moved
from dnaconv_core.interpret.kernel_names import KernelName, kernel_names, one_word
from dnaconv_core.runs.record import Filters
from dnaconv_core.runs.store import LIVE, Run, Store
from frame.job import quietly
from frame.language import mark, tr, tr_n

_FILTERS, _FRAMES = 16, 40
_PATIENCE = 10.0  # seconds that the page of a run which has ended waits for names: it is not drawn again by itself
_HELP = mark(
    "The weights of the filters. Letters above the line raise the filter's output, letters below lower it. A name says "
    "which known motif the weights look like (Tomtom, q at most 0.02). Moved: how much of the filter has changed since "
    "the last evaluation."
)


def live_filters(store: Store, run: Run, experiment: Experiment) -> None:
    """The filters as they are now, and how far they moved; of a run that has ended, the film of all evaluations."""
    epochs = store.filter_epochs(run.id)
    wanted = epochs[-2:] if run.state in LIVE else evenly(epochs, _FRAMES)
    read = [found for epoch in wanted if (found := store.filters(run.id, epoch)) is not None]
    if not read:
        return
    names = _names(run, read, experiment)
    total, word = len(read[-1].kernels), one_word(experiment.motif)
    help = tr(_HELP)
    if total > _FILTERS:
        help += " " + tr("Shown are {shown:d} of {n:,} filters.", shown=_FILTERS, n=total)
    alike = {epoch: sum(bool(name.word) for name in some) for epoch, some in names.items()}
    learning(
        _frames(read, first=read[0].epoch == epochs[0]),
        run=run.id,
        names={epoch: [str(name) for name in some[:_FILTERS]] for epoch, some in names.items()},
        alike={epoch: _look_like(n, total, word) for epoch, n in alike.items() if n},
        help=help,
        alphabet=experiment.alphabet,
        height=52,
        key=f"filters_{run.id}",
    )


def _look_like(n: int, total: int, word: str) -> str:
    return tr_n("{n} of {total} looks like {word}", "{n} of {total} look like {word}", n, total=total, word=word)


def _frames(read: list[Filters], *, first: bool) -> list[Frame]:
    """What is drawn of each evaluation. first: whether the first of the run is among them: it moved from nothing."""
    found = [Frame(read[0].epoch, read[0].kernels[:_FILTERS], None, None)] if first or len(read) == 1 else []
    for before, now in pairwise(read):
        kernels = now.kernels[:_FILTERS]
        found.append(Frame(now.epoch, kernels, before.epoch, moved(before.kernels[:_FILTERS], kernels)))
    return found


def _names(run: Run, read: list[Filters], experiment: Experiment) -> dict[int, list[KernelName]]:
    """By epoch, as soon as they are known; found beside the page, which takes seconds the first time."""
    live = run.state in LIVE
    newest = _named(run, read[-1:], experiment, patience=0.2 if live else _PATIENCE)
    return newest if live else newest | _named(run, read[:-1], experiment, patience=_PATIENCE / 3)


def _named(run: Run, some: list[Filters], experiment: Experiment, *, patience: float) -> dict[int, list[KernelName]]:
    if not some:
        return {}
    name = partial(kernel_names, expected=experiment.motif, alphabet=experiment.alphabet)
    key = ("kernel_names", run.id, some[-1].epoch, len(some), run.state in LIVE)
    return quietly(key, lambda _: {found.epoch: name(found.kernels) for found in some}, patience=patience) or {}
