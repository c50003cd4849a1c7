-- Anti-joins first, by hash for all charges and by key for one patient; only what they leave is summed.
with

charges as (
    select *
    from {{ ref('stg_practice__charges') }} as candidates
    where
        candidates.reverses_id is null
        and not exists (
            select 1
            from {{ ref('stg_practice__invoice_lines') }} as invoiced
            where
                invoiced.charge_id = candidates.charge_id
                and not exists (
                    select 1
                    from {{ ref('stg_practice__invoice_lines') }} as credited
                    where credited.charge_id = invoiced.charge_id and credited.is_credit
                )
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

remaining as (
    select
        charges.*,
        charges.amount - coalesce(write_offs.amount, 0) - coalesce(invoiced.amount, 0) as net_amount,
        invoiced.amount is not null as was_credited
    from charges
    left join write_offs on charges.charge_id = write_offs.charge_id
    cross join lateral (
        select sum(lines.amount) as amount
        from {{ ref('stg_practice__invoice_lines') }} as lines
        where lines.charge_id = charges.charge_id
    ) as invoiced
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
        charges.was_credited,
        charges.net_amount::numeric(12, 2) as net_amount,
        {{ with_tax('charges.net_amount') }}::numeric(12, 2) as amount
    from remaining as charges
    inner join patients on charges.patient_id = patients.patient_id
    left join appointments on charges.appointment_id = appointments.appointment_id
    where charges.net_amount > 0
)

select * from final
