-- Payments spent at once and in full are set aside first, as in open_invoices.
with

payments as (
    select *
    from {{ ref('stg_practice__payments') }} as candidates
    where
        candidates.reverses_id is not null
        or not exists (
            select 1
            from {{ ref('stg_practice__payment_allocations') }} as whole
            where
                whole.payment_id = candidates.payment_id
                and whole.amount = candidates.amount
                and not exists (
                    select 1
                    from {{ ref('stg_practice__payment_allocations') }} as taken_back
                    where taken_back.payment_id = whole.payment_id and taken_back.amount < 0
                )
        )
),

unspent as (
    select
        payments.patient_id,
        payments.payer_id,
        payments.amount - coalesce(spent.amount, 0) as amount
    from payments
    cross join lateral (
        select sum(allocations.amount) as amount
        from {{ ref('stg_practice__payment_allocations') }} as allocations
        where allocations.payment_id = payments.payment_id
    ) as spent
),

final as (
    select
        patient_id,
        payer_id,
        sum(amount)::numeric(12, 2) as unapplied_amount
    from unspent
    group by patient_id, payer_id
    having sum(amount) > 0
)

select * from final
