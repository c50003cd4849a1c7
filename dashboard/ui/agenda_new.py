"""A new appointment: who comes, to whom, where and when; what stands in the way is told while it is chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.agenda import booking, free_hours, queries, series
from dashboard.agenda.free_hours import NotFreeError, Wish
from dashboard.agenda.models import MODES
from dashboard.agenda.repeating import Repetition
from dashboard.team import queries as team
from dashboard.team.queries import RoomName
from dashboard.ui import address, agenda_fields, agenda_obstacles, agenda_series, errors, formats, notice
from dashboard.ui.agenda_calendar import forget_click
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.language import _, ngettext

KEY = "agenda_new"
OPEN = f"{KEY}_open"
TAKEN = f"{KEY}_taken"
MORNING = time(10)


def button(actor: Actor, therapist_id: int | None, day: date | None) -> None:
    """Offer to book an appointment, with the therapist and on the day that are shown."""
    if st.button(_("New appointment"), key=f"{KEY}_button", type="primary", icon=":material/add:", shortcut="b"):
        is_ahead = day is not None and day > formats.today()
        start(actor, therapist_id, datetime.combine(day, MORNING, formats.zone()) if is_ahead and day else None)


def start(actor: Actor, therapist_id: int | None, begins: datetime | None, room: RoomName | None = None) -> None:
    """Open the form, empty but for the therapist shown, the hour pointed at and the room that it was free in."""
    for name in [name for name in st.session_state if str(name).startswith(f"{KEY}_")]:
        del st.session_state[name]
    local = (begins or _next_hour()).astimezone(formats.zone())
    st.session_state[f"{KEY}_day"] = local.date()
    st.session_state[f"{KEY}_time"] = local.time().replace(second=0, microsecond=0, tzinfo=None)
    st.session_state[OPEN] = {"key": uuid4(), "therapist": therapist_id or actor.therapist_id, "room": room}
    forget_click()
    st.rerun()


def show(actor: Actor) -> None:
    """Show the form over the page while it is open."""
    opened = st.session_state.get(OPEN)
    if opened is not None:
        st.dialog(_("New appointment"), width="large", on_dismiss=close)(_form)(actor, opened)


def close() -> None:
    """Forget the form."""
    st.session_state.pop(OPEN, None)


def _next_hour() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _form(actor: Actor, opened: dict[str, Any]) -> None:
    taken = st.session_state.pop(TAKEN, None)
    if taken is not None:  # a field's value is set before the field is drawn
        st.session_state[f"{KEY}_day"], st.session_state[f"{KEY}_time"] = taken
    people = agenda_fields.people(actor, KEY)
    wish = _wish(actor, opened, people)
    if wish is None:
        return
    repeated = agenda_series.repetition(wish)
    if repeated is None:
        _once(actor, wish, opened)
    elif people:
        with errors.told():
            _series(actor, wish, repeated, opened)


def _once(actor: Actor, wish: Wish, opened: dict[str, Any]) -> None:
    """Offer to book one appointment, or what to do instead."""
    met = free_hours.obstacles(actor, wish) if wish.patient_ids else []
    if met:
        chosen = agenda_obstacles.choose_instead(actor, wish, met, KEY, _("Book all the same"))
        if isinstance(chosen, Wish):
            _take_over(chosen)
        elif chosen is not None:
            _book(actor, wish, opened, {each.kind for each in met})
    elif wish.patient_ids:
        st.caption(":material/check: " + _("The hour is free."))
    if st.button(_("Book"), key=f"{KEY}_book", type="primary", disabled=bool(met) or not wish.patient_ids):
        _book(actor, wish, opened, set())


def _series(actor: Actor, wish: Wish, repeated: Repetition, opened: dict[str, Any]) -> None:
    """Offer to book every date of a series once each that is taken has its remedy."""
    plan = agenda_series.settle(actor, wish, repeated)
    words = ngettext("Book {number} date", "Book {number} dates", plan.number)
    label = words.format(number=formats.number(plan.number))
    if st.button(label, key=f"{KEY}_book_series", type="primary", disabled=not (plan.is_settled and plan.number)):
        series.book_series(actor, wish, repeated, plan.remedies, key=opened["key"], overriding=plan.overriding)
        _booked(next(each.wish.starts_at for each in plan.dates if not each.is_left_out), plan.number)


def _wish(actor: Actor, opened: dict[str, Any], people: tuple[int, ...]) -> Wish | None:
    """Ask for the rest, beginning with how the patient is usually booked; nothing while the practice has no team."""
    services = {each.id: each for each in team.services(actor)}
    therapists = {each.id: each for each in team.therapists(actor)}
    if actor.role == "therapist":
        therapists = {key: one for key, one in therapists.items() if key == actor.therapist_id}
    sites = {each.id: each.name for each in team.sites(actor)}
    if not (services and therapists and sites):
        st.info(_("A site, a therapist and a service are needed before anything can be booked."))
        return None
    usual = queries.usual_of(actor, people[0]) if people else None
    whose = people[0] if people else 0
    left, middle, right = st.columns(3)
    common = next((key for key, one in services.items() if one.kind == "individual"), None)
    service = agenda_fields.choose(
        left,
        _("Service"),
        {key: one.name for key, one in services.items()},
        f"{KEY}_service_{whose}",
        usual.service_id if usual else common,
    )
    who = agenda_fields.choose(
        middle,
        _("Therapist"),
        {key: one.name for key, one in therapists.items()},
        f"{KEY}_who_{whose}",
        opened["therapist"] or (usual.therapist_id if usual else None),
    )
    room: RoomName | None = opened["room"]
    usual_site = room.site_id if room else therapists[who].site_id
    site = agenda_fields.choose(right, _("Site"), sites, f"{KEY}_site_{who}", usual_site)
    begins, minutes = agenda_fields.times(KEY, services[service].minutes, service)
    wish = Wish(who, site, service, people, begins, begins + timedelta(minutes=minutes))
    return _placed(actor, wish, MODES[0] if room or not usual else usual.mode, room)


def _placed(actor: Actor, wish: Wish, usual: str, wanted: RoomName | None) -> Wish:
    """Ask how it is held and in which room, a free one unless somebody wants another."""
    left, right = st.columns(2)
    mode = left.segmented_control(
        _("How"), MODES, format_func=mode_name, default=usual, required=True, key=f"{KEY}_mode_{usual}"
    )
    wish = replace(wish, mode=mode)
    if mode != "in_person":
        return wish
    return replace(wish, room_id=agenda_fields.room(right, actor, wish, wanted.id if wanted else None, f"{KEY}_room"))


def _take_over(chosen: Wish) -> None:
    """Put a free hour into the form."""
    local = chosen.starts_at.astimezone(formats.zone())
    st.session_state[TAKEN] = (local.date(), local.time().replace(tzinfo=None))
    st.rerun(scope="fragment")


def _book(actor: Actor, wish: Wish, opened: dict[str, Any], overriding: set[str]) -> None:
    with errors.told():
        try:
            booking.book(actor, wish, key=opened["key"], overriding=overriding)
        except NotFreeError as refused:
            agenda_obstacles.show(actor, refused.obstacles)
            return
        _booked(wish.starts_at, 1)


def _booked(begins: datetime, number: int) -> None:
    """Close the form and show the day of the first date."""
    close()
    address.keep("day", begins.astimezone(formats.zone()).date().isoformat())
    words = ngettext("Booked: {moment}.", "Booked: {number} dates from {moment}.", number)
    notice.done(words.format(moment=formats.moment(begins), number=formats.number(number)))
