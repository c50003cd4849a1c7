"""Draws the pages, with what every page shows: the practice, the languages, the way back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from dashboard import mail
from dashboard.languages import LANGUAGES
from dashboard.public_booking import visits, wording
from dashboard.public_booking.wording import _, ngettext

TEMPLATES = Path(__file__).parent / "templates"
DRAWN = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
DRAWN.filters["capitalize_first"] = lambda words: words[:1].upper() + words[1:]


def page(template: str, title: str, status: int = 200, *, path: str = "/", **values: Any) -> Response:
    """Return a page in the language of the moment; ``path`` is where it stays when another language is chosen."""
    practice = visits.practice()
    drawn = DRAWN.get_template(f"{template}.html").render(
        title=title,
        language=wording.language(),
        languages=LANGUAGES,
        path=path,
        practice=practice,
        _=_,
        ngettext=ngettext,
        day=partial(wording.day, practice_locale=practice.locale),
        hour=partial(wording.hour, practice_locale=practice.locale),
        money=partial(wording.money, practice_locale=practice.locale),
        **values,
    )
    return HTMLResponse(drawn, status_code=status)


def is_open(practice: visits.Practice) -> bool:
    """Return whether requests are taken: the practice says so, and can send the letter that confirms one."""
    return practice.is_on and (mail.is_set_up() or practice.is_synthetic)


def told(title: str, sentence: str, status: int = 200, *, path: str = "/") -> Response:
    """Return a page that says one thing and leads to the free hours."""
    return page("told", title, status, path=path, sentence=sentence)


def closed() -> Response:
    """Return the page of a practice that takes no requests online."""
    return told(_("Online booking is closed"), _("Please call us: we will find an hour with you."))


def unknown() -> Response:
    """Return the page of a link that opens nothing: it was used, is too old, or never was."""
    sentence = _("It was used already, it is too old, or it was not copied whole. Nothing was changed.")
    return told(_("This link is not good any more"), sentence, 404)


def stale() -> Response:
    """Return the page of a form that was open for too long, or came from elsewhere."""
    sentence = _("This page was open for too long. Go back, load it again, and send it once more. Nothing was changed.")
    return told(_("Please try again"), sentence, 403)


def not_now() -> Response:
    """Return the answer while the database cannot be asked; drawn without it."""
    return PlainTextResponse(
        f"{_('This does not work at the moment.')} {_('Please try again in some minutes, or call us.')}",
        503,
        {"Retry-After": "60"},
    )


def style() -> Response:
    """Return the look of the pages."""
    sheet = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return Response(sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})
