"""Tables of money. Integer cents, append-only; a mistake is corrected by a reversal, never by an edit.

Each row moves one amount from one account to another, so that every posting sums to zero by its form:

=====================  ======================  ======================
row                    debit                   credit
=====================  ======================  ======================
charge                 not yet invoiced        revenue
charge_write_off       written off             not yet invoiced
invoice_line           receivable              not yet invoiced
payment                cash                    unapplied credit
payment_allocation     unapplied credit        receivable
=====================  ======================  ======================
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

CHARGE_KINDS = ("session", "late_cancellation", "no_show", "procedure", "other")
METHODS = ("cash", "card", "transfer", "bizum", "direct_debit", "insurer_remittance", "cheque", "copayment", "other")
EXEMPTIONS = ("exempt", "taxed")


class Charge(Base):
    """What one party (the patient when ``payer_id`` is null) owes for a delivered or chargeable session.

    A session is charged to a party once; after a reversal once more, which is its next ``attempt``.
    """

    __tablename__ = "charge"
    __table_args__ = (
        one_of("kind", CHARGE_KINDS),
        CheckConstraint("tax_rate_bp between 0 and 5000", name="tax_sane"),
        CheckConstraint("(amount_cents >= 0) = (reverses_id is null) or amount_cents = 0", name="negative_reverses"),
        Index(
            "uq_charge_session_party",
            "appointment_id",
            "patient_id",
            text("coalesce(payer_id, 0)"),
            "attempt",
            unique=True,
            postgresql_where=text("kind in ('session', 'late_cancellation', 'no_show') and reverses_id is null"),
        ),
        Index("ix_charge_patient_id", "patient_id"),
        Index("ix_charge_charged_on", "charged_on"),
        Index("uq_charge_reverses_id", "reverses_id", unique=True, postgresql_where=text("reverses_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("payer.id"))
    kind: Mapped[str] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(String(200))
    charged_on: Mapped[date] = mapped_column(Date)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    tax_rate_bp: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"))
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ChargeWriteOff(Base):
    """A part of a charge that will not be invoiced, with the reason."""

    __tablename__ = "charge_write_off"
    __table_args__ = (one_of("reason", ("goodwill", "hardship", "error", "uncollectable")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), unique=True)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    written_off_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(16))


class InvoiceSeries(Base):
    """A series of gap-free invoice numbers; the row is locked while a number is taken."""

    __tablename__ = "invoice_series"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    last_number: Mapped[int] = mapped_column(Integer, server_default="0")


class Invoice(Base):
    """An issued invoice or corrective invoice (negative total); never changes once issued."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("due_on >= issued_on", name="due_after_issue"),
        CheckConstraint("(corrects_id is null) = (total_cents >= 0)", name="corrective_negative"),
        Index("ix_invoice_patient_id", "patient_id"),
        Index("ix_invoice_payer_id", "payer_id"),
        Index("ix_invoice_issued_on", "issued_on"),
        Index("ix_invoice_corrects_id", "corrects_id", postgresql_where=text("corrects_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    series: Mapped[str] = mapped_column(ForeignKey("invoice_series.code"))
    number: Mapped[int] = mapped_column(Integer)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("payer.id"))
    issued_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    total_cents: Mapped[int] = mapped_column(BigInteger)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    recipient_name: Mapped[str] = mapped_column(String(370))
    recipient_tax_id: Mapped[str | None] = mapped_column(String(60))
    recipient_address: Mapped[str | None] = mapped_column(String(500))
    issuer_name: Mapped[str] = mapped_column(String(200))
    issuer_tax_id: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class InvoiceLine(Base):
    """A line of an invoice; a charge is invoiced once (and may be credited by corrective lines)."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        one_of("tax_category", EXEMPTIONS),
        CheckConstraint("(tax_category = 'exempt') = (tax_rate_bp = 0)", name="exempt_untaxed"),
        Index("ix_invoice_line_charge_id", "charge_id"),
        Index("ix_invoice_line_invoice_id", "invoice_id"),
        Index("uq_invoice_line_charge_id", "charge_id", unique=True, postgresql_where=text("amount_cents >= 0")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    description: Mapped[str | None] = mapped_column(String(200))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    tax_category: Mapped[str] = mapped_column(String(8), server_default="exempt")
    tax_rate_bp: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    tax_cents: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Payment(Base):
    """Money received (positive) or given back (negative, reversing a payment)."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("method", METHODS),
        CheckConstraint("amount_cents <> 0", name="amount_not_zero"),
        CheckConstraint("(amount_cents > 0) = (reverses_id is null)", name="negative_reverses"),
        Index("ix_payment_patient_id", "patient_id"),
        Index("ix_payment_received_on", "received_on"),
        Index("ix_payment_reverses_id", "reverses_id", postgresql_where=text("reverses_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("payer.id"))
    method: Mapped[str] = mapped_column(String(20))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    received_on: Mapped[date] = mapped_column(Date)
    reference: Mapped[str | None] = mapped_column(String(80))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    idempotency_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class PaymentAllocation(Base):
    """A part of a payment that settles an invoice; negative when taken back."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        CheckConstraint("amount_cents <> 0", name="amount_not_zero"),
        Index("ix_payment_allocation_payment_id", "payment_id"),
        Index("ix_payment_allocation_invoice_id", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    allocated_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
