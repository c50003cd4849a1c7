"""What the worker of linked calendars reads and notes, with a login that sees no patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from dashboard import clock, db
from dashboard.linked.rules import Proposed, Theirs, Wanted, Written

NOTED_EVERY = timedelta(hours=1)
KEPT_AFTER = timedelta(days=30)
KINDS = {"times": "move", "cancelled": "cancel", "unclear": "unclear"}

LIVE = text("select therapist_id, asked_at from linked_live()")
ACCOUNT = text("""
select therapist_id, address, user_name, sealed_password, key_id, uid_secret, session_word, message_zone() as zone
from linked_account where therapist_id = :id and is_connected
""")
CALENDARS = text("""
select id, url, name, is_outgoing, is_busy from linked_calendar where therapist_id = :id order by is_outgoing desc, id
""")
SESSIONS = text("select * from linked_sessions(:id)")
EVENTS = text("""
select e.id, e.appointment_id, e.starts_at, e.ends_at, e.tag, e.says_sha256,
    p.state, p.outside_tag, p.starts_at as proposed_from, p.ends_at as proposed_until
from linked_event as e
left join lateral (
    select q.* from linked_proposal as q where q.event_id = e.id order by q.id desc limit 1
) as p on true
where e.calendar_id = :id
order by e.starts_at, e.id
""")
CLAIM = text("""
insert into linked_event (therapist_id, calendar_id, appointment_id, starts_at, ends_at)
values (:therapist, :calendar, :appointment, :begins, :finishes) returning id
""")
NOTE = text("""
update linked_event set tag = :tag, says_sha256 = :says, starts_at = :begins, ends_at = :finishes where id = :id
""")
FORGET = text("delete from linked_event where id = :id")
FORGET_OLD = text("delete from linked_event where calendar_id = :id and ends_at < :before")
RENEW = text("""
update linked_proposal
set kind = :kind, starts_at = :begins, ends_at = :finishes, outside_tag = :tag, found_at = :now
where event_id = :id and state = 'open' returning id
""")
PROPOSE = text("""
insert into linked_proposal (therapist_id, event_id, appointment_id, kind, starts_at, ends_at, outside_tag, found_at)
select therapist_id, id, appointment_id, :kind, :begins, :finishes, :tag, :now from linked_event where id = :id
""")
SETTLE = text("""
update linked_proposal
set state = case state when 'open' then 'lapsed' when 'accepted' then 'agreed' else 'returned' end,
    settled_at = coalesce(settled_at, :now)
where event_id = :id and state in ('open', 'accepted', 'rejected')
""")
NOTE_CALENDAR = text("""
update linked_calendar set problem = :problem where id = :id and problem is distinct from :problem
""")
NOTE_PROBLEM = text("""
update linked_account set problem = :problem where therapist_id = :id and problem is distinct from :problem
""")
NOTE_SYNCED = text("""
update linked_account set problem = null, synced_at = :now
where therapist_id = :id and (problem is not null or coalesce(synced_at <= greatest(asked_at, :before), true))
""")


@dataclass(frozen=True)
class Account:
    """An account that is asked; its password is sealed."""

    therapist_id: int
    address: str
    user_name: str
    sealed_password: bytes = field(repr=False)
    key_id: str
    uid_secret: bytes = field(repr=False)
    session_word: str
    zone: str


@dataclass(frozen=True)
class Place:
    """A calendar of an account, and what is done with it."""

    id: int
    url: str
    name: str
    is_outgoing: bool
    is_busy: bool


def live_accounts() -> dict[int, datetime]:
    """Return the therapists whose accounts are asked, and when somebody last wanted that."""
    with db.transaction("messenger", read_only=True) as session:
        return {row.therapist_id: row.asked_at for row in session.execute(LIVE)}


def account(therapist_id: int) -> tuple[Account, list[Place]] | None:
    """Return an account with its calendars, that of the sessions first; nothing when it was disconnected meanwhile."""
    asked = {"id": therapist_id}
    with db.transaction("messenger", read_only=True) as session:
        row = session.execute(ACCOUNT, asked).mappings().one_or_none()
        places = [Place(**each) for each in session.execute(CALENDARS, asked).mappings()]
    return None if row is None else (Account(**row), places)


def wanted_sessions(known: Account) -> dict[int, Wanted]:
    """Return the sessions ahead of a therapist as they should stand in their calendar, by appointment."""
    with db.transaction("messenger", read_only=True) as session:
        rows = session.execute(SESSIONS, {"id": known.therapist_id}).all()
    return {
        row.id: Wanted(
            appointment_id=row.id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            title=row.initials or known.session_word,
            status="TENTATIVE" if row.state == "held" else "CONFIRMED",
            version=row.version,
            changed_at=row.changed_at,
        )
        for row in rows
    }


def written_events(place: Place) -> list[Written]:
    """Return what was written to a calendar, with the last proposal about each."""
    with db.transaction("messenger", read_only=True) as session:
        return [_written(row) for row in session.execute(EVENTS, {"id": place.id})]


def _written(row: Any) -> Written:
    times = None if row.proposed_from is None else (row.proposed_from, row.proposed_until)
    proposed = None if row.state is None else Proposed(row.state, row.outside_tag, times)
    written = row.starts_at, row.ends_at
    return Written(row.id, row.appointment_id, written, row.tag, row.says_sha256, proposed)


def claim(known: Account, place: Place, wanted: Wanted) -> Written:
    """Note that a session is about to be written, before the server hears of it."""
    values = {
        "therapist": known.therapist_id,
        "calendar": place.id,
        "appointment": wanted.appointment_id,
        "begins": wanted.starts_at,
        "finishes": wanted.ends_at,
    }
    with db.transaction("messenger") as session:
        number = session.scalars(CLAIM, values).one()
    return Written(number, wanted.appointment_id, wanted.times, None, None)


def note(written: Written, times: tuple[datetime, datetime], tag: str | None, says: bytes | None) -> None:
    """Note what stands in the calendar now; whatever was proposed about it has lost its reason, or is put back."""
    values = {"id": written.id, "tag": tag, "says": says, "begins": times[0], "finishes": times[1]}
    with db.transaction("messenger") as session:
        session.execute(NOTE, values)
        session.execute(SETTLE, {"id": written.id, "now": clock.now()})


def forget(written: Written) -> None:
    """Forget a session that stands in the calendar no more."""
    with db.transaction("messenger") as session:
        session.execute(FORGET, {"id": written.id})


def forget_old(place: Place, now: datetime) -> None:
    """Forget what was written of sessions long over; it stays where it stands."""
    with db.transaction("messenger") as session:
        session.execute(FORGET_OLD, {"id": place.id, "before": now - KEPT_AFTER})


def propose(written: Written, theirs: Theirs, tag: str) -> None:
    """Propose what was changed in the calendar, in place of what was proposed and not decided."""
    begins, finishes = theirs.times or (None, None)
    values = {
        "id": written.id, "kind": KINDS[theirs.kind], "begins": begins, "finishes": finishes, "tag": tag,
        "now": clock.now(),
    }  # fmt: skip
    with db.transaction("messenger") as session:
        if session.scalar(RENEW, values) is None:
            session.execute(PROPOSE, values)


def note_calendar(place: Place, problem: str | None) -> None:
    """Note what is wrong with a calendar, or that nothing is."""
    with db.transaction("messenger") as session:
        session.execute(NOTE_CALENDAR, {"id": place.id, "problem": problem})


def note_problem(therapist_id: int, problem: str) -> None:
    """Note why an account cannot be asked."""
    with db.transaction("messenger") as session:
        session.execute(NOTE_PROBLEM, {"id": therapist_id, "problem": problem})


def note_synced(therapist_id: int, now: datetime) -> None:
    """Note that an exchange went well; once an hour, as they go every few minutes, day and night."""
    with db.transaction("messenger") as session:
        session.execute(NOTE_SYNCED, {"id": therapist_id, "now": now, "before": now - NOTED_EVERY})
