"""Our own rules, as a lint: `python scripts/lint/house.py FOLDER...`.

Each rule has a name; a line (or the line above it) may skip one by
``# lint-skip: rule-name (reason)``. The tests hold good and bad examples of every rule.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SKIP = re.compile(r"#\s*lint-skip:\s*(?P<rule>[a-z-]+)\s*\((?P<reason>[^)]+)\)")
BANNED_NAMES = re.compile(
    r"^(do|handle|process)_|(^|_)(manager|helper|utils)$|^(Manager|Helper)|(Manager|Helper)$"
)
DIGIT_CHECKS = {"isdigit", "isdecimal", "isnumeric"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one line."""

    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


Found = Iterator[tuple[ast.AST, str]]


def raw_session(path: Path, tree: ast.AST) -> Found:
    """Transactions begin and end in the platform's unit of work alone."""
    if "sindico_platform" in path.parts:
        return
    for call in calls(tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "rollback"}:
            yield call, f"`.{call.func.attr}()` belongs to sindico_platform's unit of work"
        if name_of(call.func).endswith(("sessionmaker", "enqueue_job")):
            yield call, f"`{name_of(call.func)}` belongs to sindico_platform"


def environment(path: Path, tree: ast.AST) -> Found:
    """Settings are read once, in settings.py."""
    if path.name == "settings.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
            if name_of(node.value) == "os":
                yield node, "read it through sindico_platform.settings"


def select_outside_queries(path: Path, tree: ast.AST) -> Found:
    """Every SELECT stands in a domain's queries.py; a service locks and checks through it."""
    if path.name != "service.py" and "v1" not in path.parts and "console" not in path.parts:
        return
    for call in calls(tree):
        if name_of(call.func) in {"select", "sqlalchemy.select"}:
            yield call, "move the SELECT to queries.py"


def wall_clock(path: Path, tree: ast.AST) -> Found:
    """Domain code takes time from the transaction, so that tests can fix it."""
    if path.name not in {"service.py", "queries.py"}:
        return
    for call in calls(tree):
        if name_of(call.func) in {"datetime.now", "datetime.utcnow", "time.time", "date.today"}:
            yield call, "use tx.now"


def unread_fields(path: Path, tree: ast.AST) -> Found:
    """What a browser sent is no id and no number until console/submitted.py has read it."""
    if "console" not in path.parts or path.name == "submitted.py":
        return
    for call in calls(tree):
        if name_of(call.func) == "UUID":
            yield call, "read it by id_in of console/submitted.py"
        if isinstance(call.func, ast.Attribute) and call.func.attr in DIGIT_CHECKS:
            yield call, "read it by number_in of console/submitted.py"


def vague_names(_path: Path, tree: ast.AST) -> Found:
    """do_, handle_, process_, manager, helper and utils say nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if BANNED_NAMES.search(node.name):
                yield node, f"`{node.name}` does not say what it is"


def long_files(_path: Path, tree: ast.AST) -> Found:
    """Past 500 lines, a file has a seam somewhere."""
    body = getattr(tree, "body", [])
    if body and (last := body[-1].end_lineno or 0) > 500:
        yield body[0], f"{last} lines; look for the seam"


def long_functions(_path: Path, tree: ast.AST) -> Found:
    """Past 50 lines, a function has a seam somewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > 50:
                yield node, f"`{node.name}` has {lines} lines"


RULES: dict[str, Callable[[Path, ast.AST], Found]] = {
    "raw-session": raw_session,
    "environment": environment,
    "select-outside-queries": select_outside_queries,
    "wall-clock": wall_clock,
    "unread-fields": unread_fields,
    "vague-names": vague_names,
    "long-files": long_files,
    "long-functions": long_functions,
}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(node: ast.AST) -> str:
    """Dotted name of a plain reference, or an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}".lstrip(".")
    return ""


def check(path: Path, source: str) -> list[Finding]:
    """Findings of every rule in one file, less those skipped with a reason."""
    tree = ast.parse(source, filename=str(path))
    lines = source.splitlines()
    return [
        Finding(path, line, rule, message)
        for rule, find in RULES.items()
        for node, message in find(path, tree)
        if not skipped(lines, line := getattr(node, "lineno", 1), rule)
    ]


def skipped(lines: list[str], line: int, rule: str) -> bool:
    near = lines[max(line - 2, 0) : line]
    return any((match := SKIP.search(text)) and match["rule"] == rule for text in near)


def main(folders: list[str]) -> int:
    files = sorted(file for folder in folders for file in Path(folder).rglob("*.py"))
    findings = [finding for file in files for finding in check(file, file.read_text())]
    for finding in findings:
        print(finding)
    print(f"house rules: {len(files)} files, {len(findings)} findings")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
