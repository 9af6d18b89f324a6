"""What a model learned as one HTML page: no script, no network, every picture inside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.answers.outputs import output_names, shown_output
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.interpret.attribution import NAMES
from dnaconv_core.interpret.evidence import network_check
from dnaconv_core.interpret.findings import METHOD, SITE, Findings, gather
from dnaconv_core.interpret.match import NO_MATCH, Match
from dnaconv_core.interpret.naming import set_words
from dnaconv_core.interpret.words import NOT_NAMED, group_words, output_word, spelled
from dnaconv_core.plot.logo import logo_svg
from dnaconv_core.results import Metric
from dnaconv_core.sequence.motif import Motif, to_icm

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1c212b;background:#fff}
body{max-width:1000px;margin:2.5rem auto;padding:0 1.2rem}
h1{margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid #dde1e7;padding-bottom:.3rem}
table{border-collapse:collapse;margin:.6rem 0}td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:middle}
th{font-weight:600;border-bottom:1px solid #dde1e7}.muted{color:#5f6775}.number{text-align:right}
svg{max-width:100%;height:auto}figure{margin:.8rem 0;overflow-x:auto}
"""
_MARKS = {True: "✓", False: "✗ do not trust this map as it is:", None: "–"}


def write_report(
    bundle: Bundle,
    data: Dataset,
    *,
    motifs: str | Sequence[Motif] = "",
    group: str = "vertebrates",
    named_by: str = "",
    task: int = 0,
    **how: Any,
) -> str:
    """The page as text: metrics, patterns with their effect, filters, and attributions of the highest predictions.

    motifs, group: what names are taken from, as `naming.targets`; named_by: what these motifs are called, where they
    are not read from a file. how: the other options of `findings.gather`. '' where its `progress` asked to stop.
    """
    network = network_check(bundle.metrics, bundle.config, task)
    found = gather(bundle.model, data, motifs=motifs, group=group, task=task, network=network, **how)
    if found is None:
        return ""
    may_name = found.filter_names is not None
    by = named_by or set_words(motifs, group)
    naming = f"Motifs are named by Tomtom against {by}; a q-value above 0.05 is no match" if may_name else NOT_NAMED
    title = escape(str(bundle.record.get("name") or bundle.path.name))
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        f"<meta name=viewport content='width=device-width'><title>What {title} learned</title><style>{_STYLE}</style>",
        f"</head><body><h1>What {title} learned</h1>",
        f"<p class=muted>Experiment {escape(bundle.experiment)} · {len(data):,} examples ({escape(data.label)}) · "
        f"{bundle.config.n_parameters:,} parameters. {escape(naming[0].upper() + naming[1:])}.</p>",
        _which(bundle.config, task),
        _metrics(bundle, task),
        "<h2>Motifs it uses</h2>",
        _patterns(bundle, found),
        "<h2>Filters of the first layer</h2>",
        _filters(bundle.config, found),
        "<h2>Where it looks</h2>",
        _saliency(bundle, data, found),
        "</body></html>",
    ]
    return "\n".join(parts)


def _which(config: ModelConfig, task: int) -> str:
    """Which of several outputs the page is about."""
    shown = shown_output(config, task)
    return f"<p>Filters, motifs and maps are those of the {escape(shown)}.</p>" if shown else ""


def _metrics(bundle: Bundle, task: int) -> str:
    """Those of all outputs and, where there are several, those of the one that the page is about."""
    table, shown = _table(bundle.metrics.get("valid", {})), shown_output(bundle.config, task)
    if shown:
        of_it = _table(bundle.metrics.get(f"valid: {output_names(bundle.config)[task]}", {}))
        table += f"<p>The {escape(shown)}, by itself:</p>{of_it}" if of_it else ""
    return f"<h2>How good it is</h2>{table}" if table else ""


def _table(metrics: dict[str, Metric]) -> str:
    rows = []
    for name, metric in metrics.items():
        if metric.value is not None and name in LABELS:
            told = escape(metric.told())
            rows.append(f"<tr><td>{escape(LABELS[name].name)}<td class=number>{metric.value:.3f}<td>{told}")
    if not rows:
        return ""
    return f"<table><tr><th>on validation data<th>value<th>95 %{''.join(rows)}</table>"


def _patterns(bundle: Bundle, found: Findings) -> str:
    patterns, config = found.discovery.patterns, bundle.config
    if not patterns:
        return "<p>No group of similar seqlets is stronger than in shuffled sequences.</p>"
    (high, low), unit, parts = map(escape, group_words(config)), escape(output_word(config)), []
    look: dict[str, Any] = {"alphabet": config.alphabet, "column": 26.0}
    names: Sequence[list[Match] | None] = [None] * len(patterns) if not found.pattern_names else found.pattern_names
    for number, (p, effect, own) in enumerate(zip(patterns, found.effects, names, strict=True), 1):
        parts.append(
            f"<h3>Pattern {number}: {escape(spelled(p.consensus, config))}</h3><p>{p.n_seqlets:,} seqlets, in "
            f"{p.share_positives:.1%} of {high} and {p.share_negatives:.1%} of {low} (Fisher p {p.p_fisher:.2g}). "
            f"Put into the middle of {len(effect.before)} shuffled sequences it changes the {unit} by "
            f"{effect.mean:+.3f} ({effect.low:+.3f} to {effect.high:+.3f}). {_names(own)}</p><figure>"
            + logo_svg(to_icm(p.motif.ppm), title="what they look like", **look)
            + logo_svg(p.contribution, kind="contribution", title="what they contribute", unit=unit, **look)
            + "</figure>"
        )
    return "".join(parts)


def _filters(config: ModelConfig, found: Findings) -> str:
    rows, motifs = [], found.scan.motifs
    for f in (motifs[i] for i in found.shown):
        change, effect = found.worth.get(f.index), ""
        if change is not None and change.difference.value is not None:
            d = change.difference
            effect = f"{d.value:+.4f}" + f" ({d.told()})" * bool(d.told())
        image = logo_svg(to_icm(f.motif.ppm), alphabet=config.alphabet, column=18, height=84) if f.n_sites else ""
        name = _names(None if found.filter_names is None else found.filter_names[f.index][:1])
        rows.append(
            f"<tr><td>{f.index + 1}<td>{image}<td class=number>{f.n_sites:,}<td class=number>{f.information_bits:.1f}"
            f"<td>{escape(f.note) or name}<td>{effect}"
        )
    head = "<tr><th>filter<th>motif (bits)<th>sites<th>bits<th>name<th>metric without it (95 %)"
    groups = escape(" and ".join(group_words(config)))
    words = f"{len(found.shown)} of {len(motifs)}: those that tell {groups} apart most come first."
    return f"<p class=muted>{words}</p><table>{head}{''.join(rows)}</table>"


def _saliency(bundle: Bundle, data: Dataset, found: Findings) -> str:
    config, unit = bundle.config, output_word(bundle.config)
    reference = found.examples[0].attribution.reference
    high, _ = group_words(config)
    marked = (
        f" Shaded: sites of the patterns above (p at most {SITE:g} at one place)." if found.discovery.patterns else ""
    )
    about = f"The highest predictions among {high}. {NAMES[METHOD]} against {reference}, of the {unit}.{marked}"
    parts = [f"<p class=muted>{escape(about)}</p>"]
    for example in found.examples:
        map_, row = example.attribution, example.row
        title = f"{data.ids[row]}: predicted {example.prediction:.3f}, measured {data.y[row, 0]:g}"
        column = min(max(900 / config.length, 9.5), 26.0)  # a short sequence has room for its title
        look: dict[str, Any] = {"alphabet": config.alphabet, "title": title, "column": column, "unit": unit}
        image = logo_svg(map_.values[0], kind="contribution", spans=[site[1:3] for site in example.sites], **look)
        words = [f"{_MARKS[check.passed]} {check.name}: {check.words}" for check in example.checks]
        words = [
            f"pattern {site.pattern + 1} at bases {site.start + 1} to {site.end}, {site.strand} strand"
            for site in sorted(example.sites, key=lambda site: site.start)
        ] + words
        if map_.covariates is not None:
            pairs = zip(config.covariates, map_.covariates[0], strict=True)
            words = [f"{name} adds {value:+.3f}" for name, value in pairs] + words
        parts.append(f"<figure>{image}<figcaption class=muted>{'<br>'.join(map(escape, words))}</figcaption></figure>")
    return "".join(parts)


def _names(matches: list[Match] | None) -> str:
    if matches is None:
        return ""
    good = [m for m in matches if m.significant]
    if not good:
        return NO_MATCH.capitalize()
    return ", ".join(
        f"{escape(m.name)} <span class=muted>({escape(m.matrix_id)}, q {m.q_value:.2g})</span>" for m in good
    )
