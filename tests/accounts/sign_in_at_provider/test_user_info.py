"""When the UserInfo endpoint is asked, and what it is believed."""

from typing import Any

import pytest

from accounts.models import IdentityProvider, Role, User
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.infrastructure.scripted_provider import Claims, ScriptedProvider

pytestmark = pytest.mark.django_db

ADA = {"email": "ada@example.org", "email_verified": True}


@pytest.mark.spec("I-38", "OpenID Connect Core 1.0 5.3")
def test_it_is_asked_only_for_what_the_id_token_lacks(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    provider.person |= ADA
    assert sso.sign_in().status_code == 302
    assert "/userinfo" not in provider.asked
    IdentityProvider.objects.update(groups_claim="groups", administrator_groups=["admins"])
    sso.client.logout()
    provider.user_info = {"sub": provider.person["sub"], "groups": ["admins"]}
    assert sso.sign_in().status_code == 302
    assert "/userinfo" in provider.asked


@pytest.mark.spec("I-38", "OpenID Connect Core 1.0 5.3")
def test_an_email_address_of_its_signs_in(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    provider.user_info = {"sub": provider.person["sub"], **ADA, "name": "Ada"}
    assert sso.sign_in().status_code == 302
    assert User.objects.get().name == "Ada"


@pytest.mark.spec("I-38", "OpenID Connect Core 1.0 5.3.2")
@pytest.mark.parametrize("said", [{"sub": "another"}, {}, {"sub": None}])
def test_what_it_says_of_another_signs_nobody_in(
    sso: SsoBrowser, provider: ScriptedProvider, said: Claims
) -> None:
    provider.user_info = {**ADA, **said}
    assert sso.sign_in().status_code == 403
    assert not User.objects.exists()


@pytest.mark.spec("I-38", "OpenID Connect Core 1.0 5.7")
def test_it_cannot_verify_the_email_address_of_the_id_token(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    IdentityProvider.objects.update(groups_claim="groups", administrator_groups=["admins"])
    provider.person |= {"email": "ada@example.org"}
    provider.user_info = {"sub": provider.person["sub"], "email": "eve@example.org", "email_verified": True}
    assert sso.sign_in().status_code == 403
    assert "/userinfo" in provider.asked


@pytest.mark.spec("I-38", "OpenID Connect Core 1.0 5.3.2")
def test_it_is_not_asked_how_somebody_signed_in(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    IdentityProvider.objects.update(second_factor_values=["mfa"])
    provider.user_info = {
        "sub": provider.person["sub"],
        **ADA,
        "amr": ["mfa"],
        "acr": "mfa",
        "auth_time": 9e9,
    }
    assert sso.sign_in().status_code == 302
    record = sso.client.session["account_authentication_methods"][0]
    assert (record["second_factor"], record["at"]) == (False, 0)
    assert User.objects.get().role == Role.MEMBER


@pytest.mark.spec("I-54", "ASVS 16.2.5")
@pytest.mark.parametrize("token", ["never-logged\r\nX-Header: 1", "never-logged é", "never-logged \ud800"])
def test_an_access_token_that_fits_no_header_is_not_sent_nor_logged(
    sso: SsoBrowser, provider: ScriptedProvider, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    issue = provider.tokens

    def tokens(form: Any, authorization: str) -> tuple[int, Claims]:
        status, document = issue(form, authorization)
        return status, document | {"access_token": token}

    provider.tokens = tokens  # type: ignore[method-assign]
    assert sso.sign_in().status_code == 403
    assert "/userinfo" not in provider.asked
    assert "never-logged" not in caplog.text
