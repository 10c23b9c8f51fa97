"""E-mail over SMTP (RFC 5321), encrypted from the start or by STARTTLS (RFC 3207)."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from myna.facts import SmtpFacts
from myna.sending.protocol import Outcome
from myna.shop.model import Contact, NotFound, NotOffered, Order, Sent, Unavailable, Uncertain

SECONDS = 10.0
"""Longest wait for the server at each step."""


class SmtpMail:
    """Hands each text to the shop's mail server.

    Args:
        server: `sending.smtp` of `shop.yml`.
        password: `MYNA_SMTP_PASSWORD`; not used if `shop.yml` names no user.
        subject: of all messages.
        trusted: certificates that are believed; None: the machine's.
    """

    def __init__(
        self,
        server: SmtpFacts,
        password: str,
        subject: str,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._password = password
        self._subject = subject
        self._trusted = trusted or ssl.create_default_context()

    def reaches(self, order: Order, contact: Contact) -> bool:
        """See `Sender`; e-mail goes to e-mail addresses only."""
        return contact == "email" and bool(order.email)

    def send(self, order: Order, contact: Contact, text: str, *, idempotency_key: str) -> Outcome:
        """See `Sender`; the key becomes the Message-ID, by which mailboxes drop doubles."""
        if contact != "email":
            return NotOffered("messages")
        if not order.email:
            return NotFound("contact")
        domain = parseaddr(self._server.sender)[1].rpartition("@")[2]
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = order.email
        message["Subject"] = self._subject
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = (
            f"<{hashlib.sha256(idempotency_key.encode()).hexdigest()[:32]}@{domain}>"
        )
        message["Auto-Submitted"] = "auto-generated"
        # not every server takes eight bits (RFC 6152)
        message.set_content(text, cte="quoted-printable")
        handed_in = False
        try:
            with self._connected() as smtp:
                if self._server.user:
                    smtp.login(self._server.user, self._password)
                handed_in = True
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused:
            return Unavailable("SMTP: the recipient was refused")
        except (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError) as fault:
            return Unavailable(f"SMTP: {type(fault).__name__}")  # the server said no
        except (OSError, smtplib.SMTPException) as fault:
            return (Uncertain if handed_in else Unavailable)(f"SMTP: {type(fault).__name__}")
        return Sent(message["Message-ID"])

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=self._trusted)
        smtp = smtplib.SMTP(host, port, timeout=SECONDS)
        if self._server.security == "starttls":
            try:
                smtp.starttls(context=self._trusted)
            except BaseException:
                smtp.close()
                raise
        return smtp
