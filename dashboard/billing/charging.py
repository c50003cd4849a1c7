"""The steps of charging a session: what it costs, whom it is charged to, and who pays which part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError
from dashboard.agenda.models import Appointment, Attendee
from dashboard.billing import ledger, parties, rules
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
    charged = {one.patient_id for one in standing_charges(session, appointment_id)}
    charge.attempt = _attempt(session, appointment_id)
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
            "attempt": charge.attempt,
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


def standing_charges(session: Session, appointment_id: int) -> Sequence[Charge]:
    """Return what an appointment was charged and what was not reversed."""
    reversal = aliased(Charge)
    return session.scalars(
        select(Charge)
        .where(
            Charge.appointment_id == appointment_id,
            Charge.kind.in_(KINDS.values()),
            Charge.reverses_id.is_(None),
            ~select(reversal.id).where(reversal.reverses_id == Charge.id).exists(),
        )
        .order_by(Charge.id)
    ).all()


def _attempt(session: Session, appointment_id: int) -> int:
    """Return which attempt a new charge of an appointment is: one more than those that were reversed."""
    reversed_before = select(func.coalesce(func.max(Charge.attempt), 0)).where(
        Charge.appointment_id == appointment_id, Charge.reverses_id.is_not(None)
    )
    return (session.scalar(reversed_before) or 0) + 1


def reverse_charges(session: Session, charges: Sequence[Charge]) -> int:
    """Take charges back by their opposites, on the same day; return their number.

    Raises:
        RuleBrokenError: one of them is on an invoice or was written off.
    """
    for charge in charges:
        on_invoices = session.scalars(select(ledger.CHARGE_INVOICED).where(Charge.id == charge.id)).one()
        if on_invoices != 0 or ledger.is_settled_otherwise(session, charge.id):
            raise RuleBrokenError("This session is on an invoice or was written off. Correct that first.")
        session.add(
            Charge(
                appointment_id=charge.appointment_id,
                patient_id=charge.patient_id,
                payer_id=charge.payer_id,
                kind=charge.kind,
                description=charge.description,
                charged_on=charge.charged_on,
                amount_cents=-charge.amount_cents,
                tax_rate_bp=charge.tax_rate_bp,
                reverses_id=charge.id,
                attempt=charge.attempt,
            )
        )
    return len(charges)


def _parts(session: Session, kind: str, patient_id: int, amount: int, day: date) -> list[tuple[int | None, int]]:
    """Return who owes which part of ``amount``; the patient is nobody's id."""
    terms = rules.terms_on(day, parties.terms_of_patient(session, patient_id)) if kind == "session" else None
    if terms is None or amount == 0:  # a session that costs nothing is charged too, so that it counts as dealt with
        return [(None, amount)]
    split = rules.split_amount(amount, covered_percent=terms.covered_percent, copayment_cents=terms.copayment_cents)
    return [part for part in ((None, split.patient_cents), (terms.payer_id, split.payer_cents)) if part[1] > 0]
