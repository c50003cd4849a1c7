/*
    One row per charge that is no reversal, with where its money stands, tax included. Each sum is a look-up by key.
    Lines of an invoice and of its corrections belong together; a line about a reversal belongs to the charge reversed.
    What was paid on an invoice settles its charges in their order, so that the parts add up to the cent.
*/
with

charges as (
    select * from {{ ref('stg_practice__charges') }}
    where reverses_id is null
),

lines as (
    select * from {{ ref('stg_practice__invoice_lines') }}
    where not is_credit
),

invoices as (
    select * from {{ ref('stg_practice__invoices') }}
),

charged as (
    select
        charges.charge_id,
        charges.appointment_id,
        charges.patient_id,
        charges.payer_id,
        charges.kind,
        reversal.charge_id is not null as is_reversed,
        invoices.invoice_id,
        invoices.due_on,
        {{ with_tax('charges.amount + coalesce(reversal.amount, 0)') }} as charged_amount,
        {{ with_tax('coalesce(write_off.amount, 0)') }} as written_off_amount
    from charges
    left join lateral (
        -- One at most. Joined plainly, it is sought by walking through all reversals, for each charge of a list.
        select
            reversals.charge_id,
            reversals.amount
        from {{ ref('stg_practice__charges') }} as reversals
        where reversals.reverses_id = charges.charge_id
        order by reversals.charge_id
        limit 1
    ) as reversal on true
    left join {{ ref('stg_practice__charge_write_offs') }} as write_off on charges.charge_id = write_off.charge_id
    left join lines on charges.charge_id = lines.charge_id
    left join invoices on lines.invoice_id = invoices.invoice_id
),

settled as (
    select
        charged.*,
        coalesce(invoiced.amount, 0) as invoiced_amount,
        least(greatest(paid.amount - invoiced.amount_before, 0), invoiced.amount) as paid_amount
    from charged
    left join lateral (
        select
            sum(family.amount) filter (where family.charge_id = charged.charge_id) as amount,
            coalesce(sum(family.amount) filter (where family.charge_id < charged.charge_id), 0) as amount_before
        from (
            select
                coalesce(line_charges.reverses_id, line_charges.charge_id) as charge_id,
                family_lines.amount + family_lines.tax_amount as amount
            from (
                select charged.invoice_id
                union all
                select corrections.invoice_id
                from {{ ref('stg_practice__invoices') }} as corrections
                where corrections.corrects_id = charged.invoice_id
            ) as family_invoices
            inner join {{ ref('stg_practice__invoice_lines') }} as family_lines
                on family_invoices.invoice_id = family_lines.invoice_id
            inner join {{ ref('stg_practice__charges') }} as line_charges
                on family_lines.charge_id = line_charges.charge_id
        ) as family
    ) as invoiced on charged.invoice_id is not null
    left join lateral (
        select coalesce(sum(allocations.amount), 0) as amount
        from {{ ref('stg_practice__payment_allocations') }} as allocations
        where allocations.invoice_id = charged.invoice_id
    ) as paid on charged.invoice_id is not null
),

final as (
    select
        charge_id,
        appointment_id,
        patient_id,
        payer_id,
        kind,
        is_reversed,
        invoice_id,
        due_on,
        charged_amount,
        written_off_amount,
        invoiced_amount,
        coalesce(paid_amount, 0) as paid_amount,
        invoiced_amount - coalesce(paid_amount, 0) as open_amount
    from settled
)

select * from final
