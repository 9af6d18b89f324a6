"""What settings and lengths of time are called on the pages where networks are trained and compared."""

from __future__ import annotations

from dnaconv_core.plot.search import setting_label
from frame.language import said, tr
from frame.words import Words


def setting_name(name: str) -> str:
    """What a setting is called in the form; not yet escaped."""
    return said(setting_label(name))


def duration(seconds: float) -> Words:
    """A length of time as one says it: 40 s, 6 min, 1.5 h."""
    if seconds < 90:
        return tr("{n:.0f} s", n=seconds)
    return tr("{n:.0f} min", n=seconds / 60) if seconds < 5400 else tr("{n:.1f} h", n=seconds / 3600)
