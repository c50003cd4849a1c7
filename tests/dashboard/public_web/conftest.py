"""The practice of public booking."""

from tests.dashboard.public_booking.conftest import mailbox as mailbox  # noqa: PLC0414 - a fixture
from tests.dashboard.public_booking.conftest import practice as practice  # noqa: PLC0414 - a fixture
from tests.dashboard.public_booking.conftest import week as week  # noqa: PLC0414 - a fixture
