"""Tables of patient files: the person, guardians, cases, payers and coverage."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of

STATUSES = ("waiting", "active", "discharged", "archived", "merged")
CLOSED = ("discharged", "archived")
SEXES = ("female", "male", "intersex", "unknown")
MARITAL_STATUSES = ("single", "married", "partnered", "separated", "divorced", "widowed", "unknown")
ID_KINDS = ("nif", "nie", "passport", "ssn", "other")
PAYER_KINDS = ("insurer", "public", "company", "school", "other")
CUSTODIES = ("joint", "sole", "unknown")
DISCHARGE_REASONS = ("completed", "agreed", "dropped_out", "referred", "died", "other")
CARE_KINDS = ("co_therapist", "supervisor", "substitute", "break_glass")


class Patient(Base):
    """One patient file: one row per person in care, waiting, discharged or archived."""

    __tablename__ = "patient"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("sex", SEXES),
        one_of("marital_status", MARITAL_STATUSES),
        one_of("id_kind", ID_KINDS),
        one_of("pays", ("self", "insurer", "guardian", "other")),
        CheckConstraint("birth_date >= date '1890-01-01'", name="birth_date_sane"),
        CheckConstraint("died_on is null or birth_date is null or died_on >= birth_date", name="death_after_birth"),
        CheckConstraint("length(btrim(given_name)) > 0", name="given_name_present"),
        Index("ix_patient_search_name", "search_name"),
        Index("ix_patient_sort_name_id", "sort_name", "id"),
        Index("ix_patient_identity", text("upper(translate(id_value, ' .-/', ''))")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, server_default=text("nextval('patient_number')"), unique=True)
    given_name: Mapped[str] = mapped_column(String(120))
    surname_1: Mapped[str | None] = mapped_column(String(120))
    surname_2: Mapped[str | None] = mapped_column(String(120))
    birth_date: Mapped[date | None] = mapped_column(Date)
    died_on: Mapped[date | None] = mapped_column(Date)
    sex: Mapped[str] = mapped_column(String(10), server_default="unknown")
    gender: Mapped[str | None] = mapped_column(String(60))
    profession: Mapped[str | None] = mapped_column(String(120))
    marital_status: Mapped[str] = mapped_column(String(12), server_default="unknown")
    address_line: Mapped[str | None] = mapped_column(String(300))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str | None] = mapped_column(String(2))
    telephone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(254))
    id_kind: Mapped[str | None] = mapped_column(String(10))
    id_value: Mapped[str | None] = mapped_column(String(60))
    emergency_name: Mapped[str | None] = mapped_column(String(200))
    emergency_relation: Mapped[str | None] = mapped_column(String(60))
    emergency_telephone: Mapped[str | None] = mapped_column(String(60))
    referral_source: Mapped[str | None] = mapped_column(String(120))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    main_therapist_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"), index=True)
    pays: Mapped[str] = mapped_column(String(10), server_default="self")
    status: Mapped[str] = mapped_column(String(12), server_default="active")
    preferred_language: Mapped[str] = mapped_column(String(5), server_default="es")
    opened_on: Mapped[date] = mapped_column(Date, server_default=text("practice_today()"))
    discharged_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, server_default="1", nullable=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    search_name: Mapped[str] = mapped_column(
        String(370),
        Computed(
            "plain_text(given_name || ' ' || coalesce(surname_1, '') || ' ' || coalesce(surname_2, ''))", persisted=True
        ),
    )

    sort_name: Mapped[str] = mapped_column(
        String(370, collation="C"),
        Computed(
            "plain_text(coalesce(surname_1 || ' ', '') || coalesce(surname_2 || ' ', '') || given_name)", persisted=True
        ),
    )

    @property
    def is_closed(self) -> bool:
        """Return whether care ended."""
        return self.status in CLOSED

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own protocol


class Lookup(Base):
    """What files are found and compared by, kept by the database itself: a letter for the kind, and the plain text.

    Compared by bytes, an index on it serves also where row security allows no pattern to be tried on others' rows.
    """

    __tablename__ = "patient_lookup"

    key: Mapped[str] = mapped_column(String(200, collation="C"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), primary_key=True, index=True)


class ToldApart(Base):
    """Two files that look like one person's, and that somebody has looked at: they are two people's."""

    __tablename__ = "patient_told_apart"
    __table_args__ = (CheckConstraint("first_id < second_id", name="in_order"),)

    first_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Guardian(Base):
    """A guardian of a minor: relation, parental authority (unknown when null) and custody."""

    __tablename__ = "guardian"
    __table_args__ = (
        one_of("relation", ("mother", "father", "tutor", "other")),
        one_of("custody", CUSTODIES),
        one_of("id_kind", ID_KINDS),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    given_name: Mapped[str] = mapped_column(String(120))
    surnames: Mapped[str | None] = mapped_column(String(200))
    relation: Mapped[str] = mapped_column(String(12))
    has_authority: Mapped[bool | None] = mapped_column(Boolean)
    custody: Mapped[str] = mapped_column(String(10), server_default="unknown")
    telephone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(254))
    id_kind: Mapped[str | None] = mapped_column(String(10))
    id_value: Mapped[str | None] = mapped_column(String(60))


class CareTeamMember(Base):
    """A therapist who cares for a file beside its main therapist, ``[valid_from, valid_until)``."""

    __tablename__ = "care_team"
    __table_args__ = (
        one_of("kind", CARE_KINDS),
        CheckConstraint("valid_until >= valid_from", name="period_forward"),
        CheckConstraint(
            "kind <> 'break_glass' or (reason is not null and valid_until is not null)", name="break_glass_explained"
        ),
        Index("ix_care_team_therapist_id_patient_id", "therapist_id", "patient_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.id"))
    kind: Mapped[str] = mapped_column(String(16))
    valid_from: Mapped[date] = mapped_column(Date, server_default=text("practice_today()"))
    valid_until: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(300))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class CareEpisode(Base):
    """A stretch of care, from the opening of the file or the return of its patient to the discharge.

    The database opens and closes it with the file's status.
    """

    __tablename__ = "care_episode"
    __table_args__ = (
        one_of("reason", DISCHARGE_REASONS),
        CheckConstraint("discharged_on >= opened_on", name="period_forward"),
        Index("uq_care_episode_open", "patient_id", unique=True, postgresql_where=text("discharged_on is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    opened_on: Mapped[date] = mapped_column(Date)
    discharged_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(12))


class PatientCase(Base):
    """A couple or family treated together: several files linked."""

    __tablename__ = "patient_case"
    __table_args__ = (one_of("kind", ("couple", "family")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    opened_on: Mapped[date] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)


class CaseMember(Base):
    """Membership of a patient in a case."""

    __tablename__ = "case_member"

    case_id: Mapped[int] = mapped_column(ForeignKey("patient_case.id"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)


class Payer(Base):
    """Who pays instead of the patient: an insurer, a public body, a company."""

    __tablename__ = "payer"
    __table_args__ = (one_of("kind", PAYER_KINDS),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10), server_default="insurer")
    tax_id: Mapped[str | None] = mapped_column(String(40))
    address_line: Mapped[str | None] = mapped_column(String(300))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    telephone: Mapped[str | None] = mapped_column(String(60))
    payment_days: Mapped[int] = mapped_column(SmallInteger, server_default="30")


class Coverage(Base):
    """What a payer covers for a patient between two moments, ``[valid_from, valid_until)`` in days."""

    __tablename__ = "coverage"
    __table_args__ = (
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="validity_ordered"),
        CheckConstraint("covered_percent between 0 and 100", name="percent_sane"),
        CheckConstraint("copayment_cents >= 0", name="copayment_sane"),
        CheckConstraint("authorised_sessions >= 0", name="sessions_sane"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    payer_id: Mapped[int] = mapped_column(ForeignKey("payer.id"), index=True)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    policy_number: Mapped[str | None] = mapped_column(String(80))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    authorised_sessions: Mapped[int | None] = mapped_column(Integer)
    copayment_cents: Mapped[int | None] = mapped_column(BigInteger)
    covered_percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))


class ProcessingRestriction(Base):
    """That a person's data are only kept, neither changed nor used (GDPR, article 18), from when to when and why."""

    __tablename__ = "processing_restriction"
    __table_args__ = (
        Index("uq_processing_restriction_open", "patient_id", unique=True, postgresql_where=text("lifted_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    reason: Mapped[str] = mapped_column(String(300))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class RetentionRule(Base):
    """How many years a kind of record is kept, counted from discharge or from the last entry, and by which law."""

    __tablename__ = "retention_rule"
    __table_args__ = (
        one_of("kind", ("clinical", "document", "consent", "invoice")),
        one_of("counted_from", ("discharge", "last_entry")),
        CheckConstraint("years between 1 and 100", name="years_bounded"),
    )

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    years: Mapped[int]
    counted_from: Mapped[str] = mapped_column(String(10))
    law: Mapped[str] = mapped_column(String(120))


class Erasure(Base):
    """That the clinical record of a file was erased, or the whole person; written by the functions that erase."""

    __tablename__ = "erasure"
    __table_args__ = (one_of("kind", ("clinical", "person")),)

    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))


class FileMerge(Base):
    """That a file was merged into another of the same person, and what of it moved, for undoing it."""

    __tablename__ = "file_merge"
    __table_args__ = (
        CheckConstraint("kept_id <> merged_id", name="two_files"),
        Index("uq_file_merge_open", "merged_id", unique=True, postgresql_where=text("undone_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    status_before: Mapped[str] = mapped_column(String(12))
    fields: Mapped[list[str]] = mapped_column(ARRAY(String(30)))
    appointments: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    consents: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    memberships: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
