"""A consent holds when everybody who must has signed the exact text, and not before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard import db
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.consent import commands, queries
from dashboard.consent.commands import Signature
from dashboard.consent.models import Consent, ConsentTemplate
from dashboard.patients.models import Guardian
from tests.dashboard.consent.conftest import LONG_AGO, TODAY, Practice, template


def test_one_guardian_of_two_leaves_a_consent_unsigned_and_the_second_completes_it(practice: Practice) -> None:
    consent = practice.request(practice.minor)
    assert not practice.sign(consent, practice.mother)
    form = queries.consent_form(practice.therapist, consent)
    assert (form.state, form.signed_on) == ("requested", None)
    assert [signer.guardian_id for signer in form.signing.still_to_sign] == [practice.father]
    assert practice.sign(consent, practice.father)
    form = queries.consent_form(practice.therapist, consent)
    assert (form.state, form.signed_on, form.signing.still_to_sign) == ("signed", TODAY, [])
    assert form.valid_until is not None


def test_a_renewed_consent_replaces_the_former_one_once_it_is_complete(practice: Practice) -> None:
    former = practice.request(practice.minor)
    practice.sign(former, practice.mother, LONG_AGO)
    practice.sign(former, practice.father, LONG_AGO)
    renewed = practice.request(practice.minor)
    assert renewed != former
    practice.sign(renewed, practice.mother)
    assert (practice.state(former), practice.state(renewed)) == ("signed", "requested")
    practice.sign(renewed, practice.father)
    assert (practice.state(former), practice.state(renewed)) == ("superseded", "signed")


def test_a_signature_recorded_late_completes_on_the_day_of_the_latest(practice: Practice) -> None:
    consent = practice.request(practice.minor)
    practice.sign(consent, practice.mother, TODAY - timedelta(days=2))
    assert practice.sign(consent, practice.father, LONG_AGO)
    assert queries.consent_form(practice.front_desk, consent).signed_on == TODAY - timedelta(days=2)


def test_a_request_that_is_open_is_not_doubled(practice: Practice) -> None:
    assert practice.request(practice.adult) == practice.request(practice.adult)


def test_nobody_signs_twice(practice: Practice) -> None:
    consent = practice.request(practice.minor)
    practice.sign(consent, practice.mother)
    with pytest.raises(RuleBrokenError, match="signed already"):
        practice.sign(consent, practice.mother)


def test_a_text_that_changed_since_it_was_shown_is_not_signed(practice: Practice) -> None:
    consent = practice.request(practice.adult)
    shown = queries.consent_form(practice.front_desk, consent)
    changed = template("treatment", "I was told more and agree.")
    with db.administration() as session:
        kept = session.get_one(ConsentTemplate, session.get_one(Consent, consent).template_id)
        kept.body, kept.text_sha256 = changed.body, changed.text_sha256
    with pytest.raises(RuleBrokenError, match="changed since"):
        commands.record_signature(practice.front_desk, consent, Signature(None, "on_screen", TODAY, shown.text_sha256))
    assert practice.state(consent) == "requested"
    assert practice.sign(consent)


def test_only_those_who_must_sign_sign(practice: Practice) -> None:
    of_the_adult, of_the_minor = practice.request(practice.adult), practice.request(practice.minor)
    with pytest.raises(RuleBrokenError, match="does not sign"):
        practice.sign(of_the_adult, practice.mother)
    with pytest.raises(RuleBrokenError, match="does not sign"):
        practice.sign(of_the_minor)
    assert practice.sign(of_the_adult)


@pytest.mark.parametrize("days", [-1, 201])
def test_a_signature_is_given_between_the_request_and_today(practice: Practice, days: int) -> None:
    consent = practice.request(practice.adult)
    with pytest.raises(RuleBrokenError, match="between the request and today"):
        practice.sign(consent, day=TODAY - timedelta(days=days))


def test_evidence_that_does_not_fit_and_unknown_choices_are_refused(practice: Practice) -> None:
    consent = practice.request(practice.adult)
    sha = queries.consent_form(practice.front_desk, consent).text_sha256
    for signature in (Signature(None, "telepathy", TODAY, sha), Signature(None, "electronic", TODAY, sha, "x" * 201)):
        with pytest.raises(RuleBrokenError):
            commands.record_signature(practice.front_desk, consent, signature)
    with pytest.raises(RuleBrokenError):
        commands.request_consent(practice.front_desk, practice.adult, "nap")
    with pytest.raises(RuleBrokenError):
        commands.log_attempt(practice.front_desk, practice.adult, "treatment", "pigeon", "sent")
    with pytest.raises(RuleBrokenError, match="no text"):
        commands.request_consent(practice.front_desk, practice.adult, "recording")


def test_what_was_declined_is_asked_anew_and_what_was_withdrawn_cannot_be_signed(practice: Practice) -> None:
    declined = practice.request(practice.adult)
    commands.decline_consent(practice.front_desk, declined)
    consent = practice.request(practice.adult)
    assert consent != declined
    with pytest.raises(RuleBrokenError, match="Only a signed"):
        commands.withdraw_consent(practice.front_desk, consent)
    practice.sign(consent)
    with pytest.raises(RuleBrokenError, match="no longer open"):
        commands.decline_consent(practice.front_desk, consent)
    commands.withdraw_consent(practice.front_desk, consent)
    for closed in (declined, consent):
        with pytest.raises(RuleBrokenError, match="no longer open"):
            practice.sign(closed)
    assert (practice.state(declined), practice.state(consent)) == ("declined", "withdrawn")


def test_a_consent_is_completed_when_the_guardian_still_asked_holds_no_authority_any_more(practice: Practice) -> None:
    consent = practice.request(practice.minor)
    practice.sign(consent, practice.mother, LONG_AGO)
    with pytest.raises(RuleBrokenError, match="signature is missing"):
        commands.complete_consent(practice.front_desk, consent)
    with db.administration() as session:
        session.get_one(Guardian, practice.father).has_authority = False
    assert queries.consent_form(practice.front_desk, consent).signing.still_to_sign == []
    commands.complete_consent(practice.front_desk, consent)
    assert queries.consent_form(practice.front_desk, consent).signed_on == LONG_AGO


def test_the_consents_of_a_colleagues_file_read_as_if_there_were_none(practice: Practice) -> None:
    consent = practice.request(practice.minor)
    practice.sign(practice.request(practice.minor), practice.mother)
    actor = practice.colleague
    signature = Signature(practice.father, "on_screen", TODAY, "0" * 64)
    for asked in (consent, 10**15):
        for refused in (
            lambda asked=asked: queries.consent_form(actor, asked),
            lambda asked=asked: commands.record_signature(actor, asked, signature),
            lambda asked=asked: commands.decline_consent(actor, asked),
            lambda asked=asked: commands.withdraw_consent(actor, asked),
            lambda asked=asked: commands.complete_consent(actor, asked),
        ):
            with pytest.raises(NotFoundError, match="Not found"):
                refused()
    for patient in (practice.minor, 10**15):
        with pytest.raises(NotFoundError):
            commands.request_consent(actor, patient, "treatment")
        with pytest.raises(NotFoundError):
            commands.log_attempt(actor, patient, "treatment", "call", "reached")
        with pytest.raises(NotFoundError):
            queries.attempts(actor, patient)
    assert queries.signer_names(actor, [practice.minor]) == {}
    assert practice.sign(consent, practice.father, actor=practice.therapist)


def test_an_auditor_has_no_part_in_consents(practice: Practice) -> None:
    consent = practice.request(practice.adult)
    with pytest.raises(NotAllowedError):
        queries.consent_form(practice.auditor, consent)
    with pytest.raises(NotAllowedError):
        practice.sign(consent, actor=practice.auditor)
    with pytest.raises(NotAllowedError):
        commands.request_consent(practice.auditor, practice.adult, "treatment")


def test_attempts_are_listed_the_latest_first_with_who_made_them(practice: Practice) -> None:
    commands.log_attempt(practice.front_desk, practice.adult, "treatment", "call", "no_answer")
    commands.log_attempt(practice.therapist, practice.adult, "treatment", "in_person", "promised")
    found = queries.attempts(practice.front_desk, practice.adult)
    assert found["outcome"].tolist() == ["promised", "no_answer"]
    assert found["by"].tolist() == [practice.therapist.display_name, practice.front_desk.display_name]
