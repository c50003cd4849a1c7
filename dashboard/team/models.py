"""Tables of the team: sites, rooms, therapists, their hours and absences, and the services offered."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

SERVICE_KINDS = ("individual", "couple", "family", "group", "report", "other")


class Site(Base):
    """A place where sessions are held."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    address_line: Mapped[str | None] = mapped_column(String(300))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), server_default="ES")
    telephone: Mapped[str | None] = mapped_column(String(60))
    time_zone: Mapped[str] = mapped_column(String(60), server_default="Europe/Madrid")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")


class Room(Base):
    """A room of a site."""

    __tablename__ = "room"
    __table_args__ = (
        CheckConstraint("capacity between 1 and 100", name="capacity_sane"),
        UniqueConstraint("id", "site_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    capacity: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    is_in_service: Mapped[bool] = mapped_column(Boolean, server_default="true")


class Therapist(Base):
    """A therapist: licence, usual site, weekly goal of sessions and how pay is computed."""

    __tablename__ = "therapist"
    __table_args__ = (
        one_of("pay_basis", ("fixed", "percentage", "per_session")),
        CheckConstraint("weekly_session_goal between 0 and 80", name="goal_sane"),
        CheckConstraint("ended_on is null or started_on is null or ended_on >= started_on", name="dates_ordered"),
        Index("ix_therapist_search_name", "search_name"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    given_name: Mapped[str] = mapped_column(String(120))
    surnames: Mapped[str] = mapped_column(String(200), server_default="")
    email: Mapped[str | None] = mapped_column(String(254))
    telephone: Mapped[str | None] = mapped_column(String(60))
    licence_body: Mapped[str | None] = mapped_column(String(120))
    licence_number: Mapped[str | None] = mapped_column(String(60))
    speciality: Mapped[str | None] = mapped_column(String(120))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    weekly_session_goal: Mapped[Decimal] = mapped_column(Numeric(5, 2), server_default="0")
    pay_basis: Mapped[str] = mapped_column(String(20), server_default="fixed")
    pay_amount_cents: Mapped[int | None] = mapped_column(Integer)
    pay_percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    started_on: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    search_name: Mapped[str] = mapped_column(
        String(330), Computed("plain_text(given_name || ' ' || surnames)", persisted=True)
    )


class WorkingHours(Base):
    """Hours that a therapist works on a weekday (0 = Monday) at a site, between two dates; local wall time."""

    __tablename__ = "working_hours"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday_known"),
        CheckConstraint("ends_at > starts_at", name="hours_ordered"),
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="validity_ordered"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts_at: Mapped[time] = mapped_column(Time)
    ends_at: Mapped[time] = mapped_column(Time)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class Absence(Base):
    """A stretch of time when a therapist does not work."""

    __tablename__ = "absence"
    __table_args__ = (
        one_of("kind", ("holiday", "illness", "training", "other")),
        CheckConstraint("ends_at > starts_at", name="times_ordered"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SiteClosure(Base):
    """A day when a site is closed, such as a public holiday."""

    __tablename__ = "site_closure"
    __table_args__ = (UniqueConstraint("site_id", "closed_on"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    closed_on: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(120))


class Service(Base):
    """A therapy type: length, price, tax, and the window in which a cancellation is late.

    ``buffer_minutes`` stay free before and after a session; ``most_patients`` is how many may come to one.
    """

    __tablename__ = "service"
    __table_args__ = (
        one_of("kind", SERVICE_KINDS),
        CheckConstraint("minutes between 5 and 720", name="minutes_sane"),
        CheckConstraint("price_cents between 0 and 100000000", name="price_sane"),
        CheckConstraint("tax_rate_bp between 0 and 5000", name="tax_sane"),
        CheckConstraint("cancellation_window_hours in (0, 24, 48, 72)", name="window_known"),
        CheckConstraint("late_fee_percent between 0 and 100", name="fee_sane"),
        CheckConstraint("buffer_minutes between 0 and 120", name="buffer_sane"),
        CheckConstraint("most_patients between 1 and 100", name="most_patients_sane"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    minutes: Mapped[int] = mapped_column(SmallInteger)
    price_cents: Mapped[int] = mapped_column(BigInteger)
    tax_rate_bp: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    cancellation_window_hours: Mapped[int] = mapped_column(SmallInteger, server_default="24")
    late_fee_percent: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    buffer_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    most_patients: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
