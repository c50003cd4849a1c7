"""Tables of public booking: what is open by which rules, requests with their secret links, and letters."""

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
    LargeBinary,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

ADMITS = ("anybody", "new", "known")
MODES = ("in_person", "online", "both")
STATES = ("chosen", "sent", "asked", "booked", "declined", "withdrawn")
LETTERS = ("confirm", "received", "booked", "declined", "changed", "cancelled")


class OnlineBooking(Base):
    """Whether the practice takes requests online, and what it says about privacy in its own words, if anything."""

    __tablename__ = "online_booking"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        CheckConstraint(
            "length(coalesce(privacy_es, '')) <= 8000 and length(coalesce(privacy_en, '')) <= 8000",
            name="privacy_bounded",
        ),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    is_on: Mapped[bool] = mapped_column(Boolean, server_default="false")
    privacy_es: Mapped[str | None] = mapped_column(Text)
    privacy_en: Mapped[str | None] = mapped_column(Text)


class OnlineService(Base):
    """The rules by which a service can be asked for online.

    ``notice_hours`` before a session nobody asks for it any more, and nobody beyond ``horizon_days``; until
    ``change_hours`` before it the person may cancel and move it.
    """

    __tablename__ = "online_service"
    __table_args__ = (
        one_of("admits", ADMITS),
        one_of("modes", MODES),
        CheckConstraint("notice_hours between 0 and 720", name="notice_sane"),
        CheckConstraint("horizon_days between 1 and 180", name="horizon_sane"),
        CheckConstraint("change_hours between 0 and 336", name="change_sane"),
    )

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    is_open: Mapped[bool] = mapped_column(Boolean, server_default="true")
    admits: Mapped[str] = mapped_column(String(8), server_default="anybody")
    modes: Mapped[str] = mapped_column(String(10), server_default="in_person")
    notice_hours: Mapped[int] = mapped_column(SmallInteger, server_default="24")
    horizon_days: Mapped[int] = mapped_column(SmallInteger, server_default="30")
    change_hours: Mapped[int] = mapped_column(SmallInteger, server_default="24")
    is_approved_at_once: Mapped[bool] = mapped_column(Boolean, server_default="false")
    asks_birth_date: Mapped[bool] = mapped_column(Boolean, server_default="false")


class OnlineTherapist(Base):
    """A therapist whose free hours are offered online."""

    __tablename__ = "online_therapist"

    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"), primary_key=True, autoincrement=False)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class OnlineRequest(Base):
    """What a visitor asked for, and what became of it: an hour chosen, a letter sent, confirmed, decided.

    The hour is kept here too: that of a request which nobody confirmed is freed, and its appointment is gone.
    """

    __tablename__ = "online_request"
    __table_args__ = (
        one_of("state", STATES),
        one_of("language", ("es", "en")),
        one_of("mode", ("in_person", "online")),
        CheckConstraint(
            "state not in ('sent', 'asked') or (given_name is not null and email is not null)", name="says_who"
        ),
        CheckConstraint("birth_date >= date '1890-01-01'", name="birth_date_sane"),
        Index("ix_online_request_state_starts_at", "state", "starts_at"),
        Index("ix_online_request_email", text("lower(email)")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="SET NULL"), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    mode: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(10), server_default="chosen")
    language: Mapped[str] = mapped_column(String(5), server_default="es")
    given_name: Mapped[str | None] = mapped_column(String(120))
    surnames: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    telephone: Mapped[str | None] = mapped_column(String(60), index=True)
    birth_date: Mapped[date | None] = mapped_column(Date)
    is_known: Mapped[bool | None] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    detailed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)


class OnlineLink(Base):
    """A secret link of a request, as the hash of its token; read by functions of the owner alone."""

    __tablename__ = "online_link"
    __table_args__ = (
        one_of("kind", ("hold", "confirm", "own")),
        CheckConstraint("length(token_sha256) = 32", name="token_hashed"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("online_request.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OnlineLetter(Base):
    """A letter to a visitor about their request, sent at most once; its words are kept nowhere."""

    __tablename__ = "online_letter"
    __table_args__ = (
        one_of("kind", LETTERS),
        one_of("state", ("planned", "sending", "sent", "failed", "lapsed")),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent_dated"),
        CheckConstraint("state not in ('sending', 'sent') or message_id is not null", name="named_before_sent"),
        Index("ix_online_letter_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("online_request.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), server_default="planned")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    message_id: Mapped[str | None] = mapped_column(String(200))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(String(20))
