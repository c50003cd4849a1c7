"""What visitors may ask and do: each a function of the database, which is all that their login can reach.

Nobody proves who they are here. A token, of which the database keeps the hash, opens an hour that is held, a request to
confirm, or one's own request, and nothing else. What only looks is asked in transactions that cannot write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import TextClause, text

from dashboard import db
from dashboard.access.sessions import hashed, new_token
from dashboard.public_booking.details import Details

Kind = Literal["hold", "confirm", "own"]
MOST_HOURS = 2_000
PRACTICE = text("select * from visitor_practice()")
SERVICES = text("select * from visitor_services()")
THERAPISTS = text("select * from visitor_therapists()")
FREE = text("select * from visitor_free_hours(:service, :therapist, :mode, :since, :until, :most)")
REQUEST = text("select * from visitor_request(:token, :kind)")
HOLD = text("select visitor_hold(:service, :therapist, :mode, :site, :wanted, :token)")
LEAVE = text("select visitor_leave(:token)")
DETAILS = text(
    "select visitor_details("
    ":token, :given_name, :surnames, :email, :telephone, :birth_date, :is_known, :language, :shown)"
)
CONFIRM = text("select visitor_confirm(:token, :own)")
CANCEL = text("select visitor_cancel(:token)")
MOVE = text("select visitor_move(:token, :site, :wanted)")


@dataclass(frozen=True)
class Practice:
    """Who takes the requests, whether it does, and what it says about privacy in its own words, if anything."""

    name: str
    locale: str
    time_zone: str
    telephone: str | None
    is_on: bool
    is_synthetic: bool
    privacy_es: str | None
    privacy_en: str | None


@dataclass(frozen=True)
class Service:
    """A service that is open, and its rules; see ``OnlineService``. Money is integer cents."""

    id: int
    name: str
    minutes: int
    price_cents: int
    currency: str
    admits: str
    modes: str
    notice_hours: int
    horizon_days: int
    change_hours: int
    is_approved_at_once: bool
    asks_birth_date: bool
    late_hours: int
    late_fee_percent: int

    @property
    def offered_modes(self) -> tuple[str, ...]:
        """How it can be held."""
        return ("in_person", "online") if self.modes == "both" else (self.modes,)


@dataclass(frozen=True)
class Therapist:
    """A therapist who is open to visitors."""

    id: int
    name: str


@dataclass(frozen=True)
class Hour:
    """A free hour: when, where, and with whom; a visitor learns no more of the agenda."""

    starts_at: datetime
    ends_at: datetime
    therapist_id: int
    therapist: str
    site_id: int
    site: str
    place: str
    zone: str


@dataclass(frozen=True)
class Request:
    """What a link shows of a request. ``state`` is one of ``models.STATES``, ``lapsed``, ``cancelled`` or ``past``."""

    state: str
    service_id: int
    service: str
    therapist_id: int
    therapist: str
    mode: str
    site: str
    place: str
    telephone: str | None
    zone: str
    starts_at: datetime
    ends_at: datetime
    held_until: datetime | None
    change_until: datetime
    late_from: datetime
    late_fee_cents: int
    currency: str
    admits: str
    asks_birth_date: bool


@dataclass(frozen=True)
class Choice:
    """Which hour a visitor takes; without a therapist, any who is free then."""

    service_id: int
    therapist_id: int | None
    mode: str
    site_id: int
    starts_at: datetime


T = TypeVar("T")


def _seen(made: type[T], asked: TextClause, **values: object) -> list[T]:
    with db.transaction("visitor", read_only=True) as session:
        return [made(**row) for row in session.execute(asked, values).mappings()]


def _done(asked: TextClause, values: Mapping[str, object]) -> Any:
    """Do something that is one transaction; again when others were in its way."""

    def once() -> Any:
        with db.transaction("visitor") as session:
            return session.scalar(asked, values)

    return db.retried(once)


def _done_if_free(asked: TextClause, values: Mapping[str, object]) -> bool:
    """Do something that takes an hour; an hour that cannot be had is an answer, however it was noticed."""
    try:
        return bool(_done(asked, values))
    except db.DatabaseRefusal as error:
        if error.code in {"busy", "try_again"}:
            return False
        raise


def practice() -> Practice:
    """Return the practice."""
    return _seen(Practice, PRACTICE)[0]


def services() -> list[Service]:
    """Return the services that are open, by name."""
    return _seen(Service, SERVICES)


def therapists() -> list[Therapist]:
    """Return the therapists who are open, by name."""
    return _seen(Therapist, THERAPISTS)


def free_hours(
    service_id: int, therapist_id: int | None, mode: str, since: datetime, until: datetime, most: int = MOST_HOURS
) -> list[Hour]:
    """Return the free hours that begin in ``[since, until)``, within the service's rules; of anybody once an hour."""
    asked = {"service": service_id, "therapist": therapist_id, "mode": mode, "since": since, "until": until}
    return _seen(Hour, FREE, **asked, most=most)


def request(token: str, kind: Kind) -> Request | None:
    """Return what a link of ``kind`` shows, nothing when it is none, was used, or never was."""
    found = _seen(Request, REQUEST, token=hashed(token), kind=kind)
    return found[0] if found else None


def hold(choice: Choice) -> str | None:
    """Keep an hour for ten minutes; return the token that opens it, or nothing when it is not free any more."""
    token = new_token()
    values = {
        "service": choice.service_id,
        "therapist": choice.therapist_id,
        "mode": choice.mode,
        "site": choice.site_id,
        "wanted": choice.starts_at,
        "token": hashed(token),
    }
    return token if _done_if_free(HOLD, values) else None


def leave(token: str) -> None:
    """Give an hour back that is held and not asked for yet."""
    _done(LEAVE, {"token": hashed(token)})


def ask(token: str, details: Details, language: str, *, shows: bool) -> tuple[str, str | None]:
    """Say who asks for the hour that is held; a letter with a link to confirm follows.

    Returns:
        ``taken`` or ``late``; and a token to confirm with, in a synthetic practice that ``shows`` it.
    """
    shown = new_token()
    values = {**details.values(), "token": hashed(token), "language": language}
    became: str = _done(DETAILS, {**values, "shown": hashed(shown) if shows else None})
    return ("taken", shown) if became == "shown" else (became, None)


def confirm(token: str) -> tuple[str, str]:
    """Confirm a request; return ``done``, ``before`` or ``late``, and the token of one's own page when it is done."""
    own = new_token()
    return _done(CONFIRM, {"token": hashed(token), "own": hashed(own)}), own


def cancel(token: str) -> bool:
    """Cancel one's own request or appointment; return whether that was possible still."""
    return bool(_done(CANCEL, {"token": hashed(token)}))


def move(token: str, site_id: int, starts_at: datetime) -> bool:
    """Move one's own request or appointment to another hour; return whether that was possible."""
    return _done_if_free(MOVE, {"token": hashed(token), "site": site_id, "wanted": starts_at})
