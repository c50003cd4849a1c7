"""The queue that keeps the worker's time: procrastinate's, in a schema of its own, with a task each minute a work."""

from __future__ import annotations

from collections.abc import Callable

import procrastinate

from dashboard import db, schema

EVERY_MINUTE = "* * * * *"


def every_minute(**works: Callable[[], object]) -> procrastinate.App:
    """Return the queue, which does each of ``works`` each minute; while one waits to be done, it is not added again."""
    address = db.url("messenger").set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(
        conninfo=address,
        kwargs={"options": f"-c search_path={schema.JOBS}"},
        min_size=1,
        max_size=3,
    )
    app = procrastinate.App(connector=connector)
    for name, work in works.items():
        _add(app, name, work)
    return app


def _add(app: procrastinate.App, name: str, work: Callable[[], object]) -> None:
    @app.periodic(cron=EVERY_MINUTE)
    @app.task(name=name, queueing_lock=name, pass_context=False)
    def tick(timestamp: int) -> None:  # noqa: ARG001 - the minute that the tick is of
        work()
