"""Which URLs and IP addresses of identity providers may be asked."""

import socket

import pytest
from pytest_django import Settings

from accounts.oidc.addresses import Target, check_url, is_public, may_answer, resolve, within
from accounts.oidc.errors import FetchError

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822", "2002:5db8:d822::1"]
OWN = [
    "10.0.0.5",
    "100.64.0.1",  # shared address space (RFC 6598)
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",  # where clouds tell machines their keys
    "172.16.0.1",
    "192.168.1.1",
    "::1",
    "fc00::1",
    "fe80::1",
    "::ffff:10.0.0.5",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:5",  # 10.0.0.5 behind NAT64
    "2002:7f00:1::1",  # 127.0.0.1 as 6to4
]
ANY = "0.0.0.0"  # noqa: S104  # an address to refuse
NOBODY = [ANY, "::", "224.0.0.1", "239.1.2.3", "ff02::1", "::ffff:224.0.0.1"]
RESERVED = [
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::127.0.0.1",
    "2001:db8::1",
    "fec0::1",
]

HOST = Target(scheme="https", host="login.example", port=443, authority="login.example", path="/")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_answer(address: str) -> None:
    assert may_answer(address, HOST)


@pytest.mark.spec("I-01", "OWASP SSRF; 6890")
@pytest.mark.parametrize("address", OWN + NOBODY + RESERVED)
def test_any_other_address_may_not(address: str) -> None:
    assert not may_answer(address, HOST)


@pytest.mark.spec("I-02", "OWASP SSRF")
@pytest.mark.parametrize("address", OWN)
def test_the_installations_own_networks_may_where_that_is_allowed(address: str, settings: Settings) -> None:
    settings.IDENTITY_PROVIDER_PRIVATE = True
    assert may_answer(address, HOST)


@pytest.mark.spec("I-02", "OWASP SSRF")
@pytest.mark.parametrize("address", NOBODY)
def test_what_is_no_single_host_may_not_even_then(address: str, settings: Settings) -> None:
    settings.IDENTITY_PROVIDER_PRIVATE = True
    assert not may_answer(address, HOST)


def test_public_is_what_the_internet_routes_to_one_host() -> None:
    from ipaddress import ip_address

    assert all(is_public(within(ip_address(address))) for address in PUBLIC)


@pytest.mark.spec("I-01", "OWASP SSRF; 6890")
@pytest.mark.parametrize(
    "host", ["localhost", socket.gethostname(), "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3"]
)
def test_a_host_with_an_address_of_this_network_is_refused(host: str) -> None:
    with pytest.raises(FetchError) as refused:
        resolve(check_url(f"https://{host}/"), 2)
    assert "which isn't public" in refused.value.cause
    assert "IDENTITY_PROVIDER_PRIVATE=1" in refused.value.fix


def test_a_host_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FetchError) as refused:
        resolve(check_url("https://nobody.invalid/"), 5)
    assert refused.value.cause == "The host nobody.invalid can't be found in DNS."


@pytest.mark.spec("I-03", "3986 §3.2; OWASP SSRF")
@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/",
        "http://localhost:8080/",
        "ftp://login.example/",
        "file:///etc/passwd",
        "//login.example/",
        "login.example",
        "",
        "https:///path",
        "https://admin:pw@login.example/",
        "https://login.example@127.0.0.1/",
        "https://login.example:0/",
        "https://login.example:65536/",
        "https://login.example:/",
        "https://login.example:443x/",
        "https://login.example/#fragment",
        "https://login.example/ path",
        "https://login.example/\r\nHost: other",
        "https://login.example\\@127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://lo\u0261in.example/",
    ],
)
def test_a_url_that_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        check_url(url)


@pytest.mark.spec("I-03", "3986 §3.2; OWASP SSRF")
def test_a_port_and_a_query_are_part_of_a_url() -> None:
    target = check_url("https://login.example:8443/realms/staff?p=x")
    assert target == Target(
        scheme="https",
        host="login.example",
        port=8443,
        authority="login.example:8443",
        path="/realms/staff?p=x",
    )


@pytest.mark.spec("I-02", "OWASP SSRF")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_machine_alone_where_it_is_allowed(host: str, settings: Settings) -> None:
    settings.IDENTITY_PROVIDER_PRIVATE = True
    assert check_url(f"http://{host}:9000/").port == 9000
    for other in ("http://10.0.0.5/", "http://login.example/", f"http://{host}.example/"):
        with pytest.raises(FetchError):
            check_url(other)
    assert not may_answer("10.0.0.5", check_url("http://localhost/"))
