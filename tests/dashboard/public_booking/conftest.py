"""A practice that takes requests online: two therapists, one service open to everybody, and a mail server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dashboard import clock
from dashboard.access.sessions import hashed
from dashboard.public_booking import visits
from dashboard.public_booking.details import Details
from dashboard.public_booking.visits import Choice, Hour
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.agenda.conftest import week as week  # noqa: PLC0414 - a fixture
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import Mailbox, run
from tests.dashboard.messages.conftest import mailbox as mailbox  # noqa: PLC0414 - a fixture

OPEN = """
insert into working_hours (therapist_id, site_id, weekday, starts_at, ends_at, valid_from)
select t.id, 1, d.day, '09:00', '18:00', '2020-01-01' from therapist as t cross join generate_series(0, 6) as d (day);
insert into room (site_id, name) values (1, 'Sala 2');
insert into online_service (service_id, modes) select id, 'both' from service;
insert into online_therapist (therapist_id) select id from therapist;
update site set telephone = '600 100 200', address_line = 'Calle Mayor 1', city = 'Madrid';
update online_booking set is_on = true;
"""
EVERYTHING = """
select md5(string_agg(told.row, '|' order by told.row)) from (
    select 'a' || a::text as row from appointment as a union all select 'p' || p::text from appointment_patient as p
    union all select 'r' || r::text from online_request as r union all select 'l' || l::text from online_link as l
    union all select 'w' || w::text from online_letter as w
) as told
"""


def details(**other: Any) -> Details:
    """Return a visitor."""
    known: dict[str, Any] = {
        "given_name": "Lía",
        "surnames": "Prueba Soto",
        "email": "lia@example.org",
        "telephone": "+34600123123",
        "birth_date": None,
        "is_known": False,
    }
    return Details(**{**known, **other})


@dataclass(frozen=True)
class Open:
    """The practice, and how a visitor comes through it."""

    week: Week
    mailbox: Mailbox

    def free(self, mode: str = "in_person", therapist: int | None = None) -> list[Hour]:
        """Return the free hours of the next days."""
        now = clock.now()
        return visits.free_hours(self.week.service, therapist, mode, now, now + timedelta(days=10))

    def choice(self, starts_at: datetime | None = None, therapist: int | None = None) -> Choice:
        """Return the choice of an hour, the first free one unless another is named."""
        return Choice(self.week.service, therapist, "in_person", self.week.site, starts_at or self.free()[0].starts_at)

    def hold(self, starts_at: datetime | None = None) -> str:
        """Hold an hour and return its token."""
        return visits.hold(self.choice(starts_at)) or pytest.fail("the hour is not free")

    def asked(self, starts_at: datetime | None = None, **other: Any) -> str:
        """Hold an hour, say who it is for, and return the token of the letter, as the worker would have made it."""
        visits.ask(self.hold(starts_at), details(**other), "es", shows=False)
        return self.link("confirm")

    def link(self, kind: str) -> str:
        """Make another link of the latest request and return its token."""
        token = f"token of {kind} {clock.now().isoformat()}"
        run(
            "insert into online_link (request_id, kind, token_sha256) select max(id), :kind, :hash from online_request",
            kind=kind,
            hash=hashed(token),
        )
        return token

    def confirmed(self, starts_at: datetime | None = None, **other: Any) -> str:
        """Come to a confirmed request and return the token of its own page."""
        became, own = visits.confirm(self.asked(starts_at, **other))
        assert became == "done"
        return own


def state(columns: str = "state") -> list[tuple[Any, ...]]:
    """Return the requests in the order in which they came."""
    return [tuple(row) for row in rows(f"select {columns} from online_request order by id")]


def letters() -> list[str]:
    """Return the kinds of the letters in the order in which they were asked for."""
    return [row.kind for row in rows("select kind from online_letter order by id")]


def everything() -> str:
    """Return a digest of all that visitors can change."""
    return str(rows(EVERYTHING)[0][0])


@pytest.fixture
def practice(week: Week, mailbox: Mailbox) -> Open:
    """Return the practice."""
    run(OPEN)
    return Open(week, mailbox)


@pytest.fixture
def days_ahead() -> Callable[[int], date]:
    """Return a function that gives the day in so many days."""
    return lambda number: clock.today("Europe/Madrid") + timedelta(days=number)
