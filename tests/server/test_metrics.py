"""What Prometheus reads: who may, what is counted, and that nothing that is sent makes a series."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created
from django.test import Client, RequestFactory
from django.utils import timezone
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from accounts.models import User, WaitingEmail
from accounts.services.waiting_emails import queue
from config import env
from oauthapps.http.messages import ApiResponse
from oauthapps.models import AccessToken
from oauthapps.services.cleanup import EXPIRED_FOR, prune
from oauthapps.sql.execution import spent, timed
from server.dispatcher import ApiDispatcher, endpoint_at
from server.metrics import files, recorder
from server.metrics.counters import BUCKETS, Counters
from server.metrics.recorder import Recorder
from server.outcomes import OUTCOMES
from server.workers.permits import Permits
from server.workers.watch import Watch
from server.workers.worker import Worker
from tests.oauth2.conftest import Machine, machine, person, visitor, web
from tests.oauth_client import FORM, INTROSPECT, JWT_EXCHANGE, ME, TOKEN, OAuthClient
from tests.server.exchanges import new_exchange

pytestmark = pytest.mark.django_db

__all__ = ["machine", "person", "visitor", "web"]

KEY = "a token for whoever scrapes"
METRICS = "/metrics"
Series = dict[tuple[str, tuple[str, ...]], float]


def scrape(**meta: Any) -> ApiResponse:
    """What the server answers to a client on this machine, or to another one."""
    endpoint = endpoint_at(METRICS)
    assert endpoint is not None
    return ApiDispatcher().respond(RequestFactory().get(METRICS, **meta).META, endpoint)


def series_of(answer: ApiResponse) -> Series:
    """Every series, by its name and the values of its labels."""
    assert answer.status == 200
    return {
        (sample.name.removeprefix("gatehouse_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def bearer(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


@pytest.mark.spec("O-10", "operation")
@pytest.mark.parametrize(
    ("meta", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.7"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
        ({"HTTP_FORWARDED": "for=127.0.0.1"}, 403),
        ({"HTTP_VIA": "1.1 proxy"}, 403),
        ({"HTTP_X_FORWARDED_HOST": "gatehouse.example"}, 403),
        ({"HTTP_X_FORWARDED_PORT": "443"}, 403),
        ({"HTTP_X_FORWARDED_SERVER": "proxy"}, 403),
        ({"HTTP_X_REAL_IP": ""}, 403),
        (bearer("") | {"REMOTE_ADDR": "10.0.0.7"}, 403),
    ],
)
def test_without_a_token_metrics_are_for_this_machine_alone(meta: dict[str, str], status: int) -> None:
    assert scrape(**meta).status == status


@pytest.mark.spec("O-10", "operation")
@pytest.mark.parametrize(
    "setting", [{"TRUSTED_PROXIES": 1}, {"BASE_URL": "https://gatehouse.example"}], ids=["proxy", "https"]
)
def test_behind_a_proxy_coming_from_this_machine_means_nothing(
    settings: Any, setting: dict[str, Any]
) -> None:
    for name, value in setting.items():
        setattr(settings, name, value)
    assert scrape().status == 403
    settings.METRICS_TOKEN = KEY
    assert scrape().status == 403
    assert scrape(**bearer(KEY)).status == 200


@pytest.mark.spec("O-10", "operation")
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {KEY}", 200),
        (f"bearer  {KEY}", 200),
        (f"Basic {KEY}", 403),
        (KEY, 403),
        (f"Bearer {KEY}s", 403),
        (f"Bearer {KEY[:-1]}", 403),
        ("Bearer é", 403),
        ("", 403),
    ],
)
def test_the_token_opens_metrics_from_anywhere(settings: Any, authorization: str, status: int) -> None:
    settings.METRICS_TOKEN = KEY
    answer = scrape(REMOTE_ADDR="10.0.0.7", HTTP_AUTHORIZATION=authorization, HTTP_HOST="any.example")
    assert answer.status == status
    assert KEY.encode() not in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.spec("O-10", "operation")
def test_a_token_that_could_be_guessed_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "prometheus")
    with pytest.raises(ImproperlyConfigured):
        env.token("METRICS_TOKEN")


@pytest.mark.spec("O-10", "operation")
@pytest.mark.parametrize("token", ["schlüssel-für-prometheus", "a line\nand another one", "\udcff" * 20])
def test_a_token_that_no_header_carries_does_not_start(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("METRICS_TOKEN", token)
    with pytest.raises(ImproperlyConfigured, match="ASCII"):
        env.token("METRICS_TOKEN")


@pytest.mark.spec("O-10", "operation")
def test_metrics_that_are_off_do_not_exist(settings: Any, tmp_path: Path) -> None:
    settings.METRICS, settings.METRICS_TOKEN, settings.VAR_DIR = False, KEY, tmp_path
    assert scrape(**bearer(KEY)).status == 404
    assert files.prepare(8000, 2) is None
    assert recorder.begin(None, 1) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spec("O-11", "operation")
def test_a_scrape_says_what_the_database_says_now(
    web: OAuthClient, visitor: Client, settings: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.APPLICATION_LIMIT = 25
    web.get_tokens(visitor)
    with django_assert_num_queries(6):
        series = series_of(scrape())
    assert series["application_limit", ()] == 25
    assert series["applications", ()] == 1
    assert series["database_up", ()] == 1
    assert series["housekeeping_lag_seconds", ()] == 0
    AccessToken.objects.update(expires=timezone.now() - EXPIRED_FOR - EXPIRED_FOR)
    assert series_of(scrape())["housekeeping_lag_seconds", ()] == pytest.approx(86_400, abs=60)
    prune()
    assert series_of(scrape())["housekeeping_lag_seconds", ()] == 0
    queue("people/email/sessions_ended", [User.objects.get().pk], {})
    WaitingEmail.objects.update(due_at=timezone.now() - timedelta(minutes=7))
    assert series_of(scrape())["housekeeping_lag_seconds", ()] == pytest.approx(420, abs=60)


@pytest.mark.spec("O-11", "operation")
def test_a_scrape_is_answered_while_the_database_is_away() -> None:
    def fail(*_: object) -> None:
        raise DatabaseError("away")

    with connection.execute_wrapper(fail):
        series = series_of(scrape())
    assert series["database_up", ()] == 0
    assert ("applications", ()) not in series


@pytest.fixture
def counting(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """What the first of two workers counts with."""
    monkeypatch.setenv(files.VARIABLE, "")
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    settings.VAR_DIR = tmp_path
    made = recorder.begin(files.prepare(8000, 2), 1)
    assert made is not None
    spent.seconds = 0.0
    yield made
    connection_created.disconnect(recorder.time_statements)
    values.close_all_multiprocess_files()  # type: ignore[no-untyped-call]


class Counted:
    """The server's side of a client, which counts every answer.

    Args:
        counting: what it counts with.
    """

    def __init__(self, counting: Recorder) -> None:
        self.counting = counting
        self.dispatcher = ApiDispatcher()

    def post(self, path: str, parameters: dict[str, str]) -> ApiResponse:
        endpoint = endpoint_at(path)
        assert endpoint is not None
        request = RequestFactory().post(path, urlencode(parameters), content_type=FORM)
        answer = self.dispatcher.respond(request.META, endpoint)
        self.counting.note_answer((endpoint, path, answer.status, 0.003))
        self.counting.note_work(endpoint, path, answer)
        self.counting.add_up()
        return answer


@pytest.mark.spec("O-12", "operation")
def test_tokens_are_counted_by_grant_and_error(
    counting: Recorder, web: OAuthClient, machine: Machine, visitor: Client
) -> None:
    server = Counted(counting)
    parameters = web.token_parameters(web.get_code(visitor))
    assert server.post(TOKEN, parameters).status == 200
    assert server.post(TOKEN, {**parameters, "client_secret": "wrong"}).status == 401
    assert server.post(TOKEN, {**parameters, "grant_type": "password"}).status == 400
    assert server.post(TOKEN, {"grant_type": "grant-of-a-stranger"}).status == 400
    assertion = {"jwt_token": machine.assertion()}
    credentials = {"client_id": machine.client.client_id, "client_secret": machine.client.client_secret}
    exchanged = {**assertion, **credentials}
    assert server.post(JWT_EXCHANGE, exchanged).status == 200
    series = series_of(scrape())
    assert series["tokens_issued_total", ("authorization_code",)] == 1
    assert series["tokens_issued_total", ("jwt_bearer",)] == 1
    assert series["tokens_issued_total", ("refresh_token",)] == 0
    assert series["tokens_refused_total", ("invalid_client", "authorization_code")] == 1
    assert series["tokens_refused_total", ("unsupported_grant_type", "other")] == 2
    assert series["request_duration_seconds_count", ("token", "ok")] == 1
    assert series["request_duration_seconds_count", ("token", "refused")] == 3
    assert "stranger" not in scrape().body.decode()


@pytest.mark.spec("O-12", "operation")
def test_replays_are_counted(
    counting: Recorder, web: OAuthClient, machine: Machine, visitor: Client, settings: Any
) -> None:
    settings.REFRESH_TOKEN_REUSE_SECONDS = 0
    server = Counted(counting)
    refresh = web.refresh_parameters(web.get_tokens(visitor)["refresh_token"])
    code = web.token_parameters(web.get_code(visitor))
    assertion = {
        "jwt_token": machine.assertion(jti="once"),
        "client_id": machine.client.client_id,
        "client_secret": machine.client.client_secret,
    }
    for path, parameters in [
        (TOKEN, code),
        (TOKEN, refresh),
        (JWT_EXCHANGE, assertion),
    ]:
        assert [server.post(path, parameters).status for _ in range(2)] == [200, 400]
    series = series_of(scrape())
    assert {kind: series["replays_total", (kind,)] for kind in ("code", "refresh_token", "assertion")} == {
        "code": 1,
        "refresh_token": 1,
        "assertion": 1,
    }
    assert server.post(TOKEN, {**code, "code": "never issued"}).status == 400
    assert series_of(scrape())["replays_total", ("code",)] == 1


@pytest.mark.spec("O-12", "operation")
def test_nothing_that_is_sent_makes_a_series(counting: Recorder) -> None:
    worker = worker_with(counting)

    def names() -> set[tuple[str, tuple[str, ...]]]:
        return set(series_of(scrape()))

    def ask(path: str) -> None:
        answer(worker, path)

    for path in ("/api/v1/nothing", "/nothing", "/static/nothing"):
        ask(path)
    before = names()
    for path in ("/api/v1/else", "/.well-known/else", "/els\u00e9", "/static/else", "/console/x" * 40):
        ask(path)
    assert names() == before
    for healthy in ("/healthz", "/readyz", METRICS):
        ask(healthy)
    assert names() == before
    assert {outcome for name, labels in before if name.endswith("_count") for outcome in labels[1:]} <= set(
        OUTCOMES
    )


def worker_with(counting: Recorder) -> Worker:
    """A worker that answers nothing, but counts."""
    application: Any = None
    bodies: Any = None
    return Worker(application, threads=2, server=("127.0.0.1", 1), bodies=bodies, log=None, recorder=counting)


def answer(worker: Worker, path: str, status: int = 404) -> None:
    """Let a worker receive a request, and somebody answer it."""
    received: list[Any] = []
    worker.bodies = Left()  # type: ignore[assignment]
    worker.go_on = received.append  # type: ignore[method-assign,assignment]
    worker.receive(new_exchange().protocol, {"REQUEST_METHOD": "GET", "PATH_INFO": path})
    [exchange] = received
    exchange.answer(status, [], b"")
    exchange.answer(503, [], b"")
    assert worker.recorder
    worker.recorder.add_up()


class Left:
    """What receives no body."""

    def leave(self, _: object) -> None:
        """Leave it."""


@pytest.mark.spec("O-12", "operation")
def test_a_request_is_counted_once_whoever_answers_it_first(counting: Recorder) -> None:
    worker = worker_with(counting)
    statuses = [200, 302, 404, 429, 500, 503]
    for status in statuses:
        answer(worker, ME, status)
    series = series_of(scrape())
    found = {outcome: series["request_duration_seconds_count", ("me", outcome)] for outcome in OUTCOMES}
    assert found == {"ok": 2, "refused": 1, "throttled": 1, "unavailable": 1, "error": 1}


@pytest.mark.spec("O-12", "operation")
def test_the_numbers_of_all_workers_are_added_up_and_survive_them(counting: Recorder) -> None:
    counting.note_answer((endpoint_at(ME), ME, 200, 0.003))
    counting.add_up()
    counting.counters.sample(permits=2, in_use=1, waiting=3)
    folder = Path(os.environ[files.VARIABLE])
    for _ in range(2):  # the second one is replaced, and goes on
        other = Counters(folder, 2)
        other.add_answers([(endpoint_at(ME), ME, 200, 0.2)])
        other.sample(permits=2, in_use=0, waiting=0)
    series = series_of(scrape())
    assert series["request_duration_seconds_count", ("me", "ok")] == 3
    assert series["request_duration_seconds_sum", ("me", "ok")] == pytest.approx(0.403)
    assert series["request_duration_seconds_bucket", ("me", str(BUCKETS[2]), "ok")] == 1
    assert (series["permits", ()], series["requests_waiting", ()]) == (4, 3)
    assert series["worker_starts_total", ()] == 3
    assert sum(file.stat().st_size for file in folder.iterdir()) == 2 * sum(files.SIZES.values())
    fresh = files.prepare(8000, 1)
    assert fresh == folder
    assert len(list(folder.iterdir())) == len(files.SIZES)


@pytest.mark.spec("O-12", "operation")
def test_the_watch_says_how_many_requests_wait(counting: Recorder) -> None:
    worker = worker_with(counting)
    worker.bodies = Idle()  # type: ignore[assignment]
    worker.reading = worker.writing = Permits(2, lambda _: None)
    worker.writing.free.pop()
    worker.writing.waiting.append(new_exchange())
    counting.note_answer((endpoint_at(ME), ME, 200, 99))
    Watch(worker, 0, stop_seconds=1, statement_seconds=3).look()
    series = series_of(scrape())
    assert [series[name, ()] for name in ("permits", "permits_in_use", "requests_waiting")] == [2, 1, 1]
    assert series["request_duration_seconds_bucket", ("me", str(float(BUCKETS[-1])), "ok")] == 0
    assert series["request_duration_seconds_count", ("me", "ok")] == 1


class Idle(Left):
    """What waits for no body."""

    def give_up_slow(self) -> bool:
        return False


@pytest.mark.spec("O-12", "operation")
@pytest.mark.django_db(transaction=True)
def test_the_time_of_the_database_is_counted_by_endpoint(
    counting: Recorder, web: OAuthClient, visitor: Client
) -> None:
    """Also where statements are prepared, which nobody who listens may prevent."""
    connection.close()
    token = web.get_tokens(visitor)["access_token"]
    counting.note_work(None, "/", None)
    assert timed in connection.execute_wrappers
    began = time.perf_counter()
    answered = Counted(counting).post(INTROSPECT, introspection(web, token))
    took = time.perf_counter() - began
    assert answered.status == 200
    series = series_of(scrape())
    assert 0 < series["database_seconds_total", ("introspect",)] < took
    assert series["database_seconds_total", ("page",)] > 0
    connection.execute_wrappers.remove(timed)


def introspection(web: OAuthClient, token: str) -> dict[str, str]:
    return {"token": token, "client_id": web.client_id, "client_secret": web.client_secret}


@pytest.mark.spec("O-12", "operation")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the library's, of a file it cannot read
@pytest.mark.parametrize("break_it", [lambda file: file.write_bytes(b"\x7f" * 99), Path.unlink])
def test_a_worker_that_cannot_count_serves(
    counting: Recorder, break_it: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    folder = Path(os.environ[files.VARIABLE])
    for file in folder.glob("*_2.db"):
        break_it(file)
    if not list(folder.glob("*_2.db")):
        folder = folder / "gone"
    assert recorder.begin(folder, 2) is None
    assert [record.message for record in caplog.records] == ["This worker counts nothing"]
    caplog.clear()
    gc.collect()


@pytest.mark.spec("O-12", "operation")
def test_a_disk_without_room_turns_metrics_off(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "metrics").write_text("in the way")
    settings.VAR_DIR = tmp_path
    assert files.prepare(8000, 2) is None
    assert "Metrics are off" in caplog.text
    assert django_settings.METRICS
