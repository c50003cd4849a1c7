"""What every model, column and figure of the dbt project owes to whoever reads it."""

from dashboard.config import ROOT

DBT = ROOT / "dbt"


def test_every_description_of_a_model_begins_with_its_grain(models):
    assert [name for name, model in models.items() if not model["description"].startswith("One row per")] == []


def test_every_column_that_is_declared_is_described(models):
    silent = [
        f"{name}.{column['name']}"
        for name, model in models.items()
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert [name for name, model in models.items() if not model["columns"]] == []
    assert silent == []


def test_every_mart_enforces_its_contract(models):
    marts = [model for model in models.values() if model["schema"] == "marts"]
    assert marts
    assert [model["name"] for model in marts if not model["config"]["contract"]["enforced"]] == []


def test_every_figure_has_a_unit_test_named_as_a_sentence(manifest, models):
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    figures = {name for name in models if name.startswith("kpi_")}
    assert figures - tested == set()
    assert [test["name"] for test in manifest["unit_tests"].values() if test["name"].count("_") < 4] == []


def test_every_figure_tests_its_key(manifest, models):
    tested = {
        (node["attached_node"].split(".")[-1], node["test_metadata"]["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("column_name") == "figure_key"
    }
    figures = {name for name in models if name.startswith("kpi_")}
    assert tested == {(name, test) for name in figures for test in ("unique", "not_null")}


def test_every_page_has_one_exposure(manifest):
    pages = sorted(page.stem for page in (ROOT / "pages").glob("*.py"))
    assert sorted(exposure["name"] for exposure in manifest["exposures"].values()) == pages


def test_only_staging_reads_the_tables_of_the_practice(models):
    readers = {model["schema"] for model in models.values() if model["sources"]}
    assert readers == {"staging"}


def test_models_about_persons_are_views_and_figures_are_tables(models):
    aggregates = {
        "int_ageing",
        "int_money_balance",
        "int_room_hours",
        "int_session_counts",
        "int_working_days",
        "waiting_work",
    }
    stored = {name for name, model in models.items() if model["config"]["materialized"] == "table"}
    assert stored == {name for name in models if name.startswith("kpi_") or name in aggregates}


def test_the_project_holds_no_python():
    assert list(DBT.rglob("*.py")) == []
