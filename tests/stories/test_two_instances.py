"""Two servers on one PostgreSQL share nothing else, and what one does counts at the other at once."""

import itertools
import re
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.infrastructure.leaving_out import require
from tests.oauth_client import ME, REVOKE, TOKEN
from tests.stories.conftest import manage
from tests.stories.pair import Pair, credentials, started

pytestmark = pytest.mark.story

MEMBERS_PASSWORD = "a good password of a member"


@pytest.fixture(scope="module", params=["direct", "nginx"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    behind_nginx = request.param == "nginx"
    if behind_nginx:
        require("nginx")
    with started(tmp_path_factory.mktemp("pair"), behind_nginx=behind_nginx) as running:
        yield running


def statuses(pair: Pair, token: str) -> list[int]:
    """What both say to a token: each twice per worker and more, so that all of them are asked."""
    headers = {"Authorization": f"Bearer {token}"}
    urls = [f"{pair.url(instance)}{ME}" for instance in (pair.first, pair.second)] * 6
    return sorted({pair.client.get(url, headers=headers, timeout=30).status_code for url in urls})


def test_a_logo_uploaded_at_one_is_served_by_both(pair: Pair) -> None:
    application = pair.application("Pictured")
    picture = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "PNG")
    page = f"/console/applications/{application['client_id']}/"
    answer = pair.press(page, files={"logo": ("logo.png", picture.getvalue(), "image/png")})
    address = re.search(r'src="(/logos/[0-9a-f]{64}\.png)"', answer.text)
    assert address, answer.text
    served = [pair.client.get(pair.url(one) + address[1], timeout=30) for one in (pair.first, pair.second)]
    assert [one.status_code for one in served] == [200, 200]
    assert served[0].content == served[1].content
    assert Image.open(BytesIO(served[1].content)).size == (256, 256)


@pytest.mark.spec("O-91", "operation")
def test_a_session_begun_at_one_is_known_to_the_other(pair: Pair) -> None:
    browser = pair.session()
    cookies = pair.administrator.browser.cookies.get_dict()
    page = browser.get(f"{pair.url(pair.second)}/console/applications/", cookies=cookies, timeout=30)
    assert page.status_code == 200
    assert "OAuth2 Applications" in page.text
    assert "/accounts/login/" not in page.url


def test_what_is_revoked_at_one_is_dead_at_both(pair: Pair) -> None:
    application = pair.application("Revoked")
    tokens = pair.tokens(application)
    assert statuses(pair, tokens["access_token"]) == [200]
    revocation = {"token": tokens["refresh_token"], **credentials(application)}
    assert pair.post(pair.second, REVOKE, revocation).status_code == 200
    assert statuses(pair, tokens["access_token"]) == [401]
    assert pair.refresh(pair.first, application, tokens["refresh_token"]).status_code == 400


def test_a_refresh_token_is_replaced_once_whichever_is_asked(pair: Pair) -> None:
    application = pair.application("Refreshed")
    first = pair.tokens(application)["refresh_token"]
    lost = pair.refresh(pair.first, application, first).json()
    again = pair.refresh(pair.second, application, first).json()
    assert again["refresh_token"] == lost["refresh_token"]
    assert pair.refresh(pair.first, application, lost["refresh_token"]).status_code == 200
    assert pair.refresh(pair.second, application, first).status_code == 400


def test_what_is_disabled_at_one_is_disabled_at_both(pair: Pair) -> None:
    application = pair.application("Disabled")
    tokens = pair.tokens(application)
    page = f"/console/applications/{application['client_id']}/"
    pair.press_and_confirm(page, f"{page}disable/")
    assert statuses(pair, tokens["access_token"]) == [401]
    refused = [pair.refresh(at, application, tokens["refresh_token"]) for at in (pair.first, pair.second)]
    assert [one.status_code for one in refused] == [401, 401]
    pair.press(page, f"{page}enable/")
    assert statuses(pair, tokens["access_token"]) == [200]


def test_a_person_deactivated_at_one_has_access_at_neither(pair: Pair) -> None:
    application = pair.application("Of a member")
    options = ("--username", "mia", "--email", "mia@example.org", "--role", "member", "--password-stdin")
    user_id = manage(pair.first, "create_user", *options, stdin=MEMBERS_PASSWORD)["user_id"]
    member = pair.person()
    member.sign_in("mia", MEMBERS_PASSWORD)
    tokens = pair.tokens(application, member)
    assert statuses(pair, tokens["access_token"]) == [200]
    pair.press(f"/people/{user_id}/deactivation/")
    assert statuses(pair, tokens["access_token"]) == [401]
    refused = [pair.refresh(at, application, tokens["refresh_token"]) for at in (pair.first, pair.second)]
    assert [one.json()["error"] for one in refused] == ["invalid_grant", "invalid_grant"]


def test_a_secret_deleted_at_one_authenticates_at_neither(pair: Pair) -> None:
    application = pair.application("Without secret")
    tokens = pair.tokens(application)
    page = f"/console/applications/{application['client_id']}/"
    text = pair.page(page).text
    deletion = re.search(rf"{page}secrets/\d+/deletion/", text)
    assert deletion, text
    pair.press(deletion[0])
    refused = [pair.refresh(at, application, tokens["refresh_token"]) for at in (pair.first, pair.second)]
    assert [one.json()["error"] for one in refused] == ["invalid_client", "invalid_client"]


@pytest.mark.spec("O-93", "ASVS 6.3.1")
def test_failures_at_both_are_counted_together(pair: Pair) -> None:
    guess = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "0" * 32, "client_secret": "x"}
    if time.time() % 60 > 40:  # a count begins anew with every minute
        time.sleep(61 - time.time() % 60)
    turns = itertools.islice(itertools.cycle((pair.first, pair.second)), 61)
    answers = [pair.post(at, TOKEN, guess).status_code for at in turns]
    assert answers == [401] * 60 + [429]  # 60 a minute; each of the two has seen 30 or 31
    assert pair.post(pair.second, TOKEN, guess).status_code == 429


def test_both_run_on_nothing_but_the_database(pair: Pair) -> None:
    for instance in (pair.first, pair.second):
        files = {path.name for path in Path(instance.folder / "var").iterdir() if path.is_file()}
        assert not {name for name in files if name.endswith(".sqlite3")}
