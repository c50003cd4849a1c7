"""The page's address: filters live in it, as ids and codes only, so that a view can be shared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import streamlit as st

T = TypeVar("T")

LONGEST = 64
EARLIEST, LATEST = date(1980, 1, 1), date(2099, 12, 31)
"""The days that a screen may be asked for; arithmetic on weeks and months stays far from the calendar's own ends."""


def parameter(name: str) -> str | None:
    """Return the first value of a query parameter, or nothing when it is absent, empty or absurdly long."""
    values = st.query_params.get_all(name)
    value = values[0] if values else ""
    return value if 0 < len(value) <= LONGEST else None


def id_parameter(name: str) -> int | None:
    """Return a query parameter as a row's id; anything but ASCII digits counts as absent."""
    value = parameter(name)
    return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 18 else None


def day_parameter(name: str) -> date | None:
    """Return a query parameter as a calendar day (ISO 8601), or nothing."""
    value = parameter(name)
    try:
        found = date.fromisoformat(value) if value else None
    except ValueError:
        return None
    return found if found and EARLIEST <= found <= LATEST else None


def choice_parameter(name: str, allowed: Iterable[T]) -> T | None:
    """Return the allowed value whose text the query parameter holds, or nothing."""
    value = parameter(name)
    return next((option for option in allowed if option is not None and str(option) == value), None)


def keep(name: str, value: object | None) -> None:
    """Write ``value`` into the address, or take the parameter out when there is none."""
    if value is None or value == "":
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != str(value):
        st.query_params[name] = str(value)
