"""A canary in every personal column of a file turns up nowhere but on the screens of those who may open that file."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Page

from dashboard.ui.navigation import SCREENS
from tests.conftest import Cluster, run_command
from tests.pages.canary import CANARY, met_in, plant
from tests.pages.conftest import Dashboard, go, open_as, serve_clone, settled

pytestmark = pytest.mark.browser

# Of a therapist with notes, a file with invoices; and a therapist who never saw that person.
WHOSE = """
select p.id, u.display_name, (
    select o.display_name from app_user as o
    where o.role = 'therapist' and not exists (
        select from appointment_patient as s where s.patient_id = p.id and s.therapist_id = o.therapist_id
    )
    order by o.id limit 1
)
from patient as p join app_user as u on u.therapist_id = p.main_therapist_id
where exists (select from session_note as n where n.patient_id = p.id)
    and exists (select from invoice as i where i.patient_id = p.id)
order by p.id limit 1
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder where everything is that the dashboard, its figures and its checks leave on the disk."""
    return tmp_path_factory.mktemp("canary")


@pytest.fixture(scope="module")
def dashboard(cluster: Cluster, figures_template: str, kept: Path) -> Iterator[Dashboard]:
    """Return a dashboard that keeps all it leaves in one folder."""
    (kept / "tmp").mkdir()
    yield from serve_clone(
        cluster,
        figures_template,
        kept,
        INTERSESSION_DATA_DIR=str(kept),
        INTERSESSION_MASTER_KEY_FILE=str(cluster.folder / "master.key"),
        TMPDIR=str(kept / "tmp"),
    )


def seen(page: Page, dashboard: Dashboard, role: str, addresses: list[str], person: str | None = None) -> set[str]:
    """Return the addresses that show the canary to somebody, in words or anywhere in the page."""
    open_as(page, dashboard, role, person=person)
    shown = set()
    for address in addresses:
        if "?" in address:
            page.goto(f"{dashboard.url}/{address}")
            settled(page)
        else:
            go(page, address)
        if CANARY.lower() in page.content().lower():
            shown.add(address)
    return shown


def test_the_canary_is_seen_by_those_who_may_and_is_left_nowhere(
    page: Page, dashboard: Dashboard, cluster: Cluster, kept: Path
) -> None:
    [(patient, own, other)] = dashboard.rows(WHOSE)
    planted = plant(dashboard.database_url, int(str(patient)))
    assert len(planted) > 20
    assert {"patient.given_name", "patient.emergency_name", "patient.email", "invoice.recipient_name"} < set(planted)
    run_command(dashboard.environment, "refresh")

    parts = [f"patient_files?patient={patient}&part={part}" for part in ("details", "timeline", "rights", "team")]
    every = [*parts, *(screen.slug for screen in SCREENS), f"patient_files?q={CANARY}", f"billing?patient={patient}"]
    assert parts[0] in seen(page, dashboard, "therapist", parts[:1], str(own))
    assert parts[0] in seen(page, dashboard, "front_desk", every)
    care = ("today", "agenda", "patient_files", "clinical_history", "notes", "consents", "incomplete_files")
    assert seen(page, dashboard, "therapist", [*parts, *care], str(other)) == set()
    assert seen(page, dashboard, "auditor", [parts[0], "today", "audit"]) == set()

    assert (kept / "server.log").exists()
    assert met_in(kept) == []
    assert met_in(cluster.folder, (".log", ".json", ".csv")) == []
    for address in ("_stcore/metrics", "_stcore/health", "healthz", "sign-in"):
        assert CANARY.lower() not in answer(f"{dashboard.url}/{address}").lower()


def answer(url: str) -> str:
    """Return what an address answers to nobody."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return str(response.read().decode("utf-8", "replace"))
    except HTTPError as refused:
        return str(refused.read().decode("utf-8", "replace"))


def test_a_canary_that_was_left_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "server.log").write_text(f"patient {CANARY.upper()} saved")
    (tmp_path / "deep" / "other.bin").write_bytes(CANARY.encode("utf-16-le"))
    (tmp_path / "deep" / "calm.log").write_text("nothing")
    assert len(met_in(tmp_path)) == 2
