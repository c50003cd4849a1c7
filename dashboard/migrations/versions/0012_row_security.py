"""Put the wall into the database: what each role may do with each table, and with which of its rows."""

from __future__ import annotations

from alembic import op

from dashboard.config import settings
from dashboard.migrations.row_security import Right, protect, unprotect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ME = "(select session_therapist())"
FILES = "any(array(select session_files()))"
PATIENTS = "any(array(select session_patients()))"

EVERYBODY = {role: Right("r") for role in ("manager", "therapist", "front_desk", "auditor")}
OFFICE = {role: Right("riu") for role in ("manager", "front_desk")}
OFFICE_ADDS = {role: Right("ri") for role in ("manager", "front_desk")}
STAFF_READS = {role: Right("r") for role in ("manager", "therapist", "front_desk")}

OWN_CHARGE = """exists (
    select from appointment as own where own.id = charge.appointment_id and own.therapist_id = (select session_therapist())
)"""
# Whom a therapist has a session with they may read the file of: nobody is booked only to be read.
OWN_ATTENDEE = f"""therapist_id = {ME} and exists (
    select from patient as known where known.id = appointment_patient.patient_id
)"""
OWN_SESSION = Right(
    "r",
    rows="user_id = (select uid())",
    columns=("id", "user_id", "device", "method", "opened_at", "seen_at", "idle_until", "expires_at", "revoked_at"),
)

# What a colleague is paid is the manager's business and the colleague's.
UNPAID = (
    "id", "given_name", "surnames", "email", "telephone", "licence_body", "licence_number", "speciality", "site_id",
    "weekly_session_goal", "started_on", "ended_on", "is_active", "search_name",
)  # fmt: skip

RIGHTS: dict[str, dict[str, Right]] = {
    # The practice and its team: nothing of patients.
    "practice_profile": {**EVERYBODY, "manager": Right("ru")},
    "site": {**EVERYBODY, **OFFICE},
    "room": {**STAFF_READS, **OFFICE},
    "service": {**STAFF_READS, **OFFICE},
    "therapist": {
        "manager": Right("riu"),
        "front_desk": Right("riu", columns=UNPAID, changes=UNPAID),
        "therapist": Right("r", columns=UNPAID),
        "auditor": Right("r", columns=("id", "given_name", "surnames", "site_id", "is_active", "search_name")),
    },
    "working_hours": {**STAFF_READS, **OFFICE},
    "absence": {**STAFF_READS, **OFFICE},
    "app_user": {
        role: Right("r", columns=("id", "display_name", "role", "therapist_id", "language", "is_active"))
        for role in EVERYBODY
    },
    "login_session": {**dict.fromkeys(EVERYBODY, OWN_SESSION), "manager": Right("r", columns=OWN_SESSION.columns)},
    # Patients.
    "patient": {
        **OFFICE,
        "therapist": Right(
            "riu",
            rows=f"main_therapist_id = {ME} or id = {PATIENTS}",
            writes=f"main_therapist_id = {ME} or id = {FILES}",
        ),
    },
    "guardian": {
        "manager": Right("riud"),
        "front_desk": Right("riud"),
        "therapist": Right("riud", rows=f"patient_id = {FILES}"),
    },
    "care_team": {
        "manager": Right("riu"),
        "front_desk": Right("r"),
        "therapist": Right("r", rows=f"therapist_id = {ME} or patient_id = {FILES}"),
    },
    "patient_case": {
        **OFFICE,
        "therapist": Right("r", rows="exists (select from case_member as own where own.case_id = patient_case.id)"),
    },
    "case_member": {
        "manager": Right("riud"),
        "front_desk": Right("riud"),
        "therapist": Right("r", rows=f"patient_id = {FILES}"),
    },
    "payer": {**STAFF_READS, **OFFICE},
    "coverage": {**OFFICE, "therapist": Right("r", rows=f"patient_id = {PATIENTS}")},
    "clinical_history": {
        "manager": Right("r"),
        "front_desk": Right("r"),
        "therapist": Right("ri", rows=f"patient_id = {FILES}"),
    },
    # The agenda. A colleague's appointment is busy: its hour is seen, its patients are not.
    "appointment_series": {**OFFICE, "therapist": Right("r")},
    "appointment": {
        **OFFICE,
        "therapist": Right(
            "riu",
            rows=f"therapist_id = {ME} or state in ('held', 'booked', 'confirmed', 'attended')",
            writes=f"therapist_id = {ME}",
        ),
    },
    "appointment_patient": {
        "manager": Right("riud"),
        "front_desk": Right("riud"),
        "therapist": Right("riu", rows=f"therapist_id = {ME} or patient_id = {FILES}", writes=OWN_ATTENDEE),
    },
    # Consent.
    "consent_template": {**STAFF_READS, "manager": Right("riu")},
    "consent": {**OFFICE, "therapist": Right("riu", rows=f"patient_id = {FILES}")},
    "consent_signature": {
        **OFFICE_ADDS,
        "therapist": Right(
            "ri", rows="exists (select from consent as own where own.id = consent_signature.consent_id)"
        ),
    },
    "consent_attempt": {**OFFICE_ADDS, "therapist": Right("ri", rows=f"patient_id = {FILES}")},
    # Money. A therapist charges what they marked, and sees what their patients' coverage has paid for.
    "charge": {
        **OFFICE_ADDS,
        "therapist": Right("ri", rows=f"patient_id = {PATIENTS}", writes=OWN_CHARGE),
    },
    "charge_write_off": {
        **OFFICE_ADDS,
        "therapist": Right("r", rows="exists (select from charge as own where own.id = charge_write_off.charge_id)"),
    },
    "invoice_series": OFFICE,
    "invoice": OFFICE_ADDS,
    "invoice_line": {
        **OFFICE_ADDS,
        "therapist": Right("r", rows="exists (select from charge as own where own.id = invoice_line.charge_id)"),
    },
    "payment": OFFICE_ADDS,
    "payment_allocation": OFFICE_ADDS,
    # Training.
    "training_requirement": {"manager": Right("riu"), "therapist": Right("r")},
    "training_requirement_part": {"manager": Right("riud"), "therapist": Right("r")},
    "therapist_requirement": {"manager": Right("riu"), "therapist": Right("r", rows=f"therapist_id = {ME}")},
    "training_entry": {"manager": Right("riud"), "therapist": Right("riud", rows=f"therapist_id = {ME}")},
    # What the checks found, and how fresh everything is.
    "check_rule": STAFF_READS,
    "check_run": STAFF_READS,
    "check_result": STAFF_READS,
    "finding": {
        "manager": Right("r"),
        "front_desk": Right("r"),
        "therapist": Right("r", rows=f"patient_id = {FILES}"),
    },
    "refresh_run": EVERYBODY,
    # Imports.
    "import_run": {
        role: Right(
            "riu",
            changes=("read", "loaded", "updated", "unchanged", "set_aside", "counts", "finished_at"),
        )
        for role in OFFICE
    },
    "import_set_aside": OFFICE_ADDS,
    "external_ref": OFFICE,
}
NO_FIGURES = ("care_team", "external_ref", "import_set_aside", "login_session")
"""Tables of which neither figures nor checks know anything."""
OPEN_TO_LOGIN = ("practice_profile", "refresh_run")
"""Tables that the application reads before anybody signed in: they tell of no person."""


def upgrade() -> None:
    """Apply this step."""
    schema = settings().db_schema
    for table, rights in RIGHTS.items():
        protect(table, is_for_figures=table not in NO_FIGURES, **rights)
    for table in OPEN_TO_LOGIN:
        op.execute(f"create policy before_sign_in on {table} for select to app_rt using (true)")
    # Postgres copies no file into a table with row security. The rows are there within an import's transaction only.
    op.execute("grant select, insert, delete on import_staging to app_manager, app_front_desk")
    op.execute(f"grant usage on all sequences in schema {schema} to app_staff")


def downgrade() -> None:
    """Take this step back."""
    op.execute(f"revoke usage on all sequences in schema {settings().db_schema} from app_staff")
    op.execute("revoke all on import_staging from app_manager, app_front_desk")
    for table in OPEN_TO_LOGIN:
        op.execute(f"drop policy before_sign_in on {table}")
    for table in RIGHTS:
        unprotect(table)
