"""The experiments that there are: rename, note, delete, export and import them, and the referee's report again."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import streamlit as st

from bring.built_in import built_in
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
from frame.pages import TRAIN
from frame.sharing import questions_of_others, share_switch
from frame.storing import stores
from frame.users import as_now
from frame.words import Words, code, plain


def mine() -> None:
    """A line for each own experiment; nothing but the way to import one where there is none."""
    found = own_experiments()
    st.subheader("Your experiments", anchor=False)
    if not found.experiments and not found.damaged:
        st.caption("None yet. What you make above is listed here.")
    for experiment in found.experiments.values():
        with st.container(border=True, key=f"own_{experiment.key}"):
            _line(experiment)
    for key, sentence in found.damaged.items():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.warning(plain(sentence), icon=":material/broken_image:")
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
            st.page_link(TRAIN, label="Train", icon=":material/model_training:", query_params={"experiment": key})
            share_switch(EXPERIMENTS, experiment.key)
            _rename(experiment)
            _export(experiment)
            _delete(key)
    if experiment.note:
        st.caption(plain(experiment.note))
    if experiment.has_data and st.toggle("The referee's report", key=f"report_{key}"):
        _report(experiment)


def _told(experiment: Experiment) -> Words:
    parts = (
        " · ".join(f"{n:,} {plain(part)}" for part, n in experiment.parts) or "words only: its examples are not here"
    )
    made = datetime.fromtimestamp((folder_of(experiment.key) / EXPERIMENT).stat().st_mtime)
    words = plain(experiment.answer.words.short)
    return (
        f"{parts} · {experiment.length:,} bases · {words} · {plain(f'{made:%d %b %Y, %H:%M}')} · {code(experiment.key)}"
    )


def _report(experiment: Experiment) -> None:
    stored = read_audit(experiment.key)
    verdicts(stored["lines"], place=f"{experiment.key}_")
    as_html(stored["lines"], experiment.title, experiment.key)
    for note in stored["notes"]:
        st.caption(plain(str(note)))


def _rename(experiment: Experiment) -> None:
    key = experiment.key
    with st.popover("Change", icon=":material/edit:", type="tertiary"), st.form(f"change_{key}", border=False):
        title = st.text_input("Title", experiment.title, max_chars=80)
        question = st.text_input("Question", experiment.question, max_chars=300)
        note = st.text_area("Note", experiment.note, max_chars=4000, height=100)
        if st.form_submit_button("Save", **stores()):
            try:
                change_words(key, title=title, question=question, note=note)
            except DnaConvError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()


def _export(experiment: Experiment) -> None:
    if experiment.has_data:
        st.download_button(
            "Export",
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
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        if runs:
            names = ", ".join(plain(run.name) for run in runs[:5]) + (
                f" and {len(runs) - 5} more" if len(runs) > 5 else ""
            )
            st.markdown(
                f"Used by {len(runs)} run{'s' * (len(runs) > 1)}: {names}. Their models stay, with this experiment's "
                "words; its examples go."
            )
        else:
            st.markdown("No run uses it. Its examples are removed for good.")
        if st.button("Delete it", key=f"delete_{key}", type="primary", **stores()):
            delete_experiment(key, used=bool(runs))
            if state.experiment().key == key or key not in all_experiments():
                state.choose(experiment=next(iter(all_experiments())))
            st.rerun()


def _take_in() -> None:
    with st.expander("Import an experiment that was exported as .zip"):
        number = st.session_state.setdefault("_imports", 0)
        given = st.file_uploader(
            "Exported experiment", type="zip", key=f"imports_{number}", label_visibility="collapsed", **stores()
        )
        if given is None:
            return
        try:
            with tempfile.TemporaryDirectory() as folder:
                packed = Path(folder) / "experiment.zip"
                packed.write_bytes(given.getbuffer())
                taken = import_experiment(packed)
        except DnaConvError as error:
            st.error(plain(str(error).replace(str(packed), given.name)), icon=":material/error:")
            return
        except OSError as error:
            raise DataError(f"the file cannot be written ({error.strerror}): free some space") from None
        st.session_state["_imports"] = number + 1
        state.choose(experiment=taken.key)
        st.rerun()
