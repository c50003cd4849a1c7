"""The audit log as migrations attach it to a table."""

from __future__ import annotations

from alembic import op

GIVEN = {
    "insert": "new table as new_rows",
    "update": "old table as old_rows new table as new_rows",
    "delete": "old table as old_rows",
}


def audit(table: str, keys: str) -> None:
    """Put every write to ``table`` on record; ``keys`` names the columns of its key, with commas."""
    for operation, given in GIVEN.items():
        op.execute(
            f"create trigger audit_{operation} after {operation} on {table} referencing {given}"
            f" for each statement execute function audit_write('{keys}')"
        )


def leave_unaudited(table: str) -> None:
    """Take ``audit`` back."""
    for operation in GIVEN:
        op.execute(f"drop trigger audit_{operation} on {table}")
