"""One of many that a chart and a table choose together: each shows what was chosen in the other."""

from __future__ import annotations

from typing import Any

import streamlit as st


class Picking:
    """What is chosen under a key, a number; None while nothing is."""

    def __init__(self, key: str) -> None:
        self.key = f"_picking_{key}"

    @property
    def number(self) -> int | None:
        return st.session_state.get(self.key)

    def by_chart(self, number: Any) -> None:
        """A click in the chart: the table is drawn anew, with that row chosen."""
        if isinstance(number, int) and number != self.number:
            st.session_state.update({self.key: number, f"{self.key}_turn": self._turn + 1})
            st.rerun()

    def kept_in(self, name: str) -> dict[str, Any]:
        """`key` and `selection_default` of the table; `name` is its own."""
        rows = [] if self.number is None else [self.number]
        return {"key": f"{name}_{self._turn}", "selection_default": {"selection": {"rows": rows, "columns": []}}}

    def by_table(self, rows: list[int], count: int) -> None:
        """What the table says is chosen. One that begins with a row says so as if it had been clicked."""
        last = f"{self.key}_rows_{self._turn}"
        before = st.session_state.setdefault(last, [] if self.number is None else [self.number])
        if rows != before:
            st.session_state.update({last: rows, self.key: rows[0] if rows and rows[0] < count else None})
            st.rerun()

    @property
    def _turn(self) -> int:
        return st.session_state.get(f"{self.key}_turn", 0)
