"""What needs doing today, per role: each task is a number, its words and the screen where it is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.access.actor import Actor
from dashboard.agenda import queries as agenda
from dashboard.clinical import queries as clinical
from dashboard.findings import queries as findings
from dashboard.key_figures import queries as figures
from dashboard.key_figures.queries import Waiting
from dashboard.patients import care_team
from dashboard.public_booking import queries as public_booking
from dashboard.training import queries as training
from dashboard.ui import formats
from dashboard.ui.language import ngettext

Counted = dict[str, Waiting]


@dataclass(frozen=True)
class Task:
    """Something to do: how much of it, in words, and where."""

    count: int
    words: str
    page: str
    icon: str
    ids: dict[str, str] = field(default_factory=dict)


def tasks(actor: Actor) -> list[Task]:
    """Return what the person has to do, in the order of doing it; nothing of which there is none."""
    waiting = figures.waiting_work(actor)
    order = {
        "manager": (_emergencies, _not_marked, _held_without, _to_invoice, _late, _to_approve, _behind, _incomplete),
        "front_desk": (_asked_online, _to_sign, _not_marked, _series_ending, _incomplete, _to_invoice, _late),
        "therapist": (_not_marked, _notes_to_sign, _to_sign, _series_ending, _incomplete, _behind),
    }[actor.role]
    return [task for question in order if (task := question(actor, waiting)).count]


def _count(waiting: Counted, task: str) -> int:
    return waiting[task].count if task in waiting else 0


def _not_marked(actor: Actor, _waiting: Counted) -> Task:
    count = agenda.unconfirmed_count(actor)
    said = ngettext("past appointment not marked", "past appointments not marked", count)
    return Task(count, said, "agenda", ":material/event_busy:", {"view": "not_marked"})


def _asked_online(actor: Actor, _waiting: Counted) -> Task:
    count = public_booking.number_waiting(actor)
    said = ngettext("request from the public page", "requests from the public page", count)
    return Task(count, said, "online_booking", ":material/event_available:")


def _series_ending(actor: Actor, _waiting: Counted) -> Task:
    count = agenda.series_ending_number(actor)
    said = ngettext("series that ends soon", "series that end soon", count)
    return Task(count, said, "agenda", ":material/event_repeat:", {"view": "series_ending"})


def _emergencies(actor: Actor, _waiting: Counted) -> Task:
    count = care_team.emergencies_number(actor)
    said = ngettext("file open in an emergency", "files open in an emergency", count)
    return Task(count, said, "patient_files", ":material/emergency:", {"view": "emergencies"})


def _to_sign(_actor: Actor, waiting: Counted) -> Task:
    count = _count(waiting, "consents_before_session")
    said = ngettext("consent missing before a session", "consents missing before a session", count)
    return Task(count, said, "consents", ":material/signature:")


def _notes_to_sign(actor: Actor, _waiting: Counted) -> Task:
    count = clinical.unsigned_count(actor)
    return Task(count, ngettext("note to sign", "notes to sign", count), "notes", ":material/edit_note:")


def _held_without(_actor: Actor, waiting: Counted) -> Task:
    count = _count(waiting, "sessions_without_consent")
    said = ngettext("session this month without consent", "sessions this month without consent", count)
    return Task(count, said, "consents", ":material/gpp_maybe:", {"view": "coverage"})


def _to_invoice(_actor: Actor, waiting: Counted) -> Task:
    found = waiting.get("charges_to_invoice", Waiting(0, None))
    said = ngettext("charge not invoiced yet: {total}", "charges not invoiced yet: {total}", found.count)
    return Task(found.count, said.format(total=formats.money(found.amount)), "billing", ":material/receipt_long:")


def _late(_actor: Actor, waiting: Counted) -> Task:
    count = _count(waiting, "late_invoices")
    said = ngettext("invoice more than 90 days late", "invoices more than 90 days late", count)
    return Task(count, said, "billing", ":material/schedule:", {"view": "invoices", "late": "d90_plus"})


def _to_approve(actor: Actor, _waiting: Counted) -> Task:
    count = len(training.entries_waiting(actor))
    said = ngettext("training entry to approve", "training entries to approve", count)
    return Task(count, said, "training", ":material/approval:")


def _behind(actor: Actor, waiting: Counted) -> Task:
    """Count one's own as they are now, and those of everybody as the last refresh did."""
    count = _count(waiting, "training_behind")
    if actor.role == "therapist":
        count = sum(not row.is_on_pace for row in training.progress(actor, actor.therapist_id))
    said = ngettext("training requirement behind pace", "training requirements behind pace", count)
    return Task(count, said, "training", ":material/school:")


def _incomplete(actor: Actor, _waiting: Counted) -> Task:
    count = findings.open_findings_number(actor, severity="blocking")
    said = ngettext("urgent gap in patient files", "urgent gaps in patient files", count)
    return Task(count, said, "incomplete_files", ":material/rule:", {"severity": "blocking"})
