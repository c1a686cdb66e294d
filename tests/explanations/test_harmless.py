"""What sentences repeat of what anybody may have sent: nothing that is a credential, and never for long."""

import time

import pytest

from oauthapps.explanations import redirect_uris, scopes
from oauthapps.explanations.applications import Claimed
from oauthapps.explanations.wording import Shown
from oauthapps.rules import echoes
from oauthapps.rules.keys.signatures import Signature

SECRET = "gtsec_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"


@pytest.mark.spec("U-26", "the inspector")
@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f" {SECRET}",
        f"x{SECRET}",
        "8f14e45fceea167a5a36dedd4bea2543",
        "Xq9~vB7.mN3-pL1_zR5",
    ],
)
def test_what_could_be_a_credential_is_not_repeated(value: str) -> None:
    assert value.strip() not in echoes.named(value)
    assert value.strip() not in echoes.named(f"https://a.example/{value}")


@pytest.mark.parametrize("value", ["openid", "acme", "https://api.example/v1/token", "http://localhost:8000"])
def test_what_is_made_of_words_is_repeated(value: str) -> None:
    assert echoes.named(value) == value


@pytest.mark.spec("U-26", "the inspector")
def test_nothing_that_waits_for_an_explanation_holds_a_credential() -> None:
    jwt = f"eyJhbGciOiJSUzI1NiJ9.{'p' * 40}.{'s' * 40}"
    for kept in (Shown.of(SECRET, f"{SECRET}%20"), Claimed.of(SECRET), Signature.of(jwt)):
        assert SECRET not in repr(kept)
        assert "p" * 40 not in repr(kept)
        assert "s" * 40 not in repr(kept)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (f"https://a.example/cb?key={SECRET}", "https://a.example/cb?key=[removed]"),
        ("https://a.example/cb?t=eyJhbGciOi.e30.x&next=/home", "https://a.example/cb?t=[removed]&next=/home"),
        ("https://a.example/cb?k=aB3xY9aB3xY9aB3xY9", "https://a.example/cb?k=[removed]"),
        (
            "https://a.example/cb?next=/a/long/path/of/words",
            "https://a.example/cb?next=/a/long/path/of/words",
        ),
    ],
)
def test_credentials_in_a_redirect_uri_are_removed(sent: str, kept: str) -> None:
    assert redirect_uris.without_credentials(sent) == kept


@pytest.mark.spec("U-28", "ASVS 15.2.2")
def test_nothing_that_is_sent_takes_long_to_explain() -> None:
    began = time.monotonic()
    for evil in ("=" * 60_000, "=a1" * 20_000, "eyJ" * 20_000, "a" * 60_000, "%20" * 20_000):
        url = f"https://a.example/?{evil}"
        redirect_uris.without_credentials(url)
        redirect_uris.closest(url, ["https://a.example/" + "x" * 2000] * 50)
        echoes.named(evil)
        Shown.of(evil)
    scopes.refused((f"scope{number}" for number in range(50_000)), ())
    assert time.monotonic() - began < 2
