"""What every page is drawn in: its title and line, errors as one sentence, and the way to a model without one."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.sources import default_preset, default_source
from dnaconv_core.files import DISK_FULL, no_space
from dnaconv_core.memory import FULL, ran_out
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import LIVE, Store
from frame import state
from frame.language import said, tr
from frame.models import Choice, ModelRef, NoModelYet, UnknownOutput, state_of
from frame.outputs import output_choice
from frame.pages import EVALUATE, PREDICT, STEP_THROUGH, TRAIN
from frame.storing import stores
from frame.words import Words, ours, plain, show_error

_log = logging.getLogger("dnaconv.app")


@contextmanager
def errors_shown() -> Iterator[None]:
    """A user's mistake is shown where it happened; a bug is one sentence here and a traceback in the terminal."""
    try:
        yield
    except DnaConvError as error:
        show_error(error)
    except Exception as error:
        _log.exception("an unexpected error while drawing the page")
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:  # a path from a field or a link
            st.error(tr("A name is longer than any file's can be: check it."), icon=":material/error:")
            return
        if ran_out(error):
            st.error(plain(said(FULL)), icon=":material/memory:")
            return
        if no_space(error):
            st.error(plain(said(DISK_FULL)), icon=":material/hard_drive:")
            return
        st.error(
            tr(
                "Something went wrong here that should not have ({kind}). The terminal has the details; the other "
                "pages still work.",
                kind=plain(type(error).__name__),
            ),
            icon=":material/bug_report:",
        )


def no_model_yet(choice: Choice | None) -> None:
    """In place of what needs a finished model: why there is none, and the way to one."""
    with st.container(border=True):
        if choice is not None and choice.run is not None and choice.run.state in LIVE:
            st.markdown(
                tr(
                    "**{name} is still {state}**: {message}.",
                    name=plain(choice.name),
                    state=state_of(choice.run.state),
                    message=plain(said(choice.run.message)),
                )
            )
            words = tr("Watch it learn")
        elif choice is not None and choice.run is not None:
            st.markdown(
                tr(
                    "**{name} has no model** ({state}). {error}",
                    name=plain(choice.name),
                    state=state_of(choice.run.state),
                    error=plain(said(choice.run.error)),
                )
            )
            words = tr("See the run")
        else:
            st.markdown(tr("**There is no model yet.** Train one now, or shape your own network first."))
            words = tr("Shape a network")
        with st.container(horizontal=True, vertical_alignment="center"):
            if choice is None:
                _train_now()
            st.page_link(TRAIN, label=words, icon=":material/model_training:", query_params=state.link())


def _train_now() -> None:
    """A button that starts a first run as it is, and goes where one sees it learn."""
    experiment = state.experiment()
    preset = default_preset(experiment, default_source(experiment))
    why = plain(said(experiment.presets[preset].why))
    help = tr("On its own data: {why}.", why=why) if experiment.own else tr("On synthetic data: {why}.", why=why)
    if st.button(
        tr("Train the {preset} preset", preset=plain(preset)),
        icon=":material/play_arrow:",
        type="primary",
        **stores(help),
    ):
        run = submit(Store(), RunSpec(experiment.key, preset=preset))
        state.choose(run=run.id)
        st.switch_page(TRAIN, query_params=state.link())


def links_to_use() -> None:
    """To the pages that use the selected model."""
    selection = state.link()
    st.page_link(EVALUATE, label=tr("Evaluate"), icon=":material/insights:", query_params=selection)
    st.page_link(PREDICT, label=tr("Predict"), icon=":material/biotech:", query_params=selection)
    st.page_link(STEP_THROUGH, label=tr("Step through"), icon=":material/calculate:", query_params=selection)


class Head:
    """A page's title and one line about it, drawn once."""

    def __init__(self, title: Words, help: Words | None = None) -> None:
        self.title, self.help, self.drawn = title, help, False

    def __call__(self, line: Words, model: ModelRef | None = None) -> None:
        """model: whose outputs the page shows one of, where there are several."""
        if not self.drawn:
            self.drawn = True
            st.title(ours(self.title), help=ours(self.help or "") or None, anchor=False)
            st.caption(line)
            if model is not None:
                output_choice(model.outputs, model.output, state.experiment().answer.words.one)


@contextmanager
def page(title: Words, line: Words, help: Words | None = None) -> Iterator[None]:
    """A page: its title, one line about it, what is drawn inside, and what goes wrong there as a sentence."""
    state.enter(title)
    Head(title, help)(line)
    with errors_shown():
        yield


@contextmanager
def model_page(title: Words, about: Words) -> Iterator[Head]:
    """A page about `the_model()`: inside, `head(line, model)` draws the title, a line about this model, and the choice
    among its outputs.

    Without a finished model the title stands over `about` and the way to one; so it does over an error before `head`.
    """
    state.enter(title)
    head = Head(title)
    with errors_shown():
        try:
            yield head
        except NoModelYet as none:
            head(about)
            no_model_yet(none.choice)
        except UnknownOutput as error:
            head(about, error.model)
            raise
        except Exception:
            head(about)
            raise
