"""Alembic's environment: migrations run as the owner of the schema, with time limits, dbt's views out of the way."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from dashboard import db
from dashboard.access import models as _access
from dashboard.agenda import models as _agenda
from dashboard.billing import models as _billing
from dashboard.calendars import models as _calendars
from dashboard.clinical import models as _clinical
from dashboard.consent import models as _consent
from dashboard.findings import models as _findings
from dashboard.imports import models as _imports
from dashboard.linked import models as _linked
from dashboard.messages import models as _messages
from dashboard.patients import models as _patients
from dashboard.public_booking import models as _public_booking
from dashboard.team import models as _team
from dashboard.training import models as _training
from dashboard.video import models as _video
from dashboard.waiting_list import models as _waiting_list

MODELS = (
    _access,
    _agenda,
    _billing,
    _calendars,
    _clinical,
    _consent,
    _findings,
    _imports,
    _linked,
    _messages,
    _patients,
    _public_booking,
    _team,
    _training,
    _video,
    _waiting_list,
)


def run(connection: Connection) -> None:
    """Run the requested migrations on ``connection`` in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=db.Base.metadata,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        connection.exec_driver_sql("set local lock_timeout = '10s'")
        connection.exec_driver_sql("set local statement_timeout = '10min'")
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with db.admin_engine().connect() as opened:
        run(opened)
