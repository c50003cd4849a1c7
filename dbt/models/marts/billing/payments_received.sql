with

payments as (
    select * from {{ ref('stg_practice__payments') }}
),

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

final as (
    select
        payments.payment_id,
        payments.patient_id,
        payments.payer_id,
        patients.therapist_id,
        patients.site_id,
        payments.method,
        payments.received_on,
        date_trunc('month', payments.received_on)::date as month,
        payments.amount
    from payments
    inner join patients on payments.patient_id = patients.patient_id
)

select * from final
