"""Addresses mean the same in every language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
WITH_OPTIONS = {"pills", "segmented_control", "radio", "selectbox", "multiselect", "select_slider"}


def test_no_choice_that_is_drawn_in_the_pages_language_is_written_into_the_address_as_drawn():
    found = []
    for path in APP.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            if getattr(call.func, "attr", "") in WITH_OPTIONS and {"bind", "format_func"} <= set(given):
                names = {node.id for node in ast.walk(given["format_func"]) if isinstance(node, ast.Name)}
                if names & {"tr", "said"}:
                    found.append(f"{path.relative_to(APP)}:{call.lineno}")
    assert not found, f"bind='query-params' writes the drawn names into the address: use frame.addressed ({found})"


@pytest.mark.slow
def test_a_view_is_asked_for_by_its_english_key_and_leaves_the_address_where_it_is_the_first(dashboard):
    at = dashboard("motifs", experiment="tf_binding", run="tf_binding_synthetic", view="Scan")
    assert not at.exception and at.text_input(key="scanned").value
    view = next(row for row in at.get("button_group") if row.key == "_view")
    view.set_value("Found").run()
    assert not at.exception and "view" not in at.query_params
    assert not any(box.key == "scanned" for box in at.text_input)
