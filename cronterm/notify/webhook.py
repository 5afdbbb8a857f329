"""Requests to services that tell people, each in its own words."""

import http.client
import json
import re
import urllib.error
import urllib.request
from email.message import Message as HttpHeaders
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

from cronterm.clock import SECOND, rfc3339
from cronterm.model.notifier import Webhook
from cronterm.notify.base import Message, NotSent, Revealed

MOST_ANSWER = 64 << 10
LONGEST: dict[str, int] = {"discord": 1900, "slack": 3500, "teams": 8000, "ntfy": 3500}
_JSON = "application/json; charset=utf-8"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MARKDOWN = re.compile(r"([\\`*_~|<>\[\]()#@:-])")


def send_webhook(notifier: Webhook, message: Message, reveal: Revealed) -> None:
    """Send one request. Raises `NotSent`."""
    url = reveal(notifier.url)
    parts = urlsplit(url)
    # Only what may be a secret: a person is helped by the name of the host.
    reveal.hide(*(each for each in (parts.path, parts.query, parts.password or "") if each))
    headers = {"Content-Type": _JSON, "User-Agent": "cronterm", "X-Cronterm-Notice": message.id}
    headers |= {name: reveal(value) for name, value in notifier.headers}
    if notifier.format == "ntfy":
        url, body = _ntfy(notifier, message, reveal, url, headers)
    elif notifier.format == "gotify":
        url, body = _gotify(notifier, message, reveal, url, headers)
    else:
        body = _body(notifier, message, headers)
    content = None if notifier.method == "GET" else body.encode("utf-8", "replace")
    _request(url, notifier, content, headers)


def _request(url: str, notifier: Webhook, content: bytes | None, headers: dict[str, str]) -> None:
    try:
        request = urllib.request.Request(url, data=content, headers=headers, method=notifier.method)
        with _opener().open(request, timeout=notifier.timeout / SECOND) as answer:
            answer.read(MOST_ANSWER)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotSent(f"the server answers {error.code} {error.reason or ''}".strip()) from None
    except urllib.error.URLError as error:
        raise NotSent(_why(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotSent(_why(error)) from None


def _why(reason: Any) -> str:
    """Return why nothing came back, in words without an address."""
    if isinstance(reason, TimeoutError):
        return "the server did not answer in time"
    if isinstance(reason, OSError):
        return reason.strerror or type(reason).__name__
    if isinstance(reason, str):
        return reason
    return f"the server could not be asked: {type(reason).__name__}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: what is told goes where the file says."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HttpHeaders,
        newurl: str,
    ) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens addresses of the web, and nothing else."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _NoRedirect(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


# -- what is sent --------------------------------------------------------------------------------


def _body(notifier: Webhook, message: Message, headers: dict[str, str]) -> str:
    match notifier.format:
        case "slack":
            return json.dumps({"text": _slack(message)})
        case "discord":
            return json.dumps({"content": _discord(message), "allowed_mentions": {"parse": []}})
        case "teams":
            return json.dumps(_teams(message))
        case "template":
            kind = next((v for k, v in headers.items() if k.lower() == "content-type"), _JSON)
            custom = any(name.lower() == "content-type" for name, _ in notifier.headers)
            return _filled(notifier.body, message, is_json=not custom or "json" in kind)
        case _:
            return json.dumps(fields(message))


def fields(message: Message) -> dict[str, Any]:
    """Return a message as one JSON object."""
    return {
        "id": message.id,
        "event": message.event,
        "title": message.title,
        "text": message.text,
        "output": message.output,
        "job": message.jobs[0] if len(message.jobs) == 1 else None,
        "jobs": list(message.jobs),
        "message": message.message,
        "run": message.run,
        "count": message.count,
        "time": rfc3339(message.happened_at),
        "host": message.host,
    }


def _filled(template: str, message: Message, *, is_json: bool) -> str:
    """Return a template with its places filled; in JSON a value cannot end its text."""
    known = {name: "" if v is None else str(v) for name, v in fields(message).items()}
    known["job"] = message.job
    known["text"] = message.whole

    def value(found: re.Match[str]) -> str:
        text = known.get(found[1], "")
        return json.dumps(text)[1:-1] if is_json else text

    return _PLACEHOLDER.sub(value, template)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _plain(text: str, most: int) -> str:
    """Return text whose marks mean nothing."""
    return _MARKDOWN.sub(r"\\\1", _shortened(text, most))


def _block(output: str) -> str:
    """Return output so that no mark-up in it means anything."""
    return "```\n" + output.replace("`", "\u02cb") + "\n```"


def _slack(message: Message) -> str:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    title = escaped(message.title).replace("*", "\u2217")
    parts = [f"*{title}*", _shortened(escaped(message.text), LONGEST["slack"] // 2)]
    if message.output:
        parts.append(_block(_shortened(escaped(message.output), LONGEST["slack"] // 2)))
    return "\n".join(parts)


def _discord(message: Message) -> str:
    part = LONGEST["discord"] // 6
    parts = [f"**{_plain(message.title, part)}**", _plain(message.text, part)]
    if message.output:
        parts.append(_block(_shortened(message.output, 2 * part)))
    return "\n".join(parts)


def _teams(message: Message) -> dict[str, Any]:
    def block(text: str, **look: Any) -> dict[str, Any]:
        plain = _plain(text, LONGEST["teams"]).replace("\n", "\n\n")
        return {"type": "TextBlock", "text": plain, "wrap": True, **look}

    blocks = [block(message.title, weight="Bolder"), block(message.text)]
    if message.output:
        blocks.append(block(message.output, fontType="Monospace"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _ntfy(
    notifier: Webhook, message: Message, reveal: Revealed, url: str, headers: dict[str, str]
) -> tuple[str, str]:
    """Return address and content: JSON goes to the server itself, which carries any letter."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if notifier.topic is not None:
        topic = reveal(notifier.topic)
    else:
        path, _, topic = path.rpartition("/")
        reveal.hide(topic)
    if notifier.token is not None:
        headers["Authorization"] = f"Bearer {reveal(notifier.token)}"
    content: dict[str, Any] = {
        "topic": topic,
        "title": message.title,
        "message": _shortened(message.whole, LONGEST["ntfy"]),
        "tags": ["white_check_mark" if message.is_good else "warning"],
    }
    if notifier.priority is not None:
        content["priority"] = notifier.priority
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", "")), json.dumps(content)


def _gotify(
    notifier: Webhook, message: Message, reveal: Revealed, url: str, headers: dict[str, str]
) -> tuple[str, str]:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("/message"):
        path = f"{path}/message"
    if notifier.token is not None:
        headers["X-Gotify-Key"] = reveal(notifier.token)
    priority = notifier.priority if notifier.priority is not None else 2 if message.is_good else 5
    content = {"title": message.title, "message": message.whole, "priority": priority}
    return urlunsplit(parts._replace(path=path)), json.dumps(content)
