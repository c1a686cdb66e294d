"""Which addresses may be registered, and where the consent page says that they lead."""

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.uri_validate import is_absolute_uri

from oauthapps.errors import InvalidRedirectURLError
from oauthapps.rules.app_types import AppType
from oauthapps.rules.urls.redirect_url_text import holds_several, separate, tidy
from oauthapps.rules.urls.redirect_urls import check_redirect_url, display_host, origin_of

ANY_STRING = st.text(st.characters(exclude_categories=()))
STARTS = st.sampled_from(["", "https://", "http://127.0.0.1", "https://a.example/", "com.example.app:"])

pytestmark = pytest.mark.spec("A-35", "RFC 6749 section 3.1.2, RFC 8252 section 7, RFC 9700 section 4.1.3")


@pytest.mark.parametrize("app_type", [AppType.WEB, AppType.SINGLE_PAGE])
@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/callback",
        "https://app.example.com",
        "https://app.example.com:8443/Callback/",
        "https://app.example.com/callback?next=https://app.example.com/home&https://x",
        "https://app.example.com/callback?tenant=7&next=%2Fhome",
        "https://app.example.com/@me/a;b=1/(x)!",
        "https://xn--mnchen-3ya.example/cb",
        "https://intranet/cb",
        "https://192.0.2.7/cb",
        "https://[2001:db8::1]:8443/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000/cb",
        "https://localhost/cb",
        "https://app.example.com/" + "a" * (2048 - len("https://app.example.com/")),
    ],
)
def test_an_address_that_may_be_registered_is_stored_unchanged(url: str, app_type: AppType) -> None:
    assert check_redirect_url(url, app_type=app_type) == url


@pytest.mark.spec("C-19", "RFC 3986 section 6.2.2.1")
@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("  https://app.example.com/cb\n", "https://app.example.com/cb"),
        ("\u00a0https://app.example.com/cb\t", "https://app.example.com/cb"),
        ("HTTPS://App.Example.COM:8443/CB?X=Y", "https://app.example.com:8443/CB?X=Y"),
        ("https://[2001:DB8::1]/Cb", "https://[2001:db8::1]/Cb"),
        ("http://LOCALHOST:3000", "http://localhost:3000"),
        ("com.example.app://OAuth/Cb ", "com.example.app://OAuth/Cb"),
    ],
)
def test_spaces_are_trimmed_and_hosts_stored_in_lower_case(entered: str, stored: str) -> None:
    assert check_redirect_url(entered, app_type=AppType.SINGLE_PAGE) == stored


A, B = "https://a.example/cb", "https://b.example/cb"


@pytest.mark.spec("C-18", "the console")
@pytest.mark.parametrize(
    ("text", "urls"),
    [
        (f"{A},{B}", [A, B]),
        (f"{A};{B};", [A, B]),
        (f" {A}\r\n{B} ", [A, B]),
        (f"{A}{B}", [A, B]),
        (f"{A} , {B},{A}", [A, B, A]),
        (f"{A}?next={B}", [f"{A}?next={B}"]),
        (f"{A}?next={B},{B}", [f"{A}?next={B}", B]),
        ("https://a.example,https://b.example", ["https://a.example", "https://b.example"]),
        (f"com.example.app:/cb,{A};com.example.app:/b", ["com.example.app:/cb", A, "com.example.app:/b"]),
        (f" {A} ", [f" {A} "]),
        ("", [""]),
    ],
)
def test_several_addresses_are_taken_apart(text: str, urls: list[str]) -> None:
    assert separate(text) == urls
    assert holds_several(text) == (len(urls) > 1)


def test_what_is_no_list_of_addresses_is_looked_at_quickly() -> None:
    for text in (" " * 300_000, ",a" * 150_000, "https" * 60_000, "a.b" * 100_000 + ":/"):
        assert separate(text) == [text]


@pytest.mark.parametrize(
    "url",
    [
        "com.example.app:/callback",
        "com.example.app://callback",
        "com.example.app://oauth/cb?x=1",
        "com.example:/",
        "capacitor://localhost/callback",
        "capacitor://localhost",
        "ionic://localhost/oauth/cb?x=1",
    ],
)
def test_a_scheme_of_an_application_is_for_single_page_and_mobile_applications_only(url: str) -> None:
    assert check_redirect_url(url, app_type=AppType.SINGLE_PAGE) == url
    with pytest.raises(InvalidRedirectURLError, match="begins with https://"):
        check_redirect_url(url, app_type=AppType.WEB)


@pytest.mark.parametrize(
    "url",
    [
        "capacitor:/callback",
        "capacitor:///callback",
        "capacitor://app/callback",
        "capacitor://LOCALHOST/callback",
        "capacitor://localhost:80/callback",
        "capacitor://localhost:/callback",
        "capacitor://user@localhost/callback",
        "capacitor://localhost.evil.example/callback",
        "capacitor://127.0.0.1/callback",
        "ionic://localhost.",
    ],
)
def test_a_web_view_has_one_host(url: str) -> None:
    with pytest.raises(InvalidRedirectURLError, match="://localhost"):
        check_redirect_url(url, app_type=AppType.SINGLE_PAGE)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "Enter the URL"),
        ("https://app.example.com/" + "a" * 2048, "2,048"),
        ("https://app.example.com/cb#top", "Remove the #"),
        ("https://app.example.com/cb#", "Remove the #"),
        ("https://user@app.example.com/cb", "username is not allowed"),
        ("https://user:word@app.example.com/cb", "username is not allowed"),
        ("https://@app.example.com/cb", "username is not allowed"),
        ("https://*.example.com/cb", "wildcard"),
        ("https://app.example.com/*", "wildcard"),
        ("https://app.example.com/ cb", "space or invisible"),
        ("https://a.example/cb,https://b.example/cb", "on its own"),
        ("https://a.example/cb; https://b.example/cb", "on its own"),
        ("https://a.example/cbhttps://b.example/cb", "on its own"),
        ("https://a.example,https://b.example", "on its own"),
        ("https://a.example https://b.example", "on its own"),
        ("https://a.example/cb?x=1,https://b.example/cb", "on its own"),
        ("https://a.example/cb?x=1https://b.example/cb", "on its own"),
        ("https://a.example/cb,com.example.app:/cb", "on its own"),
        ("https://a.example/cb?x,com.example.app:/cb", "on its own"),
        ("https://app.example.com/cb\r\nX: y", "space or invisible"),
        ("https://app.example.com/\u200bcb", "space or invisible"),
        ("https://app.example.com/\0", "space or invisible"),
        ("https://app.example.com\\@evil.example", "backslash"),
        ("https://app.example.com/%5c", "encoded control character or backslash"),
        ("https://app.example.com/%0d%0aX", "encoded control character"),
        ("https://app.example.com/%00", "encoded control character"),
        ('https://app.example.com/"', "percent-encoded"),
        ("https://app.example.com/<b>", "percent-encoded"),
        ("https://app.example.com/%zz", "percent-encoded"),
        ("https://app.example.com/ü", "Percent-encode"),
        ("https://münchen.example/cb", "xn--mnchen-3ya.example"),
        ("https://straße.example/cb", "xn--strae-oqa.example"),
        ("https://app\uff0eexample\uff0ecom/cb", "ASCII form: app.example.com"),
        ("https://\u0430pp.example.com/cb", "xn--pp-6kc.example.com"),
        ("/callback", "whole URL"),
        ("//app.example.com/cb", "whole URL"),
        ("app.example.com/cb", "whole URL"),
        ("https:/app.example.com/cb", "names no host"),
        ("https:app.example.com/cb", "names no host"),
        ("https:///cb", "names no host"),
        ("https://app..example.com/cb", "host of this URL"),
        ("https://-app.example.com/cb", "host of this URL"),
        ("https://app.example.com./cb", "host of this URL"),
        ("https://app%2eexample.com/cb", "host of this URL"),
        ("https://2130706433/cb", "host of this URL"),
        ("https://0x7f.1/cb", "host of this URL"),
        ("https://127.1/cb", "host of this URL"),
        ("https://[::1%25eth0]/cb", "host of this URL"),
        ("https://[v1.a]/cb", "host of this URL"),
        ("https://[2001:db8::]/cb", "ends in a group"),
        ("https://[::ffff:192.0.2.7]/cb", "ends in a group"),
        ("https://app.example.com/[cb]", "%5B or %5D"),
        ("https://app.example.com/cb?a[]=1", "%5B or %5D"),
        ("https://[::1/cb", "host of this URL"),
        ("https://a]b/cb", "host of this URL"),
        ("https://app.example.com:/cb", "port"),
        ("https://app.example.com:0/cb", "port"),
        ("https://app.example.com:65536/cb", "port"),
        ("https://app.example.com:080/cb", "port"),
        ("https://app.example.com:1.evil/cb", "port"),
        ("https://app.example.com/a/../cb", "segments"),
        ("https://app.example.com/./cb", "segments"),
        ("https://app.example.com/%2e%2E/cb", "segments"),
        ("https://app.example.com/..;/cb", "segments"),
        ("https://app.example.com/..", "segments"),
        ("https://app.example.com/cb?code=mine", "parameter code"),
        ("https://app.example.com/cb?a=1&%73tate=", "parameter state"),
        ("http://app.example.com/cb", "Use https"),
        ("http://127.0.0.2/cb", "Use https"),
        ("http://0.0.0.0/cb", "Use https"),
        ("http://localhost.evil.example/cb", "Use https"),
        ("http://[::ffff:127.0.0.1]/cb", "Use https"),
    ],
)
def test_a_refusal_says_exactly_what_is_wrong(url: str, reason: str) -> None:
    with pytest.raises(InvalidRedirectURLError, match=reason):
        check_redirect_url(url, app_type=AppType.WEB)


@pytest.mark.parametrize("app_type", [AppType.WEB, AppType.SINGLE_PAGE])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript://a.example/%61lert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example.com/1",
        "about:blank",
        "ftp://app.example.com/cb",
        "ws://app.example.com/cb",
        "myapp:/cb",
        "myapp://cb",
        "myapp://localhost/cb",
        "capacitors://localhost/cb",
        "capacitor-electron://localhost/cb",
        "capacitor://localhost/../cb",
        "capacitor://localhost/cb#",
        "capacitor://localhost/cb?code=mine",
        "urn:ietf:wg:oauth:2.0:oob",
        "localhost:3000/cb",
        "app.example.com:8080/cb",
        ".app:/cb",
        "com..app:/cb",
        "1com.app:/cb",
        "com.example.app:callback",
        "com.example.app:",
        "com.example.app://user@host/cb",
        "com.example.app://host:99999/cb",
        "com.example.app:/a/../cb",
        "com.example.app:/cb#",
    ],
)
def test_no_other_scheme_gets_in(url: str, app_type: AppType) -> None:
    with pytest.raises(InvalidRedirectURLError):
        check_redirect_url(url, app_type=app_type)


@pytest.mark.parametrize("host", ["[foo]", "[]", "[::1]", "[v1.a]", "[::1%25eth0]", "[::1]:80"])
def test_a_scheme_of_its_own_has_no_host_in_brackets(host: str) -> None:
    with pytest.raises(InvalidRedirectURLError, match="without brackets"):
        check_redirect_url(f"com.example.app://{host}/cb", app_type=AppType.SINGLE_PAGE)


@given(
    st.sampled_from(["https://", "https://a.example", "https://[", "com.example://", "com.example:/"]),
    st.text(st.sampled_from("ab1.:/?&=[]%5B!$'(),;~_-@"), max_size=20),
)
def test_what_may_be_registered_is_what_the_authorization_endpoint_can_use(start: str, text: str) -> None:
    """An address that is saved and then refused by the endpoint's parser would help nobody."""
    with suppress(InvalidRedirectURLError):
        url = check_redirect_url(start + text, app_type=AppType.SINGLE_PAGE)
        assert is_absolute_uri(url)
        assert urlsplit(url).scheme


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://App.Example.com/cb?x", "https://app.example.com"),
        ("https://app.example.com:443/cb", "https://app.example.com"),
        ("https://app.example.com:8443/cb", "https://app.example.com:8443"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[0:0::1]:3000/cb", "http://[::1]:3000"),
        ("https://münchen.example/cb", "https://xn--mnchen-3ya.example"),
        ("com.example.app:/cb", None),
        ("capacitor://localhost/cb?x", "capacitor://localhost"),
        ("Ionic://localhost", "ionic://localhost"),
        ("ionic://elsewhere/cb", None),
        ("ionic:/cb", None),
        ("https://app.example.com:x/cb", None),
        ("https:///cb", None),
        ("null", None),
    ],
)
def test_the_origin_is_the_one_a_browser_names(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://App.Example.com:8443/cb", "app.example.com"),
        ("https://bank.example@evil.example/", "evil.example"),
        ("https://bank.example.evil.example/", "bank.example.evil.example"),
        ("https://\u0430pple.example/", "xn--pple-43d.example"),
        ("http://[::1]:53182/cb", "[::1]"),
        ("com.example.app://bank.example/cb", "com.example.app"),
        ("capacitor://localhost/bank.example", "capacitor://localhost"),
        ("capacitor://bank.example/cb", ""),
        ("javascript:alert(1)", ""),
        ("https://\u2100.example/", ""),
        ("https://" + "a" * 1_000_000, ""),
    ],
)
def test_the_consent_page_shows_where_an_address_really_leads(url: str, host: str) -> None:
    assert display_host(url) == host


@given(STARTS, ANY_STRING, st.sampled_from(AppType))
def test_no_string_raises_anything_but_a_reason(start: str, text: str, app_type: AppType) -> None:
    url = start + text
    origin_of(url)
    assert display_host(url).isascii()
    with suppress(InvalidRedirectURLError):
        assert check_redirect_url(url, app_type=app_type) == tidy(url)
        assert display_host(url.strip())
