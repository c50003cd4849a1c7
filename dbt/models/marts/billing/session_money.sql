with

appointments as (
    select * from {{ ref('int_appointments') }}
    where state in ('attended', 'late_cancelled', 'no_show') and is_past
),

attendees as (
    select * from {{ ref('stg_practice__attendees') }}
),

services as (
    select * from {{ ref('stg_practice__services') }}
),

-- A couple or family shares one price: when another of them is charged, there is nothing left to charge.
sessions as (
    select
        appointments.*,
        services.kind in ('couple', 'family') and exists (
            select 1
            from {{ ref('stg_practice__charges') }} as shared
            where shared.appointment_id = appointments.appointment_id
                and shared.kind in ('session', 'late_cancellation', 'no_show')
                and shared.reverses_id is null
        ) as is_charged_to_another,
        attendees.patient_id,
        money.charge_count,
        money.charged_amount,
        money.invoiced_amount,
        money.paid_amount,
        money.open_amount,
        money.written_off_amount,
        money.last_invoice_id,
        money.due_on
    from attendees
    inner join appointments on attendees.appointment_id = appointments.appointment_id
    inner join services on appointments.service_id = services.service_id
    cross join lateral (
        select
            count(*) as charge_count,
            coalesce(sum(balances.charged_amount), 0) as charged_amount,
            coalesce(sum(balances.invoiced_amount), 0) as invoiced_amount,
            coalesce(sum(balances.paid_amount), 0) as paid_amount,
            coalesce(sum(balances.open_amount), 0) as open_amount,
            coalesce(sum(balances.written_off_amount), 0) as written_off_amount,
            max(balances.invoice_id) as last_invoice_id,
            coalesce(min(balances.due_on) filter (where balances.open_amount > 0), max(balances.due_on)) as due_on
        from {{ ref('int_charge_balances') }} as balances
        where balances.appointment_id = attendees.appointment_id
            and balances.patient_id = attendees.patient_id
            and balances.kind in ('session', 'late_cancellation', 'no_show')
    ) as money
),

final as (
    select
        appointment_id,
        patient_id,
        therapist_id,
        site_id,
        service_id,
        starts_at,
        session_on,
        month,
        state,
        is_delivered,
        case
            when charge_count = 0 and is_charged and fee_amount > 0 and not is_charged_to_another then 'not_charged'
            when charge_count = 0 or charged_amount = 0 then 'no_charge'
            when written_off_amount >= charged_amount then 'written_off'
            when invoiced_amount + written_off_amount < charged_amount then 'not_invoiced'
            when open_amount <= 0 then 'paid'
            when due_on < {{ today('time_zone') }} then 'overdue'
            when paid_amount > 0 then 'part_paid'
            else 'invoiced'
        end as money_status,
        charged_amount::numeric(12, 2) as charged_amount,
        invoiced_amount::numeric(12, 2) as invoiced_amount,
        paid_amount::numeric(12, 2) as paid_amount,
        open_amount::numeric(12, 2) as open_amount,
        written_off_amount::numeric(12, 2) as written_off_amount,
        last_invoice_id,
        due_on,
        {{ today('time_zone') }} - due_on as days_past_due
    from sessions
)

select * from final
