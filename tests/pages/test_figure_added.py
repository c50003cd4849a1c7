"""A figure is a SQL file and a YAML entry: after the next refresh its label and value stand on Key figures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.config import ROOT
from tests.conftest import Cluster
from tests.pages.conftest import Dashboard, address_with, open_as, serve_clone, settled

pytestmark = pytest.mark.browser

SQL = """\
with

figure as (
    select
        date_trunc('month', current_date)::date as month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        null as item,
        4711 as numerator,
        null::numeric as denominator,
        null::numeric as unconfirmed,
        null::bigint as patients
    from {{ ref('first_sessions') }}
    group by {{ grains("date_trunc('month', current_date)") }}
),

final as (
    {{ as_figure('figure') }}
)

select * from final
"""
CHANGES = {
    "kpi_file_completeness": "kpi_lucky_number",
    "File completeness": "Lucky number",
    "Expedientes completos": "Número de la suerte",
    "order: 140": "order: 999",
    "unit: percent": "unit: sessions",
    "tags: [after_checks]": "tags: [lucky]",
}


@pytest.fixture(scope="module")
def with_a_figure_more(
    cluster: Cluster, figures_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    """Return a dashboard whose dbt project has one figure more, before any refresh."""
    project = tmp_path_factory.mktemp("project") / "dbt"
    shutil.copytree(ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    folder = project / "models" / "marts" / "key_figures"
    (folder / "kpi_lucky_number.sql").write_text(SQL)
    yaml = (folder / "_patients__figures.yml").read_text()
    for former, new in CHANGES.items():
        assert former in yaml
        yaml = yaml.replace(former, new)
    (folder / "_lucky__figures.yml").write_text(yaml)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERSESSION_DBT_DIR", str(project))
        yield from serve_clone(cluster, figures_template, tmp_path_factory.mktemp("server"))


def test_a_figure_added_in_sql_and_yaml_is_on_the_screen_after_a_refresh(
    page: Page, with_a_figure_more: Dashboard
) -> None:
    open_as(page, with_a_figure_more, "manager", "key_figures")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    with_a_figure_more.refresh()
    open_as(page, with_a_figure_more, "manager", "key_figures")
    card = page.get_by_test_id("stColumn").filter(has=page.get_by_text("Lucky number", exact=True))
    expect(card.get_by_text("4,711").or_(card.get_by_text("4.711"))).to_be_visible()
    card.get_by_role("link", name="See in full").click()
    settled(page)
    expect(page.get_by_role("heading", name="Lucky number")).to_be_visible()
    address_with(page, "figure=kpi_lucky_number")
