"""Which presented `redirect_uri` means a registered Redirect URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthapps.rules.urls.redirect_urls import matches

REGISTERED = "https://app.example.com/callback"
PORTS = st.integers(1, 65535)


def test_the_same_string_matches() -> None:
    assert matches(REGISTERED, REGISTERED)


@pytest.mark.spec("A-12", "RFC 9700 sections 2.1 and 4.1.3; ASVS 10.4.1")
@pytest.mark.parametrize(
    "presented",
    [
        "",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/callback/",
        "https://app.example.com/callback/more",
        "https://app.example.com/callbac",
        "https://app.example.com/callback?",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback?code=attacker",
        "https://app.example.com/callback#f",
        "https://app.example.com/callback#",
        "https://user@app.example.com/callback",
        "https://app.example.com@evil.example/callback",
        "https://app.example.com\\@evil.example/callback",
        "https://app.example.com/Callback",
        "https://APP.example.com/callback",
        "https://app.example.com.evil.example/callback",
        "https://app.example.com/x/../callback",
        "https://app.example.com/%2e%2e/callback",
        "https://app.example.com/%252e%252e/callback",
        "https://app.example.com%2Fcallback",
        "https://app.example.com/;/../callback",
        "https://app.example.com/callback\r\n",
        "https://app.example.com/callback%0d%0a",
        "https://app.example.com/callback\0",
        " https://app.example.com/callback",
        "https://app.example.com/callback ",
        "https://app.example.com/\tcallback",
        "//app.example.com/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///callback",
        "https://\u0430pp.example.com/callback",
        "https://app\uff0eexample.com/callback",
        "http://app.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com/callback https://evil.example/",
        "https://app.example.com/callback,https://evil.example/",
    ],
)
def test_anything_but_the_same_string_is_another_address(presented: str) -> None:
    assert not matches(REGISTERED, presented)


@pytest.mark.spec("A-34", "RFC 8252 section 7.3")
@given(st.sampled_from(["http://127.0.0.1{}/cb?a=1", "http://[::1]{}/cb?a=1"]), PORTS, PORTS)
def test_at_a_loopback_address_any_port_will_do(address: str, registered: int, presented: int) -> None:
    assert matches(address.format(""), address.format(f":{presented}"))
    assert matches(address.format(f":{registered}"), address.format(f":{presented}"))
    assert matches(address.format(f":{registered}"), address.format(""))


@pytest.mark.spec("A-34", "RFC 8252 section 7.3")
@pytest.mark.parametrize(
    "presented",
    [
        "http://localhost:8080/cb",
        "http://[::1]:8080/cb",
        "http://0.0.0.0:8080/cb",
        "http://127.0.0.2:8080/cb",
        "http://127.1:8080/cb",
        "http://2130706433:8080/cb",
        "http://[::ffff:127.0.0.1]:8080/cb",
        "https://127.0.0.1:8080/cb",
        "HTTP://127.0.0.1:8080/cb",
        "http://user@127.0.0.1:8080/cb",
        "http://127.0.0.1:8080@evil.example/cb",
        "http://127.0.0.1.evil.example:8080/cb",
        "http://127.0.0.1:1.evil/cb",
        "http://127.0.0.1:8080.evil.example/cb",
        "http://127.0.0.1:8080\\.evil.example/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:8080:8081/cb",
        "http://127.0.0.1:\u0661/cb",
        "http://127.0.0.1: 80/cb",
        "http://127.0.0.1:8080/other",
        "http://127.0.0.1:8080/cb/",
        "http://127.0.0.1:8080/cb?x=1",
        "http://127.0.0.1:8080/cb#f",
        "http://127.0.0.1:8080/cb#",
        "http://127.0.0.1:8080#/cb",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/cb\n",
    ],
)
def test_at_a_loopback_address_nothing_but_the_port_may_differ(presented: str) -> None:
    assert matches("http://127.0.0.1/cb", "http://127.0.0.1:8080/cb")
    assert not matches("http://127.0.0.1/cb", presented)


@pytest.mark.spec("A-34", "RFC 8252 section 8.3")
@pytest.mark.parametrize("host", ["http://localhost", "https://127.0.0.1", "https://app.example.com"])
def test_any_other_registered_address_keeps_its_port(host: str) -> None:
    assert not matches(f"{host}/cb", f"{host}:8080/cb")
    assert not matches(f"{host}:8080/cb", f"{host}/cb")


@given(*[st.text(st.characters(exclude_categories=()))] * 2)
def test_comparing_any_two_strings_never_raises(registered: str, presented: str) -> None:
    assert matches(registered, presented) == (registered == presented)
