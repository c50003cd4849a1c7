"""What the commands decide about consents is what the figures say, file by file, over a whole synthetic practice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access import sessions
from dashboard.access.actor import Actor, reading
from dashboard.consent import queries, signers, work_list
from dashboard.consent.marts import CONSENT_STATUS
from dashboard.consent.models import Consent, ConsentTemplate
from dashboard.consent.work_list import Filter
from dashboard.patients.models import Patient
from dashboard.team import queries as team
from tests.acting import signed_in, someone
from tests.conftest import Database

EVERYTHING = 100_000


@pytest.fixture
def office(figures_database: Database) -> Actor:
    """Return somebody of the front desk."""
    return someone("front_desk")


def compared(session: Session, today: date) -> Iterator[tuple[object, object]]:
    """Yield for each open or signed consent what the figures say and what the rules say."""
    for row in session.execute(select(CONSENT_STATUS)):
        consent = session.get(Consent, row.consent_id) if row.consent_id else None
        if consent is None or consent.state not in ("requested", "viewed", "signed"):
            continue
        template = session.get_one(ConsentTemplate, consent.template_id)
        patient = session.get_one(Patient, row.patient_id)
        signing = signers.of(session, template, patient, consent.id, today)
        missing = [s for s in signing.required if s not in signing.signed_on]
        codes = {"patient" if s.guardian_id is None else f"guardian:{s.guardian_id}" for s in missing}
        if signing.guardian_needed and all(s.guardian_id is None for s in (*signing.required, *signing.signed_on)):
            codes.add("guardian")
        is_in_time = consent.valid_until is None or consent.valid_until >= today
        holds = consent.state == "signed" and signing.is_complete and is_in_time
        said = set((row.missing_signers or "").split(";")) - {""}
        yield (row.consent_id, said, row.is_valid), (consent.id, codes, holds)


def test_the_rules_and_the_figures_agree_on_who_must_sign_and_what_holds(office: Actor) -> None:
    with reading(office) as session:
        pairs = list(compared(session, clock.today("Europe/Madrid")))
    assert [pair for pair in pairs if pair[0] != pair[1]] == []
    said = [figure for figure, _rules in pairs]
    assert len(said) > 100  # the synthetic practice holds every case
    assert {holds for _id, _missing, holds in said} == {True, False}  # type: ignore[misc]
    assert any(missing for _id, missing, _holds in said)  # type: ignore[misc]


def test_the_work_list_holds_each_missing_consent_once_the_nearest_session_first(office: Actor) -> None:
    total = work_list.consents_missing_number(office, Filter())
    found = work_list.consents_missing(office, Filter(), limit=EVERYTHING)
    assert len(found) == total == len(found.drop_duplicates(["patient_id", "kind"]))
    assert found["next_session_at"].dropna().is_monotonic_increasing
    for kind in ("treatment", "data_protection", "telehealth"):
        narrowed = work_list.consents_missing(office, Filter(kind=kind), limit=EVERYTHING)
        assert set(narrowed["kind"]) <= {kind}
        assert len(narrowed) == (found["kind"] == kind).sum()


def test_a_therapist_sees_what_is_missing_in_the_own_files(office: Actor) -> None:
    total = 0
    for row in team.therapists(office):
        of_one = Filter(therapist_id=row.id)
        actor = next(signed_in(one) for one in sessions.people_to_choose() if one.therapist_id == row.id)
        own = work_list.consents_missing_number(actor, Filter())
        assert own == work_list.consents_missing_number(office, of_one)
        assert work_list.consents_missing_number(actor, Filter(therapist_id=-1)) == 0
        total += own
    assert total <= work_list.consents_missing_number(office, Filter())


def test_sessions_without_consent_are_listed_with_their_number_the_latest_first(office: Actor) -> None:
    since = date(2000, 1, 1)
    found = queries.sessions_without_consent(office, since, limit=EVERYTHING)
    assert len(found) == queries.sessions_without_consent_number(office, since) > 0
    assert found["session_on"].is_monotonic_decreasing
    latest = found["session_on"].iloc[0]
    assert set(queries.sessions_without_consent(office, latest)["session_on"]) == {latest}


def test_a_file_says_what_it_needs(office: Actor) -> None:
    missing = work_list.consents_missing(office, Filter(), limit=1).iloc[0]
    needed = queries.consents_needed(office, int(missing["patient_id"]))
    assert {"treatment", "data_protection"} <= set(needed["kind"])
    assert not needed["is_valid"].all()
    asked = queries.consents_of_file(office, int(missing["patient_id"]))
    assert set(needed["consent_id"].dropna()) <= set(asked["consent_id"])
