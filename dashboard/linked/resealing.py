"""Care for the passwords of linked calendars when the master key is changed; for the command line alone."""

from __future__ import annotations

from sqlalchemy import select

from dashboard import db
from dashboard.linked import passwords
from dashboard.linked.models import LinkedAccount
from dashboard.linked.passwords import UnreadablePasswordError

HELD = select(LinkedAccount).where(LinkedAccount.sealed_password.is_not(None)).order_by(LinkedAccount.therapist_id)


def reseal() -> int:
    """Seal every password with the newest key and return how many were sealed anew.

    A password that does not open stays as it is: ``unreadable`` names its row, and the therapist gives it again.

    Raises:
        SealError: the keys that are configured are none.
    """
    newest = passwords.keys().newest.id
    done = 0
    with db.administration() as session:
        for account in session.scalars(HELD.where(LinkedAccount.key_id != newest).with_for_update()):
            password = _opened(account)
            if password is not None:
                account.sealed_password, account.key_id = passwords.seal(password, *_bound_to(account))
                done += 1
    return done


def unreadable() -> tuple[int, list[str]]:
    """Return how many passwords are kept, and the rows whose password does not open."""
    with db.administration(read_only=True) as session:
        accounts = session.scalars(HELD).all()
    return len(accounts), [f"linked_account {each.therapist_id}" for each in accounts if _opened(each) is None]


def _bound_to(account: LinkedAccount) -> tuple[int, str, str]:
    return account.therapist_id, account.address, account.user_name


def _opened(account: LinkedAccount) -> str | None:
    try:
        return passwords.unseal(account.sealed_password or b"", account.key_id or "", *_bound_to(account))
    except UnreadablePasswordError:
        return None
