"""Mail: letters by the practice's own server, and only where one is set up."""

from __future__ import annotations

import logging
import smtplib
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from typing import Any, Literal

from dashboard.config import settings

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 20


class UndeliveredError(Exception):
    """The server did not take a letter, or nobody knows.

    Attributes:
        code: ``no_connection``, ``no_sign_in``, ``smtp_<number>`` or ``unknown_outcome``; never a server's words.
        outcome: ``later`` may succeed, ``never`` will not, and of ``unknown`` nobody knows whether it was taken.
        is_servers: Whether any other letter would meet the same just now.
    """

    def __init__(self, code: str, outcome: Literal["later", "never", "unknown"], *, is_servers: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.outcome = outcome
        self.is_servers = is_servers


def is_set_up() -> bool:
    """Return whether the practice named a mail server and a sender."""
    return bool(settings().smtp_host and settings().mail_from)


def send(recipient: str, subject: str, body: str) -> bool:
    """Send a letter; return whether the server took it. A fault is logged by its kind, without the recipient."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = settings().mail_from, recipient, subject
    letter.set_content(body)
    try:
        deliver(letter)
    except UndeliveredError as error:
        log.warning("mail was not sent: %s", error.code)
        return False
    return True


def send_soon(recipient: str, subject: str, body: str) -> None:
    """Send a letter in the background: how long it takes tells nobody whether there was one to send."""
    threading.Thread(target=send, args=(recipient, subject, body), name="mail", daemon=True).start()


def deliver(letter: EmailMessage) -> None:
    """Give a letter to the server.

    Raises:
        UndeliveredError: the server did not take it, or the connection broke before it said whether it did.
    """
    server = _server()
    try:
        _announce(server, letter)
        _hand_over(server, letter)
    finally:
        with suppress(OSError, smtplib.SMTPException):  # whatever is said at parting, the letter is taken or is not
            server.quit()
        server.close()


def _announce(server: smtplib.SMTP, letter: EmailMessage) -> None:
    """Say from whom and to whom: whatever goes wrong here, nothing was sent."""
    try:
        for code, _words in (server.mail(_address(letter["From"])), server.rcpt(_address(letter["To"]))):
            if code not in {250, 251}:
                raise _refused(code)
    except (OSError, smtplib.SMTPServerDisconnected):
        raise UndeliveredError("no_connection", "later", is_servers=True) from None


def _hand_over(server: smtplib.SMTP, letter: EmailMessage) -> None:
    """Send the letter itself. Once that has begun, a connection that breaks leaves open whether it was taken."""
    try:
        code, _words = server.data(letter.as_bytes(policy=letter.policy.clone(linesep="\r\n")))
    except smtplib.SMTPDataError as error:  # the server refused to be sent anything
        raise _refused(error.smtp_code) from None
    except (OSError, smtplib.SMTPException):
        raise UndeliveredError("unknown_outcome", "unknown") from None
    if code != 250:
        raise _refused(code)


def _refused(code: int) -> UndeliveredError:
    """Return what a refusal means; with 421 a server announces that it closes, whatever the letter."""
    return UndeliveredError(f"smtp_{code}", "never" if 500 <= code < 600 else "later", is_servers=code == 421)


def _address(header: Any) -> str:
    """Return the bare address of a header that holds one."""
    [found] = header.addresses
    return str(found.addr_spec)


def _server() -> smtplib.SMTP:
    """Connect and sign in; what goes wrong here is the server's matter or the settings', not the letter's."""
    chosen = settings()
    try:
        server = _connected()
        server.ehlo_or_helo_if_needed()
        if chosen.smtp_user:
            server.login(chosen.smtp_user, chosen.smtp_password or "")
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError):
        raise UndeliveredError("no_sign_in", "later", is_servers=True) from None
    except (OSError, smtplib.SMTPException):
        raise UndeliveredError("no_connection", "later", is_servers=True) from None
    return server


def _connected() -> smtplib.SMTP:
    chosen, context = settings(), ssl.create_default_context()
    host = chosen.smtp_host or ""
    if chosen.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, chosen.smtp_port, timeout=PATIENCE_SECONDS, context=context)
    server = smtplib.SMTP(host, chosen.smtp_port, timeout=PATIENCE_SECONDS)
    if chosen.smtp_security == "starttls":
        server.starttls(context=context)
    return server
