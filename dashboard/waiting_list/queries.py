"""Questions about the waiting list: who waits, which hours were freed, who fits one, what is offered, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, any_, func, literal, or_, select, text

from dashboard import clock
from dashboard.access.actor import OFFICE, Actor, NotFoundError, Role, reading
from dashboard.access.frames import Question, frame, number_of_rows, table_of
from dashboard.access.models import AppUser
from dashboard.patients import queries as patients
from dashboard.patients.models import Patient
from dashboard.team.models import Service, Site, Therapist
from dashboard.waiting_list.models import FreedHour, WaitingEntry, WaitingEvent, WaitingOffer, WaitingRule

if TYPE_CHECKING:
    import pandas as pd

CARE: tuple[Role, ...] = (*OFFICE, "therapist")
THERAPIST_NAME = func.btrim(Therapist.given_name + " " + Therapist.surnames)
HOURS = text("""
select h.appointment_id, h.starts_at, h.ends_at, h.mode, h.outcome, h.fitting, h.cancelled_at, h.therapist_id,
    btrim(t.given_name || ' ' || t.surnames) as therapist, s.name as site, r.name as room, v.name as service
from waiting_hours(:since, :until) as h
join therapist as t on t.id = h.therapist_id join site as s on s.id = h.site_id
join service as v on v.id = h.service_id left join room as r on r.id = h.room_id
where cast(:therapist as bigint) is null or h.therapist_id = :therapist
order by h.starts_at, h.therapist_id
""")
FITTING = text("""
select f.entry_id, f.patient_id, p.number, concat_ws(' ', p.given_name, p.surname_1, p.surname_2) as name,
    v.name as service, e.urgency, e.since_on, f.wishes, f.mode
from appointment as a
cross join lateral waiting_fits(
    a.therapist_id, a.site_id,
    case when a.mode = 'in_person' then waiting_room(a.site_id, a.room_id, a.starts_at, a.ends_at) end,
    a.mode, a.starts_at, a.ends_at,
    array(select b.patient_id from appointment_patient as b where b.appointment_id = a.id)
) as f
join waiting_entry as e on e.id = f.entry_id join patient as p on p.id = f.patient_id
join service as v on v.id = f.service_id
where a.id = :appointment and a.state in ('cancelled', 'late_cancelled')
order by f.place
""")
# Of several guardians the one whose letter fared best: a telephone call is owed when none was or will be sent.
LETTER = text("""
select distinct on (m.offer_id) m.offer_id, m.state, m.withheld_reason as reason, m.last_error as error
from message as m where m.offer_id = any(:offers)
order by m.offer_id, array_position(array['sent', 'sending', 'planned', 'told'], m.state::text) nulls last, m.id
""")


@dataclass(frozen=True)
class Filter:
    """What narrows the list; nothing chosen narrows nothing."""

    state: str = "waiting"
    urgency: int | None = None
    therapist_id: int | None = None
    service_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """An entry with all that the form shows."""

    id: int
    patient_id: int
    number: int
    name: str
    service_id: int
    therapist_ids: tuple[int, ...]
    site_ids: tuple[int, ...]
    weekdays: tuple[int, ...]
    not_before: time | None
    not_after: time | None
    mode: str | None
    urgency: int
    note: str | None
    since_on: date
    until_on: date | None
    state: str
    closed_reason: str | None
    version: int


@dataclass(frozen=True)
class Rule:
    """How freed hours are offered: to how many in turn, for how long each, with how much notice, how far ahead."""

    turns: int
    answer_hours: int
    notice_hours: int
    days_ahead: int
    is_automatic: bool


def entries(actor: Actor, chosen: Filter, *, limit: int = 25, offset: int = 0) -> pd.DataFrame:
    """Return who waits, in the order in which hours are offered; what is closed, the latest first.

    Columns: entry_id, patient_id, number, name, service, urgency, since_on, until_on, therapist_ids, site_ids,
    weekdays, not_before, not_after, mode, state, closed_reason, offered_until.
    """
    offered = (
        select(WaitingOffer.expires_at)
        .where(WaitingOffer.entry_id == WaitingEntry.id, WaitingOffer.state == "offered")
        .correlate(WaitingEntry)
        .scalar_subquery()
        .label("offered_until")
    )
    shown = (
        *(WaitingEntry.id.label("entry_id"), WaitingEntry.patient_id, Patient.number, patients.NAME),
        *(Service.name.label("service"), WaitingEntry.urgency, WaitingEntry.since_on, WaitingEntry.until_on),
        *(WaitingEntry.therapist_ids, WaitingEntry.site_ids, WaitingEntry.weekdays),
        *(WaitingEntry.not_before, WaitingEntry.not_after, WaitingEntry.mode),
        *(WaitingEntry.state, WaitingEntry.closed_reason, offered),
    )
    order = (
        (WaitingEntry.urgency.desc(), WaitingEntry.since_on, WaitingEntry.id)
        if chosen.state == "waiting"
        else (WaitingEntry.closed_at.desc(), WaitingEntry.id.desc())
    )
    found = _found(chosen, select(*shown)).join(Service, Service.id == WaitingEntry.service_id)
    return frame(actor, found.order_by(*order).limit(limit).offset(offset), *CARE)


def entries_number(actor: Actor, chosen: Filter) -> int:
    """Return how many rows ``entries`` has over all its pages."""
    return number_of_rows(actor, _found(chosen, select(WaitingEntry.id)), *CARE)


def _found(chosen: Filter, asked: Question) -> Question:
    found = asked.select_from(WaitingEntry).join(Patient, Patient.id == WaitingEntry.patient_id)
    states = ("waiting",) if chosen.state == "waiting" else ("served", "closed")
    found = found.where(WaitingEntry.state.in_(states))
    if chosen.urgency is not None:
        found = found.where(WaitingEntry.urgency == chosen.urgency)
    if chosen.service_id is not None:
        found = found.where(WaitingEntry.service_id == chosen.service_id)
    if chosen.therapist_id is not None:
        anybody = func.cardinality(WaitingEntry.therapist_ids) == 0
        found = found.where(or_(anybody, literal(chosen.therapist_id) == any_(WaitingEntry.therapist_ids)))
    return found


def entry(actor: Actor, entry_id: int) -> Entry:
    """Return one entry.

    Raises:
        NotFoundError: there is no such entry for this person.
    """
    found = (
        select(WaitingEntry, Patient.number, patients.NAME)
        .join(Patient, Patient.id == WaitingEntry.patient_id)
        .where(WaitingEntry.id == entry_id)
    )
    with reading(actor, *CARE) as session:
        row: Any = session.execute(found).one_or_none()
        if row is None:
            raise NotFoundError("Not found.")
        one: WaitingEntry = row[0]
        lists: dict[str, Any] = {name: tuple(getattr(one, name)) for name in ("therapist_ids", "site_ids", "weekdays")}
        alike = (
            *("id", "patient_id", "service_id", "not_before", "not_after", "mode", "urgency", "note", "since_on"),
            *("until_on", "state", "closed_reason", "version"),
        )
        return Entry(number=row.number, name=row.name, **lists, **{name: getattr(one, name) for name in alike})


def freed_hours(actor: Actor, therapist_id: int | None = None) -> pd.DataFrame:
    """Return the hours that were freed with enough notice and are still free, the next first.

    Columns: appointment_id, starts_at, ends_at, mode, outcome (of an earlier round), fitting (how many fit),
    cancelled_at, therapist_id, therapist, site, room, service.
    """
    wanted = rule(actor)
    now = clock.now()
    asked = {
        "since": now + timedelta(hours=wanted.notice_hours),
        "until": now + timedelta(days=wanted.days_ahead),
        "therapist": therapist_id,
    }
    return _rows(actor, HOURS, asked)


def fitting(actor: Actor, appointment_id: int) -> pd.DataFrame:
    """Return who fits the hour of a cancelled appointment, the best first.

    Columns: entry_id, patient_id, number, name, service, urgency, since_on, wishes (how many are met), mode.
    """
    return _rows(actor, FITTING, {"appointment": appointment_id})


def _rows(actor: Actor, asked: Any, values: dict[str, Any]) -> pd.DataFrame:
    with reading(actor, *OFFICE) as session:
        return table_of(session.execute(asked, values))


@dataclass(frozen=True)
class Running:
    """An offer that waits for an answer. ``letter`` is a message's state, ``reason`` why it is kept back."""

    id: int
    patient_id: int
    number: int
    name: str
    telephone: str | None
    therapist: str
    site: str
    starts_at: datetime
    ends_at: datetime
    turn: int
    offered_at: datetime
    expires_at: datetime
    letter: str | None = None
    reason: str | None = None
    error: str | None = None


def running_offers(actor: Actor) -> list[Running]:
    """Return the offers that wait for an answer, who has least time left first."""
    found = (
        _offers(
            *(WaitingOffer.id, WaitingEntry.patient_id, Patient.number, patients.NAME, Patient.telephone),
            *(THERAPIST_NAME.label("therapist"), Site.name.label("site"), FreedHour.starts_at, WaitingOffer.ends_at),
            *(WaitingOffer.turn, WaitingOffer.offered_at, WaitingOffer.expires_at),
        )
        .where(WaitingOffer.state == "offered")
        .order_by(WaitingOffer.expires_at, WaitingOffer.id)
    )
    with reading(actor, *OFFICE) as session:
        rows = [dict(row) for row in session.execute(found).mappings()]
        letters = {
            row.offer_id: {"letter": row.state, "reason": row.reason, "error": row.error}
            for row in session.execute(LETTER, {"offers": [row["id"] for row in rows]})
        }
    return [Running(**row, **letters.get(row["id"], {})) for row in rows]


def _offers(*shown: Any) -> Select[Any]:
    return (
        select(*shown)
        .select_from(WaitingOffer)
        .join(WaitingEntry, WaitingEntry.id == WaitingOffer.entry_id)
        .join(Patient, Patient.id == WaitingEntry.patient_id)
        .join(FreedHour, FreedHour.id == WaitingOffer.freed_hour_id)
        .join(Therapist, Therapist.id == FreedHour.therapist_id)
        .join(Site, Site.id == FreedHour.site_id)
    )


def events(actor: Actor, *, entry_id: int | None = None, limit: int = 25, offset: int = 0) -> pd.DataFrame:
    """Return what happened on the list, the latest first, of all entries or of one.

    Columns: at, what, patient_id, name, starts_at (of the hour), turn, way (how it was answered), by.
    """
    found = (
        _events(
            WaitingEvent.at,
            WaitingEvent.what,
            WaitingEntry.patient_id,
            patients.NAME,
            FreedHour.starts_at,
            WaitingOffer.turn,
            WaitingOffer.answered_how.label("way"),
            AppUser.display_name.label("by"),
            entry_id=entry_id,
        )
        .order_by(WaitingEvent.at.desc(), WaitingEvent.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return frame(actor, found, *CARE)


def events_number(actor: Actor, *, entry_id: int | None = None) -> int:
    """Return how many rows ``events`` has over all its pages."""
    return number_of_rows(actor, _events(WaitingEvent.id, entry_id=entry_id), *CARE)


def _events(*shown: Any, entry_id: int | None) -> Question:
    found: Question = (
        select(*shown)
        .select_from(WaitingEvent)
        .outerjoin(WaitingEntry, WaitingEntry.id == WaitingEvent.entry_id)
        .outerjoin(Patient, Patient.id == WaitingEntry.patient_id)
        .outerjoin(WaitingOffer, WaitingOffer.id == WaitingEvent.offer_id)
        .outerjoin(FreedHour, FreedHour.id == WaitingEvent.freed_hour_id)
        .outerjoin(AppUser, AppUser.id == WaitingEvent.by_id)
    )
    return found if entry_id is None else found.where(WaitingEvent.entry_id == entry_id)


def rule(actor: Actor) -> Rule:
    """Return the practice's rule."""
    with reading(actor, *CARE) as session:
        row = session.scalars(select(WaitingRule)).one()
        return Rule(row.turns, row.answer_hours, row.notice_hours, row.days_ahead, row.is_automatic)
