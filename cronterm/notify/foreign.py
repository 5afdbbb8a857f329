"""Everything that apprise knows, in a process of its own: it takes 36 MiB and may hang.

Run as `python -m cronterm.notify.foreign` it reads one message from its stdin.
"""

import importlib
import json
import os
import sys
import tempfile
from typing import Any

from cronterm.clock import SECOND
from cronterm.model.notifier import Apprise
from cronterm.notify.base import Message, NotSent, Revealed
from cronterm.notify.command import run_told

FAILED = "it could not be sent: "


def send_foreign(notifier: Apprise, message: Message, reveal: Revealed) -> None:
    """Have apprise send one message to each address. Raises `NotSent`."""
    urls = [reveal(url) for url in notifier.urls]
    content = {
        "urls": urls,
        "title": message.title,
        "body": message.whole,
        "kind": "success" if message.is_good else "failure",
    }
    words = (sys.executable, "-P", "-m", "cronterm.notify.foreign")
    told = run_told(
        words,
        json.dumps(content).encode(),
        directory=tempfile.gettempdir(),
        env=dict(os.environ),
        limit_s=notifier.timeout / SECOND,
    )
    if FAILED in told:
        raise NotSent(told.rpartition(FAILED)[2])


def main() -> None:
    """Send what stdin says; the last line says what was wrong."""
    given: dict[str, Any] = json.load(sys.stdin)
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        print(f"{FAILED}apprise is not installed: pip install 'cronterm[notify]'")
        return
    notifying = apprise.Apprise()
    unknown = sum(not notifying.add(url) for url in given["urls"])
    if unknown:
        print(f"{FAILED}apprise does not know {unknown} of {len(given['urls'])} addresses")
        return
    is_sent = notifying.notify(
        title=given["title"],
        body=given["body"] or given["title"],
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=given["kind"],
    )
    if not is_sent:
        print(f"{FAILED}not every service took it")


if __name__ == "__main__":
    main()
