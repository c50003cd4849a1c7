"""Rules of video calls: what a session needs before it begins, and how far it is. Pure decisions, no database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from dashboard.patients.rules import is_minor
from dashboard.video.models import ITEMS

NEEDS = ("consent", "place", "emergency", "guardian", "fallback", "link", "sent")
OF_MINORS = "guardian"
State = Literal["ready", "missing", "unknown"]


@dataclass(frozen=True)
class Consent:
    """What is known of a patient's consent to sessions by video: its status, and until when it holds."""

    status: str
    is_valid: bool
    valid_until: date | None


@dataclass(frozen=True)
class Participant:
    """A patient of an online session, with what is known of them for it.

    ``address`` and ``telephone`` are the file's, ``told_place`` and ``told_telephone`` what was said for this session.
    Without care of the file (``is_in_care``) neither consents nor guardians can be asked. ``message`` is what became of
    the message with the link, ``sent`` once it or a later one arrived.
    """

    id: int
    number: int
    name: str
    birth_date: date | None
    is_in_care: bool
    address: str | None = None
    telephone: str | None = None
    told_place: str | None = None
    told_telephone: str | None = None
    emergency_telephone: str | None = None
    guardian_telephone: str | None = None
    consent: Consent | None = None
    ticked: Collection[str] = ()
    message: str | None = None
    withheld_reason: str | None = None

    def is_minor(self, day: date) -> bool:
        """Return whether they are under age on ``day``."""
        return is_minor(self.birth_date, day)


@dataclass(frozen=True)
class Session:
    """An online session and who takes part."""

    id: int
    starts_at: datetime
    ends_at: datetime
    therapist_id: int
    therapist_name: str
    site_id: int
    time_zone: str
    service_name: str
    link: str | None = field(repr=False)
    is_fixed: bool
    participants: tuple[Participant, ...]

    @property
    def day(self) -> date:
        """The calendar day of the session, where it is held."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def names(self) -> str:
        """The names of who takes part."""
        return ", ".join(participant.name for participant in self.participants)


def readiness(session: Session, who: Participant) -> dict[str, State]:
    """Return for each need that applies to a participant whether it is met; what cannot be asked is unknown."""
    minor = who.is_minor(session.day)
    telephone = who.guardian_telephone if minor else who.telephone
    is_reached = bool(who.told_telephone or telephone)
    found: dict[str, State] = {
        "consent": _consent(who, session.day),
        "place": _met(who.told_place or who.address),
        "emergency": _met(who.emergency_telephone or (minor and who.guardian_telephone)),
        "guardian": _met("guardian" in who.ticked),
        "fallback": "unknown" if minor and not is_reached and not who.is_in_care else _met(is_reached),
        "link": _met(session.link),
        "sent": _met(session.link and (who.message in {"sent", "told"} or "link_given" in who.ticked)),
    }
    return {need: found[need] for need in NEEDS if minor or need != OF_MINORS}


def _met(fact: object) -> State:
    return "ready" if fact else "missing"


def _consent(who: Participant, day: date) -> State:
    """Return whether consent holds on the day of the session, which may be after it ends."""
    if not who.is_in_care:
        return "unknown"
    consent = who.consent
    return _met(
        consent is not None and consent.is_valid and (consent.valid_until is None or consent.valid_until >= day)
    )


def checklist(session: Session, who: Participant) -> tuple[str, ...]:
    """Return the items that somebody asks and ticks for a participant, in the order of asking."""
    return tuple(item for item in ITEMS if item != OF_MINORS or who.is_minor(session.day))


def missing(session: Session) -> tuple[str, ...]:
    """Return the needs that are not met for somebody who takes part, in the order of ``NEEDS``."""
    states = [readiness(session, who) for who in session.participants]
    return tuple(need for need in NEEDS if any(state.get(need) == "missing" for state in states))


def is_ready(session: Session) -> bool:
    """Return whether nothing is missing."""
    return not missing(session)
