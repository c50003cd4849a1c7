"""The views of consent that dbt defines and this slice reads."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Text, column, table

CONSENT_STATUS = table(
    "consent_status",
    column("patient_id", BigInteger),
    column("kind", Text),
    column("site_id", BigInteger),
    column("therapist_id", BigInteger),
    column("status", Text),
    column("consent_id", BigInteger),
    column("signed_on", Date),
    column("valid_until", Date),
    column("missing_signers", Text),
    column("next_session_at", DateTime(timezone=True)),
    column("is_valid", Boolean),
    schema="marts",
)

SESSIONS_WITHOUT_CONSENT = table(
    "sessions_without_consent",
    column("appointment_id", BigInteger),
    column("patient_id", BigInteger),
    column("therapist_id", BigInteger),
    column("site_id", BigInteger),
    column("session_on", Date),
    column("kind", Text),
    schema="marts",
)
