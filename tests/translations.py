"""What is missing before the dashboard speaks a language: `python tests/translations.py [FOLDER …]` lists it.

Three lists: texts without a translation (or with other fields in it), translations of texts that are gone, and texts
that are drawn without `tr`. FOLDER is one of app/, as its .po file is called; all of them by default.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
FOLDERS = ("bring", "judge", "learn", "open_up", "use", "frame", "components")
KEYWORDS = {"tr": 1, "tr_n": 2, "mark": 1}  # and how many of their arguments are texts
TRANSLATED = {*KEYWORDS, "said"}
# What may stand in a text as it is in every language.
SAME = re.compile(
    r"(?s:<style>.*</style>)|:material/\w+:|https?://\S+|<[^>]*>|%\{[^}]*\}|%-?[a-zA-Z]|&\w+;|`[^`]*`"
    r"|(?:/\w+)+(?:\.\w+)+|chr\w+:[\d,-]+"
    r"|:(?:gray|red|green|orange|blue|violet|small)(?:-\w+)?\["
)
_UNITS_AND_NAMES = """
bp kb Mb nt MB GB px bits bit ROC AUC PR ROC-AUC PR-AUC FASTA FASTQ BED VCF CSV TSV JSON NPZ PNG SVG PDF ZIP DNA RNA
bigWig bedGraph MEME JASPAR GC GPU CPU ReLU DeepLIFT TF-MoDISco dnaconv log logit Pearson Spearman EcoRI BsaI
"""
NO_TEXT = set(_UNITS_AND_NAMES.split())
DRAWN_KEYWORDS = {"placeholder", "xaxis_title", "yaxis_title", "title_text", "hovertemplate", "ticksuffix"}


_IN_SCRIPT = re.compile(r'\btr\("([^"]*)"')


class Text(NamedTuple):
    file: str  # below app/
    line: int
    msgid: str | tuple[str, ...]


@cache
def texts() -> list[Text]:
    """Every text of the app that is to be translated, in the order of files and lines.

    Read from the syntax tree, not by Babel's own extractor: before Python 3.12 that one looks over what stands in
    f-strings.
    """
    found = []
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS:
                given = node.args[: KEYWORDS[node.func.id]]
                some = tuple(a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str))
                if some:
                    found.append(Text(str(path.relative_to(APP)), node.lineno, some[0] if len(some) == 1 else some))
    for path in sorted(APP.rglob("*.js")):
        for line, row in enumerate(path.read_text().splitlines(), 1):
            found += [Text(str(path.relative_to(APP)), line, one) for one in _IN_SCRIPT.findall(row)]
    return sorted(found, key=lambda text: (text.file, text.line))


def folder_of(file: str) -> str:
    """Whose .po file holds the texts of a file; those of the files beside the folders are the frame's."""
    return file.partition("/")[0] if "/" in file else "frame"


@cache
def catalogue(code: str, folder: str) -> Catalog:
    file = APP / "locales" / code / "LC_MESSAGES" / f"{folder}.po"
    if not file.is_file():
        return Catalog(locale=code)
    with file.open("rb") as stream:
        return read_po(stream, locale=code)


def missing(code: str, folder: str) -> list[str]:
    """The folder's texts that its file does not translate, each with what is wrong."""
    known, told = catalogue(code, folder), []
    for file, line, msgid in texts():
        if folder_of(file) != folder:
            continue
        one = msgid if isinstance(msgid, str) else msgid[0]
        message = known.get(one)
        given = [] if message is None or message.fuzzy else _strings(message.string)
        if not given or not all(text.strip() for text in given):
            told.append(f"app/{file}:{line}: no translation of {one!r}")
        told += [f"app/{file}:{line}: {wrong}" for text in given if text and (wrong := _other_fields(msgid, text))]
    return told


def obsolete(code: str, folder: str) -> list[str]:
    """Translations in the folder's file of texts that it does not have."""
    there = {t.msgid if isinstance(t.msgid, str) else t.msgid[0] for t in texts() if folder_of(t.file) == folder}
    ids = [m.id if isinstance(m.id, str) else m.id[0] for m in catalogue(code, folder) if m.id]
    return [f"{folder}.po: no text {one!r} is in app/{folder}" for one in ids if one not in there]


def _strings(given: str | tuple[str, ...]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _other_fields(msgid: str | tuple[str, ...], translation: str) -> str:
    """What is wrong with the fields of a translation; '' where they are those of one of the texts."""
    allowed = [fields(text) for text in _strings(msgid)]
    try:
        given = fields(translation)
    except ValueError as error:
        return f"{translation!r} is no format: {error}"
    extra = given - set().union(*allowed) or min(allowed, key=len) - given
    return f"{translation!r} has other fields than its text: {', '.join(sorted(extra))}" if extra else ""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# --- texts that are drawn without tr


def unwrapped(reader, folder: str = "") -> list[str]:
    """Every English text that is drawn as it stands in the source, with its place. reader: drawn_text.Reader."""
    told = []
    for path, tree in reader.trees.items():
        file = str(path.relative_to(APP))
        if not folder or folder_of(file) == folder:
            told += [f"app/{file}:{line}: {text!r}" for line, text in sorted(set(_bare(reader, tree)))]
    return told


def _bare(reader, tree: ast.Module) -> Iterator[tuple[int, str]]:
    constants = _assignments(tree)
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]:
        names = constants | (_assignments(scope) if scope is not tree else {})
        for node in _own(scope):
            drawn: list[ast.expr] = []
            if isinstance(node, ast.Call):
                drawn = [*reader._drawn(node), *(k.value for k in node.keywords if k.arg in DRAWN_KEYWORDS)]
            elif isinstance(node, ast.Return) and isinstance(scope, ast.FunctionDef) and node.value is not None:
                words = scope.returns is not None and ast.unparse(scope.returns) in ("Words", "Words | None")
                drawn = [node.value] if words else []
            for expression in drawn:
                yield from _literals(expression, names, frozenset())


def _literals(node: ast.expr, names: dict[str, list[ast.expr]], seen: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The texts in what is drawn, also by way of a local name or a constant of the module."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and is_text(node.value):
            yield node.lineno, node.value
        return
    if isinstance(node, ast.Name):
        for value in names.get(node.id, []) if node.id not in seen else []:
            yield from _literals(value, names, seen | {node.id})
        return
    inner: list[ast.expr] = []
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if name in TRANSLATED:
            inner = []
        case ast.Call(func=ast.Name(id="plain" | "ours"), args=args):
            inner = args
        case ast.Call(func=ast.Attribute(value=value, attr="join" | "format" | "capitalize" | "replace"), args=args):
            inner = [value, *args]
        case ast.JoinedStr(values=values):
            whole = "".join(str(v.value) if isinstance(v, ast.Constant) else " " for v in values)
            if is_text(whole):
                yield node.lineno, whole
            inner = [v.value for v in values if isinstance(v, ast.FormattedValue)]
        case ast.IfExp(body=body, orelse=orelse):
            inner = [body, orelse]
        case ast.BoolOp(values=values):
            inner = values
        case ast.BinOp(left=left, right=right):
            inner = [left, right]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            inner = items
        case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item) | ast.Lambda(body=item) | ast.Starred(value=item):
            inner = [item]
        case ast.Subscript(value=ast.Dict(values=values)):
            inner = values
    for part in inner:
        yield from _literals(part, names, seen)


def is_text(text: str) -> bool:
    """Whether a text has an English word."""
    found = re.findall(r"[A-Za-z][A-Za-z-]+", SAME.sub(" ", text))
    return any(word not in NO_TEXT and not word.isupper() for word in found)


def _assignments(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """What names are given here, those of tables left out."""
    found: dict[str, list[ast.expr]] = {}
    for node in _own(scope):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def main(asked: list[str]) -> int:
    sys.path.insert(0, str(Path(__file__).parent))
    from drawn_text import Reader

    reader = Reader(sorted(APP.rglob("*.py")))
    count = 0
    for folder in asked or FOLDERS:
        lists = {
            "without a translation": missing("ko", folder),
            "translated, but gone": obsolete("ko", folder),
            "drawn without tr": unwrapped(reader, folder),
        }
        for title, lines in lists.items():
            if lines:
                print(f"## {folder}: {len(lines)} {title}", *lines, sep="\n")
            count += len(lines)
    print(f"{count} to do" if count else "all texts are translated")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
