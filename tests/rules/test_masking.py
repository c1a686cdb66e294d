"""What may be kept of what a request said."""

import base64
import secrets
from itertools import pairwise

import jwt
import pytest

from oauthapps.rules.credential_values import (
    new_access_token,
    new_client_secret,
    new_refresh_token,
)
from oauthapps.rules.masking import kept_parameters, masked, without_credentials

CREDENTIALS = {
    "a secret": new_client_secret(),
    "an access token": new_access_token(),
    "a refresh token": new_refresh_token(),
    "a JWT": jwt.encode({"iss": "x", "exp": 1}, "k" * 32, algorithm="HS256"),
    "somebody else's key": secrets.token_urlsafe(32),
    "somebody else's hexadecimal key": secrets.token_hex(32),
    "a secret in Base64": base64.b64encode(new_client_secret().encode()).decode(),
}
HARMLESS = [
    "https://client.example/oauth/callback",
    "https://client.example/my-application/sign-in/callback?lane=2",
    "http://localhost:8080/callback",
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "read write offline_access",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "python-requests/2.32.5",
]


def is_whole(credential: str, text: str) -> bool:
    """Whether enough of a credential is in a text to be worth anything to who finds it."""
    return any(credential[start:end] in text for start, end in pairwise(range(0, len(credential), 12)))


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize(
    "around", ["{}", "x {} y", "client:{}", "https://x.example/{}?a={}#b", "https://me:{}@x.example/", '"{}"']
)
@pytest.mark.spec("U-04", "ASVS 16.2.5")
def test_a_credential_is_masked_wherever_it_stands(credential: str, around: str) -> None:
    text = around.format(credential, credential) if around.count("{}") > 1 else around.format(credential)
    assert not is_whole(credential, without_credentials(text))
    for name in ("client_id", "state", "scope", "redirect_uri", "code", "of nobody's"):
        kept = kept_parameters([(name, text), (text, ""), (text, text)])
        assert not is_whole(credential, str(kept)), name


@pytest.mark.parametrize("text", HARMLESS)
def test_what_helps_to_find_a_mistake_is_kept(text: str) -> None:
    assert without_credentials(text) == text


def test_a_masked_credential_can_be_recognized() -> None:
    secret = CREDENTIALS["a secret"]
    assert masked(secret) == f"gtsec_…{secret[-4:]}"
    assert masked("hunter2") == "…"
    assert masked(CREDENTIALS["a JWT"]).startswith("JWT of ")


def test_nothing_is_kept_of_a_signature() -> None:
    signature = CREDENTIALS["a JWT"].rpartition(".")[2]
    assert signature[-4:] not in masked(CREDENTIALS["a JWT"])


def test_a_value_of_a_parameter_that_nobody_knows_is_masked() -> None:
    assert kept_parameters([("password", "hunter2"), ("client_secret", "short")]) == {
        "password": "…",
        "client_secret": "…",
    }


def test_parameters_are_bounded() -> None:
    kept = kept_parameters([("scope", "a " * 10_000), *((f"p{number}", "x") for number in range(1000))])
    assert len(kept) == 30
    assert len(kept["scope"]) == 200


def test_what_no_database_stores_is_replaced() -> None:
    assert kept_parameters([("scope\0", "a\ud800")]) == {"…": "…"}
    assert kept_parameters([("scope", "a\ud800\0")]) == {"scope": "a��"}
