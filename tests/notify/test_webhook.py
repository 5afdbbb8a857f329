"""What services get, what it does in their hands, and what is said when they do not take it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cronterm.clock import SECOND
from cronterm.model.notifier import Private, Webhook
from cronterm.notify.base import NotSent
from cronterm.notify.channels import send
from tests.notify.messages import HOSTILE, message, reveal
from tests.notify.sinks import WebSink, web_sink


@pytest.fixture
def sink() -> Iterator[WebSink]:
    with web_sink() as served:
        yield served


def sent(sink: WebSink, path: str = "/services/T0/s3cr3t", **words: Any) -> Any:
    """Return what a webhook makes of a message."""
    told = words.pop("told", message())
    send(Webhook(url=Private(sink.url + path), **words), told, reveal)
    return sink.taken[-1].json


def test_json_says_everything_in_words_of_its_own(sink: WebSink) -> None:
    assert sent(sink) == {
        "id": "c0ffee00-7",
        "event": "failure",
        "title": "backup failed: exit 1",
        "text": "what: exit 1\njob: backup",
        "output": "no space",
        "job": "backup",
        "jobs": ["backup"],
        "message": "exit 1",
        "run": 57,
        "count": 3,
        "time": "2024-10-04T00:00:01Z",
        "host": "mars",
    }
    assert sink.taken[0].path == "/services/T0/s3cr3t"
    assert sink.taken[0].headers["X-Cronterm-Notice"] == "c0ffee00-7"


def test_slack_gets_text_that_calls_nobody(sink: WebSink) -> None:
    told = message(title=f"{HOSTILE} failed", output="``` <@U1>")

    text = sent(sink, format="slack", told=told)["text"]
    assert text.startswith("*&lt;/b&gt;`@everyone` &lt;!channel&gt;")
    assert "<" not in text
    assert text.count("```") == 2


def test_discord_gets_short_text_that_pings_nobody(sink: WebSink) -> None:
    told = message(text=HOSTILE * 100, output="`" * 5000)

    content = sent(sink, format="discord", told=told)
    assert content["allowed_mentions"] == {"parse": []}
    assert len(content["content"]) <= 2000
    assert content["content"].count("```") == 2


def test_teams_gets_a_card(sink: WebSink) -> None:
    card = sent(sink, format="teams")["attachments"][0]["content"]

    assert card["type"] == "AdaptiveCard"
    assert [block["text"] for block in card["body"]] == [
        "backup failed\\: exit 1",
        "what\\: exit 1\n\njob\\: backup",
        "no space",
    ]


def test_ntfy_gets_its_topic_wherever_that_stands(sink: WebSink) -> None:
    expected = {
        "topic": "my-topic",
        "title": "backup failed: exit 1",
        "message": "what: exit 1\njob: backup\n\nno space",
        "tags": ["warning"],
        "priority": 5,
    }

    assert sent(sink, "/my-topic", format="ntfy", priority=5) == expected
    assert sent(sink, "", format="ntfy", priority=5, topic=Private("my-topic")) == expected
    assert sent(sink, "/n/", format="ntfy", topic=Private("é"))["topic"] == "é"
    assert [taken.path for taken in sink.taken] == ["/", "/", "/n/"]


def test_ntfy_and_gotify_are_shown_their_token(sink: WebSink) -> None:
    sent(sink, "/t", format="ntfy", token=Private("tk_1234"))
    content = sent(sink, format="gotify", token=Private("A1234"), told=message(event="recovery"))

    assert sink.taken[0].headers["Authorization"] == "Bearer tk_1234"
    assert sink.taken[1].headers["X-Gotify-Key"] == "A1234"
    assert sink.taken[1].path == "/services/T0/s3cr3t/message"
    assert content["priority"] == 2


def test_a_value_in_a_template_stays_inside_its_quotes(sink: WebSink) -> None:
    body = '{"a": "{{title}}", "b": {"c": "{{ job }}/{{run}}"}, "d": "{{text}}"}'
    told = message(title='x", "evil": "\n{{job}}')

    content = sent(sink, format="template", body=body, told=told)
    assert content == {
        "a": 'x", "evil": "\n{{job}}',
        "b": {"c": "backup/57"},
        "d": "what: exit 1\njob: backup\n\nno space",
    }


def test_a_template_of_another_kind_is_filled_as_it_is(sink: WebSink) -> None:
    headers = (("Content-Type", Private("text/plain")), ("X-Key", Private("k3y-value")))
    hook = Webhook(
        url=Private(sink.url), format="template", method="PUT", body="{{title}}\n", headers=headers
    )

    send(hook, message(title='a "b"'), reveal)
    assert sink.taken[0].body == b'a "b"\n'
    assert sink.taken[0].headers["X-Key"] == "k3y-value"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, "the server answers 404 Not Found"),
        (500, "the server answers 500 Internal Server Error"),
        (302, "the server answers 302 Found"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_followed(
    sink: WebSink, status: int, expected: str
) -> None:
    sink.status, sink.location = status, f"{sink.url}/elsewhere"

    with pytest.raises(NotSent, match=expected):
        sent(sink)
    assert len(sink.taken) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/services/s3cr3t?token=s3cr3t",
        "http://user:s3cr3t@127.0.0.1:1/s3cr3t",
        "http://s3cr3t.invalid/s3cr3t",
        "http://127.0.0.1:99999/s3cr3t",
        "file:///etc/passwd#s3cr3t",
        "http://127.0.0.1:1/s3cr3t\r\nX: y",
    ],
)
def test_no_error_shows_the_address(url: str) -> None:
    with pytest.raises(NotSent) as caught:
        send(Webhook(url=Private(url), timeout=SECOND), message(), reveal)

    assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in repr(Webhook(url=Private(url)))
    assert str(caught.value)


def test_what_comes_from_elsewhere_is_asked_for_when_it_is_sent(sink: WebSink) -> None:
    asked = []

    def look(private: Private) -> str:
        asked.append(private)
        return f"{sink.url}/from-a-file"

    send(Webhook(url=Private()), message(), look)
    assert sink.taken[0].path == "/from-a-file"
    assert len(asked) == 1


def test_halves_of_letters_are_sent_all_the_same(sink: WebSink) -> None:
    assert json.dumps(sent(sink, told=message(title="a\ud800b"))["title"]) == '"a\\ud800b"'
