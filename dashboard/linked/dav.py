"""What is asked of a CalDAV server (RFC 4791), and what its answers say; they are a stranger's, and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml.ElementTree import fromstring

from dashboard.linked.reaching import Answer, Server, ServerProblemError, joined

DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
FIND_HOME = (
    f"<d:propfind {NAMESPACES}><d:prop><d:current-user-principal/><c:calendar-home-set/><d:resourcetype/>"
    "</d:prop></d:propfind>"
)
LIST_CALENDARS = (
    f"<d:propfind {NAMESPACES}><d:prop><d:resourcetype/><d:displayname/><c:supported-calendar-component-set/>"
    "</d:prop></d:propfind>"
)
LIST_TAGS = f"<d:propfind {NAMESPACES}><d:prop><d:getetag/></d:prop></d:propfind>"
BETWEEN = (
    f"<c:calendar-query {NAMESPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>"
    '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
    '<c:time-range start="{since}" end="{until}"/>'
    "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
)
XML = "application/xml; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"
DONE = {200, 201, 204}
ABSENT = {404, 410}
LONGEST_TAG = 300


@dataclass(frozen=True)
class Found:
    """One resource of a server, with those of its properties that it told."""

    url: str
    properties: dict[str, Element]

    @property
    def name(self) -> str:
        """Return the last part of its address, as it reads."""
        return unquote(urlsplit(self.url).path).rstrip("/").rpartition("/")[2]

    @property
    def tag(self) -> str:
        """Return the tag of what the server holds there; empty when it told none that can be kept."""
        return kept_tag(self.text("getetag")) or ""

    @property
    def is_calendar(self) -> bool:
        """Whether it is a calendar that takes events."""
        kind = self.properties.get(f"{DAV}resourcetype")
        taken = self.properties.get(f"{CALDAV}supported-calendar-component-set")
        names = None if taken is None else {each.get("name", "").upper() for each in taken}
        return kind is not None and kind.find(f"{CALDAV}calendar") is not None and (not names or "VEVENT" in names)

    def text(self, name: str, namespace: str = DAV) -> str:
        """Return the text of a property, or nothing."""
        found = self.properties.get(f"{namespace}{name}")
        return "" if found is None else (found.text or "").strip()

    def link(self, name: str, namespace: str = DAV) -> str | None:
        """Return where a property leads."""
        found = self.properties.get(f"{namespace}{name}")
        href = None if found is None else found.find(f"{DAV}href")
        return joined(self.url, href.text) if href is not None and href.text else None


def kept_tag(tag: str | None) -> str | None:
    """Return a tag as it is kept and compared; one that no server of good will would send is none."""
    tag = (tag or "").strip().removeprefix("W/")
    return tag if tag and len(tag) <= LONGEST_TAG and tag.isascii() and tag.isprintable() else None


def find(server: Server, url: str, body: str, depth: str) -> list[Found]:
    """Return what a PROPFIND finds.

    Raises:
        ServerProblemError: the server does not answer it as a CalDAV server does.
    """
    return _resources(server.ask("PROPFIND", url, body.encode(), Depth=depth, Content_Type=XML))


def tags(server: Server, url: str) -> dict[str, str]:
    """Return the tag of each resource of a calendar, by the last part of its address."""
    return {each.name: each.tag for each in find(server, url, LIST_TAGS, "1") if each.tag}


def events_between(server: Server, url: str, since: datetime, until: datetime) -> list[str]:
    """Return the resources of a calendar with an event in ``[since, until)``, each as the text that it is."""
    body = BETWEEN.format(since=_stamp(since), until=_stamp(until)).encode()
    found = _resources(server.ask("REPORT", url, body, Depth="1", Content_Type=XML))
    return [text for each in found if (text := each.text("calendar-data", CALDAV))]


def content(server: Server, url: str) -> bytes | None:
    """Return what stands at an address, or nothing when it is gone."""
    answer = server.ask("GET", url)
    if answer.status in ABSENT:
        return None
    _require(answer, {200})
    return answer.content


def put(server: Server, url: str, event: bytes, tag: str | None) -> tuple[bool, str | None]:
    """Write an event in place of what has ``tag``, or where nothing is; return whether, and its new tag.

    Raises:
        ServerProblemError: the server refuses it, whatever stands there.
    """
    condition = {"If_None_Match": "*"} if tag is None else {"If_Match": tag}
    answer = server.ask("PUT", url, event, Content_Type=CALENDAR, **condition)
    # Some say 409 for an event of the same name that stands there already.
    if answer.status in {409, 412} or (tag is not None and answer.status in ABSENT):
        return False, None
    _require(answer, DONE)
    return True, kept_tag(answer.tag)


def delete(server: Server, url: str, tag: str) -> bool:
    """Take out what has ``tag``; return whether it is gone."""
    answer = server.ask("DELETE", url, If_Match=tag)
    if answer.status == 412:
        return False
    _require(answer, {*DONE, *ABSENT})
    return True


def _require(answer: Answer, wanted: set[int]) -> None:
    if answer.status not in wanted:
        codes = {403: "read_only", 404: "gone", 410: "gone", 413: "too_large", 507: "too_large"}
        raise ServerProblemError(codes.get(answer.status, "not_caldav"))


def _resources(answer: Answer) -> list[Found]:
    _require(answer, {207})
    try:
        root = fromstring(answer.content, forbid_dtd=True)
    except (ParseError, defusedxml.DefusedXmlException, ValueError):
        raise ServerProblemError("not_caldav") from None
    return [found for each in root.iter(f"{DAV}response") if (found := _found(each, answer.url)) is not None]


def _found(response: Element, base: str) -> Found | None:
    href = response.find(f"{DAV}href")
    if href is None or not href.text:
        return None
    url = joined(base, href.text)
    return Found(url, {each.tag: each for each in _properties(response)}) if url else None


def _properties(response: Element) -> Iterator[Element]:
    for part in response.iter(f"{DAV}propstat"):
        status = part.find(f"{DAV}status")
        if status is not None and " 200" in (status.text or ""):
            for held in part.iter(f"{DAV}prop"):
                yield from held


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
