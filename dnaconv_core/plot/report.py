"""What a model learned as one HTML page: no script, no network, every picture inside."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.interpret.words import NOT_NAMED, group_words, output_word, spelled
from dnaconv_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1c212b;background:#fff}
body{max-width:1000px;margin:2.5rem auto;padding:0 1.2rem}
h1{margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid #dde1e7;padding-bottom:.3rem}
table{border-collapse:collapse;margin:.6rem 0}td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:middle}
th{font-weight:600;border-bottom:1px solid #dde1e7}.muted{color:#5f6775}.number{text-align:right}
svg{max-width:100%;height:auto}figure{margin:.8rem 0;overflow-x:auto}
"""
_SHOWN = 4  # sequences drawn


def write_report(
    bundle: Bundle,
    data: Dataset,
    *,
    motifs: str = "",
    group: str = "vertebrates",
    may_name: bool = True,
    progress: Progress = SILENT,
) -> str:
    """The page as text: metrics, patterns with their effect, filters, and attributions of the highest predictions.

    may_name: whether there are motifs to compare with.
    """
    from dnaconv_core.interpret.ablation import ablate_filters
    from dnaconv_core.interpret.attribution import covariates_for
    from dnaconv_core.interpret.discovery import discover
    from dnaconv_core.interpret.filters import by_usefulness, filter_motifs
    from dnaconv_core.interpret.naming import FIRST, named, named_filters

    model, beside = bundle.model, covariates_for(bundle.model, data)
    scan = filter_motifs(model, data.X, progress=progress)
    order = by_usefulness(scan, data.y)
    shown = [int(i) for i in order[:FIRST]]
    worth = ablate_filters(model, data.X, data.y, beside, indices=shown, progress=progress)
    found = discover(model, data.X, data.y, beside, most=500, progress=progress)
    patterns, filters = [None] * len(found.patterns), [None] * len(scan.motifs)
    if may_name:
        patterns = named([p.motif for p in found.patterns], motifs, group) if patterns else []
        filters = named_filters([f.motif for f in scan.motifs], order, motifs, group)
    naming = "Motifs are named by Tomtom; a q-value above 0.05 is no match" if may_name else NOT_NAMED
    title = escape(str(bundle.record.get("name") or bundle.path.name))
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        f"<meta name=viewport content='width=device-width'><title>What {title} learned</title><style>{_STYLE}</style>",
        f"</head><body><h1>What {title} learned</h1>",
        f"<p class=muted>Experiment {escape(bundle.experiment)} · {len(data):,} examples ({escape(data.label)}) · "
        f"{bundle.config.n_parameters:,} parameters. {escape(naming)}.</p>",
        _metrics(bundle),
        "<h2>Motifs it uses</h2>",
        _patterns(bundle, data, found, patterns),
        "<h2>Filters of the first layer</h2>",
        _filters(bundle.config, scan, shown, filters, {change.index: change for change in worth}),
        "<h2>Where it looks</h2>",
        _saliency(bundle, data, beside),
        "</body></html>",
    ]
    return "\n".join(parts)


def _metrics(bundle: Bundle) -> str:
    from dnaconv_core.evaluate.metrics import LABELS

    rows = []
    for name, metric in bundle.metrics.get("valid", {}).items():
        if metric.value is not None and name in LABELS:
            interval = f"{metric.low:.3f} – {metric.high:.3f}" if metric.low is not None else ""
            rows.append(f"<tr><td>{escape(LABELS[name].name)}<td class=number>{metric.value:.3f}<td>{interval}")
    if not rows:
        return ""
    return f"<h2>How good it is</h2><table><tr><th>on validation data<th>value<th>95 %{''.join(rows)}</table>"


def _patterns(bundle: Bundle, data: Dataset, found, matches) -> str:
    from dnaconv_core.interpret.marginalize import backgrounds, marginalize
    from dnaconv_core.plot.logo import logo_svg
    from dnaconv_core.sequence.motif import to_icm

    if not found.patterns:
        return "<p>No group of alike seqlets is stronger than shuffled sequences explain.</p>"
    config, (high, low), parts = bundle.config, group_words(bundle.config), []
    unit, made = output_word(config), backgrounds(data.X, config.length, 100)
    look = {"alphabet": config.alphabet, "column": 26.0}
    for number, (p, own) in enumerate(zip(found.patterns, matches, strict=True), 1):
        effect = marginalize(bundle.model, made, p.motif)
        parts.append(
            f"<h3>Pattern {number}: {escape(spelled(p.consensus, config))}</h3><p>{p.n_seqlets:,} seqlets, in "
            f"{p.share_positives:.1%} of {high} and {p.share_negatives:.1%} of {low} (Fisher p {p.p_fisher:.2g}). "
            f"Put into the middle of 100 shuffled sequences it changes the {unit} by {effect.mean:+.3f} "
            f"({effect.low:+.3f} to {effect.high:+.3f}). {_names(own)}</p><figure>"
            + logo_svg(to_icm(p.motif.ppm), title="what they look like", **look)
            + logo_svg(
                p.contribution, kind="contribution", title="what they contribute", unit=output_word(config), **look
            )
            + "</figure>"
        )
    return "".join(parts)


def _filters(config, scan, shown: list[int], matches, changes) -> str:
    from dnaconv_core.plot.logo import logo_svg
    from dnaconv_core.sequence.motif import to_icm

    rows = []
    for f, own in ((scan.motifs[i], matches[i]) for i in shown):
        change = changes.get(f.index)
        effect = ""
        if change is not None and change.difference.value is not None:
            d = change.difference
            effect = f"{d.value:+.4f}" + (f" ({d.low:+.4f} to {d.high:+.4f})" if d.low is not None else "")
        image = logo_svg(to_icm(f.motif.ppm), alphabet=config.alphabet, column=18, height=84) if f.n_sites else ""
        rows.append(
            f"<tr><td>{f.index + 1}<td>{image}<td class=number>{f.n_sites:,}<td class=number>{f.information_bits:.1f}"
            f"<td>{escape(f.note) or _names(own and own[:1])}<td>{effect}"
        )
    head = "<tr><th>filter<th>motif (bits)<th>sites<th>bits<th>name<th>metric without it (95 %)"
    groups = " and ".join(group_words(config))
    words = f"{len(shown)} of {len(scan.motifs)}: those that tell {groups} apart most come first."
    return f"<p class=muted>{words}</p><table>{head}{''.join(rows)}</table>"


def _saliency(bundle: Bundle, data: Dataset, beside) -> str:
    from dnaconv_core.interpret.attribution import NAMES, attribute
    from dnaconv_core.interpret.evidence import convergence, random_weights_check
    from dnaconv_core.plot.logo import logo_svg
    from dnaconv_core.predict import predict

    said = predict(bundle.model, np.asarray(data.X[:]), beside)[:, 0]
    rows = np.argsort(-said, kind="stable")[:_SHOWN]
    X, c = np.asarray(data.X[rows]), None if beside is None else beside[rows]
    method = "deeplift_shap"
    found = attribute(bundle.model, X, method=method, covariates=c)
    unit = output_word(bundle.config)
    parts = [f"<p class=muted>{NAMES[method]} against {found.reference}, of the {unit}.</p>"]
    for i, row in enumerate(rows):
        title = f"{data.ids[row]}: predicted {said[row]:.3f}, measured {data.y[row, 0]:g}"
        image = logo_svg(
            found.values[i], kind="contribution", alphabet=bundle.config.alphabet, title=title, column=9.5, unit=unit
        )
        one = slice(i, i + 1)
        alone = found._replace(values=found.values[one], delta=found.delta[one])
        checks = [
            convergence(alone, 0),
            random_weights_check(bundle.model, X[one], alone, covariates=None if c is None else c[one]),
        ]
        words = [f"{check.name}: {check.words}" for check in checks]
        if found.covariates is not None:
            pairs = zip(bundle.config.covariates, found.covariates[i], strict=True)
            words = [f"{name} adds {value:+.3f}" for name, value in pairs] + words
        parts.append(f"<figure>{image}<figcaption class=muted>{escape('; '.join(words))}.</figcaption></figure>")
    return "".join(parts)


def _names(matches) -> str:
    from dnaconv_core.interpret.match import NO_MATCH

    if matches is None:
        return ""
    good = [m for m in matches if m.significant]
    if not good:
        return NO_MATCH.capitalize()
    return ", ".join(
        f"{escape(m.name)} <span class=muted>({escape(m.matrix_id)}, q {m.q_value:.2g})</span>" for m in good
    )
