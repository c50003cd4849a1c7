"""What needs doing today, per role: each task is a number, its words and the screen where it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dashboard.access.actor import Actor
from dashboard.agenda import queries as agenda
from dashboard.billing import queries as billing
from dashboard.consent import queries as consents
from dashboard.findings import queries as findings
from dashboard.training import queries as training
from dashboard.ui import formats
from dashboard.ui.language import ngettext


@dataclass(frozen=True)
class Task:
    """Something to do: how much of it, in words, and where."""

    count: int
    words: str
    page: str
    icon: str
    ids: dict[str, str] = field(default_factory=dict)


Question = Callable[[Actor], Iterator[Task]]


def tasks(actor: Actor) -> list[Task]:
    """Return what the person has to do, in the order of doing it; nothing of which there is none."""
    order: dict[str, tuple[Question, ...]] = {
        "manager": (_not_marked, _without_consent, _not_invoiced, _late, _to_approve, _behind, _incomplete),
        "front_desk": (_to_sign, _not_marked, _incomplete, _not_invoiced, _late),
        "therapist": (_not_marked, _to_sign, _incomplete, _behind),
    }
    return [task for question in order.get(actor.role, ()) for task in question(actor) if task.count]


def _not_marked(actor: Actor) -> Iterator[Task]:
    count = agenda.unconfirmed_count(actor)
    said = ngettext(
        "past appointment is not marked: did it take place?",
        "past appointments are not marked: did they take place?",
        count,
    )
    yield Task(count, said, "agenda", ":material/event_busy:", {"view": "not_marked"})


def _to_sign(actor: Actor) -> Iterator[Task]:
    count = consents.consents_missing_number(actor, consents.Filter(has_session_ahead=True))
    said = ngettext("consent is missing before a booked session", "consents are missing before a booked session", count)
    yield Task(count, said, "consents", ":material/signature:")


def _without_consent(actor: Actor) -> Iterator[Task]:
    since = formats.today().replace(day=1)
    count = consents.sessions_without_consent_number(actor, since)
    said = ngettext(
        "session was held this month without a valid consent",
        "sessions were held this month without a valid consent",
        count,
    )
    yield Task(count, said, "consents", ":material/gpp_maybe:", {"view": "without"})


def _not_invoiced(actor: Actor) -> Iterator[Task]:
    waiting = billing.what_to_invoice(actor, billing.Filters())
    said = ngettext(
        "charge is not invoiced yet: {total}", "charges are not invoiced yet: {total}", len(waiting.charges)
    )
    yield Task(
        len(waiting.charges), said.format(total=formats.money(waiting.total)), "billing", ":material/receipt_long:"
    )


def _late(actor: Actor) -> Iterator[Task]:
    count = billing.count_open_invoices(actor, billing.Filters(status="d90_plus"))
    said = ngettext("invoice is more than 90 days late", "invoices are more than 90 days late", count)
    yield Task(count, said, "billing", ":material/schedule:", {"view": "invoices", "late": "d90_plus"})


def _to_approve(actor: Actor) -> Iterator[Task]:
    count = len(training.entries_waiting(actor))
    said = ngettext("training entry waits for approval", "training entries wait for approval", count)
    yield Task(count, said, "training", ":material/approval:")


def _behind(actor: Actor) -> Iterator[Task]:
    own = actor.therapist_id if actor.role == "therapist" else None
    count = sum(not row.is_on_pace for row in training.progress(actor, own))
    said = ngettext("training requirement is behind its pace", "training requirements are behind their pace", count)
    yield Task(count, said, "training", ":material/school:")


def _incomplete(actor: Actor) -> Iterator[Task]:
    count = findings.open_findings_number(actor, severity="blocking")
    said = ngettext(
        "thing is missing in patient files before the next session",
        "things are missing in patient files before the next session",
        count,
    )
    yield Task(count, said, "incomplete_files", ":material/rule:", {"severity": "blocking"})
