"""The experiments that there are: rename, note, delete, export and import them, and the referee's report again."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import streamlit as st

from bring.built_in import built_in
from bring.draft import sentence
from bring.verdicts import as_html, verdicts
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.bring import read_audit
from dnaconv_core.experiments.own import EXPERIMENT, folder_of, own_experiments
from dnaconv_core.experiments.own_store import change_words, delete_experiment
from dnaconv_core.experiments.own_transfer import export_experiment, import_experiment
from dnaconv_core.runs.store import Store
from dnaconv_core.sharing import EXPERIMENTS
from frame import state
from frame.language import mark, said, tr, tr_n
from frame.pages import TRAIN
from frame.sharing import questions_of_others, share_switch
from frame.storing import stores
from frame.users import as_now
from frame.words import Words, code, ours, plain, show_error

_PARTS = {"train": mark("train"), "valid": mark("valid"), "test": mark("test")}


def mine() -> None:
    """A line for each own experiment; nothing but the way to import one where there is none."""
    found = own_experiments()
    st.subheader(tr("Your experiments"), anchor=False)
    if not found.experiments and not found.damaged:
        st.caption(tr("None yet. What you make above is listed here."))
    for experiment in found.experiments.values():
        with st.container(border=True, key=f"own_{experiment.key}"):
            _line(experiment)
    for key, problem in found.damaged.items():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.warning(plain(said(problem)), icon=":material/broken_image:")
            _delete(key)
    questions_of_others()
    _take_in()
    built_in()


def _line(experiment: Experiment) -> None:
    key = experiment.key
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None, width=580):
            st.markdown(f"**{plain(experiment.title)}**")
            st.caption(_told(experiment))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            st.page_link(TRAIN, label=tr("Train"), icon=":material/model_training:", query_params={"experiment": key})
            share_switch(EXPERIMENTS, experiment.key)
            _rename(experiment)
            _export(experiment)
            _delete(key)
    if experiment.note:
        st.caption(plain(experiment.note))
    if experiment.has_data and st.toggle(tr("The referee's report"), key=f"report_{key}"):
        _report(experiment)


def _told(experiment: Experiment) -> Words:
    parts = [tr("{n:,} {part}", n=n, part=tr(ours(_PARTS[part]))) for part, n in experiment.parts]
    told = " · ".join(parts) if parts else tr("words only: its examples are not here")
    made = datetime.fromtimestamp((folder_of(experiment.key) / EXPERIMENT).stat().st_mtime)
    bases, kind = tr("{n:,} bases", n=experiment.length), plain(said(experiment.answer.words.short))
    return f"{told} · {bases} · {kind} · {plain(f'{made:%Y-%m-%d %H:%M}')} · {code(experiment.key)}"


def _report(experiment: Experiment) -> None:
    stored = read_audit(experiment.key)
    verdicts(stored["lines"], place=f"{experiment.key}_")
    as_html(stored["lines"], experiment.title, experiment.key)
    for note in stored["notes"]:
        st.caption(plain(sentence(str(note))))


def _rename(experiment: Experiment) -> None:
    key = experiment.key
    with st.popover(tr("Change"), icon=":material/edit:", type="tertiary"), st.form(f"change_{key}", border=False):
        title = st.text_input(tr("Title"), experiment.title, max_chars=80)
        question = st.text_input(tr("Question"), experiment.question, max_chars=300)
        note = st.text_area(tr("Note"), experiment.note, max_chars=4000, height=100)
        if st.form_submit_button(tr("Save"), **stores()):
            try:
                change_words(key, title=title, question=question, note=note)
            except DnaConvError as error:
                show_error(error, icon=None)
            else:
                st.rerun()


def _export(experiment: Experiment) -> None:
    if experiment.has_data:
        st.download_button(
            tr("Export"),
            as_now(lambda: _packed(experiment.key)),
            f"{experiment.key}.zip",
            key=f"export_{experiment.key}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def _packed(key: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "experiment.zip"
        export_experiment(key, out)
        return out.read_bytes()


def _delete(key: str) -> None:
    """Asks first, and says which runs use it."""
    runs = Store().list(key)
    with st.popover(tr("Delete"), icon=":material/delete:", type="tertiary"):
        if runs:
            st.markdown(_used_by([run.name for run in runs]))
        else:
            st.markdown(tr("No run uses it. Its examples will be deleted for good."))
        if st.button(tr("Delete it"), key=f"delete_{key}", type="primary", **stores()):
            delete_experiment(key, used=bool(runs))
            if state.experiment().key == key or key not in all_experiments():
                state.choose(experiment=next(iter(all_experiments())))
            st.rerun()


def _used_by(names: list[str]) -> Words:
    shown = ", ".join(plain(name) for name in names[:5])
    if len(names) > 5:
        shown = tr("{names} and {n:,} more", names=shown, n=len(names) - 5)
    users = tr_n("Used by {n:,} run", "Used by {n:,} runs", len(names))
    rest = tr("Their models stay, and keep this experiment's words. Its examples will be deleted.")
    return f"{users}: {shown}. {rest}"


def _take_in() -> None:
    with st.expander(tr("Import an experiment that was exported as .zip")):
        number = st.session_state.setdefault("_imports", 0)
        given = st.file_uploader(
            tr("Exported experiment"), type="zip", key=f"imports_{number}", label_visibility="collapsed", **stores()
        )
        if given is None:
            return
        try:
            with tempfile.TemporaryDirectory() as folder:
                packed = Path(folder) / "experiment.zip"
                packed.write_bytes(given.getbuffer())
                taken = import_experiment(packed)
        except DnaConvError as error:
            show_error(str(error).replace(str(packed), given.name))
            return
        except OSError as error:
            raise DataError(f"the file cannot be written ({error.strerror}): free some space") from None
        st.session_state["_imports"] = number + 1
        state.choose(experiment=taken.key)
        st.rerun()
