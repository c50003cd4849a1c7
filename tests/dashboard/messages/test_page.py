"""The screen without a browser: what it says when there is nothing, when nothing is sent, and whom it is for."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.config import ROOT
from dashboard.messages import sending
from dashboard.ui.session import STATE_KEY
from tests.dashboard.messages.conftest import House, Mailbox, messages, run

pytestmark = pytest.mark.usefixtures("quiet_streamlit")
SECONDS = 30


def opened(actor: Actor, **parameters: str) -> AppTest:
    """Open the screen as ``actor``, who signed in with a password: in a real practice nobody is chosen."""
    run("update login_session set method = 'password'")
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=SECONDS)
    app.session_state[STATE_KEY] = actor.token
    app.run()
    pages = app._registered_pages.items()
    app._page_hash = next(key for key, page in pages if page.get("url_pathname") == "messages")
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def said(app: AppTest) -> str:
    """Return all that the screen says."""
    parts = (*app.info, *app.success, *app.error, *app.markdown, *app.caption, *app.text)
    return "\n".join(str(part.value) for part in parts)


def test_an_empty_screen_says_what_will_appear_there(house: House) -> None:
    for view, sentence in (
        ("outbox", "Nothing waits."),
        ("sent", "Nothing was sent yet."),
        ("unsent", "Nothing failed."),
    ):
        assert sentence in said(opened(house.week.front_desk, view=view))


def test_it_says_why_nothing_leaves_the_house(house: House, mailbox: Mailbox) -> None:
    assert "nothing is sent" not in said(opened(house.week.manager))
    run("update message_rule set is_on = false")
    assert "Sending is off: nothing is sent." in said(opened(house.week.manager))


def test_a_message_is_shown_as_it_is_sent_and_can_be_told_instead(house: House) -> None:
    house.old(30)
    sending.plan_due(clock.now())
    [(number,)] = messages("id")
    app = opened(house.week.front_desk, message=str(number))
    assert "No mail server is set up" in said(app)
    assert "Le recordamos su cita:" in said(app)
    app.button(key="messages_told").click().run()
    assert messages("state") == [("told",)]
    assert "Recorded." in said(app)


def test_the_screen_is_for_the_office_alone(house: House) -> None:
    for actor in (house.week.therapist, house.week.auditor):
        assert "not available to you" in said(opened(actor))


def test_a_message_that_is_not_there_is_told_as_such(house: House) -> None:
    assert "Not found, or not available to you." in said(opened(house.week.front_desk, message="999999"))
