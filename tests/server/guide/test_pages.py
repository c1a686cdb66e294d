"""The integration guide: who gets it, with whose URLs, and where its links lead."""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from server.guide import pages
from server.guide.documents import DOCUMENTS, WRITTEN_FOR, Document
from tests.console.conftest import browser_of
from tests.console.pages import Document as Html
from tests.factories import AdministratorFactory, UserFactory

ROOT = Path(settings.BASE_DIR)
ALL = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name or "contents")


def html_of(document: Document) -> Html:
    answer = Client().get(document.url)
    assert answer.status_code == 200
    return Html(answer.content.decode())


@ALL
@pytest.mark.spec("U-155", "the integration guide")
def test_everybody_gets_a_page_without_a_session_and_without_the_database(document: Document) -> None:
    answer = Client().get(document.url)  # without the mark django_db, a statement is an error
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert not answer.cookies


@pytest.mark.django_db
@pytest.mark.spec("U-155", "the integration guide")
def test_nobody_is_looked_up_for_a_page_and_everybody_gets_the_same() -> None:
    anonymous = Client().get("/docs/").content
    for person in (UserFactory.create(), AdministratorFactory.create()):
        client = browser_of(person).client
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/docs/").content == anonymous
            assert client.get("/docs/nothing/").status_code == 404
        assert len(captured) == 0


@pytest.mark.spec("U-156", "RFC 9110 §13.1.2")
def test_a_page_may_be_kept_for_an_hour_and_is_not_sent_again_as_long_as_it_is_the_same() -> None:
    first = Client().get("/docs/errors/")
    assert first["Cache-Control"] == "public, max-age=3600"
    again = Client().get("/docs/errors/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert Client().get("/docs/web/")["ETag"] != first["ETag"]


@pytest.mark.spec("U-156", "RFC 9110 §12.5.5")
def test_a_page_has_the_color_scheme_that_was_chosen() -> None:
    client = Client()
    client.cookies["color_scheme"] = "dark"
    answer = client.get("/docs/")
    assert b'data-color-scheme="dark"' in answer.content
    assert answer["Vary"] == "Cookie"
    assert answer["ETag"] != Client().get("/docs/")["ETag"]


@pytest.mark.spec("U-157", "the integration guide")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_a_page_is_only_read(method: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, "/docs/web/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.spec("U-157", "the integration guide")
def test_head_is_answered_like_get_without_the_page() -> None:
    answer = Client().head("/docs/web/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["ETag"] == Client().get("/docs/web/")["ETag"]


@pytest.mark.spec("U-157", "the integration guide")
@pytest.mark.parametrize("path", ["nothing/", "web/x/", "../", "//", "/web/", "web//", "%00/", "index.md"])
def test_what_is_no_page_is_not_found(path: str) -> None:
    assert Client().get(f"/docs/{path}").status_code == 404


@pytest.mark.spec("U-157", "the integration guide")
def test_a_url_without_its_slash_leads_to_the_page() -> None:
    answer = Client().get("/docs/web")
    assert (answer.status_code, answer["Location"]) == (301, "/docs/web/")


@ALL
@pytest.mark.spec("U-158", "the integration guide")
def test_a_page_has_the_urls_of_this_installation(document: Document) -> None:
    source = (ROOT / document.source).read_text(encoding="utf-8")
    shown = html_of(document).text
    assert WRITTEN_FOR not in shown
    assert "BASE_URL}" not in shown
    assert shown.count(str(settings.BASE_URL)) >= source.count(WRITTEN_FOR)


@ALL
@pytest.mark.spec("U-159", "the integration guide")
def test_every_link_leads_somewhere(document: Document) -> None:
    for link in html_of(document).all("a"):
        target = urlsplit(urljoin(document.url, link.get("href", "")))
        if target.netloc or target.path == "/":
            continue
        answer = Client().get(target.path)
        assert answer.status_code == 200, target
        ids = {element.get("id") for element in Html(answer.content.decode()).root.iter()}
        assert not target.fragment or target.fragment in ids, target


@ALL
@pytest.mark.spec("U-159", "the integration guide")
def test_a_link_to_a_file_without_a_page_is_its_words_alone(document: Document) -> None:
    shown = {link.get("href", "") for link in html_of(document).all("a")}
    assert not [url for url in shown if re.search(r"\.(md|py|conf|js)(#|$)", urlsplit(url).path)]


def test_every_page_is_named_in_the_navigation_of_every_page() -> None:
    for document in DOCUMENTS:
        links = {link.get("href") for link in html_of(document).all("a")}
        assert {each.url for each in DOCUMENTS} <= links


def test_the_server_makes_all_pages_before_it_serves() -> None:
    pages.page.cache_clear()
    pages.prepare()
    assert pages.page.cache_info().currsize == len(DOCUMENTS)
