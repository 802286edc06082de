"""Find the texts of errors in the source: what reaches the `detail` of `field_error()` and kin.

A text may stand in the call, in a variable or table of the same file, or come through a function
of ours that takes it as a parameter. Anything else is reported, so that no text escapes the
catalogue: give it as a literal, or mark it with `translatable()` where it is written.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Carriers = dict[str, tuple[int, str]]
"""Function name to position and name of the parameter that becomes a text."""

FIRST: Carriers = {
    "field_error": (2, "detail"),
    "FieldError": (2, "detail"),
    "Transient": (1, "detail"),
    "Terminal": (1, "detail"),
    "OutsideError": (1, "detail"),
    "Mistake": (2, "detail"),
    "note": (0, "evidence"),  # of a connection test's stage
    "skip": (1, "evidence"),
    "__init__": (1, "detail"),  # of a subclass of these, by super()
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Found:
    """Texts, places whose text cannot be told, and functions through which texts come."""

    texts: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    carriers: Carriers = field(default_factory=lambda: dict(FIRST))


def find_error_texts(paths: list[Path]) -> Found:
    """Read all files again until no further function turns out to carry a text."""
    sources = [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]
    found = Found()
    while True:
        known = dict(found.carriers)
        found.unknown.clear()
        for path, tree in sources:
            _Reader(path, tree, found).read()
        if known == found.carriers:
            return found


class _Reader:
    def __init__(self, path: Path, tree: ast.Module, found: Found) -> None:
        self.path, self.tree, self.found = path, tree, found

    def read(self) -> None:
        self._enter(self.tree, [self.tree])

    def _enter(self, node: ast.AST, scopes: list[ast.AST]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = [*scopes, child] if isinstance(child, Function) else scopes
            if isinstance(child, ast.Call):
                self._call(child, scopes)
            self._enter(child, inner)

    def _call(self, call: ast.Call, scopes: list[ast.AST]) -> None:
        carrier = self.found.carriers.get(_name(call.func))
        if carrier is None:
            return
        position, name = carrier
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        if "advice" in keywords:
            self._text(keywords["advice"], scopes)
        given = keywords.get(name)
        if given is None and len(call.args) > position:
            given = call.args[position]
        if given is not None and not isinstance(given, ast.Starred):
            self._text(given, scopes)

    def _text(self, value: ast.expr, scopes: list[ast.AST]) -> None:
        match value:
            case ast.Constant(value=str(text)):
                self.found.texts.add(text)
            case ast.IfExp(body=body, orelse=orelse):
                self._text(body, scopes)
                self._text(orelse, scopes)
            case ast.Call(func=func) if _name(func) in {"translatable", *self.found.carriers}:
                pass
            case ast.Name(id=name):
                self._variable(name, value, scopes)
            case ast.Subscript(value=ast.Name(id=name)):
                self._table(name, value)
            case ast.Attribute(attr="detail" | "title" | "advice"):
                pass  # of another error, found where that is made
            case _:
                self._give_up(value)

    def _variable(self, name: str, place: ast.expr, scopes: list[ast.AST]) -> None:
        for scope in reversed(scopes):
            values = list(_assigned(scope, name))
            for value in values:
                self._text(value, scopes)
            if values:
                return
            if isinstance(scope, Function) and name in (names := _parameters(scope)):
                position = names.index(name)
                self.found.carriers.setdefault(scope.name, (position, name))
                return
        self._give_up(place)

    def _table(self, name: str, place: ast.expr) -> None:
        for value in _assigned(self.tree, name):
            if isinstance(value, ast.Dict):
                for item in value.values:
                    self._text(item, [self.tree])
                return
        self._give_up(place)

    def _give_up(self, place: ast.expr) -> None:
        self.found.unknown.add(f"{self.path}:{place.lineno}: {ast.unparse(place)}")


def _parameters(function: Function) -> list[str]:
    names = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    return names + [item.arg for item in function.args.kwonlyargs]


def _assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is assigned to `name` in a scope, not in functions inside it."""
    for node in _own_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _matched(target, node.value, name)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from _matched(node.target, node.value, name)


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, Function):
            yield from _own_nodes(child)


def _matched(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its_value in zip(target.elts, value.elts, strict=False):
            yield from _matched(one, its_value, name)


def _name(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""
