"""What the agenda shows: which view, which days, whose hours. All of it lives in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypedDict

import streamlit as st
from babel.dates import format_interval, format_skeleton

from dashboard.access.actor import Actor
from dashboard.team import queries as team
from dashboard.ui import address, filters, formats
from dashboard.ui.language import _

ROOMS = "rooms"
NOT_MARKED = "not_marked"
SERIES_ENDING = "series_ending"
MONTHS_APART = 31
DAY_FIELD_WIDTH = 160


class Narrowed(TypedDict):
    """Whose hours are asked for; nothing filters nothing."""

    therapist_id: int | None
    room_id: int | None
    site_id: int | None


@dataclass(frozen=True)
class Period:
    """The days ``[first, end)`` that a view shows."""

    first: date
    end: date

    @property
    def since(self) -> datetime:
        """Return the midnight that opens the period, in the practice's time zone."""
        return datetime.combine(self.first, time.min, formats.zone())

    @property
    def until(self) -> datetime:
        """Return the midnight that closes the period, in the practice's time zone."""
        return datetime.combine(self.end, time.min, formats.zone())


def view_choice() -> str:
    """Offer the views and return the one chosen. A telephone starts with the list, which fits its width."""
    words = {
        "day": _("Day"),
        "week": _("Week"),
        "month": _("Month"),
        "list": _("List"),
        ROOMS: _("Rooms"),
        NOT_MARKED: _("Not marked yet"),
        SERIES_ENDING: _("Series ending"),
    }
    first = "list" if is_telephone() else "day"
    return filters.segments("agenda", "view", _("View"), {first: words[first], **words})


def is_telephone() -> bool:
    """Return whether the browser says that it runs on a telephone."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def narrowed(actor: Actor) -> Narrowed:
    """Offer therapist, site and room, and return what was chosen; a therapist starts with their own hours."""
    with st.container(horizontal=True):
        therapist_id = _therapist(actor)
        sites = team.sites(actor)
        site_id = None
        if len(sites) > 1:
            names = {site.id: site.name for site in sites}
            site_id = filters.choice("agenda", "site", _("Site"), names, everything=_("All sites"))
        rooms = team.rooms(actor, site_id)
        labels = {room.id: room.name if site_id else f"{room.name} · {room.site_name}" for room in rooms}
        room_id = filters.choice("agenda", "room", _("Room"), labels, everything=_("All rooms"))
    return {"therapist_id": therapist_id, "room_id": room_id, "site_id": site_id}


def _therapist(actor: Actor) -> int | None:
    names = {str(one.id): one.name for one in team.therapists(actor)}
    own = str(actor.therapist_id)
    mine = {own: _("My own hours")} if actor.role == "therapist" else {}
    others = {key: name for key, name in names.items() if key not in mine}
    options = {**mine, "all": _("All therapists"), **others}
    picked = filters.choice("agenda", "therapist", _("Therapist"), options)
    return int(picked) if picked and picked != "all" else None


def follow(view: str, opened: date) -> None:
    """Go to the day of an appointment that a link opened, unless it is among the days shown or the link names one."""
    shown = period(view, formats.today())
    if address.day_parameter("day") is None and not shown.first <= opened < shown.end:
        address.keep("day", opened.isoformat())


def period_choice(view: str) -> tuple[date, Period]:
    """Offer the day with a step back and forth; return it and the days that ``view`` shows around it."""
    today = formats.today()
    here = address.day_parameter("day") or today
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button(_("Earlier"), key="agenda_earlier", icon=":material/chevron_left:"):
            _go(_step(here, view, -1))
        if st.button(_("Today"), key="agenda_today", disabled=here == today):
            _go(today)
        if st.button(_("Later"), key="agenda_later", icon=":material/chevron_right:", icon_position="right"):
            _go(_step(here, view, 1))
        with st.container(width=DAY_FIELD_WIDTH):
            day = filters.day("agenda", "day", _("Day"), today)
        st.subheader(title(view, day), anchor=False)
    return day, period(view, day)


def title(view: str, day: date) -> str:
    """Return the days that a view shows, in words."""
    if view == "month":
        return str(format_skeleton("yMMMM", day, locale=formats.locale()))
    if view == "week":
        shown = period(view, day)
        return str(format_interval(shown.first, shown.end - timedelta(days=1), "yMMMd", locale=formats.locale()))
    return formats.day(day, "full")


def period(view: str, day: date) -> Period:
    """Return the days that a view shows: the day, its week from Monday, or the whole weeks of its month."""
    if view == "week":
        first = day - timedelta(days=day.weekday())
        return Period(first, first + timedelta(weeks=1))
    if view == "month":
        opening = day.replace(day=1)
        following = (opening + timedelta(days=MONTHS_APART)).replace(day=1)
        first = opening - timedelta(days=opening.weekday())
        return Period(first, following + timedelta(days=-following.weekday() % 7))
    return Period(day, day + timedelta(days=1))


def _step(day: date, view: str, direction: int) -> date:
    if view == "month":
        opening = day.replace(day=1)
        return (opening + timedelta(days=MONTHS_APART if direction > 0 else -1)).replace(day=1)
    return day + timedelta(days=direction * (7 if view == "week" else 1))


def _go(day: date) -> None:
    address.keep("day", day.isoformat() if day != formats.today() else None)
    st.rerun()
