"""The sentences that the core writes, as templates: `python tests/core_texts.py [MODULE …]` lists those without Korean.

A literal or an f-string of the core's source is one template, with the fields named after what is put in: f"{n:,} of
{len(rows)} rows" is "{n} of {len} rows". `frame.language.said` recognises by them what was written, also long ago.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

CORE = Path(__file__).parents[1] / "dnaconv_core"
NO_PAGE = ("commands/", "api/", "cli.py", "front.py", "users.py")  # no page calls these
_LETTERS = re.compile(r"[A-Za-z]")


@cache
def all_texts() -> dict[str, str]:
    """Every literal and f-string of the core but docstrings, as a template, each with its first place."""
    found: dict[str, str] = {}
    for path in sorted(CORE.rglob("*.py")):
        for text, line in _texts(ast.parse(path.read_text())):
            found.setdefault(text, f"{path.relative_to(CORE)}:{line}")
    return found


@cache
def shown_texts() -> dict[str, str]:
    """The sentences that a page may show, each with its first place: of errors, and why a row was left out."""
    found: dict[str, str] = {}
    for path in sorted(CORE.rglob("*.py")):
        place = str(path.relative_to(CORE))
        if not place.startswith(NO_PAGE):
            for node in ast.walk(ast.parse(path.read_text())):
                for text, line in _texts(node) if _tells(node) else ():
                    if is_sentence(text):
                        found.setdefault(text, f"{place}:{line}")
    return found


def _tells(node: ast.AST) -> bool:
    """Whether it raises, or leaves something out with a reason."""
    if isinstance(node, ast.Raise):
        return node.exc is not None
    named = node.func if isinstance(node, ast.Call) else None
    return getattr(named, "id", getattr(named, "attr", "")) in ("Skipped", "without", "_need")


def is_known(text: str, known: Container[str]) -> bool:
    """Whether it has a translation, under whatever names of its fields."""
    return any(_shape(text) == _shape(one) for one in known)


@cache
def _shape(text: str) -> str:
    return re.sub(r"\{\w*\}", "{}", text.replace("{{", "{").replace("}}", "}"))


def _texts(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return
        case ast.Constant(value=str(text)):
            yield escaped(text), node.lineno
        case ast.JoinedStr(values=parts):
            yield _template(parts), node.lineno
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from _texts(part.value)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _texts(child)


def escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _template(parts: list[ast.expr]) -> str:
    taken: dict[str, str] = {}
    return "".join(
        escaped(str(part.value))
        if isinstance(part, ast.Constant)
        else f"{{{taken.setdefault(ast.unparse(part), _free(_name(part.value), taken))}}}"
        for part in parts
    )


def _name(node: ast.expr) -> str:
    """A short name for what is put in: its own, that of its attribute, or of the function that makes it."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower() or "x"
        case ast.Call(func=func):
            return _name(func)
        case ast.Subscript(value=value) | ast.BinOp(left=value):
            return _name(value)
        case ast.IfExp(body=value):
            return _name(value)
    return "x"


def _free(name: str, taken: dict[str, str]) -> str:
    if name not in taken.values():
        return name
    return next(f"{name}{i}" for i in range(2, 99) if f"{name}{i}" not in taken.values())


def is_sentence(text: str) -> bool:
    """Whether it has two words: one alone may be a key."""
    literal = re.sub(r"\{\w+\}", " ", text)
    return len(_LETTERS.findall(literal)) >= 4 and " " in literal.strip() and "\n" not in text


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from translations import catalogue

    known = {message.id for message in catalogue("ko", "core") if message.id}
    asked = sys.argv[1:] or [""]
    rest = [(place, text) for text, place in all_texts().items() if is_sentence(text) and not is_known(text, known)]
    for place, text in rest:
        if any(place.startswith(one) for one in asked):
            print(f"{place}: {text}")
