"""The addresses of the server's own pages."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import db
from dashboard.config import settings
from dashboard.web import calendars, call_check, oidc, pages, passwords, sign_in
from dashboard.web.requests import STEP_SECONDS, Answer, answered


class ProviderCookie:
    """Keeps what signing in through a provider has to remember, in a signed cookie of some minutes."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app
        self.kept: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the key is asked for at the first, when the installation is known."""
        if self.kept is None:
            self.kept = SessionMiddleware(
                self.app,
                secret_key=db.web_secret().decode(),
                session_cookie="intersession_provider",
                max_age=STEP_SECONDS,
                path="/sign-in/provider",
                https_only=settings().address.startswith("https:"),
            )
        await self.kept(scope, receive, send)


def _pair(path: str, shown: Answer, sent: Answer) -> list[Route]:
    """Return the routes of a form: what is looked at and what is sent."""
    return [Route(path, answered(shown), methods=["GET"]), Route(path, answered(sent), methods=["POST"])]


def style(_request: Request) -> Response:
    """Return the look of the pages."""
    return pages.style()


PROVIDER = [Middleware(ProviderCookie)]
ROUTES = [
    *_pair("/sign-in", sign_in.form, sign_in.password),
    Route("/sign-in/style.css", style),
    Route("/sign-in/language/{code}", answered(sign_in.language)),
    Route("/sign-in/person", answered(sign_in.choose), methods=["POST"]),
    *_pair("/sign-in/code", sign_in.code_form, sign_in.code),
    *_pair("/sign-in/second-step", sign_in.second_step_form, sign_in.set_second_step),
    *_pair("/sign-in/link/{token}", passwords.link_form, passwords.by_link),
    *_pair("/sign-in/forgotten", passwords.forgotten_form, passwords.forgotten),
    *_pair("/sign-in/password", passwords.change_form, passwords.change),
    Route("/sign-in/provider", oidc.begin, methods=["GET"], middleware=PROVIDER),
    Route(oidc.CALLBACK, oidc.come_back, methods=["GET"], middleware=PROVIDER),
    # Where Streamlit's own ``st.logout`` sends the browser.
    Route("/auth/logout", answered(sign_in.left), methods=["GET"]),
    calendars.ROUTE,
    *call_check.ROUTES,
]
