"""A practice that holds online sessions: the one of messages, and where its calls are held."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.video import commands
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import House
from tests.dashboard.messages.conftest import database as database  # noqa: PLC0414 - a fixture
from tests.dashboard.messages.conftest import family as family  # noqa: PLC0414 - a fixture
from tests.dashboard.messages.conftest import house as house  # noqa: PLC0414 - a fixture
from tests.dashboard.messages.conftest import mailbox as mailbox  # noqa: PLC0414 - a fixture
from tests.dashboard.messages.conftest import week as week  # noqa: PLC0414 - a fixture

BASE = "https://meet.practice.example"


@pytest.fixture
def calls(house: House) -> House:
    """Return the practice, whose calls are held on a Jitsi server of its own."""
    commands.hold_calls(house.week.manager, None, "jitsi", BASE)
    return house


def links(appointment: int) -> list[Any]:
    """Return the links that a session has or had, the latest last."""
    return rows("select * from video_link where appointment_id = :id order by id", id=appointment)


def link_of(appointment: int) -> str | None:
    """Return the link that a session has now."""
    found = [row.address for row in links(appointment) if row.ended_at is None]
    assert len(found) <= 1
    return found[0] if found else None
