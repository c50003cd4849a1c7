"""The steps of charging a session: what it costs, whom it is charged to, and who pays which part of it."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError
from dashboard.agenda.models import Appointment, Attendee
from dashboard.billing import parties, rules
from dashboard.billing.models import Charge
from dashboard.team.models import Service, Site

KINDS = {"attended": "session", "late_cancelled": "late_cancellation", "no_show": "no_show"}
CHARGED_ONCE = ("couple", "family")


def charge_appointment(session: Session, actor: Actor, appointment_id: int) -> int:
    """Charge every patient of an appointment who is not charged yet; return the number of charges."""
    found = session.execute(
        select(Appointment, Service, Site.time_zone)
        .join(Service, Service.id == Appointment.service_id)
        .join(Site, Site.id == Appointment.site_id)
        .where(Appointment.id == appointment_id)
    ).one_or_none()
    if found is None or (actor.role == "therapist" and found[0].therapist_id != actor.therapist_id):
        raise NotFoundError("No such appointment.")
    appointment, service, time_zone = found
    kind, price = _kind_and_price(appointment, service)
    attending = select(Attendee.patient_id).where(Attendee.appointment_id == appointment_id)
    patients = session.scalars(attending.order_by(Attendee.position, Attendee.patient_id)).all()
    parties.lock_patients(session, patients)
    charge = Charge(
        appointment_id=appointment_id,
        kind=kind,
        description=service.name,
        charged_on=appointment.starts_at.astimezone(ZoneInfo(time_zone)).date(),
        tax_rate_bp=service.tax_rate_bp,
    )
    charged = _charged(session, appointment_id)
    if service.kind in CHARGED_ONCE:
        patients = [] if charged else patients[:1]
    return sum(
        _charge_patient(session, charge, patient_id, price) for patient_id in patients if patient_id not in charged
    )


def _charge_patient(session: Session, charge: Charge, patient_id: int, amount: int) -> int:
    """Write a patient's and a payer's part of ``amount``, and the rest as in ``charge``."""
    parts = _parts(session, charge.kind, patient_id, amount, charge.charged_on)
    rows = [
        {
            "appointment_id": charge.appointment_id,
            "patient_id": patient_id,
            "payer_id": payer_id,
            "kind": charge.kind,
            "description": charge.description,
            "charged_on": charge.charged_on,
            "amount_cents": part,
            "tax_rate_bp": charge.tax_rate_bp,
        }
        for payer_id, part in parts
    ]
    # The lock keeps others out; the unique index would, should somebody write past this command.
    return len(session.scalars(insert(Charge).on_conflict_do_nothing().returning(Charge.id), rows).all())


def _kind_and_price(appointment: Appointment, service: Service) -> tuple[str, int]:
    kind = KINDS.get(appointment.state)
    is_chargeable = appointment.state == "attended" or (kind is not None and appointment.is_fee_charged)
    if kind is None or not is_chargeable or appointment.moved_to_id is not None:
        raise RuleBrokenError("Only what was delivered, or missed for a fee, can be charged.")
    if kind == "session":
        return kind, appointment.fee_cents
    return kind, rules.share(appointment.fee_cents, service.late_fee_percent)


def _charged(session: Session, appointment_id: int) -> set[int]:
    """Return the patients who are charged for an appointment already."""
    return set(
        session.scalars(
            select(Charge.patient_id).where(
                Charge.appointment_id == appointment_id,
                Charge.kind.in_(KINDS.values()),
                Charge.reverses_id.is_(None),
            )
        )
    )


def _parts(session: Session, kind: str, patient_id: int, amount: int, day: date) -> list[tuple[int | None, int]]:
    """Return who owes which part of ``amount``; the patient is nobody's id."""
    terms = rules.terms_on(day, parties.terms_of_patient(session, patient_id)) if kind == "session" else None
    if terms is None or amount == 0:  # a session that costs nothing is charged too, so that it counts as dealt with
        return [(None, amount)]
    split = rules.split_amount(amount, covered_percent=terms.covered_percent, copayment_cents=terms.copayment_cents)
    return [part for part in ((None, split.patient_cents), (terms.payer_id, split.payer_cents)) if part[1] > 0]
