"""The word `http`, and how strictly it is read."""

import pytest

from cronterm.clock import SECOND
from cronterm.model.action import HttpRequest, HttpTimeouts
from cronterm.model.job import action_text
from tests.config.test_load import job, problems


def test_a_request_has_its_words() -> None:
    words = """
http:
  url: https://example.com:8443/hook?a=1
  method: post
  headers: {Authorization: {env: TOKEN}, X-Count: 5}
  body: {text: hello, tags: [1, 2]}
  expect_status: [200, 202]
  timeout: {connect: 2s, total: 1m}
  allow_private: true
"""

    assert job(words).action == HttpRequest(
        url="https://example.com:8443/hook?a=1",
        method="POST",
        headers=(("X-Count", "5"), ("Content-Type", "application/json")),
        headers_env=(("Authorization", "TOKEN"),),
        body='{"text": "hello", "tags": [1, 2]}',
        expect_status=(200, 202),
        timeouts=HttpTimeouts(connect=2 * SECOND, total=60 * SECOND),
        allow_private=True,
    )


def test_the_short_forms_say_the_same() -> None:
    assert job("http: http://127.0.0.1/").action == HttpRequest(url="http://127.0.0.1/")
    short = job("http: {url: 'http://[::1]:80/', timeout: 10s, expect_status: 204}").action

    limits = HttpTimeouts(connect=10 * SECOND, read=10 * SECOND, total=10 * SECOND)
    assert short == HttpRequest(url="http://[::1]:80/", expect_status=(204,), timeouts=limits)
    assert action_text(short) == "http GET http://[::1]:80/"


def test_a_content_type_of_ones_own_stays() -> None:
    action = job("http: {url: http://a/, headers: {content-type: x/y}, body: [1]}").action

    assert isinstance(action, HttpRequest)
    assert action.headers == (("content-type", "x/y"),)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("http: {method: GET}", "url is missing"),
        ("http: {url: http://a/, metod: GET}", "did you mean method?"),
        ("http: {url: http://a/, method: FETCH}", "'FETCH' is not one of GET, HEAD"),
        ("http: ftp://a/", "is not a URL (it begins with http:// or https://)"),
        ("http: file:///etc/passwd", "is not a URL"),
        ("http: http:///x", "is not a URL"),
        ("http: 'http://a:99999/'", "is not a URL: Port out of range"),
        ("http: 'http://[::1/'", "is not a URL: Invalid IPv6"),
        ("http: 'http://a/b c'", "has a space in it (write %20)"),
        ("http: https://me:pw@a/", "a URL with a password is shown to everybody"),
        ('http: {url: http://a/, headers: {X-A: "b\\r\\nX-B: c"}}', "is one line of Latin-1"),
        ("http: {url: http://a/, headers: {X-A: €}}", "is one line of Latin-1"),
        ("http: {url: http://a/, headers: {'X A': b}}", "is not the name of a header"),
        ("http: {url: http://a/, headers: {X-A: b, x-a: c}}", "the header x-a stands twice"),
        ("http: {url: http://a/, headers: {Content-Length: 5}}", "is set by cronterm itself"),
        ("http: {url: http://a/, headers: {X-A: {file: x}}}", "unknown key 'file'"),
        ("http: {url: http://a/, headers: {X-A: {}}}", "env is missing"),
        ("http: {url: http://a/, headers: {X-A: {env: 'A B'}}}", "is not a variable's name"),
        ("http: {url: http://a/, headers: {X-A: yes}}", "put it in quotes"),
        (f"http: {{url: http://a/, body: '{'x' * 1_100_000}'}}", "is longer than 1 MiB"),
        ("http: {url: http://a/, body: 5}", "5 is not a text"),
        ("http: {url: http://a/, expect_status: 99}", "99 is not between 100 and 599"),
        ("http: {url: http://a/, timeout: 0}", "must be longer than 0s"),
        ("http: {url: http://a/, timeout: {raed: 1s}}", "did you mean read?"),
        ("http: {url: http://a/, timeout: {read: 1x}}", "is not a duration"),
        ("http: http://a/, args: [1]", "args goes with python, not with http"),
        ("http: http://a/, shell: bash", "shell goes with command, not with http"),
        ("http: http://a/, stdin: x", "stdin goes with command and python, not with http"),
        ("http: http://a/, command: x", "http and command exclude each other"),
        ("http: [a]", "a list where a mapping is expected"),
        ("http: ", "nothing is not a text"),
    ],
)
def test_what_is_wrong_with_a_request_is_told(words: str, expected: str) -> None:
    told = problems(f"jobs: {{a: {{{words}}}}}")

    assert len(told) == 1, told
    assert expected in told[0]
