"""What can be done with money: charge, invoice, receive, give back, write off. Each is one transaction.

Whoever moves a patient's money first locks the patient's row, so that two people never spend the same amount; the
triggers of the database are the backstop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.access import queries as access
from dashboard.access.actor import OFFICE, Actor, NotFoundError, Role, RuleBrokenError, transaction
from dashboard.agenda.models import Appointment, Attendee
from dashboard.billing import charging, invoicing, ledger, parties, rules
from dashboard.billing.models import METHODS, Charge, ChargeWriteOff, Invoice, Payment
from dashboard.patients.models import Payer

CARE: tuple[Role, ...] = ("manager", "front_desk", "therapist")

WRITE_OFF_REASONS = ("goodwill", "hardship", "error", "uncollectable")
LARGEST_CENTS = 100_000_000
MOST_AT_ONCE = 2_000
EARLIEST = date(2000, 1, 1)


def charge_session(actor: Actor, appointment_id: int) -> int:
    """Charge what was delivered, or missed for a fee, to the patients and their payers; return the number of charges.

    Doing it again charges nothing and returns 0. The price is the one agreed at booking; a couple or a family
    is charged once, to its first patient. A missed session is the patient's own: payers pay for care that was given.

    Raises:
        NotFoundError: no such appointment, or a colleague's for a therapist.
        RuleBrokenError: nothing was delivered and no fee is due.
    """
    with transaction(actor, *CARE) as session:
        return charging.charge_appointment(session, actor, appointment_id)


def charge_sessions(actor: Actor, appointment_ids: Iterable[int]) -> int:
    """Charge several sessions at once, all or none; return the number of charges.

    Raises:
        NotFoundError: no such appointment.
        RuleBrokenError: one of them can not be charged, or they are too many.
    """
    wanted = _few(appointment_ids)
    with transaction(actor, *OFFICE) as session:
        attending = select(Attendee.patient_id).where(Attendee.appointment_id.in_(wanted))
        parties.lock_patients(session, session.scalars(attending).all())
        return sum(charging.charge_appointment(session, actor, appointment_id) for appointment_id in wanted)


def reverse_session(actor: Actor, appointment_id: int) -> int:
    """Take back what a session was charged, because it was marked by mistake; return the number of reversals.

    Doing it again reverses nothing and returns 0. The session may be charged anew afterwards.

    Raises:
        NotFoundError: no such appointment, or a colleague's for a therapist.
        RuleBrokenError: a charge is on an invoice or was written off.
    """
    with transaction(actor, *CARE) as session:
        appointment = session.get(Appointment, appointment_id)
        if appointment is None or (actor.role == "therapist" and appointment.therapist_id != actor.therapist_id):
            raise NotFoundError("No such appointment.")
        attending = select(Charge.patient_id).where(Charge.appointment_id == appointment_id)
        parties.lock_patients(session, session.scalars(attending).all())
        return charging.reverse_charges(session, charging.standing_charges(session, appointment_id))


def write_off_charge(actor: Actor, charge_id: int, reason: str) -> int:
    """Give up what a charge has not been invoiced for; return the id of the write-off.

    Raises:
        NotFoundError: no such charge.
        RuleBrokenError: it is on an invoice, was written off or reversed, or the reason is unknown.
    """
    if reason not in WRITE_OFF_REASONS:
        raise RuleBrokenError("Choose a reason from the list.")
    with transaction(actor, *OFFICE) as session:
        charge = session.get(Charge, charge_id)
        if charge is None:
            raise NotFoundError("No such charge.")
        parties.lock_patients(session, [charge.patient_id])
        invoiced = session.scalars(select(ledger.CHARGE_INVOICED).where(Charge.id == charge_id)).one()
        left = charge.amount_cents - invoiced
        if left <= 0 or charge.reverses_id is not None or ledger.is_settled_otherwise(session, charge_id):
            raise RuleBrokenError("Nothing of this charge is left to write off.")
        today = access.today(session)
        row = ChargeWriteOff(charge_id=charge_id, amount_cents=left, written_off_on=today, reason=reason)
        session.add(row)
        session.flush()
        return row.id


def invoice_charges(actor: Actor, charge_ids: Iterable[int], *, issued_on: date | None = None) -> list[int]:
    """Issue one invoice per patient and payer for these charges; return the invoices' ids, in order of number.

    Raises:
        NotFoundError: no such charge.
        RuleBrokenError: a charge is on an invoice already, or was written off; the day is in the future.
    """
    wanted = _few(charge_ids)
    with transaction(actor, *OFFICE) as session:
        patients = session.scalars(select(Charge.patient_id).where(Charge.id.in_(wanted)).distinct()).all()
        parties.lock_patients(session, patients)
        by_party: dict[tuple[int, int | None], list[Charge]] = defaultdict(list)
        for charge in invoicing.invoiceable(session, wanted):
            by_party[charge.patient_id, charge.payer_id].append(charge)
        today = access.today(session)
        day = issued_on or today
        if not EARLIEST <= day <= today:
            raise RuleBrokenError("An invoice is dated today or earlier.")
        return [invoicing.issue(session, charges, day) for charges in by_party.values()]


def _few(ids: Iterable[int]) -> list[int]:
    wanted = sorted(set(ids))
    if not wanted:
        raise RuleBrokenError("Choose at least one.")
    if len(wanted) > MOST_AT_ONCE:
        raise RuleBrokenError("That is too much at once. Choose a shorter period.")
    return wanted


def correct_invoice(actor: Actor, invoice_id: int) -> int:
    """Issue a corrective invoice over the whole amount of an invoice; return its id.

    Raises:
        NotFoundError: no such invoice.
        RuleBrokenError: it was corrected already, is itself a correction, or payments settle a part of it.
    """
    with transaction(actor, *OFFICE) as session:
        invoice = _locked_invoice(session, invoice_id)
        corrected = select(Invoice.id).where(Invoice.corrects_id == invoice_id).limit(1)
        if invoice.corrects_id is not None or session.scalar(corrected) is not None or invoice.total_cents <= 0:
            raise RuleBrokenError("This invoice was corrected already, or is itself a correction.")
        if ledger.allocated_cents(session, invoice_id) > 0:
            raise RuleBrokenError("Take the payment back first: it settles a part of this invoice.")
        return invoicing.issue_correction(session, invoice, access.today(session))


def record_payment(
    actor: Actor,
    *,
    patient_id: int,
    payer_id: int | None = None,
    amount_cents: int,
    method: str,
    received_on: date,
    invoice_id: int | None = None,
    idempotency_key: str,
) -> int:
    """Record money received and settle the party's open invoices with it; return the payment's id.

    The named invoice is settled first, then the longest due; what is left is credit. The same key again returns
    the first payment.

    Raises:
        NotFoundError: no such patient, payer or invoice of theirs.
        RuleBrokenError: the amount, method or day is not sane, or the key was used for another payment.
    """
    with transaction(actor, *OFFICE) as session:
        parties.lock_patients(session, [patient_id])
        asked = Payment(
            patient_id=patient_id,
            payer_id=payer_id,
            amount_cents=amount_cents,
            method=method,
            received_on=received_on,
            idempotency_key=idempotency_key,
            recorded_by_id=actor.user_id,
        )
        earlier = _payment_with_key(session, idempotency_key)
        return _same_payment(session, earlier, asked, invoice_id) if earlier else _receive(session, asked, invoice_id)


def _receive(session: Session, asked: Payment, invoice_id: int | None) -> int:
    today = access.today(session)
    _check_payment(session, asked, today)
    invoices = ledger.open_invoices(session, asked.patient_id, asked.payer_id, first=invoice_id)
    if invoice_id is not None and invoice_id not in {invoice.id for invoice in invoices}:
        raise RuleBrokenError("Nothing of this invoice is left to pay.")
    session.add(asked)
    session.flush()
    ledger.allocate(session, rules.allocation_plan([rules.Open(asked.id, asked.amount_cents)], invoices), today)
    return asked.id


def _check_payment(session: Session, asked: Payment, today: date) -> None:
    if not 0 < asked.amount_cents <= LARGEST_CENTS:
        raise RuleBrokenError("The amount must be more than zero, and plausible.")
    if asked.method not in METHODS:
        raise RuleBrokenError("Choose a method from the list.")
    if not EARLIEST <= asked.received_on <= today:
        raise RuleBrokenError("A payment is dated today or earlier.")
    if asked.payer_id is not None and session.get(Payer, asked.payer_id) is None:
        raise NotFoundError("No such payer.")


def _payment_with_key(session: Session, key: str) -> Payment | None:
    if not 0 < len(key) <= 64:
        raise RuleBrokenError("The form has no valid key. Reload the page.")
    return session.scalars(select(Payment).where(Payment.idempotency_key == key)).one_or_none()


def _same_payment(session: Session, earlier: Payment, asked: Payment, invoice_id: int | None) -> int:
    """Return the earlier payment's id when the same was asked for, else refuse."""
    fields = ("patient_id", "payer_id", "amount_cents", "method", "received_on")
    is_same = all(getattr(earlier, field) == getattr(asked, field) for field in fields)
    if not is_same or (invoice_id is not None and ledger.first_settled(session, earlier.id) != invoice_id):
        raise RuleBrokenError("This form was already used for another payment. Reload the page.")
    return earlier.id


def apply_credit(actor: Actor, invoice_id: int) -> int:
    """Settle an invoice with the same party's unspent payments, the oldest first; return the cents applied.

    Raises:
        NotFoundError: no such invoice.
        RuleBrokenError: nothing is open, or there is no credit.
    """
    with transaction(actor, *OFFICE) as session:
        invoice = _locked_invoice(session, invoice_id)
        payments = ledger.unspent_payments(session, invoice.patient_id, invoice.payer_id)
        wanted = [rules.Open(invoice_id, ledger.open_cents(session, invoice_id))]
        applied = ledger.allocate(session, rules.allocation_plan(payments, wanted), access.today(session))
        if applied == 0:
            raise RuleBrokenError("Nothing is open, or there is no credit to apply.")
        return applied


def reverse_payment(actor: Actor, payment_id: int, idempotency_key: str) -> int:
    """Take a whole payment back, and with it what it settled; return the id of the reversal.

    Raises:
        NotFoundError: no such payment.
        RuleBrokenError: it was given back already, is itself a reversal, or the key was used for something else.
    """
    with transaction(actor, *OFFICE) as session:
        payment = session.get(Payment, payment_id)
        if payment is None:
            raise NotFoundError("No such payment.")
        parties.lock_patients(session, [payment.patient_id])
        earlier = _payment_with_key(session, idempotency_key)
        if earlier is not None and earlier.reverses_id == payment_id:
            return earlier.id
        reversed_by = select(Payment.id).where(Payment.reverses_id == payment_id).limit(1)
        if earlier is not None or payment.reverses_id is not None or session.scalar(reversed_by) is not None:
            raise RuleBrokenError("This payment was taken back already.")
        today = access.today(session)
        reversal = Payment(
            patient_id=payment.patient_id,
            payer_id=payment.payer_id,
            amount_cents=-payment.amount_cents,
            method=payment.method,
            received_on=max(today, payment.received_on),
            reverses_id=payment_id,
            idempotency_key=idempotency_key,
            recorded_by_id=actor.user_id,
        )
        session.add(reversal)
        session.flush()
        ledger.allocate(session, ledger.taken_back(session, payment_id), today)
        return reversal.id


def _locked_invoice(session: Session, invoice_id: int) -> Invoice:
    invoice = session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFoundError("No such invoice.")
    parties.lock_patients(session, [invoice.patient_id])
    return invoice
