"""What every test may use. `--database postgresql` runs the suite on a private PostgreSQL."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import django.test.client
import pytest
from django.conf import settings
from django.db import connection, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler as DjangoClientHandler
from pytest_django import DjangoDbBlocker

from accounts.services.identity_providers import forget_offer
from config import env
from oauthapps.http.messages import to_django_response
from oauthapps.sql.failures import exhausted
from server.dispatcher import ApiDispatcher, endpoint_at
from tests.infrastructure.chromium import launch_arguments
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.postgres import PostgresServer
from tests.infrastructure.scheduling import Scheduling, together_first

END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid != pg_backend_pid()"""

FREE_ALL_SLOTS = """
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.services.applications import delete_application
for application in Application.objects.live():
    delete_application(application, actor=Actor.command("tests"))
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="the database to run on: on PostgreSQL only what needs a database, on the one that "
        "TEST_DATABASE_URL names if it is running already",
    )
    parser.addoption(
        "--every-look", action="store_true", help="look at every page in every width and color scheme"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage among what lasts: a third of the time that collecting tests takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for garbage among what tests make alone: not each time among all tests and modules as well."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    config.option.loadscopereorder = False  # as they were collected
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what needs no database: the run on SQLite has it."""
    together_first(items)
    if config.getoption("--database") == "sqlite":
        return
    left_out = [item for item in items if not needs_database(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if needs_database(item)]


def needs_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & {"db", "transactional_db", "django_db_setup"}) or (
        item.get_closest_marker("django_db") is not None
    )


class ClientHandler(DjangoClientHandler):
    """What answers the test client: requests go the same two ways as in the server."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async)
        self.dispatcher = ApiDispatcher()

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info.encode().decode("latin-1")  # as the server says it (PEP 3333)
        endpoint = endpoint_at(path)
        if endpoint is None:
            return super().get_response(request)
        return to_django_response(self.dispatcher.respond({**request.META, "PATH_INFO": path}, endpoint))


@pytest.fixture(scope="session", autouse=True)
def _two_ways() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django.test.client, "ClientHandler", ClientHandler)
        yield


@pytest.fixture(autouse=True)
def _nobody_has_failed_too_often() -> None:
    exhausted.window = 0, set()  # what a process knows, as a new one would


@pytest.fixture(autouse=True)
def _nothing_is_offered_from_before() -> None:
    forget_offer()  # what a process remembers of a database that is another one now


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Point Django at the database that was asked for, before anything has connected."""
    if request.config.getoption("--database") == "sqlite":
        yield
    elif url := os.environ.get("TEST_DATABASE_URL"):
        use_database(url)
        yield
    else:
        with PostgresServer() as server:
            use_database(server.url)
            yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End the sessions of threads that tests left behind, or their database could not be dropped."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(END_OTHER_SESSIONS)


def use_database(url: str) -> None:
    """Replace the default connection by one to a test database on this server, one per worker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    replaced: Any = {**env.database_at(url), "CONN_MAX_AGE": 0, "TEST": {"NAME": f"test_gatehouse_{worker}"}}
    connections["default"].close()
    del connections["default"]
    settings.DATABASES["default"] = replaced
    connections.settings = connections.configure_settings(settings.DATABASES)


@pytest.fixture(scope="session")
def shared_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation started as a newcomer starts it, once for all stories of a worker."""
    with Installation(tmp_path_factory.mktemp("installation") / "gatehouse", ADMIN) as running:
        yield running


@pytest.fixture(scope="module")
def installation(shared_installation: Installation) -> Iterator[Installation]:
    """The installation of a worker, whose slots are free again after the stories of a file."""
    yield shared_installation
    ended = shared_installation.manage("shell", "--no-imports", "-c", FREE_ALL_SLOTS)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return launch_arguments()
