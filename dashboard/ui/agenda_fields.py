"""The fields of an appointment that its forms share: a choice of names, who comes, the times, the room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import free_hours, rules
from dashboard.agenda.free_hours import Wish
from dashboard.patients import search
from dashboard.team import queries as team
from dashboard.ui import formats
from dashboard.ui.language import _

MOST_FOUND = 20
STEP = timedelta(minutes=5)


def choose(place: Any, title: str, names: Mapping[int, str], key: str, proposed: int | None = None) -> int:
    """Ask for one of ``names``, the one ``proposed`` to begin with."""
    keys = list(names)
    index = keys.index(proposed) if proposed is not None and proposed in names else 0
    chosen: int = place.selectbox(title, keys, index=index, format_func=names.__getitem__, key=key)
    return chosen


def people(actor: Actor, key: str) -> tuple[int, ...]:
    """Ask who comes: a search, and those already chosen, whom the session keeps under ``key``."""
    typed = st.text_input(_("Search"), key=f"{key}_search", placeholder=_("Name, number, telephone …"))
    known: dict[int, str] = st.session_state.setdefault(f"{key}_known", {})
    if typed:
        found = search.files_matching(actor, typed, limit=MOST_FOUND)
        known |= {row["patient_id"]: f"{row['name']} · {row['number']}" for row in found.to_dict("records")}
        if found.empty:
            st.caption(_("No file matches."))
        if len(known) == 1:
            st.session_state.setdefault(f"{key}_patients", list(known))
    chosen = st.multiselect(
        _("Who comes"),
        list(known),
        format_func=known.__getitem__,
        key=f"{key}_patients",
        placeholder=_("Choose") if known else _("Search above, then choose here"),
        select_all=False,
    )
    return tuple(chosen)


def times(key: str, usual: int, name: object) -> tuple[datetime, int]:
    """Ask for day, hour and minutes; the session keeps the first two, which somebody has put there, under ``key``."""
    left, middle, right = st.columns(3)
    day = left.date_input(_("Day"), format="DD/MM/YYYY", key=f"{key}_day")
    begins = middle.time_input(_("Begins"), step=STEP, key=f"{key}_time")
    minutes = right.number_input(_("Minutes"), 5, 720, usual, 5, key=f"{key}_minutes_{name}")
    return rules.instant(datetime.combine(day, begins), formats.zone()), int(minutes)


def room(place: Any, actor: Actor, wish: Wish, wanted: int | None, key: str) -> int | None:
    """Ask in which room of the site ``wish`` is held: the one ``wanted`` to begin with, else any that is free."""
    rooms = {each.id: each.name for each in team.rooms(actor, wish.site_id)}
    free = free_hours.free_room(actor, wish)
    words = _("A free room ({room})").format(room=rooms[free]) if free in rooms else _("No room is free")
    chosen = choose(place, _("Room"), {0: words, **rooms}, key, wanted)
    return chosen or free
