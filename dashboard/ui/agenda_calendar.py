"""The calendar of the agenda: appointments as events, coloured by state, in the practice's wall time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import streamlit as st
from babel import Locale
from streamlit_calendar import calendar

from dashboard import clock
from dashboard.agenda import rules
from dashboard.agenda.queries import Slot
from dashboard.ui import formats
from dashboard.ui.agenda_words import LOOKS, legend, patient_names, place, shown_state
from dashboard.ui.language import _, language

VIEWS = {"day": "timeGridDay", "week": "timeGridWeek", "month": "dayGridMonth", "list": "listDay"}
CROWDED_WEEK = "dayGridWeek"
"""A week of the whole team side by side leaves a name no room; one line each does."""
OPENS, CLOSES = 8, 21
MOST_A_DAY = 4
ROUND = "agenda_round"
"""Counts the panels closed: a fresh component forgets the last click, so that the same event can be clicked again."""

# An event that began a hair above its line would be dragged from the quarter before. Beside what was cancelled the hour
# is free, and is clicked there.
LAYOUT = """
.fc { font-family: "Source Sans", "Source Sans Pro", sans-serif; font-size: 0.875rem; }
.fc .fc-event { border-style: solid; border-width: 0 0 0 4px; border-radius: 4px; cursor: pointer; box-shadow: none; }
.fc .fc-event:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
.fc .fc-event.is-busy { cursor: default; }
.fc .fc-event.is-shaded { border-width: 0; cursor: cell; }
.fc .fc-timegrid-col { cursor: cell; }
.fc .fc-event.is-cancelled .fc-event-title, .fc .fc-event.is-late_cancelled .fc-event-title,
.fc .fc-event.is-cancelled .fc-list-event-title, .fc .fc-event.is-late_cancelled .fc-list-event-title
{ text-decoration: line-through; }
.fc .fc-timegrid-slot { height: 27px; }
.fc .fc-timegrid-event-harness { margin-top: 1px; }
.fc .fc-timegrid-event-harness:has(> .is-cancelled), .fc .fc-timegrid-event-harness:has(> .is-late_cancelled)
{ pointer-events: none; }
.fc .fc-timegrid-event.is-cancelled, .fc .fc-timegrid-event.is-late_cancelled { right: 30%; pointer-events: auto; }
.fc .fc-timegrid-event .fc-event-main { padding: 1px 4px; line-height: 1.2; }
.fc .fc-daygrid-event { white-space: nowrap; overflow: hidden; padding-left: 4px; }
.fc .fc-daygrid-event-dot, .fc .fc-list-day { display: none; }
.fc .fc-daygrid-event .fc-event-title { font-weight: 400; }
.fc .fc-list-event-dot { border-radius: 2px; }
.fc a { color: inherit; text-decoration: none; }
@media (max-width: 640px) {
  .fc .fc-view-harness { overflow-x: auto; }
  .fc .fc-timeGridWeek-view, .fc .fc-dayGridMonth-view { min-width: 860px; }
}
"""


@dataclass(frozen=True)
class Gesture:
    """What was done with the mouse: an appointment opened, a free hour pointed at, or an appointment dragged."""

    opened: int | None = None
    pointed_at: datetime | None = None
    dragged: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def draw(
    slots: Sequence[Slot],
    view: str,
    day: date,
    shaded: Sequence[dict[str, Any]],
    *,
    has_one_therapist: bool,
    has_one_room: bool,
) -> Gesture:
    """Show ``slots`` over the events that are ``shaded`` and return what was done with them."""
    drawn = CROWDED_WEEK if view == "week" and not (has_one_therapist or has_one_room) else VIEWS[view]
    legend(slots)
    told = calendar(
        events=[*_events(slots, names_therapist=not has_one_therapist), *shaded],
        options={
            **_options(slots, day),
            "initialView": drawn,
            "dayMaxEvents": MOST_A_DAY if view == "month" else False,
        },
        custom_css=LAYOUT + _colours(),
        callbacks=["eventClick", "dateClick", "eventChange"],
        key=f"agenda_calendar_{drawn}_{day}_{language()}_{st.session_state.get(ROUND, 0)}",
    )
    return _gesture(told) if isinstance(told, dict) else Gesture()


def _gesture(told: dict[str, Any]) -> Gesture:
    """Return what the component told; it keeps telling it until a fresh one is drawn."""
    match told.get("callback"):
        case "eventClick":
            return Gesture(opened=_number(told["eventClick"]["event"]))
        case "dateClick" if not told["dateClick"].get("allDay"):
            return Gesture(pointed_at=_moment(told["dateClick"].get("date")))
        case "eventChange":
            event = told["eventChange"]["event"]
            return Gesture(
                dragged=_number(event), starts_at=_moment(event.get("start")), ends_at=_moment(event.get("end"))
            )
    return Gesture()


def _number(event: dict[str, Any]) -> int | None:
    name = event.get("id")
    return int(name) if isinstance(name, str) and name.isdigit() else None


def _moment(wall_time: object) -> datetime | None:
    """Return the moment of the wall time that the component tells; the offset that it appends is not true."""
    try:
        return rules.instant(datetime.fromisoformat(str(wall_time)[:19]), formats.zone())
    except ValueError:
        return None


def forget_click() -> None:
    """Let the next run draw a component that was never clicked."""
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def _events(slots: Sequence[Slot], *, names_therapist: bool) -> list[dict[str, Any]]:
    return [_event(slot, names_therapist=names_therapist) for slot in slots]


def _event(slot: Slot, *, names_therapist: bool) -> dict[str, Any]:
    parts = [patient_names(slot), slot.therapist_name if names_therapist else "", place(slot)]
    state = shown_state(slot)
    event = {
        "title": " · ".join(part for part in parts if part),
        "start": wall_time(slot.starts_at),
        "end": wall_time(slot.ends_at),
        "borderColor": LOOKS[state].line,
        "classNames": [f"is-{state}"],
        "interactive": slot.id is not None,
        "editable": slot.id is not None and slot.state in rules.OPEN_STATES and not slot.is_unconfirmed,
    }
    return event if slot.id is None else {"id": str(slot.id), **event}


def wall_time(moment: datetime) -> str:
    """Return local time without an offset: the component shows what it is sent and converts nothing."""
    return moment.astimezone(formats.zone()).replace(tzinfo=None).isoformat(timespec="seconds")


def _options(slots: Sequence[Slot], day: date) -> dict[str, Any]:
    opens, closes = hours_shown(slots)
    clock_face = {"hour": "2-digit", "minute": "2-digit", "hour12": has_half_days()}
    return {
        "initialDate": day.isoformat(),
        "now": wall_time(clock.now()),
        "timeZone": "UTC",
        "locale": language(),
        "firstDay": 1,
        "headerToolbar": False,
        "height": "auto",
        "slotMinTime": f"{opens:02}:00:00",
        "slotMaxTime": f"{closes:02}:00:00",
        "allDaySlot": False,
        "nowIndicator": True,
        "navLinks": False,
        "snapDuration": "00:15:00",
        "dragScroll": True,
        "slotEventOverlap": False,
        "fixedWeekCount": False,
        "eventMinHeight": 22,
        "eventTimeFormat": clock_face,
        "slotLabelFormat": clock_face,
        "views": {"week": {"dayHeaderFormat": {"weekday": "short", "day": "numeric"}}, "day": {"dayHeaders": False}},
        "buttonText": {"today": _("Today"), "day": _("Day"), "week": _("Week"), "month": _("Month"), "list": _("List")},
        "allDayText": _("All day"),
        "moreLinkText": _("more"),
        "noEventsText": _("Nothing is booked here."),
    }


def hours_shown(slots: Sequence[Slot]) -> tuple[int, int]:
    """Return the hours to show: the usual ones, or more when something begins earlier or ends later."""
    zone = formats.zone()
    spans = {(slot.starts_at, slot.ends_at) for slot in slots}
    local = [(begin.astimezone(zone), end.astimezone(zone)) for begin, end in spans]
    opens = min((begin.hour for begin, _end in local), default=OPENS)
    closes = max((end.hour + (end.minute > 0) for _begin, end in local), default=CLOSES)
    crosses_midnight = any(begin.date() != end.date() for begin, end in local)
    return min(opens, OPENS), 24 if crosses_midnight else max(closes, CLOSES)


def has_half_days() -> bool:
    """Return whether the person's locale writes the time of day with a.m. and p.m."""
    return "a" in Locale.parse(formats.locale()).time_formats["short"].pattern


def _colours() -> str:
    """Return the colours of the states and of the grid, for the light or the dark theme."""
    is_dark = st.context.theme.type == "dark"
    words, lines, page, quiet = (
        ("#e6eded", "#344044", "#12181a", "#1c2427") if is_dark else ("#1b2a2e", "#d5dddd", "#ffffff", "#f3f6f6")
    )
    states = "".join(
        f".fc .fc-event.is-{state} {{ background-color: {look.dark if is_dark else look.light};"
        f" border-color: {look.line}; }}"
        for state, look in LOOKS.items()
    )
    return states + (
        f".fc {{ color: {words}; --fc-event-text-color: {words}; --fc-border-color: {lines};"
        f" --fc-page-bg-color: {page}; --fc-neutral-bg-color: {quiet}; --fc-list-event-hover-bg-color: {quiet};"
        f" --fc-bg-event-color: {lines}; --fc-bg-event-opacity: 0.6;"
        f" --fc-today-bg-color: {quiet}; --fc-now-indicator-color: #cf4a4a; }}"
        f".fc .fc-event .fc-event-main {{ color: {words}; }} .fc .fc-list-event td {{ border-color: {lines}; }}"
    )
