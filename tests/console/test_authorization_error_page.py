"""What somebody sees who was sent here with a request that cannot be answered."""

import pytest

from oauthapps.models import Application
from tests.console.pages import Browser, Page

AUTHORIZE = "/integrations/oauth2/authorize"
EVIL = "https://evil.example/<script>alert(1)</script>"


def facts(page: Page) -> dict[str, str]:
    names = ["".join(term.itertext()).strip() for term in page.root.iter("dt")]
    values = ["".join(value.itertext()).strip() for value in page.root.iter("dd")]
    return dict(zip(names, values, strict=True))


def test_it_says_in_words_what_is_wrong_and_what_to_do(stranger: Browser, web: Application) -> None:
    other = "https://other.example/cb"
    page = stranger.get(AUTHORIZE, client_id=web.client_id, redirect_uri=other, response_type="code")
    assert page.status == 400
    assert page.heading == "This request is invalid"
    assert "isn't one of the Redirect URLs registered for this application" in page.text
    assert "Go back to the application and start over." in page.text


def test_the_details_are_text_for_the_developer(stranger: Browser, web: Application) -> None:
    page = stranger.get(AUTHORIZE, client_id=web.client_id, redirect_uri=EVIL, response_type="code")
    shown = facts(page)
    assert shown["Error code"] == "invalid_request"
    assert shown["Client ID"] == web.client_id
    assert shown["Redirect URL received"] == EVIL
    assert shown["Request ID"] == page.answer["X-Request-Id"]
    assert not [link for link in page.links().values() if "evil" in link]
    assert "<script>alert" not in page.content


@pytest.mark.parametrize(
    "query", [{}, {"client_id": "x"}, {"client_id": "0" * 32}, {"client_id": "\0"}, {"client_id": "é" * 3000}]
)
def test_whatever_was_sent_there_is_a_page(stranger: Browser, query: dict[str, str]) -> None:
    page = stranger.get(AUTHORIZE, **query)
    assert page.status == 400
    assert "Details for developers" in page.text
