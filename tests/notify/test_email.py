"""Mail to a local server: what arrives, how it is protected, what is said when it is not taken."""

from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import SECOND
from cronterm.model.notifier import Email, Private
from cronterm.notify.base import NotSent
from cronterm.notify.channels import send
from tests.notify.messages import message, reveal
from tests.notify.sinks import MailSink, certificate, free_port, mail_sink


def mailed(sink: MailSink, **words: Any) -> None:
    """Send a mail to the sink."""
    told = words.pop("told", message())
    given = {"smtp": Private(f"smtp://127.0.0.1:{sink.port}")} | words
    people = ("ops@example.com", "Ann <ann@example.com>")
    send(Email(to=people, sender="cronterm@example.com", **given), told, reveal)


def test_a_mail_arrives_as_plain_text() -> None:
    with mail_sink() as sink:
        mailed(sink, told=message(title="backup failed:\r\nBcc: x@example.com é"))

    mail = sink.mails[0]
    assert mail["Subject"] == "backup failed: Bcc: x@example.com é"
    assert mail["To"] == "ops@example.com, Ann <ann@example.com>"
    assert mail["Message-ID"] == "<cronterm.c0ffee00-7@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["what: exit 1", "job: backup", "", "no space"]


def test_starttls_is_taken_where_it_is_offered(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with mail_sink(context=context) as sink:
        mailed(sink)

    assert sink.was_tls


def test_a_password_is_only_told_to_a_server_that_is_known(tmp_path: Path) -> None:
    context, known_by = certificate(tmp_path)
    login = {"user": "me", "password": Private("open sesame")}
    with mail_sink(context=context, has_logins=True) as sink:
        with pytest.raises(NotSent, match="certificate verify failed"):
            mailed(sink, **login)
        assert sink.login is None

        mailed(sink, ca_file=str(known_by), **login)
        assert sink.login == ("me", "open sesame")
        assert sink.was_tls


def test_starttls_that_is_asked_for_and_not_offered_is_an_error() -> None:
    with mail_sink() as sink:
        with pytest.raises(NotSent, match="no STARTTLS"):
            mailed(sink, tls="starttls")
        assert sink.mails == []


def test_a_password_that_is_refused_is_not_shown() -> None:
    with mail_sink(has_logins=True) as sink, pytest.raises(NotSent) as caught:
        mailed(sink, user="me", password=Private("wrong password"))

    assert "535" in str(caught.value)
    assert "wrong password" not in str(caught.value)


def test_a_server_that_is_down_is_said() -> None:
    email = Email(
        to=("a@example.com",),
        sender="b@example.com",
        smtp=Private(f"smtp://me:s3cr3t@127.0.0.1:{free_port()}"),
        timeout=SECOND,
    )
    with pytest.raises(NotSent, match=r"^Connection refused$"):
        send(email, message(), reveal)


def test_tls_from_the_first_byte_needs_a_server_that_is_known(tmp_path: Path) -> None:
    with mail_sink() as sink, pytest.raises(NotSent, match=r"SSL|TLS"):
        mailed(sink, smtp=Private(f"smtps://127.0.0.1:{sink.port}"))
