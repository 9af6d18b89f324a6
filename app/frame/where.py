"""Where work is done: here, or on the cluster that the server was started with.

A page never takes a cluster's address from its visitors: what a scheduler sends is code, and a link could name one.
"""

from __future__ import annotations

import streamlit as st

from dnaconv_core.cluster.connect import look
from dnaconv_core.cluster.where import where
from dnaconv_core.errors import ClusterError, ConfigError
from frame.language import mark, tr
from frame.words import plain

_HERE, _CLUSTER = mark("This machine"), mark("Cluster")
_PLACES = {_HERE: _HERE, _CLUSTER: _CLUSTER}


def ask_where(key: str, *, begins_here: bool = False) -> str:
    """'' for here; asked for where the server knows a cluster (`DNACONV_CLUSTER`).

    begins_here: this machine is chosen at first, for work that begins without being asked for.
    """
    cluster = where()
    if not cluster:
        return ""
    chosen = st.segmented_control(
        tr("Compute on"),
        [_HERE, _CLUSTER],
        format_func=lambda place: tr(_PLACES[place]),
        default=_HERE if begins_here else _CLUSTER,
        required=True,
        key=key,
        help=tr(
            "The Dask cluster at {address}. Results are the same; its workers must have the same versions.",
            address=plain(cluster),
        ),
    )
    return cluster if chosen == _CLUSTER else ""


def cluster_line(places: set[str]) -> None:
    """Which clusters runs are on, and where Dask shows its work."""
    for place in sorted(places - {""}):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(tr("On the cluster at {address}", address=plain(place)), width="content")
            dashboard_link(place)


def dashboard_link(place: str) -> None:
    """A link to where Dask shows the work; nothing for a cluster that has no such page."""
    if place and (link := _dashboard(place)):
        st.link_button(tr("Dask's dashboard"), link, icon=":material/open_in_new:", type="tertiary")


@st.cache_data(ttl=60, max_entries=8, show_spinner=False)
def _dashboard(place: str) -> str:
    """'' for a cluster that is not the server's own, does not answer, or has none."""
    try:
        return look(place).dashboard if place == where() else ""
    except (ClusterError, ConfigError):
        return ""
