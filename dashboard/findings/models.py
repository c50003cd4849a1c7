"""Tables of the checks: the rules, their runs and results, what they found in which file; and the refresh log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

SEVERITIES = ("blocking", "important", "minor")


class CheckRule(Base):
    """A rule over patient files, in the words of reception (``{"en": …, "es": …}``), mirrored from the suites."""

    __tablename__ = "check_rule"
    __table_args__ = (one_of("severity", SEVERITIES),)

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    severity: Mapped[str] = mapped_column(String(10))
    words: Mapped[dict[str, Any]] = mapped_column(JSONB)
    fix: Mapped[str] = mapped_column(String(40), server_default="file")
    position: Mapped[int] = mapped_column(SmallInteger)
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")


class CheckRun(Base):
    """One run of all rules over all files."""

    __tablename__ = "check_run"
    __table_args__ = (one_of("state", ("running", "done", "failed")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(10), server_default="running")
    files: Mapped[int | None] = mapped_column(Integer)
    error_reference: Mapped[str | None] = mapped_column(String(20))


class CheckResult(Base):
    """Of the latest run: to how many active files of a site and therapist a rule applied, and how many failed."""

    __tablename__ = "check_result"
    __table_args__ = (
        CheckConstraint("failed between 0 and applicable", name="failed_within"),
        Index(
            "uq_check_result_cell",
            "rule_code",
            text("coalesce(site_id, 0)"),
            text("coalesce(therapist_id, 0)"),
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    check_run_id: Mapped[int] = mapped_column(ForeignKey("check_run.id"))
    rule_code: Mapped[str] = mapped_column(ForeignKey("check_rule.code"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    therapist_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"))
    applicable: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)


class Finding(Base):
    """A rule that a file fails: since when, closed when it passed again. Ids only, never values."""

    __tablename__ = "finding"
    __table_args__ = (
        CheckConstraint("closed_at is null or closed_at >= since", name="closed_after"),
        Index("uq_finding_open", "patient_id", "rule_code", unique=True, postgresql_where=text("closed_at is null")),
        Index("ix_finding_rule_code_closed_at", "rule_code", "closed_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    rule_code: Mapped[str] = mapped_column(ForeignKey("check_rule.code"))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    times_seen_again: Mapped[int] = mapped_column(Integer, server_default="0")


class RefreshRun(Base):
    """One round of the refresh worker: ``figures`` (dbt) or ``checks`` (the rules)."""

    __tablename__ = "refresh_run"
    __table_args__ = (
        one_of("stage", ("figures", "checks")),
        one_of("state", ("running", "done", "failed")),
        Index("ix_refresh_run_stage_finished_at", "stage", "finished_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    stage: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), server_default="running")
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error_reference: Mapped[str | None] = mapped_column(String(20))
