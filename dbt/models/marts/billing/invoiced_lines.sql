with

lines as (
    select * from {{ ref('stg_practice__invoice_lines') }}
),

invoices as (
    select * from {{ ref('stg_practice__invoices') }}
),

charges as (
    select * from {{ ref('stg_practice__charges') }}
),

appointments as (
    select * from {{ ref('stg_practice__appointments') }}
),

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

final as (
    select
        lines.invoice_line_id,
        lines.invoice_id,
        invoices.series,
        invoices.number,
        charges.patient_id,
        invoices.payer_id,
        coalesce(appointments.therapist_id, patients.therapist_id) as therapist_id,
        coalesce(appointments.site_id, patients.site_id) as site_id,
        invoices.issued_on,
        date_trunc('month', invoices.issued_on)::date as month,
        (lines.amount + lines.tax_amount)::numeric(12, 2) as amount
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    inner join charges on lines.charge_id = charges.charge_id
    inner join patients on charges.patient_id = patients.patient_id
    left join appointments on charges.appointment_id = appointments.appointment_id
)

select * from final
