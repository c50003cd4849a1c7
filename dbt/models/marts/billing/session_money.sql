-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
select
    appointments.appointment_id,
    attendees.patient_id,
    appointments.therapist_id,
    appointments.site_id,
    appointments.service_id,
    appointments.starts_at,
    appointments.session_on,
    appointments.month,
    appointments.state,
    appointments.is_delivered,
    case
        when
            money.charge_count = 0 and appointments.is_charged and appointments.fee_amount > 0
            and not {{ is_charged_to_another() }} then 'not_charged'
        when money.charge_count = 0 or money.charged_amount = 0 then 'no_charge'
        when money.written_off_amount >= money.charged_amount then 'written_off'
        when money.invoiced_amount + money.written_off_amount < money.charged_amount then 'not_invoiced'
        when money.open_amount <= 0 then 'paid'
        when money.due_on < {{ today('appointments.time_zone') }} then 'overdue'
        when money.paid_amount > 0 then 'part_paid'
        else 'invoiced'
    end as money_status,
    money.charged_amount,
    money.invoiced_amount,
    money.paid_amount,
    money.open_amount,
    money.written_off_amount,
    money.last_invoice_id,
    money.due_on,
    {{ today('appointments.time_zone') }} - money.due_on as days_past_due
from {{ ref('int_appointments') }} as appointments
inner join {{ ref('stg_practice__attendees') }} as attendees
    on appointments.appointment_id = attendees.appointment_id
cross join
    lateral (
        select
            count(*) filter (where not balances.is_reversed) as charge_count,
            coalesce(sum(balances.charged_amount), 0)::numeric(12, 2) as charged_amount,
            coalesce(sum(balances.invoiced_amount), 0)::numeric(12, 2) as invoiced_amount,
            coalesce(sum(balances.paid_amount), 0)::numeric(12, 2) as paid_amount,
            coalesce(sum(balances.open_amount), 0)::numeric(12, 2) as open_amount,
            coalesce(sum(balances.written_off_amount), 0)::numeric(12, 2) as written_off_amount,
            max(balances.invoice_id) as last_invoice_id,
            coalesce(min(balances.due_on) filter (where balances.open_amount > 0), max(balances.due_on)) as due_on
        from {{ ref('int_charge_balances') }} as balances
        where
            balances.appointment_id = attendees.appointment_id
            and balances.patient_id = attendees.patient_id
            and balances.kind in ('session', 'late_cancellation', 'no_show')
    ) as money
where appointments.is_past and appointments.state in ('attended', 'late_cancelled', 'no_show')
