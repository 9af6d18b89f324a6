"""What can be done with one run."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.experiments import all_experiments, get_experiment
from dnaconv_core.runs.queue import extend, resume
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from dnaconv_core.sharing import RUNS
from frame import state
from frame.language import said, tr
from frame.models import state_of
from frame.page import errors_shown
from frame.pages import EVALUATE, TRAIN
from frame.sharing import share_switch
from frame.storing import stores
from frame.users import as_now
from frame.words import code, plain, plain_lines, show_error

_MOST_EPOCHS = 100_000  # of a training, as its schema says


def run_actions(store: Store, run: Run) -> None:
    """What can be done with one run."""
    with st.container(border=True):
        message = f"{plain(said(run.message))} · " if run.message != run.state else ""
        st.markdown(f"**{plain(run.name)}** · {state_of(run.state)} · {message}{code(run.id)}")
        if run.error:
            show_error(run.error)
        if run.notes:
            st.caption(plain_lines(run.notes))
        has_model = (store.folder(run.id) / "weights.safetensors").is_file()
        query = {"experiment": run.experiment, "run": run.id}
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(TRAIN, label=tr("Curves"), icon=":material/show_chart:", query_params=query)
            if has_model:
                st.page_link(EVALUATE, label=tr("Evaluate"), icon=":material/insights:", query_params=query)
            st.page_link(TRAIN, label=tr("Clone"), icon=":material/content_copy:", query_params=as_form(run))
            if run.state in RESUMABLE and st.button(tr("Resume"), icon=":material/play_arrow:", **stores()):
                resume(store, run.id)
                st.rerun()
            if run.state not in LIVE and run.experiment in all_experiments():
                _extend(store, run)
            if has_model:
                st.download_button(
                    tr("Export"),
                    as_now(lambda: _exported(run.id)),
                    file_name=f"{run.id}.zip",
                    mime="application/zip",
                    icon=":material/download:",
                    on_click="ignore",
                    help=tr(
                        "Settings, weights, metrics, predictions, a model card, and the command that repeats the run."
                    ),
                )
            if has_model:
                share_switch(RUNS, run.id)
            _edit(store, run)
            if run.state != "running":
                _delete(store, run)


def as_form(run: Run) -> dict[str, str]:
    """The settings of a run as the Train page reads them from the address."""
    spec = run.spec
    settings = {k: str(v) for k, v in spec.settings.items()}
    parts = {"data": spec.data, "valid": spec.valid, "covariates": spec.covariates, "start": spec.start}
    return {
        "experiment": run.experiment,
        "preset": spec.preset,
        "name": again(run.name),
        **settings,
        **{k: v for k, v in parts.items() if v and v != "synthetic"},
    }


def again(name: str) -> str:
    """What a run like this one is called: 'mine 2' after 'mine', 'mine 3' after 'mine 2'."""
    begin, _, number = name.rpartition(" ")
    known = bool(begin) and number.isdecimal() and len(number) < 4
    end = f" {int(number) + 1}" if known else " 2"
    return (begin if known else name)[: 60 - len(end)] + end


def _exported(run: str) -> bytes:
    from dnaconv_core.runs.transfer import export_model

    return export_model(run)


def _extend(store: Store, run: Run) -> None:
    planned = get_experiment(run.experiment).train_config(run.spec.preset, **run.spec.settings).epochs
    if planned >= _MOST_EPOCHS:
        return
    with st.popover(tr("Extend"), icon=":material/more_time:"):
        twice = min(planned * 2, _MOST_EPOCHS)
        more = st.number_input(tr("Epochs in all"), planned + 1, _MOST_EPOCHS, twice, key=f"more_{run.id}")
        st.caption(tr("It goes on from its last checkpoint, without early stopping."))
        if st.button(tr("Go on"), type="primary", key=f"extend_{run.id}", **stores()):
            extend(store, run.id, int(more))
            st.rerun()


def _edit(store: Store, run: Run) -> None:
    with st.popover(tr("Edit"), icon=":material/edit:"):
        name = st.text_input(tr("Name"), run.name, max_chars=60, key=f"name_{run.id}")
        tags = st.text_input(tr("Tags, with commas between"), ", ".join(run.tags), key=f"tags_{run.id}")
        notes = st.text_area(tr("Notes"), run.notes, max_chars=10_000, key=f"notes_{run.id}")
        if st.button(tr("Save"), type="primary", key=f"save_{run.id}", **stores()):
            with errors_shown():
                store.edit(run.id, name=name, tags=tuple(tags.split(",")), notes=notes)
                st.rerun()


def _delete(store: Store, run: Run) -> None:
    with st.popover(tr("Delete"), icon=":material/delete:"):
        st.markdown(tr("Remove this run, its model and its files for good?"))
        if st.button(tr("Delete for good"), type="primary", key=f"delete_{run.id}", **stores()):
            store.delete(run.id)
            if state.run() == run.id:
                state.choose(run="")
            st.query_params.pop("runs", None)
            st.rerun()
