"""Tables of imports: the ledger of runs, the rows set aside, the staging rows, and where each row came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base, one_of


class ImportRun(Base):
    """One import of one set of files by one mapping; finished runs of the same content are not repeated."""

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("state", ("done", "refused")),
        Index(
            "uq_import_run_content",
            "source",
            "sha256",
            "mapping_version",
            unique=True,
            postgresql_where=text("state = 'done' and not is_dry_run"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    mapping_version: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    is_dry_run: Mapped[bool] = mapped_column(Boolean, server_default="false")
    refusal_code: Mapped[str | None] = mapped_column(String(40))
    read: Mapped[int] = mapped_column(Integer, server_default="0")
    loaded: Mapped[int] = mapped_column(Integer, server_default="0")
    updated: Mapped[int] = mapped_column(Integer, server_default="0")
    unchanged: Mapped[int] = mapped_column(Integer, server_default="0")
    set_aside: Mapped[int] = mapped_column(Integer, server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class ImportSetAside(Base):
    """A row that was not loaded, or loaded and flagged: file, line and code, never its values."""

    __tablename__ = "import_set_aside"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    import_run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), index=True)
    file: Mapped[str] = mapped_column(String(120))
    line: Mapped[int] = mapped_column(Integer)
    entity: Mapped[str] = mapped_column(String(30))
    code: Mapped[str] = mapped_column(String(40))
    field: Mapped[str | None] = mapped_column(String(60))
    is_loaded: Mapped[bool] = mapped_column(Boolean, server_default="false")


class ImportStaging(Base):
    """Drafts of a run on their way in; empty outside a running import."""

    __tablename__ = "import_staging"
    __table_args__ = (Index("ix_import_staging_entity", "entity"), {"prefixes": ["UNLOGGED"]})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entity: Mapped[str] = mapped_column(String(30))
    file: Mapped[str] = mapped_column(String(120))
    line: Mapped[int] = mapped_column(Integer)
    external_id: Mapped[str] = mapped_column(String(200))
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ExternalRef(Base):
    """Where a row came from: the source's own id and the local row (0 when the id stands for nobody).

    ``content_sha256`` is of what the source said last, ``row_sha256`` of the row as the import left it: a row that a
    person has changed since is not overwritten.
    """

    __tablename__ = "external_ref"
    __table_args__ = (Index("ix_external_ref_entity_local_id", "entity", "local_id"),)

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    entity: Mapped[str] = mapped_column(String(30), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    local_id: Mapped[int] = mapped_column(BigInteger)
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    row_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
