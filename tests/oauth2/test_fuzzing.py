"""Nothing malformed gives a 5xx: two thousand requests of every kind, the same ones every time."""

import pytest
from django.test import Client

from tests.oauth2.fuzzing import ENDPOINTS, Report, Shot, fire, judge, prepare, run

REQUESTS = 2100


@pytest.mark.spec("A-40", "ASVS 16.5.1")
@pytest.mark.spec("T-45", "RFC 6749 §5.2")
@pytest.mark.spec("T-47", "ASVS 15.3")
@pytest.mark.spec("J-21", "RFC 7523 §3")
@pytest.mark.spec("B-05", "RFC 6750 §3.1")
@pytest.mark.django_db
def test_no_request_breaks_the_server_or_gets_a_secret_back() -> None:
    target, report = prepare(), Report()
    run(target, report, REQUESTS)
    assert report.total >= 2000
    assert set(report.statuses) == {endpoint.name for endpoint in ENDPOINTS}
    assert {200, 302, 400, 401, 405} <= {status for counter in report.statuses.values() for status in counter}
    assert report.statuses["token"][200] > 0  # some requests get everything right


@pytest.mark.django_db
def test_an_answer_that_repeats_a_secret_or_is_no_json_is_seen() -> None:
    target = prepare()
    endpoint = next(one for one in ENDPOINTS if one.name == "introspect")
    shot = Shot(endpoint, "POST", "", b"token=x", "application/x-www-form-urlencoded", {}, signed_in=False)
    answer = fire(target, shot)
    judge(target, shot, answer)
    answer.content = target.secrets[0].encode()
    with pytest.raises((AssertionError, ValueError)):
        judge(target, shot, answer)
    page = Client().get("/accounts/login/")
    with pytest.raises(AssertionError):
        judge(target, shot, page)
