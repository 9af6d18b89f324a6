"""What a model learned as one HTML page: no script, no network, every picture inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
Say = Callable[[str], str]  # an English sentence, in the language of the page


def write_report(
    bundle: Bundle,
    data: Dataset,
    *,
    motifs: str | Sequence[Motif] = "",
    group: str = "vertebrates",
    named_by: str = "",
    task: int = 0,
    say: Say = str,
    language: str = "en",
    **how: Any,
) -> str:
    """The page as text: metrics, patterns with their effect, filters, and attributions of the highest predictions.

    motifs, group: what names are taken from, as `naming.targets`; named_by: what these motifs are called, where they
    are not read from a file. say: translates a sentence; language: the code of what it translates into. how: the other
    options of `findings.gather`. '' where its `progress` asked to stop.
    """
    network = network_check(bundle.metrics, bundle.config, task)
    found = gather(bundle.model, data, motifs=motifs, group=group, task=task, network=network, **how)
    if found is None:
        return ""
    may_name = found.filter_names is not None
    by = named_by or set_words(motifs, group)
    naming = f"Motifs are named by Tomtom against {by}; a q-value above 0.05 is no match" if may_name else NOT_NAMED
    title = escape(say(f"What {bundle.record.get('name') or bundle.path.name} learned"))
    data_words = f"Experiment {bundle.experiment} · {len(data):,} examples ({data.label})"
    size = f"{bundle.config.n_parameters:,} parameters"
    about = f"{say(data_words)} · {say(size)}. {say(naming[0].upper() + naming[1:])}."
    parts = [
        f"<!doctype html><html lang={language}><head><meta charset=utf-8>",
        f"<meta name=viewport content='width=device-width'><title>{title}</title><style>{_STYLE}</style>",
        f"</head><body><h1>{title}</h1><p class=muted>{escape(about)}</p>",
        _which(bundle.config, task, say),
        _metrics(bundle, task, say),
        _heading(say("Motifs it uses")),
        _patterns(bundle, found, say),
        _heading(say("Filters of the first layer")),
        _filters(bundle.config, found, say),
        _heading(say("Where it looks")),
        _saliency(bundle, data, found, say),
        "</body></html>",
    ]
    return "\n".join(parts)


def _heading(words: str) -> str:
    return f"<h2>{escape(words)}</h2>"


def _row_of_heads(words: Sequence[str], say: Say) -> str:
    return "<tr>" + "".join(f"<th>{escape(say(word))}" for word in words)


def _which(config: ModelConfig, task: int, say: Say) -> str:
    """Which of several outputs the page is about."""
    shown = shown_output(config, task)
    return f"<p>{escape(say(f'Filters, motifs and maps are those of the {shown}.'))}</p>" if shown else ""


def _metrics(bundle: Bundle, task: int, say: Say) -> str:
    """Those of all outputs and, where there are several, those of the one that the page is about."""
    table, shown = _table(bundle.metrics.get("valid", {}), say), shown_output(bundle.config, task)
    if shown:
        of_it = _table(bundle.metrics.get(f"valid: {output_names(bundle.config)[task]}", {}), say)
        table += f"<p>{escape(say(f'The {shown}, by itself:'))}</p>{of_it}" if of_it else ""
    return _heading(say("How good it is")) + table if table else ""


def _table(metrics: dict[str, Metric], say: Say) -> str:
    rows = []
    for name, metric in metrics.items():
        if metric.value is not None and name in LABELS:
            label, told = escape(say(LABELS[name].name)), escape(say(metric.told()))
            rows.append(f"<tr><td>{label}<td class=number>{metric.value:.3f}<td>{told}")
    if not rows:
        return ""
    return f"<table>{_row_of_heads(('on validation data', 'value', '95 %'), say)}{''.join(rows)}</table>"


def _patterns(bundle: Bundle, found: Findings, say: Say) -> str:
    patterns, config = found.discovery.patterns, bundle.config
    if not patterns:
        return f"<p>{escape(say('No group of similar seqlets is stronger than in shuffled sequences.'))}</p>"
    (these, those), unit, parts = group_words(config), output_word(config), []
    look: dict[str, Any] = {"alphabet": config.alphabet, "column": 26.0}
    names: Sequence[list[Match] | None] = [None] * len(patterns) if not found.pattern_names else found.pattern_names
    for number, (p, effect, own) in enumerate(zip(patterns, found.effects, names, strict=True), 1):
        where = (
            f"{p.n_seqlets:,} seqlets, in {p.share_positives:.1%} of {these} and {p.share_negatives:.1%} of {those} "
            f"(Fisher p {p.p_fisher:.2g})."
        )
        changed = (
            f"Put into the middle of {len(effect.before)} shuffled sequences it changes the {unit} by "
            f"{effect.mean:+.3f} ({effect.low:+.3f} to {effect.high:+.3f})."
        )
        parts.append(
            f"<h3>{escape(say(f'Pattern {number}: {spelled(p.consensus, config)}'))}</h3>"
            f"<p>{escape(say(where))} {escape(say(changed))} {_names(own, say)}</p><figure>"
            + logo_svg(to_icm(p.motif.ppm), title=say("what they look like"), **look)
            + logo_svg(p.contribution, kind="contribution", title=say("what they contribute"), unit=say(unit), **look)
            + "</figure>"
        )
    return "".join(parts)


def _filters(config: ModelConfig, found: Findings, say: Say) -> str:
    rows, motifs = [], found.scan.motifs
    for f in (motifs[i] for i in found.shown):
        change, effect = found.worth.get(f.index), ""
        if change is not None and change.difference.value is not None:
            d = change.difference
            effect = f"{d.value:+.4f}" + f" ({escape(say(d.told()))})" * bool(d.told())
        image = logo_svg(to_icm(f.motif.ppm), alphabet=config.alphabet, column=18, height=84) if f.n_sites else ""
        name = _names(None if found.filter_names is None else found.filter_names[f.index][:1], say)
        rows.append(
            f"<tr><td>{f.index + 1}<td>{image}<td class=number>{f.n_sites:,}<td class=number>{f.information_bits:.1f}"
            f"<td>{escape(say(f.note)) or name}<td>{effect}"
        )
    head = _row_of_heads(("filter", "motif (bits)", "sites", "bits", "name", "metric without it (95 %)"), say)
    these, those = group_words(config)
    words = f"{len(found.shown)} of {len(motifs)}: those that tell {these} and {those} apart most come first."
    return f"<p class=muted>{escape(say(words))}</p><table>{head}{''.join(rows)}</table>"


def _saliency(bundle: Bundle, data: Dataset, found: Findings, say: Say) -> str:
    config, unit = bundle.config, output_word(bundle.config)
    reference = found.examples[0].attribution.reference
    these, _ = group_words(config)
    about = say(f"The highest predictions among {these}. {NAMES[METHOD]} against {reference}, of the {unit}.")
    if found.discovery.patterns:
        about += f" {say(f'Shaded: sites of the patterns above (p at most {SITE:g} at one place).')}"
    parts = [f"<p class=muted>{escape(about)}</p>"]
    for example in found.examples:
        map_, row = example.attribution, example.row
        numbers = say(f"predicted {example.prediction:.3f}, measured {data.y[row, 0]:g}")
        column = min(max(900 / config.length, 9.5), 26.0)  # a short sequence has room for its title
        look: dict[str, Any] = {"alphabet": config.alphabet, "title": f"{data.ids[row]}: {numbers}", "column": column}
        image = logo_svg(
            map_.values[0], kind="contribution", unit=say(unit), spans=[site[1:3] for site in example.sites], **look
        )
        words = [f"{_mark(check.passed, say)} {say(check.name)}: {say(check.words)}" for check in example.checks]
        words = [
            say(f"pattern {site.pattern + 1} at bases {site.start + 1} to {site.end}, {site.strand} strand")
            for site in sorted(example.sites, key=lambda site: site.start)
        ] + words
        if map_.covariates is not None:
            pairs = zip(config.covariates, map_.covariates[0], strict=True)
            words = [say(f"{name} adds {value:+.3f}") for name, value in pairs] + words
        parts.append(f"<figure>{image}<figcaption class=muted>{'<br>'.join(map(escape, words))}</figcaption></figure>")
    return "".join(parts)


def _mark(passed: bool | None, say: Say) -> str:
    if passed is None:
        return "–"
    return "✓" if passed else f"✗ {say('do not trust this map as it is')}:"


def _names(matches: list[Match] | None, say: Say) -> str:
    if matches is None:
        return ""
    good = [m for m in matches if m.significant]
    if not good:
        return escape(say(NO_MATCH.capitalize()))
    return ", ".join(
        f"{escape(m.name)} <span class=muted>({escape(m.matrix_id)}, q {m.q_value:.2g})</span>" for m in good
    )
