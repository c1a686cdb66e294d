from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthapps.errors import InvalidLinkError
from oauthapps.rules.urls.links import check_link


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com/about",
        "HTTPS://Example.com/About?lang=de#team",
        "https://example.com:8443/privacy",
        "https://example.com/über-uns",
        "https://example.com/\U0001fae9",
        "https://xn--mnchen-3ya.example/",
        "https://intranet/privacy",
        "https://[2001:db8::1]/",
        "https://example.com/@team/?a=1&amp;b=2",
    ],
)
def test_an_absolute_web_address_is_stored_unchanged(url: str) -> None:
    assert check_link(url) == url


@pytest.mark.spec("C-02", "ASVS 1.2.2")
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "javascript&colon;alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "mailto:me@example.com",
        "ftp://example.com/",
        "//example.com/about",
        "/about",
        "example.com/about",
        "https:example.com",
        "https:/example.com",
        "",
    ],
)
def test_anything_but_an_absolute_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidLinkError):
        check_link(url)


@pytest.mark.spec("C-02", "ASVS 1.2.2")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.com/a b", "a space"),
        ("https://example.com/\n", "invisible character"),
        ("https://example.com/a\tb", "invisible character"),
        ("https://example.com/\u202egnp.exe", "invisible character"),
        ("https://example.com/\u200b", "invisible character"),
        ("https://example.com/\ud800", "invisible character"),
        ('https://example.com/"onclick="alert(1)', "quotation mark"),
        ("https://example.com/<b>", "angle bracket"),
        ("https://example.com\\@evil.example/", "backslash"),
        ("https:///about", "names no host"),
        ("https://", "names no host"),
        ("https://:443/", "names no host"),
        ("https://[::1/", "names no host"),
        ("https://example.com@evil.example/", "username"),
        ("https://münchen.example/", "ASCII form: xn--mnchen-3ya.example"),
        ("https://exa%6dple.com/", "host of this link is not valid"),
        ("https://2130706433/", "host of this link is not valid"),
        ("https://example..com/", "host of this link is not valid"),
        ("https://example.com:0/", "port"),
        ("https://example.com:65536/", "port"),
        ("https://example.com:/", "port"),
        ("https://example.com/" + "a" * 2048, "2,048"),
    ],
)
def test_a_refusal_says_what_is_wrong(url: str, reason: str) -> None:
    with pytest.raises(InvalidLinkError, match=reason):
        check_link(url)


@given(st.text(st.characters(exclude_categories=())), st.sampled_from(["", "https://", "http://a.example/"]))
def test_no_string_is_answered_with_anything_but_itself_or_a_reason(text: str, start: str) -> None:
    with suppress(InvalidLinkError):
        assert check_link(start + text) == start + text
