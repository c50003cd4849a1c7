"""What a therapist does with calendars elsewhere: connect, choose, disconnect, decide about what was changed there."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError, transaction
from dashboard.agenda import booking
from dashboard.agenda.booking import Target
from dashboard.agenda.commands import mark_attendance
from dashboard.calendars.commands import MOST_CALENDARS, ONE_AT_A_TIME, one_line
from dashboard.calendars.models import LONGEST_NAME, SHOWS, BusyTime
from dashboard.calendars.queries import own_therapist
from dashboard.linked import discovery, passwords, queries
from dashboard.linked.discovery import FoundCalendar
from dashboard.linked.models import LinkedAccount, LinkedCalendar, LinkedProposal
from dashboard.linked.reaching import Server, checked_address

LONGEST_USER = 200
LONGEST_PASSWORD = 500


def connect(actor: Actor, address: str, user_name: str, password: str) -> int:
    """Connect an account, or give it another password, after its server took it; return how many calendars it has.

    What was chosen of a calendar that is there again stays chosen.

    Raises:
        ServerProblemError: the server does not answer, refuses the account, or is none.
        RuleBrokenError: the address is none, or something was left empty.
    """
    therapist_id, address, user_name = own_therapist(actor), checked_address(address), user_name.strip()
    if not user_name or not password:
        raise RuleBrokenError("Give the user name and the app password.")
    if len(user_name) > LONGEST_USER or len(password) > LONGEST_PASSWORD or not user_name.isprintable():
        raise RuleBrokenError("The user name or the password is longer than any real one.")
    with Server(address, user_name, password) as server:
        found = discovery.calendars(server)
    sealed, key_id = passwords.seal(password, therapist_id, address, user_name)
    given = {
        "address": address, "user_name": user_name, "sealed_password": sealed, "key_id": key_id, "is_connected": True,
        "problem": None, "asked_at": clock.now(), "connected_at": clock.now(),
    }  # fmt: skip
    adding = insert(LinkedAccount).values(therapist_id=therapist_id, uid_secret=secrets.token_bytes(32), **given)
    with transaction(actor, "therapist") as session:
        session.execute(ONE_AT_A_TIME, {"therapist": therapist_id})
        session.execute(adding.on_conflict_do_update(index_elements=[LinkedAccount.therapist_id], set_=given))
        _keep_calendars(session, therapist_id, found)
    return len(found)


def _keep_calendars(session: Session, therapist_id: int, found: list[FoundCalendar]) -> None:
    """Keep the calendars that were found; of those that are gone, nothing."""
    own = LinkedCalendar.therapist_id == therapist_id
    known = {each.url: each for each in session.scalars(select(LinkedCalendar).where(own))}
    for url in known.keys() - {each.url for each in found}:
        _remove_busy(session, therapist_id, [known[url].name])
        session.delete(known[url])
    session.flush()
    for each in found:
        if each.url not in known:
            name = _free_name(session, therapist_id, each.name)
            session.execute(insert(LinkedCalendar).values(therapist_id=therapist_id, url=each.url, name=name))


def _free_name(session: Session, therapist_id: int, name: str) -> str:
    """Return a name that no calendar of the therapist has, whether it is linked or was read from a file."""
    linked = select(LinkedCalendar.name).where(LinkedCalendar.therapist_id == therapist_id)
    read = select(BusyTime.calendar).where(BusyTime.therapist_id == therapist_id)
    taken = set(session.scalars(linked.union(read)))
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - 4].rstrip()} {number}"
    return free


def choose(actor: Actor, outgoing_id: int | None, busy_ids: Collection[int], *, shows: str, session_word: str) -> None:
    """Choose to which calendar the sessions go, if to any, what it says of patients, and which busy times come in.

    Raises:
        NotFoundError: no such account or calendar.
        RuleBrokenError: there are too many calendars.
    """
    therapist_id = own_therapist(actor)
    if shows not in SHOWS:
        raise RuleBrokenError("Choose what the calendar says of patients.")
    if len(busy_ids) > MOST_CALENDARS:
        raise RuleBrokenError("There are ten calendars already. Take one out first.")
    chosen = {"shows": shows, "session_word": one_line(session_word) or "Session", "asked_at": clock.now()}
    own = LinkedCalendar.therapist_id == therapist_id
    with transaction(actor, "therapist") as session:
        session.execute(ONE_AT_A_TIME, {"therapist": therapist_id})
        _require_account(session, chosen)
        calendars = {each.id: each for each in session.scalars(select(LinkedCalendar).where(own))}
        if not {*busy_ids, *([outgoing_id] if outgoing_id else [])} <= calendars.keys():
            raise NotFoundError("No such calendar.")
        _remove_busy(session, therapist_id, [each.name for each in calendars.values() if each.id not in busy_ids])
        # Of two calendars only one takes the sessions, at every moment.
        session.execute(update(LinkedCalendar).where(own, LinkedCalendar.is_outgoing).values(is_outgoing=False))
        for each in calendars.values():
            values = {"is_outgoing": each.id == outgoing_id, "is_busy": each.id in busy_ids}
            session.execute(update(LinkedCalendar).where(LinkedCalendar.id == each.id).values(**values))


def ask_soon(actor: Actor) -> None:
    """Have the worker exchange with the account at its next round.

    Raises:
        NotFoundError: there is none.
    """
    own_therapist(actor)
    with transaction(actor, "therapist") as session:
        _require_account(session, {"asked_at": clock.now()})


def _require_account(session: Session, values: Mapping[str, object]) -> None:
    changing = update(LinkedAccount).where(LinkedAccount.is_connected).values(**values)
    if session.scalar(changing.returning(LinkedAccount.therapist_id)) is None:
        raise NotFoundError("No such account.")


def disconnect(actor: Actor) -> None:
    """Forget the password, the calendars and what came in; what was written there stays there.

    Raises:
        NotFoundError: there is no account.
    """
    therapist_id = own_therapist(actor)
    gone = {"is_connected": False, "sealed_password": None, "key_id": None, "problem": None, "user_name": ""}
    own = LinkedCalendar.therapist_id == therapist_id
    with transaction(actor, "therapist") as session:
        session.execute(ONE_AT_A_TIME, {"therapist": therapist_id})
        _require_account(session, gone)
        names = session.scalars(select(LinkedCalendar.name).where(own, LinkedCalendar.is_busy)).all()
        _remove_busy(session, therapist_id, names)
        session.execute(delete(LinkedCalendar).where(own))


def _remove_busy(session: Session, therapist_id: int, names: Collection[str]) -> None:
    if names:
        of_these = BusyTime.therapist_id == therapist_id, BusyTime.calendar.in_(names)
        session.execute(delete(BusyTime).where(*of_these))


def accept(actor: Actor, proposal_id: int, *, version: int, overriding: Collection[str] = ()) -> None:
    """Do in the agenda what was done in the calendar: move the session, or cancel it in the therapist's name.

    The agenda's own rules decide, and may refuse. Should anything end between the two, the next exchange finds the
    session where the calendar has it, and the proposal lapses.

    Raises:
        NotFoundError: no such proposal, or it was decided.
        ChangedSinceError: the session was changed since it was read.
        NotFreeError: something stands in the way.
        RuleBrokenError: it cannot be accepted, or the agenda refuses it.
    """
    found = queries.proposal(actor, proposal_id)
    if found.kind == "unclear":
        raise RuleBrokenError("This can only be put back: it is no longer one session at one time.")
    if found.starts_at is not None and found.ends_at is not None:
        target = Target(found.starts_at, found.ends_at)
        booking.move(actor, found.appointment_id, target, version=version, overriding=overriding)
    else:
        mark_attendance(
            actor, found.appointment_id, "cancelled", version=version, cancelled_by="therapist", reason="therapist_away"
        )
    _settle(actor, [proposal_id], "accepted")


def reject(actor: Actor, *proposal_ids: int) -> None:
    """Have the session put back in the calendar as it is here, at the next exchange.

    Raises:
        NotFoundError: no such proposal, or it was decided.
    """
    _settle(actor, proposal_ids, "rejected")


def _settle(actor: Actor, proposal_ids: Collection[int], state: str) -> None:
    own_therapist(actor)
    now: datetime = clock.now()
    wanted = LinkedProposal.id.in_(proposal_ids), LinkedProposal.state == "open"
    values = {"state": state, "settled_at": now, "settled_by_id": actor.user_id}
    settling = update(LinkedProposal).where(*wanted).values(**values).returning(LinkedProposal.id)
    with transaction(actor, "therapist") as session:
        if len(session.execute(settling).all()) != len(set(proposal_ids)):
            raise NotFoundError("No such proposal.")
        session.execute(update(LinkedAccount).values(asked_at=now))
