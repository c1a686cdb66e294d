"""A browser in the hands of whoever visits a page, and worlds that stand for many tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from tests.console.pages import Browser
from tests.every_page.organization import World
from tests.every_page.snapshots import put
from tests.every_page.visits import Visit
from tests.every_page.worlds import State


@contextmanager
def standing(state: State, blocker: DjangoDbBlocker) -> Iterator[World]:
    """A world for several tests: each test is a savepoint in the transaction that holds it."""
    with blocker.unblock(), transaction.atomic():
        yield put(state)
        transaction.set_rollback(True)


def browser_for(visit: Visit, world: World) -> Browser:
    """A browser in which the visitor is signed in and has done what comes before the visit."""
    browser = Browser(Client(raise_request_exception=False))
    if visit.by:
        browser.client.force_login(world.people[visit.by])
        confirm_access(browser.client, world.people[visit.by])
    visit.before(browser, world)
    return browser


def confirm_access(client: Client, person: User) -> None:
    """Make the session one in which the password was asked for again just now."""
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, method="password", reauthenticated=True)
    request.session.save()


def break_what_it_breaks(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the function that the visit names raise."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken for a test")

    if visit.breaks:
        monkeypatch.setattr(visit.breaks, fail)
