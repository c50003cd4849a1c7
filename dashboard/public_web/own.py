"""One's own request, by its secret link: see it, move it, cancel it."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from dashboard import clock
from dashboard.public_booking import visits
from dashboard.public_booking.visits import Request
from dashboard.public_booking.wording import _
from dashboard.public_web import pages
from dashboard.public_web.hours import by_day, slot_of
from dashboard.public_web.requests import Visit, go

OPEN = ("asked", "booked")
LOOK_AHEAD = timedelta(days=180)
MOST_OFFERED = 300


def may_change(found: Request) -> bool:
    """Return whether one may still move or cancel it oneself."""
    return found.state in OPEN and clock.now() <= found.change_until


def is_late(found: Request) -> bool:
    """Return whether cancelling now is late, by the rule of the service; what nobody accepted yet is never late."""
    return found.state == "booked" and clock.now() > found.late_from


def titles() -> dict[str, str]:
    """Return the words of each state, by code."""
    return {
        "asked": _("We have your request"),
        "booked": _("Your appointment"),
        "declined": _("We cannot offer you this hour"),
        "withdrawn": _("You withdrew this request"),
        "cancelled": _("This appointment was cancelled"),
        "lapsed": _("This request has lapsed"),
        "past": _("This appointment is over"),
    }


def see(visit: Visit) -> Response:
    """Show the request and what can be done with it."""
    found = visits.request(visit.token, "own")
    if found is None or found.state not in titles():
        return pages.unknown()
    title = titles()[found.state]
    return pages.page("own", title, path=visit.path, request=found, token=visit.token, may_change=may_change(found))


def ask_cancel(visit: Visit) -> Response:
    """Say what cancelling means, and ask for a last time."""
    found = visits.request(visit.token, "own")
    if found is None:
        return pages.unknown()
    if not may_change(found):
        return go(f"/request/{visit.token}")
    return pages.page(
        "cancel",
        _("Cancel it?"),
        path=visit.path,
        request=found,
        token=visit.token,
        form=visit.form,
        is_late=is_late(found),
    )


def cancel(visit: Visit) -> Response:
    """Cancel it, and show what became of it."""
    if visits.request(visit.token, "own") is None:
        return pages.unknown()
    visits.cancel(visit.token)
    return go(f"/request/{visit.token}")


def ask_move(visit: Visit) -> Response:
    """Offer the free hours of the same therapist."""
    found = visits.request(visit.token, "own")
    if found is None:
        return pages.unknown()
    if not may_change(found):
        return go(f"/request/{visit.token}")
    return _offer(visit, found, _("Choose another hour"), 200)


def _offer(visit: Visit, found: Request, title: str, status: int) -> Response:
    now = clock.now()
    free = visits.free_hours(found.service_id, found.therapist_id, found.mode, now, now + LOOK_AHEAD, most=MOST_OFFERED)
    return pages.page(
        "move",
        title,
        status,
        path=visit.path,
        request=found,
        token=visit.token,
        days=by_day(free),
        form=visit.form,
    )


def move(visit: Visit) -> Response:
    """Move it to the hour that was chosen, or offer the hours that are left."""
    found, slot = visits.request(visit.token, "own"), slot_of(visit.fields.get("slot", ""))
    if found is None:
        return pages.unknown()
    if slot is None or not may_change(found):
        return go(f"/request/{visit.token}")
    if not visits.move(visit.token, slot[1], slot[0]):
        return _offer(visit, found, _("This hour is not free any more"), 409)
    return go(f"/request/{visit.token}")
