-- What is open, by age, less unapplied credit, is what was invoiced less what was received: the ledger's own balance.
with

ageing as (
    select coalesce(sum(amount), 0) as outstanding from {{ ref('int_ageing') }}
    where grain = 'practice' and item is not null
),

total as (
    select coalesce(sum(amount), 0) as outstanding from {{ ref('int_ageing') }}
    where grain = 'practice' and item is null
),

invoiced as (
    select coalesce(sum(amount + tax_amount), 0) as amount from {{ ref('stg_practice__invoice_lines') }}
),

received as (
    select coalesce(sum(amount), 0) as amount from {{ ref('stg_practice__payments') }}
)

select
    ageing.outstanding as by_age,
    total.outstanding as in_total,
    invoiced.amount - received.amount as by_ledger
from ageing
cross join total
cross join invoiced
cross join received
where ageing.outstanding <> invoiced.amount - received.amount or total.outstanding <> ageing.outstanding
