"""Rules for the screens: what a page may import and call, and that every word goes through the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.lints import Fault, calls, dotted, imported

NOT_FOR_PAGES = re.compile(
    r"(sqlalchemy|psycopg|alembic|great_expectations|dbt|expectations)(\.|$)"
    r"|dashboard\.(db|postgres|schema|config|app|server|public_server|public_web|cli|refresh|supervise|migrations|demo)(\.|$)"
    r"|dashboard\.\w+\.models(\.|$)"
)
SQL = re.compile(
    r"\A\s*(?:select\s.+\sfrom\s|with\s+\w+\s+as\s*\(|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s)",
    re.IGNORECASE | re.DOTALL,
)
AGGREGATES = set(
    """
    groupby agg aggregate pivot pivot_table sum mean median cumsum resample nunique
    """.split()
)
# What takes words for a person: as its first argument, or by one of these keywords.
SHOWS_WORDS = set(
    """
    title header subheader caption markdown write text info success warning error toast metric button
    form_submit_button download_button link_button page_link checkbox toggle radio selectbox multiselect pills
    segmented_control slider select_slider text_input text_area number_input date_input time_input datetime_input
    file_uploader camera_input expander popover dialog status spinner menu_button badge Page TextColumn
    NumberColumn DateColumn DatetimeColumn CheckboxColumn SelectboxColumn LinkColumn ProgressColumn
    """.split()
)
WORD_KEYWORDS = set(
    """
    label help title page_title body placeholder text empty everything message buttonText
    """.split()
)
COLOURS = r":(?:red|green|blue|orange|violet|gray|primary)(?:-background|-badge)?(?=\[)"
# The product's name, pages by their files, icons, emphasis in colour.
NO_WORDS = re.compile(rf"Intersession|pages/\w+\.py|:[a-z]+/?[a-z_]*:|{COLOURS}")


def forbidden_import(source: str) -> Iterator[Fault]:
    """A page imports Streamlit, queries and commands, and dashboard.ui; not the layers below them."""
    yield from (
        Fault(module.line, f"a page imports {module.what}")
        for module in imported(source)
        if NOT_FOR_PAGES.match(module.what)
    )


def sql_in_page(source: str) -> Iterator[Fault]:
    """A page has no SQL."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield Fault(node.lineno, "a page contains SQL")


def figure_recomputed(source: str) -> Iterator[Fault]:
    """A figure has one definition, and it is a dbt model: Python filters and orders marts."""
    for call, name in calls(source):
        if name.split(".")[-1] in AGGREGATES:
            yield Fault(call.lineno, f"{name}() computes a figure outside dbt")


def untranslated(source: str) -> Iterator[Fault]:
    """Every word that a person reads goes through ``_()`` or ``ngettext()``."""
    for call, name in calls(source):
        if name.split(".")[-1] in SHOWS_WORDS and call.args:
            yield from _bare_words(call.args[0])
        if name.split(".")[-1] == "Column" and len(call.args) > 1:  # of a list: its name in the frame, its heading
            yield from _bare_words(call.args[1])
        for keyword in call.keywords:
            if keyword.arg in WORD_KEYWORDS:
                yield from _bare_words(keyword.value)


def translated_too_early(source: str) -> Iterator[Fault]:
    """A module outlives its first reader: what is translated while it is loaded stays in that person's language."""
    waiting: list[ast.AST] = list(ast.parse(source).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Call) and dotted(node.func) in {"_", "ngettext"}:
            yield Fault(node.lineno, "a sentence is translated once for everybody")


def _bare_words(node: ast.AST) -> Iterator[Fault]:
    """Yield texts with words in an expression, but not inside a call (which may translate them)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if re.search(r"[^\W\d_]{2}", NO_WORDS.sub("", node.value)):
            yield Fault(node.lineno, f"{node.value!r} is not translated")
    elif isinstance(node, ast.JoinedStr):
        yield from (fault for part in node.values if isinstance(part, ast.Constant) for fault in _bare_words(part))
    elif isinstance(node, ast.IfExp):
        yield from (fault for part in (node.body, node.orelse) for fault in _bare_words(part))
    elif isinstance(node, ast.BinOp):
        yield from (fault for part in (node.left, node.right) for fault in _bare_words(part))
    elif isinstance(node, ast.List | ast.Tuple):
        yield from (fault for part in node.elts for fault in _bare_words(part))


def composed_message(source: str) -> Iterator[Fault]:
    """``_()`` takes a literal: an f-string would be looked up with the values already in it."""
    for call, name in calls(source):
        if name in {"_", "ngettext"} and call.args and isinstance(call.args[0], ast.JoinedStr):
            yield Fault(call.lineno, f"{dotted(call.func)}() takes an f-string; use a placeholder and .format()")
