"""Tables of informed consent: templates, consents, who signed, and every attempt to obtain a signature."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

KINDS = ("treatment", "telehealth", "data_protection", "recording", "publication", "contact")
STATES = ("requested", "viewed", "signed", "declined", "withdrawn", "expired", "superseded")
METHODS = ("on_screen", "paper_scanned", "electronic")
CHANNELS = ("email", "sms", "call", "in_person", "letter")
OUTCOMES = ("sent", "reached", "no_answer", "promised", "refused", "bounced")


class ConsentTemplate(Base):
    """The exact text of a kind of consent in a language and version, and the rule of who signs it when."""

    __tablename__ = "consent_template"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("signed_by", ("patient", "guardians", "both")),
        one_of("required_when", ("always", "online", "recording", "minors", "never")),
        CheckConstraint("text_sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')", name="hash_of_text"),
        CheckConstraint("validity_months between 1 and 600", name="validity_sane"),
        UniqueConstraint("kind", "language", "version"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5))
    version: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    validity_months: Mapped[int | None] = mapped_column(SmallInteger)
    signed_by: Mapped[str] = mapped_column(String(12))
    required_when: Mapped[str] = mapped_column(String(12))
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")


class Consent(Base):
    """One consent of one patient. ``signed_on`` is the day when the last required signature was given."""

    __tablename__ = "consent"
    __table_args__ = (
        one_of("state", STATES),
        CheckConstraint(
            "state not in ('signed', 'withdrawn', 'expired', 'superseded') or signed_on is not null",
            name="signed_dated",
        ),
        CheckConstraint(
            "state not in ('requested', 'viewed', 'declined') or signed_on is null", name="unsigned_undated"
        ),
        CheckConstraint("(state in ('withdrawn', 'superseded')) = (ended_on is not null)", name="end_dated"),
        CheckConstraint(
            "valid_until is null or signed_on is null or valid_until >= signed_on", name="validity_ordered"
        ),
        Index("ix_consent_patient_id_template_id", "patient_id", "template_id"),
        Index("ix_consent_template_id", "template_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    template_id: Mapped[int] = mapped_column(ForeignKey("consent_template.id"))
    state: Mapped[str] = mapped_column(String(12), server_default="requested")
    requested_on: Mapped[date] = mapped_column(Date)
    viewed_on: Mapped[date | None] = mapped_column(Date)
    declined_on: Mapped[date | None] = mapped_column(Date)
    signed_on: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)


class ConsentSignature(Base):
    """A signature under an exact text: who, when, how. Append-only."""

    __tablename__ = "consent_signature"
    __table_args__ = (
        one_of("method", METHODS),
        UniqueConstraint("consent_id", "guardian_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("guardian.id"))
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    method: Mapped[str] = mapped_column(String(16))
    text_sha256: Mapped[str] = mapped_column(String(64))
    evidence: Mapped[str | None] = mapped_column(String(200))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class ConsentAttempt(Base):
    """One attempt to obtain a missing signature."""

    __tablename__ = "consent_attempt"
    __table_args__ = (one_of("channel", CHANNELS), one_of("outcome", OUTCOMES), one_of("kind", KINDS))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str] = mapped_column(String(12))
    attempted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    attempted_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
