"""Writes a letter to a visitor: an hour, a place and a link, in the language they used, without a clinical word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from dashboard import clock
from dashboard.config import settings
from dashboard.languages import speaking
from dashboard.messages.letters import ADDRESS
from dashboard.public_booking import wording
from dashboard.public_booking.wording import _

TEMPLATES = Path(__file__).parent / "templates"
PLACES = {"confirm": "/confirm/", "received": "/request/", "booked": "/request/", "changed": "/request/"}
"""Where the link of a letter leads, by the letter's kind; the others have none."""


@dataclass(frozen=True)
class Content:
    """All that a letter may say, and to whom; it is not told what the hour is for, nor with whom."""

    id: int
    kind: str
    attempts: int
    language: str
    address: str
    practice: str
    practice_locale: str
    site: str
    place: str
    telephone: str | None
    zone: str
    mode: str
    starts_at: datetime
    ends_at: datetime
    message_id: str
    has_link: bool


@dataclass(frozen=True)
class Words:
    """What tells one kind of letter from another."""

    subject: str
    sentence: str
    link: str = ""
    after: str = ""


def _words(kind: str) -> Words:
    see = _("See, move or cancel it:")
    return {
        "confirm": Words(
            _("Confirm your request"),
            _("Somebody, probably you, asked us for this hour. It is kept for ten minutes: confirm it by this link."),
            _("Confirm it:"),
            _("It was not you? Then do nothing: nothing is booked."),
        ),
        "received": Words(
            _("We have your request"),
            _("The hour is kept for you. We write to you as soon as we have looked at your request."),
            see,
        ),
        "booked": Words(_("Your appointment"), _("It is booked. We look forward to seeing you."), see),
        "declined": Words(
            _("We cannot offer you this hour"),
            _("We are sorry. Choose another hour, or call us: we will find one with you."),
        ),
        "changed": Words(_("Your appointment has another hour"), _("It was moved as you wished. It is now:"), see),
        "cancelled": Words(_("Your appointment is cancelled"), _("It was cancelled as you wished. It was:")),
    }[kind]


@lru_cache(maxsize=2)
def _templates(*, is_html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape((), (), default=is_html, default_for_string=is_html),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def written(content: Content, token: str) -> EmailMessage:
    """Return the letter ready to be sent; ``token`` opens its link.

    Raises:
        ValueError: the address is none that mail can be sent to.
    """
    if not ADDRESS.fullmatch(content.address):
        raise ValueError("This is no address.")
    with speaking(content.language):
        words = _words(content.kind)
        given = {
            "words": words,
            "practice": _on_one_line(content.practice),
            "day": wording.day(content.starts_at, content.zone, content.practice_locale),
            "hour": wording.hour(content.starts_at, content.zone, content.practice_locale),
            "where": _where(content),
            "call": _call(content.telephone),
            "why": _("This letter was sent because an appointment was asked for with this address."),
            "link": f"{settings().booking_address}{PLACES[content.kind]}{token}" if content.has_link else "",
            "language": content.language,
        }
        plain = _templates(is_html=False).get_template("letter.txt.j2").render(given)
        html = _templates(is_html=True).get_template("letter.html.j2").render(given)
    letter = EmailMessage()
    letter["From"] = settings().mail_from
    letter["To"] = content.address
    letter["Subject"] = f"{words.subject} · {given['practice']}"
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = content.message_id
    letter["Auto-Submitted"] = "auto-generated"  # nobody's out-of-office note is to answer
    letter.set_content(plain)
    letter.add_alternative(html, subtype="html")
    return letter


def _where(content: Content) -> str:
    if content.mode == "online":
        return _("By video call")
    return _on_one_line(", ".join(part for part in (content.site, content.place) if part))


def _call(telephone: str | None) -> str:
    if not telephone:
        return _("Anything else? Please call us.")
    return _("Anything else? Please call us on {telephone}.").format(telephone=_on_one_line(telephone))


def _on_one_line(text: str) -> str:
    """Return a name as one line: it may stand in the subject, which ends with its line."""
    return " ".join(text.split())
