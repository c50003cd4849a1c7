"""The views and tables of figures that billing reads; dbt defines them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, Numeric, Text, column, table

SESSION_MONEY = table(
    "session_money",
    column("appointment_id", BigInteger),
    column("patient_id", BigInteger),
    column("therapist_id", BigInteger),
    column("site_id", BigInteger),
    column("service_id", BigInteger),
    column("starts_at", DateTime(timezone=True)),
    column("session_on", Date),
    column("state", Text),
    column("money_status", Text),
    column("charged_amount", Numeric),
    column("open_amount", Numeric),
    column("due_on", Date),
    schema="marts",
)

OPEN_INVOICES = table(
    "open_invoices",
    column("invoice_id", BigInteger),
    column("series", Text),
    column("number", Integer),
    column("patient_id", BigInteger),
    column("payer_id", BigInteger),
    column("site_id", BigInteger),
    column("therapist_id", BigInteger),
    column("issued_on", Date),
    column("due_on", Date),
    column("total_amount", Numeric),
    column("open_amount", Numeric),
    column("days_past_due", Integer),
    column("bucket", Text),
    schema="marts",
)

CHARGES_TO_INVOICE = table(
    "charges_to_invoice",
    column("charge_id", BigInteger),
    column("patient_id", BigInteger),
    column("payer_id", BigInteger),
    column("therapist_id", BigInteger),
    column("site_id", BigInteger),
    column("charged_on", Date),
    column("was_credited", Boolean),
    column("amount", Numeric),
    schema="marts",
)

KPI_AGEING = table(
    "kpi_ageing",
    column("grain", Text),
    column("site_id", BigInteger),
    column("item", Text),
    column("value", Numeric),
    column("is_suppressed", Boolean),
    schema="marts",
)
