-- Most invoices were paid at once and in full. The anti-join sets those aside, by hash for all invoices and by key for
-- one patient; only the others are summed.
with

invoices as (
    select *
    from {{ ref('stg_practice__invoices') }} as candidates
    where
        candidates.corrects_id is null
        and candidates.total_amount > 0
        and not exists (
            select 1
            from {{ ref('stg_practice__payment_allocations') }} as whole
            where
                whole.invoice_id = candidates.invoice_id
                and whole.amount = candidates.total_amount
                and not exists (
                    select 1
                    from {{ ref('stg_practice__payment_allocations') }} as taken_back
                    where taken_back.invoice_id = whole.invoice_id and taken_back.amount < 0
                )
        )
),

patients as (
    select * from {{ ref('int_patients') }}
),

settled as (
    select
        invoices.*,
        allocated.amount as allocated_amount,
        corrected.amount as corrected_amount,
        invoices.total_amount - corrected.amount - allocated.amount as open_amount
    from invoices
    cross join
        lateral (
            select coalesce(sum(allocations.amount), 0) as amount
            from {{ ref('stg_practice__payment_allocations') }} as allocations
            where allocations.invoice_id = invoices.invoice_id
        ) as allocated
    cross join lateral (
        select coalesce(-sum(corrections.total_amount), 0) as amount
        from {{ ref('stg_practice__invoices') }} as corrections
        where corrections.corrects_id = invoices.invoice_id
    ) as corrected
),

final as (
    select
        settled.invoice_id,
        settled.series,
        settled.number,
        settled.patient_id,
        settled.payer_id,
        patients.site_id,
        patients.therapist_id,
        settled.issued_on,
        settled.due_on,
        settled.total_amount,
        settled.allocated_amount::numeric(12, 2) as allocated_amount,
        settled.corrected_amount::numeric(12, 2) as corrected_amount,
        settled.open_amount::numeric(12, 2) as open_amount,
        patients.today - settled.due_on as days_past_due,
        case
            when patients.today <= settled.due_on then 'not_due'
            when patients.today - settled.due_on <= 30 then 'd0_30'
            when patients.today - settled.due_on <= 60 then 'd31_60'
            when patients.today - settled.due_on <= 90 then 'd61_90'
            else 'd90_plus'
        end as bucket
    from settled
    inner join patients on settled.patient_id = patients.patient_id
    where settled.open_amount > 0
)

select * from final
