"""Who waits for an hour, and what became of freed hours in the last months: offered in turn, taken or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from dashboard.demo.tables import Tables
from dashboard.demo.team import FIRST_DESK
from dashboard.demo.window import Window

THERAPISTS, DAYS, MOST_HOURS = 24, 84, 160
"""Of so many therapists and days, so many hours at most: what is shown does not grow with the practice."""
ONE_IN = 3
"""Of the patients of a therapist, one in so many is asked or waits."""
COURSES = (("accepted",), ("declined", "accepted"), ("expired",), ("declined", "expired"), ("expired", "accepted"))
NEVER_TAKEN = "unfilled"
FREED = text("""
select a.id, a.therapist_id, a.site_id, a.room_id, a.service_id, a.mode, a.starts_at, a.ends_at, a.cancelled_at,
    a.fee_cents, p.patient_id, s.tax_rate_bp
from appointment as a
join appointment_patient as p on p.appointment_id = a.id and p.position = 1
join service as s on s.id = a.service_id and s.kind = 'individual'
where a.therapist_id <= :therapists and a.state = 'cancelled' and a.cancelled_by = 'patient' and a.moved_to_id is null
    and a.starts_at > :since and a.starts_at < :today and a.cancelled_at < a.starts_at - interval '24 hours'
    and not exists (
        select from appointment as b where b.therapist_id = a.therapist_id and b.id <> a.id and b.state <> 'cancelled'
            and b.starts_at < a.ends_at and b.ends_at > a.starts_at
    )
order by a.starts_at, a.id limit :most
""")
PEOPLE = text("""
select p.id, p.main_therapist_id as therapist_id, p.site_id, p.opened_on from patient as p
where p.main_therapist_id <= :therapists and p.status in ('active', 'waiting') and not exists (
    select from case_member as c where c.patient_id = p.id
)
order by p.id
""")
BUSY = text("""
select p.patient_id, p.starts_at, p.ends_at from appointment_patient as p
where p.starts_at > :since and p.starts_at < :today and p.therapist_id <= :therapists and p.state <> 'cancelled'
""")
WISHES: tuple[dict[str, Any], ...] = (
    {"weekdays": [0, 1, 2], "not_before": time(16), "urgency": 2, "note": "Solo por las tardes"},
    {"weekdays": [], "urgency": 1},
    {"weekdays": [1, 3], "not_before": time(9), "not_after": time(14), "urgency": 1},
    {"weekdays": [], "urgency": 3, "note": "Avisar por la mañana"},
    {"weekdays": [4], "mode": "online", "urgency": 1},
)


@dataclass
class Lists:
    """The rows to be written, by table."""

    tables: Tables
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **row: Any) -> int:
        """Add a row and return its id."""
        row["id"] = int(self.tables.take(table, 1)[0])
        self.rows[table].append(row)
        return int(row["id"])

    def happened(self, at: datetime, what: str, **ids: int) -> None:
        """Note what happened."""
        blank = {"entry_id": None, "offer_id": None, "freed_hour_id": None}
        self.add("waiting_event", at=at, what=what, by_id=None if what == "expired" else FIRST_DESK, **{**blank, **ids})

    def write(self) -> None:
        """Write all rows."""
        self.rows["waiting_event"].sort(key=lambda event: event["at"])
        for number, event in enumerate(self.rows["waiting_event"], start=1):
            event["id"] = number
        for table, rows in self.rows.items():
            self.tables.write_rows(table, rows)


def write_waiting(tables: Tables, connection: Connection, window: Window) -> None:
    """Write entries, past offers and the sessions that took freed hours."""
    today = datetime.fromisoformat(f"{window.start_of_today}+00:00")
    asked = {"therapists": THERAPISTS, "since": today - timedelta(days=DAYS), "today": today}
    people = connection.execute(PEOPLE, {"therapists": THERAPISTS}).all()
    if not people:
        return
    lists = Lists(tables)
    waiting, asked_ones = _parted(people)
    _write_past(lists, connection, asked, asked_ones)
    _write_waiting(lists, waiting, today)
    lists.write()


def _parted(people: Sequence[Row[Any]]) -> tuple[list[Row[Any]], dict[int, list[Row[Any]]]]:
    """Return who waits today, and by therapist who was asked before."""
    by_therapist: dict[int, list[Row[Any]]] = defaultdict(list)
    for one in people:
        by_therapist[one.therapist_id].append(one)
    waiting = [one for ones in by_therapist.values() for one in ones[::ONE_IN]]
    return waiting[:60], {
        therapist: [one for place, one in enumerate(ones) if place % ONE_IN] for therapist, ones in by_therapist.items()
    }


def _write_waiting(lists: Lists, waiting: Sequence[Row[Any]], today: datetime) -> None:
    for place, one in enumerate(waiting):
        wish = WISHES[place % len(WISHES)]
        since = max(one.opened_on, (today - timedelta(days=2 + 3 * (place % 17))).date())
        entry = _entry(
            lists, one.id, one.therapist_id if place % 4 else None, since, today, wish, service=1 + place % 2
        )
        lists.happened(_at_desk(since, today), "added", entry_id=entry)


def _entry(
    lists: Lists, patient: int, therapist: int | None, since: Any, created: datetime, wish: dict[str, Any], *,
    service: int, closed: tuple[str, str | None, datetime] | None = None,
) -> int:  # fmt: skip
    state, reason, closed_at = closed or ("waiting", None, None)
    return lists.add(
        "waiting_entry",
        patient_id=patient,
        service_id=service,
        therapist_ids="{}" if therapist is None else f"{{{therapist}}}",
        weekdays="{" + ",".join(map(str, wish["weekdays"])) + "}",
        not_before=wish.get("not_before"),
        not_after=wish.get("not_after"),
        mode=wish.get("mode"),
        urgency=wish["urgency"],
        note=wish.get("note"),
        since_on=since,
        state=state,
        closed_reason=reason,
        added_by_id=FIRST_DESK,
        created_at=_at_desk(since, created),
        closed_at=closed_at,
    )


def _at_desk(day: Any, zone: datetime) -> datetime:
    return datetime.combine(day, time(10), zone.tzinfo)


def _write_past(lists: Lists, connection: Connection, asked: dict[str, Any], people: dict[int, list[Row[Any]]]) -> None:
    """Go through the freed hours: each is offered in turn as its course says, to whoever is free then."""
    busy: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in connection.execute(BUSY, asked):
        busy[row.patient_id].append((row.starts_at, row.ends_at))
    seen: set[tuple[int, datetime]] = set()
    for place, hour in enumerate(connection.execute(FREED, {**asked, "most": MOST_HOURS})):
        course = COURSES[place % len(COURSES)]
        free = [
            one
            for one in people.get(hour.therapist_id, ())
            if one.id != hour.patient_id
            and one.opened_on < hour.cancelled_at.date()
            and all(ends <= hour.starts_at or begins >= hour.ends_at for begins, ends in busy[one.id])
        ]
        if len(free) < len(course) or (hour.therapist_id, hour.starts_at) in seen:
            continue
        seen.add((hour.therapist_id, hour.starts_at))
        first = place % len(free)
        chosen = (free[first:] + free[:first])[: len(course)]
        _write_course(lists, hour, course, [one.id for one in chosen])
        if course[-1] == "accepted":
            busy[chosen[-1].id].append((hour.starts_at, hour.ends_at))


def _write_course(lists: Lists, hour: Row[Any], course: Sequence[str], patients: Sequence[int]) -> None:
    at = hour.cancelled_at + timedelta(minutes=20)
    is_taken = course[-1] == "accepted"
    freed = lists.add(
        "freed_hour", appointment_id=hour.id, therapist_id=hour.therapist_id, site_id=hour.site_id,
        room_id=hour.room_id, mode=hour.mode, starts_at=hour.starts_at, ends_at=hour.ends_at,
        state="filled" if is_taken else NEVER_TAKEN, opened_at=at, opened_by_id=FIRST_DESK,
        ended_at=at + timedelta(hours=3 * len(course)),
    )  # fmt: skip
    for turn, (outcome, patient) in enumerate(zip(course, patients, strict=True), start=1):
        answered = at + timedelta(hours=4 if outcome == "expired" else 1)
        since = (at - timedelta(days=10 + freed % 23)).date()
        closed = ("served", None, answered) if outcome == "accepted" else (
            "closed", "no_longer_wanted" if outcome == "declined" else "not_reached", answered + timedelta(days=2)
        )  # fmt: skip
        entry = _entry(lists, patient, hour.therapist_id, since, at, WISHES[1], service=hour.service_id, closed=closed)
        offer = lists.add(
            "waiting_offer", freed_hour_id=freed, entry_id=entry, turn=turn,
            appointment_id=_session(lists, hour, patient, answered) if outcome == "accepted" else None,
            mode=hour.mode, ends_at=hour.ends_at, state=outcome, offered_at=at, offered_by_id=FIRST_DESK,
            expires_at=at + timedelta(hours=4), answered_at=answered,
            answered_how={"accepted": "desk", "declined": "link", "expired": "clock"}[outcome],
        )  # fmt: skip
        lists.happened(_at_desk(since, at), "added", entry_id=entry)
        lists.happened(at, "offered", entry_id=entry, offer_id=offer, freed_hour_id=freed)
        lists.happened(answered, outcome, entry_id=entry, offer_id=offer, freed_hour_id=freed)
        lists.happened(closed[2], closed[0], entry_id=entry)
        at = answered
    if not is_taken:
        lists.happened(at, NEVER_TAKEN, freed_hour_id=freed)


def _session(lists: Lists, hour: Row[Any], patient: int, booked_at: datetime) -> int:
    """Add the session that took a freed hour, and its charge."""
    session = lists.add(
        "appointment", therapist_id=hour.therapist_id, site_id=hour.site_id, room_id=hour.room_id,
        service_id=hour.service_id, mode=hour.mode, starts_at=hour.starts_at, ends_at=hour.ends_at, state="attended",
        booked_at=booked_at, booked_by_id=FIRST_DESK, marked_at=hour.ends_at + timedelta(minutes=5),
        marked_by_id=FIRST_DESK, fee_cents=hour.fee_cents,
    )  # fmt: skip
    lists.rows["appointment_patient"].append(
        {
            "appointment_id": session,
            "patient_id": patient,
            "therapist_id": hour.therapist_id,
            "state": "attended",
            "starts_at": hour.starts_at,
            "ends_at": hour.ends_at,
        }
    )
    lists.add(
        "charge", appointment_id=session, patient_id=patient, kind="session", charged_on=hour.ends_at.date(),
        amount_cents=hour.fee_cents, tax_rate_bp=hour.tax_rate_bp, created_at=hour.ends_at + timedelta(hours=4),
    )  # fmt: skip
    return session
