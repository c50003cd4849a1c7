"""Rules of the house that no published linter knows. A lint takes a source text and yields what is wrong with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_PAGE = 120
LONGEST_FUNCTION = 40


@dataclass(frozen=True)
class Fault:
    """What is wrong on a line."""

    line: int
    what: str


Lint = Callable[[str], Iterator[Fault]]


def python_files(*places: str) -> list[Path]:
    """Return the Python files in folders (or files) of the repository."""
    found = [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]
    return found + [ROOT / place for place in places if place.endswith(".py") and (ROOT / place).is_file()]


def faults(lint: Lint, paths: list[Path]) -> list[str]:
    """Run a lint over files and return its findings as ``file:line: what``."""
    return [
        f"{path.relative_to(ROOT)}:{fault.line}: {fault.what}"
        for path in paths
        for fault in lint(path.read_text(encoding="utf-8"))
    ]


def calls(source: str) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call with the dotted name of what is called (``st.title``, ``datetime.now``)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for an attribute of a name; what is not a plain name becomes ``…``."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "…"


def imported(source: str) -> Iterator[Fault]:
    """Yield every module that a source imports, at its line; ``from a import b`` counts as a and as a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Fault(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield Fault(node.lineno, node.module)
            yield from (Fault(node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def long_page(source: str) -> Iterator[Fault]:
    """A page has at most 120 lines."""
    yield from _longer_than(LONGEST_PAGE, source)


def long_file(source: str) -> Iterator[Fault]:
    """A file has at most 400 lines."""
    yield from _longer_than(LONGEST_FILE, source)


def _longer_than(limit: int, source: str) -> Iterator[Fault]:
    lines = source.count("\n")
    if lines > limit:
        yield Fault(lines, f"{lines} lines, {limit} at most")


def long_function(source: str) -> Iterator[Fault]:
    """A function has at most 40 lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield Fault(node.lineno, f"{node.name} has {lines} lines, {LONGEST_FUNCTION} at most")


BANNED_MODULES = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
BANNED_KEYWORDS = {"unsafe_allow_html", "unsafe_allow_javascript"}


def dangerous_call(source: str) -> Iterator[Fault]:
    """Nothing runs a person's text in a browser, shows them a traceback, or keeps their data in a file of ours."""
    for module in imported(source):
        if module.what.split(".")[0] in BANNED_MODULES:
            yield Fault(module.line, f"{module.what} runs what it reads")
    for call, name in calls(source):
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        for keyword in BANNED_KEYWORDS & keywords.keys():
            yield Fault(call.lineno, f"{keyword} lets text become code")
        if name in {"st.exception", "streamlit.exception"}:
            yield Fault(call.lineno, "st.exception shows values to a person")
        if "persist" in keywords and "cache" in name:
            yield Fault(call.lineno, "persist writes cached rows to a disk")


SQL_CALLS = {"text", "execute", "executemany", "exec_driver_sql", "read_sql", "read_sql_query", "scalar", "scalars"}


def composed_sql(source: str) -> Iterator[Fault]:
    """A value reaches SQL as a parameter, never by an f-string, ``%``, ``+`` or ``format``."""
    for call, name in calls(source):
        is_sql = name.split(".")[-1] in SQL_CALLS and name != "st.text"
        if is_sql and call.args and _is_composed(call.args[0]):
            yield Fault(call.lineno, f"{name}() takes a text that was put together")


def _is_composed(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) and not _is_constant(part.value) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        parts = (node.left, node.right)
        return any(map(_is_text, parts)) and not all(_is_text(part) or _is_constant(part) for part in parts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _is_text(node.func.value)
    return False


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr)


def _is_constant(node: ast.AST) -> bool:
    """Whether a name is a constant of ours, by its capitals: ``CHANNEL``, ``db.OWNER``."""
    return dotted(node).split(".")[-1].isupper()


CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "Timestamp.now", "Timestamp.today")


def other_clock(source: str) -> Iterator[Fault]:
    """Only dashboard/clock.py asks what time it is."""
    for call, name in calls(source):
        if name.endswith(CLOCKS):
            yield Fault(call.lineno, f"{name}(): ask dashboard.clock")


UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w./])/(?:w[o]rk|h[o]me|U[s]ers)/\w")


def unfinished(source: str) -> Iterator[Fault]:
    """What is in the repository is finished, and runs on any machine."""
    for number, line in enumerate(source.splitlines(), start=1):
        if found := UNFINISHED.search(line):
            yield Fault(number, f"{found[0]} marks unfinished work")
        if MACHINE_PATH.search(line):
            yield Fault(number, "a path of one machine")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc and "NotImplementedError" in ast.dump(node.exc):
            yield Fault(node.lineno, "raises NotImplementedError")


EMPTY_NAMES = re.compile(
    r"get_data\w*|handle(?:_\w+)?|process(?:_\w+)?|(?:\w+_)?(?:utils?|helpers?)|\w*(?:Manager|Helper)"
)


def empty_name(source: str) -> Iterator[Fault]:
    """A function or class says what it does: a query is a question, a command is a verb of the practice."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and EMPTY_NAMES.fullmatch(node.name):
            yield Fault(node.lineno, f"{node.name} could be anything")
