"""Making the experiment: in a thread of the server, with its stage, its progress, the time left and Stop."""

from __future__ import annotations

import time

import streamlit as st

from bring.draft import Draft, for_page, start_over
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.bring import Brought, bring
from dnaconv_core.experiments.recipe import Recipe
from dnaconv_core.progress import Progress
from frame import job, state
from frame.pages import TRAIN
from frame.storing import stores
from frame.words import code

_SURE = 4  # seconds after which the time left can be told


class Timed:
    """Progress that adds the time left to its message."""

    def __init__(self, progress: Progress, clock=time.monotonic) -> None:
        self.progress, self.clock, self.begun = progress, clock, clock()

    def report(self, fraction: float, message: str) -> None:
        took = self.clock() - self.begun
        if took > _SURE and fraction > 0.05:
            left = took / fraction * (1 - fraction)
            message += f" · about {left:.0f} s left" if left < 90 else f" · about {left / 60:.0f} min left"
        self.progress.report(fraction, message)

    def should_stop(self) -> bool:
        return self.progress.should_stop()


def make(draft: Draft, recipe: Recipe | None) -> None:
    """The button, or how far the work is; when it is done, on to training. recipe: None while it cannot be made."""
    key = ("making", draft.lot.token)
    press = st.button(
        "Make the experiment",
        type="primary",
        icon=":material/science:",
        **stores(
            "Reads all of the files and writes the examples in three parts. You can leave this page meanwhile.",
            disabled=recipe is None or job.going_on(key),
        ),
    )
    if press and recipe is not None:
        job.begin_again(key, lambda progress: bring(recipe, Timed(progress)))
        st.rerun()  # the button rests while the work goes on
    if not job.known(key):
        if recipe is not None:
            st.caption(f"Commands will call it {code(recipe.key)}.")
        return
    try:
        made = job.background(key, lambda progress: bring(recipe, Timed(progress)), words="Making", going_on=True)
    except DnaConvError as error:
        st.error(for_page(str(error).replace(f"{draft.lot.folder}/", "")), icon=":material/error:")
        return
    if made is not None:
        job.forget(key)
        _done(made)


def _done(made: Brought) -> None:
    """On to the Train page with the new experiment chosen; the next visit here begins anew."""
    start_over()
    state.choose(experiment=made.experiment.key)
    st.switch_page(TRAIN, query_params={"experiment": made.experiment.key})
