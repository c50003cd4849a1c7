"""The queue that keeps the worker's time: procrastinate's, in a schema of its own, with one task each minute."""

from __future__ import annotations

from collections.abc import Callable

import procrastinate

from dashboard import db, schema

EVERY_MINUTE = "* * * * *"


def every_minute(work: Callable[[], object]) -> procrastinate.App:
    """Return the queue, which does ``work`` each minute; while one waits to be done, no other is added."""
    address = db.url("messenger").set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(
        conninfo=address,
        kwargs={"options": f"-c search_path={schema.JOBS}"},
        min_size=1,
        max_size=3,
    )
    app = procrastinate.App(connector=connector)

    @app.periodic(cron=EVERY_MINUTE)
    @app.task(name="send_messages", queueing_lock="send_messages", pass_context=False)
    def send_messages(timestamp: int) -> None:  # noqa: ARG001 - the minute that the tick is of
        work()

    return app
