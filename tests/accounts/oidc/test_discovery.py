"""Discovery documents of identity providers: a valid one, and one part of it broken at a time."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from accounts.oidc.discovery import Discovery, checked, discover
from accounts.oidc.errors import DiscoveryError, FetchError, ProviderError
from tests.factories import discovery_document
from tests.infrastructure.line_server import LineServer, answer

ISSUER = "https://login.example/staff"


def cause_of(issuer: str = ISSUER, **members: Any) -> str:
    with pytest.raises(DiscoveryError) as refused:
        checked(discovery_document(ISSUER, **members), issuer)
    return refused.value.cause


def test_a_valid_document_says_what_a_sign_in_needs() -> None:
    found = checked(discovery_document(ISSUER, claims_supported=["sub"]), ISSUER)
    assert found.issuer == ISSUER
    assert found.token_endpoint == f"{ISSUER}/token"
    assert found.algorithms == ("RS256", "ES256")
    assert found.authenticates_in_header
    assert found.names_issuer
    assert found.has_backchannel_logout
    assert "claims_supported" not in found.document
    assert Discovery(document=json.loads(json.dumps(found.document))) == found


def test_what_is_optional_may_be_missing() -> None:
    missing = dict.fromkeys(
        [
            "userinfo_endpoint",
            "end_session_endpoint",
            "code_challenge_methods_supported",
            "authorization_response_iss_parameter_supported",
            "backchannel_logout_supported",
        ]
    )
    found = checked(discovery_document(ISSUER, **missing), ISSUER)
    assert (found.userinfo_endpoint, found.end_session_endpoint) == ("", "")
    assert not found.names_issuer
    assert not found.has_backchannel_logout


@pytest.mark.parametrize(
    "named", [f"{ISSUER}/", "https://LOGIN.example/staff", "https://other.example", "", None, 5, ["x"]]
)
@pytest.mark.spec("I-08", "OpenID Discovery §4.3")
def test_an_issuer_that_differs_by_a_letter_is_another(named: Any) -> None:
    with pytest.raises(DiscoveryError) as refused:
        checked({**discovery_document(ISSUER), "issuer": named}, ISSUER)
    assert refused.value.fix.startswith("Check the issuer")


@pytest.mark.spec("I-08", "OpenID Discovery §4.3")
def test_a_document_for_every_tenant_says_what_to_use_instead() -> None:
    entra = "https://login.microsoftonline.com/common/v2.0"
    document = discovery_document("https://login.microsoftonline.com/{tenantid}/v2.0")
    with pytest.raises(DiscoveryError) as refused:
        checked(document, entra)
    assert refused.value.fix == "Use the issuer of one tenant, with its ID in the URL."


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "value", [None, "", 7, "http://login.example/x", "https://a:b@login.example/", "x" * 3000]
)
@pytest.mark.spec("I-09", "OpenID Discovery §3")
def test_an_endpoint_is_there_and_an_https_url(name: str, value: Any) -> None:
    assert name in cause_of(**{name: value})


@pytest.mark.parametrize("name", ["userinfo_endpoint", "end_session_endpoint"])
@pytest.mark.spec("I-09", "OpenID Discovery §3")
def test_an_endpoint_that_may_be_missing_is_no_other_url_either(name: str) -> None:
    assert name in cause_of(**{name: "javascript:alert(1)"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_types_supported", None),
        ("response_types_supported", ["id_token"]),
        ("response_types_supported", "code"),
        ("response_modes_supported", ["form_post"]),
        ("grant_types_supported", ["implicit"]),
        ("code_challenge_methods_supported", ["plain"]),
        ("code_challenge_methods_supported", []),
        ("token_endpoint_auth_methods_supported", ["private_key_jwt"]),
        ("id_token_signing_alg_values_supported", None),
        ("id_token_signing_alg_values_supported", ["HS256", "none"]),
    ],
)
@pytest.mark.spec("I-10", "OpenID Discovery §3; 7636; BCP §2.1.1")
def test_a_provider_that_cannot_do_what_a_sign_in_needs_is_refused(name: str, value: Any) -> None:
    assert name in cause_of(**{name: value})


@pytest.mark.spec("I-08", "OpenID Discovery §4.3")
def test_it_is_read_from_below_the_issuer(settings: Settings) -> None:
    settings.IDENTITY_PROVIDER_PRIVATE = True
    with LineServer(answer(b"{}")) as server:
        issuer = f"http://127.0.0.1:{server.port}/realms/staff/"
        server.answering = answer(json.dumps(discovery_document(issuer)).encode())
        assert discover(issuer).issuer == issuer
        assert server.requests[0].startswith(
            b"GET /realms/staff/.well-known/openid-configuration HTTP/1.1\r\n"
        )
        server.answering = answer(b"{}", status="404 Not Found")
        with pytest.raises(DiscoveryError) as refused:
            discover(issuer)
    assert "answered 404" in refused.value.cause


@pytest.mark.parametrize(
    ("issuer", "error"),
    [
        ("https://login.example/?tenant=1", DiscoveryError),
        ("https://login.example/#x", DiscoveryError),
        ("http://login.example", FetchError),
        ("https://127.0.0.1", FetchError),
        ("login.example", FetchError),
    ],
)
@pytest.mark.spec("I-03", "3986 §3.2; OWASP SSRF")
def test_an_issuer_is_a_public_https_url(issuer: str, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        discover(issuer)


@pytest.mark.spec("I-08", "OpenID Discovery §4.1")
def test_the_url_of_the_document_in_place_of_the_issuer_is_recognized() -> None:
    with pytest.raises(DiscoveryError) as refused:
        discover(f"{ISSUER}/.well-known/openid-configuration")
    assert refused.value.fix == "Leave out /.well-known/openid-configuration."
