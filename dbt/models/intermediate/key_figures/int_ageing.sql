-- The parts of the ageing before the identity is tested: a figure that does not add up is never shown.
with

invoices as (
    select * from {{ ref('open_invoices') }}
),

credits as (
    select * from {{ ref('patient_credit') }}
),

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

parts as (
    select
        bucket as item,
        site_id,
        therapist_id,
        patient_id,
        open_amount as amount
    from invoices
    union all
    select
        'unapplied_credit' as item,
        patients.site_id,
        patients.therapist_id,
        credits.patient_id,
        -credits.unapplied_amount as amount
    from credits
    inner join patients on credits.patient_id = patients.patient_id
),

final as (
    select
        {{ current_month() }} as month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        item,
        sum(amount) as amount,
        count(distinct patient_id) as patients
    from parts
    group by grouping sets (
        (), (item), (site_id), (site_id, item), (therapist_id), (therapist_id, item)
    )
)

select * from final
