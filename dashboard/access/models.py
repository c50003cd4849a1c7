"""Tables of the people who use the dashboard, and of the practice as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Interval,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

ROLES = ("manager", "therapist", "front_desk", "auditor")
SIGN_IN_METHODS = ("chosen", "password", "oidc")
LINK_KINDS = ("invitation", "reset")
OPERATIONS = ("insert", "update", "delete", "opened", "refused", "exported")


class Practice(Base):
    """The one practice of this schema: who issues invoices, in which country, currency and language."""

    __tablename__ = "practice_profile"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    tax_id: Mapped[str | None] = mapped_column(String(40))
    address_line: Mapped[str | None] = mapped_column(String(300))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), server_default="ES")
    currency: Mapped[str] = mapped_column(String(3), server_default="EUR")
    locale: Mapped[str] = mapped_column(String(10), server_default="es_ES")
    time_zone: Mapped[str] = mapped_column(String(60), server_default="Europe/Madrid")
    is_synthetic: Mapped[bool] = mapped_column(Boolean, server_default="false")


class AppUser(Base):
    """A person who may use the dashboard, in one role."""

    __tablename__ = "app_user"
    __table_args__ = (
        one_of("role", ROLES),
        CheckConstraint("role <> 'therapist' or therapist_id is not null", name="therapist_linked"),
        UniqueConstraint("id", "role", "is_active", "therapist_key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    therapist_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"), unique=True)
    therapist_key: Mapped[int | None] = mapped_column(
        BigInteger, Computed("coalesce(therapist_id, 0)", persisted=True), deferred=True
    )
    language: Mapped[str | None] = mapped_column(String(5))
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class LoginSession(Base):
    """A session of a person who signed in; it ends after some idle minutes, after some hours, or when revoked.

    It carries what its person may be; the database changes it with them, and policies ask no second table.
    """

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint("length(token_sha256) = 32", name="token_hashed"),
        one_of("method", SIGN_IN_METHODS),
        ForeignKeyConstraint(
            ["user_id", "role", "is_active", "therapist_key"],
            ["app_user.id", "app_user.role", "app_user.is_active", "app_user.therapist_key"],
            onupdate="CASCADE",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    role: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(Boolean)
    therapist_key: Mapped[int] = mapped_column(BigInteger)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    device: Mapped[str | None] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(10), server_default="chosen")
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    idle_for: Mapped[timedelta] = mapped_column(Interval, server_default="15 minutes")
    idle_until: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now() + interval '15 minutes'")
    )
    expires_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now() + interval '8 hours'")
    )
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Credential(Base):
    """How a local account proves who it is; wrong answers are counted, and each after the fourth makes it wait."""

    __tablename__ = "credential"

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    failed: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    second_step_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A code that stands in once for the second step; only its hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (CheckConstraint("length(code_sha256) = 32", name="code_hashed"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AccountLink(Base):
    """A link by which somebody sets a password once: an invitation, or a reset; only its hash is kept."""

    __tablename__ = "account_link"
    __table_args__ = (
        one_of("kind", LINK_KINDS),
        CheckConstraint("length(token_sha256) = 32", name="token_hashed"),
        CheckConstraint("expires_at > created_at", name="period_forward"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditEntry(Base):
    """What somebody did to a row, or read, or was refused: names of tables and columns, never values."""

    __tablename__ = "audit_log"
    __table_args__ = (
        one_of("operation", OPERATIONS),
        Index("ix_audit_log_patient_id_at", "patient_id", "at"),
        Index("ix_audit_log_user_id_at", "user_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp(), index=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    session_id: Mapped[int | None] = mapped_column(BigInteger)
    role: Mapped[str | None] = mapped_column(String(20))
    operation: Mapped[str] = mapped_column(String(10))
    table_name: Mapped[str] = mapped_column(String(60))
    row_key: Mapped[str | None] = mapped_column(String(200))
    patient_id: Mapped[int | None] = mapped_column(BigInteger)
    changed: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    rows: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(200))


class AuditLink(Base):
    """A link of the chain over the audit log, in the order in which transactions ended."""

    __tablename__ = "audit_chain"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """Where the chain ends; its lock puts the ends of transactions in an order."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
