"""Give each login the least it needs: the application, the figures, the checks."""

from __future__ import annotations

from alembic import op

from dashboard.config import settings

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Money, signatures and attempts are only ever added; the rest may also change.
ADDED = (
    "charge",
    "charge_write_off",
    "consent_attempt",
    "consent_signature",
    "import_run",
    "import_set_aside",
    "invoice",
    "invoice_line",
    "payment",
    "payment_allocation",
)
CHANGED = (
    "absence",
    "app_user",
    "appointment",
    "appointment_patient",
    "appointment_series",
    "case_member",
    "clinical_history",
    "consent",
    "consent_template",
    "coverage",
    "external_ref",
    "guardian",
    "invoice_series",
    "patient",
    "patient_case",
    "payer",
    "practice_profile",
    "refresh_run",
    "room",
    "service",
    "site",
    "therapist",
    "therapist_requirement",
    "training_entry",
    "training_requirement",
    "training_requirement_part",
    "working_hours",
)
REMOVED = ("appointment_patient", "guardian", "import_staging", "training_entry", "training_requirement_part")
READ_ONLY = ("check_result", "check_rule", "check_run", "finding")
CHECKER_WRITES = ("check_result", "check_rule", "check_run", "finding", "refresh_run")
CHECKER_READS = (
    "appointment",
    "appointment_patient",
    "case_member",
    "clinical_history",
    "consent",
    "consent_signature",
    "consent_template",
    "coverage",
    "guardian",
    "patient",
    "patient_case",
    "payer",
    "practice_profile",
    "service",
    "site",
    "therapist",
)


def upgrade() -> None:
    """Apply this step."""
    schema = settings().db_schema
    op.execute(f"revoke all on schema {schema} from public")
    op.execute(f"grant usage on schema {schema} to app_rt, transformer, checker")
    op.execute(f"revoke execute on all functions in schema {schema} from public")
    op.execute("grant execute on function plain_text(text) to app_rt, transformer, checker")
    op.execute(f"grant select, insert on {', '.join((*ADDED, *CHANGED))} to app_rt")
    op.execute(f"grant update on {', '.join(CHANGED)} to app_rt")
    op.execute("grant select, insert on import_staging to app_rt")
    # A run's row is written first, for the rows set aside to point to, and its counts at the end of the same transaction.
    op.execute(
        "grant update (read, loaded, updated, unchanged, set_aside, counts, finished_at) on import_run to app_rt"
    )
    op.execute(f"grant delete on {', '.join(REMOVED)} to app_rt")
    op.execute(f"grant select on {', '.join(READ_ONLY)}, alembic_version to app_rt")
    op.execute(f"grant usage on all sequences in schema {schema} to app_rt")
    op.execute(f"grant select on all tables in schema {schema} to transformer")
    op.execute("revoke select on import_staging, import_set_aside, external_ref from transformer")
    op.execute(f"grant select on {', '.join(CHECKER_READS)} to checker")
    op.execute(f"grant select, insert, update, delete on {', '.join(CHECKER_WRITES)} to checker")


def downgrade() -> None:
    """Take this step back."""
    schema = settings().db_schema
    for kind in ("tables", "sequences", "functions"):
        op.execute(f"revoke all on all {kind} in schema {schema} from app_rt, transformer, checker")
    op.execute(f"revoke usage on schema {schema} from app_rt, transformer, checker")
