"""Tables of linked calendars: the account at a service, its calendars, what stands there, what was changed there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.calendars.models import LONGEST_NAME
from dashboard.db import Base, one_of

PROBLEMS = (
    *("unreachable", "refused", "gone", "not_caldav", "too_large", "private", "server_busy", "no_key", "read_only"),
    "unreadable",
)
KINDS = ("move", "cancel", "unclear")
STATES = ("open", "accepted", "agreed", "rejected", "returned", "lapsed")
OPEN = text("state = 'open'")


class LinkedAccount(Base):
    """A therapist's account at a calendar service. Without a password it is disconnected, and nothing is asked.

    The password is sealed for this therapist, address and user name. ``uid_secret`` names sessions there: it outlives
    a disconnection, so that a session has the same name for ever. ``session_word`` is what a session is called there,
    unless ``shows`` says initials. ``asked_at`` is when a person last wanted an exchange; ``synced_at`` when one went
    well, noted once an hour and after somebody asked.
    """

    __tablename__ = "linked_account"
    __table_args__ = (
        one_of("shows", ("initials", "nothing")),
        one_of("problem", PROBLEMS),
        CheckConstraint("is_connected = (sealed_password is not null)", name="password_kept"),
        CheckConstraint("(sealed_password is null) = (key_id is null)", name="key_named"),
        CheckConstraint("length(uid_secret) = 32", name="uid_secret_long"),
    )

    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"), primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(String(300))
    user_name: Mapped[str] = mapped_column(String(200))
    sealed_password: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(String(16))
    uid_secret: Mapped[bytes] = mapped_column(LargeBinary)
    shows: Mapped[str] = mapped_column(String(10), server_default="nothing")
    session_word: Mapped[str] = mapped_column(String(LONGEST_NAME), server_default="Session")
    is_connected: Mapped[bool] = mapped_column(Boolean, server_default="true")
    problem: Mapped[str | None] = mapped_column(String(12))
    connected_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    synced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LinkedCalendar(Base):
    """A calendar of an account: whether sessions go there, and whether its busy times come in under its ``name``."""

    __tablename__ = "linked_calendar"
    __table_args__ = (
        one_of("problem", PROBLEMS),
        CheckConstraint("btrim(name) <> ''", name="named"),
        UniqueConstraint("therapist_id", "url"),
        UniqueConstraint("therapist_id", "name"),
        UniqueConstraint("id", "therapist_id"),
        Index("uq_linked_calendar_outgoing", "therapist_id", unique=True, postgresql_where=text("is_outgoing")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("linked_account.therapist_id"))
    url: Mapped[str] = mapped_column(String(1000))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    is_outgoing: Mapped[bool] = mapped_column(Boolean, server_default="false")
    is_busy: Mapped[bool] = mapped_column(Boolean, server_default="false")
    problem: Mapped[str | None] = mapped_column(String(12))


class LinkedEvent(Base):
    """A session as it was last written to a calendar. The row is there before anything is sent, its tag only after.

    ``tag`` is the server's (its ETag) for what it holds since our last writing; ``says_sha256`` is a digest of what
    that says, nothing while that is not known.
    """

    __tablename__ = "linked_event"
    __table_args__ = (
        CheckConstraint("isfinite(starts_at) and isfinite(ends_at) and ends_at > starts_at", name="times_ordered"),
        CheckConstraint("length(says_sha256) = 32", name="says_hashed"),
        UniqueConstraint("calendar_id", "appointment_id"),
        UniqueConstraint("id", "therapist_id", "appointment_id"),
        ForeignKeyConstraint(
            ("calendar_id", "therapist_id"),
            ("linked_calendar.id", "linked_calendar.therapist_id"),
            name="fk_linked_event_calendar_of_therapist",
            ondelete="cascade",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(BigInteger)
    calendar_id: Mapped[int] = mapped_column(BigInteger)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    tag: Mapped[str | None] = mapped_column(String(300))
    says_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)


class LinkedProposal(Base):
    """A session that was moved, taken out or made unreadable in a calendar there: a proposal, until somebody decides.

    ``outside_tag`` is the server's tag of what is proposed, empty when the event is gone. Once the
    calendar and the agenda say the same again, an accepted proposal is ``agreed``, a rejected one ``returned``, and one
    that nobody had decided about has ``lapsed``.
    """

    __tablename__ = "linked_proposal"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        CheckConstraint("(kind = 'move') = (starts_at is not null and ends_at is not null)", name="move_has_times"),
        CheckConstraint("ends_at > starts_at", name="times_ordered"),
        CheckConstraint("(state = 'open') = (settled_at is null)", name="settled_dated"),
        ForeignKeyConstraint(
            ("event_id", "therapist_id", "appointment_id"),
            ("linked_event.id", "linked_event.therapist_id", "linked_event.appointment_id"),
            name="fk_linked_proposal_event_of_therapist",
            ondelete="cascade",
        ),
        Index("uq_linked_proposal_open", "event_id", unique=True, postgresql_where=OPEN),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[int] = mapped_column(BigInteger)
    appointment_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(8))
    starts_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outside_tag: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
