"""Training is logged once, by whom it belongs to, and counts only after the manager's decision."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dashboard import db
from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.training import commands, queries
from dashboard.training.commands import Training
from tests.dashboard.training.conftest import TODAY, Staff

CORRECTED = Training("Law", None, "course", "law", "online", Decimal(3), TODAY, TODAY)


def test_training_is_logged_by_the_therapist_and_waits_for_approval(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    assert (entry.title, entry.hours, entry.status) == ("Ethics of telehealth", Decimal("7.50"), "logged")
    assert [waiting.id for waiting in queries.entries_waiting(staff.manager)] == [entry.id]


def test_the_manager_logs_for_any_therapist(staff: Staff) -> None:
    assert staff.entry(staff.log(staff.manager)).therapist_id == staff.own


def test_a_therapist_does_not_log_for_a_colleague(staff: Staff) -> None:
    with pytest.raises(NotFoundError):
        staff.log(staff.colleague)


def test_the_same_form_sent_sixteen_times_is_one_entry(staff: Staff) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: staff.log(), range(16)))) == 1
    assert len(queries.entries(staff.therapist, staff.own)) == 1


def test_the_same_form_for_another_entry_is_a_conflict(staff: Staff) -> None:
    staff.log()
    with pytest.raises(RuleBrokenError):
        staff.log(hours=Decimal(8))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "   "},
        {"title": "x" * 201},
        {"provider": "x" * 201},
        {"kind": "nap"},
        {"topic": "nap"},
        {"mode": "nap"},
        {"hours": Decimal(0)},
        {"hours": Decimal(-1)},
        {"hours": Decimal("0.001")},
        {"hours": Decimal("NaN")},
        {"hours": Decimal(49)},
        {"ended_on": TODAY + timedelta(days=1)},
        {"ended_on": TODAY - timedelta(days=11)},
        {"key": ""},
    ],
    ids=str,
)
def test_what_is_not_sane_is_refused_and_nothing_is_written(staff: Staff, change: dict[str, Any]) -> None:
    with pytest.raises(RuleBrokenError):
        staff.log(**change)
    assert queries.entries(staff.therapist, staff.own) == []


@pytest.mark.parametrize("start", [b"%PDF-1.7 ", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"], ids=["pdf", "png", "jpeg"])
def test_of_a_certificate_the_fingerprint_is_kept(staff: Staff, start: bytes) -> None:
    content = start + b"content"
    staff.log(certificate=content)
    with db.administration(read_only=True) as session:
        kept = session.connection().exec_driver_sql("select certificate_sha256 from training_entry").scalar_one()
    assert kept == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>%PDF-", b"<svg></svg>", b"PK\x03\x04", b"%PDF-" + b"\0" * (10 * 1024 * 1024)],
    ids=["empty", "web page", "svg", "archive", "too large"],
)
def test_anything_else_is_no_certificate(staff: Staff, content: bytes) -> None:
    with pytest.raises(RuleBrokenError):
        staff.log(certificate=content)


def test_a_decision_is_made_once(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    commands.approve_entry(staff.manager, entry.id, entry.version)
    decided = staff.entry(entry.id)
    assert decided.status == "approved"
    with pytest.raises(RuleBrokenError):
        commands.reject_entry(staff.manager, entry.id, decided.version)


def test_a_decision_on_what_has_changed_since_is_refused(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    commands.edit_training(staff.therapist, entry.id, entry.version, CORRECTED)
    with pytest.raises(ChangedSinceError):
        commands.approve_entry(staff.manager, entry.id, entry.version)
    assert staff.entry(entry.id).title == "Law"


def test_only_the_manager_decides(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    for actor in (staff.therapist, staff.front_desk):
        with pytest.raises(NotAllowedError):
            commands.approve_entry(actor, entry.id, entry.version)


def test_an_entry_is_withdrawn_by_whom_it_belongs_to(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    with pytest.raises(NotFoundError):
        commands.withdraw_training(staff.colleague, entry.id, entry.version)
    commands.withdraw_training(staff.therapist, entry.id, entry.version)
    assert queries.entries(staff.therapist, staff.own) == []


def test_what_is_decided_no_longer_changes(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    commands.reject_entry(staff.manager, entry.id, entry.version)
    version = staff.entry(entry.id).version
    with pytest.raises(RuleBrokenError):
        commands.withdraw_training(staff.therapist, entry.id, version)
    with pytest.raises(RuleBrokenError):
        commands.edit_training(staff.therapist, entry.id, version, CORRECTED)


def test_an_edit_is_checked_like_a_new_entry(staff: Staff) -> None:
    entry = staff.entry(staff.log())
    with pytest.raises(RuleBrokenError):
        commands.edit_training(staff.therapist, entry.id, entry.version, replace(CORRECTED, title=" "))


def test_a_therapist_does_not_read_a_colleagues_training(staff: Staff) -> None:
    staff.log()
    assert queries.entries_waiting(staff.colleague) == []
    for ask in (queries.entries, queries.counts, queries.progress):
        with pytest.raises(NotFoundError):
            ask(staff.colleague, staff.own)


def test_the_front_desk_does_not_read_training(staff: Staff) -> None:
    with pytest.raises(NotAllowedError):
        queries.progress(staff.front_desk)
    with pytest.raises(NotAllowedError):
        queries.entries_waiting(staff.front_desk)
