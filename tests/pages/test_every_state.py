"""Every screen, for every role, in every state a session can be in, and with whatever an address may hold.

Run without a browser (Streamlit's own harness over the real frame, pages and database), so that all of it is tried.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from dashboard import db
from dashboard.access import sessions
from dashboard.access.actor import Actor, Role
from dashboard.config import ROOT
from dashboard.ui.navigation import SCREENS, Screen
from dashboard.ui.session import STATE_KEY
from tests.acting import someone

pytestmark = pytest.mark.usefixtures("figures_database", "quiet_streamlit")

ROLES: tuple[Role, ...] = ("manager", "therapist", "front_desk", "auditor")
NOBODY, NOT_YOURS, NOT_FOUND = "You are not signed in", "not available to you", "Not found, or not available to you."
SECONDS = 30
NAME = b"Zzforeign"
ENDED = {
    "revoked": "revoked_at = now()",
    "idle": "seen_at = now() - interval '1 hour', idle_until = now() - interval '1 minute'",
    "expired": "expires_at = now()",
}
FORGED: dict[str, object] = {"nothing": None, "a guess": "A" * 43, "no text": 7, "a person": ("manager", 1)}

IDS = (
    "patient",
    "other",
    "appointment",
    "therapist",
    "site",
    "room",
    "consent",
    "run",
    "note",
    "finding",
    "person",
    "p",
)
CODES = ("part", "view", "status", "kind", "rule", "severity", "family", "months", "late", "key", "within", "ready")
DAYS = ("day", "since", "until")
HOSTILE = (
    *(
        "0",
        "-1",
        "999999999999999999",
        "9" * 30,
        "1.5",
        "١٢",
        "1 or 1=1",
        "1'; drop table patient; --",
        "\x00",
    ),
    *("../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "%s", "A" * 5000, "0001-01-01", "9999-12-31", "null"),
)


def opened(screen: Screen, token: object, **parameters: str) -> AppTest:
    """Open a screen in a session that holds ``token``, with an address of these parameters."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=SECONDS)
    if token is not None:
        app.session_state[STATE_KEY] = token
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    go(app, screen)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    return app


def go(app: AppTest, screen: Screen) -> None:
    """Turn to a screen by its address, as a link does; ``switch_page`` knows only those that are files."""
    pages = app._registered_pages.items()
    app._page_hash = next(key for key, page in pages if page.get("url_pathname") == screen.slug)


def shown(app: AppTest) -> bytes:
    """Return everything that was sent to the browser, tables included."""
    assert not app.exception, [error.value for error in app.exception]
    nodes = [*app.main, *app.sidebar]
    return b"".join(node.proto.SerializeToString() for node in nodes if getattr(node, "proto", None) is not None)


def refusals(slug: str = "") -> int:
    """Return how many refusals are on record."""
    statement = (
        "select count(*) from audit_log where operation = 'refused' and table_name = coalesce(:slug, table_name)"
    )
    with db.administration(read_only=True) as session:
        return int(session.execute(text(statement), {"slug": slug}).scalar_one())


def administer(statement: str, **values: object) -> None:
    """Run a statement as the owner of the schema."""
    with db.administration() as session:
        session.execute(text(statement), values)


@pytest.mark.parametrize("name", FORGED)
def test_without_a_session_every_screen_says_the_same_and_it_is_on_record(name: str) -> None:
    for screen in SCREENS:
        before = refusals(screen.slug)
        assert NOBODY.encode() in shown(opened(screen, FORGED[name], patient="1")), screen.slug
        assert refusals(screen.slug) - before == (0 if screen.slug == "today" else 1), screen.slug


@pytest.mark.parametrize("role", ROLES)
def test_a_session_that_ends_shows_nothing_at_the_next_click(role: Role) -> None:
    """The ways in which a session ends take turns: by screen, and on a screen by role."""
    for place, screen in enumerate(each for each in SCREENS if role in each.roles):
        how = tuple(ENDED)[(place + ROLES.index(role)) % len(ENDED)]
        actor = someone(role)
        app = opened(screen, actor.token)
        assert NOBODY.encode() not in shown(app)
        before = refusals(screen.slug)
        administer(
            f"update login_session set {ENDED[how]} where token_sha256 = :token", token=sessions.hashed(actor.token)
        )
        app.run()
        assert NOBODY.encode() in shown(app), screen.slug
        assert refusals(screen.slug) - before == (0 if screen.slug == "today" else 1), screen.slug


@pytest.mark.parametrize("role", ROLES)
def test_a_screen_of_other_roles_is_refused_and_on_record(role: Role) -> None:
    actor = someone(role)
    for screen in (each for each in SCREENS if role not in each.roles):
        before = refusals(screen.slug)
        assert NOT_YOURS.encode() in shown(opened(screen, actor.token)), screen.slug
        assert refusals(screen.slug) - before == 1, screen.slug


@pytest.mark.parametrize("role", ROLES)
def test_whatever_the_address_holds_nothing_breaks(role: Role) -> None:
    """Every value is tried on every screen: the roles that have a screen share them out."""
    actor = someone(role)
    for screen in (each for each in SCREENS if role in each.roles):
        app = opened(screen, actor.token)
        for place, value in enumerate(HOSTILE):
            if place % len(screen.roles) != screen.roles.index(role):
                continue
            app.query_params.clear()
            for name in (IDS[place % len(IDS)], CODES[place % len(CODES)], DAYS[place % len(DAYS)], "patient"):
                app.query_params[name] = value
            shown(app.run())


def foreign_file(actor: Actor) -> int:
    """Return a file that a therapist may not open, with a name in it that nobody else has."""
    administer(
        "update patient set given_name = 'Zzforeign', surname_1 = 'Zzforeign', profession = 'Zzforeign' where id = ("
        " select id from patient where main_therapist_id <> :me and id not in ("
        "  select patient_id from appointment_patient where therapist_id = :me union"
        "  select patient_id from care_team where therapist_id = :me) limit 1)",
        me=actor.therapist_id,
    )
    with db.administration(read_only=True) as session:
        found: int = session.execute(text("select id from patient where given_name = 'Zzforeign'")).scalar_one()
    return found


def test_a_colleagues_file_is_nowhere_and_asking_for_it_is_on_record() -> None:
    actor = someone("therapist")
    patient = foreign_file(actor)
    for screen in (each for each in SCREENS if "therapist" in each.roles):
        before = refusals()
        seen = shown(opened(screen, actor.token, patient=str(patient)))
        assert NAME not in seen, screen.slug
        if screen.slug in {"patient_files", "clinical_history"}:
            assert NOT_FOUND.encode() in seen
            assert refusals() - before == 1
    files = next(each for each in SCREENS if each.slug == "patient_files")
    assert b"Zzforeign" in shown(opened(files, someone("manager").token, patient=str(patient)))
