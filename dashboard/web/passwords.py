"""Setting a password: by a link that is good once, by asking for such a link, or by who knows the present one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dashboard import mail
from dashboard.access import accounts, audit, sessions
from dashboard.access.passwords import Weakness, weakness
from dashboard.access.users import link_address
from dashboard.ui.language import _
from dashboard.web import pages
from dashboard.web.requests import Fields, go, is_private


def link_form(request: Request, _fields: Fields) -> Response:
    """Ask whom a link was made for for a password; looking at the page uses nothing up."""
    invited = accounts.invited(request.path_params["token"])
    if invited is None or not is_private(request):
        return _over()
    return _by_link(request, invited)


def by_link(request: Request, fields: Fields) -> Response:
    """Set the password of whom a link was made for."""
    token = request.path_params["token"]
    invited = accounts.invited(token)
    if invited is None or not is_private(request):
        return _over()
    problem = _problem(fields, invited.email, invited.display_name)
    if problem:
        return _by_link(request, invited, problem)
    if not accounts.set_password(token, fields["wanted"]):
        return _over()
    return pages.told(_("Your password is set"), _("Sign in with it now."))


def _by_link(request: Request, invited: accounts.Invited, problem: str | None = None) -> Response:
    said = _("{name}, choose 12 characters or more. Four words that only you would put together are good.")
    return _form(request.url.path, said.format(name=invited.display_name), problem, email=invited.email)


def _over() -> Response:
    return pages.page(
        "told",
        _("This link is not good any more"),
        status=404,
        sentence=_("It was used, it is too old, or it was never made. Ask for a new one."),
        href="/sign-in",
        link=_("Sign in"),
    )


def _form(action: str, said: str, problem: str | None, *, email: str, asks_present: bool = False) -> Response:
    return pages.page(
        "password",
        _("Choose a password"),
        status=200 if problem is None else 422,
        problem=problem,
        sentence=said,
        action=action,
        email=email,
        asks_present=asks_present,
        words={
            "present": _("Present password"),
            "wanted": _("New password"),
            "again": _("The same again"),
            "save": _("Save the password"),
        },
    )


def _problem(fields: Fields, *about: str) -> str | None:
    wanted = fields.get("wanted", "")
    if wanted != fields.get("again"):
        return _("The two are not the same.")
    weak = weakness(wanted, *about)
    return _weaknesses()[weak] if weak else None


def _weaknesses() -> dict[Weakness, str]:
    return {
        "too_short": _("Too short: use 12 characters or more, for example four words."),
        "too_long": _("Too long: use 128 characters or fewer."),
        "too_simple": _("Too simple: it repeats the same few characters."),
        "too_easy": _("Too easy to guess: it is made of your name, your e-mail or a widely used password."),
    }


def forgotten_form(_request: Request, _fields: Fields) -> Response:
    """Say how to get a link, and offer to mail one where the practice sends mail."""
    if mail.is_set_up():
        said = _("Type your e-mail. If it is an account's, a link to choose a password is sent to it.")
    else:
        said = _("Ask who runs the server for an invitation: the command intersession users invite makes one.")
    return pages.page(
        "forgotten",
        _("Choose a new password"),
        sentence=said,
        is_mailed=mail.is_set_up(),
        words={"email": _("E-mail"), "send": _("Send the link"), "back": _("Back")},
    )


def forgotten(_request: Request, fields: Fields) -> Response:
    """Mail a link to whoever has this e-mail; the answer is the same when nobody has."""
    token = accounts.request_reset(fields.get("email", "")) if mail.is_set_up() else None
    if token is not None:
        body = _("Somebody, probably you, asked for a new password. The link is good once, for an hour:\n\n{link}\n")
        mail.send_soon(fields["email"].strip(), _("Your new password"), body.format(link=link_address(token)))
    return pages.told(
        _("Look into your mail"), _("If the e-mail is an account's, a link was sent to it just now."), link=_("Back")
    )


def change_form(request: Request, _fields: Fields) -> Response:
    """Ask the signed-in person for the present password and a new one."""
    return _change(request)


def change(request: Request, fields: Fields) -> Response:
    """Change the password of the signed-in person; their other sessions end."""
    token = request.cookies.get(sessions.COOKIE, "")
    actor = sessions.person_of(token)
    if actor is None:
        return go("/sign-in")
    email = sessions.account(actor).email
    problem = _problem(fields, email, actor.display_name)
    if problem:
        return _change(request, problem)
    if not accounts.change_password(token, email, fields.get("present", ""), fields["wanted"]):
        audit.refused(actor, "sign_in")
        return _change(request, _("The present password is not right."))
    said = _("Your other sessions were ended.")
    return pages.told(_("Your password is changed"), said, href="/account", link=_("Continue"))


def _change(request: Request, problem: str | None = None) -> Response:
    actor = sessions.person_of(request.cookies.get(sessions.COOKIE, ""))
    if actor is None or not is_private(request):
        return go("/sign-in")
    account = sessions.account(actor)
    if not account.has_password:
        return pages.told(
            _("No password"), _("You sign in without a password of this dashboard."), "/account", _("Back")
        )
    said = _("12 characters or more. Four words that only you would put together are good.")
    return _form("/sign-in/password", said, problem, email=account.email, asks_present=True)
