"""Row security as migrations write it: who may do what with a table, and with which of its rows.

Postgres refuses what is not granted, and shows no row that no policy admits. Every protected table has the same
shape: the owner (migrations, triggers, functions of ours) and the logins of figures and checks pass; a person's role
passes by its own policy and, on top, only while the transaction's token belongs to a session of that very role.
"""

from __future__ import annotations

from dataclasses import dataclass

from alembic import op

OWNER = "intersession_owner"
ROLES = ("manager", "therapist", "front_desk", "auditor")
# Written as an inequality: the planner expects nearly all rows to fulfil one, and one row in two hundred an equality
# with what it cannot know, which makes it loop over tables that it takes for small.
OWN_SESSION = "(select session_differs(current_user)) <> 1"
OPERATIONS = {"r": "select", "i": "insert", "u": "update", "d": "delete"}


@dataclass(frozen=True)
class Right:
    """What a role may do with a table.

    Attributes:
        operations: Letters of ``OPERATIONS``.
        rows: Which rows, as a condition; constants in it stand in ``(select …)``, which Postgres asks once a query.
        columns: The columns that the role may read, when not all; and update, when ``changes`` is empty.
        changes: The columns that the role may update, when not all.
        writes: Which rows it may add, change and remove, when other than those it may read.
    """

    operations: str
    rows: str = "true"
    columns: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    writes: str = ""


def protect(table: str, *, is_for_figures: bool = True, **rights: Right) -> None:
    """Enable and force row security on ``table``, with one policy a role and nothing for anybody else.

    ``is_for_figures`` admits the logins of figures and checks to all rows; what they may do with them is granted apart.
    """
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy everything on {table} to {OWNER} using (true) with check (true)")
    if is_for_figures:
        op.execute(f"create policy figures on {table} to transformer, checker using (true) with check (true)")
    people = ", ".join(f"app_{role}" for role in ROLES)
    op.execute(
        f"create policy own_session on {table} as restrictive to {people}"
        f" using ({OWN_SESSION}) with check ({OWN_SESSION})"
    )
    for role, right in rights.items():
        allow(table, role, right)


def close(table: str) -> None:
    """Enable and force row security on ``table``, which nobody but functions of the owner touches."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy everything on {table} to {OWNER} using (true) with check (true)")


def allow(table: str, role: str, right: Right) -> None:
    """Grant a role its operations on ``table`` and admit its rows."""
    for letter in right.operations:
        columns = right.columns if letter == "r" else right.changes if letter == "u" else ()
        listed = f" ({', '.join(columns)})" if columns else ""
        op.execute(f"grant {OPERATIONS[letter]}{listed} on {table} to app_{role}")
    if not right.writes:
        op.execute(f"create policy {role} on {table} to app_{role} using ({right.rows}) with check ({right.rows})")
        return
    op.execute(f"create policy {role} on {table} for select to app_{role} using ({right.rows})")
    for operation in (OPERATIONS[letter] for letter in right.operations if letter != "r"):
        seen = "" if operation == "insert" else f" using ({right.writes})"
        left = "" if operation == "delete" else f" with check ({right.writes})"
        op.execute(f"create policy {role}_{operation} on {table} for {operation} to app_{role}{seen}{left}")


def unprotect(table: str) -> None:
    """Take ``protect`` back."""
    own = [f"{role}{operation}" for role in ROLES for operation in ("", "_insert", "_update", "_delete")]
    for policy in ("everything", "figures", "own_session", *own):
        op.execute(f"drop policy if exists {policy} on {table}")
    op.execute(f"alter table {table} no force row level security")
    op.execute(f"alter table {table} disable row level security")
    op.execute(f"revoke all on {table} from {', '.join(f'app_{role}' for role in ROLES)}")
