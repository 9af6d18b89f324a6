"""Figures. `dc.plot.logo`, `dc.plot.roc` and `dc.plot.scatter` take what the functions of the front give."""

from dnaconv_core.front import open_front

_FIGURES = "dnaconv_core.api.figures"
__all__ = open_front(__name__, {name: f"{_FIGURES}:{name}" for name in ("logo", "roc", "precision_recall", "scatter")})
