-- What is open, by age, is the ledger's balance of receivables; the credit is its balance of unapplied payments; what
-- is outstanding is one less the other. An amount given out twice, or a total that is not its lines', breaks one.
with

ageing as (
    select
        coalesce(sum(amount) filter (where item <> 'unapplied_credit'), 0) as open_amount,
        coalesce(-sum(amount) filter (where item = 'unapplied_credit'), 0) as unapplied_amount,
        coalesce(sum(amount) filter (where item is null), 0) as outstanding_amount
    from {{ ref('int_ageing') }}
    where grain = 'practice'
),

invoiced as (
    select coalesce(sum(amount + tax_amount), 0) as amount from {{ ref('stg_practice__invoice_lines') }}
),

received as (
    select coalesce(sum(amount), 0) as amount from {{ ref('stg_practice__payments') }}
),

allocated as (
    select coalesce(sum(amount), 0) as amount from {{ ref('stg_practice__payment_allocations') }}
)

select ageing.*
from ageing
cross join invoiced
cross join received
cross join allocated
where
    ageing.open_amount <> invoiced.amount - allocated.amount
    or ageing.unapplied_amount <> received.amount - allocated.amount
    or ageing.outstanding_amount <> ageing.open_amount - ageing.unapplied_amount
