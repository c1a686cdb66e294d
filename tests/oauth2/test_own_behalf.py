"""Machine applications that act as themselves: client credentials, and JWTs that name the Service ID."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import AccessToken, Application
from oauthapps.services.credentials import add_key
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth2.conftest import Machine, configure
from tests.oauth_client import INTROSPECT, TOKEN, OAuthClient, given

pytestmark = pytest.mark.django_db

CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


def own_token(client: OAuthClient, **changes: str) -> str:
    reply = client.post(TOKEN, {**CLIENT_CREDENTIALS, **changes}, Authorization=client.basic)
    assert reply.status_code == 200, reply.content
    return str(reply.json()["access_token"])


@pytest.mark.spec("Y-30", "RFC 6749 §4.4")
@pytest.mark.parametrize("place", ["header", "body"])
def test_a_machine_gets_a_token_for_itself(machine: Machine, place: str) -> None:
    client = machine.client
    in_body = {"client_id": client.client_id, "client_secret": client.client_secret}
    headers = {"Authorization": client.basic} if place == "header" else {}
    reply = client.post(TOKEN, CLIENT_CREDENTIALS | (in_body if place == "body" else {}), **headers)
    assert reply.status_code == 200, reply.content
    assert reply.json() | {"access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read write",
        "wid": machine.application.organization.customer_id,
    }
    assert AccessToken.objects.get().user is None


@pytest.mark.spec("Y-31", "RFC 9700 §4.15")
def test_it_speaks_for_the_service_and_nobody_takes_that_for_a_person(machine: Machine) -> None:
    token, service_id = own_token(machine.client), machine.application.service_id
    me = machine.client.me(token).json()
    assert (me["ID"], me["sub_type"], me["emailAddr"]) == (service_id, "service", "")
    assert me["name"] == machine.application.name
    told = machine.client.post(INTROSPECT, {"token": token}, Authorization=machine.client.basic).json()
    assert (told["sub"], told["sub_type"]) == (service_id, "service")
    assert "username" not in told
    documented = Client().get("/attask/api/v22.0/user/me", headers={"sessionID": token}).json()["data"]
    assert (documented["ID"], documented["objCode"]) == (service_id, "USER")


@pytest.mark.spec("Y-31", "RFC 9700 §4.15")
def test_a_service_id_is_no_user_id_and_no_client_id(machine: Machine) -> None:
    service_id = machine.application.service_id
    assert len(service_id or "") == 32
    assert not User.objects.filter(user_id=service_id).exists()
    assert not Application.objects.filter(client_id=service_id).exists()


@pytest.mark.spec("Y-30", "RFC 6749 §4.4")
def test_only_machines_may(web: OAuthClient, single_page: OAuthClient, machine: Machine) -> None:
    for client in (web, single_page):
        reply = client.post(
            TOKEN,
            given(
                {
                    **CLIENT_CREDENTIALS,
                    "client_id": client.client_id,
                    "client_secret": client.client_secret or None,
                }
            ),
        )
        assert (reply.status_code, reply.json()["error"]) == (400, "unauthorized_client")
    reply = machine.client.post(TOKEN, {**CLIENT_CREDENTIALS, "client_id": machine.client.client_id})
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("Y-30", "RFC 6749 §4.4.3")
def test_nothing_is_kept_while_nobody_is_away(machine: Machine) -> None:
    refused = machine.client.post(
        TOKEN, {**CLIENT_CREDENTIALS, "scope": "read offline_access"}, Authorization=machine.client.basic
    )
    assert refused.json()["error"] == "invalid_scope"


@pytest.mark.spec("Y-32", "RFC 7523 §3")
def test_a_key_may_act_as_its_application(machine: Machine) -> None:
    application = machine.application
    machine.key.delete()
    add_key(application, public_pem(SIGNING_KEY), user=None, actor=Actor(label="somebody"))
    reply = machine.client.exchange_jwt(machine.assertion(sub=application.service_id))
    assert reply.status_code == 200, reply.content
    assert machine.client.me(reply.json()["access_token"]).json()["ID"] == application.service_id
    refused = machine.client.exchange_jwt(machine.assertion(sub=application.client_id))
    assert refused.json()["error"] == "invalid_grant"


@pytest.mark.spec("Y-32", "RFC 7523 §3")
def test_a_key_that_acts_as_a_person_does_not_act_as_its_application(machine: Machine) -> None:
    refused = machine.client.exchange_jwt(machine.assertion(sub=machine.application.service_id))
    assert refused.json()["error"] == "invalid_grant"


@pytest.mark.spec("Y-33", "ASVS 7.4.2")
def test_deactivating_a_person_does_not_stop_what_acts_as_itself(machine: Machine) -> None:
    token = own_token(machine.client)
    owner = machine.key.user
    assert owner is not None
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert machine.client.me(token).status_code == 200
    assert machine.client.me(own_token(machine.client)).status_code == 200


@pytest.mark.spec("Y-33", "ASVS 7.4.2")
def test_disabling_the_application_does(machine: Machine) -> None:
    token = own_token(machine.client)
    configure(machine.client, disabled_at=timezone.now())
    assert machine.client.me(token).status_code == 401
