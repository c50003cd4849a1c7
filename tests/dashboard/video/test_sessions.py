"""The sessions ahead and what is known, asked and laid out for each; for whom it is theirs to see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.agenda.models import Attendee
from dashboard.video import commands, queries, rules
from dashboard.video.rules import Session
from tests.dashboard.billing.conftest import add, owner, rows
from tests.dashboard.messages.conftest import Family, House, consents, run
from tests.dashboard.video.conftest import link_of


def ahead(house: House, actor=None, **chosen) -> list[Session]:
    return queries.sessions_ahead(actor or house.week.therapist, clock.now() + timedelta(days=30), **chosen)


def test_the_sessions_ahead_are_the_online_ones_of_who_asks(calls: House) -> None:
    own, later = calls.old(30, mode="online"), calls.old(24 * 40, mode="online")
    colleagues = calls.old(30, calls.week.partner, mode="online", therapist=calls.week.colleague)
    calls.old(60)
    calls.old(90, mode="online", state="cancelled")
    running = calls.old(-0.5, mode="online", state="confirmed")
    assert [found.id for found in ahead(calls)] == [running, own]
    assert [found.id for found in ahead(calls, calls.week.colleague)] == [colleagues]
    for actor in (calls.week.front_desk, calls.week.manager):
        assert {found.id for found in ahead(calls, actor)} == {running, own, colleagues}
        chosen = ahead(calls, actor, therapist_id=calls.week.colleague.therapist_id, site_id=calls.week.site)
        assert [found.id for found in chosen] == [colleagues]
    assert [found.id for found in ahead(calls, among={own, later, colleagues})] == [own]
    assert queries.session_ahead(calls.week.therapist, later).link == link_of(later)
    with pytest.raises(NotFoundError):
        queries.session_ahead(calls.week.therapist, colleagues)
    with pytest.raises(NotAllowedError):
        ahead(calls, calls.week.auditor)


def test_consent_to_video_is_that_of_the_figures_and_has_to_hold_on_the_day(calls: House) -> None:
    session = calls.old(24 * 10, mode="online")
    assert "consent" in rules.missing(queries.session_ahead(calls.week.therapist, session))
    consents(calls.patient, "telehealth")
    assert "consent" not in rules.missing(queries.session_ahead(calls.week.therapist, session))
    run(
        "update consent set valid_until = practice_today() + 5 where template_id in"
        " (select id from consent_template where kind = 'telehealth')"
    )
    assert "consent" in rules.missing(queries.session_ahead(calls.week.therapist, session))


def test_a_minor_is_reached_through_the_guardian_with_authority(calls: House, family: Family) -> None:
    session = calls.old(24 * 3, family.child, mode="online")
    found = queries.session_ahead(calls.week.front_desk, session)
    assert {"guardian", "fallback"} <= set(rules.missing(found))
    run("update guardian set telephone = '600 111 222' where id = :id", id=family.father)
    assert "fallback" in rules.missing(queries.session_ahead(calls.week.front_desk, session))
    run("update guardian set telephone = '600 333 444' where id = :id", id=family.mother)
    commands.tick(calls.week.front_desk, session, family.child, "guardian", is_done=True)
    found = queries.session_ahead(calls.week.front_desk, session)
    assert not {"guardian", "fallback", "emergency"} & set(rules.missing(found))
    assert found.participants[0].guardian_telephone == "600 333 444"


def test_of_a_patient_not_in_their_care_a_therapist_is_told_nothing_of_consent(calls: House) -> None:
    run("update patient set main_therapist_id = :id", id=calls.week.colleague.therapist_id)
    session = calls.old(30, mode="online")
    consents(calls.patient, "telehealth")
    seen = queries.session_ahead(calls.week.therapist, session)
    assert rules.readiness(seen, seen.participants[0])["consent"] == "unknown"
    known = queries.session_ahead(calls.week.front_desk, session)
    assert rules.readiness(known, known.participants[0])["consent"] == "ready"


def test_ticks_say_who_and_when_and_the_last_word_counts(calls: House) -> None:
    session = calls.old(30, mode="online")
    desk, therapist = calls.week.front_desk, calls.week.therapist
    for actor, is_done in ((desk, True), (therapist, False), (therapist, True)):
        commands.tick(actor, session, calls.patient, "place", is_done=is_done)
    assert [(each.by, each.is_done) for each in queries.ticks(therapist, session)] == [
        (therapist.display_name, True),
        (therapist.display_name, False),
        (desk.display_name, True),
    ]
    assert queries.session_ahead(therapist, session).participants[0].ticked == ("place",)
    commands.tick(desk, session, calls.patient, "place", is_done=False)
    assert queries.session_ahead(therapist, session).participants[0].ticked == ()
    assert rows("select distinct operation from audit_log where table_name = 'video_tick'") == [("insert",)]


def test_no_tick_is_changed_or_signed_by_another(calls: House) -> None:
    session = calls.old(30, mode="online")
    commands.tick(calls.week.front_desk, session, calls.patient, "place", is_done=True)
    for change in ("update video_tick set is_done = false", "delete from video_tick"):
        with pytest.raises(IntegrityError, match="never change"):
            run(change)
    assert queries.ticks(calls.week.therapist, session)[0].is_done
    assert queries.ticks(calls.week.colleague, session) == []


def test_only_who_has_the_session_ticks_and_only_for_who_takes_part(calls: House) -> None:
    session = calls.old(30, mode="online")
    for actor, patient in ((calls.week.colleague, calls.patient), (calls.week.therapist, calls.week.partner)):
        with pytest.raises(NotFoundError):
            commands.tick(actor, session, patient, "place", is_done=True)
        with pytest.raises(NotFoundError):
            commands.tell_place(actor, session, patient, "Home", None)
    with pytest.raises(RuleBrokenError):
        commands.tick(calls.week.therapist, session, calls.patient, "hair", is_done=True)
    assert rows("select from video_tick") == []


def test_where_a_patient_will_be_is_noted_for_the_session_and_goes_with_the_person(calls: House) -> None:
    session = calls.old(30, mode="online")
    commands.tell_place(calls.week.therapist, session, calls.patient, " With my sister ", "")
    commands.tell_place(calls.week.front_desk, session, calls.patient, "At work", "600 700 800")
    found = queries.session_ahead(calls.week.therapist, session).participants[0]
    assert (found.told_place, found.told_telephone) == ("At work", "600 700 800")
    with pytest.raises(RuleBrokenError):
        commands.tell_place(calls.week.therapist, session, calls.patient, "x" * 300, None)
    commands.share_address(calls.week.therapist, session, "film", "https://films.example/1")
    run("insert into erasure (patient_id, kind, by_id) values (:file, 'person', 1)", file=calls.patient)
    assert rows("select from video_place") == rows("select from video_material") == []


def test_material_is_the_therapists_alone_and_its_title_says_nothing(calls: House) -> None:
    therapist = calls.week.therapist
    session, with_other = calls.old(30, mode="online"), calls.old(60, calls.week.partner, mode="online")
    commands.share_address(therapist, session, "worksheet", " https://sheets.example/1 ")
    [one] = queries.materials(therapist, session)
    assert (one.title, one.address, one.document_id) == ("worksheet", "https://sheets.example/1", None)
    assert queries.materials(calls.week.colleague, session) == queries.materials(therapist, with_other) == []
    for office in (calls.week.front_desk, calls.week.manager):
        with pytest.raises(NotAllowedError):
            queries.materials(office, session)
    for title, address in (("About my depression", "https://x.example"), ("film", "javascript:alert(1)")):
        with pytest.raises(RuleBrokenError):
            commands.share_address(therapist, session, title, address)
    with pytest.raises(NotFoundError):
        commands.share_address(calls.week.colleague, session, "film", "https://x.example")
    with pytest.raises(NotFoundError):
        commands.take_away(calls.week.colleague, one.id)
    commands.take_away(therapist, one.id)
    assert queries.materials(therapist, session) == []


def test_a_document_is_shared_with_its_own_patient_only(calls: House) -> None:
    from dashboard.clinical.models import Document

    therapist = calls.week.therapist
    session, with_other = calls.old(30, mode="online"), calls.old(60, calls.week.partner, mode="online")
    document = add(
        Document, patient_id=calls.patient, kind="other", is_clinical=False, media_type="image/png", size=1,
        sha256=b"1" * 32, added_by_id=therapist.user_id, sealed_name=b"0", sealed=b"0",
    )  # fmt: skip
    with pytest.raises(NotFoundError):
        commands.share_document(therapist, with_other, "picture", document)
    commands.share_document(therapist, session, "picture", document)
    assert [(one.document_id, one.patient_id) for one in queries.materials(therapist, session)] == [
        (document, calls.patient)
    ]


def test_everybody_who_takes_part_is_asked_about(calls: House) -> None:
    session = calls.old(30, mode="online")
    with owner() as connection:
        partner = {"appointment_id": session, "patient_id": calls.week.partner, "position": 2}
        connection.execute(Attendee.__table__.insert().values(**partner))
    commands.tell_place(calls.week.therapist, session, calls.patient, "Home", "600 1")
    found = queries.session_ahead(calls.week.therapist, session)
    assert found.names == "Eva Vega, Tomás Soto"
    assert [bool(who.told_place) for who in found.participants] == [True, False]
    assert "place" in rules.missing(found)
