"""What is to be done about one session in a calendar elsewhere. Pure decisions: no database, no server."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

EVERY = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)
GONE = ""
"""The tag of what is not there."""


class Step(StrEnum):
    """What to do next about a session in a calendar elsewhere."""

    LEAVE = "leave"
    WRITE = "write"
    REMOVE = "remove"
    FORGET = "forget"
    LOOK = "look"
    PROPOSE = "propose"


@dataclass(frozen=True)
class Wanted:
    """A session as it should stand in the calendar."""

    appointment_id: int
    starts_at: datetime
    ends_at: datetime
    title: str
    status: Literal["TENTATIVE", "CONFIRMED"]
    version: int
    changed_at: datetime

    @property
    def times(self) -> tuple[datetime, datetime]:
        """Return from when to when."""
        return self.starts_at, self.ends_at

    @property
    def says(self) -> bytes:
        """Return a digest of what matters of it: only when that changes is it written anew."""
        told = (self.starts_at.timestamp(), self.ends_at.timestamp(), self.title, self.status)
        return hashlib.sha256(repr(told).encode()).digest()


@dataclass(frozen=True)
class Proposed:
    """What was last proposed about a session, and what was decided."""

    state: str
    tag: str
    times: tuple[datetime, datetime] | None


@dataclass(frozen=True)
class Written:
    """A session as it was last written; without ``tag`` nobody knows whether it was."""

    id: int
    appointment_id: int
    times: tuple[datetime, datetime]
    tag: str | None
    says: bytes | None
    proposed: Proposed | None = None

    @property
    def open_tag(self) -> str | None:
        """Return the tag of what is proposed and not decided."""
        return self.proposed.tag if self.proposed and self.proposed.state == "open" else None

    @property
    def rejected_tag(self) -> str | None:
        """Return the tag of what was rejected and is to be put back."""
        return self.proposed.tag if self.proposed and self.proposed.state == "rejected" else None


@dataclass(frozen=True)
class Theirs:
    """A session as it stands there now: at ``times``, or ``cancelled``, or so that it is not one session any more."""

    kind: Literal["times", "cancelled", "unclear"]
    times: tuple[datetime, datetime] | None = None


def step(written: Written, wanted: Wanted | None, outside: str | None, now: datetime) -> Step:
    """Return what to do about a session that was written, or was about to be; ``outside`` is its tag there now.

    A session that is over is left as it is. What is not wanted any more goes, whoever changed it there: the agenda
    says what there is. Everything else that was changed there is looked at, and never overwritten unasked.
    """
    if wanted is None:
        if written.times[1] <= now:
            return Step.LEAVE
        return Step.FORGET if outside is None else Step.REMOVE
    if outside is None:
        if written.tag is None or written.rejected_tag == GONE:
            return Step.WRITE
        return Step.LEAVE if written.open_tag == GONE else Step.PROPOSE
    if outside == GONE:  # a server that tells no tag: nothing can be written there safely
        return Step.LEAVE
    if outside == written.tag:
        return Step.LEAVE if written.says == wanted.says else Step.WRITE
    if outside == written.rejected_tag:
        return Step.WRITE
    is_known = outside == written.open_tag and (written.proposed is None or written.proposed.times != wanted.times)
    return Step.LEAVE if is_known else Step.LOOK


def is_changed(written: Written, wanted: Wanted, theirs: Theirs) -> bool:
    """Return whether a session was given another time there, or none: neither the present one nor the one written."""
    return theirs.times is None or theirs.times not in {wanted.times, written.times}


def says_now(written: Written, wanted: Wanted, theirs: Theirs) -> bytes | None:
    """Return the digest of what stands there unchanged in its time, whoever wrote other words or an alarm to it."""
    return wanted.says if theirs.times == wanted.times else written.says


def uid_of(secret: bytes, appointment_id: int) -> str:
    """Return what names a session for ever in one therapist's calendars, without telling how many there are."""
    return f"{hmac.new(secret, str(appointment_id).encode(), hashlib.sha256).hexdigest()[:32]}@intersession"


def name_of(uid: str) -> str:
    """Return the last part of the address at which an event stands."""
    return f"{uid.partition('@')[0]}.ics"


def pause_after(failures: int) -> timedelta:
    """Return how long to wait after so many exchanges that failed one after the other."""
    return min(EVERY * 2 ** min(failures, 10), LONGEST_PAUSE)
