"""Each lint over the repository, and over a bad source of its own that it must flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import lints, page_lints
from tests.architecture.lints import ROOT, Lint, faults, python_files

CODE = ("dashboard", "expectations", "pages")
MIGRATIONS = ROOT / "dashboard" / "migrations"
# Statements made of identifiers of ours, which cannot be parameters: roles, schemas, triggers.
COMPOSES_STATEMENTS = {ROOT / "dashboard" / name for name in ("schema.py", "db.py", "demo/rules_aside.py")}


def code(*places: str) -> list[Path]:
    """Return the Python files of the product, or of some places in it."""
    return python_files(*(places or CODE))


@pytest.mark.parametrize(
    "lint",
    [lints.dangerous_call, lints.unfinished, lints.empty_name, lints.long_file, page_lints.composed_message],
    ids=lambda lint: lint.__name__,
)
def test_the_code_keeps_the_rules_of_the_house(lint: Lint) -> None:
    assert faults(lint, code()) == []


@pytest.mark.parametrize("lint", [lints.unfinished, lints.long_file], ids=lambda lint: lint.__name__)
def test_the_tests_keep_the_rules_of_the_house(lint: Lint) -> None:
    assert faults(lint, [path for path in python_files("tests") if path != Path(__file__)]) == []  # bad sources below


def test_no_function_is_long() -> None:
    assert faults(lints.long_function, [path for path in code() if MIGRATIONS not in path.parents]) == []


def test_no_value_is_pasted_into_sql() -> None:
    paths = [path for path in code() if MIGRATIONS not in path.parents and path not in COMPOSES_STATEMENTS]
    assert faults(lints.composed_sql, paths) == []


def test_only_the_clock_tells_the_time() -> None:
    paths = [path for path in code() if path != ROOT / "dashboard" / "clock.py"]
    assert faults(lints.other_clock, paths) == []


@pytest.mark.parametrize(
    "lint",
    [lints.long_page, page_lints.forbidden_import, page_lints.sql_in_page, page_lints.figure_recomputed],
    ids=lambda lint: lint.__name__,
)
def test_pages_only_lay_out(lint: Lint) -> None:
    assert faults(lint, code("pages")) == []


def test_key_figures_are_read_and_never_computed() -> None:
    assert faults(page_lints.figure_recomputed, code("dashboard/key_figures")) == []


def test_every_word_on_a_screen_is_translated() -> None:
    assert faults(page_lints.untranslated, code("pages", "dashboard/ui", "dashboard/app.py")) == []
    # A page is no module: it is run for each person.
    assert faults(page_lints.translated_too_early, code("dashboard")) == []


LONG_FUNCTION = "def long():\n" + "    count()\n" * 40
BAD_SOURCES = [
    (lints.long_page, "\n" * 121),
    (lints.long_file, "\n" * 401),
    (lints.long_function, LONG_FUNCTION),
    (lints.dangerous_call, "import pickle"),
    (lints.dangerous_call, "from pickle import loads"),
    (lints.dangerous_call, "st.markdown(name, unsafe_allow_html=True)"),
    (lints.dangerous_call, "st.html(name, unsafe_allow_javascript=True)"),
    (lints.dangerous_call, "st.exception(error)"),
    (lints.dangerous_call, "@st.cache_data(persist='disk')\ndef rows(): ..."),
    (lints.composed_sql, "session.execute(f'select {name}')"),
    (lints.composed_sql, "session.scalars(text('select %s' % name))"),
    (lints.composed_sql, "sa.text('select ' + name)"),
    (lints.composed_sql, "cursor.execute('select {}'.format(name))"),
    (lints.other_clock, "datetime.datetime.now(UTC)"),
    (lints.other_clock, "date.today()"),
    (lints.other_clock, "pd.Timestamp.now()"),
    (lints.unfinished, "x = 1  # TODO"),
    (lints.unfinished, "raise NotImplementedError"),
    (lints.unfinished, "open('/home/somebody/rows.csv')"),
    (lints.empty_name, "def get_data(): ..."),
    (lints.empty_name, "def handle_row(): ..."),
    (lints.empty_name, "class BookingManager: ..."),
    (page_lints.forbidden_import, "import sqlalchemy as sa"),
    (page_lints.forbidden_import, "from dashboard import db"),
    (page_lints.forbidden_import, "from dashboard.agenda import models"),
    (page_lints.forbidden_import, "from dashboard.agenda.models import Appointment"),
    (page_lints.forbidden_import, "def late():\n    import great_expectations"),
    (page_lints.sql_in_page, "rows = 'select number from patient'"),
    (page_lints.figure_recomputed, "frame.groupby('month').sum()"),
    (page_lints.untranslated, "st.title('Agenda')"),
    (page_lints.untranslated, "left.metric(f'Open {count}', 3)"),
    (page_lints.untranslated, "st.button(_('Save'), help='Keep it')"),
    (page_lints.untranslated, "st.info('none' if empty else _('some'))"),
    (page_lints.untranslated, "st.markdown(':red[Late]')"),
    (page_lints.translated_too_early, "@st.dialog(_('New file'))\ndef ask(): ..."),
    (page_lints.translated_too_early, "TITLES = {'new': _('New')}"),
    (page_lints.untranslated, "Column('number', 'Number')"),
    (page_lints.composed_message, "_(f'Page {number}')"),
]
GOOD_SOURCES = [
    (lints.long_function, "def short():\n" + "    count()\n" * 39),
    (lints.composed_sql, "session.execute(text('select 1 where :name = 1'), {'name': f'{name}%'})"),
    (lints.composed_sql, "session.execute(f'listen {CHANNEL}')"),
    (lints.composed_sql, "session.execute(sql.SQL('analyze {}').format(sql.Identifier(table)))"),
    (lints.composed_sql, "st.text(f'{hours} hours')"),
    (lints.other_clock, "clock.now()"),
    (lints.unfinished, "path = '/var/lib/intersession'"),
    (lints.unfinished, "try:\n    unzip()\nexcept NotImplementedError:\n    refuse()"),
    (page_lints.untranslated, "st.page_link('pages/agenda.py', label=_('Agenda'))"),
    (lints.empty_name, "def manager(): ...\ndef data_folder(): ..."),
    (page_lints.forbidden_import, "from dashboard.agenda import queries\nimport streamlit as st"),
    (page_lints.sql_in_page, "words = 'Select a row to open it'"),
    (page_lints.untranslated, "st.title(_('Agenda'))\nst.caption(f'{name} · **{role}**')\nst.button(':material/add:')"),
    (page_lints.untranslated, "Column('number', _('Number'))"),
    (page_lints.composed_message, "_('Page {number}').format(number=1)"),
]


@pytest.mark.parametrize(("lint", "source"), BAD_SOURCES)
def test_a_bad_source_is_flagged(lint: Lint, source: str) -> None:
    assert list(lint(source))


@pytest.mark.parametrize(("lint", "source"), GOOD_SOURCES)
def test_a_good_source_is_left_alone(lint: Lint, source: str) -> None:
    assert list(lint(source)) == []


def test_every_lint_has_a_source_that_it_flags() -> None:
    written = {function for module in (lints, page_lints) for function in vars(module).values() if callable(function)}
    controlled = {lint for lint, _ in BAD_SOURCES}
    run_over_sources = {f for f in written if getattr(f, "__annotations__", {}).get("return") == "Iterator[Fault]"}
    assert {f for f in run_over_sources if not f.__name__.startswith("_")} - {lints.imported} == controlled
