"""What an application's clients may do until a day: for them alone, counted, and over by itself."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as installation
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import AccessToken, Application, DatedException
from oauthapps.rules.app_types import AppType
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services.applications import delete_application, disable_application, enable_application
from oauthapps.services.credentials import delete_key
from oauthapps.services.moving_in import begin, end_exception
from server.logs.lines import LineFormatter
from tests.factories import make_application
from tests.oauth2.answers import challenge
from tests.oauth2.conftest import Machine, application_of, make_machine
from tests.oauth2.test_statements import issuing, statements
from tests.oauth_client import ME, TOKEN, VERIFY, OAuthClient
from tests.parallel import THREADS, in_parallel

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
LAST_DAY = date(2027, 2, 1)
END = datetime(2027, 2, 2, tzinfo=UTC)
ADMINISTRATOR = Actor(label="an administrator")
LONG, REPEATED, IN_URL = ExceptionKind
RESOURCES = [ME, "/attask/api/v22.0/user/me", "/attask/api/v22.0/user/search", VERIFY]


@pytest.fixture(autouse=True)
def january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def other_machine(machine: Machine) -> Machine:
    """Another application's, with the same key."""
    created = make_application(AppType.MACHINE_TO_MACHINE, name="Other")
    return make_machine(created.application, created.client_secret)


def except_until(application: Application, kind: ExceptionKind, last_day: date = LAST_DAY) -> None:
    begin(application, exceptions={kind.value: last_day}, actor=ADMINISTRATOR)


def needed(application: Application, kind: ExceptionKind) -> tuple[int, datetime | None]:
    row = application.dated_exceptions.get(kind=kind)
    return row.times_needed, row.last_needed_at


def seconds(**ahead: int) -> int:
    """A NumericDate so far ahead of the present time."""
    return int((datetime.now(UTC) + timedelta(**ahead)).timestamp())


def refusal(machine: Machine, **claims: Any) -> str:
    answer = machine.client.exchange_jwt(machine.assertion(**claims))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    return str(answer.json()["error_description"])


def accepts(machine: Machine, **claims: Any) -> bool:
    return machine.client.exchange_jwt(machine.assertion(**claims)).status_code == 200


def opens_by_url(token: str, path: str = ME) -> bool:
    return Client().get(f"{path}?sessionID={token}").status_code == 200


# JWTs that live longer


@pytest.mark.spec("O-121", "RFC 7523 §3 item 4")
def test_a_jwt_may_live_longer_than_a_day(machine: Machine, other_machine: Machine) -> None:
    assert "more than 24 hours" in refusal(machine, exp=seconds(hours=25))
    except_until(machine.application, LONG)
    assert accepts(machine, exp=seconds(hours=25))
    assert accepts(machine, exp=seconds(days=366))
    assert needed(machine.application, LONG) == (2, NOW)
    assert "more than 24 hours" in refusal(other_machine, exp=seconds(hours=25))


@pytest.mark.spec("O-121", "RFC 7523 §3 item 4")
def test_but_not_for_ever(machine: Machine) -> None:
    except_until(machine.application, LONG)
    for ahead in ({"days": 367}, {"days": 3650}):
        assert refusal(machine, exp=seconds(**ahead)) == (
            "The assertion has an exp more than 366 days in the future."
        )
    assert "out of range" in refusal(machine, exp=seconds(hours=1) * 1000)  # milliseconds
    assert "has no exp" in refusal(machine, exp=...)
    assert needed(machine.application, LONG) == (0, None)


@pytest.mark.spec("O-121", "RFC 7523 §3")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "0" * 32},
        {"sub": "0" * 32},
        {"aud": "https://elsewhere.example"},
        {"nbf": 1_900_000_000},
        {"iat": 1_900_000_000},
        {"exp": 1_000_000_000},
        {"jti": 5},
    ],
)
def test_everything_else_about_a_long_jwt_is_judged(machine: Machine, claims: dict[str, Any]) -> None:
    except_until(machine.application, LONG)
    except_until(machine.application, REPEATED)
    refusal(machine, **{"exp": seconds(days=30), **claims})
    forged = machine.assertion(exp=seconds(days=30))[:-4] + "AAAA"
    assert machine.client.exchange_jwt(forged).status_code == 400
    assert not AccessToken.objects.exists()


@pytest.mark.spec("O-121", "RFC 7523 §3 item 7")
def test_the_jti_of_a_long_jwt_is_known_as_long_as_it_lives(machine: Machine) -> None:
    except_until(machine.application, LONG)
    assert accepts(machine, exp=seconds(days=30), jti="one")
    assert AccessToken.objects.get().assertion_expires == NOW + timedelta(days=30, seconds=60)
    assert "used" in refusal(machine, exp=seconds(days=30), jti="one")


@pytest.mark.spec("O-121", "RFC 7523 §2.2")
@pytest.mark.spec("O-122", "RFC 7523 §2.2")
@pytest.mark.django_db(transaction=True)
def test_a_client_authenticates_with_a_jwt_as_ever(machine: Machine) -> None:
    """Whoever signs to say who they are, instead of with a secret, was not at the retiring service."""
    own = machine.application.keys.all()
    own.update(user=None)
    except_until(machine.application, LONG)
    except_until(machine.application, REPEATED)

    def authenticates(**claims: Any) -> bool:
        client_id = machine.application.client_id
        claims = {"iss": client_id, "sub": client_id, "aud": installation.BASE_URL, **claims}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": machine.assertion(**claims),
        }
        return machine.client.post(TOKEN, form).status_code == 200

    assert authenticates(jti="one")
    assert not authenticates(jti="one")
    assert not authenticates(jti="two", exp=seconds(hours=25))


# A jti again


@pytest.mark.spec("O-122", "RFC 7523 §3 item 7")
def test_a_jti_may_come_again(machine: Machine, other_machine: Machine) -> None:
    assert accepts(machine, jti="before")
    except_until(machine.application, REPEATED)
    for each in ("before", "one", "one", "one"):
        assert accepts(machine, jti=each)
    assert AccessToken.objects.count() == 5
    assert needed(machine.application, REPEATED) == (3, NOW)
    except_until(other_machine.application, REPEATED)
    assert accepts(machine, jti="one")
    assert needed(other_machine.application, REPEATED) == (0, None)
    end_exception(other_machine.application, REPEATED, actor=ADMINISTRATOR)
    assert accepts(other_machine, jti="one")
    assert "used" in refusal(other_machine, jti="one")


@pytest.mark.spec("O-122", "RFC 7523 §3 item 7")
def test_a_repeated_jwt_is_judged_as_the_first_was(machine: Machine) -> None:
    except_until(machine.application, REPEATED)
    assertion = machine.assertion(jti="one", exp=seconds(minutes=5))
    assert machine.client.exchange_jwt(assertion).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=7), tick=False):
        answer = machine.client.exchange_jwt(assertion)
        assert "expired" in answer.json()["error_description"]
    assert machine.client.exchange_jwt(assertion, client_secret="wrong").status_code == 401
    delete_key(machine.key, actor=ADMINISTRATOR)
    assert "not signed" in machine.client.exchange_jwt(assertion).json()["error_description"]
    assert AccessToken.objects.count() == 1


@pytest.mark.spec("O-122", "RFC 9700 §4.14.2")
def test_nothing_else_may_come_again(web: OAuthClient, visitor: Client) -> None:
    """No form offers that exception to such an application."""
    DatedException.objects.create(application=application_of(web), kind=REPEATED, ends_at=END)
    code = web.get_code(visitor)
    refresh_token = web.exchange(code).json()["refresh_token"]
    assert web.refresh(refresh_token).status_code == 200
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        assert web.refresh(refresh_token).status_code == 400
    assert web.exchange(code).status_code == 400


@pytest.mark.spec("O-122", "RFC 7523 §3 item 7")
def test_once_it_has_ended_a_jti_counts_that_came_while_it_held(machine: Machine) -> None:
    except_until(machine.application, REPEATED)
    assert accepts(machine, jti="one")
    assert accepts(machine, jti="one")
    end_exception(machine.application, REPEATED, actor=ADMINISTRATOR)
    assert "used" in refusal(machine, jti="one")
    assert needed(machine.application, REPEATED) == (1, NOW)


@pytest.mark.spec("O-122", "RFC 7523 §3 item 7")
@pytest.mark.django_db(transaction=True)
@pytest.mark.locking
def test_each_repeat_is_counted_however_many_come_at_once(machine: Machine) -> None:
    except_until(machine.application, REPEATED)
    assertion, client = machine.assertion(jti="one"), machine.client
    answers = in_parallel(lambda: OAuthClient(client.client_id, client.client_secret).exchange_jwt(assertion))
    assert [answer.status_code for answer in answers] == [200] * THREADS
    assert needed(machine.application, REPEATED)[0] == THREADS - 1


# Tokens in URLs


@pytest.mark.spec("O-123", "RFC 9700 §4.3.2")
@pytest.mark.parametrize("path", RESOURCES)
def test_tokens_of_an_application_may_come_in_urls(
    web: OAuthClient, visitor: Client, other_machine: Machine, path: str
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    other = other_machine.client.exchange_jwt(other_machine.assertion()).json()["access_token"]
    assert not opens_by_url(token, path)
    except_until(application_of(web), IN_URL)
    assert opens_by_url(token, path)
    assert Client().get(f"{path}?fields=name&sessionID={token}&sessionID=").status_code == 200
    assert needed(application_of(web), IN_URL) == (2, NOW)
    assert not opens_by_url(other, path)


@pytest.mark.spec("O-123", "RFC 9700 §4.3.2")
@pytest.mark.spec("O-125", "RFC 9700 §4.3.2")
def test_a_machine_that_logs_out_by_url_is_logged_out(machine: Machine) -> None:
    except_until(machine.application, IN_URL)
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    assert Client().get(f"/attask/api/v22.0/logout?sessionID={token}").status_code == 200
    assert machine.client.me(token).status_code == 401


@pytest.mark.spec("O-123", "RFC 6750 §3")
@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize(
    "query", ["sessionID={}x", "sessionID={}&sessionID=x", "sessionID=", "sessionID=%FF%00é", "sessionid={}"]
)
def test_whatever_else_a_url_has_counts_as_no_token(
    web: OAuthClient, visitor: Client, path: str, query: str
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    except_until(application_of(web), IN_URL)
    answer = Client().get(f"{path}?{query.format(token)}")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, challenge())
    assert needed(application_of(web), IN_URL) == (0, None)


@pytest.mark.spec("O-123", "RFC 6750 §2")
def test_a_header_goes_before_the_url(web: OAuthClient, visitor: Client, token: str) -> None:
    except_until(application_of(web), IN_URL)
    headers: list[tuple[dict[str, str], int]] = [
        ({"sessionID": token}, 200),
        ({"Authorization": f"Bearer {token}"}, 200),
        ({"Authorization": "Bearer other"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Basic Og=="}, 401),
    ]
    for sent, status in headers:
        assert Client().get(f"{ME}?sessionID={token}", headers=sent).status_code == status
        assert Client().get(f"{ME}?sessionID=other", headers=sent).status_code == status
    assert needed(application_of(web), IN_URL) == (0, None)


@pytest.mark.spec("O-123", "RFC 9700 §4.3.2")
def test_where_the_installation_allows_it_no_exception_is_needed(
    web: OAuthClient, token: str, settings: Settings
) -> None:
    except_until(application_of(web), IN_URL)
    settings.ALLOW_SESSION_ID_IN_URL = True
    assert opens_by_url(token)
    assert needed(application_of(web), IN_URL) == (0, None)


@pytest.mark.spec("O-126", "ASVS 16.2.5")
def test_no_log_repeats_what_a_url_had(
    web: OAuthClient, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    except_until(application_of(web), IN_URL)
    caplog.set_level(logging.DEBUG)
    for path in (*RESOURCES, "/no/such/page", "/attask/api/v22.0/no/such/call"):
        Client().get(f"{path}?sessionID={token}")
        Client().post(f"{path}?sessionID={token}")
    lines = "\n".join(LineFormatter().format(record) for record in caplog.records)
    assert "/no/such/call" in lines
    assert token not in lines


@pytest.mark.spec("O-121", "RFC 7523 §3 item 4")
@pytest.mark.spec("O-122", "RFC 7523 §3 item 7")
@pytest.mark.spec("O-123", "RFC 9700 §4.3.2")
@pytest.mark.parametrize("kind", ExceptionKind)
def test_one_exception_allows_nothing_that_another_does(machine: Machine, kind: ExceptionKind) -> None:
    except_until(machine.application, kind)
    issued = machine.client.exchange_jwt(machine.assertion(jti="one")).json()["access_token"]
    assert accepts(machine, exp=seconds(hours=25)) is (kind is LONG)
    assert accepts(machine, jti="one") is (kind is REPEATED)
    assert opens_by_url(issued) is (kind is IN_URL)


# How long


ENDINGS = [(END - timedelta(seconds=1), True), (END, False), (END + timedelta(seconds=1), False)]


@pytest.mark.spec("O-124", "operation")
@pytest.mark.parametrize(("at", "holds"), ENDINGS)
def test_an_exception_ends_with_its_last_day_in_utc(
    machine: Machine, token: str, at: datetime, holds: bool
) -> None:
    for kind in ExceptionKind:
        except_until(machine.application, kind)
    with time_machine.travel(at - timedelta(minutes=5), tick=False):
        issued = machine.client.exchange_jwt(machine.assertion(jti="one")).json()["access_token"]
    with time_machine.travel(at, tick=False):
        assert accepts(machine, exp=seconds(hours=25)) is holds
        assert accepts(machine, jti="one") is holds
        assert opens_by_url(issued) is holds
        assert accepts(machine)


@pytest.mark.spec("O-124", "operation")
@pytest.mark.parametrize("kind", ExceptionKind)
def test_an_administrator_ends_one_at_once(machine: Machine, kind: ExceptionKind) -> None:
    issued = machine.client.exchange_jwt(machine.assertion(jti="one")).json()["access_token"]

    def holds() -> bool:
        ways = {
            LONG: lambda: accepts(machine, exp=seconds(hours=25)),
            REPEATED: lambda: accepts(machine, jti="one"),
            IN_URL: lambda: opens_by_url(issued),
        }
        return ways[kind]()

    assert not holds()
    except_until(machine.application, kind)
    assert holds()
    end_exception(machine.application, kind, actor=ADMINISTRATOR)
    assert not holds()
    except_until(machine.application, kind)
    assert holds()
    disable_application(machine.application, actor=ADMINISTRATOR)
    assert not holds()
    enable_application(machine.application, actor=ADMINISTRATOR)
    assert holds()
    delete_application(machine.application, actor=ADMINISTRATOR)
    assert not holds()


@pytest.mark.spec("O-124", "operation")
def test_no_application_inherits_the_exceptions_of_a_deleted_one(machine: Machine) -> None:
    except_until(machine.application, REPEATED)
    delete_application(machine.application, actor=ADMINISTRATOR)
    with pytest.raises(ValidationError, match="already exists"):
        make_application(AppType.MACHINE_TO_MACHINE, client_id=machine.application.client_id)
    created = make_application(AppType.MACHINE_TO_MACHINE)
    successor = make_machine(created.application, created.client_secret)
    assert accepts(successor, jti="one")
    assert "used" in refusal(successor, jti="one")


@pytest.mark.spec("O-124", "operation")
def test_a_person_who_is_deactivated_gets_nothing_by_exception(machine: Machine) -> None:
    for kind in ExceptionKind:
        except_until(machine.application, kind)
    issued = machine.client.exchange_jwt(machine.assertion(jti="one")).json()["access_token"]
    User.objects.update(is_active=False)
    assert not opens_by_url(issued)
    assert "active person" in refusal(machine, jti="one", exp=seconds(hours=25))


# What it costs


@pytest.mark.spec("O-125", "operation")
@pytest.mark.django_db(transaction=True)
def test_one_more_statement_counts_what_was_needed_and_none_what_was_not(
    machine: Machine, other_machine: Machine
) -> None:
    for each in (machine, other_machine):
        for kind in ExceptionKind:
            except_until(each.application, kind)
        token = each.client.exchange_jwt(each.assertion(jti="one")).json()["access_token"]  # notes uses
    client, (two, long) = (
        machine.client,
        [machine.assertion(jti="two"), machine.assertion(exp=seconds(days=2))],
    )
    assert statements(lambda: client.exchange_jwt(two)) == 2
    assert statements(lambda: client.exchange_jwt(long)) == 2 + 1
    assert statements(lambda: client.exchange_jwt(two)) == 2 + REPEATING[issuing()]
    end_exception(machine.application, REPEATED, actor=ADMINISTRATOR)
    assert statements(lambda: client.exchange_jwt(two)) == 2
    assert statements(lambda: client.me(token)) == 1
    assert statements(lambda: opens_by_url(token)) == 1 + 1
    assert statements(lambda: opens_by_url("x")) == 1
    assert statements(lambda: Client().get(f"{ME}?fields=name")) == 0


# Counting and adding are one statement on PostgreSQL; elsewhere two, in a transaction.
REPEATING = {1: 1, 5: 4}


@pytest.mark.spec("O-125", "operation")
@pytest.mark.django_db(transaction=True)
def test_a_count_that_cannot_be_written_refuses_nobody(machine: Machine) -> None:
    for kind in (LONG, IN_URL):
        except_until(machine.application, kind, NOW.date())
    DatedException.objects.update(times_needed=2**63 - 1)  # one more is out of range
    reply = machine.client.exchange_jwt(machine.assertion(exp=seconds(days=2)))
    assert reply.status_code == 200
    assert opens_by_url(reply.json()["access_token"])
