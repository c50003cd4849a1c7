"""Add the rules that a column check cannot hold: triggers for appointments, consent, money, and change notices."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Every function pins the schema it was created in, so that no caller's search_path changes what it reads.

ATTENDEE_FOLLOWS = """
create function attendee_copies_appointment() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    select therapist_id, state, starts_at, ends_at into new.therapist_id, new.state, new.starts_at, new.ends_at
    from appointment where id = new.appointment_id;
    return new;
end $$;
create trigger attendee_copies_appointment before insert on appointment_patient
for each row execute function attendee_copies_appointment();
create function appointment_tells_attendees() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    update appointment_patient set
        therapist_id = new.therapist_id, state = new.state, starts_at = new.starts_at, ends_at = new.ends_at
    where appointment_id = new.id;
    return null;
end $$;
create trigger appointment_tells_attendees after update of therapist_id, state, starts_at, ends_at on appointment
for each row when (
    (old.therapist_id, old.state) is distinct from (new.therapist_id, new.state) or old.during is distinct from new.during
)
execute function appointment_tells_attendees();
"""

# Billing stands above the agenda, so the agenda cannot ask it; and an import or a later screen must not slip past either.
CHARGED_STAYS_MARKED = """
create function charged_stays_marked() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if exists (
        select 1 from charge where appointment_id = old.id and reverses_id is null and not exists (
            select 1 from charge as reversal where reversal.reverses_id = charge.id
        )
    ) then
        raise exception using errcode = '23514', constraint = 'charged_stays_marked',
            message = 'the appointment was charged';
    end if;
    return new;
end $$;
create trigger charged_stays_marked before update of state on appointment
for each row when (old.state in ('attended', 'no_show', 'late_cancelled') and new.state <> old.state)
execute function charged_stays_marked();
"""

APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as $$
declare
    names text[] := '{recipient_name,recipient_tax_id,recipient_address,reference,evidence}';
begin
    -- When a person is erased, names leave what else never changes, and nothing but names.
    if tg_op = 'UPDATE' and current_setting('app.erasing', true) = 'on' and current_user = 'intersession_owner' then
        if to_jsonb(new) - names = to_jsonb(old) - names then return new; end if;
    end if;
    raise exception using errcode = '23514', constraint = 'append_only', message = 'rows of this table never change';
end $$;
"""
APPEND_ONLY_TABLES = (
    "charge",
    "charge_write_off",
    "consent_signature",
    "invoice",
    "invoice_line",
    "payment",
    "payment_allocation",
)

# Statement-level: one pass over the payments and invoices touched, whatever the number of rows.
ALLOCATIONS = """
create function allocations_within_bounds() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    perform 1 from payment where id in (select payment_id from added) order by id for update;
    perform 1 from invoice where id in (select invoice_id from added) order by id for update;
    if exists (
        select 1 from payment
        join (
            select payment_id, sum(amount_cents) as allocated from payment_allocation
            where payment_id in (select payment_id from added) group by payment_id
        ) as total on total.payment_id = payment.id
        where total.allocated < 0 or total.allocated > payment.amount_cents + coalesce(
            (select sum(amount_cents) from payment as refund where refund.reverses_id = payment.id), 0
        )
    ) then
        raise exception using errcode = '23514', constraint = 'allocated_within_payment',
            message = 'more is allocated than was paid';
    end if;
    if exists (
        select 1 from invoice
        join (
            select invoice_id, sum(amount_cents) as allocated from payment_allocation
            where invoice_id in (select invoice_id from added) group by invoice_id
        ) as total on total.invoice_id = invoice.id
        where total.allocated < 0 or total.allocated > invoice.total_cents + coalesce(
            (select sum(total_cents) from invoice as correction where correction.corrects_id = invoice.id), 0
        )
    ) then
        raise exception using errcode = '23514', constraint = 'allocated_within_invoice',
            message = 'more is allocated than was invoiced';
    end if;
    return null;
end $$;
create trigger allocations_within_bounds after insert on payment_allocation
referencing new table as added for each statement execute function allocations_within_bounds();
"""

INVOICE_TOTAL = """
create function invoice_total_is_sum_of_lines() returns trigger
language plpgsql security definer set search_path from current as $$
declare
    checked bigint := case when tg_table_name = 'invoice' then new.id else (to_jsonb(new) ->> 'invoice_id')::bigint end;
begin
    if (select total_cents from invoice where id = checked) is distinct from coalesce(
        (select sum(amount_cents + tax_cents) from invoice_line where invoice_id = checked), 0
    ) then
        raise exception using errcode = '23514', constraint = 'invoice_total', message = 'total differs from lines';
    end if;
    return null;
end $$;
create constraint trigger invoice_total after insert on invoice
deferrable initially deferred for each row execute function invoice_total_is_sum_of_lines();
create constraint trigger invoice_total after insert on invoice_line
deferrable initially deferred for each row execute function invoice_total_is_sum_of_lines();
"""

CONSENT_SIGNED = """
create function signature_fits_consent() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if not exists (
        select 1 from consent join consent_template on consent_template.id = consent.template_id
        where consent.id = new.consent_id and consent_template.text_sha256 = new.text_sha256
            and (new.guardian_id is null or exists (
                select 1 from guardian where guardian.id = new.guardian_id and guardian.patient_id = consent.patient_id
            ))
    ) then
        raise exception using errcode = '23514', constraint = 'signature_fits_consent',
            message = 'the signature is for another text or by another family''s guardian';
    end if;
    return new;
end $$;
create trigger signature_fits_consent before insert on consent_signature
for each row execute function signature_fits_consent();
create function signed_consent_has_signature() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if not exists (select 1 from consent_signature where consent_id = new.id) then
        raise exception using errcode = '23514', constraint = 'signed_has_signature',
            message = 'a consent without a signature is not signed';
    end if;
    return null;
end $$;
create constraint trigger signed_has_signature after insert or update of state, signed_on on consent
deferrable initially deferred for each row when (new.signed_on is not null)
execute function signed_consent_has_signature();
"""

PATIENT_TOUCHED = """
create function touch_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end $$;
create trigger patient_updated_at before update on patient for each row execute function touch_updated_at();
"""

# The channel carries the schema's and the table's name, never a key; equal notices of one transaction collapse.
NOTICES = """
create function notify_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('intersession_changed', tg_table_schema || '.' || tg_table_name);
    return null;
end $$;
"""
NOTICED_TABLES = (
    "absence",
    "appointment",
    "appointment_patient",
    "case_member",
    "charge",
    "charge_write_off",
    "clinical_history",
    "consent",
    "consent_signature",
    "coverage",
    "guardian",
    "invoice",
    "patient",
    "payment",
    "payment_allocation",
    "service",
    "site",
    "therapist",
    "therapist_requirement",
    "training_entry",
    "training_requirement",
)


def upgrade() -> None:
    """Apply this step."""
    for script in (
        ATTENDEE_FOLLOWS,
        CHARGED_STAYS_MARKED,
        APPEND_ONLY,
        ALLOCATIONS,
        INVOICE_TOTAL,
        CONSENT_SIGNED,
        PATIENT_TOUCHED,
        NOTICES,
    ):
        op.execute(script)
    for table in APPEND_ONLY_TABLES:
        op.execute(
            f"create trigger append_only before update or delete on {table} for each row execute function refuse_change()"
        )
    for table in NOTICED_TABLES:
        op.execute(
            f"create trigger notify_change after insert or update or delete on {table}"
            " for each statement execute function notify_change()"
        )


def downgrade() -> None:
    """Take this step back."""
    for function in (
        "attendee_copies_appointment",
        "appointment_tells_attendees",
        "charged_stays_marked",
        "refuse_change",
        "allocations_within_bounds",
        "invoice_total_is_sum_of_lines",
        "signature_fits_consent",
        "signed_consent_has_signature",
        "touch_updated_at",
        "notify_change",
    ):
        op.execute(f"drop function {function} cascade")
