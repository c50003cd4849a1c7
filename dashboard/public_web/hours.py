"""Choosing: a service, a therapist or anybody, and one of the free hours of a week."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from dashboard import clock
from dashboard.public_booking import visits
from dashboard.public_booking.visits import Choice, Hour, Service
from dashboard.public_booking.wording import _
from dashboard.public_web import pages
from dashboard.public_web.requests import Visit, go

WEEK = timedelta(days=7)
OFFERED = 8


@dataclass(frozen=True)
class Day:
    """The free hours of a day."""

    on: date
    hours: list[Hour]


def services(visit: Visit) -> Response:
    """List what can be asked for."""
    if not pages.is_open(visits.practice()):
        return pages.closed()
    return pages.page("services", _("Ask for an appointment"), path=visit.path, services=visits.services())


def service(visit: Visit) -> Response:
    """Show the free hours of a week: of the one asked for, else of the first that has any."""
    found = _service(visit.parts["service"])
    if found is None:
        return pages.closed() if not pages.is_open(visits.practice()) else pages.unknown()
    asked = _asked(visit, found)
    zone = ZoneInfo(visits.practice().time_zone)
    free = _free(asked, zone)
    later = None if free else _next_week(asked, zone)
    if later and "week" not in visit.asked:  # who only just came sees hours, on a Saturday too
        asked, later = replace(asked, week=later), None
        free = _free(asked, zone)
    return pages.page(
        "service",
        found.name,
        path=asked.address(asked.week),
        service=found,
        therapists=visits.therapists(),
        asked=asked,
        days=by_day(free),
        form=visit.form,
        before=asked.address(asked.week - WEEK) if asked.week > asked.first_week else None,
        after=asked.address(asked.week + WEEK) if asked.week + WEEK <= asked.last_week else None,
        later=asked.address(later) if later else None,
    )


def _service(asked: str) -> Service | None:
    if not pages.is_open(visits.practice()) or not asked.isdecimal():
        return None
    return next((each for each in visits.services() if str(each.id) == asked), None)


@dataclass(frozen=True)
class Asked:
    """Which hours are asked for: of whom, how held, and of which week (its Monday)."""

    service_id: int
    therapist_id: int | None
    mode: str
    week: date
    first_week: date
    last_week: date

    def address(self, week: date) -> str:
        """Return where the hours of a week are."""
        values = {"therapist": self.therapist_id or "", "mode": self.mode, "week": week.isoformat()}
        return f"/service/{self.service_id}?{urlencode(values)}"


def _asked(visit: Visit, found: Service) -> Asked:
    """Read what is asked for; what makes no sense is as if it had not been asked."""
    known = {str(each.id): each.id for each in visits.therapists()}
    mode = visit.asked.get("mode", "")
    today = clock.today(visits.practice().time_zone)
    first = _monday(today + timedelta(hours=found.notice_hours))
    last = max(first, _monday(today + timedelta(days=found.horizon_days)))
    try:
        week = _monday(date.fromisoformat(visit.asked.get("week", "")))
    except ValueError:
        week = first
    return Asked(
        service_id=found.id,
        therapist_id=known.get(visit.asked.get("therapist", "")),
        mode=mode if mode in found.offered_modes else found.offered_modes[0],
        week=min(max(week, first), last),
        first_week=first,
        last_week=last,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _free(asked: Asked, zone: ZoneInfo) -> list[Hour]:
    since = _at(asked.week, zone)
    return visits.free_hours(asked.service_id, asked.therapist_id, asked.mode, since, since + WEEK)


def _next_week(asked: Asked, zone: ZoneInfo) -> date | None:
    """Return the Monday of the week of the next free hour, when there is any."""
    since, until = _at(asked.week, zone) + WEEK, _at(asked.last_week, zone) + WEEK
    [*first] = visits.free_hours(asked.service_id, asked.therapist_id, asked.mode, since, until, most=1)
    return _monday(first[0].starts_at.astimezone(zone).date()) if first else None


def _at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def by_day(free: list[Hour]) -> list[Day]:
    """Return hours, which come in order, by the day that clocks show where they are."""
    days = groupby(free, key=lambda each: each.starts_at.astimezone(ZoneInfo(each.zone)).date())
    return [Day(on, list(hours)) for on, hours in days]


def next_hours(service_id: int, therapist_id: int | None, mode: str) -> list[Hour]:
    """Return the next free hours of a service."""
    now = clock.now()
    return visits.free_hours(service_id, therapist_id, mode, now, now + timedelta(days=180), most=OFFERED)


def slot_of(text: str) -> tuple[datetime, int] | None:
    """Return the moment and the site that a button of an hour stands for, nothing when it stands for none."""
    moment, _rule, site = text.partition("|")
    try:
        starts_at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    if starts_at.tzinfo is None or not site.isdecimal() or len(site) > 15:
        return None
    return starts_at, int(site)


def hold(visit: Visit) -> Response:
    """Keep the hour that was chosen and ask who it is for."""
    found = _service(visit.fields.get("service", ""))
    slot = slot_of(visit.fields.get("slot", ""))
    therapist, mode = visit.fields.get("therapist", ""), visit.fields.get("mode", "")
    if found is None or slot is None or mode not in found.offered_modes:
        return pages.unknown()
    of_therapist = int(therapist) if therapist.isdecimal() and len(therapist) < 16 else None
    choice = Choice(found.id, of_therapist, mode, slot[1], slot[0])
    token = visits.hold(choice)
    if token is None:
        return gone(visit, found.id, of_therapist, mode)
    return go(f"/details/{token}")


def gone(visit: Visit, service_id: int, therapist_id: int | None, mode: str) -> Response:
    """Say that an hour cannot be had any more, and offer the next that can."""
    free = next_hours(service_id, therapist_id, mode)
    return pages.page(
        "gone",
        _("This hour is not free any more"),
        409,
        asked=Asked(service_id, therapist_id, mode, *[clock.today()] * 3),
        days=by_day(free),
        form=visit.form,
    )
