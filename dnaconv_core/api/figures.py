"""`dc.plot.…`: a figure of a result of `dc`, or of plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dnaconv_core.api.tables import Attributed, Evaluated, Table
from dnaconv_core.errors import InputError
from dnaconv_core.sequence.motif import Motif, to_icm

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Judged: TypeAlias = "Evaluated | tuple[Any, Any] | Mapping[str, Evaluated]"


class Svg(str):
    """The text of an SVG, which a notebook draws."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)


def logo(values: Any, *, row: int = 0, **look: Any) -> Svg:
    """A logo as SVG: a motif in bits, attributions (of sequence `row`), or heights `(4, L)`.

    look: kind, alphabet, title, unit, column, height, dark, as in `dnaconv_core.plot.logo.logo_svg`. Raises InputError
    for any other shape, or a row that does not exist.

    >>> logo(np.eye(4), kind="contribution").startswith("<svg")
    True
    """
    from dnaconv_core.plot.logo import logo_svg

    if isinstance(values, Attributed):
        if not 0 <= row < len(values.data):
            raise InputError(f"row is {row}: there are {len(values.data)} sequences, counted from 0")
        look = {"kind": "contribution", "alphabet": values.data.alphabet, "title": str(values.data.ids[row])} | look
        values = values.found.values[row] * values.data.X[row]
    elif isinstance(values, Motif):
        look, values = {"title": values.name} | look, to_icm(values.ppm)
    elif isinstance(values, Table):
        raise InputError(f"a {type(values).__name__} is no logo: give one of its .motifs")
    return Svg(logo_svg(np.asarray(values), **look))


def roc(found: Judged) -> Figure:
    """ROC curves of what `dc.evaluate` gave, of labels and scores `(y, prediction)`, or of several by name.

    Of several outputs the first is drawn. Raises InputError for anything else, or numbers of labels and scores that
    differ.

    >>> [line.name for line in roc(([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.3])).data]
    ['guessing', 'model']
    """
    from dnaconv_core.evaluate.curves import roc_curve_points
    from dnaconv_core.plot.curves import roc_figure

    return roc_figure(_curves(found, roc_curve_points), metrics=_metrics(found, "auroc"))


def precision_recall(found: Judged) -> Figure:
    """Precision-recall curves. Takes what `roc` takes. Raises InputError as it does.

    >>> len(precision_recall({"a": ([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.3])}).data) > 0
    True
    """
    from dnaconv_core.evaluate.curves import pr_curve_points
    from dnaconv_core.plot.curves import pr_figure

    return pr_figure(_curves(found, pr_curve_points), metrics=_metrics(found, "auprc"))


def scatter(found: Evaluated | tuple[Any, Any], *, unit: str = "") -> Figure:
    """Measured against predicted numbers, of what `dc.evaluate` gave or of `(y, prediction)`.

    unit: of both. Of several outputs the first is drawn. Raises InputError as `roc` does.

    >>> type(scatter(([0.1, 0.7, 0.4], [0.2, 0.6, 0.5]))).__name__
    'Figure'
    """
    from dnaconv_core.plot.curves import scatter_figure

    return scatter_figure(*_columns(found), unit=unit)


def _curves(found: Judged, points: Callable[..., Any]) -> dict[str, Any]:
    return {name: points(*_columns(one)) for name, one in _by_name(found).items()}


def _by_name(found: Judged) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {"model": found}


def _columns(found: Evaluated | tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and predictions `(N,)` of the first output."""
    if isinstance(found, Evaluated):
        y, prediction = found.y, found.prediction
    elif isinstance(found, tuple | list | np.ndarray) and len(found) == 2:
        y, prediction = map(np.asarray, found)
    else:
        raise InputError(
            f"no curve can be drawn of a {type(found).__name__}: give what dc.evaluate returned, or (y, prediction)"
        )
    if len(y) != len(prediction):
        raise InputError(f"there are {len(y):,} labels and {len(prediction):,} predictions: give one for each")
    return y.reshape(len(y), -1)[:, 0], prediction.reshape(len(prediction), -1)[:, 0]


def _metrics(found: Judged, name: str) -> dict[str, Any]:
    judged = _by_name(found).items()
    return {key: one.metrics[name] for key, one in judged if isinstance(one, Evaluated) and name in one.metrics}
