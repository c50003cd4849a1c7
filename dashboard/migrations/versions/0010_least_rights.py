"""Give each login the least it needs: the application before anybody signed in, the figures, the checks."""

from __future__ import annotations

from alembic import op

from dashboard.config import settings

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

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
    op.execute(f"grant usage on schema {schema} to app_rt, app_staff, transformer, checker")
    op.execute(f"revoke execute on all functions in schema {schema} from public")
    op.execute("grant execute on function plain_text(text) to app_staff, transformer, checker")
    op.execute("grant execute on function practice_today() to app_staff")
    op.execute("grant select on practice_profile, refresh_run, alembic_version to app_rt")
    op.execute(f"grant select on all tables in schema {schema} to transformer")
    op.execute("revoke select on import_staging, import_set_aside, external_ref from transformer")
    op.execute(f"grant select on {', '.join(CHECKER_READS)} to checker")
    op.execute(f"grant select, insert, update, delete on {', '.join(CHECKER_WRITES)} to checker")


def downgrade() -> None:
    """Take this step back."""
    schema = settings().db_schema
    for kind in ("tables", "sequences", "functions"):
        op.execute(f"revoke all on all {kind} in schema {schema} from app_rt, app_staff, transformer, checker")
    op.execute(f"revoke usage on schema {schema} from app_rt, app_staff, transformer, checker")
