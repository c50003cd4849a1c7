"""Filters whose value lives in the page's address, by id or code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

import streamlit as st

from dashboard.access.frames import MOST_COUNTED
from dashboard.ui import address, formats
from dashboard.ui.language import _

T = TypeVar("T", int, str)


def choice(page: str, name: str, label: str, options: Mapping[T, str], *, everything: str | None = None) -> T | None:
    """Offer ``options`` (id or code to words) and return the one chosen.

    Args:
        page: The page's slug; state keys start with it.
        name: The query parameter that holds the choice.
        label: Words above the field.
        options: What may be chosen. Any other value in the address counts as absent.
        everything: Words of the choice that filters nothing; without it something is always chosen.
    """
    keys: list[T | None] = list(options)
    if everything is not None:
        keys.insert(0, None)
    if not keys:
        return None
    state = f"{page}_{name}"
    _follow_address(state, name, address.choice_parameter(name, options) or (keys[0]))
    picked = st.selectbox(
        label,
        keys,
        format_func=lambda key: options[key] if key is not None else everything or "",
        key=state,
        placeholder=everything,
    )
    address.keep(name, picked if picked != keys[0] or everything is None else None)
    st.session_state[f"{state}_seen"] = address.parameter(name)
    return picked


def segments(page: str, name: str, label: str, options: Mapping[str, str]) -> str:
    """Offer a few ``options`` side by side and return the code chosen; the first is the default."""
    state = f"{page}_{name}"
    first = next(iter(options))
    _follow_address(state, name, address.choice_parameter(name, options) or first)
    picked = st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=state, required=True, label_visibility="collapsed"
    )
    address.keep(name, picked if picked != first else None)
    st.session_state[f"{state}_seen"] = address.parameter(name)
    return picked or first


def day(page: str, name: str, label: str, default: date) -> date:
    """Offer a calendar day and return it."""
    state = f"{page}_{name}"
    _follow_address(state, name, address.day_parameter(name) or default)
    value = st.date_input(label, key=state, min_value=address.EARLIEST, max_value=address.LATEST, format="DD/MM/YYYY")
    address.keep(name, value.isoformat() if value != default else None)
    st.session_state[f"{state}_seen"] = address.parameter(name)
    return value


def search(page: str, label: str) -> str:
    """Offer a search field. What is typed may name a person: the session keeps it, it never enters the address."""
    kept = f"{page}_searched"
    hint = _("Name, number, telephone …")
    typed = st.text_input(label, st.session_state.get(kept, ""), key=f"{page}_search", placeholder=hint, max_chars=100)
    st.session_state[kept] = (typed or "").strip()
    return str(st.session_state[kept])


def page_number(page: str, total: int, per_page: int, most: int = MOST_COUNTED) -> int:
    """Offer pages of a long list and return the offset of the first row; nothing is shown when one page holds all."""
    pages = max(1, -(-total // per_page))
    current = min(address.id_parameter("p") or 1, pages)
    if pages == 1:
        address.keep("p", None)
        return 0
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Previous"), key=f"{page}_previous", disabled=current == 1, icon=":material/chevron_left:"):
            address.keep("p", current - 1 if current > 2 else None)
            st.rerun()
        st.caption(_rows_in_words(current, pages, total, most))
        if st.button(_("Next"), key=f"{page}_next", disabled=current == pages, icon=":material/chevron_right:"):
            address.keep("p", current + 1)
            st.rerun()
    return (current - 1) * per_page


def _rows_in_words(current: int, pages: int, total: int, most: int) -> str:
    if total > most:
        return _("Page {page} · more than {total} rows").format(page=current, total=formats.number(most))
    return _("Page {page} of {pages} · {total} rows").format(page=current, pages=pages, total=formats.number(total))


def _follow_address(state: str, name: str, wanted: Any) -> None:
    """Let the address win when it changed since the field last wrote it (a link was followed)."""
    if state not in st.session_state or st.session_state.get(f"{state}_seen") != address.parameter(name):
        st.session_state[state] = wanted
