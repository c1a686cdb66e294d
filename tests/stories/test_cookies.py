"""A neighbor's cookie that is not ASCII keeps ours from arriving: the person is told."""

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import hidden_fields

pytestmark = pytest.mark.story


@pytest.mark.spec("W-60", "RFC 6265 §5.4")
def test_a_foreign_cookie_that_is_not_ascii_is_named_as_a_cause(installation: Installation) -> None:
    url = f"{installation.base_url}/accounts/login/"
    browser = requests.Session()
    page = browser.get(url, timeout=30)
    form = hidden_fields(page.text) | {
        "login": ADMIN["ADMIN_USERNAME"],
        "password": ADMIN["ADMIN_PASSWORD"],
    }
    ours = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers: dict[str, str | bytes] = {"Origin": installation.base_url}
    headers["Cookie"] = f"{ours}; neighbor=Zoë".encode()
    refused = requests.post(url, form, headers=headers, timeout=30)
    assert refused.status_code == 403
    assert "Your browser didn't send cookies" in refused.text
    assert "Delete this host's cookies" in refused.text
    headers["Cookie"] = ours
    assert requests.post(url, form, headers=headers, allow_redirects=False, timeout=30).status_code == 302
