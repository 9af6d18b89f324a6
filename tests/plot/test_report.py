"""The report as a page: what it holds, and that a wish to stop is heard in each of its steps."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.interpret import findings
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.plot.logo import logo_svg
from dnaconv_core.plot.report import write_report
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.sequence.shuffle import random_backgrounds

STEPS = ("filter_motifs", "ablate_filters", "discover", "marginalize", "predict", "attribute")


class Stopping:
    """Asks to stop once this much is done."""

    def __init__(self, at: float) -> None:
        self.at, self.done = at, 0.0

    def report(self, fraction: float, message: str) -> None:
        assert fraction >= self.done - 1e-9  # forward only
        self.done = fraction

    def should_stop(self) -> bool:
        return self.done >= self.at


@pytest.fixture
def bundle(tmp_path):
    """One filter that knows TGACTCA, on synthetic sites."""
    model = build(ModelConfig(length=61, depth=1, filters=2, kernel_size=7, pooling="max", strands="both"), 1)
    with torch.no_grad():
        model.convs[0].weight[0] = torch.from_numpy(one_hot("TGACTCA")[0]).float()
        model.convs[0].bias[0] = -5.0
        model.dense.weight.copy_(torch.tensor([[3.0, 0.1]]))
    save_bundle(tmp_path / "model", model, "tf_binding", record={"name": "A <b>model</b> & more"})
    return load_bundle(tmp_path / "model")


@pytest.fixture
def called(monkeypatch) -> list[str]:
    """The steps in the order in which they were begun."""
    begun: list[str] = []
    for name in STEPS:
        real = getattr(findings, name)
        monkeypatch.setattr(
            findings,
            name,
            lambda *given, name=name, real=real, **options: begun.append(name) or real(*given, **options),
        )
    return begun


@pytest.mark.slow
@pytest.mark.parametrize(
    "at, last", [(0.01, "filter_motifs"), (0.16, "ablate_filters"), (0.31, "discover"), (0.76, "marginalize"),
                 (0.86, "predict"), (0.9, "attribute"), (0.96, "attribute")]
)  # fmt: skip
def test_a_wish_to_stop_is_heard_within_each_step(bundle, called, at, last):
    progress = Stopping(at)
    assert write_report(bundle, tf_binding(300, seed=4, length=61), may_name=False, progress=progress) == ""
    assert called[-1] == last and set(called) == set(STEPS[: STEPS.index(last) + 1])
    assert progress.done < 1 and called.count("attribute") == {0.9: 2, 0.96: 6}.get(at, 0)


class Page(html.parser.HTMLParser):
    """Counts tags, and keeps what could reach beyond the file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.outside, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value[:1] != "#"]

    def handle_data(self, data):
        self.words += data


@pytest.mark.slow
def test_the_page_holds_the_findings_and_nothing_from_elsewhere(bundle, called):
    data = tf_binding(300, seed=4, length=61)
    text = write_report(bundle, data, may_name=False)
    page = Page(text)
    assert page.outside == [] and not {"script", "link", "iframe", "img", "b"} & set(page.tags)
    assert "@import" not in text and "url(" not in text
    assert "What A <b>model</b> & more learned" in page.words and "Not named: JASPAR" in page.words
    assert page.tags.count("h3") == 1 and page.tags.count("figure") == 1 + 4 and page.tags.count("svg") == 2 + 2 + 4
    assert "TGA" in page.words.split("Pattern 1: ")[1][:9] and "changes the logit by +" in page.words
    checks = ("✓ Convergence: ", "Agreement of methods: ", "✓ Random weights: ", "– Stability over seeds: no run")
    assert [page.words.count(check) for check in checks] == [4, 4, 4, 4]
    assert list(dict.fromkeys(called)) == list(STEPS)
    assert write_report(bundle, data, may_name=False) == text  # the same again


@pytest.mark.slow
@pytest.mark.parametrize(
    "how, words", [({}, "JASPAR CORE vertebrates"), ({"group": "insects"}, "JASPAR CORE insects"),
                   ({"motifs": "/home/a/my & own.meme"}, "my & own.meme"),
                   ({"motifs": [from_iupac("TGASTCA")], "named_by": "own.meme"}, "own.meme"),
                   ({"motifs": [from_iupac("TGASTCA")]}, "motifs that were given")]
)  # fmt: skip
def test_the_page_says_what_its_names_are_taken_from(bundle, monkeypatch, how, words):
    monkeypatch.setattr(findings, "named", lambda motifs, *_, **__: [[] for _ in motifs])
    monkeypatch.setattr(findings, "named_filters", lambda motifs, *_, **__: [[] for _ in motifs])
    page = Page(write_report(bundle, tf_binding(80, seed=4, length=61), **how))
    assert f"Motifs are named by Tomtom against {words}; a q-value above 0.05 is no match." in page.words


@pytest.mark.slow
def test_methods_agree_but_where_one_site_stands_in_for_another(bundle):
    """Under a maximum no single substitution matters where a second site is as good, though both methods are right."""
    data = tf_binding(300, seed=4, length=61)
    found = findings.gather(bundle.model, data, may_name=False)
    sites = [len(re.findall("TGA[CG]TCA", data.sequences()[example.row])) for example in found.examples]
    assert sites.count(1) == 2 == sites.count(2)
    assert [example.checks[1].passed for example in found.examples] == [n == 1 for n in sites]
    assert write_report(bundle, data, may_name=False).count("it is: Agreement of methods:") == 2


@pytest.mark.slow
def test_a_failed_check_is_said_and_seeds_are_compared(bundle, monkeypatch):
    from dnaconv_core.interpret import evidence

    monkeypatch.setattr(evidence, "DELTA_SHARE", -1.0)
    seeds = [build(bundle.config, 5)]
    words = Page(write_report(bundle, tf_binding(80, seed=4, length=61), may_name=False, siblings=seeds)).words
    assert words.count("✗ do not trust this map as it is: Convergence: the contributions miss") == 4
    assert words.count("with 1 run from other seeds") == 4


@pytest.mark.slow
def test_a_linear_output_is_not_called_a_logit(tmp_path):
    config = ModelConfig(
        length=21, alphabet="RNA", depth=1, filters=3, kernel_size=4, task="regression", output="linear"
    )
    save_bundle(tmp_path / "m", build(config, 1), "rnai")
    X = random_backgrounds(60, 21, seed=2)
    y = X[:, 0, :4].sum(axis=1).astype(np.float32)[:, None]
    data = Dataset(X, y, np.ones_like(y), np.arange(60).astype(str), None, (), "RNA", "made up")
    text = write_report(load_bundle(Path(tmp_path / "m")), data, may_name=False)
    assert "of the prediction." in text and "logit" not in text


@pytest.mark.slow
def test_where_it_looks_is_shown_on_positives_with_their_sites_shaded(bundle):
    data = tf_binding(300, seed=4, length=61)
    found = findings.gather(bundle.model, data, may_name=False)
    positive = np.flatnonzero(data.y[:, 0] == 1)
    assert len(found.examples) == 4 and all(example.row in positive for example in found.examples)
    assert (
        min(example.prediction for example in found.examples) >= np.sort(predict(bundle.model, data)[positive, 0])[-4]
    )
    for example in found.examples:
        planted = [m.start() for m in re.finditer("TGA[CG]TCA", data.sequences()[example.row])]
        width = found.discovery.patterns[0].motif.width
        assert planted and {site.start for site in example.sites if site.end - site.start == width} >= set(planted)
    text = write_report(bundle, data, may_name=False)
    shaded = sum(len(example.sites) for example in found.examples)
    assert text.count("<rect ") == shaded >= 4 and text.count(" strand</") + text.count(" strand<br>") >= 4


def test_a_logo_shades_what_it_is_told():
    drawn = logo_svg(np.eye(4), column=10, height=130, spans=[(1, 3)])
    assert '<rect x="62" y="10" width="20" height="100"' in drawn  # the axis takes 52 pixels, what is above it 10
    assert "<rect" not in logo_svg(np.eye(4))
