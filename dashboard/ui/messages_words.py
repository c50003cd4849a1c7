"""The words of messages: kinds, steps, states, and why something was not sent."""

from __future__ import annotations

from dashboard.ui.language import _, ngettext


def kinds() -> dict[str, str]:
    """Return the words of each kind of message by code."""
    return {
        "confirmation": _("Confirmation"),
        "reminder": _("Reminder"),
        "change": _("Change"),
        "cancellation": _("Cancellation"),
        "video_link": _("Link of the video call"),
        "offer": _("Offer of a freed hour"),
    }


def what(kind: str, step: str) -> str:
    """Return the words of a message's kind, and for a reminder how long before the session it is sent."""
    if kind != "reminder" or not step:
        return kinds()[kind]
    return f"{kinds()[kind]} · {ahead(int(step[:-1]) * (24 if step.endswith('d') else 1))}"


def ahead(hours: int) -> str:
    """Return how long before a session, in words."""
    if hours % 24:
        return ngettext("{number} hour before", "{number} hours before", hours).format(number=hours)
    days = hours // 24
    return ngettext("{number} day before", "{number} days before", days).format(number=days)


def reasons() -> dict[str, str]:
    """Return the words of why a message is withheld by code."""
    return {
        "no_consent": _("No valid consent to be contacted"),
        "no_address": _("No e-mail address"),
        "no_guardian": _("No guardian with parental authority"),
    }


def states() -> dict[str, str]:
    """Return the words of each state by code."""
    return {
        "planned": _("Waits for its hour"),
        "sending": _("Is being sent"),
        "sent": _("Sent"),
        "failed": _("Failed"),
        "withheld": _("Withheld"),
        "lapsed": _("No longer needed, or too late"),
        "cancelled": _("Not to be sent"),
        "told": _("Told by telephone"),
    }


def errors() -> dict[str, str]:
    """Return the words of why sending failed by code."""
    return {
        "unknown_outcome": _(
            "Nobody knows whether it arrived: it was being sent when the connection or the worker ended"
        ),
        "no_connection": _("The mail server could not be reached"),
        "no_sign_in": _("The mail server did not accept user and password"),
        "not_written": _("The e-mail address is none that can be written to"),
    }


def fate(state: str, reason: str | None, error: str | None) -> str:
    """Return in one sentence what became of a message and why."""
    if state == "withheld" and reason in reasons():
        return f"{states()[state]}: {reasons()[reason]}"
    if error and state in {"failed", "planned"}:
        said = errors().get(error) or _("The mail server answered {code}").format(code=error.removeprefix("smtp_"))
        return f"{states()['failed'] if state == 'failed' else _('To be tried again')}: {said}"
    return states()[state]
