"""What people do with the waiting list: add, change and close entries, offer a freed hour, note an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dashboard import clock, db
from dashboard.access.actor import (
    OFFICE,
    Actor,
    ChangedSinceError,
    NotFoundError,
    RuleBrokenError,
    transaction,
)
from dashboard.db import DatabaseRefusal
from dashboard.patients.models import Patient
from dashboard.waiting_list.models import CLOSED_REASONS, WaitingEntry, WaitingRule
from dashboard.waiting_list.queries import CARE

OFFER = text("select waiting_offer_hour(:appointment, :entry)")
OFFERED = text("select id from waiting_offer where entry_id = :entry and state = 'offered'")
ANSWER = text("select waiting_answer(:offer, :answer)")


@dataclass(frozen=True)
class Preferences:
    """What somebody waits for; an empty list or nothing is no wish. ``weekdays`` count from Monday = 0."""

    service_id: int
    therapist_ids: tuple[int, ...] = ()
    site_ids: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    not_before: time | None = None
    not_after: time | None = None
    mode: str | None = None
    urgency: int = 1
    note: str | None = None
    until_on: date | None = None

    def columns(self) -> dict[str, Any]:
        """Return the columns of an entry."""
        lists = {name: sorted(getattr(self, name)) for name in ("therapist_ids", "site_ids", "weekdays")}
        return {**asdict(self), **lists, "note": (self.note or "").strip() or None}


def add_entry(actor: Actor, patient_id: int, wanted: Preferences) -> int:
    """Put a patient on the waiting list, as of today, and return the entry's id.

    Raises:
        NotFoundError: no such file for this person.
        RuleBrokenError: they wait for this service already, or the wishes contradict each other.
    """
    _require_sound(wanted)
    with transaction(actor, *CARE) as session:
        if session.scalar(select(Patient.id).where(Patient.id == patient_id)) is None:
            raise NotFoundError("No such file.")
        waits = select(WaitingEntry.id).where(
            WaitingEntry.patient_id == patient_id,
            WaitingEntry.service_id == wanted.service_id,
            WaitingEntry.state == "waiting",
        )
        if session.scalar(waits) is not None:
            raise RuleBrokenError("This person waits for this service already. Change that entry.")
        made = WaitingEntry(patient_id=patient_id, added_by_id=actor.user_id, **wanted.columns())
        session.add(made)
        session.flush()
        return made.id


def change_entry(actor: Actor, entry_id: int, wanted: Preferences, *, version: int) -> None:
    """Change what somebody waits for; their place by date stays.

    Raises:
        NotFoundError: no such entry for this person.
        ChangedSinceError: somebody changed it since.
        RuleBrokenError: it is closed, or the wishes contradict each other.
    """
    _require_sound(wanted)
    with transaction(actor, *CARE) as session:
        found = _locked(session, entry_id, version)
        _require_waiting(found)
        if wanted.until_on is not None and wanted.until_on < found.since_on:
            raise RuleBrokenError("The last day lies before the first.")
        for name, value in wanted.columns().items():
            setattr(found, name, value)


def close_entry(actor: Actor, entry_id: int, reason: str, *, version: int) -> None:
    """Take somebody off the waiting list.

    Raises:
        NotFoundError: no such entry for this person.
        ChangedSinceError: somebody changed it since.
        RuleBrokenError: it is closed already, or an hour is being offered to them.
    """
    if reason not in CLOSED_REASONS:
        raise RuleBrokenError("Choose one of the reasons.")
    with transaction(actor, *CARE) as session:
        found = _locked(session, entry_id, version)
        _require_waiting(found)
        if session.scalar(OFFERED, {"entry": entry_id}) is not None:
            raise RuleBrokenError("An hour is being offered to this person. Note their answer first.")
        found.state, found.closed_reason, found.closed_at = "closed", reason, clock.now()


def reopen_entry(actor: Actor, entry_id: int, *, version: int) -> None:
    """Put an entry that was closed back on the list, with the date that it had.

    Raises:
        NotFoundError: no such entry for this person.
        ChangedSinceError: somebody changed it since.
        RuleBrokenError: it waits already.
    """
    with transaction(actor, *CARE) as session:
        found = _locked(session, entry_id, version)
        if found.state == "waiting":
            raise RuleBrokenError("This entry waits already.")
        found.state, found.closed_reason, found.closed_at = "waiting", None, None


def offer_hour(actor: Actor, appointment_id: int, entry_id: int | None = None) -> int | None:
    """Offer the hour of a cancelled appointment to ``entry_id``, or to who fits best; return the offer's id.

    The hour is kept free for them until they answer or the offer expires; then it is the next one's turn.
    Nothing is returned when nobody fits.

    Raises:
        RuleBrokenError: it is no freed hour, or it is offered already.
    """
    offered: int | None = _called(actor, OFFER, {"appointment": appointment_id, "entry": entry_id})
    return offered


def answer_offer(actor: Actor, offer_id: int, answer: str) -> None:
    """Note what somebody said to an offer (``accepted``, ``declined``), or take it back (``withdrawn``).

    Accepted, the hour is booked. Declined, the next in turn is offered it. Withdrawn, nobody is.

    Raises:
        RuleBrokenError: it is no longer open.
    """
    if _called(actor, ANSWER, {"offer": offer_id, "answer": answer}) != answer:
        raise RuleBrokenError("This offer is no longer open.")


def set_rule(
    actor: Actor, *, turns: int, answer_hours: int, notice_hours: int, days_ahead: int, is_automatic: bool
) -> None:
    """Set how freed hours are offered; hours that are cancelled from now on are offered by themselves, if so wished.

    Raises:
        RuleBrokenError: a session would begin before there is an answer.
    """
    if notice_hours <= answer_hours:
        raise RuleBrokenError("The notice must be longer than the time to answer.")
    with transaction(actor, "manager") as session:
        found = session.scalars(select(WaitingRule).with_for_update()).one()
        if is_automatic and not found.is_automatic:
            found.automatic_since = clock.now()
        found.turns, found.answer_hours, found.notice_hours = turns, answer_hours, notice_hours
        found.days_ahead, found.is_automatic = days_ahead, is_automatic


def _called(actor: Actor, function: Any, values: dict[str, Any]) -> Any:
    def once() -> Any:
        with _explained(), transaction(actor, *OFFICE) as session:
            return session.scalar(function, values)

    return db.retried(once)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the database refused into a sentence."""
    try:
        yield
    except DatabaseRefusal as error:
        match error.constraint:
            case "hour_is_freed":
                raise RuleBrokenError("This hour was not freed, or it is past.") from None
            case "hour_is_offered" | "no_hour_offered_twice" | "one_offer_of_an_hour":
                raise RuleBrokenError("This hour is offered to somebody already.") from None
            case "one_offer_to_an_entry":
                raise RuleBrokenError("This person is being offered another hour just now.") from None
            case "hour_is_held":
                raise RuleBrokenError("The hour is no longer kept free. Look at the agenda.") from None
        raise


def _locked(session: Session, entry_id: int, version: int) -> WaitingEntry:
    found = session.scalar(select(WaitingEntry).where(WaitingEntry.id == entry_id).with_for_update())
    if found is None:
        raise NotFoundError("Not found.")
    if found.version != version:
        raise ChangedSinceError("The entry was changed since it was read.")
    return found


def _require_waiting(found: WaitingEntry) -> None:
    if found.state != "waiting":
        raise RuleBrokenError("This entry is closed.")


def _require_sound(wanted: Preferences) -> None:
    if wanted.not_before and wanted.not_after and wanted.not_before >= wanted.not_after:
        raise RuleBrokenError("The hours end before they begin.")
