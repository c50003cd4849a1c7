"""Tables of messages to patients: each message with its fate, and the practice's rule of when to send."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    Time,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

KINDS = ("confirmation", "reminder", "change", "cancellation", "video_link", "offer")
STATES = ("planned", "sending", "sent", "failed", "withheld", "lapsed", "cancelled", "told")
REASONS = ("no_consent", "no_address", "no_guardian")
UNKNOWN_OUTCOME = "unknown_outcome"
"""The code of a message of which nobody knows whether the server took it: it is never sent again by itself."""


class Message(Base):
    """One message to one recipient about one appointment at the hour that it was at; its words are kept nowhere.

    ``message_id`` is fixed before anything is sent. The guardian is no foreign key: the log outlives a guardian.
    ``step`` tells messages of a kind apart: the rung of the ladder, the event that a change or cancellation tells, or
    the number of the link. ``place`` is where the session was to be when the message was planned, and then when it was
    sent or told: ``site`` and its number, or the mode.
    """

    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        one_of("withheld_reason", REASONS),
        one_of("language", ("es", "en")),
        CheckConstraint("(kind = 'offer') = (offer_id is not null)", name="offer_named"),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent_dated"),
        CheckConstraint("state <> 'withheld' or withheld_reason is not null", name="withheld_explained"),
        CheckConstraint("state not in ('sending', 'sent') or message_id is not null", name="named_before_sent"),
        UniqueConstraint(
            *("appointment_id", "kind", "step", "starts_at", "patient_id", "guardian_id"),
            name="uq_message_once",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_message_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    step: Mapped[str] = mapped_column(String(12), server_default="")
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    guardian_id: Mapped[int | None] = mapped_column(BigInteger)
    offer_id: Mapped[int | None] = mapped_column(BigInteger)  # the waiting list adds the reference
    language: Mapped[str] = mapped_column(String(5))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    place: Mapped[str | None] = mapped_column(String(24))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lapses_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(10), server_default="planned")
    withheld_reason: Mapped[str | None] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    message_id: Mapped[str | None] = mapped_column(String(200))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(String(20))
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class MessageRule(Base):
    """The practice's one rule: hours before a session when to remind of it, quiet hours, and whether to send at all."""

    __tablename__ = "message_rule"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        CheckConstraint("1 <= all (steps) and 720 >= all (steps) and cardinality(steps) <= 6", name="steps_sane"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    steps: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default="{168,48,24}")
    quiet_from: Mapped[time] = mapped_column(Time, server_default="21:00")
    quiet_until: Mapped[time] = mapped_column(Time, server_default="08:00")
    is_on: Mapped[bool] = mapped_column(Boolean, server_default="false")
