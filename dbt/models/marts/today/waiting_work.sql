-- The numbers of Today, so that the first screen of the day does not count the whole practice anew for each person.
with

consents as (
    select
        'consents_before_session' as task,
        case when grouping(therapist_id) = 0 then 'therapist' else 'practice' end as grain,
        therapist_id,
        count(*) as waiting,
        null::numeric as amount
    from {{ ref('consent_status') }}
    where not is_valid and next_session_at is not null
    group by grouping sets ((), (therapist_id))
),

-- A session that lacks two kinds counts once.
sessions as (
    select distinct
        appointment_id,
        patient_id
    from {{ ref('sessions_without_consent') }}
    where month = {{ current_month() }}
),

without_consent as (
    select
        'sessions_without_consent' as task,
        'practice' as grain,
        null::bigint as therapist_id,
        count(*) as waiting,
        null::numeric as amount
    from sessions
),

charges as (
    select
        'charges_to_invoice' as task,
        'practice' as grain,
        null::bigint as therapist_id,
        count(*) as waiting,
        coalesce(sum(amount), 0) as amount
    from {{ ref('charges_to_invoice') }}
    where not was_credited
),

late_invoices as (
    select
        'late_invoices' as task,
        'practice' as grain,
        null::bigint as therapist_id,
        count(*) as waiting,
        coalesce(sum(open_amount), 0) as amount
    from {{ ref('open_invoices') }}
    where bucket = 'd90_plus'
),

training as (
    select
        'training_behind' as task,
        'practice' as grain,
        null::bigint as therapist_id,
        count(*) as waiting,
        null::numeric as amount
    from {{ ref('training_progress') }} as progress
    inner join {{ ref('stg_practice__therapists') }} as therapists
        on progress.therapist_id = therapists.therapist_id
    where therapists.is_active and not progress.is_on_pace
),

tasks as (
    select * from consents
    union all
    select * from without_consent
    union all
    select * from charges
    union all
    select * from late_invoices
    union all
    select * from training
),

final as (
    select
        concat_ws('|', task, grain, coalesce(therapist_id::text, 'none'))::text as waiting_key,
        task::text as task,
        grain::text as grain,
        therapist_id::bigint as therapist_id,
        waiting::bigint as waiting,
        amount::numeric(14, 2) as amount
    from tasks
)

select * from final
