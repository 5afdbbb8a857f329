"""Notifiers: how people are reached. What of them is private is shown nowhere."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import SECOND, Duration
from cronterm.model.identity import Secret

WebhookFormat: TypeAlias = Literal[
    "slack", "discord", "teams", "ntfy", "gotify", "json", "template"
]
MailSecurity: TypeAlias = Literal["auto", "starttls", "tls", "none"]


class Private(msgspec.Struct, frozen=True):
    """A value that is written in the file, or where it comes from."""

    text: str = ""
    secret: Secret | None = None
    directory: str = "/"
    """Where a command that prints it runs."""

    def __repr__(self) -> str:
        return "Private(•••)"


class Email(msgspec.Struct, frozen=True, kw_only=True, tag="email"):
    """Mail by SMTP."""

    to: tuple[str, ...]
    sender: str
    smtp: Private
    """smtp://HOST:25 or smtps://HOST:465."""
    user: str = ""
    password: Private | None = None
    tls: MailSecurity = "auto"
    ca_file: str = ""
    timeout: Duration = 15 * SECOND


class Webhook(msgspec.Struct, frozen=True, kw_only=True, tag="webhook"):
    """A request to a service that tells people."""

    url: Private
    format: WebhookFormat = "json"
    method: str = "POST"
    headers: tuple[tuple[str, Private], ...] = ()
    body: str = ""
    """Of `template`: `{{title}}` and such are put in."""
    topic: Private | None = None
    token: Private | None = None
    priority: int | None = None
    timeout: Duration = 15 * SECOND


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="command"):
    """A command that is told in its environment and on its stdin."""

    command: str | tuple[str, ...]
    directory: str
    timeout: Duration = 30 * SECOND


class Terminal(msgspec.Struct, frozen=True, kw_only=True, tag="terminal"):
    """The bell, and a notification of the terminal, of each attached screen."""


class Apprise(msgspec.Struct, frozen=True, kw_only=True, tag="apprise"):
    """Everything that the library apprise knows."""

    urls: tuple[Private, ...]
    timeout: Duration = 60 * SECOND


Notifier: TypeAlias = Email | Webhook | Command | Terminal | Apprise


def kind_of(notifier: Notifier) -> str:
    """Return the word for what kind it is."""
    return str(notifier.__struct_config__.tag)
