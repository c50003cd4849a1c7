"""Documents in a real browser: a therapist adds a report, the office does not see it, a drawing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.clinical.test_document_reading import pdf
from tests.pages.conftest import Dashboard, choose_first_row, open_as, settled

pytestmark = pytest.mark.browser

OWN = "select id from patient where main_therapist_id = %s and status = 'active' order by id limit 1"


def choose(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": content})
    expect(page.get_by_test_id("stFileUploader").get_by_text(name)).to_be_visible()
    page.get_by_role("button", name="Add the document").click()


def test_a_report_is_added_opened_and_put_away_and_the_office_never_sees_it(
    page: Page, dashboard: Dashboard, tmp_path: Path
) -> None:
    [(me, who)] = dashboard.rows(
        "select therapist_id, display_name from app_user where role = 'therapist' order by display_name limit 1"
    )
    [(patient,)] = dashboard.rows(OWN, me)
    address = f"patient_files?patient={patient}&part=documents"
    open_as(page, dashboard, "therapist", address, person=str(who))
    expect(page.get_by_text("There is no document here.")).to_be_visible()
    choose(page, "drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    expect(page.get_by_text("neither a PDF nor a PNG or JPEG picture")).to_be_visible()
    choose(page, "informe.pdf", pdf())
    expect(page.get_by_text("The document was added.")).to_be_visible()
    [(document,)] = dashboard.rows("select id from document where patient_id = %s", patient)
    choose_first_row(page, page.get_by_role("button", name="Download"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "informe.pdf"
    download.value.save_as(tmp_path / "informe.pdf")
    assert (tmp_path / "informe.pdf").read_bytes().startswith(b"%PDF-")
    noted = "select count(*) from audit_log where operation = 'opened' and table_name = 'document' and row_key = %s"
    assert dashboard.rows(noted, str(document)) == [(1,)]

    open_as(page, dashboard, "front_desk", f"{address}&document={document}")
    expect(page.get_by_text("There is no document here.")).to_be_visible()

    open_as(page, dashboard, "therapist", f"{address}&document={document}", person=str(who))
    page.get_by_role("button", name="Put away").click()
    expect(page.get_by_text("The document was put away.")).to_be_visible()
    settled(page).get_by_text("Show what was put away", exact=True).click()
    back = page.get_by_role("button", name="Put back on the list")
    choose_first_row(page, back)
    back.click()
    expect(page.get_by_text("The document is on the list again.")).to_be_visible()
