"""The referee's lines as a page of their own, that loads nothing from anywhere."""

from __future__ import annotations

from html import escape

from dnaconv_core.evaluate.referee import worst
from dnaconv_core.evaluate.referee_line import Line

_WORDS = {"fine": "Nothing stands in the way.", "look": "Some things deserve a look before you believe a figure.",
          "stop": "Something should be fixed before training."}  # fmt: skip
_STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;
border-bottom:1px solid #8884}.fine{color:#2a8a4a}.look{color:#b07400}.stop{color:#c43c3c}.v{font-weight:600}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap}"""


def referee_page(title: str, lines: list[Line], notes: tuple[str, ...] = ()) -> str:
    """HTML of the lines, each with its verdict in word and colour. Text is escaped: nothing in it is interpreted."""
    rows = "".join(
        f"<tr><td class='v {line.verdict}'>{line.verdict}</td><td>{escape(line.check)}</td>"
        f"<td class=n>{'' if line.value is None else f'{line.value:,.4g}'}</td><td>{escape(line.sentence)}</td>"
        f"<td>{escape(line.mend)}</td></tr>"
        for line in lines
    )
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    name, verdict = escape(title), worst(lines)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}: the referee</title><style>{_STYLE}</style>"
        f"<h1>{name}</h1><p class='v {verdict}'>{_WORDS[verdict]}</p>{told}"
        f"<table><tr><th>Verdict<th>Check<th>Figure<th>What was found<th>What helps</tr>{rows}</table></html>\n"
    )
