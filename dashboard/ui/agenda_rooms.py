"""The rooms of one day: who is in which room and when, and the free hours, which can be clicked to book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda.queries import Slot
from dashboard.team import queries as team
from dashboard.team.queries import RoomName
from dashboard.ui import formats
from dashboard.ui.agenda_calendar import ROUND, Gesture, has_half_days, hours_shown
from dashboard.ui.agenda_words import LOOKS, legend, patient_names, shown_state, state_name
from dashboard.ui.language import _

KEY = "agenda_rooms"
ROW = 44
FREE = "free"
Pointed = tuple[Gesture, RoomName | None]
"""What was clicked: an appointment, or a free hour and the room it is free in."""
LETTER = 7
"""Points that a letter of a label takes: what a band has no room for is told when it is pointed at."""


def draw(actor: Actor, slots: Sequence[Slot], day: date, room_id: int | None, site_id: int | None) -> Pointed:
    """Show the rooms of one site or of all, a row each, and return what was clicked and in which room."""
    rooms = [room for room in team.rooms(actor, site_id) if room_id in (None, room.id)]
    if not rooms:
        st.info(_("No room is in service. Rooms are added with the data of the team."))
        return Gesture(), None
    names = _names(rooms, site_id)
    held = [slot for slot in slots if slot.room_id in names and slot.state not in ("cancelled", "late_cancelled")]
    legend(held)
    chart = _chart(_bands(held, names, day), list(names.values()), hours_shown(held))
    told = st.altair_chart(
        chart,
        on_select="rerun",
        selection_mode=["clicked", "named"],
        key=f"{KEY}_{day}_{st.session_state.get(ROUND, 0)}",
    )
    st.caption(_("A free hour can be clicked to book it. Sessions by video or telephone are in the other views."))
    return _pointed(told, day, {room.id: room for room in rooms})


def _names(rooms: Sequence[RoomName], site_id: int | None) -> dict[int, str]:
    return {room.id: room.name if site_id else f"{room.name} · {room.site_name}" for room in rooms}


def _bands(slots: Sequence[Slot], names: dict[int, str], day: date) -> pd.DataFrame:
    """Return what is drawn: columns id, room, room_id, begins, ends (hours since midnight), state, who and when."""
    midnight = datetime.combine(day, time.min)
    opens, closes = hours_shown(slots)
    free = [
        {"id": 0, "room": name, "room_id": room, "begins": hour, "ends": hour + 1, "state": FREE, "who": "", "when": ""}
        for room, name in names.items()
        for hour in range(opens, closes)
    ]
    return pd.DataFrame([*free, *(_band(slot, names, midnight) for slot in slots)])


def _band(slot: Slot, names: dict[int, str], midnight: datetime) -> dict[str, Any]:
    zone = formats.zone()
    begins, ends = (moment.astimezone(zone).replace(tzinfo=None) for moment in (slot.starts_at, slot.ends_at))
    return {
        "id": slot.id or 0,
        "room": names[slot.room_id] if slot.room_id is not None else "",
        "room_id": 0,
        "begins": (begins - midnight) / timedelta(hours=1),
        "ends": min((ends - midnight) / timedelta(hours=1), 24),
        "state": shown_state(slot),
        "who": f"{patient_names(slot)} · {slot.therapist_name}",
        "when": f"{formats.hour(slot.starts_at)}–{formats.hour(slot.ends_at)} · {state_name(shown_state(slot))}",
    }


def _chart(bands: pd.DataFrame, rooms: list[str], shown: tuple[int, int]) -> alt.LayerChart:
    is_dark = st.context.theme.type == "dark"
    drawn = {state: (look.dark if is_dark else look.light, look.line) for state, look in LOOKS.items()}
    drawn[FREE] = ("transparent", "transparent")
    opens, closes = shown
    across = alt.X(
        "begins:Q",
        title=None,
        scale=alt.Scale(domain=[opens, closes], nice=False),
        axis=alt.Axis(orient="top", values=list(range(opens, closes + 1)), labelExpr=_hour_words(), labelOverlap=True),
    )
    down = alt.Y("room:N", title=None, sort=rooms, scale=alt.Scale(domain=rooms), axis=alt.Axis(labelLimit=220))
    place = alt.Chart(bands).encode(x=across, y=down)
    bars = (
        place.mark_bar(cornerRadius=3, height=ROW - 12, cursor="pointer", strokeWidth=1)
        .encode(
            x2="ends:Q",
            fill=alt.Fill("state:N", legend=None, scale=_colours(drawn, 0)),
            stroke=alt.Stroke("state:N", legend=None, scale=_colours(drawn, 1)),
            tooltip=[alt.Tooltip("who:N", title=_("Who")), alt.Tooltip("when:N", title=_("When"))],
        )
        .add_params(alt.selection_point(name="clicked", fields=["id", "room_id", "begins"], on="click", empty=False))
    )
    width = f"(scale('x', datum.ends) - scale('x', datum.begins) - {LETTER})"
    words = (
        place.transform_filter(f"datum.state != '{FREE}'")
        .mark_text(
            align="left",
            dx=LETTER,
            limit=alt.ExprRef(expr=f"max({width}, 1)"),
            opacity=alt.ExprRef(expr=f"{width} < {4 * LETTER} ? 0 : 1"),
            cursor="pointer",
            color="#e6eded" if is_dark else "#1b2a2e",
        )
        .encode(alt.Text("who:N"))
        .add_params(alt.selection_point(name="named", fields=["id"], on="click", empty=False))
    )
    return alt.LayerChart(layer=[bars, words], height=ROW * len(rooms), background="transparent")


def _colours(drawn: dict[str, tuple[str, str]], which: int) -> alt.Scale:
    return alt.Scale(domain=list(drawn), range=[pair[which] for pair in drawn.values()])


def _hour_words() -> str:
    """Return how Vega writes an hour of the axis, in the manner of the person's locale."""
    if has_half_days():
        return "(datum.value % 12 == 0 ? 12 : datum.value % 12) + (datum.value % 24 < 12 ? ' a.m.' : ' p.m.')"
    return "format(datum.value, '02d') + ':00'"


def _pointed(told: Any, day: date, rooms: dict[int, RoomName]) -> Pointed:
    """Return what the chart told: an appointment has a number, a free hour its room."""
    chosen = [point for name in ("clicked", "named") for point in told["selection"].get(name, [])]
    if not chosen:
        return Gesture(), None
    point = chosen[0]
    if point["id"]:
        return Gesture(opened=int(point["id"])), None
    room = rooms.get(point.get("room_id"))
    if room is None:  # a colleague's hour has neither
        return Gesture(), None
    begins = datetime.combine(day, time(int(point["begins"])), formats.zone())
    return Gesture(pointed_at=begins), room
