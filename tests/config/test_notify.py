"""Who is told, by what rules, and how each is reached: what is taken, what is refused and how."""

import os
from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import HOUR, SECOND
from cronterm.config.load import Loaded, load, load_text
from cronterm.config.resolve import resolve
from cronterm.model.identity import Secret
from cronterm.model.notifier import Apprise, Command, Email, Private, Terminal, Webhook
from cronterm.model.rule import Rule

SECRET = "s3cr3tT0K3N"


def read(text: str) -> Loaded:
    """Return what a file in /srv says."""
    return load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")


def one(words: str, **more: str) -> Any:
    """Return the one notifier that `words` make."""
    loaded = read(f"notifiers: {{n: {{{words}}}}}\njobs: {{}}")
    assert loaded.problems == ()
    return loaded.notifiers["n"]


def problems(text: str) -> list[str]:
    """Return what is wrong, a line each."""
    return [str(problem) for problem in read(text).problems]


def test_mail_goes_to_the_local_server_where_nothing_else_is_said() -> None:
    mail = one("type: email, to: ops@example.com, from: c@example.com")

    assert mail == Email(
        to=("ops@example.com",), sender="c@example.com", smtp=Private("smtp://localhost:25")
    )
    full = one(
        'type: email, to: [a@b.c, "Ann <d@e.f>"], smtp: {file: smtp}, user: u,'
        " password: {env: PASS}, tls: starttls, ca_file: ca.pem, timeout: 5s"
    )
    assert full.smtp == Private(secret=Secret(file="/srv/smtp"), directory="/srv")
    assert full.password == Private(secret=Secret(env="PASS"), directory="/srv")
    assert (full.tls, full.ca_file, full.timeout) == ("starttls", "/srv/ca.pem", 5 * SECOND)
    assert full.sender.startswith("cronterm@")


def test_webhooks_have_their_form_and_words_for_it() -> None:
    assert one('type: webhook, url: "https://h/x", format: slack') == Webhook(
        url=Private("https://h/x"), format="slack"
    )
    template = one(
        'type: webhook, url: {command: pass show x}, format: template, body: "{{title}}",'
        " method: PUT, headers: {X-Key: {env: KEY}}"
    )
    assert template.body == "{{title}}"
    assert template.headers == (("X-Key", Private(secret=Secret(env="KEY"), directory="/srv")),)
    assert one("type: ntfy, topic: t, priority: 5") == Webhook(
        url=Private("https://ntfy.sh"), format="ntfy", topic=Private("t"), priority=5
    )


def test_commands_terminals_and_apprise() -> None:
    assert one('type: command, command: page "$CRONTERM_JOB"') == Command(
        command='page "$CRONTERM_JOB"', directory="/srv"
    )
    assert one("type: command, command: [page, -x, 5]").command == ("page", "-x", "5")
    assert one("type: terminal") == Terminal()
    assert one('type: apprise, url: ["json://h", {env: URL}]') == Apprise(
        urls=(Private("json://h"), Private(secret=Secret(env="URL"), directory="/srv"))
    )


def test_variables_of_cronterm_are_put_into_notifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", SECRET)

    assert one('type: webhook, url: "https://h/${HOOK}"').url == Private(f"https://h/{SECRET}")
    assert problems('notifiers: {n: {type: ntfy, topic: "${NOT_SET}"}}\njobs: {}') == [
        "/srv/jobs.yaml:1:36: the variable NOT_SET is not set"
        " (it is read from the environment of cronterm itself)"
    ]


def test_rules_stand_in_policies_and_with_jobs() -> None:
    loaded = read(
        """
notifiers: {a: {type: terminal}, b: {type: terminal}}
alert_policies:
  p:
    - {to: [a, b], on: [failure, recovery], after: 3, repeat: 6h, output: false}
    - {to: a, quiet: "22:00-06:00"}
  q: {to: b, on: start, output: 50}
defaults: {notify: p}
jobs:
  x: {command: x}
  y: {command: x, notify: [q, {to: a, on: killed, quiet: [Mon 00:00-24:00], output: true}]}
  z: {command: x, notify: []}
"""
    )
    x, y, z = loaded.jobs

    assert loaded.problems == ()
    first, second = loaded.settings.alert_policies["p"]
    assert first == Rule(
        to=("a", "b"), on=("failure", "recovery"), after=3, repeat=6 * HOUR, output=0
    )
    assert second.on == ("failure", "timeout", "missed", "recovery")
    assert second.quiet[:2] == ((0, 6 * 3600), (22 * 3600, 30 * 3600))
    assert (x.notify, z.notify) == (("p",), ())
    assert y.notify == ("q", Rule(to=("a",), on=("killed",), quiet=((0, 86400),), output=10))


def test_settings_say_what_a_notifier_is_and_not_how_it_is_reached() -> None:
    loaded = read(
        f"""
notifiers:
  mail: {{type: email, to: [a@b.c, d@e.f], smtp: "smtp://u:{SECRET}@h"}}
  hook: {{type: webhook, url: "https://hooks.example.com/{SECRET}?t={SECRET}", format: slack}}
  phone: {{type: ntfy, topic: {SECRET}, token: {SECRET}}}
  page: {{type: command, command: page {SECRET}}}
  more: {{type: apprise, url: "json://{SECRET}"}}
jobs: {{a: {{command: x}}}}
"""
    )

    assert loaded.settings.notifiers == {
        "mail": "email to a@b.c and 1 more",
        "hook": "webhook (slack) at hooks.example.com",
        "phone": "webhook (ntfy) at ntfy.sh",
        "page": "command",
        "more": "apprise",
    }
    assert SECRET not in repr(loaded.settings)
    private = [loaded.notifiers[name] for name in ("mail", "hook", "phone", "more")]
    assert SECRET not in repr(private)


def test_resolved_values_name_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text(
        f"notifiers: {{n: {{type: ntfy, topic: {SECRET}}}}}\njobs: {{a: {{command: x, notify: "
        "{to: n}}}\n",
        encoding="utf-8",
    )

    assert SECRET not in repr(resolve(file, local_timezone="UTC"))


@pytest.mark.parametrize(
    "value",
    [
        f'"https://h/{SECRET}"',
        f'{{type: webhook, url: "ftp://h/{SECRET}"}}',
        f'{{type: webhook, url: ["https://h/{SECRET}"]}}',
        f"{{type: webhook, url: {{{SECRET}: x}}, format: slack}}",
        f'{{type: webhook, url: "https://h:port/{SECRET}"}}',
        f'{{type: webhook, url: "https://h/ {SECRET}"}}',
        f'{{type: webhook, url: "{SECRET}\\n{SECRET}"}}',
        f'{{type: webhook, url: "https://h", headers: {SECRET}}}',
        f'{{type: webhook, url: "https://h", headers: {{X: "\\x07{SECRET}"}}}}',
        f"{{type: ntfy, topic: [{SECRET}]}}",
        f'{{type: email, to: a@b.c, smtp: "{SECRET}"}}',
        f"{{type: email, to: a@b.c, password: {SECRET}}}",
    ],
)
def test_no_message_shows_what_may_be_a_secret(value: str) -> None:
    found = problems(f"notifiers: {{n: {value}}}\njobs: {{}}")

    shown = [line for line in found if "unknown key" not in line]
    assert found
    assert all(SECRET not in line for line in shown)


WRONG = {
    "notifiers: {n: {type: emial}}": "did you mean email?",
    "notifiers: {n: {to: x}}": "type is missing",
    "notifiers: {n: {type: email}}": "to is missing",
    "notifiers: {n: {type: email, to: ops}}": "'ops' is not a mail address",
    "notifiers: {n: {type: email, to: a@b.c, user: x}}": "user and password go together",
    'notifiers: {n: {type: email, to: a@b.c, smtp: "smtps://h", tls: none}}': "TLS from the first",
    "notifiers: {n: {type: email, to: a@b.c, form: x}}": "did you mean from?",
    "notifiers: {n: {type: webhook}}": "url is missing",
    'notifiers: {n: {type: webhook, url: "https://h", format: slak}}': "did you mean slack?",
    'notifiers: {n: {type: webhook, url: "https://h", format: template}}': "body is missing",
    'notifiers: {n: {type: webhook, url: "https://h", body: x}}': "body goes with format: template",
    'notifiers: {n: {type: webhook, url: "https://h", format: template, body: "{{tilte}}"}}': (
        "{{tilte}} means nothing here (known: title, text"
    ),
    "notifiers: {n: {type: ntfy}}": "topic is missing",
    "notifiers: {n: {type: ntfy, topic: t, priority: 9}}": "ntfy knows 1 to 5",
    "notifiers: {n: {type: command}}": "command is missing",
    'notifiers: {n: {type: command, command: ""}}': "the command is empty",
    "notifiers: {n: {type: terminal, bell: true}}": "unknown key 'bell'",
    "notifiers: {n: {type: command, command: x, timeout: 1h}}": "between 1s and 5m",
    "notifiers: {-: {type: terminal}}": "cannot name a notifier",
    "notifiers: [a]": "a list where a mapping is expected",
    "notifiers: {n: {type: terminal}, n: {type: terminal}}": "twice",
    "alert_policies: {p: x}": "a policy is a list of rules",
    "alert_policies: {p: [{on: failure}]}": "nobody is told: `to` is missing",
    "alert_policies: {p: [{too: n}]}": "did you mean to?",
    "alert_policies: {p: [{to: n, on: failed}]}": "did you mean failure?",
    "alert_policies: {p: [{to: n, on: []}]}": "there is nothing to tell",
    "alert_policies: {p: [{to: n, after: 0}]}": "0 is not between 1",
    "alert_policies: {p: [{to: n, repeat: 0s}]}": "must be longer than 0s",
    "alert_policies: {p: [{to: n, quiet: night}]}": "'night' is not a window",
    "alert_policies: {p: [{to: n, output: 1000}]}": "1000 is not between 0 and 200",
    "alert_policies: {+: [{to: n}]}": "cannot name a policy",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_refused_with_its_mend(text: str) -> None:
    known = "" if text.startswith("notifiers") else "notifiers: {n: {type: terminal}}\n"
    found = problems(f"{known}{text}\njobs: {{}}")

    assert len(found) == 1, found
    assert WRONG[text] in found[0]


def test_names_that_are_not_there_are_told_with_what_is_near() -> None:
    found = problems(
        """
notifiers: {ops-mail: {type: terminal}}
alert_policies: {night: [{to: op-mail}]}
jobs:
  a: {command: x, notify: nigth}
  b: {command: x, notify: [{to: pager}]}
  c: {command: x, notify: ops-mail}
"""
    )

    assert found == [
        "/srv/jobs.yaml:3:31: there is no notifier 'op-mail' (did you mean ops-mail?)",
        "/srv/jobs.yaml:5:27: there is no policy 'nigth' (did you mean night?)",
        "/srv/jobs.yaml:6:33: there is no notifier 'pager' (name it below `notifiers`)",
        "/srv/jobs.yaml:7:27: there is no policy 'ops-mail'"
        " (a notifier is named so: {to: ops-mail, on: [failure]})",
    ]


def test_a_word_of_other_systems_leads_to_ours() -> None:
    assert "it is called notify here" in problems("jobs: {a: {command: x, mailto: x}}")[0]


def test_notifiers_may_stand_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("notifiers: {n: {type: ntfy, topic: t}}\n")
    file = tmp_path / "jobs.yaml"
    file.write_text(
        "include: people.yaml\nalert_policies: {p: {to: n}}\njobs: {a: {command: x, notify: p}}\n"
    )
    loaded = load(file, local_timezone="UTC", uid=os.geteuid())

    assert loaded.problems == ()
    assert list(loaded.notifiers) == list(loaded.settings.notifiers) == ["n"]
