"""What can be done with training: log it, correct or withdraw it while nobody decided, approve it, reject it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from dashboard import clock
from dashboard.access.actor import Actor, ChangedSinceError, NotFoundError, Role, RuleBrokenError, transaction
from dashboard.access.queries import today
from dashboard.team.models import Therapist
from dashboard.training import rules
from dashboard.training.models import KINDS, MODES, TOPICS, TrainingEntry

LOGS: tuple[Role, ...] = ("manager", "therapist")
LONGEST_TEXT = 200


@dataclass(frozen=True)
class Training:
    """What is said of training, in the words and days of whoever did it."""

    title: str
    provider: str | None
    kind: str
    topic: str
    mode: str
    hours: Decimal
    started_on: date
    ended_on: date


def log_training(
    actor: Actor,
    *,
    therapist_id: int,
    title: str,
    provider: str | None = None,
    kind: str,
    topic: str,
    hours: Decimal,
    started_on: date,
    ended_on: date,
    mode: str,
    certificate: bytes | None = None,
    idempotency_key: str,
) -> int:
    """Log training that a therapist did and return the entry's id; of a certificate only its SHA-256 is kept.

    The same key again returns the first entry.

    Raises:
        NotFoundError: no such therapist, or somebody else for a therapist.
        RuleBrokenError: a value is not sane, or the key was used for another entry.
    """
    with transaction(actor, *LOGS) as session:
        _require_own(session, actor, therapist_id)
        _lock_key(session, idempotency_key)
        training = _checked(session, Training(title, provider, kind, topic, mode, hours, started_on, ended_on))
        values = {"therapist_id": therapist_id, **asdict(training), "certificate_sha256": _digest(certificate)}
        earlier = session.scalars(
            select(TrainingEntry).where(TrainingEntry.idempotency_key == idempotency_key)
        ).one_or_none()
        if earlier is not None:
            return _same_entry(earlier, values)
        entry = TrainingEntry(**values, idempotency_key=idempotency_key)
        session.add(entry)
        session.flush()
        return entry.id


def _lock_key(session: Session, key: str) -> None:
    """Let one form be saved once at a time; the unique key is the backstop."""
    if not 0 < len(key) <= 64:
        raise RuleBrokenError("The form has no valid key. Reload the page.")
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"training:{key}", 0))))


def _same_entry(earlier: TrainingEntry, values: dict[str, object]) -> int:
    if any(getattr(earlier, name) != value for name, value in values.items()):
        raise RuleBrokenError("This form was already used for another entry. Reload the page.")
    return earlier.id


def edit_training(actor: Actor, entry_id: int, version: int, training: Training) -> None:
    """Correct an entry that nobody decided on yet.

    Raises:
        NotFoundError: no such entry, or somebody else's for a therapist.
        ChangedSinceError: it was changed since ``version``.
        RuleBrokenError: it is decided, or a value is not sane.
    """
    with transaction(actor, *LOGS) as session:
        entry = _undecided(session, actor, entry_id, version)
        for name, value in asdict(_checked(session, training)).items():
            setattr(entry, name, value)
        _save(session)


def withdraw_training(actor: Actor, entry_id: int, version: int) -> None:
    """Remove an entry that nobody decided on yet.

    Raises:
        NotFoundError: no such entry, or somebody else's for a therapist.
        ChangedSinceError: it was changed since ``version``.
        RuleBrokenError: it is decided.
    """
    with transaction(actor, *LOGS) as session:
        session.delete(_undecided(session, actor, entry_id, version))
        _save(session)


def approve_entry(actor: Actor, entry_id: int, version: int) -> None:
    """Let the hours of an entry count.

    Raises:
        NotFoundError: no such entry.
        ChangedSinceError: it was changed since ``version``.
        RuleBrokenError: it is decided already.
    """
    _decide(actor, entry_id, version, "approved")


def reject_entry(actor: Actor, entry_id: int, version: int) -> None:
    """Keep an entry on record without letting its hours count; raises what ``approve_entry`` does."""
    _decide(actor, entry_id, version, "rejected")


def _decide(actor: Actor, entry_id: int, version: int, status: str) -> None:
    with transaction(actor, "manager") as session:
        entry = _undecided(session, actor, entry_id, version)
        entry.status = status
        entry.decided_by_id = actor.user_id
        entry.decided_at = clock.now()
        _save(session)


def _undecided(session: Session, actor: Actor, entry_id: int, version: int) -> TrainingEntry:
    entry = session.get(TrainingEntry, entry_id)
    if entry is None or (actor.role == "therapist" and entry.therapist_id != actor.therapist_id):
        raise NotFoundError("No such entry.")
    if entry.version != version:
        raise ChangedSinceError
    if not rules.may_change(entry.status):
        raise RuleBrokenError("This entry is decided and no longer changes.")
    return entry


def _save(session: Session) -> None:
    try:
        session.flush()
    except StaleDataError:
        raise ChangedSinceError from None


def _require_own(session: Session, actor: Actor, therapist_id: int) -> None:
    is_foreign = actor.role == "therapist" and actor.therapist_id != therapist_id
    if is_foreign or session.scalar(select(Therapist.id).where(Therapist.id == therapist_id)) is None:
        raise NotFoundError("No such therapist.")


def _checked(session: Session, training: Training) -> Training:
    """Return what was said, trimmed, or refuse it."""
    title = " ".join(training.title.split())
    provider = " ".join((training.provider or "").split()) or None
    if not 0 < len(title) <= LONGEST_TEXT or len(provider or "") > LONGEST_TEXT:
        raise RuleBrokenError("Training needs a title, of at most 200 characters like its provider.")
    if training.kind not in KINDS or training.topic not in TOPICS or training.mode not in MODES:
        raise RuleBrokenError("Choose kind, topic and mode from the lists.")
    if not rules.is_done(training.started_on, training.ended_on, today(session)):
        raise RuleBrokenError("Training is logged once it is done, and it begins before it ends.")
    if not rules.are_hours_plausible(training.hours, training.started_on, training.ended_on):
        raise RuleBrokenError("So many hours do not fit between these days.")
    return Training(**{**asdict(training), "title": title, "provider": provider})


def _digest(certificate: bytes | None) -> str | None:
    if certificate is None:
        return None
    if not rules.is_certificate(certificate):
        raise RuleBrokenError("A certificate is a PDF or a picture (PNG, JPEG) of at most 10 MB.")
    return hashlib.sha256(certificate).hexdigest()
