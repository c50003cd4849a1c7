"""Signing in through an OpenID Connect provider: it proves an e-mail, and that is exchanged for a session at once."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from httpx import HTTPError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dashboard.access import accounts, audit
from dashboard.config import settings
from dashboard.ui.language import _, speaking
from dashboard.web import pages
from dashboard.web.requests import entered, inside

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # On import it tells of libraries that it will use some day.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.starlette_client import OAuth

log = logging.getLogger(__name__)

CALLBACK = "/sign-in/provider/callback"
PATIENCE_SECONDS = 10


def is_set_up() -> bool:
    """Return whether the practice named a provider."""
    return bool(settings().oidc_issuer and settings().oidc_client_id and settings().oidc_client_secret)


def _client() -> Any:
    chosen = settings()
    registry = OAuth()
    return registry.register(
        "provider",
        client_id=chosen.oidc_client_id,
        client_secret=chosen.oidc_client_secret,
        server_metadata_url=f"{(chosen.oidc_issuer or '').rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "timeout": PATIENCE_SECONDS,
        },
    )


async def begin(request: Request) -> Response:
    """Send the browser to the provider; state, nonce and the code's challenge stay in a signed cookie."""
    if not is_set_up():
        return await run_in_threadpool(_refuse, request, None)
    request.session["next"] = inside(request.query_params.get("next"))
    try:
        answer: Response = await _client().authorize_redirect(request, f"{settings().address}{CALLBACK}")
    except (OAuthError, HTTPError) as error:
        log.warning("the provider cannot be asked: %s", type(error).__name__)
        return await run_in_threadpool(_refuse, request, "silent")
    return answer


async def come_back(request: Request) -> Response:
    """Take what the provider says, check it, and open a session of the active user with that verified e-mail."""
    address = inside(request.session.pop("next", None))
    try:
        told = (await _client().authorize_access_token(request))["userinfo"]
    except (OAuthError, HTTPError, KeyError, ValueError) as error:
        log.warning("the provider's answer is not accepted: %s", type(error).__name__)
        return await run_in_threadpool(_refuse, request, "silent")
    request.session.clear()
    if told.get("email_verified") is not True or not told.get("email"):
        return await run_in_threadpool(_refuse, request, "unverified")
    device = request.headers.get("user-agent")
    token = await run_in_threadpool(accounts.sign_in_from_provider, str(told["email"]), device)
    if token is None:
        return await run_in_threadpool(_refuse, request, "unknown")
    return entered(request, token, address)


def _refuse(request: Request, why: str | None) -> Response:
    audit.refused(None, "sign_in")
    with speaking(pages.language_of(request)):
        said = {
            "silent": _("The sign-in service did not answer as it should. Try again in a moment."),
            "unverified": _("The sign-in service does not vouch for your e-mail. Have it verified there first."),
            "unknown": _("This e-mail is not of anybody who uses this dashboard. Ask who runs it to add you."),
        }.get(why or "", _("Signing in through a service is not set up here."))
        return pages.told(_("You are not signed in"), said, link=_("Back"))
