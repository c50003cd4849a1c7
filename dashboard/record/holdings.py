"""Everything that is held about a person outside the clinical record, kind by kind, as the person is to be given it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from dashboard.access.actor import OFFICE, Actor, Administrator, Role
from dashboard.patients.queries import READERS


@dataclass(frozen=True)
class Holding:
    """A kind of record.

    Attributes:
        name: Its name in the machine-readable export.
        tables: The tables it is read from.
        asked: The question; ``:file`` is the patient.
        roles: Who is shown it.
    """

    name: str
    tables: tuple[str, ...]
    asked: TextClause
    roles: tuple[Role, ...] = READERS


HOLDINGS = (
    Holding(
        "person",
        ("patient",),
        text("""
select p.id, p.number, p.given_name, p.surname_1, p.surname_2, p.birth_date, p.died_on, p.sex, p.gender, p.profession,
    p.marital_status, p.address_line, p.postal_code, p.city, p.region, p.country, p.telephone, p.email, p.id_kind,
    p.id_value, p.emergency_name, p.emergency_relation, p.emergency_telephone, p.referral_source, p.pays, p.status,
    p.preferred_language, p.opened_on, p.discharged_on, p.created_at, p.updated_at, s.name as site,
    concat_ws(' ', t.given_name, t.surnames) as main_therapist
from patient as p
left join site as s on s.id = p.site_id left join therapist as t on t.id = p.main_therapist_id
where p.id = :file"""),
    ),
    Holding(
        "guardians",
        ("guardian",),
        text("""
select g.id, g.given_name, g.surnames, g.relation, g.has_authority, g.custody, g.telephone, g.email, g.id_kind,
    g.id_value
from guardian as g where g.patient_id = :file order by g.id"""),
    ),
    Holding(
        "cases",
        ("case_member", "patient_case"),
        text("""
select c.id, c.kind, c.opened_on from case_member as m join patient_case as c on c.id = m.case_id
where m.patient_id = :file order by c.id"""),
    ),
    Holding(
        "coverages",
        ("coverage",),
        text("""
select c.id, p.name as payer, c.priority, c.policy_number, c.valid_from, c.valid_until, c.authorised_sessions,
    c.copayment_cents, c.covered_percent
from coverage as c join payer as p on p.id = c.payer_id where c.patient_id = :file order by c.id"""),
    ),
    Holding(
        "episodes",
        ("care_episode",),
        text("""
select e.id, e.opened_on, e.discharged_on, e.reason from care_episode as e where e.patient_id = :file
order by e.opened_on, e.id"""),
    ),
    Holding(
        "care_team",
        ("care_team",),
        text("""
select m.id, concat_ws(' ', t.given_name, t.surnames) as therapist, m.kind, m.valid_from, m.valid_until, m.reason
from care_team as m join therapist as t on t.id = m.therapist_id where m.patient_id = :file order by m.id"""),
    ),
    Holding(
        "sessions",
        ("appointment_patient",),
        text("""
select a.appointment_id as id, a.starts_at, a.ends_at, a.state, s.name as service, whole.mode,
    concat_ws(' ', t.given_name, t.surnames) as therapist
from appointment_patient as a
left join appointment as whole on whole.id = a.appointment_id left join service as s on s.id = whole.service_id
left join therapist as t on t.id = a.therapist_id
where a.patient_id = :file order by a.starts_at, a.appointment_id"""),
    ),
    Holding(
        "consents",
        ("consent",),
        text("""
select c.id, t.kind, t.title, t.version, t.language, t.body, c.state, c.requested_on, c.viewed_on, c.declined_on,
    c.signed_on, c.valid_until, c.ended_on
from consent as c join consent_template as t on t.id = c.template_id where c.patient_id = :file order by c.id"""),
    ),
    Holding(
        "consent_signatures",
        ("consent_signature",),
        text("""
select s.id, s.consent_id, s.guardian_id, s.signed_at, s.method, s.text_sha256, s.evidence
from consent_signature as s join consent as c on c.id = s.consent_id where c.patient_id = :file order by s.id"""),
    ),
    Holding(
        "consent_attempts",
        ("consent_attempt",),
        text("""
select a.id, a.kind, a.channel, a.outcome, a.attempted_at from consent_attempt as a where a.patient_id = :file
order by a.id"""),
    ),
    Holding(
        "messages",
        ("message",),
        text("""
select m.id, m.kind, m.step, m.appointment_id, m.guardian_id, m.language, m.starts_at as appointment_starts_at,
    m.due_at, m.state, m.withheld_reason, m.sent_at, m.last_error
from message as m where m.patient_id = :file order by m.id"""),
    ),
    Holding(
        "video_calls",
        ("video_place", "video_tick"),
        text("""
select coalesce(p.appointment_id, t.appointment_id) as id, p.place, p.telephone, t.asked
from (select * from video_place where patient_id = :file) as p
full join (
    select v.appointment_id,
        json_agg(json_build_object('item', v.item, 'is_done', v.is_done, 'at', v.at) order by v.id) as asked
    from video_tick as v where v.patient_id = :file group by v.appointment_id
) as t on t.appointment_id = p.appointment_id
order by 1"""),
    ),
    Holding(
        "waiting_list",
        ("waiting_entry", "waiting_offer"),
        text("""
select e.id, s.name as service, e.therapist_ids, e.site_ids, e.weekdays, e.not_before, e.not_after, e.mode, e.urgency,
    e.note, e.since_on, e.until_on, e.state, e.closed_reason, e.closed_at,
    (select json_agg(json_build_object('offered_at', o.offered_at, 'expires_at', o.expires_at, 'state', o.state,
        'answered_at', o.answered_at, 'answered_how', o.answered_how) order by o.id)
        from waiting_offer as o where o.entry_id = e.id) as offers
from waiting_entry as e join service as s on s.id = e.service_id where e.patient_id = :file order by e.id"""),
    ),
    Holding(
        "online_requests",
        ("online_request",),
        text("""
select r.id, r.appointment_id, r.starts_at, r.ends_at, r.state, r.given_name, r.surnames, r.email, r.telephone,
    r.birth_date, r.is_known, r.language, r.made_at, r.confirmed_at, r.decided_at
from online_request as r where r.patient_id = :file order by r.id"""),
        OFFICE,
    ),
    Holding(
        "charges",
        ("charge", "charge_write_off"),
        text("""
select c.id, c.kind, c.description, c.charged_on, c.amount_cents, c.appointment_id, w.amount_cents as written_off_cents,
    w.written_off_on, w.reason as write_off_reason
from charge as c left join charge_write_off as w on w.charge_id = c.id where c.patient_id = :file order by c.id"""),
        OFFICE,
    ),
    Holding(
        "invoices",
        ("invoice", "invoice_line"),
        text("""
select i.id, i.series, i.number, i.issued_on, i.due_on, i.total_cents, i.recipient_name, i.recipient_tax_id,
    i.recipient_address, i.issuer_name, i.issuer_tax_id, i.corrects_id,
    (select json_agg(json_build_object('charge_id', l.charge_id, 'description', l.description,
        'amount_cents', l.amount_cents) order by l.id) from invoice_line as l where l.invoice_id = i.id) as lines
from invoice as i where i.patient_id = :file order by i.issued_on, i.id"""),
        OFFICE,
    ),
    Holding(
        "payments",
        ("payment", "payment_allocation"),
        text("""
select p.id, p.method, p.amount_cents, p.received_on, p.reference,
    (select json_agg(json_build_object('invoice_id', a.invoice_id, 'amount_cents', a.amount_cents) order by a.id)
        from payment_allocation as a where a.payment_id = p.id) as settles
from payment as p where p.patient_id = :file order by p.received_on, p.id"""),
        OFFICE,
    ),
    Holding(
        "findings",
        ("finding",),
        text("""
select f.id, f.rule_code, f.since, f.closed_at from finding as f where f.patient_id = :file order by f.id"""),
    ),
    Holding(
        "restrictions",
        ("processing_restriction",),
        text("""
select r.id, r.since, r.reason, r.lifted_at from processing_restriction as r where r.patient_id = :file
order by r.id"""),
    ),
    Holding(
        "erasures", ("erasure",), text("select e.kind, e.at from erasure as e where e.patient_id = :file order by e.at")
    ),
)
ACCESSES = text("select at, display_name as person, role, operation, table_name as what from file_openings(:file)")
# The command line is nobody to the function that tells people of openings.
ACCESSES_ALL = text("""
select l.at, u.display_name as person, l.role, l.operation, l.table_name as what
from audit_log as l left join app_user as u on u.id = l.user_id
where l.patient_id = :file and l.operation in ('opened', 'exported') order by l.at desc""")

Rows = list[dict[str, Any]]


def held(session: Session, actor: Actor, patient_id: int) -> dict[str, Rows]:
    """Return all that ``actor`` may see of what is held about a person, by kind; who opened the file comes last."""
    values = {"file": patient_id}
    shown = [holding for holding in HOLDINGS if actor.role in holding.roles]
    found = {holding.name: _rows(session, holding.asked, values) for holding in shown}
    found["accesses"] = _rows(session, ACCESSES_ALL if isinstance(actor, Administrator) else ACCESSES, values)
    return found


def _rows(session: Session, asked: TextClause, values: dict[str, int]) -> Rows:
    return [dict(row) for row in session.execute(asked, values).mappings()]
