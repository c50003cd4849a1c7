"""The dbt project as dbt understands it, and builds of it in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dashboard import db
from dashboard.config import ROOT
from tests.conftest import BUILD

DBT = "import sys; from dbt.cli.main import dbtRunner; sys.exit(not dbtRunner().invoke(sys.argv[1:]).success)"


def run_dbt(target: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on the project of the repository."""
    folders = ["--project-dir", ROOT / "dbt", "--profiles-dir", ROOT / "dbt", "--target-path", target]
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DBT, *arguments, *folders, "--log-path", target],
        env={**os.environ, "DO_NOT_TRACK": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def figures_environment(database: str) -> dict[str, str]:
    """Return the variables of the figures' login on the current server."""
    address = db.url("transformer")
    return {
        "INTERSESSION_DBT_HOST": address.host or "",
        "INTERSESSION_DBT_PORT": str(address.port),
        "INTERSESSION_DBT_USER": "transformer",
        "INTERSESSION_DBT_PASSWORD": str(address.password),
        "INTERSESSION_DBT_DBNAME": database,
    }


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    """Return the project as dbt parses it."""
    target = tmp_path_factory.mktemp("dbt")
    nowhere = {f"INTERSESSION_DBT_{name}": "1" for name in ("HOST", "PORT", "USER", "PASSWORD", "DBNAME")}
    done = run_dbt(target, nowhere, "parse")
    assert done.returncode == 0, done.stdout
    return json.loads((target / "manifest.json").read_text())


@pytest.fixture(scope="session")
def models(manifest):
    """Return the models of the project by name."""
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


@pytest.fixture
def build():
    """Return a way to build the figures of a database, all or those chosen, as the worker does; it says if it did."""

    def build(database, *selection, **settings):
        environment = {**database.environment, **settings}
        return (
            subprocess.run(
                [sys.executable, "-W", "ignore", "-c", BUILD, *selection],
                env=environment,
                cwd=ROOT,
                capture_output=True,
                check=False,
            ).returncode
            == 0
        )

    return build


@pytest.fixture
def superuser():
    """Return a way past every rule of the database: what it writes, no command could."""

    def superuser(database, *statements):
        with psycopg.connect(database.url) as connection:
            found = [connection.execute(statement) for statement in statements][-1]
            return found.fetchall() if found.description else []

    return superuser
