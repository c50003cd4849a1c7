"""Writes a message: its words in the recipient's language, plain and as HTML, with the appointment as a calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from dashboard import clock
from dashboard.calendars.feed import FeedEvent, feed
from dashboard.config import settings

TEMPLATES = Path(__file__).parent / "templates"
SEVERAL_EMPTY_LINES = re.compile(r"\n{3,}")
ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True)
class Content:
    """All that a message may say, and to whom; what is not here, such as who treats whom for what, no template knows.

    ``uid`` and ``sequence`` are of the appointment in the recipient's calendar; ``link`` is of its video call or of an
    offer, and ``answer_until`` of an offer alone.
    """

    kind: str
    language: str
    address: str | None
    practice: str
    practice_locale: str
    site: str
    place: str
    telephone: str | None
    zone: str
    mode: str
    starts_at: datetime
    ends_at: datetime
    message_id: str | None
    uid: str
    sequence: int
    answer_until: datetime | None = None
    link: str | None = None

    @property
    def locale(self) -> Locale:
        """The recipient's language as it is written in the practice's country."""
        country = self.practice_locale.partition("_")[2]
        try:
            return Locale.parse(f"{self.language}_{country}")
        except (UnknownLocaleError, ValueError):
            return Locale.parse("en_GB" if self.language == "en" else self.language)

    def words(self) -> dict[str, str]:
        """Return what the templates are given."""
        return {
            "practice": _on_one_line(self.practice),
            "site": _on_one_line(self.site) if self.site != self.practice else "",
            "place": _on_one_line(self.place),
            "telephone": _on_one_line(self.telephone or ""),
            "mode": self.mode,
            "day": self._day(self.starts_at),
            "hour": self._hour(self.starts_at),
            "until": f"{self._day(self.answer_until)}, {self._hour(self.answer_until)}" if self.answer_until else "",
            "link": self.link or "",
            "language": self.language,
        }

    def _day(self, moment: datetime) -> str:
        return format_date(moment.astimezone(ZoneInfo(self.zone)).date(), format="full", locale=self.locale)

    def _hour(self, moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(self.zone))
        return format_time(local.timetz(), format="short", tzinfo=local.tzinfo, locale=self.locale)


def _on_one_line(text: str) -> str:
    """Return a name as one line: it may stand in the subject, which ends with its line."""
    return " ".join(text.split())


@dataclass(frozen=True)
class Written:
    """The words of a message."""

    subject: str
    plain: str
    html: str


@lru_cache(maxsize=2)
def _templates(*, is_html: bool) -> Environment:
    """Return the templates; an unknown name is an error.

    Both kinds share macros, and a macro escapes as the environment does that it was loaded by: so there are two.
    """
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape((), (), default=is_html, default_for_string=is_html),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def worded(content: Content) -> Written:
    """Return the words of a message; the first line of the plain template is the subject."""
    given = content.words()
    name = f"{content.language}/{content.kind}"
    subject, _rule, plain = _templates(is_html=False).get_template(f"{name}.txt.j2").render(given).partition("\n")
    html = _templates(is_html=True).get_template(f"{name}.html.j2").render(given, subject=subject)
    return Written(subject.strip(), SEVERAL_EMPTY_LINES.sub("\n\n", plain).strip() + "\n", html)


def written(content: Content) -> EmailMessage:
    """Return the message ready to be sent.

    Raises:
        ValueError: the address is none that mail can be sent to.
    """
    if not ADDRESS.fullmatch(content.address or ""):
        raise ValueError("This is no address.")
    words = worded(content)
    letter = EmailMessage()
    letter["From"] = settings().mail_from
    letter["To"] = content.address
    letter["Subject"] = words.subject
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = content.message_id
    letter["Auto-Submitted"] = "auto-generated"  # nobody's out-of-office note is to answer
    letter.set_content(words.plain)
    letter.add_alternative(words.html, subtype="html")
    if content.kind != "offer":  # what is offered is nobody's appointment yet
        calendar = appointment(content).decode()
        letter.add_attachment(calendar, subtype="calendar", filename="appointment.ics")
    return letter


def appointment(content: Content) -> bytes:
    """Return the appointment for a calendar, under the practice's name alone."""
    event = FeedEvent(
        uid=content.uid,
        starts_at=content.starts_at,
        ends_at=content.ends_at,
        title=content.practice,
        sequence=content.sequence,
        status="CANCELLED" if content.kind == "cancellation" else "CONFIRMED",
        last_modified=clock.now(),
    )
    return feed([event], content.practice, content.zone)
