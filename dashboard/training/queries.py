"""Questions about training: how far each therapist is, and which hours count and why. A therapist sees their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Date, Integer, Numeric, Text, column, func, select, table, true
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from dashboard.access.actor import Actor, NotFoundError, Role, reading, require
from dashboard.team.models import Therapist
from dashboard.training.models import TrainingEntry, TrainingRequirement

SEES: tuple[Role, ...] = ("manager", "therapist")
MOST_ENTRIES = 1_000
THERAPIST_NAME = func.btrim(Therapist.given_name + " " + Therapist.surnames)

PROGRESS = table(
    "training_progress",
    column("therapist_id", BigInteger),
    column("requirement_code", Text),
    column("body", Text),
    column("requirement_name", Text),
    column("cycle_starts_on", Date),
    column("cycle_ends_on", Date),
    column("required_hours", Numeric),
    column("logged_hours", Numeric),
    column("counting_hours", Numeric),
    column("expected_hours", Numeric),
    column("remaining_hours", Numeric),
    column("days_left", Integer),
    column("is_on_pace", Boolean),
    column("topics_missing", Text),
    schema="marts",
)
COUNTED = table(
    "training_entries_counted",
    column("training_entry_id", BigInteger),
    column("therapist_id", BigInteger),
    column("requirement_code", Text),
    column("cycle_starts_on", Date),
    column("cycle_ends_on", Date),
    column("counting_hours", Numeric),
    column("reason", Text),
    schema="marts",
)


@dataclass(frozen=True)
class Progress:
    """How far a therapist is in the current cycle of a requirement; hours that count are not hours logged."""

    therapist_id: int
    therapist_name: str
    requirement_code: str
    body: str
    requirement_name: str
    cycle_starts_on: date
    cycle_ends_on: date
    required_hours: Decimal
    logged_hours: Decimal
    counting_hours: Decimal
    expected_hours: Decimal
    remaining_hours: Decimal
    days_left: int
    is_on_pace: bool
    topics_missing: str | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the codes of the topics below their minimum."""
        return tuple(filter(None, (self.topics_missing or "").split(";")))


@dataclass(frozen=True)
class Entry:
    """Training that was logged."""

    id: int
    therapist_id: int
    therapist_name: str
    title: str
    provider: str | None
    kind: str
    topic: str
    mode: str
    hours: Decimal
    started_on: date
    ended_on: date
    has_certificate: bool
    status: str
    version: int


@dataclass(frozen=True)
class Count:
    """What of an entry counts towards a requirement, and why."""

    entry_id: int
    requirement_code: str
    requirement_name: str
    cycle_starts_on: date | None
    counting_hours: Decimal
    reason: str


def progress(actor: Actor, therapist_id: int | None = None) -> list[Progress]:
    """Return the progress of one therapist or, for the manager, of all of them, by name.

    Raises:
        NotFoundError: somebody else's, for a therapist.
    """
    wanted = (
        select(THERAPIST_NAME.label("therapist_name"), PROGRESS)
        .join(Therapist, Therapist.id == PROGRESS.c.therapist_id)
        .where(Therapist.is_active, _of(actor, therapist_id, PROGRESS.c.therapist_id))
        .order_by(Therapist.search_name, Therapist.id, PROGRESS.c.requirement_code)
    )
    with reading(actor, *SEES) as session:
        return [Progress(**row) for row in session.execute(wanted).mappings()]


def entries(actor: Actor, therapist_id: int) -> list[Entry]:
    """Return what a therapist logged, the latest first.

    Raises:
        NotFoundError: somebody else's, for a therapist.
    """
    return _entries(actor, _of(actor, therapist_id, TrainingEntry.therapist_id), latest_first=True)


def entries_waiting(actor: Actor) -> list[Entry]:
    """Return what waits for the manager's decision, the oldest first; for a therapist, their own."""
    own = _of(actor, None, TrainingEntry.therapist_id)
    return _entries(actor, own & (TrainingEntry.status == "logged"), latest_first=False)


def counts(actor: Actor, therapist_id: int) -> list[Count]:
    """Return what of each of a therapist's entries counts towards each requirement, and why.

    Raises:
        NotFoundError: somebody else's, for a therapist.
    """
    found = COUNTED.c
    wanted = (
        select(
            found.training_entry_id.label("entry_id"),
            found.requirement_code,
            TrainingRequirement.name.label("requirement_name"),
            found.cycle_starts_on,
            found.counting_hours,
            found.reason,
        )
        .join(TrainingRequirement, TrainingRequirement.code == found.requirement_code)
        .where(_of(actor, therapist_id, found.therapist_id))
        .order_by(found.requirement_code, found.training_entry_id)
    )
    with reading(actor, *SEES) as session:
        return [Count(**row) for row in session.execute(wanted).mappings()]


def _entries(actor: Actor, condition: ColumnElement[bool], *, latest_first: bool) -> list[Entry]:
    day = TrainingEntry.ended_on.desc() if latest_first else TrainingEntry.ended_on
    wanted = (
        select(
            TrainingEntry.id,
            TrainingEntry.therapist_id,
            THERAPIST_NAME.label("therapist_name"),
            TrainingEntry.title,
            TrainingEntry.provider,
            TrainingEntry.kind,
            TrainingEntry.topic,
            TrainingEntry.mode,
            TrainingEntry.hours,
            TrainingEntry.started_on,
            TrainingEntry.ended_on,
            TrainingEntry.certificate_sha256.is_not(None).label("has_certificate"),
            TrainingEntry.status,
            TrainingEntry.version,
        )
        .join(Therapist, Therapist.id == TrainingEntry.therapist_id)
        .where(condition)
        .order_by(day, TrainingEntry.id)
        .limit(MOST_ENTRIES)
    )
    with reading(actor, *SEES) as session:
        return [Entry(**row) for row in session.execute(wanted).mappings()]


def _of(
    actor: Actor, therapist_id: int | None, owner: ColumnElement[int] | InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """Return the condition that rows are of one therapist; a therapist may only ask for their own."""
    if require(actor, *SEES).role == "manager":
        return true() if therapist_id is None else owner == therapist_id
    if therapist_id not in (None, actor.therapist_id):
        raise NotFoundError("No such therapist.")
    return owner == actor.therapist_id
