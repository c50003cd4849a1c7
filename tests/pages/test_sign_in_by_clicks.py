"""Signing in for real, in a browser: an invitation, a password, a second step, a provider; and being out again."""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from email import message_from_string

import psycopg
import pyotp
import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Page, expect

from dashboard.config import ROOT
from tests.conftest import Cluster, free_port
from tests.dashboard.test_cli import until
from tests.pages.conftest import Dashboard, serve_clone, settled

pytestmark = pytest.mark.browser

PASSWORD = "vier-Schafe-unter-Ulmen"
ANOTHER = "fünf-Raben-über-Roggen"


class Mailbox:
    """What a real mail server of the test took."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.letters.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """Return a mailbox and the port of its server."""
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


@pytest.fixture(scope="module")
def provider() -> Iterator[int]:
    """Return the port of a real OpenID Connect provider that knows three people."""
    known = (
        {"sub": "desk", "email": "oidc.desk@example.org", "email_verified": True},
        {"sub": "loose", "email": "oidc.desk@example.org", "email_verified": False},
        {"sub": "stranger", "email": "nobody@example.org", "email_verified": True},
    )
    port = free_port()
    named = [part for claims in known for part in ("--user-claims", json.dumps(claims))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *named]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        assert until(lambda: answers(f"http://127.0.0.1:{port}/.well-known/openid-configuration"), 30)
        yield port
        process.kill()  # it keeps nothing, and an orderly end would wait for whoever is connected


def answers(url: str) -> bool:
    """Return whether a server answers."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def dashboard(cluster: Cluster, figures_template: str, tmp_path_factory, mailbox, provider) -> Iterator[Dashboard]:
    """Return a dashboard that chooses nobody: people sign in."""
    yield from serve_clone(
        cluster,
        figures_template,
        tmp_path_factory.mktemp("server"),
        INTERSESSION_DEMO_SIGN_IN="false",
        INTERSESSION_SMTP_HOST="127.0.0.1",
        INTERSESSION_SMTP_PORT=str(mailbox[1]),
        INTERSESSION_SMTP_SECURITY="none",
        INTERSESSION_MAIL_FROM="dashboard@example.org",
        INTERSESSION_OIDC_ISSUER=f"http://127.0.0.1:{provider}",
        INTERSESSION_OIDC_CLIENT_ID="intersession",
        INTERSESSION_OIDC_CLIENT_SECRET="between us",
    )


def users(dashboard: Dashboard, *arguments: str) -> str:
    """Run ``intersession users`` and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", "users", *arguments],
        env=dashboard.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def as_served(dashboard: Dashboard, link: str) -> str:
    """Return a printed link at the port of the test's server."""
    return dashboard.url + link[link.index("/sign-in/") :]


def give(page: Page, **fields: str) -> None:
    """Fill in a form of the sign-in pages and send it."""
    for name, value in fields.items():
        page.locator(f"#{name}").fill(value)
    page.locator("form button").last.click()


def is_in(page: Page) -> None:
    """Wait for a screen of somebody who is signed in."""
    page.locator(".st-key-app_sign_out").wait_for(state="attached")
    settled(page)


def enter_account(page: Page, dashboard: Dashboard, email: str, name: str, role: str) -> pyotp.TOTP:
    """Add a person, follow the invitation, set up the second step, and be in; return the authenticator."""
    page.goto(as_served(dashboard, users(dashboard, "add", email, name, "--role", role)))
    give(page, wanted=PASSWORD, again=PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is set")
    page.goto(f"{dashboard.url}/key_figures")
    give(page, email=email, password=PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up the second step")
    authenticator = pyotp.TOTP(page.locator("p.quiet code").text_content().replace(" ", ""))
    give(page, code=authenticator.now())
    is_in(page)
    return authenticator


def test_an_invitation_leads_to_a_session_that_a_reload_keeps_and_that_ends(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/today")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    enter_account(page, dashboard, "lead@example.org", "Lía Leal Soto", "manager")
    expect(page).to_have_url(re.compile(re.escape(f"{dashboard.url}/key_figures")))
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"] == "intersession"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    assert "intersession=" not in page.evaluate("document.cookie")
    page.reload()
    is_in(page)
    expect(page.get_by_role("heading", level=1, name="Key figures")).to_be_visible()
    page.locator(".st-key-app_sign_out button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert "intersession" not in {cookie["name"] for cookie in page.context.cookies()}
    page.context.add_cookies([{**cookie, "expires": -1}])  # the old token is of no use
    page.goto(f"{dashboard.url}/key_figures")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_recovery_code_stands_in_once_and_a_link_is_good_once(page: Page, dashboard: Dashboard) -> None:
    link = as_served(dashboard, users(dashboard, "add", "once@example.org", "Olga Once", "--role", "front_desk"))
    page.goto(link)
    give(page, wanted="oncemore", again="oncemore")  # the browser itself asks for more
    page.locator("form").evaluate("form => form.noValidate = true")
    give(page, wanted="aaaaaaaaaaaaaaa", again="aaaaaaaaaaaaaaa")
    expect(page.get_by_role("alert")).to_contain_text("Too simple")
    give(page, wanted=PASSWORD, again=PASSWORD)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link is not good any more")
    page.goto(f"{dashboard.url}/sign-in")
    give(page, email="once@example.org", password=PASSWORD)
    authenticator = pyotp.TOTP(page.locator("p.quiet code").text_content().replace(" ", ""))
    codes = page.locator("ul.codes code").all_text_contents()
    assert len(set(codes)) == 10
    used = authenticator.now()
    give(page, code=used)
    is_in(page)
    for code, is_good in ((codes[3], True), (codes[3], False), (used, False), (codes[4], True)):
        page.context.clear_cookies()
        page.goto(f"{dashboard.url}/sign-in")
        give(page, email="once@example.org", password=PASSWORD)
        give(page, code=code)
        if is_good:
            is_in(page)
        else:
            expect(page.get_by_role("alert")).to_contain_text("This code is not right")


def test_who_lost_the_password_is_mailed_a_link_and_a_stranger_is_told_the_same(
    page: Page, dashboard: Dashboard, mailbox
) -> None:
    users(dashboard, "add", "lost@example.org", "Luz Lago", "--role", "auditor")
    said = []
    for email in ("stranger@example.org", "LOST@example.org"):
        page.goto(f"{dashboard.url}/sign-in/forgotten")
        give(page, email=email)
        said.append(page.locator("main").text_content())
    assert said[0] == said[1]
    deadline = time.monotonic() + 10
    while not mailbox[0].letters and time.monotonic() < deadline:
        time.sleep(0.05)
    [letter] = [message_from_string(text) for text in mailbox[0].letters]
    assert letter["To"] == "LOST@example.org"
    said_in_it = letter.get_payload(decode=True).decode()
    link = next(line for line in said_in_it.splitlines() if "/sign-in/link/" in line)
    page.goto(link)
    give(page, wanted=ANOTHER, again=ANOTHER)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is set")


def test_a_provider_s_word_is_taken_only_for_a_verified_e_mail_of_the_team(page: Page, dashboard: Dashboard) -> None:
    users(dashboard, "add", "oidc.desk@example.org", "Ona Desk", "--role", "front_desk")
    # The provider's own form would take its style sheet from another machine.
    page.route(re.compile("^https://"), lambda route: route.abort())
    for sub, sentence in (("loose", "does not vouch for your e-mail"), ("stranger", "not of anybody who uses")):
        page.goto(f"{dashboard.url}/sign-in?next=/agenda")
        page.get_by_role("link", name="Sign in with").click()
        page.locator("input[name=sub]").fill(sub)
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_text(sentence)).to_be_visible()
        assert "intersession" not in {cookie["name"] for cookie in page.context.cookies()}
        page.context.clear_cookies()
    page.goto(f"{dashboard.url}/agenda")
    page.get_by_role("link", name="Sign in with").click()
    page.locator("input[name=sub]").fill("desk")
    page.get_by_role("button", name="Authorize").click()
    is_in(page)
    expect(page).to_have_url(re.compile(re.escape(f"{dashboard.url}/agenda")))
    assert dashboard.rows(
        "select s.method from login_session as s join app_user as u on u.id = s.user_id where u.email = %s",
        "oidc.desk@example.org",
    ) == [("oidc",)]


def test_a_forged_answer_of_a_provider_opens_nothing(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/sign-in/provider/callback?code=stolen&state=forged")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")


def test_a_role_taken_away_counts_at_the_next_click(page: Page, dashboard: Dashboard) -> None:
    enter_account(page, dashboard, "shift@example.org", "Sol Turno", "manager")
    users(dashboard, "role", "shift@example.org", "auditor")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Billing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_manager_ends_somebodys_session_and_everybody_their_own(page: Page, dashboard: Dashboard) -> None:
    enter_account(page, dashboard, "boss@example.org", "Bea Osorio", "manager")
    other = page.context.browser.new_context(locale="en-GB")
    theirs = other.new_page()
    enter_account(theirs, dashboard, "guest@example.org", "Gus Esteve", "front_desk")
    page.goto(f"{dashboard.url}/account")
    is_in(page)
    line = page.locator("[class*=st-key-account_session_]").filter(has_text="Gus Esteve")
    line.get_by_role("button", name="End").click()
    expect(page.get_by_text("The session was ended.")).to_be_visible()
    theirs.reload()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in")
    other.close()


def test_wrong_answers_make_an_account_wait_and_all_of_it_is_on_record(page: Page, dashboard: Dashboard) -> None:
    link = as_served(dashboard, users(dashboard, "add", "slow@example.org", "Sara Lenta", "--role", "auditor"))
    page.goto(link)
    give(page, wanted=PASSWORD, again=PASSWORD)
    for _ in range(5):
        page.goto(f"{dashboard.url}/sign-in")
        give(page, email="slow@example.org", password="not this one at all")
        expect(page.get_by_role("alert")).to_contain_text("do not match")
    give(page, email="slow@example.org", password=PASSWORD)  # right, and still waiting
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    counted = "select failed, locked_until > now() from credential join app_user on id = user_id where email = %s"
    assert dashboard.rows(counted, "slow@example.org") == [(5, True)]
    refused = dashboard.rows("select count(*) from audit_log where operation = 'refused' and table_name = 'sign_in'")
    assert refused[0][0] >= 6
    with psycopg.connect(dashboard.database_url, options="-c search_path=practice") as connection:
        connection.execute("update credential set locked_until = now() - interval '1 second'")
    give(page, email="slow@example.org", password=PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up the second step")


def test_the_mail_server_of_these_tests_is_a_real_one(mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox[1]) as client:
        assert client.noop()[0] == 250
