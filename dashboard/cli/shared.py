"""What every command needs: the database for as long as it works, a sentence when it fails, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from sqlalchemy.exc import DBAPIError

from dashboard import db, postgres
from dashboard.access.actor import Administrator
from dashboard.clinical.errors import SealError
from dashboard.config import settings
from dashboard.postgres_programs import EmbeddedPostgresError

COMMAND_LINE = Administrator()
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


def fail(sentence: str) -> NoReturn:
    """End with ``sentence`` on standard error and exit code 1."""
    click.echo(sentence, err=True)
    sys.exit(1)


@contextmanager
def database() -> Iterator[None]:
    """Keep the database reachable: the configured one, else the embedded one, started for as long as needed.

    What it refuses ends the command with a sentence.
    """
    try:
        if settings().database_url:
            yield
        else:
            with postgres.running():
                yield
    except (EmbeddedPostgresError, db.NoDatabaseError, db.OutdatedServerError, SealError) as error:
        fail(str(error))
    except db.DatabaseRefusal as refused:
        fail(f"The database refused this, and nothing was changed: {refused}.")
    except DBAPIError as error:
        fail(f"The database cannot be used: {db.refusal(error)}.")
    finally:
        db.forget_engines()


@contextmanager
def progress_bar(shown: bool) -> Iterator[Any]:
    """Give a function ``(what, share done)`` that draws a progress bar on standard error."""
    if not shown:
        yield None
        return
    with click.progressbar(length=1000, file=sys.stderr, item_show_func=lambda what: what or "") as bar:

        def advance(what: str, share: float) -> None:
            bar.update(max(0, round(share * 1000) - bar.pos), what)

        yield advance
