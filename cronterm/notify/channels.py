"""Chooses the channel of a notifier."""

from collections.abc import Callable

from cronterm.errors import CrontermError
from cronterm.model.notifier import Apprise, Command, Email, Notifier, Private, Webhook
from cronterm.notify.base import Message, NotSent, Revealed
from cronterm.notify.command import send_command
from cronterm.notify.email import send_email
from cronterm.notify.foreign import send_foreign
from cronterm.notify.webhook import send_webhook


def send(notifier: Notifier, message: Message, reveal: Callable[[Private], str]) -> None:
    """Send one message; takes seconds. Raises `NotSent` without anything that is private.

    A terminal needs no sending: the screens hear of every notice.
    """
    revealed = Revealed(reveal)
    try:
        match notifier:
            case Email():
                send_email(notifier, message, revealed)
            case Webhook():
                send_webhook(notifier, message, revealed)
            case Command():
                send_command(notifier, message, revealed)
            case Apprise():
                send_foreign(notifier, message, revealed)
            case _:
                pass
    except (NotSent, CrontermError) as error:
        raise NotSent(revealed.concealed(str(error))) from None
    except Exception as error:  # noqa: BLE001 a library of others may raise anything
        raise NotSent(f"it could not be sent: {type(error).__name__}") from None
