"""What stands in an address is a wish: anything but an id, a code or a day of ours counts as absent."""

from __future__ import annotations

import pytest


def read() -> None:
    import streamlit as st

    from dashboard.ui import address

    st.session_state["told"] = (
        address.parameter("x"),
        address.id_parameter("x"),
        address.day_parameter("x"),
        address.choice_parameter("x", [1, "week", None]),
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", (None, None, None, None)),
        ("1", ("1", 1, None, 1)),
        ("week", ("week", None, None, "week")),
        ("2026-02-28", ("2026-02-28", None, "2026-02-28", None)),
        ("2026-02-30", ("2026-02-30", None, None, None)),
        ("None", ("None", None, None, None)),
        ("-1", ("-1", None, None, None)),
        ("1.0", ("1.0", None, None, None)),
        ("\u0661\u0662", ("\u0661\u0662", None, None, None)),
        ("9" * 19, ("9" * 19, None, None, None)),
        ("x" * 65, (None, None, None, None)),
        ("1 or 1=1", ("1 or 1=1", None, None, None)),
    ],
)
def test_a_parameter_is_an_id_a_day_or_a_known_code_or_absent(in_session, given, told) -> None:
    word, number, day, choice = in_session(read, {"x": given}).session_state["told"]
    assert (word, number, day and day.isoformat(), choice) == told


def write() -> None:
    from dashboard.ui import address

    address.keep("kept", 12)
    address.keep("left", None)
    address.keep("emptied", "")


def test_what_is_kept_is_written_and_what_is_absent_is_taken_out(in_session) -> None:
    app = in_session(write, {"left": "1", "emptied": "2", "other": "3"})
    assert app.query_params == {"kept": "12", "other": "3"}
