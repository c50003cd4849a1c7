"""Tables of the clinical record. Here only the fact that a history was opened; its text is kept apart."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.db import Base


class ClinicalHistory(Base):
    """That a patient's clinical history was opened, when and by whom."""

    __tablename__ = "clinical_history"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), unique=True)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("therapist.id"))
    opened_on: Mapped[date] = mapped_column(Date)
