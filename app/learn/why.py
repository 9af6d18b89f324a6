"""Why this architecture: seven reasons, each an experiment of a few seconds with its control."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from components.chart import chart
from dnaconv_core.plot.colors import NEUTRAL, categorical
from dnaconv_core.progress import Progress
from dnaconv_core.why.claims import CLAIMS, Claim, Found
from dnaconv_core.why.networks import told
from frame import state
from frame.job import background
from frame.language import mark, said, tr
from frame.page import page
from frame.pages import TRAIN
from frame.words import ours, plain
from frame.work import one_at_a_time
from learn import challenge
from learn.challenge import CHALLENGE

_HELP = mark("Small networks are trained when you open a reason, on sequences made for it. The results are kept.")


def draw() -> None:
    with page(
        tr("Why Conv1D?"),
        tr("Seven reasons for this architecture, each tested in a few seconds; then a challenge."),
        help=tr(_HELP),
    ):
        key = _reason()
        if key == CHALLENGE:
            challenge.draw()
        else:
            _shown(key, CLAIMS[key])


def _reason() -> str:
    """Which reason is shown: the one in the address, or the last one seen where a link to the page names none."""
    first, tabs = next(iter(CLAIMS)), (*CLAIMS, CHALLENGE)
    asked = st.query_params.get("reason", "")
    if not asked and state.just_entered():
        asked = st.session_state.get("_why_seen", "")
    st.session_state["_reason"] = asked if asked in tabs else first
    key = st.segmented_control(
        tr("Reason"),
        tabs,
        format_func=lambda name: tr("Challenge") if name == CHALLENGE else ours(said(CLAIMS[name].title)),
        required=True,
        key="_reason",
        on_change=lambda: state.write({"reason": st.session_state["_reason"]}),
        label_visibility="collapsed",
    )
    if asked not in (*tabs, ""):
        shown = ours(said(CLAIMS[first].title))
        st.warning(tr("There is no reason '{asked}': this is {shown}.", asked=plain(asked), shown=shown))
    st.session_state["_why_seen"] = key
    if asked in tabs:
        state.write({"reason": key})
    return key


def _shown(key: str, claim: Claim) -> None:
    draw = st.session_state.setdefault("_why_draw", {}).get(key, 0)
    with st.container(border=True):
        st.subheader(ours(said(claim.claim)), anchor=False)
        st.caption(tr("**Control.** {control}", control=ours(said(claim.control))))
        place = st.empty()
        with place.container():  # in place of what another reason or draw has shown here
            words = tr("Training the small networks of this experiment…").rstrip("…")
            done = background((f"why {key}", draw), lambda progress: _run(key, draw, progress), words=words)
        if done is not None:
            with place.container():
                _result(key, draw, *done)


def _result(key: str, draw: int, found: Found, seconds: float) -> None:
    claim = CLAIMS[key]
    if found.holds:
        why = f" {said(found.meaning)}" if found.meaning else ""
        st.success(tr("The result supports the claim.") + ours(why), icon=":material/check_circle:")
    else:
        st.warning(tr("With these random numbers, the result does not support the claim."), icon=":material/help:")
    st.caption(ours(said(found.verdict)))
    chart(_figure(found), key=f"why_{key}", height=360, revision=f"{key} {draw}")
    if found.also is not None:
        chart(_figure(found.also), key=f"why_{key}_also", height=300, revision=f"{key} {draw}")
    with st.expander(tr("The figures as a table"), icon=":material/table:"):
        for part in filter(None, (found, found.also)):
            st.dataframe(_table(part), hide_index=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            tr("Other random numbers"), icon=":material/shuffle:", help=tr("New sequences, new initial weights.")
        ):
            st.session_state["_why_draw"][key] = draw + 1
            st.rerun()
        st.page_link(
            TRAIN,
            label=tr("Train this at full size"),
            icon=":material/model_training:",
            query_params={"experiment": claim.experiment}
            | {name: str(value) for name, value in claim.settings.items()},
        )
        st.caption(
            tr("Random numbers {n:d}, trained in {seconds:.1f} s.", n=draw + 1, seconds=seconds), width="content"
        )


def _table(found: Found) -> list[dict[str, Any]]:
    """A row for each place on the axis, a column for each series."""
    names = {said(name): [round(value, 3) for value in values] for name, values in found.series.items()}
    title, places = said(found.x_title), [said(str(x)) for x in found.x]
    return [{title: x} | {name: names[name][row] for name in names} for row, x in enumerate(places)]


def _run(key: str, seed: int, progress: Progress) -> tuple[Found, float]:
    """What the networks showed, and the seconds they took once it was their turn."""
    with one_at_a_time(progress):
        started = time.perf_counter()
        with told(progress, CLAIMS[key].networks):
            return CLAIMS[key].run(seed), time.perf_counter() - started


def _figure(found: Found) -> dict[str, Any]:
    traces, shown = [], [f"{value:,}" if isinstance(value, int) else said(str(value)) for value in found.x]
    numeric = all(isinstance(value, float) for value in found.x)
    for index, (name, values) in enumerate(found.series.items()):
        told = said(name)
        common = {"name": told, "x": list(found.x) if numeric else shown, "y": [round(v, 4) for v in values]}
        hover = f"{told}: %{{y:.3f}}<br>%{{x}}<extra></extra>"
        if found.kind == "bars":
            more = {"type": "bar", "marker": {"color": categorical(index)}, "texttemplate": "%{y:.2f}"}
        else:
            dashed = "dropout 0.5" in name  # the same colour as its pair without
            line = {"color": categorical(index % 2 if "dropout" in name else index), "width": 2.2}
            more = {"type": "scatter", "mode": "lines+markers", "line": line | ({"dash": "dot"} if dashed else {})}
        traces.append(common | more | {"hovertemplate": hover})
    shapes = []
    if found.reference is not None:
        line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
        shapes = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": found.reference, "y1": found.reference}]
        shapes[0]["line"] = line
    lowest = min(value for values in found.series.values() for value in values)
    scale = {"range": [0 if found.kind == "bars" else min(0.4, lowest - 0.04), 1.04]}  # a bar's length counts from zero
    layout = {
        "barmode": "group",
        "margin": {"l": 56, "r": 16, "t": 8, "b": 48},
        "showlegend": len(found.series) > 1,
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"title": {"text": said(found.x_title)}, **({} if numeric else {"type": "category"})},
        "yaxis": {"title": {"text": said(found.y_title)}, **(scale if found.reference else {})},
        "shapes": shapes,
    }
    return {"data": traces, "layout": layout}


draw()
