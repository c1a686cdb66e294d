"""An installation that nobody sets up by hand: a provider, and who comes from there, by its environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.infrastructure.identity_providers import KINDS, IdentityProvider, sign_in_there
from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import hidden_fields
from tests.stories.single_sign_on.office import CALLBACK

pytestmark = pytest.mark.story


@pytest.fixture(params=KINDS)
def provider(request: pytest.FixtureRequest) -> Iterator[IdentityProvider]:
    with IdentityProvider(request.param) as running:
        yield running


@pytest.mark.spec("I-17", "operation")
def test_a_provider_in_the_environment_is_offered_at_the_first_start(
    provider: IdentityProvider, tmp_path: Path
) -> None:
    secret = tmp_path / "client-secret"
    secret.write_text(f"{provider.client_secret}\n")
    environment = ADMIN | {
        "IDENTITY_PROVIDER_PRIVATE": "1",
        "IDENTITY_PROVIDER_ISSUER": provider.issuer,
        "IDENTITY_PROVIDER_CLIENT_ID": provider.client_id,
        "IDENTITY_PROVIDER_CLIENT_SECRET_FILE": str(secret),
        "IDENTITY_PROVIDER_NAME": "Staff login",
        "IDENTITY_PROVIDER_DOMAINS": "example.org",
    }
    with Installation(tmp_path / "gatehouse", environment) as installation:
        provider.register(installation.base_url + CALLBACK)
        browser = requests.Session()
        page = browser.get(f"{installation.base_url}/accounts/login/", timeout=30)
        assert "Sign in with Staff login" in page.text
        # ada is here already: the provider vouches for her address, and she confirms with her password.
        provider.add_person("ada")
        path, _, form = page.text.partition('action="/accounts/login/provider/')[2].partition('"')
        url = f"{installation.base_url}/accounts/login/provider/{path}"
        headers = {"Referer": page.url}
        page = browser.post(url, hidden_fields(form.partition("</form>")[0]), timeout=30, headers=headers)
        page = sign_in_there(browser, page, "ada")
        fields = hidden_fields(page.text) | {"password": ADMIN["ADMIN_PASSWORD"]}
        page = browser.post(page.url, fields, timeout=30, headers={"Referer": page.url})
        assert page.url == f"{installation.base_url}/console/applications/"
        assert provider.client_secret not in installation.log_text()
