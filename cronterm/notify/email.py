"""Mail by SMTP, with TLS wherever it can be had."""

import ipaddress
import platform
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from cronterm.clock import SECOND, aware
from cronterm.model.notifier import Email
from cronterm.notify.base import Message, NotSent, Revealed

LONGEST_SUBJECT = 200


def send_email(notifier: Email, message: Message, reveal: Revealed) -> None:
    """Send one mail. Raises `NotSent`."""
    url = urlsplit(reveal(notifier.smtp))
    user, password = notifier.user or unquote(url.username or ""), ""
    port, host = url.port, url.hostname or ""
    if notifier.password is not None:
        password = reveal(notifier.password)
    elif url.password:
        password = unquote(url.password)
        reveal.hide(url.password, password)
    try:
        with _connected(notifier, host, port, url.scheme) as server:
            if user or password:
                _log_in(server, notifier, host, user, password)
            refused = server.send_message(compose_mail(notifier, message))
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSent(f"the server refuses {', '.join(sorted(error.recipients))}") from None
    except smtplib.SMTPResponseException as error:
        told = error.smtp_error
        text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise NotSent(f"the server answers {error.smtp_code} {text}") from None
    except (ssl.SSLError, smtplib.SMTPException) as error:
        raise NotSent(str(error) or type(error).__name__) from None
    except OSError as error:
        is_slow = isinstance(error, TimeoutError)
        text = "the server did not answer in time" if is_slow else error.strerror or str(error)
        raise NotSent(text) from None
    except ValueError as error:
        raise NotSent(f"the mail cannot be written: {error}") from None
    if refused:
        raise NotSent(f"the server refuses {', '.join(sorted(refused))}")


def compose_mail(notifier: Email, message: Message) -> EmailMessage:
    """Return the mail; plain text, so that nothing in it is taken for mark-up."""
    mail = EmailMessage()
    subject = " ".join(message.title.split())[:LONGEST_SUBJECT]
    mail["Subject"] = subject.encode("utf-8", "replace").decode()
    mail["From"], mail["To"] = notifier.sender, ", ".join(notifier.to)
    mail["Date"] = format_datetime(aware(message.happened_at))
    domain = parseaddr(notifier.sender)[1].rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<cronterm.{message.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.whole.encode("utf-8", "replace").decode() + "\n")
    return mail


def _connected(notifier: Email, host: str, port: int | None, scheme: str) -> smtplib.SMTP:
    limit, name = notifier.timeout / SECOND, platform.node() or "localhost"
    is_tls = scheme.lower() == "smtps" or notifier.tls == "tls"
    if is_tls:
        context = _context(notifier)
        return smtplib.SMTP_SSL(host, port or 465, name, timeout=limit, context=context)
    server = smtplib.SMTP(host, port or 25, name, timeout=limit)
    try:
        server.ehlo()
        offers = server.has_extn("starttls")
        if notifier.tls == "starttls" or (notifier.tls == "auto" and offers):
            if not offers:
                raise NotSent("the server has no STARTTLS, which `tls: starttls` asks for")
            server.starttls(context=_context(notifier))
            server.ehlo()
    except BaseException:
        server.close()
        raise
    return server


def _context(notifier: Email) -> ssl.SSLContext:
    """Return how the server is known; a chance encryption asks for no name."""
    context = ssl.create_default_context(cafile=notifier.ca_file or None)
    is_chance = notifier.tls == "auto" and notifier.password is None and not notifier.ca_file
    if is_chance and not notifier.user:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _log_in(server: smtplib.SMTP, notifier: Email, host: str, user: str, password: str) -> None:
    is_safe = isinstance(server.sock, ssl.SSLSocket) or notifier.tls == "none" or _is_here(host)
    if not is_safe:
        raise NotSent("the server has no TLS: the password was not sent")
    server.login(user, password)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
