"""Tables of the clinical record. Text is in columns named ``sealed…`` only, and sealed before it gets there.

Nobody reads ``sealed`` from a table, so it is never loaded with a row: ``trail.sealed`` hands it out.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of
from dashboard.team.models import Therapist

NOTE_STATES = ("draft", "signed")
KEY_PURPOSES = ("clinical", "document")
MEDIA_TYPES = ("application/pdf", "image/jpeg", "image/png")
DOCUMENT_KINDS = ("identity", "authorisation", "consent", "referral", "report", "other")


class ClinicalHistory(Base):
    """That a patient's clinical history was opened, when and by whom."""

    __tablename__ = "clinical_history"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), unique=True)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"))
    opened_on: Mapped[date] = mapped_column(Date)


class PatientKey(Base):
    """A patient's key, wrapped by a master key that the database does not have; without it their texts are noise.

    A patient has one for the clinical record and another for documents that the office may open as well.
    """

    __tablename__ = "patient_key"
    __table_args__ = (
        one_of("purpose", KEY_PURPOSES),
        CheckConstraint("(wrapped is null) = (destroyed_at is not null)", name="destroyed_or_there"),
        Index(
            "uq_patient_key_of_patient",
            "patient_id",
            "purpose",
            unique=True,
            postgresql_where=text("destroyed_at is null"),
        ),
        Index("ix_patient_key_master_id_id", "master_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(10), server_default="clinical")
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    master_id: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    destroyed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class HistoryVersion(Base):
    """One version of a clinical history: every section, sealed as one. Versions are only added."""

    __tablename__ = "clinical_history_version"
    __table_args__ = (
        UniqueConstraint("patient_id", "version"),
        CheckConstraint("version > 0", name="version_counted"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    version: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class NoteTemplateChoice(Base):
    """Which template a therapist writes notes with; the templates themselves are in ``templates.yaml``."""

    __tablename__ = "therapist_note_template"

    therapist_id: Mapped[int] = mapped_column(ForeignKey(Therapist.id), primary_key=True, autoincrement=False)
    template_code: Mapped[str] = mapped_column(String(20))


class SessionNote(Base):
    """A note of one session about one patient: a draft until it is signed, then locked by a trigger."""

    __tablename__ = "session_note"
    __table_args__ = (
        one_of("status", NOTE_STATES),
        CheckConstraint("(status = 'signed') = (signed_at is not null)", name="signing_dated"),
        UniqueConstraint("appointment_id", "patient_id", "author_id"),
        Index("ix_session_note_author_id_status_created_at", "author_id", "status", "created_at"),
        Index("ix_session_note_author_id_patient_id_created_at", "author_id", "patient_id", "created_at"),
        Index("ix_session_note_patient_id", "patient_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    therapist_id: Mapped[int] = mapped_column(ForeignKey(Therapist.id))
    template_code: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), server_default="draft")
    version: Mapped[int] = mapped_column(Integer, server_default="1", nullable=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    saved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sealed_subjective: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own protocol


class NoteAddendum(Base):
    """What was added to a signed note later. Addenda are only added."""

    __tablename__ = "note_addendum"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("session_note.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Document(Base):
    """A document of a file: its name and its content are sealed, and what was put away is only hidden."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("kind", DOCUMENT_KINDS),
        one_of("media_type", MEDIA_TYPES),
        CheckConstraint("size > 0 and size <= 20000000", name="size_bounded"),
        Index("ix_document_patient_id_added_at", "patient_id", "added_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    kind: Mapped[str] = mapped_column(String(20))
    is_clinical: Mapped[bool]
    media_type: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    added_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    put_away_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    put_away_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
