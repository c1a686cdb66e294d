"""Pages for what Django refuses by itself."""

import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory

from server.pages.old_tabs import csrf_failure
from tests.console.pages import Browser, Page


def test_an_address_that_leads_nowhere(console: Browser) -> None:
    page = console.get("/console/nothing")
    assert page.status == 404
    assert page.heading == "Page not found"


def test_a_form_from_elsewhere(db: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/accounts/login/")
    page = Page(browser.post("/accounts/login/", {"login": "a", "password": "b"}))
    assert page.status == 403
    assert page.heading == "This form has expired"


def test_the_reason_given_by_django_is_not_needed(rf: RequestFactory) -> None:
    assert csrf_failure(rf.post("/")).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/integrations/oauth2/authorize", 400),
        ("/accounts/login/", 400),
        ("/console/applications/", 400),
        ("/nothing", 404),
        ("/integrations/oauth2/api/v1/token", 400),
    ],
)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=utf-16", "next=x"),
        ("multipart/form-data; boundary=x", "--x\r\nbroken"),
        ("multipart/form-data", "no boundary"),
        ("application/x-www-form-urlencoded", "&".join(["p"] * 5000)),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_and_nothing_breaks(
    db: None, path: str, status: int, content_type: str, body: str
) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/accounts/login/")  # sets the cookie without which no form is read
    answer = client.generic("POST", path, body, content_type=content_type)
    assert answer.status_code in {status, 403}
    assert "Content-Security-Policy" in answer


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_pages_for_when_nothing_works_need_nothing(name: str) -> None:
    """Django renders them without a request, and 500.html perhaps without a database."""
    content = get_template(name).render()
    assert "<h1>" in content
    assert "{{" not in content


def test_too_many_attempts_have_a_page_too(rf: RequestFactory) -> None:
    content = get_template("429.html").render({"product_name": "Gatehouse"}, rf.get("/"))
    assert "Too many attempts" in content
