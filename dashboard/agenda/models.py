"""Tables of the agenda: appointments, who attends them, and the series they belong to.

Nobody is double-booked: exclusion constraints hold for therapist, room and patient over the open states
(``held``, ``booked``, ``confirmed``). What was attended is history, a fact, and is not constrained.
"""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

STATES = ("held", "booked", "confirmed", "attended", "no_show", "late_cancelled", "cancelled")
OPEN_STATES = ("held", "booked", "confirmed")
MODES = ("in_person", "online", "telephone")
CANCELLED_BY = ("patient", "practice", "therapist")
REASONS = ("illness", "work", "travel", "no_longer_needed", "therapist_away", "weather", "other")

OPEN = text("state in ('held', 'booked', 'confirmed')")
AHEAD = text("state in ('booked', 'confirmed')")
"""As text: only a condition without parameters makes the planner use an index over these states."""
OPEN_WITH_ROOM = text("state in ('held', 'booked', 'confirmed') and room_id is not null")


class AppointmentSeries(Base):
    """A repeating booking: its frequency and local hour; every occurrence is an appointment of its own."""

    __tablename__ = "appointment_series"
    __table_args__ = (one_of("frequency", ("weekly", "fortnightly", "monthly")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    frequency: Mapped[str] = mapped_column(String(12))
    local_time: Mapped[time] = mapped_column(Time)
    starts_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    therapist_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"))


class Appointment(Base):
    """One appointment ``[starts_at, ends_at)`` of a therapist, in a room or by video.

    ``fee_cents`` is the price agreed at booking; ``is_fee_charged`` tells that a late cancellation or no-show is
    charged; ``moved_to_id`` marks an appointment replaced by another; ``flags`` names oddities of imported history;
    ``request_key`` comes with a booking that may be sent twice; ``overridden`` names what was booked over.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        one_of("state", STATES),
        one_of("mode", MODES),
        one_of("cancelled_by", CANCELLED_BY),
        one_of("cancellation_reason", REASONS),
        CheckConstraint("isfinite(starts_at) and isfinite(ends_at) and ends_at > starts_at", name="times_ordered"),
        CheckConstraint(
            "state not in ('held', 'booked', 'confirmed')"
            " or ends_at - starts_at between interval '5 minutes' and interval '12 hours'",
            name="length_sane",
        ),
        CheckConstraint("(state = 'held') = (held_until is not null)", name="hold_expires"),
        CheckConstraint(
            "state not in ('late_cancelled', 'cancelled') or cancelled_at is not null", name="cancel_dated"
        ),
        CheckConstraint("fee_cents between 0 and 100000000", name="fee_sane"),
        ExcludeConstraint(
            (text("int8range(therapist_id, therapist_id, '[]')"), "&&"),
            ("during", "&&"),
            name="no_double_booked_therapist",
            where=OPEN,
        ),
        ExcludeConstraint(
            (text("int8range(room_id, room_id, '[]')"), "&&"),
            ("during", "&&"),
            name="no_double_booked_room",
            where=OPEN_WITH_ROOM,
        ),
        ForeignKeyConstraint(("room_id", "site_id"), ("room.id", "room.site_id"), name="fk_appointment_room_of_site"),
        Index("ix_appointment_therapist_id_starts_at", "therapist_id", "starts_at"),
        Index("ix_appointment_starts_at", "starts_at"),
        Index("ix_appointment_open_starts_at", "starts_at", postgresql_where=OPEN),
        Index("ix_appointment_held_starts_at", "starts_at", postgresql_where=text("state = 'held'")),
        Index("ix_appointment_room_id_starts_at", "room_id", "starts_at", postgresql_where=text("room_id is not null")),
        Index("ix_appointment_series_id_starts_at", "series_id", "starts_at"),
        UniqueConstraint("request_key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    room_id: Mapped[int | None] = mapped_column(BigInteger)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("patient_case.id"))
    series_id: Mapped[int | None] = mapped_column(ForeignKey("appointment_series.id"))
    mode: Mapped[str] = mapped_column(String(12), server_default="in_person")
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True)
    )
    state: Mapped[str] = mapped_column(String(16), server_default="booked")
    held_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    marked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancelled_by: Mapped[str | None] = mapped_column(String(12))
    cancellation_reason: Mapped[str | None] = mapped_column(String(20))
    moved_to_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    fee_cents: Mapped[int] = mapped_column(BigInteger, server_default="0")
    is_fee_charged: Mapped[bool] = mapped_column(Boolean, server_default="false")
    is_imported: Mapped[bool] = mapped_column(Boolean, server_default="false")
    flags: Mapped[list[str] | None] = mapped_column(ARRAY(String(30)))
    version: Mapped[int] = mapped_column(Integer, server_default="1", nullable=False)
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    request_key: Mapped[UUID | None] = mapped_column(Uuid)
    overridden: Mapped[list[str] | None] = mapped_column(ARRAY(String(30)))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own protocol


class Attendee(Base):
    """A patient of an appointment; a trigger copies state, times and therapist, for constraints and policies.

    ``joined_at`` is told of who was added after the appointment was booked.
    """

    __tablename__ = "appointment_patient"
    __table_args__ = (
        ExcludeConstraint(
            (text("int8range(patient_id, patient_id, '[]')"), "&&"),
            ("during", "&&"),
            name="no_double_booked_patient",
            where=OPEN,
        ),
        Index("ix_appointment_patient_patient_id_starts_at", "patient_id", "starts_at"),
        Index("ix_appointment_patient_therapist_id_patient_id", "therapist_id", "patient_id"),
        Index("ix_appointment_patient_ahead", "starts_at", "patient_id", postgresql_where=AHEAD),
        Index("ix_appointment_patient_joined_at", "joined_at", postgresql_where=text("joined_at is not null")),
    )

    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    position: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    joined_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(16), server_default="booked")
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True)
    )
