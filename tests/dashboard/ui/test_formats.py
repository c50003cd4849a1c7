"""Amounts, numbers and dates as they are written where the practice is, in the language of the person."""

from __future__ import annotations

import pytest

from dashboard.access.queries import PracticeProfile

SPAIN = PracticeProfile("Práctica", "ES", "EUR", "es_ES", "Europe/Madrid", is_synthetic=True)
CALIFORNIA = PracticeProfile("Practice", "US", "USD", "en_US", "America/Los_Angeles", is_synthetic=True)


def read() -> None:
    from datetime import UTC, date, datetime
    from decimal import Decimal

    import streamlit as st

    from dashboard.ui import formats

    moment = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    st.session_state["told"] = [
        formats.money(Decimal("1234.5")),
        formats.cents(-5),
        formats.number(12345.678, 1),
        formats.percent(0.1234),
        formats.day(date(2026, 3, 1)),
        formats.month(date(2026, 3, 1)),
        formats.moment(moment),
        formats.hour(moment),
    ]


@pytest.mark.parametrize(
    ("language", "practice", "told"),
    [
        ("es", SPAIN, "1.234,50 €|-0,05 €|12.345,7|12,3 %|1 mar 2026|mar 2026|2/3/26, 0:30|0:30"),
        ("en", SPAIN, "1.234,50 €|-0,05 €|12.345,7|12,3 %|1 Mar 2026|Mar 2026|02/03/2026, 00:30|00:30"),
        ("en", CALIFORNIA, "$1,234.50|-$0.05|12,345.7|12.3 %|Mar 1, 2026|Mar 2026|3/1/26, 3:30 PM|3:30 PM"),
    ],
)
def test_each_language_and_country_writes_in_its_own_way(in_session, language, practice, told) -> None:
    found = in_session(read, app_practice=practice, app_language=language).session_state["told"]
    assert [words.replace("\u00a0", " ").replace("\u202f", " ") for words in found] == told.split("|")


def read_absent() -> None:
    import pandas as pd
    import streamlit as st

    from dashboard.ui import formats

    absent = (None, float("nan"), pd.NaT)
    st.session_state["told"] = [
        *(write(nothing) for write in (formats.money, formats.number, formats.percent) for nothing in absent[:2]),
        *(write(nothing) for write in (formats.day, formats.moment) for nothing in absent[::2]),
        formats.cents(None),
    ]


def test_what_is_absent_is_a_dash_and_never_a_zero(in_session) -> None:
    told = in_session(read_absent, app_practice=SPAIN, app_language="en").session_state["told"]
    assert set(told) == {"–"}
