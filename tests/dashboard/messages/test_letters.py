"""What a message says: when and where in the reader's language, how to cancel; nothing of whom, by whom or why."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from jinja2 import UndefinedError

from dashboard.config import settings
from dashboard.messages import letters, queries
from dashboard.messages.letters import TEMPLATES, Content
from dashboard.messages.models import KINDS
from dashboard.messages.planning import plan_due
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import FROM, House, consents, run

CLINICAL = re.compile(
    r"tera(p|p[ée]u)|psic|psy|therap|trata|treat|sesi[oó]n|session|diagn|s[ií]ntom|symptom|ansie|anxi|depre|cl[ií]nic"
    r"|health|salud|mental|patient|pacient|consult(a|ation) de|trastorn|disorder|evaluaci|assess|couple|pareja|famil",
    re.IGNORECASE,
)
EVERY = [(language, kind, mode) for language in ("es", "en") for kind in KINDS for mode in ("in_person", "online")]


def content(language: str = "es", kind: str = "reminder", mode: str = "in_person", **values: Any) -> Content:
    """Return what a message is written from."""
    given: dict[str, Any] = {
        "address": "eva@example.org",
        "practice": "Centro Norte",
        "practice_locale": "es_ES",
        "site": "Sede Sur",
        "place": "Calle Mayor 1, Madrid",
        "telephone": "600 100 200",
        "zone": "Europe/Madrid",
        "starts_at": datetime(2026, 3, 30, 8, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 3, 30, 9, 0, tzinfo=UTC),
        "message_id": "<1@practice.example>",
        "uid": "appointment-1-1@intersession",
        "sequence": 3,
        **values,
    }
    return Content(kind=kind, language=language, mode=mode, **given)


@pytest.mark.parametrize(("language", "kind", "mode"), EVERY)
def test_no_template_has_a_clinical_word_and_all_say_when_and_how_to_cancel(
    language: str, kind: str, mode: str
) -> None:
    words = letters.worded(content(language, kind, mode))
    for text in (words.subject, words.plain, words.html):
        assert CLINICAL.findall(text.replace("font-family", "")) == []
    day = "lunes, 30 de marzo de 2026" if language == "es" else "Monday, 30 March 2026"
    for text in (words.plain, words.html):
        assert day in text
        assert "10:00" in text
        assert "600 100 200" in text
        assert "Centro Norte" in text
        assert ("Calle Mayor 1" in text) is (mode == "in_person" and kind not in {"cancellation", "video_link"})
    assert day in words.subject
    assert "\n\n\n" not in words.plain


def test_a_clinical_word_would_be_noticed() -> None:
    assert CLINICAL.findall("Recordatorio de su sesión de psicoterapia")


def test_every_kind_has_its_templates_in_both_languages_and_there_are_no_others() -> None:
    wanted = {f"{kind}.{form}.j2" for kind in KINDS for form in ("txt", "html")} | {"words.j2"}
    for language in ("es", "en"):
        assert {path.name for path in (TEMPLATES / language).iterdir()} == wanted


def test_the_hour_is_that_of_the_site_on_both_sides_of_a_clock_change() -> None:
    for starts_at in (datetime(2026, 10, 24, 8, tzinfo=UTC), datetime(2026, 10, 25, 9, tzinfo=UTC)):
        assert "10:00" in letters.worded(content(starts_at=starts_at)).plain
    assert "a las 9:00" in letters.worded(content(zone="Atlantic/Canary")).plain


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "A & B", "{{ 7 * 7 }}", "Uno\nBcc: x@example.org"])
def test_a_name_is_shown_and_never_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERSESSION_MAIL_FROM", FROM)
    settings.cache_clear()
    hostile = content(practice=name, site=name, place=name)
    words = letters.worded(hostile)
    assert "<script>" not in words.html
    assert words.plain.count(" ".join(name.split())) >= 2  # as it is, and not as HTML
    assert "49" not in words.plain
    letter = letters.written(hostile)
    assert letter["Bcc"] is None
    settings.cache_clear()
    assert "\n" not in words.subject


def test_without_a_telephone_it_still_says_to_call() -> None:
    assert "llámenos, por favor" in letters.worded(content(telephone=None)).plain


def test_a_template_that_asks_for_what_it_may_not_know_fails() -> None:
    with pytest.raises(UndefinedError):
        letters._templates(is_html=False).from_string("{{ therapist }}").render(content().words())


def test_the_calendar_takes_back_what_is_cancelled_and_follows_what_changed() -> None:
    for kind, status in (("cancellation", b"STATUS:CANCELLED"), ("change", b"STATUS:CONFIRMED")):
        calendar = letters.appointment(content(kind=kind))
        assert status in calendar
        assert b"SUMMARY:Centro Norte" in calendar
        assert b"SEQUENCE:3" in calendar
        assert CLINICAL.findall(calendar.decode().replace("@intersession", "").replace("Intersession", "")) == []


def test_nothing_of_the_record_and_nobody_else_is_in_a_message(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERSESSION_MAIL_FROM", FROM)
    settings.cache_clear()
    consents(house.week.partner)
    run("update patient set email = 'tomas@example.org', profession = 'Zzpilot' where id = :id", id=house.week.partner)
    run("update service set name = 'Zzservice'")
    run("update therapist set given_name = 'Zztherapist', surnames = 'Zzruiz', speciality = 'Zzspeciality'")
    house.old(30, house.patient, house.week.partner)
    plan_due(datetime.now(UTC))
    found = [row.id for row in rows("select id from message order by patient_id")]
    assert len(found) == 2
    for number, other in zip(found, ("Tomás Soto tomas@", "Eva Vega eva@"), strict=True):
        opened = queries.message(house.week.front_desk, number)
        whole = letters.written(opened.content).as_string()
        assert "Zz" not in whole
        assert not [word for word in other.split() if word in whole]
    settings.cache_clear()
