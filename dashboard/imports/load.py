"""Loads the drafts of one run in the order in which they refer to each other. One transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.sql import SQL

from dashboard.imports.load_agenda import load_appointments
from dashboard.imports.load_money import load_invoices_and_charges, load_payments
from dashboard.imports.mapping import Mapping
from dashboard.imports.staging import Staging

PLAIN = ("site", "therapist", "service", "payer", "patient", "coverage")
MANY = 500
Progress = Callable[[str, float], None]


def load_staged(staging: Staging, mapping: Mapping, progress: Progress) -> None:
    """Load everything that is staged and leave the staging table empty."""
    # Hashes of rows hold moments as text, and large sorts should not go to disk.
    staging.run(SQL("set local timezone = 'UTC'"))
    staging.run(SQL("set local work_mem = '64MB'"))
    # The planner knows nothing of rows copied a moment ago and expects a handful: loops would take hours.
    if staging.ask(SQL("select count(*) from import_staging"))[0][0] > MANY:
        staging.run(SQL("set local enable_nestloop = off"))
    staging.take_problems()
    for place, entity in enumerate(PLAIN):
        progress(entity, 0.5 + place * 0.03)
        load_plain(staging, entity)
    progress("appointment", 0.7)
    prepare(staging, "appointment")
    load_appointments(staging)
    progress("invoice", 0.9)
    prepare(staging, "invoice")
    staging.take_changed("invoice")
    prepare(staging, "charge", staged=("invoice",))
    staging.take_changed("charge")
    load_invoices_and_charges(staging, mapping.invoice_series, mapping.payment_days)
    prepare(staging, "payment")
    staging.take_changed("payment")
    load_payments(staging)
    staging.run(SQL("delete from import_staging"))


def prepare(staging: Staging, entity: str, staged: tuple[str, ...] = ()) -> None:
    """Take out of the staged drafts of ``entity`` what is repeated, known, nobody or refers to nothing."""
    if not staging.holds(entity):
        return
    staging.take_nobody(entity)
    staging.take_repetitions(entity)
    staging.unchanged[entity] += staging.take_unchanged(entity)
    staging.take_references(entity, staged)


def load_plain(staging: Staging, entity: str) -> None:
    """Load an entity that has no rules of its own beyond those every entity has."""
    prepare(staging, entity)
    if staging.holds(entity):
        staging.take_changed(entity)
        if entity == "service":
            _link_known_services(staging)
        staging.report_empty_references(entity)
        staging.insert_new(entity)
    staging.insert_stand_ins(entity)


def _link_known_services(staging: Staging) -> None:
    """A service of the same name is the same service: it is linked, and keeps the practice's price and length."""
    staging.run(
        SQL("""
        insert into external_ref (source, entity, external_id, local_id, content_sha256, import_run_id)
        select %(source)s, 'service', s.external_id, service.id, s.content_sha256, %(run)s
        from import_staging as s join service on service.name = s.draft ->> 'name' where s.entity = 'service'
        """)
    )
    staging.unchanged["service"] += staging.take_unchanged("service")
