"""The pages about interpretation and the report tell the same figures of one model."""

from __future__ import annotations

import pytest

from dnaconv_core.interpret.findings import gather
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs.store import Store


def metric(at, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


@pytest.mark.slow
def test_filters_and_motifs_are_those_of_the_report(dashboard, trained, settled, monkeypatch):
    from dnaconv_core.plot import report

    given = []
    monkeypatch.setattr(report, "write_report", lambda bundle, data, **how: given.append((data, how)) or "<!doctype>")
    run = trained("chromatin")
    at = settled(dashboard("motifs", experiment="chromatin", run=run.id))
    settled(at.button(key="find_motifs").click().run())
    line = next(text.value for text in at.markdown if "seqlets in" in text.value)
    settled(at.button(key="report").click().run())
    (data, how) = given[-1]
    model = load_bundle(Store().folder(run.id)).model
    found = gather(model, data, may_name=False)  # looked for again
    assert f"{len(found.discovery.seqlets):,} seqlets in {len(found.discovery.rows):,} sequences" in line
    assert f"**{len(found.discovery.patterns)} pattern" in line and f"{found.discovery.n_unassigned:,} fit no" in line
    assert len(how["discovery"].seqlets) == len(found.discovery.seqlets)  # and not again for the button's report
    for index, change in found.worth.items():
        at = settled(dashboard("filters", experiment="chromatin", run=run.id, filter=str(index + 1)))
        f = found.scan.motifs[index]
        assert (metric(at, "Sites"), metric(at, "Information")) == (f"{f.n_sites:,}", f"{f.information_bits:.1f} bits")
        assert f"{change.difference.value:+.4f}" == metric(at, "ROC-AUC without it")
        assert any(change.difference.told() in caption.value for caption in at.caption)
