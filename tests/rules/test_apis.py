"""Identifiers of APIs, names of scopes, and access token lifetimes."""

import pytest

from oauthapps.errors import InvalidApiIdentifierError, InvalidLifetimeError, InvalidScopeNameError
from oauthapps.rules.apis.identifiers import canonical, check_identifier
from oauthapps.rules.apis.token_lifetimes import parse_lifetime
from oauthapps.rules.scopes import check_name


@pytest.mark.spec("Y-01", "RFC 8707 §2")
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://api.example.com", "https://api.example.com"),
        (" https://API.example.com/ ", "https://api.example.com"),
        ("HTTPS://api.example.com:443/v1/", "https://api.example.com/v1"),
        ("https://api.example.com:8443/V1", "https://api.example.com:8443/V1"),
        ("http://localhost:80/", "http://localhost"),
        ("https://api.example.com/?tenant=a/", "https://api.example.com/?tenant=a/"),
        ("urn:example:invoices", "urn:example:invoices"),
    ],
)
def test_an_identifier_is_stored_canonically(written: str, stored: str) -> None:
    assert check_identifier(written) == stored == canonical(stored)


@pytest.mark.spec("Y-01", "RFC 8707 §2")
@pytest.mark.parametrize(
    "written",
    [
        *("", "api", "api.example.com", "//api.example.com", "https:", "https://", "https:///v1", "1a:b"),
        *(
            "https://api.example.com/#a",
            "https://api.example.com#",
            "https://a b.example",
            "https://ä.example",
        ),
        *("https://me@api.example.com", "https://api.example.com:0", "https://127.1/", "a" * 2049 + ":b"),
    ],
)
def test_what_cannot_identify_an_api_is_refused(written: str) -> None:
    with pytest.raises(InvalidApiIdentifierError):
        check_identifier(written)


@pytest.mark.spec("Y-02", "RFC 6749 §3.3")
@pytest.mark.parametrize("name", ["invoices:read", "a", "!", "https://api.example.com/read", "a" * 100])
def test_names_of_scopes(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.spec("Y-02", "RFC 6749 §3.3")
@pytest.mark.parametrize(
    "name", ["", " ", "a b", 'a"', "a\\", "é", "a\n", "a\0", "read", "write", "offline_access", "a" * 101]
)
def test_what_cannot_name_a_scope_is_refused(name: str) -> None:
    with pytest.raises(InvalidScopeNameError):
        check_name(name)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("300s", 300), ("15m", 900), ("1h", 3600), ("24h", 86400)]
)
def test_lifetimes(text: str, seconds: int) -> None:
    assert parse_lifetime(text) == seconds


@pytest.mark.parametrize("text", ["", "4m", "299s", "25h", "86401s", "1d", "1.5h", "h", "-5m", "05m", "5 m"])
def test_other_lifetimes_are_refused(text: str) -> None:
    with pytest.raises(InvalidLifetimeError):
        parse_lifetime(text)
