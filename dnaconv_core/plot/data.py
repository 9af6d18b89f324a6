"""Charts of what a dataset holds: labels, lengths and base composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.errors import InputError
from dnaconv_core.plot.colors import BASE_COLORS, CATEGORICAL, NEUTRAL, categorical
from dnaconv_core.plot.style import blank, note, safe
from dnaconv_core.sequence.encoding import LETTERS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def histogram(
    values: Mapping[str, np.ndarray] | np.ndarray,
    *,
    x_title: str,
    bins: int = 40,
    share: bool = False,
    marks: Mapping[str, float] | None = None,
) -> Figure:
    """How often values occur, one outline of bars per group in common bins.

    values: numbers, or {group: numbers}. share: of the group instead of counts, to compare groups of unequal size.
    marks: named vertical lines. Values that are not finite are left out; the counting is done here, so that a chart of
    a million values is as small as one of a hundred.
    """
    groups = values if isinstance(values, Mapping) else {"": values}
    groups = {name: _finite(numbers) for name, numbers in groups.items()}
    figure = blank(x_title, "Share of the group" if share else "Examples", legend=len(groups) > 1)
    every = np.concatenate([*groups.values(), np.empty(0)])
    if len(every) == 0:
        return note(figure, "there are no values to count")
    edges = np.histogram_bin_edges(every, bins=_fitting_bins(every, bins))
    middles, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    for index, (name, numbers) in enumerate(groups.items()):
        counts = np.histogram(numbers, edges)[0].astype(float)
        figure.add_bar(
            x=[float(f"{middle:.6g}") for middle in middles],
            y=(counts / max(len(numbers), 1) if share else counts).tolist(),
            width=float(width),
            name=safe(name),
            marker={"color": categorical(index), "opacity": 0.65 if len(groups) > 1 else 0.9, "line": {"width": 0}},
            hovertemplate=("%{y:.1%}" if share else "%{y:,} examples") + " at %{x:.3g}<extra></extra>",
        )
    for name, at in (marks or {}).items():
        figure.add_vline(x=at, line={"color": NEUTRAL, "dash": "dash", "width": 1.5}, annotation_text=safe(name))
    return figure.update_layout(barmode="overlay", bargap=0)


def label_figure(y: np.ndarray, *, task: str, label: str = "Label", names: Sequence[str] = ()) -> Figure:
    """Class balance (bars with their shares, on a logarithmic axis where one is rare) or the histogram of a number.

    y: known labels `(N,)` or `(N, 1)`. names: of the classes, where there are several.
    """
    y, answer = np.asarray(y, float).reshape(-1), ANSWERS[task]
    if not (answer.yes_or_no or answer.joint):
        return histogram(y, x_title=label)
    bars = ["negative", "positive"] if answer.yes_or_no else [safe(name) for name in names]
    if answer.joint and not bars:
        bars = [str(number) for number in range(answer.n_outputs(y[:, None], ()))]
    counts = [int((y == number).sum()) for number in range(len(bars))]
    figure = blank("", "Examples", legend=False)
    total = max(sum(counts), 1)
    figure.add_bar(
        x=bars,
        y=counts,
        text=[f"{count:,} ({count / total:.2%})" for count in counts],
        marker_color=[NEUTRAL, CATEGORICAL[0]] if answer.yes_or_no else CATEGORICAL[0],
        hovertemplate="%{x}: %{y:,}<extra></extra>",
    )
    rare = 0 < min(counts) < 0.05 * max(counts)  # a bar of 0.4 % would not be seen
    if rare:
        figure.update_yaxes(
            type="log", dtick=1, range=[0, np.log10(max(counts)) + 0.2], title_text="Examples (log scale)"
        )
    return figure.update_xaxes(type="category") if answer.joint else figure


def length_figure(lengths: Sequence[int] | np.ndarray) -> Figure:
    """How many sequences have which length."""
    figure = blank("Length (bases)", "Sequences", legend=False)
    lengths = np.asarray(lengths, int)
    if len(lengths) == 0:
        return note(figure, "there are no sequences to measure")
    values, counts = np.unique(lengths, return_counts=True)
    if len(values) > 60:
        return histogram(lengths, x_title="Length (bases)").update_yaxes(title_text="Sequences")
    figure.add_bar(x=values, y=counts, marker_color=CATEGORICAL[0], hovertemplate="%{y:,} of %{x} bases<extra></extra>")
    return figure.update_xaxes(type="category" if len(values) <= 12 else "linear")


def base_frequencies(X: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Share of each base at each position, `(4, L)`, of one-hot `(N, 4, L)`; ambiguous positions are left out.

    weights: `(N,)`. A position without a single known base has zeros.
    """
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1] != 4:
        raise InputError(f"X has shape {X.shape}: one-hot sequences are (examples, 4, positions)")
    counts = X.sum(axis=0, dtype=float) if weights is None else np.tensordot(np.asarray(weights, float), X, 1)
    total = counts.sum(axis=0)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def composition_figure(frequencies: np.ndarray, *, alphabet: str = "DNA", first: int = 1) -> Figure:
    """Share of each base by position, `(4, L)` as from `base_frequencies`, with the line of equal shares."""
    frequencies = np.asarray(frequencies, float)
    if frequencies.ndim != 2 or frequencies.shape[0] != 4:
        raise InputError(f"frequencies has shape {frequencies.shape}: it must be (4, positions)")
    figure = blank("Position (base)", "Share of sequences")
    at = np.arange(first, first + frequencies.shape[1]).tolist()
    for letter, shares in zip(LETTERS[alphabet], frequencies, strict=True):
        figure.add_scatter(
            x=at,
            y=[float(f"{share:.4g}") for share in shares],
            mode="lines",
            name=letter,
            line={"color": BASE_COLORS[letter], "width": 2},
            hovertemplate=f"{letter} %{{y:.1%}} at %{{x}}<extra></extra>",
        )
    figure.add_hline(y=0.25, line={"color": NEUTRAL, "dash": "dot", "width": 1})
    return figure.update_yaxes(rangemode="tozero", tickformat=".0%")


def base_figure(shares: Mapping[str, Sequence[float]], *, alphabet: str = "DNA") -> Figure:
    """Overall base composition as one stacked bar per group, {group: (4,) shares}."""
    figure = blank("Share of bases", "")
    for k, letter in enumerate(LETTERS[alphabet]):
        figure.add_bar(
            y=[safe(group) for group in shares],
            x=[float(f"{values[k]:.4g}") for values in shares.values()],
            orientation="h",
            name=letter,
            text=[f"{letter} {values[k]:.0%}" for values in shares.values()],
            textposition="inside",
            marker_color=BASE_COLORS[letter],
            hovertemplate=f"%{{y}}: {letter} %{{x:.1%}}<extra></extra>",
        )
    figure.update_xaxes(range=[0, 1], tickformat=".0%").update_yaxes(type="category", autorange="reversed")
    return figure.update_layout(barmode="stack", legend_traceorder="normal")


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, float).reshape(-1)
    return values[np.isfinite(values)]


def _fitting_bins(values: np.ndarray, most: int) -> int:
    """Fewer bins than `most` where there are few values, or few different ones."""
    return max(1, min(most, len(np.unique(values[:100_000])), 2 * int(np.ceil(len(values) ** 0.5))))
