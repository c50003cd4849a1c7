"""Mail: plain letters of the dashboard itself, by the practice's own server, and only where one is set up."""

from __future__ import annotations

import logging
import smtplib
import ssl
import threading
from email.message import EmailMessage

from dashboard.config import settings

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 20


def is_set_up() -> bool:
    """Return whether the practice named a mail server and a sender."""
    return bool(settings().smtp_host and settings().mail_from)


def send(recipient: str, subject: str, body: str) -> bool:
    """Send a letter; return whether the server took it. A fault is logged by its kind, without the recipient."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = settings().mail_from, recipient, subject
    letter.set_content(body)
    try:
        with _server() as server:
            if settings().smtp_user:
                server.login(settings().smtp_user or "", settings().smtp_password or "")
            server.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail was not sent: %s", type(error).__name__)
        return False
    return True


def send_soon(recipient: str, subject: str, body: str) -> None:
    """Send a letter in the background: how long it takes tells nobody whether there was one to send."""
    threading.Thread(target=send, args=(recipient, subject, body), name="mail", daemon=True).start()


def _server() -> smtplib.SMTP:
    chosen, context = settings(), ssl.create_default_context()
    host = chosen.smtp_host or ""
    if chosen.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, chosen.smtp_port, timeout=PATIENCE_SECONDS, context=context)
    server = smtplib.SMTP(host, chosen.smtp_port, timeout=PATIENCE_SECONDS)
    if chosen.smtp_security == "starttls":
        server.starttls(context=context)
    return server
