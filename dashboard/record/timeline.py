"""Everything that happened in a file, day by day: what each person may see of it, without clinical words."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import TextClause, text

from dashboard.access.actor import OFFICE, Actor, reading
from dashboard.patients.merging import files_of_person
from dashboard.patients.queries import READERS, patient_file

# Each part: day, kind of event, what became of it, a detail in the practice's own words, a number to open it by, and
# an amount.
CARE = {
    "opened": text(
        "select e.opened_on, 'care_begins', null, null, null, null from care_episode as e where e.patient_id = :file"
    ),
    "discharged": text("""
        select e.discharged_on, 'care_ends', e.reason, null, null, null from care_episode as e
        where e.patient_id = :file and e.discharged_on is not null"""),
    "sessions": text("""
        select cast(a.starts_at at time zone :zone as date), 'session', a.state, s.name, a.appointment_id, null
        from appointment_patient as a
        left join appointment as whole on whole.id = a.appointment_id left join service as s on s.id = whole.service_id
        where a.patient_id = :file"""),
    "consents": text("""
        select happened.on_day, 'consent', happened.what, t.title, c.id, null
        from consent as c join consent_template as t on t.id = c.template_id
        cross join lateral (values
            (c.requested_on, 'requested'), (c.signed_on, 'signed'), (c.declined_on, 'declined'), (c.ended_on, 'ended')
        ) as happened (on_day, what)
        where c.patient_id = :file and happened.on_day is not null"""),
    "findings": text("""
        select happened.on_day, 'finding', happened.what, f.rule_code, f.id, null
        from finding as f
        cross join lateral (values
            (cast(f.since as date), 'found'), (cast(f.closed_at at time zone :zone as date), 'mended')
        ) as happened (on_day, what)
        where f.patient_id = :file and happened.on_day is not null"""),
    "documents": text("""
        select cast(d.added_at at time zone :zone as date), 'document', d.kind, null, d.id, null
        from document as d where d.patient_id = :file and d.put_away_at is null"""),
    "team": text("""
        select m.valid_from, 'care_team', m.kind, concat_ws(' ', t.given_name, t.surnames), m.id, null
        from care_team as m join therapist as t on t.id = m.therapist_id where m.patient_id = :file"""),
}
MONEY = {
    "invoices": text("""
        select i.issued_on, 'invoice', case when i.corrects_id is null then 'issued' else 'corrected' end,
            i.series || '-' || i.number, i.id, i.total_cents / 100.0
        from invoice as i where i.patient_id = :file"""),
    "payments": text("""
        select p.received_on, 'payment', p.method, null, p.id, p.amount_cents / 100.0
        from payment as p where p.patient_id = :file"""),
}
COLUMNS = ("on_day", "kind", "what", "detail", "record_id", "amount")


def kinds(actor: Actor) -> tuple[str, ...]:
    """Return the parts of the timeline that this person has."""
    return tuple(_parts(actor))


def timeline(actor: Actor, patient_id: int, time_zone: str, parts: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return what happened in a file and those merged into it, the latest first; ``parts`` narrows it to some kinds.

    Columns: on_day, kind, what, detail, record_id, amount (in the practice's currency).

    Raises:
        NotFoundError: there is no such file for this person.
    """
    patient_file(actor, patient_id)
    every = _parts(actor)
    chosen = [every[part] for part in (parts or every) if part in every]
    with reading(actor, *READERS) as session:
        rows = [
            row
            for file in files_of_person(session, patient_id)
            for part in chosen
            for row in session.execute(part, {"file": file, "zone": time_zone})
        ]
    told = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"amount": float})
    return told.sort_values(["on_day", "kind", "record_id"], ascending=[False, True, False], ignore_index=True)


def _parts(actor: Actor) -> dict[str, TextClause]:
    return CARE | MONEY if actor.role in OFFICE else CARE
