-- What was charged is what was invoiced, what is still to invoice and what was given up.
with

charged as (
    select coalesce(sum(amount), 0) as amount from {{ ref('stg_practice__charges') }}
),

invoiced as (
    select coalesce(sum(amount), 0) as amount from {{ ref('stg_practice__invoice_lines') }}
),

to_invoice as (
    select coalesce(sum(net_amount), 0) as amount from {{ ref('charges_to_invoice') }}
),

written_off as (
    select coalesce(sum(amount), 0) as amount from {{ ref('stg_practice__charge_write_offs') }}
)

select
    charged.amount as charged,
    invoiced.amount as invoiced,
    to_invoice.amount as to_invoice,
    written_off.amount as written_off
from charged
cross join invoiced
cross join to_invoice
cross join written_off
where charged.amount <> invoiced.amount + to_invoice.amount + written_off.amount
