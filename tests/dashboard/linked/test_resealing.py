"""A changed master key takes the passwords of linked calendars along, and an older key can then go."""

from __future__ import annotations

from pathlib import Path

from dashboard.clinical import key_care, keyring
from dashboard.config import settings
from dashboard.linked import resealing
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.linked.conftest import Link


def without_older_keys(keys: Path) -> None:
    """Leave only the newest master key, as who cleans up does."""
    newest = keys.read_text().strip().splitlines()[-1]
    keys.write_text(f"{newest}\n")
    settings.cache_clear()


def test_passwords_move_to_the_new_key_and_the_older_one_is_no_longer_needed(link: Link, keys: Path) -> None:
    before = rows("select key_id from linked_account")
    key_care.rotate()
    assert resealing.reseal() == 1
    assert rows("select key_id from linked_account") != before
    assert resealing.reseal() == 0
    without_older_keys(keys)
    assert len(keyring.keyring().ids) == 1
    assert resealing.unreadable() == (1, [])
    link.book(48)
    assert link.exchange() > 0
    assert len(link.events()) == 1


def test_without_it_the_password_is_lost_with_the_older_key(link: Link, keys: Path) -> None:
    key_care.rotate()
    without_older_keys(keys)
    therapist = link.week.therapist.therapist_id
    assert resealing.unreadable() == (1, [f"linked_account {therapist}"])
    assert resealing.reseal() == 0
    assert rows("select sealed_password is not null from linked_account") == [(True,)]


def test_a_disconnected_account_has_nothing_to_seal(link: Link) -> None:
    with owner() as connection:
        connection.exec_driver_sql(
            "update linked_account set is_connected = false, sealed_password = null, key_id = null"
        )
    key_care.rotate()
    assert (resealing.reseal(), resealing.unreadable()) == (0, (0, []))
