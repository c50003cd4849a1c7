"""Every reason for not reading a calendar or an event of it, as a stable code with one plain sentence."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why a calendar was refused, or why an event of it was set aside or flagged."""

    # The calendar is refused: nothing of it is read.
    EMPTY_FILE = "EMPTY_FILE"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    NUL_BYTE = "NUL_BYTE"
    NOT_A_CALENDAR = "NOT_A_CALENDAR"
    CUT_SHORT = "CUT_SHORT"
    TOO_MANY_EVENTS = "TOO_MANY_EVENTS"
    TOO_COMPLEX = "TOO_COMPLEX"
    # One event is set aside, the others are read.
    BROKEN_EVENT = "BROKEN_EVENT"
    TOO_LONG = "TOO_LONG"
    NO_START = "NO_START"
    NO_END = "NO_END"
    DATE = "DATE"
    BAD_INTERVAL = "BAD_INTERVAL"
    TIME_ZONE = "TIME_ZONE"
    RRULE = "RRULE"
    RRULE_FREQUENCY = "RRULE_FREQUENCY"
    RRULE_EMPTY = "RRULE_EMPTY"
    RRULE_TOO_SLOW = "RRULE_TOO_SLOW"
    TOO_MANY_DATES = "TOO_MANY_DATES"
    TOO_MANY_OCCURRENCES = "TOO_MANY_OCCURRENCES"
    # One event takes no time, for a good reason.
    CANCELLED = "CANCELLED"
    TRANSPARENT = "TRANSPARENT"
    INVITATION = "INVITATION"
    OLDER_VERSION = "OLDER_VERSION"
    DUPLICATE = "DUPLICATE"
    # The event is read, and reported.
    NO_UID = "NO_UID"
    OCCURRENCES_CUT = "OCCURRENCES_CUT"
    HOUR_SKIPPED = "HOUR_SKIPPED"
    HOUR_TWICE = "HOUR_TWICE"


SENTENCES: dict[Code, str] = {
    Code.EMPTY_FILE: "The file is empty.",
    Code.FILE_TOO_LARGE: "The calendar is larger than 5 MB.",
    Code.NUL_BYTE: "The file holds a NUL byte, which no text has.",
    Code.NOT_A_CALENDAR: "The file is not a calendar in the format iCalendar (.ics).",
    Code.CUT_SHORT: "The calendar does not end: a part of the file is missing.",
    Code.TOO_MANY_EVENTS: "The calendar has more than 10,000 events.",
    Code.TOO_COMPLEX: "Reading the calendar takes more time or memory than is allowed.",
    Code.BROKEN_EVENT: "The event is not complete, runs into another one, or stands outside the calendar.",
    Code.TOO_LONG: "A line of the event is longer than any real one.",
    Code.NO_START: "The event does not say when it begins.",
    Code.NO_END: "The event has no end, so it takes no time.",
    Code.DATE: "A date or time of the event is none of the calendar.",
    Code.BAD_INTERVAL: "The end is not after the start.",
    Code.TIME_ZONE: "The event is in a time zone that is not known.",
    Code.RRULE: "The rule by which the event repeats is not understood.",
    Code.RRULE_FREQUENCY: "The event repeats more often than daily.",
    Code.RRULE_EMPTY: "The rule by which the event repeats never matches a day.",
    Code.RRULE_TOO_SLOW: "The rule by which the event repeats takes too long to follow.",
    Code.TOO_MANY_DATES: "The event, or the calendar up to it, lists more single dates than are read.",
    Code.TOO_MANY_OCCURRENCES: "The calendar has more than 10,000 busy times; those of this event are left out.",
    Code.CANCELLED: "The event is cancelled.",
    Code.TRANSPARENT: "The event is marked as free time.",
    Code.INVITATION: "The event is an invitation or an answer to one, and not an entry of a calendar.",
    Code.OLDER_VERSION: "The calendar has a newer version of the event.",
    Code.DUPLICATE: "The calendar has the event more than once.",
    Code.NO_UID: "Read: the event has no identifier, so a change of it looks like another event.",
    Code.OCCURRENCES_CUT: "Read: the event repeats more than 1,000 times; only the first 1,000 count.",
    Code.HOUR_SKIPPED: "Read: the clocks skip this hour; the event counts as one hour later.",
    Code.HOUR_TWICE: "Read: the clocks show this hour twice; the first one counts.",
}


class CalendarRefusedError(Exception):
    """A whole calendar is refused: a code and the line, where one is to blame; never a value."""

    def __init__(self, code: Code, line: int | None = None) -> None:
        super().__init__(code if line is None else f"{code}:{line}")
        self.code = code
        self.line = line


class EventProblemError(Exception):
    """One event is set aside, with a code; never a value."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code
