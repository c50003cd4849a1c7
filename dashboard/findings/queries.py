"""Questions about what the checks found: what is missing in which file, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, case, func, select

from dashboard.access.actor import Actor, Role, reading, require
from dashboard.access.frames import Question, frame
from dashboard.findings.models import SEVERITIES, CheckRule, Finding
from dashboard.patients.models import Patient
from dashboard.patients.queries import is_visible_to

if TYPE_CHECKING:
    import pandas as pd

READERS: tuple[Role, ...] = ("manager", "front_desk", "therapist")

WORST_FIRST = case({severity: rank for rank, severity in enumerate(SEVERITIES)}, value=CheckRule.severity)


def open_findings(
    actor: Actor,
    *,
    severity: str | None = None,
    rule: str | None = None,
    site_id: int | None = None,
    therapist_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> pd.DataFrame:
    """Return a page of what is missing now, the worst and longest-standing first; of a therapist's own patients only.

    Columns: finding_id, patient_id, number, name, status, site_id, therapist_id, rule_code, severity, words (in the
    actor's language), fix, since, times_seen_again.
    """
    found = _filtered(_findings(actor), severity, rule, site_id, therapist_id)
    return frame(actor, found.order_by(WORST_FIRST, Finding.since, Finding.id).limit(limit).offset(offset), *READERS)


def open_findings_number(
    actor: Actor,
    *,
    severity: str | None = None,
    rule: str | None = None,
    site_id: int | None = None,
    therapist_id: int | None = None,
) -> int:
    """Return how many rows ``open_findings`` has over all its pages."""
    require(actor, *READERS)
    found = _filtered(_joined(actor, select(func.count(Finding.id))), severity, rule, site_id, therapist_id)
    with reading(actor, *READERS) as session:
        return session.execute(found).scalar_one()


def findings_of_file(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return what is missing now in one file, the worst first; the columns are those of ``open_findings``."""
    found = _findings(actor).where(Finding.patient_id == patient_id)
    return frame(actor, found.order_by(WORST_FIRST, CheckRule.position), *READERS)


def open_finding_counts(actor: Actor) -> pd.DataFrame:
    """Return for each rule that some file fails: rule_code, words, severity, files, oldest_since; the worst first."""
    counted = select(
        CheckRule.code.label("rule_code"),
        _words(actor),
        CheckRule.severity,
        func.count(Finding.id).label("files"),
        func.min(Finding.since).label("oldest_since"),
    )
    found = _joined(actor, counted).group_by(CheckRule.code)
    return frame(actor, found.order_by(WORST_FIRST, CheckRule.position), *READERS)


def rules(actor: Actor) -> pd.DataFrame:
    """Return the rules in use, in the order of reception: rule_code, severity, words, fix."""
    found = select(CheckRule.code.label("rule_code"), CheckRule.severity, _words(actor), CheckRule.fix)
    return frame(actor, found.where(CheckRule.is_active).order_by(CheckRule.position), *READERS)


def _findings(actor: Actor) -> Question:
    name = func.concat_ws(" ", Patient.given_name, Patient.surname_1, Patient.surname_2).label("name")
    return _joined(
        actor,
        select(
            Finding.id.label("finding_id"),
            Finding.patient_id,
            Patient.number,
            name,
            Patient.status,
            Patient.site_id,
            Patient.main_therapist_id.label("therapist_id"),
            Finding.rule_code,
            CheckRule.severity,
            _words(actor),
            CheckRule.fix,
            Finding.since,
            Finding.times_seen_again,
        ),
    )


def _joined(actor: Actor, chosen: Question) -> Question:
    """Join findings that are open with their rule and file, and keep what the actor may see."""
    require(actor, *READERS)
    found = (
        chosen.select_from(Finding)
        .join(CheckRule, CheckRule.code == Finding.rule_code)
        .join(Patient, Patient.id == Finding.patient_id)
        .where(Finding.closed_at.is_(None))
    )
    return found.where(is_visible_to(actor))


def _filtered(
    found: Question, severity: str | None, rule: str | None, site_id: int | None, therapist_id: int | None
) -> Question:
    wanted = {
        CheckRule.severity: severity,
        CheckRule.code: rule,
        Patient.site_id: site_id,
        Patient.main_therapist_id: therapist_id,
    }
    return found.where(*(column == value for column, value in wanted.items() if value is not None))


def _words(actor: Actor) -> ColumnElement[str]:
    """Return the words of a rule in the actor's language, else in English."""
    require(actor, *READERS)
    english = CheckRule.words["en"].astext
    return func.coalesce(CheckRule.words[actor.language or "en"].astext, english).label("words")
