"""Tables of video calls: where they are held, links, what was asked and told before a session, what is shared in it."""

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
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

KINDS = ("jitsi", "template", "personal")
ITEMS = ("identity", "place", "emergency", "privacy", "guardian", "fallback", "link_given")
TITLES = ("worksheet", "reading", "picture", "film", "questionnaire", "other")


class VideoProvider(Base):
    """Where a therapist's calls are held; the row without a therapist is for all who have none of their own.

    ``address`` is the base of a Jitsi server, an address with ``{room}`` in it, or somebody's one room.
    """

    __tablename__ = "video_provider"
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint(
            "address ~ '^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?"
            "(/[A-Za-z0-9._~!$&()*+,;=:@%/?#{}-]*)?$'",
            name="address_safe",
        ),
        CheckConstraint(
            "case when kind = 'template' then replace(address, '{room}', '') <> address else true end"
            " and replace(address, '{room}', '') !~ '[{}]' and (kind = 'template' or address !~ '[{}]')",
            name="room_placed",
        ),
        CheckConstraint("kind <> 'jitsi' or address !~ '[?#]'", name="base_plain"),
        CheckConstraint("kind <> 'personal' or therapist_id is not null", name="room_of_somebody"),
        UniqueConstraint("therapist_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    therapist_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"))
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(300))


class VideoLink(Base):
    """The link of an online session; one that was renewed has ended. Only the database makes and ends links."""

    __tablename__ = "video_link"
    __table_args__ = (
        Index("uq_video_link_open", "appointment_id", unique=True, postgresql_where=text("ended_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    address: Mapped[str] = mapped_column(String(400))
    is_fixed: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class VideoTick(Base):
    """That somebody ticked an item of a patient's checklist for a session, or took the tick back. Append-only.

    The database writes who and when.
    """

    __tablename__ = "video_tick"
    __table_args__ = (
        one_of("item", ITEMS),
        Index("ix_video_tick_appointment_id_patient_id_item_id", "appointment_id", "patient_id", "item", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    item: Mapped[str] = mapped_column(String(12))
    is_done: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))


class VideoPlace(Base):
    """Where a patient will be during a session, and by which telephone, where that differs from the file."""

    __tablename__ = "video_place"

    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)
    place: Mapped[str | None] = mapped_column(String(200))
    telephone: Mapped[str | None] = mapped_column(String(60))


class VideoMaterial(Base):
    """Something to share in a session: an address or a document of the file.

    Its title is one of a few words that say nothing about anybody, as the patient sees it.
    """

    __tablename__ = "video_material"
    __table_args__ = (
        one_of("title", TITLES),
        CheckConstraint("num_nonnulls(address, document_id) = 1", name="one_thing"),
        CheckConstraint("address ~ '^https?://[A-Za-z0-9][^[:space:]<>\"]*$'", name="address_safe"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    title: Mapped[str] = mapped_column(String(14))
    address: Mapped[str | None] = mapped_column(String(500))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    taken_away_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
