"""The motifs a model uses over a whole dataset, and a bench to try any motif on."""

from __future__ import annotations

from frame.addressed import choose_one
from frame.cache import held_out
from frame.language import mark, tr
from frame.models import the_model
from frame.page import model_page
from frame.words import plain
from open_up import motif_bench, motif_found, motif_grammar, motif_scan

_SHOWN = {
    "Found": motif_found.show, "Bench": motif_bench.show, "Grammar": motif_grammar.show, "Scan": motif_scan.show,
}  # fmt: skip
_NAMES = {"Found": mark("Found"), "Bench": mark("Bench"), "Grammar": mark("Grammar"), "Scan": mark("Scan")}


def draw() -> None:
    about = tr("The motifs that a model uses over a whole dataset, and a bench to try any motif on.")
    with model_page(tr("Motifs"), about) as head:
        model = the_model()
        name = plain(model.name)
        head(
            tr("The motifs that **{model}** uses over a whole dataset, and a bench to try any motif on.", model=name),
            model,
        )
        view = choose_one(tr("Show"), _NAMES, key="view", label_visibility="collapsed")
        data = held_out(model)
        _SHOWN[view](model, data)


draw()
