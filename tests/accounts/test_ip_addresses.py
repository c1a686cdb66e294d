"""Where a request came from: one address, whoever wrote it and however, and one network for counting."""

import contextlib

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.security.throttling import SLOWED_AT_ONCE, slowed
from audit.ip_addresses import UNKNOWN_IP, ip_in, network_of
from audit.models import Event, EventKind
from tests.factories import PASSWORD

LOGIN = "/accounts/login/"


def attempt(password: str, address: str, login: str = "ada", **headers: str) -> bool:
    """Try to sign in from an address and return whether it worked."""
    browser = Client(REMOTE_ADDR=address, headers=headers)
    return browser.post(LOGIN, {"login": login, "password": password}).status_code == 302


WRITTEN = [
    ("192.0.2.1", "192.0.2.1"),
    (" 192.0.2.1 ", "192.0.2.1"),
    ("192.0.2.1:5678", "192.0.2.1"),
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
    ("2001:DB8:0:0::1", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:443", "2001:db8::1"),
    ('"[2001:db8::1]:443"', "2001:db8::1"),
    ("fe80::1%eth0", "fe80::1"),
    ("fe80::1%" + "z" * 200, "fe80::1"),
    ("[fe80::1%25eth0]:443", "fe80::1"),
]
JUNK = ["", "unknown", "_hidden", "-", "host.example", "192.0.2.256", "1.2.3.4.5", "[]", ":443"]
JUNK += [
    "192.0.2.1:x",
    "192.0.2.1 192.0.2.2",
    "2001:db8::1::",
    "9" * 5000,
    "%" * 5000,
    "192.0.2.1/24",
    "\u0661.2.3.4",
]


@pytest.mark.spec("S-30", "RFC 7239 §6; RFC 4291 §2.5.5.2")
@pytest.mark.parametrize(("text", "address"), [*WRITTEN, *((junk, "") for junk in JUNK)])
def test_an_address_is_read_however_it_is_written_and_junk_is_none(text: str, address: str) -> None:
    assert ip_in(text) == address


@pytest.mark.spec("S-30", "RFC 4291 §2.5.4")
def test_a_network_is_an_ipv4_address_or_sixty_four_bits() -> None:
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("2001:db8:0:7:1:2:3:4") == network_of("2001:db8:0:7::1") == "2001:db8:0:7::"
    assert network_of("2001:db8:0:8::1") != network_of("2001:db8:0:7::1")
    assert network_of("") == ""


@pytest.mark.spec("S-30", "RFC 7239 §6")
@pytest.mark.parametrize(("text", "address"), [*WRITTEN, *((junk, "") for junk in JUNK if junk)])
def test_whatever_a_proxy_writes_people_sign_in_and_what_is_kept_is_an_address(
    ada: User, settings: Settings, text: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = 1
    header = text.encode().decode("latin-1")
    assert attempt(PASSWORD, "198.51.100.1", **{"X-Forwarded-For": header})
    assert Event.objects.get(kind=EventKind.SIGNED_IN).address == (address or None)
    assert UserSession.objects.get().ip == (address or UNKNOWN_IP)


@pytest.mark.spec("S-30", "RFC 4291 §2.5.5.2")
def test_people_behind_a_socket_for_both_protocols_do_not_share_a_throttle(ada: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(10):
            attempt("wrong", "::ffff:192.0.2.1", login=f"somebody{number}")
        assert not attempt(PASSWORD, "::ffff:192.0.2.1")
        assert not attempt(PASSWORD, "192.0.2.1")
        assert attempt(PASSWORD, "::ffff:192.0.2.2")


@pytest.mark.spec("W-30", "ASVS 6.3.1; RFC 4291 §2.5.4")
def test_all_addresses_of_one_network_are_one_guesser(ada: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(5):
            attempt("wrong", f"2001:db8:0:1::{number}")
        assert not attempt(PASSWORD, "2001:db8:0:1::ffff")
        assert attempt(PASSWORD, "2001:db8:0:2::1")


@pytest.mark.spec("W-30", "ASVS 6.3.1; RFC 4291 §2.5.4")
def test_a_person_is_known_in_the_network_they_have_signed_in_from(ada: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        assert attempt(PASSWORD, "2001:db8:0:1::1")
        for number in range(20):
            attempt("wrong", f"198.51.100.{number}")
        with contextlib.ExitStack() as places:
            for _ in range(SLOWED_AT_ONCE):
                places.enter_context(slowed)
            assert not attempt(PASSWORD, "2001:db8:0:2::1")
            assert attempt(PASSWORD, "2001:db8:0:1:aaaa::2")


FORWARDED_FOR = [
    (1, "203.0.113.9, 192.0.2.1", "192.0.2.1"),
    (1, "192.0.2.1", "192.0.2.1"),
    (2, "203.0.113.9, 192.0.2.1, 198.51.100.2", "192.0.2.1"),
    (2, "192.0.2.1, 198.51.100.2", "192.0.2.1"),
    (2, "192.0.2.1", "192.0.2.1"),  # it did not come through the outer one, or that says nothing
    (0, "203.0.113.9", "198.51.100.1"),
    (1, None, "198.51.100.1"),
]


@pytest.mark.spec("S-31", "RFC 7239 §8.1")
@pytest.mark.parametrize(("proxies", "header", "address"), FORWARDED_FOR)
def test_as_many_addresses_count_as_there_are_proxies(
    ada: User, settings: Settings, proxies: int, header: str | None, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert attempt(PASSWORD, "198.51.100.1", **({"X-Forwarded-For": header} if header else {}))
    assert Event.objects.get(kind=EventKind.SIGNED_IN).address == address


FORWARDED = [
    (1, "for=192.0.2.1;proto=https", "192.0.2.1"),
    (1, "For=203.0.113.9, FOR = 192.0.2.1 ; proto=https", "192.0.2.1"),
    (1, 'proto=https;for="[2001:db8::1]:4711"', "2001:db8::1"),
    (2, "for=203.0.113.9, for=192.0.2.1, for=198.51.100.2", "192.0.2.1"),
    (1, 'for=203.0.113.9;host="a,for=203.0.113.8", for=192.0.2.1', "192.0.2.1"),
    (1, 'for=192.0.2.1;host="a,for=203.0.113.8"', "192.0.2.1"),
    (1, 'for="203.0.113.9, for=192.0.2.1', "192.0.2.1"),  # what a client began to quote ends with it
    (1, "for=_hidden", None),
    (1, "for=unknown, by=203.0.113.9", None),
    (1, "for=192.0.2.1;for=203.0.113.9", None),  # no proxy says two things
]


@pytest.mark.spec("S-31", "RFC 7239 §4, §6, §8.1")
@pytest.mark.parametrize(("proxies", "header", "address"), FORWARDED)
def test_the_standard_header_is_read_instead_where_that_is_set(
    ada: User, settings: Settings, proxies: int, header: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES, settings.FORWARDED_HEADER = proxies, "forwarded"
    assert attempt(PASSWORD, "198.51.100.1", **{"Forwarded": header, "X-Forwarded-For": "203.0.113.77"})
    assert Event.objects.get(kind=EventKind.SIGNED_IN).address == address
