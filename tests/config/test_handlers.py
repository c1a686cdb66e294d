"""Programs' requests go a shorter way than people's."""

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import Client

from config.handlers import refuse_closed_views
from tests.oauth_client import INTROSPECT, ME, METADATA, TOKEN, VERIFY

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", [TOKEN, INTROSPECT, ME, VERIFY, METADATA, "/api/v1/nothing"])
def test_a_program_gets_the_headers_that_people_get(path: str) -> None:
    page, answer = Client().get("/accounts/login/"), Client().get(path)
    everywhere = {
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
        "Content-Length",
    }
    assert {name: page[name] for name in everywhere - {"Content-Length"}}.items() <= answer.headers.items()
    assert answer["Content-Length"] == str(len(answer.content))
    assert len(answer["X-Request-Id"]) == 16
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", [TOKEN, INTROSPECT, ME, VERIFY, METADATA])
def test_a_programs_request_reads_no_session(path: str) -> None:
    request: HttpRequest = Client().get(path).wsgi_request
    assert not hasattr(request, "session")
    assert not hasattr(request, "user")
    assert hasattr(Client().get("/accounts/login/").wsgi_request, "session")


@pytest.mark.parametrize("path", [TOKEN, ME, METADATA])
def test_a_foreign_host_is_refused_on_both_ways(path: str) -> None:
    assert Client().get(path, headers={"Host": "evil.example"}).status_code == 400
    assert Client().get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


def test_a_view_that_wants_a_sign_in_stays_closed_on_the_short_way() -> None:
    def view() -> None:
        """Stands for one that somebody put at a program's address."""

    with pytest.raises(PermissionDenied):
        refuse_closed_views(HttpRequest(), view)


def test_the_short_way_is_part_of_the_long_one_and_in_its_order() -> None:
    assert [name for name in settings.MIDDLEWARE if name in settings.MIDDLEWARE_FOR_PROGRAMS] == (
        settings.MIDDLEWARE_FOR_PROGRAMS
    )
