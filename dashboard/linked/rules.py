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
    def decided_tag(self) -> str | None:
        """Return the tag of what was decided: rejected it is to be put back, accepted the agenda has it already."""
        return self.proposed.tag if self.proposed and self.proposed.state in {"accepted", "rejected"} else None

    @property
    def waits(self) -> bool:
        """Whether something is proposed, or decided and not carried out in the calendar."""
        return self.open_tag is not None or self.decided_tag is not None


@dataclass(frozen=True)
class Theirs:
    """A session as it stands there now: at ``times``, or ``cancelled``, or so that it is not one session any more."""

    kind: Literal["times", "cancelled", "unclear"]
    times: tuple[datetime, datetime] | None = None


def step(written: Written, wanted: Wanted | None, outside: str | None, now: datetime) -> Step:
    """Return what to do about a session that was written, or was about to be; ``outside`` is its tag there now.

    A session that has begun stays. What is not wanted any more goes, whoever changed it there: the agenda
    says what there is. Everything else that was changed there is looked at, and never overwritten unasked.
    """
    if wanted is None:
        if written.times[0] <= now:
            return Step.LEAVE
        return Step.FORGET if outside is None else Step.REMOVE
    if outside is None:
        return _step_of_missing(written)
    if outside == GONE:  # a server that tells no tag: nothing can be written there safely
        return Step.LEAVE
    if outside == written.tag:
        if written.says != wanted.says:
            return Step.WRITE
        return Step.LOOK if written.waits else Step.LEAVE
    is_agreed = written.proposed is not None and written.proposed.times == wanted.times
    if outside == written.decided_tag and not is_agreed:
        return Step.WRITE
    return Step.LEAVE if outside == written.open_tag and not is_agreed else Step.LOOK


def _step_of_missing(written: Written) -> Step:
    if written.tag is None or written.decided_tag == GONE:
        return Step.WRITE
    return Step.LEAVE if written.open_tag == GONE else Step.PROPOSE


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
    pause: timedelta = min(EVERY * 2 ** min(failures, 10), LONGEST_PAUSE)
    return pause
