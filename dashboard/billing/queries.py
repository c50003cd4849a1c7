"""Questions about money, for who runs the office: lists of sessions, invoices and payments, and what to invoice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Numeric, String, TableClause, cast, distinct, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from dashboard.access.actor import OFFICE, Actor, reading
from dashboard.access.frames import Question, frame, number_of_rows
from dashboard.agenda.models import Appointment, Attendee
from dashboard.billing.charging import KINDS
from dashboard.billing.ledger import PAYMENT_UNSPENT, REFUND
from dashboard.billing.marts import CHARGES_TO_INVOICE, KPI_AGEING, OPEN_INVOICES, SESSION_MONEY
from dashboard.billing.models import Charge, ChargeWriteOff, Invoice, Payment
from dashboard.patients.models import Patient, Payer
from dashboard.team.models import Service, Therapist

if TYPE_CHECKING:
    import pandas as pd

STATUSES = ("not_charged", "not_invoiced", "invoiced", "part_paid", "overdue", "paid", "written_off", "no_charge")
OUTSTANDING = "outstanding"
MOST_ROWS = 20_000
MOST_TO_INVOICE = 1_000

PATIENT_NAME = func.concat_ws(" ", Patient.given_name, Patient.surname_1, Patient.surname_2)
THERAPIST_NAME = func.btrim(Therapist.given_name + " " + Therapist.surnames)


def number_in_words(series: ColumnElement[Any] | Any, number: ColumnElement[Any] | Any) -> ColumnElement[str]:
    """Return an invoice's number as it is printed: the series, a dash and five digits."""
    return series + "-" + func.lpad(cast(number, String), 5, "0")


def _money(cents: SQLCoreOperations[Any]) -> ColumnElement[Decimal]:
    return cast(cents / Decimal(100), Numeric(12, 2))


INVOICE_NUMBER = number_in_words(Invoice.series, Invoice.number)


@dataclass(frozen=True)
class Filters:
    """Which rows are asked for; what is not given does not filter. ``status`` is one of money, or a bucket of days."""

    status: str | None = None
    appointment_id: int | None = None
    site_id: int | None = None
    therapist_id: int | None = None
    since: date | None = None
    until: date | None = None

    def place(self, found: TableClause) -> list[ColumnElement[bool]]:
        """Return the conditions on site and therapist."""
        wanted = {"site_id": self.site_id, "therapist_id": self.therapist_id}
        return [found.c[name] == value for name, value in wanted.items() if value is not None]

    def period(self, day: SQLCoreOperations[date]) -> list[ColumnElement[bool]]:
        """Return the conditions on a day."""
        return [
            *([day >= self.since] if self.since else []),
            *([day <= self.until] if self.until else []),
        ]


def _sessions(filters: Filters) -> Question:
    """Return the sessions found."""
    found = SESSION_MONEY.c
    conditions = [*filters.place(SESSION_MONEY), *filters.period(found.session_on)]
    conditions += _around(found.starts_at, filters)
    if filters.status:
        conditions.append(found.money_status == filters.status)
    if filters.appointment_id is not None:
        conditions.append(found.appointment_id == filters.appointment_id)
    return select(SESSION_MONEY).where(*conditions)


def _around(starts_at: SQLCoreOperations[datetime], filters: Filters) -> list[ColumnElement[bool]]:
    """Return bounds a day wider than the period, so that an index serves any time zone.

    As moments, not days: row security lets no comparison of a moment with a day near an index, for it could fail.
    """
    day = timedelta(days=1)
    since = filters.since and datetime.combine(filters.since - day, time.min, UTC)
    until = filters.until and datetime.combine(filters.until + 2 * day, time.min, UTC)
    return [*([starts_at >= since] if since else []), *([starts_at < until] if until else [])]


def _open_invoices(filters: Filters) -> Question:
    conditions = filters.place(OPEN_INVOICES)
    if filters.status:
        conditions.append(OPEN_INVOICES.c.bucket == filters.status)
    return select(OPEN_INVOICES).where(*conditions)


def sessions_with_money(actor: Actor, filters: Filters, limit: int = MOST_ROWS, offset: int = 0) -> pd.DataFrame:
    """Return sessions and where their money stands, the latest first."""
    latest = (SESSION_MONEY.c.starts_at.desc(), SESSION_MONEY.c.appointment_id.desc(), SESSION_MONEY.c.patient_id)
    page = _sessions(filters).order_by(*latest).limit(limit).offset(offset).subquery()
    return frame(
        actor,
        select(
            page.c.appointment_id,
            page.c.patient_id,
            page.c.session_on,
            PATIENT_NAME.label("patient"),
            Patient.number.label("patient_number"),
            THERAPIST_NAME.label("therapist"),
            Service.name.label("service"),
            page.c.state,
            page.c.money_status,
            page.c.charged_amount,
            page.c.open_amount,
            page.c.due_on,
        )
        .join(Patient, Patient.id == page.c.patient_id)
        .join(Therapist, Therapist.id == page.c.therapist_id)
        .join(Service, Service.id == page.c.service_id)
        .order_by(page.c.starts_at.desc(), page.c.appointment_id.desc(), page.c.patient_id),
        *OFFICE,
    )


def count_sessions_with_money(actor: Actor, filters: Filters) -> int:
    """Return how many rows ``sessions_with_money`` has."""
    return number_of_rows(actor, _sessions(filters), *OFFICE)


def open_invoices(actor: Actor, filters: Filters, limit: int = MOST_ROWS, offset: int = 0) -> pd.DataFrame:
    """Return invoices with something open, the latest due first."""
    found = OPEN_INVOICES.c
    latest = (found.days_past_due.desc(), found.invoice_id)
    page = _open_invoices(filters).order_by(*latest).limit(limit).offset(offset).subquery()
    return frame(
        actor,
        select(
            page.c.invoice_id,
            number_in_words(page.c.series, page.c.number).label("invoice"),
            PATIENT_NAME.label("patient"),
            Patient.number.label("patient_number"),
            Payer.name.label("payer"),
            page.c.issued_on,
            page.c.due_on,
            func.greatest(page.c.days_past_due, 0).label("days_late"),
            page.c.bucket,
            page.c.total_amount,
            page.c.open_amount,
        )
        .join(Patient, Patient.id == page.c.patient_id)
        .outerjoin(Payer, Payer.id == page.c.payer_id)
        .order_by(page.c.days_past_due.desc(), page.c.invoice_id),
        *OFFICE,
    )


def patients_owing(actor: Actor, patient_ids: Collection[int]) -> set[int]:
    """Return which of these patients have an invoice of their own that is open and past its day."""
    owed = OPEN_INVOICES.c
    asked = select(owed.patient_id).where(
        owed.patient_id.in_(patient_ids), owed.payer_id.is_(None), owed.open_amount > 0, owed.days_past_due > 0
    )
    with reading(actor, *OFFICE) as session:
        return set(session.scalars(asked.distinct()))


def count_open_invoices(actor: Actor, filters: Filters) -> int:
    """Return how many rows ``open_invoices`` has."""
    return number_of_rows(actor, _open_invoices(filters), *OFFICE)


def _payments(filters: Filters) -> Question:
    return select(Payment.id).where(*filters.period(Payment.received_on))


def payments(actor: Actor, filters: Filters, limit: int = MOST_ROWS, offset: int = 0) -> pd.DataFrame:
    """Return payments and what was given back, the latest first, with what is left of each as credit."""
    latest = (Payment.received_on.desc(), Payment.id.desc())
    page = _payments(filters).order_by(*latest).limit(limit).offset(offset).subquery()
    was_taken_back = select(REFUND.id).where(REFUND.reverses_id == Payment.id).exists()
    found = (
        select(
            Payment.id.label("payment_id"),
            Payment.received_on,
            PATIENT_NAME.label("patient"),
            Patient.number.label("patient_number"),
            Payer.name.label("payer"),
            Payment.method,
            _money(Payment.amount_cents).label("amount"),
            _money(func.greatest(PAYMENT_UNSPENT, 0)).label("unspent"),
            was_taken_back.label("was_taken_back"),
            Payment.reverses_id.is_not(None).label("is_reversal"),
        )
        .join(page, page.c.id == Payment.id)
        .join(Patient, Patient.id == Payment.patient_id)
        .outerjoin(Payer, Payer.id == Payment.payer_id)
        .order_by(*latest)
    )
    return frame(actor, found, *OFFICE)


def count_payments(actor: Actor, filters: Filters) -> int:
    """Return how many rows ``payments`` has."""
    return number_of_rows(actor, _payments(filters), *OFFICE)


def ageing(actor: Actor, site_id: int | None = None) -> dict[str, Decimal]:
    """Return the ageing of receivables as computed at the last refresh: buckets, unapplied credit, outstanding."""
    grain, site = ("practice", KPI_AGEING.c.site_id.is_(None)) if site_id is None else ("site", true())
    wanted = select(KPI_AGEING.c.item, KPI_AGEING.c.value).where(KPI_AGEING.c.grain == grain, site)
    if site_id is not None:
        wanted = wanted.where(KPI_AGEING.c.site_id == site_id)
    with reading(actor, *OFFICE) as session:
        return {row.item or OUTSTANDING: row.value for row in session.execute(wanted) if row.value is not None}


@dataclass(frozen=True)
class ToInvoice:
    """What "invoice" would do: the sessions still to charge, the charges, and the invoices they would make."""

    not_charged: tuple[int, ...]
    charges: tuple[int, ...]
    invoice_count: int
    total: Decimal

    @property
    def is_cut(self) -> bool:
        """Return whether there is more than one round takes."""
        return MOST_TO_INVOICE in (len(self.charges), len(self.not_charged))


def _not_charged(filters: Filters) -> Question:
    """Return the appointments delivered and not charged; only those without a charge that stands are looked at.

    The look-up of each has an offset, so that Postgres does it last and by key instead of for every session there is.
    """
    reversal = aliased(Charge)
    is_charged = select(Charge.id).where(
        Charge.appointment_id == Attendee.appointment_id,
        Charge.patient_id == Attendee.patient_id,
        Charge.kind.in_(KINDS.values()),
        Charge.reverses_id.is_(None),
        Charge.amount_cents > 0,
        ~select(reversal.id).where(reversal.reverses_id == Charge.id).exists(),
    )
    candidates = (
        select(Attendee.appointment_id, Attendee.patient_id)
        .join(Appointment, Appointment.id == Attendee.appointment_id)
        .where(
            ~is_charged.exists(),
            or_(Appointment.state == "attended", Appointment.is_fee_charged),
            Appointment.fee_cents > 0,
            *_around(Appointment.starts_at, filters),
        )
        .subquery()
    )
    found = (
        _sessions(replace(filters, status="not_charged"))
        .where(
            SESSION_MONEY.c.appointment_id == candidates.c.appointment_id,
            SESSION_MONEY.c.patient_id == candidates.c.patient_id,
        )
        .offset(0)
        .lateral()
    )
    return select(found.c.appointment_id).select_from(candidates).join(found, true()).distinct().limit(MOST_TO_INVOICE)


def what_to_invoice(actor: Actor, filters: Filters) -> ToInvoice:
    """Return what was delivered in the filters' period and place and is on no invoice, at most a thousand of each."""
    found = CHARGES_TO_INVOICE.c
    conditions = [*filters.place(CHARGES_TO_INVOICE), *filters.period(found.charged_on)]
    # A line stands for a whole charge, once: what was corrected or written off in part is settled session by session.
    written_off = select(ChargeWriteOff.id).where(ChargeWriteOff.charge_id == found.charge_id).exists()
    page = (
        select(CHARGES_TO_INVOICE)
        .where(*conditions, ~found.was_credited, ~written_off)
        .order_by(found.charged_on, found.charge_id)
        .limit(MOST_TO_INVOICE)
        .subquery()
    )
    parties = tuple_(page.c.patient_id, func.coalesce(page.c.payer_id, 0))
    wanted = select(
        func.array_agg(page.c.charge_id).label("charges"),
        func.count(distinct(parties)).label("invoices"),
        func.coalesce(func.sum(page.c.amount), 0).label("total"),
    )
    with reading(actor, *OFFICE) as session:
        not_charged = tuple(row.appointment_id for row in session.execute(_not_charged(filters)))
        row = session.execute(wanted).one()
    return ToInvoice(not_charged, tuple(row.charges or ()), row.invoices, row.total)


def payers(actor: Actor) -> dict[int, str]:
    """Return who pays instead of patients, by name."""
    with reading(actor, *OFFICE) as session:
        return {
            row.id: row.name for row in session.execute(select(Payer.id, Payer.name).order_by(Payer.name, Payer.id))
        }
