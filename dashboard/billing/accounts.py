"""Questions about one account: an invoice, a payment, a session's charges, what a patient owes. Amounts are cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, literal, select, union
from sqlalchemy.orm import Session, aliased

from dashboard.access.actor import OFFICE, Actor, NotFoundError, reading
from dashboard.agenda.models import Appointment
from dashboard.billing import ledger
from dashboard.billing.models import Charge, ChargeWriteOff, Invoice, InvoiceLine, Payment, PaymentAllocation
from dashboard.billing.queries import INVOICE_NUMBER, PATIENT_NAME, number_in_words
from dashboard.patients.models import Coverage, Patient, Payer
from dashboard.team.models import Service

MOST_MATCHES = 20
CORRECTION = aliased(Invoice)
REVERSAL = aliased(Payment)


@dataclass(frozen=True)
class Line:
    """A line of an invoice."""

    charge_id: int
    charged_on: date
    description: str | None
    amount_cents: int
    tax_rate_bp: int
    tax_cents: int


@dataclass(frozen=True)
class Settlement:
    """A part of a payment that settles an invoice; negative when it was taken back."""

    payment_id: int
    invoice_id: int
    invoice_number: str
    allocated_on: date
    method: str
    amount_cents: int


@dataclass(frozen=True)
class InvoiceDetails:
    """An invoice, what is open of it, and what else the same party may spend on it."""

    id: int
    number: str
    patient_id: int
    patient_name: str
    patient_number: int
    payer_id: int | None
    payer_name: str | None
    issued_on: date
    due_on: date
    total_cents: int
    open_cents: int
    recipient_name: str
    recipient_tax_id: str | None
    recipient_address: str | None
    corrects_number: str | None
    corrected_by: str | None
    credit_cents: int
    lines: tuple[Line, ...]
    settlements: tuple[Settlement, ...]


@dataclass(frozen=True)
class PaymentDetails:
    """A payment, what it settled and what is left of it."""

    id: int
    patient_id: int
    patient_name: str
    patient_number: int
    payer_name: str | None
    method: str
    amount_cents: int
    unspent_cents: int
    received_on: date
    is_reversal: bool
    was_taken_back: bool
    settlements: tuple[Settlement, ...]


@dataclass(frozen=True)
class SessionCharge:
    """What one party owes for a session, and the invoice that it stands on."""

    id: int
    patient_id: int
    patient_name: str
    payer_name: str | None
    kind: str
    charged_on: date
    amount_cents: int
    invoiced_cents: int
    written_off_cents: int
    invoice_id: int | None
    invoice_number: str | None
    is_reversed: bool

    @property
    def is_left(self) -> bool:
        """Return whether something of it is neither invoiced (less what was corrected) nor given up."""
        return self.amount_cents > self.invoiced_cents + self.written_off_cents and not self.is_reversed

    @property
    def is_to_invoice(self) -> bool:
        """Return whether it can stand on a new invoice."""
        return self.is_left and self.invoice_id is None and not self.written_off_cents


@dataclass(frozen=True)
class Account:
    """A party that may owe: the patient, or a payer for the patient."""

    patient_id: int
    patient_name: str
    patient_number: int
    payer_id: int | None
    payer_name: str | None


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice with something left to pay."""

    id: int
    number: str
    due_on: date
    open_cents: int


@dataclass(frozen=True)
class PatientAccount:
    """What one party has open, the longest due first, and what they paid ahead."""

    open_invoices: tuple[OpenInvoice, ...]
    credit_cents: int


def invoice(actor: Actor, invoice_id: int) -> InvoiceDetails:
    """Return an invoice with its lines and what settled it.

    Raises:
        NotFoundError: no such invoice.
    """
    with reading(actor, *OFFICE) as session:
        row = session.execute(_one_invoice(invoice_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError("No such invoice.")
        return InvoiceDetails(
            **row,
            credit_cents=ledger.credit_cents(session, row["patient_id"], row["payer_id"]),
            lines=_lines(session, invoice_id),
            settlements=_settlements(session, invoice_id=invoice_id),
        )


def _one_invoice(invoice_id: int) -> Select[Any]:
    corrected = aliased(Invoice)
    correction = select(func.max(number_in_words(CORRECTION.series, CORRECTION.number)))
    return (
        select(
            Invoice.id,
            INVOICE_NUMBER.label("number"),
            Invoice.patient_id,
            PATIENT_NAME.label("patient_name"),
            Patient.number.label("patient_number"),
            Invoice.payer_id,
            Payer.name.label("payer_name"),
            Invoice.issued_on,
            Invoice.due_on,
            Invoice.total_cents,
            case((Invoice.corrects_id.is_(None), ledger.INVOICE_OPEN), else_=0).label("open_cents"),
            Invoice.recipient_name,
            Invoice.recipient_tax_id,
            Invoice.recipient_address,
            number_in_words(corrected.series, corrected.number).label("corrects_number"),
            correction.where(CORRECTION.corrects_id == Invoice.id).scalar_subquery().label("corrected_by"),
        )
        .join(Patient, Patient.id == Invoice.patient_id)
        .outerjoin(Payer, Payer.id == Invoice.payer_id)
        .outerjoin(corrected, corrected.id == Invoice.corrects_id)
        .where(Invoice.id == invoice_id)
    )


def _lines(session: Session, invoice_id: int) -> tuple[Line, ...]:
    found = session.execute(
        select(
            InvoiceLine.charge_id,
            Charge.charged_on,
            func.coalesce(InvoiceLine.description, Service.name).label("description"),
            InvoiceLine.amount_cents,
            InvoiceLine.tax_rate_bp,
            InvoiceLine.tax_cents,
        )
        .join(Charge, Charge.id == InvoiceLine.charge_id)
        .outerjoin(Appointment, Appointment.id == Charge.appointment_id)
        .outerjoin(Service, Service.id == Appointment.service_id)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(Charge.charged_on, InvoiceLine.id)
    )
    return tuple(Line(**row) for row in found.mappings())


def _settlements(
    session: Session, *, invoice_id: int | None = None, payment_id: int | None = None
) -> tuple[Settlement, ...]:
    found = session.execute(
        select(
            PaymentAllocation.payment_id,
            PaymentAllocation.invoice_id,
            INVOICE_NUMBER.label("invoice_number"),
            PaymentAllocation.allocated_on,
            Payment.method,
            PaymentAllocation.amount_cents,
        )
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(
            PaymentAllocation.invoice_id == invoice_id
            if invoice_id is not None
            else PaymentAllocation.payment_id == payment_id
        )
        .order_by(PaymentAllocation.allocated_on, PaymentAllocation.id)
    )
    return tuple(Settlement(**row) for row in found.mappings())


def payment(actor: Actor, payment_id: int) -> PaymentDetails:
    """Return a payment and what it settled.

    Raises:
        NotFoundError: no such payment.
    """
    wanted = (
        select(
            Payment.id,
            Payment.patient_id,
            PATIENT_NAME.label("patient_name"),
            Patient.number.label("patient_number"),
            Payer.name.label("payer_name"),
            Payment.method,
            Payment.amount_cents,
            func.greatest(ledger.PAYMENT_UNSPENT, 0).label("unspent_cents"),
            Payment.received_on,
            Payment.reverses_id.is_not(None).label("is_reversal"),
            select(REVERSAL.id).where(REVERSAL.reverses_id == Payment.id).exists().label("was_taken_back"),
        )
        .join(Patient, Patient.id == Payment.patient_id)
        .outerjoin(Payer, Payer.id == Payment.payer_id)
        .where(Payment.id == payment_id)
    )
    with reading(actor, *OFFICE) as session:
        row = session.execute(wanted).mappings().one_or_none()
        if row is None:
            raise NotFoundError("No such payment.")
        return PaymentDetails(**row, settlements=_settlements(session, payment_id=payment_id))


def session_charges(actor: Actor, appointment_id: int) -> list[SessionCharge]:
    """Return what was charged for a session, the patients before their payers."""
    reversal = aliased(Charge)
    wanted = (
        select(
            Charge.id,
            Charge.patient_id,
            PATIENT_NAME.label("patient_name"),
            Payer.name.label("payer_name"),
            Charge.kind,
            Charge.charged_on,
            Charge.amount_cents,
            ledger.CHARGE_INVOICED.label("invoiced_cents"),
            func.coalesce(ChargeWriteOff.amount_cents, 0).label("written_off_cents"),
            Invoice.id.label("invoice_id"),
            INVOICE_NUMBER.label("invoice_number"),
            select(reversal.id).where(reversal.reverses_id == Charge.id).exists().label("is_reversed"),
        )
        .join(Patient, Patient.id == Charge.patient_id)
        .outerjoin(Payer, Payer.id == Charge.payer_id)
        .outerjoin(ChargeWriteOff, ChargeWriteOff.charge_id == Charge.id)
        .outerjoin(InvoiceLine, (InvoiceLine.charge_id == Charge.id) & (InvoiceLine.amount_cents >= 0))
        .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Charge.appointment_id == appointment_id, Charge.reverses_id.is_(None))
        .order_by(Charge.patient_id, Charge.payer_id.is_not(None), Charge.id)
    )
    with reading(actor, *OFFICE) as session:
        return [SessionCharge(**row) for row in session.execute(wanted).mappings()]


def accounts_matching(actor: Actor, typed: str) -> list[Account]:
    """Return the accounts of the patients whose name or file number is ``typed``; nothing for an empty text."""
    if not typed.strip():
        return []
    matching = select(Patient.id).where(_matches(typed)).order_by(Patient.search_name, Patient.id).limit(MOST_MATCHES)
    own = select(Patient.id.label("patient_id"), literal(None, BigInteger).label("payer_id"))
    payers = select(Coverage.patient_id, Coverage.payer_id)
    wanted = union(
        own.where(Patient.id.in_(matching)), payers.where(Coverage.patient_id.in_(matching)).distinct()
    ).subquery()
    with reading(actor, *OFFICE) as session:
        found = session.execute(
            select(
                wanted.c.patient_id,
                PATIENT_NAME.label("patient_name"),
                Patient.number.label("patient_number"),
                wanted.c.payer_id,
                Payer.name.label("payer_name"),
            )
            .join(Patient, Patient.id == wanted.c.patient_id)
            .outerjoin(Payer, Payer.id == wanted.c.payer_id)
            .order_by(Patient.search_name, Patient.id, Payer.name.is_not(None), Payer.name)
        )
        return [Account(**row) for row in found.mappings()]


def _matches(typed: str) -> ColumnElement[bool]:
    if typed.isascii() and typed.strip().isdigit() and len(typed) <= 18:
        return Patient.number == int(typed)
    # position() and not like: what is typed is never a pattern.
    return and_(*(func.strpos(Patient.search_name, func.plain_text(word)) > 0 for word in typed.split()))


def patient_account(actor: Actor, patient_id: int, payer_id: int | None = None) -> PatientAccount:
    """Return what a patient, or a payer for them, has open and has paid ahead."""
    wanted = (
        select(Invoice.id, INVOICE_NUMBER.label("number"), Invoice.due_on, ledger.INVOICE_OPEN.label("open_cents"))
        .where(
            Invoice.patient_id == patient_id,
            Invoice.payer_id.is_not_distinct_from(payer_id),
            Invoice.corrects_id.is_(None),
            ledger.INVOICE_OPEN > 0,
        )
        .order_by(Invoice.due_on, Invoice.id)
    )
    with reading(actor, *OFFICE) as session:
        found = tuple(OpenInvoice(**row) for row in session.execute(wanted).mappings())
        return PatientAccount(found, ledger.credit_cents(session, patient_id, payer_id))
