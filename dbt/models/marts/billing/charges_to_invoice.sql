with

charges as (
    select *
    from {{ ref('stg_practice__charges') }} as candidates
    where candidates.reverses_id is null
        and not exists (
            select 1 from {{ ref('stg_practice__invoice_lines') }} as lines
            where lines.charge_id = candidates.charge_id and not lines.is_credit
        )
        and not exists (
            select 1 from {{ ref('stg_practice__charges') }} as reversals
            where reversals.reverses_id = candidates.charge_id
        )
),

write_offs as (
    select * from {{ ref('stg_practice__charge_write_offs') }}
),

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

appointments as (
    select * from {{ ref('stg_practice__appointments') }}
),

final as (
    select
        charges.charge_id,
        charges.appointment_id,
        charges.patient_id,
        charges.payer_id,
        coalesce(appointments.therapist_id, patients.therapist_id) as therapist_id,
        coalesce(appointments.site_id, patients.site_id) as site_id,
        charges.charged_on,
        date_trunc('month', charges.charged_on)::date as month,
        (charges.amount - coalesce(write_offs.amount, 0))::numeric(12, 2) as net_amount,
        {{ with_tax('charges.amount - coalesce(write_offs.amount, 0)') }}::numeric(12, 2) as amount
    from charges
    inner join patients on charges.patient_id = patients.patient_id
    left join appointments on charges.appointment_id = appointments.appointment_id
    left join write_offs on charges.charge_id = write_offs.charge_id
    where charges.amount > coalesce(write_offs.amount, 0)
)

select * from final
