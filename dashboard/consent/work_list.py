"""The work list of the front desk: the consents that are missing, the patients with the nearest session first.

Whether a consent holds is worked out for a file when somebody looks (``marts.consent_status``), which takes
microseconds a file and seconds for all of them. So files are looked at in the order of their next session, and no
further than the page reaches: ``offset 0`` keeps the planner from joining the view as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, DateTime, Select, Subquery, cast, exists, func, null, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from dashboard.access.actor import Actor
from dashboard.access.frames import Question, frame, number_of_rows
from dashboard.agenda.models import AHEAD, Attendee
from dashboard.consent.marts import CONSENT_STATUS
from dashboard.consent.models import ConsentAttempt
from dashboard.consent.queries import READERS, THERAPIST_NAME
from dashboard.patients import queries as patients
from dashboard.patients.models import Patient
from dashboard.team.models import Therapist

if TYPE_CHECKING:
    import pandas as pd

MISSING = CONSENT_STATUS.c
MOST_COUNTED = 200
"""The list is worked off from its top: beyond this, how many follow changes nothing and costs a look at each file."""


@dataclass(frozen=True)
class Filter:
    """What narrows the work list; nothing chosen narrows nothing."""

    kind: str | None = None
    status: str | None = None
    site_id: int | None = None
    therapist_id: int | None = None

    def of_file(self) -> list[ColumnElement[bool]]:
        """Return what a file must fulfil."""
        return _equal({Patient.site_id: self.site_id, Patient.main_therapist_id: self.therapist_id})

    def of_consent(self) -> list[ColumnElement[bool]]:
        """Return what a missing consent must fulfil."""
        return _equal({MISSING.kind: self.kind, MISSING.status: self.status})


def _equal(wanted: dict[Any, object]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in wanted.items() if value is not None]


def consents_missing(actor: Actor, chosen: Filter, *, limit: int = 25, offset: int = 0) -> pd.DataFrame:
    """Return what is missing, the patients with the nearest session first.

    Columns: patient_id, number, name, kind, status, consent_id, missing_signers, next_session_at, valid_until,
    therapist_name, last_attempt_at, last_outcome.
    """
    expected, others = _expected(actor, chosen), _not_expected(actor, chosen)
    found = expected.limit(limit + offset).union_all(others.limit(limit + offset)).subquery("found")
    attempt = _last_attempt(found)
    shown = (
        select(
            found.c.patient_id,
            Patient.number,
            patients.NAME,
            found.c.kind,
            found.c.status,
            found.c.consent_id,
            found.c.missing_signers,
            found.c.next_session_at,
            found.c.valid_until,
            THERAPIST_NAME,
            attempt.c.attempted_at.label("last_attempt_at"),
            attempt.c.outcome.label("last_outcome"),
        )
        .join(Patient, Patient.id == found.c.patient_id)
        .outerjoin(Therapist, Therapist.id == Patient.main_therapist_id)
        .outerjoin(attempt, true())
        .order_by(found.c.next_session_at.nulls_last(), found.c.patient_id, found.c.kind)
    )
    return frame(actor, shown.limit(limit).offset(offset), *READERS)


def consents_missing_number(actor: Actor, chosen: Filter) -> int:
    """Return how many rows ``consents_missing`` has over all its pages, at most one more than ``MOST_COUNTED``."""
    missing = _missing(chosen)
    found = select(missing.c.kind).select_from(Patient).join(missing, true()).where(*_files(actor, chosen))
    return number_of_rows(actor, found, *READERS, most=MOST_COUNTED)


def _expected(actor: Actor, chosen: Filter) -> Question:
    """Return what is missing for patients with a session ahead, the nearest first."""
    earlier = aliased(Attendee)
    # Walked in their order, and no further than needed: nobody has two sessions that begin at once.
    has_earlier = (
        select(earlier.patient_id)
        .where(
            earlier.patient_id == Attendee.patient_id,
            AHEAD,
            earlier.starts_at > func.now(),
            earlier.starts_at < Attendee.starts_at,
        )
        .correlate(Attendee)
        .offset(0)
        .exists()
    )
    ahead = (
        select(Attendee.patient_id, Attendee.starts_at.label("next_session_at"))
        .where(AHEAD, Attendee.starts_at > func.now(), ~has_earlier)
        .order_by(Attendee.starts_at, Attendee.patient_id)
        .offset(0)
        .subquery("ahead")
    )
    missing = _missing(chosen)
    return (
        _columns(missing, ahead.c.next_session_at)
        .select_from(ahead)
        .join(Patient, Patient.id == ahead.c.patient_id)
        .join(missing, true())
        .where(*_files(actor, chosen))
        .order_by(ahead.c.next_session_at, ahead.c.patient_id, missing.c.kind)
    )


def _not_expected(actor: Actor, chosen: Filter) -> Question:
    """Return what is missing for patients without a session ahead."""
    missing = _missing(chosen)
    ahead = exists().where(Attendee.patient_id == Patient.id, AHEAD, Attendee.starts_at > func.now())
    return (
        _columns(missing, cast(null(), DateTime(timezone=True)).label("next_session_at"))
        .select_from(Patient)
        .join(missing, true())
        .where(~ahead, *_files(actor, chosen))
        .order_by(Patient.id, missing.c.kind)
    )


def _missing(chosen: Filter) -> LateralFromClause:
    """Return what is missing in the file of the row beside it."""
    return (
        select(CONSENT_STATUS)
        .where(MISSING.patient_id == Patient.id, MISSING.is_valid.is_(False), *chosen.of_consent())
        .offset(0)
        .correlate(Patient)
        .lateral("missing")
    )


def _files(actor: Actor, chosen: Filter) -> list[ColumnElement[bool]]:
    return [patients.is_visible_to(actor), Patient.status.in_(("waiting", "active")), *chosen.of_file()]


def _columns(missing: LateralFromClause, next_session_at: ColumnElement[Any]) -> Select[Any]:
    named = ("kind", "status", "consent_id", "missing_signers", "valid_until")
    return select(Patient.id.label("patient_id"), next_session_at, *(missing.c[name] for name in named))


def _last_attempt(found: Subquery) -> LateralFromClause:
    return (
        select(ConsentAttempt.attempted_at, ConsentAttempt.outcome)
        .where(ConsentAttempt.patient_id == found.c.patient_id, ConsentAttempt.kind == found.c.kind)
        .order_by(ConsentAttempt.attempted_at.desc())
        .limit(1)
        .lateral("attempt")
    )
