"""The server's own pages: drawn without scripts, so that a password goes from a form to the server and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard.access.queries import practice
from dashboard.ui.language import COOKIE, LANGUAGES, _, language, nearest

TEMPLATES = Path(__file__).parent / "templates"
DRAWN = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}


def language_of(request: Request) -> str:
    """Return the language of a request: what was chosen on these pages, else the browser's."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else nearest(request.headers.get("accept-language", "en"))


def page(template: str, title: str, status: int = 200, **values: Any) -> Response:
    """Return a page in the language of the moment; ``problem`` among ``values`` is what went wrong."""
    shown = {"problem": None, "words": {}, **values}
    shown["words"] = {"language": _("Language"), **shown["words"]}
    html = DRAWN.get_template(f"{template}.html").render(
        title=title, language=language(), languages=LANGUAGES, practice=_practice_name(), **shown
    )
    return HTMLResponse(html, status_code=status, headers=HEADERS)


def told(title: str, sentence: str, href: str = "/sign-in", link: str | None = None) -> Response:
    """Return a page that says one thing and leads on."""
    return page("told", title, sentence=sentence, href=href, link=link or _("Sign in"))


def style() -> Response:
    """Return the look of these pages."""
    sheet = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return Response(sheet, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _practice_name() -> str:
    name = practice().name
    return "" if name == "Intersession" else name
