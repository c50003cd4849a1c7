"""Loads invoices, charges and payments: only ever added, in whole cents, and never more settled than was invoiced."""

from __future__ import annotations

from psycopg.sql import SQL

from dashboard.imports.codes import Code
from dashboard.imports.staging import Staging

INVOICE, CHARGE, PAYMENT = "invoice", "charge", "payment"


def load_invoices_and_charges(staging: Staging, series: str, payment_days: int) -> None:
    """Load the staged invoices with their charges: one line a charge, and the total that their lines add up to."""
    _take_charges_of_issued_invoices(staging)
    staging.set_aside(INVOICE, Code.NO_TRANSACTIONS, WITHOUT_CHARGES)
    staging.report_empty_references(INVOICE)
    staging.report_empty_references(CHARGE)
    if staging.holds(INVOICE):
        staging.run(SQL("insert into invoice_series (code) values (%(series)s) on conflict do nothing"), series=series)
        staging.run(SQL("select 1 from invoice_series where code = %(series)s for update"), series=series)
        staging.loaded[INVOICE] += staging.run(INSERT_INVOICES, series=series, days=payment_days)
        staging.run(TAKE_NUMBERS, series=series)
        staging.loaded[CHARGE] += staging.run(INSERT_CHARGES)
        staging.run(INSERT_LINES)


def load_payments(staging: Staging) -> None:
    """Load the staged payments and settle their invoices as far as anything is open; the rest is credit."""
    staging.set_aside(PAYMENT, Code.NOT_APPLICABLE, SQL("s.draft ->> 'amount_cents' = '0'"), "amount_cents")
    staging.report_empty_references(PAYMENT)
    if staging.holds(PAYMENT):
        staging.loaded[PAYMENT] += staging.run(INSERT_PAYMENTS)
        staging.run(ALLOCATE)


def _take_charges_of_issued_invoices(staging: Staging) -> None:
    """An issued invoice never changes: a charge that comes later for it is for a person to decide on."""
    issued = SQL("""exists (
        select 1 from external_ref as r
        where r.source = %(source)s and r.entity = 'invoice' and r.external_id = s.draft ->> 'invoice'
    )""")
    staging.set_aside(CHARGE, Code.CONFLICT, issued, "invoice")


WITHOUT_CHARGES = SQL("""not exists (
    select 1 from import_staging as c where c.entity = 'charge' and c.draft ->> 'invoice' = s.external_id
)""")

INSERT_INVOICES = SQL("""
    with total as (
        select draft ->> 'invoice' as external_id, sum((draft ->> 'amount_cents')::bigint) as cents
        from import_staging where entity = 'charge' group by 1
    ),
    fresh as materialized (
        select nextval(pg_get_serial_sequence('invoice', 'id')) as local_id, s.external_id, s.content_sha256,
            patient.local_id as patient_id, nullif(payer.local_id, 0) as payer_id,
            (s.draft ->> 'issued_on')::date as issued_on, total.cents,
            row_number() over (order by s.draft ->> 'issued_on', s.external_id) as place
        from import_staging as s
        join total on total.external_id = s.external_id
        join external_ref as patient on patient.source = %(source)s and patient.entity = 'patient'
            and patient.external_id = s.draft ->> 'patient'
        left join external_ref as payer on payer.source = %(source)s and payer.entity = 'payer'
            and payer.external_id = s.draft ->> 'payer'
        where s.entity = 'invoice'
    ),
    written as (
        insert into invoice (
            id, series, number, patient_id, payer_id, issued_on, due_on, total_cents, recipient_name, recipient_tax_id,
            recipient_address, issuer_name, issuer_tax_id
        )
        select fresh.local_id, %(series)s, invoice_series.last_number + fresh.place, fresh.patient_id, fresh.payer_id,
            fresh.issued_on, fresh.issued_on + coalesce(payer.payment_days, %(days)s), fresh.cents,
            coalesce(payer.name, concat_ws(' ', patient.given_name, patient.surname_1, patient.surname_2)),
            case when payer.id is null then patient.id_value else payer.tax_id end,
            case when payer.id is null
                then nullif(concat_ws(', ', patient.address_line, patient.postal_code, patient.city), '')
                else nullif(concat_ws(', ', payer.address_line, payer.postal_code, payer.city), '') end,
            coalesce(issuer.name, initcap(%(source)s)), issuer.tax_id
        from fresh
        join invoice_series on invoice_series.code = %(series)s
        join patient on patient.id = fresh.patient_id
        left join payer on payer.id = fresh.payer_id
        left join practice_profile as issuer on true
    )
    insert into external_ref (source, entity, external_id, local_id, content_sha256, import_run_id)
    select %(source)s, 'invoice', external_id, local_id, content_sha256, %(run)s from fresh
""")

TAKE_NUMBERS = SQL("""
    update invoice_series set last_number = (select max(number) from invoice where series = %(series)s)
    where code = %(series)s
""")

INSERT_CHARGES = SQL("""
    with fresh as materialized (
        select nextval(pg_get_serial_sequence('charge', 'id')) as local_id, s.external_id, s.content_sha256, s.draft,
            patient.local_id as patient_id, appointment.local_id as appointment_id, invoice.payer_id
        from import_staging as s
        join external_ref as patient on patient.source = %(source)s and patient.entity = 'patient'
            and patient.external_id = s.draft ->> 'patient'
        join external_ref as claim on claim.source = %(source)s and claim.entity = 'invoice'
            and claim.external_id = s.draft ->> 'invoice'
        join invoice on invoice.id = claim.local_id
        left join external_ref as appointment on appointment.source = %(source)s and appointment.entity = 'appointment'
            and appointment.external_id = s.draft ->> 'appointment'
        where s.entity = 'charge'
    ),
    written as (
        insert into charge (id, appointment_id, patient_id, payer_id, kind, description, charged_on, amount_cents)
        select local_id, appointment_id, patient_id, payer_id, draft ->> 'kind', draft ->> 'description',
            (draft ->> 'charged_on')::date, (draft ->> 'amount_cents')::bigint
        from fresh
    )
    insert into external_ref (source, entity, external_id, local_id, content_sha256, import_run_id)
    select %(source)s, 'charge', external_id, local_id, content_sha256, %(run)s from fresh
""")

INSERT_LINES = SQL("""
    insert into invoice_line (invoice_id, charge_id, description, amount_cents)
    select claim.local_id, charge.id, charge.description, charge.amount_cents
    from import_staging as s
    join external_ref as r on r.source = %(source)s and r.entity = 'charge' and r.external_id = s.external_id
    join charge on charge.id = r.local_id
    join external_ref as claim on claim.source = %(source)s and claim.entity = 'invoice'
        and claim.external_id = s.draft ->> 'invoice'
    where s.entity = 'charge'
    order by claim.local_id, s.id
""")

# The key makes a repetition impossible even if the record of origins were lost.
INSERT_PAYMENTS = SQL("""
    with fresh as materialized (
        select nextval(pg_get_serial_sequence('payment', 'id')) as local_id, s.external_id, s.content_sha256, s.draft,
            patient.local_id as patient_id, invoice.payer_id
        from import_staging as s
        join external_ref as patient on patient.source = %(source)s and patient.entity = 'patient'
            and patient.external_id = s.draft ->> 'patient'
        left join external_ref as claim on claim.source = %(source)s and claim.entity = 'invoice'
            and claim.external_id = s.draft ->> 'invoice'
        left join invoice on invoice.id = claim.local_id
        where s.entity = 'payment'
    ),
    written as (
        insert into payment (id, patient_id, payer_id, method, amount_cents, received_on, reference, idempotency_key)
        select local_id, patient_id, case when draft ->> 'method' = 'insurer_remittance' then payer_id end,
            draft ->> 'method', (draft ->> 'amount_cents')::bigint, (draft ->> 'received_on')::date,
            draft ->> 'reference',
            encode(sha256(convert_to(concat_ws('|', 'import', %(source)s, external_id), 'UTF8')), 'hex')
        from fresh
    )
    insert into external_ref (source, entity, external_id, local_id, content_sha256, import_run_id)
    select %(source)s, 'payment', external_id, local_id, content_sha256, %(run)s from fresh
""")

ALLOCATE = SQL("""
    with paid as (
        select payment.id, payment.amount_cents, payment.received_on, claim.local_id as invoice_id,
            sum(payment.amount_cents) over (
                partition by claim.local_id order by payment.received_on, s.external_id
            ) - payment.amount_cents as paid_before
        from import_staging as s
        join external_ref as r on r.source = %(source)s and r.entity = 'payment' and r.external_id = s.external_id
        join payment on payment.id = r.local_id
        join external_ref as claim on claim.source = %(source)s and claim.entity = 'invoice'
            and claim.external_id = s.draft ->> 'invoice'
        where s.entity = 'payment'
    ),
    settled as (
        select paid.*, least(
            paid.amount_cents,
            invoice.total_cents - coalesce(allocated.cents, 0) + coalesce(corrected.cents, 0) - paid_before
        ) as settles
        from paid
        join invoice on invoice.id = paid.invoice_id
        left join lateral (
            select sum(amount_cents) as cents from payment_allocation where invoice_id = invoice.id
        ) as allocated on true
        left join lateral (
            select sum(total_cents) as cents from invoice as correction where correction.corrects_id = invoice.id
        ) as corrected on true
    )
    insert into payment_allocation (payment_id, invoice_id, amount_cents, allocated_on)
    select id, invoice_id, settles, received_on from settled where settles > 0
""")
