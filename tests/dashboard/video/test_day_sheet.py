"""What Today says to prepare for each session, and the day on paper: to each what is theirs to know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.agenda import queries as agenda
from dashboard.ui import agenda_print, day_sheet, formats
from dashboard.ui.language import speaking
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.messages.conftest import House, consents, unbuild

OVERDUE = """
insert into invoice_series (code, last_number) values ('A', 1);
insert into charge (id, appointment_id, patient_id, kind, charged_on, amount_cents) overriding system value
values (1, {appointment}, {patient}, 'session', practice_today() - 60, 6000);
insert into invoice (id, series, number, patient_id, issued_on, due_on, total_cents, recipient_name, issuer_name)
overriding system value
values (1, 'A', 1, {patient}, practice_today() - 60, practice_today() - 30, 6000, 'Eva', 'Practice');
insert into invoice_line (invoice_id, charge_id, amount_cents) values (1, 1, 6000)
"""


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with speaking("en"):
        yield


def lines(actor: Actor) -> list[str]:
    """Return what is to be prepared for the one session ahead."""
    found = agenda.appointments_between(actor, clock.now(), clock.now() + timedelta(days=3))
    slots = [slot for slot in found if slot.id is not None]
    return day_sheet.to_prepare(actor, slots).get(slots[0].id or 0, [])


def test_each_is_told_what_is_theirs_to_prepare(calls: House) -> None:
    held = calls.old(-26, state="attended")
    calls.old(1, mode="online")
    with owner() as connection:
        for statement in OVERDUE.format(appointment=held, patient=calls.patient).split(";"):
            connection.execute(text(statement))
    therapist, desk = lines(calls.week.therapist), lines(calls.week.front_desk)
    assert therapist[0].startswith("Consent missing: ")
    assert therapist[1] == "A note of before is not signed"
    assert therapist[2].startswith("Missing for the video call: ")
    assert "An invoice is overdue" in desk
    assert len(therapist) == len(desk) == 3
    for kind in ("treatment", "data_protection", "telehealth"):
        consents(calls.patient, kind)
    assert [line for line in lines(calls.week.front_desk) if line.startswith("Consent")] == []


def test_who_came_last_is_told_of_ones_own_sessions_and_nothing_without_figures(calls: House) -> None:
    calls.old(-50, state="attended")
    calls.old(-24, state="attended", therapist=calls.week.colleague)
    calls.old(1)
    [own] = agenda.last_sessions(calls.week.therapist, [calls.patient]).values()
    [latest] = agenda.last_sessions(calls.week.front_desk, [calls.patient]).values()
    assert timedelta(hours=25) < latest - own < timedelta(hours=27)
    unbuild()
    assert lines(calls.week.therapist) == []


def test_a_printed_day_has_neither_colleagues_nor_what_was_cancelled(calls: House) -> None:
    calls.old(1)
    calls.old(3, calls.week.partner, therapist=calls.week.colleague)
    calls.old(5, state="cancelled")
    slots = agenda.appointments_between(calls.week.therapist, clock.now(), clock.now() + timedelta(days=1))
    shown = [slot for slot in slots if slot.id is not None and slot.state != "cancelled"]
    assert [slot.id for slot in agenda_print.printed(slots)] == [slot.id for slot in shown]
    [block] = agenda_print.blocks(agenda_print.printed(slots), formats.hour)
    assert (block.heading, block.about) == ("Ana Ruiz", "1 appointment")
    assert "Eva Vega" in block.texts[0][0]
    assert agenda_print.taken_out(calls.week.therapist, "Agenda", "Practice", [block]).startswith(b"%PDF")
    assert rows("select table_name from audit_log where operation = 'exported'") == [("agenda",)]
