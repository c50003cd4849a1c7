"""Tables of calendars of others: the addresses under which ours are read, and the busy times read from theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

SHOWS = ("nothing", "initials")
"""What an address tells of patients."""
LONGEST_NAME = 60


class CalendarFeed(Base):
    """An address under which the appointments of a therapist, or of a room, are read without signing in.

    Of its token only the hash is kept. ``shows`` is what it tells of patients; that of a room tells nothing.
    ``last_fetched_at`` is noted once an hour.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        one_of("shows", ("initials", "nothing")),
        CheckConstraint("num_nonnulls(therapist_id, room_id) = 1", name="of_one"),
        CheckConstraint("length(token_sha256) = 32", name="token_hashed"),
        CheckConstraint("room_id is null or shows = 'nothing'", name="room_names_nobody"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    shows: Mapped[str] = mapped_column(String(10), server_default="nothing")
    language: Mapped[str] = mapped_column(String(5), server_default="en")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_fetched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BusyTime(Base):
    """A stretch of time that a therapist is busy elsewhere, by a calendar that they named; never what it is about.

    ``uid_sha256`` and ``recurrence_at`` say which occurrence of which event of that calendar it is. The event's own
    name is kept as a hash: other programs write people and subjects into it.
    """

    __tablename__ = "busy_time"
    __table_args__ = (
        CheckConstraint("isfinite(starts_at) and isfinite(ends_at) and ends_at > starts_at", name="times_ordered"),
        CheckConstraint("length(uid_sha256) = 32", name="uid_hashed"),
        CheckConstraint("btrim(calendar) <> ''", name="calendar_named"),
        UniqueConstraint("therapist_id", "calendar", "uid_sha256", "recurrence_at", postgresql_nulls_not_distinct=True),
        Index("ix_busy_time_therapist_id_starts_at", "therapist_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    calendar: Mapped[str] = mapped_column(String(LONGEST_NAME))
    uid_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    recurrence_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    is_all_day: Mapped[bool] = mapped_column(Boolean)
    imported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
