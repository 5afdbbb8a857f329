"""Tests for who may come in."""

import pytest

from cronterm.web.visitors import MOST_BROWSERS, Visitors

PROXY = "https://cron.example.com"
HERE = "127.0.0.1"


def status(
    host: str, *, url: str = "", reached: str = HERE, is_login: bool = False, **headers: str
) -> int:
    """Return what a request gets, 200 where it is not refused."""
    given = {name.replace("_", "-").title(): value for name, value in headers.items()}
    refused = Visitors(url).refuse_stranger(host, reached, given, is_login=is_login)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize("host", ["127.0.0.1:7879", "localhost:7879", "LOCALHOST:9000", HERE])
def test_this_machine_is_called_by_the_address_or_localhost(host: str) -> None:
    assert status(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:7879", "127.0.0.1.evil.example", "127.0.0.2:7879"),
        *("localhost@evil.example", "evil.example@localhost", "localhost/evil", "localhost?x"),
        *("localhost#x", "localhost:x", "[::1", "localhost:7879,evil.example", "local host"),
    ],
)
def test_another_name_is_not_ours(host: str) -> None:
    assert status(host) == 421


def test_localhost_is_the_name_of_loopback_only() -> None:
    assert status("localhost:7879", reached="192.0.2.7") == 421
    assert status("192.0.2.7:7879", reached="192.0.2.7") == 200
    assert status("[::1]:7879", reached="::1") == 200


def test_the_name_of_the_proxy_is_ours_too() -> None:
    assert status("cron.example.com", url=PROXY) == 200
    assert status("cron.example.com:80", url=PROXY) == 421
    assert status("cron.example.com") == 421


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "null", "", "https://127.0.0.1:7879", "http://127.0.0.1"),
        *("http://127.0.0.1:7880", "http://localhost:7879", "http://127.0.0.1:7879.evil.example"),
    ],
)
def test_a_page_from_elsewhere_may_not_ask(origin: str) -> None:
    assert status("127.0.0.1:7879", origin=origin) == 403


def test_our_own_page_may_ask_also_through_a_tunnel_or_a_proxy() -> None:
    assert status("127.0.0.1:7879", origin="http://127.0.0.1:7879") == 200
    assert status("localhost:9000", origin="http://localhost:9000") == 200
    assert status("cron.example.com", url=PROXY, origin=PROXY) == 200
    assert status("cron.example.com", url=PROXY, origin="http://cron.example.com") == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_from_elsewhere_leads_to_the_login_only(site: str) -> None:
    assert status("127.0.0.1:7879", sec_fetch_site=site) == 403
    assert status("127.0.0.1:7879", sec_fetch_site=site, is_login=True) == 200


def test_a_token_is_good_once() -> None:
    visitors = Visitors()
    token = visitors.login.partition("=")[2]

    cookie = visitors.let_in(token)

    assert cookie is not None
    assert visitors.knows(cookie)
    assert visitors.let_in(token) is None
    assert visitors.let_in(visitors.login.partition("=")[2]) not in (None, cookie)


@pytest.mark.parametrize("token", ["", "x", "é", "\udcff"])
def test_a_wrong_token_lets_nobody_in_and_leaves_the_right_one_good(token: str) -> None:
    visitors = Visitors()

    assert visitors.let_in(token) is None
    assert not visitors.knows(token)
    assert visitors.let_in(visitors.login.partition("=")[2])


def test_the_oldest_browser_has_to_come_in_anew() -> None:
    visitors = Visitors()
    cookies = [visitors.let_in(visitors.login.partition("=")[2]) for _ in range(MOST_BROWSERS + 1)]

    assert [visitors.knows(cookie or "") for cookie in cookies[:2]] == [False, True]


def test_secrets_differ_from_server_to_server() -> None:
    first, second = Visitors(), Visitors()

    assert first.login != second.login
    assert first.place != second.place


def test_a_cookie_is_for_tls_where_the_browser_speaks_it() -> None:
    assert Visitors(PROXY).is_secure("cron.example.com")
    assert not Visitors(PROXY).is_secure("127.0.0.1:7879")
    assert not Visitors().is_secure("127.0.0.1:7879")
