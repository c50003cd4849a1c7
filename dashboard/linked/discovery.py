"""Finds the calendars of an account from the address that a person knows."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from dashboard.access.actor import RuleBrokenError
from dashboard.calendars.commands import one_line
from dashboard.calendars.models import LONGEST_NAME
from dashboard.linked import dav
from dashboard.linked.dav import CALDAV, Found
from dashboard.linked.reaching import Server, ServerProblemError, is_trusted

WELL_KNOWN = "/.well-known/caldav"
MOST_CALENDARS = 50
LONGEST_URL = 1000


@dataclass(frozen=True)
class FoundCalendar:
    """A calendar of an account, under a name that no other of them has."""

    url: str
    name: str


def calendars(server: Server) -> list[FoundCalendar]:
    """Return the calendars of the account.

    Raises:
        ServerProblemError: there is no such server, or it refuses the account.
        RuleBrokenError: the account has no calendar.
    """
    listed = [each for each in dav.find(server, _home(server), dav.LIST_CALENDARS, "1") if each.is_calendar]
    trusted = [each for each in listed if is_trusted(each.url, server.address) and len(each.url) <= LONGEST_URL]
    if not trusted:
        raise RuleBrokenError("The account is there, and has no calendar that takes events.")
    names: dict[str, FoundCalendar] = {}
    for each in trusted[:MOST_CALENDARS]:
        name = _unlike(names, one_line(each.text("displayname")) or one_line(each.name) or "?")
        names[name] = FoundCalendar(each.url, name)
    return list(names.values())


def _home(server: Server) -> str:
    """Return where the calendars are: said by the address itself, or by the person whose it is, or known by custom."""
    found = _asked(server, server.address) or _asked(server, urljoin(server.address, WELL_KNOWN))
    if found is None:
        raise ServerProblemError("not_caldav")
    principal = found.link("current-user-principal")
    home = found.link("calendar-home-set", CALDAV)
    if home is None and principal is not None:
        [*_others, person] = dav.find(server, principal, dav.FIND_HOME, "0") or [found]
        home = person.link("calendar-home-set", CALDAV)
    if home is not None:
        return home
    if found.is_calendar:
        return found.url
    raise ServerProblemError("not_caldav")


def _asked(server: Server, url: str) -> Found | None:
    try:
        found = dav.find(server, url, dav.FIND_HOME, "0")
    except ServerProblemError as problem:
        if problem.code in {"refused", "private", "unreachable", "server_busy"}:
            raise
        return None
    known = [each for each in found if each.properties]
    return known[0] if known else None


def _unlike(names: dict[str, FoundCalendar], name: str) -> str:
    unlike, number = name, 1
    while unlike in names:
        number += 1
        unlike = f"{name[: LONGEST_NAME - 4]} {number}"
    return unlike
