-- Where the money of all charges stands, before the identity is tested.
with

charges as (
    select sum(amount) as amount from {{ ref('stg_practice__charges') }}
),

lines as (
    select sum(amount) as amount from {{ ref('stg_practice__invoice_lines') }}
),

to_invoice as (
    select sum(net_amount) as amount from {{ ref('charges_to_invoice') }}
),

write_offs as (
    select sum(amount) as amount from {{ ref('stg_practice__charge_write_offs') }}
),

final as (
    select
        coalesce(charges.amount, 0) as charged_amount,
        coalesce(lines.amount, 0) as invoiced_amount,
        coalesce(to_invoice.amount, 0) as to_invoice_amount,
        coalesce(write_offs.amount, 0) as written_off_amount
    from charges
    cross join lines
    cross join to_invoice
    cross join write_offs
)

select * from final
