"""Tables of therapists' own training: requirements of the bodies, who is under which, and what was done."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

KINDS = ("course", "masters", "postgraduate", "conference", "supervision", "reading", "teaching")
TOPICS = ("ethics", "law", "skills", "suicide_prevention", "diversity", "medical_errors", "domestic_violence", "other")
MODES = ("in_person", "online", "blended", "self_study")
STATUSES = ("logged", "approved", "rejected")


class TrainingRequirement(Base):
    """What a body asks for in one cycle, mirrored from its YAML file."""

    __tablename__ = "training_requirement"
    __table_args__ = (
        CheckConstraint("cycle_months between 1 and 240", name="cycle_sane"),
        CheckConstraint("hours_per_cycle >= 0", name="hours_sane"),
    )

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    body: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    cycle_months: Mapped[int] = mapped_column(SmallInteger)
    hours_per_cycle: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    floor_hours_per_year: Mapped[Decimal] = mapped_column(Numeric(6, 2), server_default="0")
    source: Mapped[str | None] = mapped_column(String(300))


class TrainingRequirementPart(Base):
    """A cap on one kind of training, or a minimum for one topic, within a requirement."""

    __tablename__ = "training_requirement_part"
    __table_args__ = (
        one_of("rule", ("kind_cap_hours", "kind_cap_percent", "topic_minimum_hours")),
        UniqueConstraint("requirement_code", "rule", "subject"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    requirement_code: Mapped[str] = mapped_column(ForeignKey("training_requirement.code"))
    rule: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(24))
    amount: Mapped[Decimal] = mapped_column(Numeric(6, 2))


class TherapistRequirement(Base):
    """A therapist under a requirement, with the first day of a cycle."""

    __tablename__ = "therapist_requirement"

    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"), primary_key=True)
    requirement_code: Mapped[str] = mapped_column(ForeignKey("training_requirement.code"), primary_key=True)
    first_cycle_starts_on: Mapped[date] = mapped_column(Date)


class TrainingEntry(Base):
    """Hours of training that a therapist logged."""

    __tablename__ = "training_entry"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("topic", TOPICS),
        one_of("mode", MODES),
        one_of("status", STATUSES),
        CheckConstraint("hours > 0 and hours <= 2000", name="hours_sane"),
        CheckConstraint("ended_on >= started_on", name="dates_ordered"),
        CheckConstraint("status = 'logged' or decided_at is not null", name="decision_dated"),
        Index("ix_training_entry_therapist_id_ended_on", "therapist_id", "ended_on"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    title: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(20))
    mode: Mapped[str] = mapped_column(String(12))
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    started_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date] = mapped_column(Date)
    certificate_sha256: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(10), server_default="logged")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    idempotency_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    version: Mapped[int] = mapped_column(Integer, server_default="1", nullable=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own protocol
