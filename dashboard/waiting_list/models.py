"""Tables of the waiting list: entries, freed hours, offers of them, what happened, and the practice's rule.

Hours and offers are written by functions of the database alone (``waiting_offer_hour``, ``waiting_answer``): the
office, whoever has the link and the clock pass through the same rules and the same locks.
"""

from __future__ import annotations

from datetime import date, datetime, time

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
    LargeBinary,
    SmallInteger,
    String,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.agenda.models import MODES
from dashboard.db import Base, one_of
from dashboard.messages.models import Message

ENTRY_STATES = ("waiting", "served", "closed")
CLOSED_REASONS = ("booked", "no_longer_wanted", "not_reached", "other")
HOUR_STATES = ("open", "filled", "unfilled", "stopped")
OFFER_STATES = ("offered", "accepted", "declined", "expired", "withdrawn")
WAYS = ("link", "desk", "clock")
URGENCIES = (1, 2, 3)


class WaitingEntry(Base):
    """A patient who waits for an hour of a service, and when, where and with whom they can come.

    An empty list of therapists, sites or weekdays (0 = Monday) is no wish: any will do. The lists are no foreign
    keys; what is gone fits nothing. ``note`` is for the office and holds no clinical word.
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (
        one_of("mode", MODES),
        one_of("state", ENTRY_STATES),
        one_of("closed_reason", CLOSED_REASONS),
        CheckConstraint("urgency between 1 and 3", name="urgency_known"),
        CheckConstraint("0 <= all (weekdays) and 6 >= all (weekdays)", name="weekdays_known"),
        CheckConstraint("not_after > not_before", name="hours_ordered"),
        CheckConstraint("until_on >= since_on", name="dates_ordered"),
        CheckConstraint("(state = 'waiting') = (closed_at is null)", name="closed_dated"),
        Index("ix_waiting_entry_waiting", "urgency", "since_on", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    therapist_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    site_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default="{}")
    not_before: Mapped[time | None] = mapped_column(Time)
    not_after: Mapped[time | None] = mapped_column(Time)
    mode: Mapped[str | None] = mapped_column(String(12))
    urgency: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    note: Mapped[str | None] = mapped_column(String(300))
    since_on: Mapped[date] = mapped_column(Date, server_default=text("practice_today()"))
    until_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(8), server_default="waiting")
    closed_reason: Mapped[str | None] = mapped_column(String(20))
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1", nullable=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own protocol


class FreedHour(Base):
    """The hour of a cancelled appointment that was given to the waiting list; one at a time of a therapist is open."""

    __tablename__ = "freed_hour"
    __table_args__ = (
        one_of("state", HOUR_STATES),
        CheckConstraint("(state = 'open') = (ended_at is null)", name="ended_dated"),
        ExcludeConstraint(
            (text("int8range(therapist_id, therapist_id, '[]')"), "&&"),
            ("during", "&&"),
            name="no_hour_offered_twice",
            where=text("state = 'open'"),
        ),
        UniqueConstraint("appointment_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    mode: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(8), server_default="open")
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True)
    )


class WaitingOffer(Base):
    """A freed hour offered to one person in turn; ``appointment_id`` keeps the hour for them meanwhile."""

    __tablename__ = "waiting_offer"
    __table_args__ = (
        one_of("state", OFFER_STATES),
        one_of("answered_how", WAYS),
        CheckConstraint("(state = 'offered') = (answered_at is null)", name="answered_dated"),
        CheckConstraint("expires_at > offered_at", name="times_ordered"),
        UniqueConstraint("freed_hour_id", "turn"),
        UniqueConstraint("token_sha256"),
        Index(
            "one_offer_of_an_hour",
            "freed_hour_id",
            unique=True,
            postgresql_where=text("state in ('offered', 'accepted')"),
        ),
        Index("one_offer_to_an_entry", "entry_id", unique=True, postgresql_where=text("state = 'offered'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    freed_hour_id: Mapped[int] = mapped_column(ForeignKey("freed_hour.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("waiting_entry.id"), index=True)
    turn: Mapped[int] = mapped_column(SmallInteger)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="SET NULL"), index=True)
    mode: Mapped[str] = mapped_column(String(12))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(9), server_default="offered")
    offered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    offered_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    token_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answered_how: Mapped[str | None] = mapped_column(String(5))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class WaitingEvent(Base):
    """What happened on the waiting list: rows are added by triggers and never change."""

    __tablename__ = "waiting_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
    what: Mapped[str] = mapped_column(String(12))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("waiting_entry.id"), index=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("waiting_offer.id"))
    freed_hour_id: Mapped[int | None] = mapped_column(ForeignKey("freed_hour.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class WaitingRule(Base):
    """The practice's one rule: how many are asked in turn, how long each has, and how much notice an hour needs."""

    __tablename__ = "waiting_rule"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        CheckConstraint("turns between 1 and 20", name="turns_sane"),
        CheckConstraint("days_ahead between 1 and 90", name="days_sane"),
        CheckConstraint(
            "answer_hours between 1 and 72 and notice_hours between answer_hours + 1 and 168", name="hours_sane"
        ),
        CheckConstraint("not is_automatic or automatic_since is not null", name="automatic_dated"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    turns: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    answer_hours: Mapped[int] = mapped_column(SmallInteger, server_default="4")
    notice_hours: Mapped[int] = mapped_column(SmallInteger, server_default="12")
    days_ahead: Mapped[int] = mapped_column(SmallInteger, server_default="28")
    is_automatic: Mapped[bool] = mapped_column(Boolean, server_default="false")
    automatic_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


# Added here: a process that knows messages and no waiting list would look for a table that it does not know.
Base.metadata.tables[Message.__tablename__].append_constraint(ForeignKeyConstraint(["offer_id"], ["waiting_offer.id"]))
