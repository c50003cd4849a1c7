"""Signing in: with a password and a second step, through a provider, or by choice among synthetic people."""

from __future__ import annotations

import base64
import io
from urllib.parse import urlencode

import segno
from starlette.requests import Request
from starlette.responses import Response

from dashboard.access import accounts, audit, second_step, sessions
from dashboard.access.accounts import SecondStep
from dashboard.access.queries import has_people
from dashboard.config import settings
from dashboard.ui.language import COOKIE as LANGUAGE_COOKIE
from dashboard.ui.language import LANGUAGES, _
from dashboard.ui.navigation import role_name
from dashboard.web import oidc, pages
from dashboard.web.requests import Fields, entered, go, inside, is_private, keep_step, step_of

YEAR_SECONDS = 31_536_000


def form(request: Request, _fields: Fields) -> Response:
    """Offer the ways to sign in that this practice has."""
    return _form(inside(request.query_params.get("next")), is_open=is_private(request))


def _form(address: str, *, email: str = "", problem: str | None = None, is_open: bool = True) -> Response:
    chooses = sessions.may_choose()
    sentence = _("This is a synthetic practice: nobody here is real. Who do you want to be?") if chooses else ""
    if not has_people():
        sentence = _("Nobody uses this dashboard yet. The command intersession users add makes the first account.")
    if not is_open:
        sentence = _("This page was not opened over https. Nobody signs in where others could listen.")
    people = [
        (person.user_id, f"{role_name(person.role)} · {person.display_name}") for person in sessions.people_to_choose()
    ]
    return pages.page(
        "sign_in",
        _("Sign in"),
        status=200 if problem is None else 401,
        problem=problem,
        sentence=sentence,
        people=people if chooses and is_open else [],
        provider=_("Sign in with {provider}").format(provider=settings().oidc_name) if oidc.is_set_up() else "",
        has_passwords=is_open and not chooses,
        next=address,
        email=email,
        words={
            "person": _("Person"),
            "email": _("E-mail"),
            "password": _("Password"),
            "sign_in": _("Sign in"),
            "go_on": _("Continue"),
            "forgotten": _("I forgot my password, or have none yet"),
        },
    )


def choose(request: Request, fields: Fields) -> Response:
    """Work as one of the synthetic practice's people."""
    chosen = fields.get("person", "")
    actor = None
    if sessions.may_choose() and chosen.isdecimal() and len(chosen) < 16:
        actor = sessions.open_chosen(int(chosen), request.headers.get("user-agent"))
    if actor is None:
        return _form("/", problem=_("This person cannot be chosen."))
    return _enter(request, actor.token, fields.get("next"))


def password(request: Request, fields: Fields) -> Response:
    """Take an e-mail and a password, and go on to the second step where there is one."""
    email, address = fields.get("email", "").strip(), inside(fields.get("next"))
    if not is_private(request):
        return _form(address, is_open=False)
    proved = accounts.prove(email, fields.get("password", ""))
    if proved is None:
        audit.refused(None, "sign_in")
        problem = _(
            "E-mail and password do not match. After five wrong answers an account waits, each time longer, before it"
            " takes the next one."
        )
        return _form(address, email=email, problem=problem)
    step = {"user": proved.user_id, "email": email, "next": address}
    if proved.has_second_step:
        return keep_step(request, go("/sign-in/code"), step)
    if settings().second_step == "required":
        return keep_step(request, go("/sign-in/second-step"), {**step, "sets_up": True})
    token = accounts.sign_in(proved.user_id, email, None, request.headers.get("user-agent"))
    return _enter(request, token, address) if token else _form(address, email=email)


def code_form(request: Request, _fields: Fields) -> Response:
    """Ask for the code of the second step."""
    return _code_form() if "user" in step_of(request) else go("/sign-in")


def _code_form(problem: str | None = None) -> Response:
    return pages.page(
        "code",
        _("Second step"),
        status=200 if problem is None else 401,
        problem=problem,
        sentence=_("Type the code that your authenticator shows, or one of your recovery codes."),
        words={"code": _("Code"), "go_on": _("Continue"), "back": _("Begin again")},
    )


def code(request: Request, fields: Fields) -> Response:
    """Take the code of the second step and open the session."""
    step = step_of(request)
    if "user" not in step:
        return go("/sign-in")
    try:
        token = accounts.sign_in(step["user"], step["email"], fields.get("code", ""), request.headers.get("user-agent"))
    except second_step.UnreadableSecretError:
        return _code_form(_("The second step of this account has to be set up again: ask for a new invitation."))
    if token is None:
        audit.refused(None, "sign_in")
        return _code_form(_("This code is not right, was used already, or the account has to wait."))
    return _enter(request, token, step.get("next"))


def second_step_form(request: Request, _fields: Fields) -> Response:
    """Show what an authenticator needs, and the recovery codes; they are kept once a code was right."""
    step = step_of(request)
    if not step.get("sets_up"):
        return go("/sign-in")
    made = accounts.new_second_step()
    kept = second_step.seal(" ".join([made.secret, *made.codes]), step["user"])
    answer = _second_step_form(step["email"], made)
    return keep_step(request, answer, {**step, "made": base64.b64encode(kept).decode()})


def _second_step_form(email: str, made: SecondStep, problem: str | None = None) -> Response:
    return pages.page(
        "second_step",
        _("Set up the second step"),
        status=200 if problem is None else 401,
        problem=problem,
        sentence=_("Read this drawing with an authenticator on your telephone, then type the code that it shows."),
        drawing=_drawing(second_step.address(made.secret, email)),
        secret=" ".join(made.secret[place : place + 4] for place in range(0, len(made.secret), 4)),
        codes=made.codes,
        words={
            "drawing": _("QR code for the authenticator"),
            "by_hand": _("Or type this key into it:"),
            "codes_title": _("Recovery codes"),
            "codes_sentence": _("Write these down: each stands in once for the code. They are not shown again."),
            "code": _("Code"),
            "go_on": _("Save and continue"),
        },
    )


def set_second_step(request: Request, fields: Fields) -> Response:
    """Keep the second step when its first code is right, and open the session."""
    step = step_of(request)
    if not step.get("sets_up") or not step.get("made"):
        return go("/sign-in")
    secret, *codes = second_step.unseal(base64.b64decode(step["made"]), step["user"]).split(" ")
    made, given = SecondStep(secret, tuple(codes)), fields.get("code", "")
    if not accounts.set_second_step(step["user"], made, given):
        return _second_step_form(step["email"], made, _("This code is not right. Is the telephone's clock right?"))
    token = accounts.sign_in(step["user"], step["email"], given, request.headers.get("user-agent"))
    return _enter(request, token, step.get("next")) if token else go("/sign-in")


def _drawing(address: str) -> str:
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=2, xmldecl=False)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def _enter(request: Request, token: str, address: str | None) -> Response:
    """Enter with a new session; the one that this browser had before ends."""
    earlier = request.cookies.get(sessions.COOKIE)
    if earlier:
        sessions.close(earlier)
    return entered(request, token, inside(address))


def language(request: Request, _fields: Fields) -> Response:
    """Keep the language chosen on these pages and go back to them."""
    answer = go("/sign-in")
    chosen = request.path_params["code"]
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR_SECONDS, samesite="lax", path="/")
    return answer


def left(request: Request, _fields: Fields) -> Response:
    """Follow a session that is over to the sign-in page; one that is not over stays."""
    token = request.cookies.get(sessions.COOKIE)
    if token and sessions.person_of(token):
        return go("/")
    came_from = request.headers.get("referer", "")
    address = inside("/" + came_from.split("/", 3)[-1]) if came_from.count("/") > 2 else "/"
    answer = go(f"/sign-in?{urlencode({'next': address})}" if address != "/" else "/sign-in")
    answer.delete_cookie(sessions.COOKIE, path="/")
    return answer
