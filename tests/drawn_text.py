"""Finds text in the dashboard's code that Streamlit would read as Markdown although it is not the project's own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

# Streamlit's functions, and how many of their first arguments are read as Markdown.
_TEXTS = (
    "error warning info success markdown caption title header subheader toast latex html badge button download_button "
    "link_button text_input text_area number_input slider select_slider selectbox multiselect radio pills "
    "segmented_control checkbox toggle file_uploader expander popover spinner status dialog form_submit_button tabs "
    "Column TextColumn NumberColumn LinkColumn LineChartColumn CheckboxColumn ProgressColumn ListColumn"
)
FIRST = {**dict.fromkeys(_TEXTS.split(), 1), "metric": 3, "write": 1, "table": 1}
KEYWORDS = {"label", "help", "text", "caption", "body", "title", "delta", "value"}
ONLY_OF = {"metric": KEYWORDS, "progress": {"text"}, "page_link": {"label", "help"}, "image": {"caption"}}
DRAWN_OPTIONS = {"pills", "segmented_control", "radio"}  # whose options are Markdown too
ESCAPING = {"mark", "plain", "plain_lines", "code", "ours"}
NUMBERS = {"len", "int", "round", "float", "sum", "abs"}
STRING_METHODS = {"capitalize", "lower", "upper", "strip", "removesuffix", "removeprefix"}
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
NUMERIC = re.compile(r".*(?:[%fgde]|,)$")


class Reader:
    """The functions of the dashboard that take or return `Words`, by name."""

    def __init__(self, files: list[Path]) -> None:
        self.trees = {path: ast.parse(path.read_text()) for path in files}
        self.returning: set[str] = set(ESCAPING)
        self.taking: dict[str, dict[str, int]] = {}
        for tree in self.trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self._signature(node, node.name)
                for method in node.body if isinstance(node, ast.ClassDef) else ():
                    if isinstance(method, ast.FunctionDef):
                        kept = node.name.lower()  # draft = Draft(…); draft.text(…)
                        called = {"__init__": node.name, "__call__": kept}
                        self._signature(method, called.get(method.name, f"{kept}.{method.name}"))

    def _signature(self, node: ast.FunctionDef, name: str) -> None:
        """Keep which arguments are `Words` and where they stand."""
        if _is_words(node.returns):
            self.returning.add(node.name)
        places = [a for a in node.args.args if a.arg != "self"]
        given = [*places, *node.args.kwonlyargs]
        taken = {a.arg: places.index(a) if a in places else -1 for a in given if _is_words(a.annotation)}
        if taken and (name != node.name or places == node.args.args):
            self.taking.setdefault(name, {}).update(taken)

    def unsafe(self) -> Iterator[tuple[Path, int, str]]:
        """(file, line, the expression) of every text that could be someone else's."""
        for path, tree in self.trees.items():
            yield from ((path, *found) for found in self._in(tree, {}, None))

    def _in(self, scope: ast.AST, known: dict[str, bool], returns: ast.expr | None) -> Iterator[tuple[int, str]]:
        inner = []
        for node in _own_nodes(scope):
            if isinstance(node, ast.FunctionDef):
                inner.append(node)
            elif isinstance(node, ast.Call):
                for text in self._drawn(node):
                    if not self._safe(text, known, scope):
                        yield text.lineno, ast.unparse(text)
            elif isinstance(node, ast.Return) and _is_words(returns) and not self._safe(node.value, known, scope):
                yield node.lineno, ast.unparse(node)
        for function in inner:
            arguments = [*function.args.args, *function.args.kwonlyargs]
            names = {**known, **{a.arg: _is_words(a.annotation) for a in arguments}}
            yield from self._in(function, names, function.returns)

    def _drawn(self, call: ast.Call) -> Iterator[ast.expr]:
        """The arguments of a call that end up as Markdown."""
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if owner in ("_log", "state", "logging") or (name == "write" and owner != "st"):
            return
        if owner and (name in FIRST or name in ONLY_OF):
            yield from call.args[: FIRST.get(name, 0)]
            wanted = ONLY_OF.get(name, {"label", "help", "body", "title"})
            yield from (k.value for k in call.keywords if k.arg in wanted)
            if name in DRAWN_OPTIONS:
                shown = [k.value for k in call.keywords if k.arg == "format_func"]
                options = [k.value for k in call.keywords if k.arg == "options"] or call.args[1:2]
                yield from shown or options
        elif (places := self.taking.get(f"{owner}.{name}" if owner else name)) is not None:
            yield from (a for i, a in enumerate(call.args) if i in places.values() and not isinstance(a, ast.Starred))
            yield from (k.value for k in call.keywords if k.arg in places)

    def _safe(self, node: ast.expr | None, known: dict[str, bool], scope: ast.AST) -> bool:
        def safe(other: ast.expr) -> bool:
            return self._safe(other, known, scope)

        match node:
            case None | ast.Constant():
                return True
            case ast.JoinedStr(values=parts):
                return all(safe(part) for part in parts)
            case ast.FormattedValue(value=value, format_spec=spec):
                shape = "".join(str(p.value) for p in spec.values if isinstance(p, ast.Constant)) if spec else ""
                return bool(NUMERIC.match(shape)) or safe(value)
            case ast.IfExp(body=body, orelse=orelse):
                return safe(body) and safe(orelse)
            case ast.BoolOp(values=values):
                return all(map(safe, values))
            case ast.BinOp(left=left, right=right, op=op):
                number = (
                    isinstance(right, ast.Constant) and isinstance(right.value, int) and not isinstance(op, ast.Mult)
                )
                return number or (safe(left) and safe(right)) or (isinstance(op, ast.Mult) and safe(left))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return all(map(safe, items))
            case ast.Starred(value=value):
                return safe(value)
            case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item):
                return safe(item)
            case ast.Lambda(body=body):
                return safe(body)
            case ast.Dict(values=values):
                return all(map(safe, values))
            case ast.Call(func=ast.Name(id="tr" | "tr_n")):
                return _safe_translation(node, safe)
            case ast.Call():
                return self._safe_call(node, safe)
            case ast.Name(id=name):
                return self._safe_name(name, known, scope)
            case ast.Subscript(value=value) | ast.Attribute(value=value):
                return safe(value) if not isinstance(value, ast.Name) else bool(CONSTANT.fullmatch(value.id))
        return False

    def _safe_call(self, node: ast.Call, safe) -> bool:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in self.returning or name in NUMBERS:
            return True
        if not isinstance(node.func, ast.Attribute):
            return False
        arguments = [*node.args, *(k.value for k in node.keywords)]
        return (
            (name in ("join", "format", "get") and safe(node.func.value) and all(map(safe, arguments)))
            or (name in STRING_METHODS and safe(node.func.value))
            or ((name == "__getitem__" or name == "replace") and safe(node.func.value))
        )

    def _safe_name(self, name: str, known: dict[str, bool], scope: ast.AST) -> bool:
        if CONSTANT.fullmatch(name) or name in self.returning:
            return True
        given = [
            (target, node.value)
            for node in _own_nodes(scope)
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        ]
        values = [value for target, whole in given for value in _assigned(target, whole, name)]
        loops = [
            found
            for node in _own_nodes(scope)
            if isinstance(node, (ast.For, ast.comprehension, ast.withitem, ast.NamedExpr))
            for found in ast.walk(getattr(node, "target", None) or getattr(node, "optional_vars", None) or ast.Pass())
            if isinstance(found, ast.Name) and found.id == name
        ]
        if loops or not values:
            return bool(known.get(name)) and not loops
        without = {**known, name: True}  # `words += …`
        return all(value is not None and self._safe(value, without, _Nothing(scope, name)) for value in values)


class _Nothing(ast.AST):
    """A scope in which one name is not looked up again."""

    def __init__(self, scope: ast.AST, name: str) -> None:
        super().__init__()
        self.scope, self.name = scope, name


def _safe_translation(call: ast.Call, safe) -> bool:
    """Whether the text stands in the source, and each value is put in as a number or may be drawn as it is."""
    given = call.args[: 1 if getattr(call.func, "id", "") == "tr" else 2]
    texts = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    values = {k.arg: k.value for k in call.keywords}
    fields = [(name, spec) for text in texts for _, name, spec, _ in Formatter().parse(text)]
    numbers = {name for name, spec in fields if name and NUMERIC.match(spec or "")}
    return all(map(safe, given)) and all(safe(v) for name, v in values.items() if name not in numbers)


def _is_words(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in ("Words", "Words | None")


def _assigned(target: ast.expr, value: ast.expr, name: str) -> list[ast.expr | None]:
    """What `name` gets from this assignment: nothing, an expression, or None for one that cannot be told."""
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            return [v for t, w in zip(target.elts, value.elts, strict=True) for v in _assigned(t, w, name)]
        if isinstance(value, ast.IfExp):
            return _assigned(target, value.body, name) + _assigned(target, value.orelse, name)
        return [None for t in ast.walk(target) if isinstance(t, ast.Name) and t.id == name]
    return []


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module or function, without those inside its functions."""
    skipped = scope.name if isinstance(scope, _Nothing) else None
    inside = scope
    while isinstance(inside, _Nothing):
        inside = inside.scope
    waiting = list(ast.iter_child_nodes(inside))
    while waiting:
        node = waiting.pop()
        if skipped and isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id == skipped for t in targets):
                continue
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)
