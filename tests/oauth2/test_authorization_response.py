"""What the authorization endpoint sends back to a client by way of the browser."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from oauthapps.models import Consent, Grant, TokenFamily
from oauthapps.rules.app_types import AppType
from tests.factories import make_application
from tests.oauth_client import AUTHORIZE, METADATA, OAuthClient, hidden_fields

pytestmark = pytest.mark.django_db

ISSUER = "http://testserver.localhost"
STATES = [
    "a+b/c=d&e",
    "a%2Fb %2f %25 %ZZ",
    "zwölf €uro 🚪",
    "'\"<b>;,#?:@[]",
    "\t\r\n",
    "{}",
    "=",
    "0",
]


def location(client: OAuthClient, browser: Client, decision: str = "allow", **changes: str | None) -> str:
    """Where the browser is sent: by the answer to the request itself, or by the decision on its page."""
    answer = browser.get(AUTHORIZE, client.authorization_parameters(**changes))
    if answer.status_code == 200:
        fields = hidden_fields(answer.content.decode())
        answer = browser.post(AUTHORIZE, fields | {"decision": decision})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def members(address: str) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs)), "each member once"
    return dict(pairs)


class Case(NamedTuple):
    """A kind of answer that a client can get."""

    changes: dict[str, str]
    decision: str = "allow"
    error: str = ""


CASES = {
    "code": Case({}),
    "refusal": Case({}, "cancel", "access_denied"),
    "response type": Case({"response_type": "token"}, error="unsupported_response_type"),
    "scope": Case({"scope": "everything"}, error="invalid_scope"),
    "challenge": Case({"code_challenge": "short"}, error="invalid_request"),
    "request object": Case({"request": "e30."}, error="request_not_supported"),
}
every_answer = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.mark.spec("A-01", "RFC 6749 §4.1.2")
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://client.example/callback",
        "https://client.example",
        "https://Client.example:8443/a/(b)/;c=1?tenant=7&next=%2Fhome%20page",
        "http://127.0.0.1:53182/cb",
        "com.example.app:/callback",
        "capacitor://localhost/callback",
        "ionic://localhost/callback?tenant=7",
    ],
)
def test_allow_leads_to_exactly_the_registered_address(visitor: Client, redirect_uri: str) -> None:
    created = make_application(AppType.SINGLE_PAGE, redirect_urls=[redirect_uri])
    client = OAuthClient(created.application.client_id, redirect_uri=redirect_uri, pkce=True)
    address = location(client, visitor)
    assert address.startswith(redirect_uri + ("&" if "?" in redirect_uri else "?") + "code=gtcode_")
    added = members(address.removeprefix(redirect_uri.partition("?")[0]))
    assert added.keys() >= {"code", "domain", "lane"}
    assert (added["domain"], added["lane"]) == ("gatehouse", "my")
    assert client.exchange(added["code"]).status_code == 200


@pytest.mark.spec("A-02", "RFC 6749 §4.1.2, §4.1.2.1")
@every_answer
@pytest.mark.parametrize("state", STATES)
def test_state_comes_back_as_it_was_sent(web: OAuthClient, visitor: Client, state: str, case: Case) -> None:
    answer = members(location(web, visitor, case.decision, state=state, **case.changes))
    assert answer["state"] == state
    assert answer.get("error", "") == case.error


@pytest.mark.spec("A-02", "RFC 6749 §4.1.2")
def test_a_plus_sign_survives_both_ways_of_decoding(web: OAuthClient, visitor: Client) -> None:
    address = location(web, visitor, state="a+b c")
    assert "state=a%2Bb%20c&" in address


@pytest.mark.spec("A-02", "RFC 6749 §4.1.2")
@pytest.mark.spec("W-01", "RFC 6749 §3.1")
def test_state_that_was_not_percent_encoded_survives_the_sign_in(web: OAuthClient, visitor: Client) -> None:
    parameters = urlencode(web.authorization_parameters(state=None))
    sent = f"{parameters}&state=zwölf%20%2B".encode().decode("latin-1")  # bytes as WSGI hands them over
    stranger = Client()
    to_sign_in = stranger.get(AUTHORIZE, QUERY_STRING=sent)
    back = dict(parse_qsl(urlsplit(to_sign_in["Location"]).query))["next"]
    fields = hidden_fields(visitor.get(back).content.decode())
    answer = visitor.post(AUTHORIZE, fields | {"decision": "allow"})
    assert members(answer["Location"])["state"] == "zwölf +"


@pytest.mark.spec("A-03", "RFC 6749 §4.1.2")
@every_answer
@pytest.mark.parametrize("state", [None, ""])
def test_no_state_was_sent_so_none_is_returned(
    web: OAuthClient, visitor: Client, state: str | None, case: Case
) -> None:
    assert "state" not in members(location(web, visitor, case.decision, state=state, **case.changes))
    assert members(location(web, visitor, case.decision, **case.changes))["state"] == "the state"


@pytest.mark.spec("A-04", "OpenID conformance: long state")
@every_answer
def test_a_long_state_survives(web: OAuthClient, visitor: Client, case: Case) -> None:
    state = "".join(chr(33 + number % 90) for number in range(1000))
    assert members(location(web, visitor, case.decision, state=state, **case.changes))["state"] == state


@pytest.mark.spec("A-05", "RFC 9207 §2; RFC 9700 §4.4")
@every_answer
def test_every_answer_names_its_issuer(web: OAuthClient, visitor: Client, case: Case) -> None:
    answer = members(location(web, visitor, case.decision, **case.changes))
    assert answer["iss"] == ISSUER
    assert answer.get("error", "") == case.error
    document = Client().get(METADATA).json()
    assert (document["issuer"], document["authorization_response_iss_parameter_supported"]) == (ISSUER, True)


@pytest.mark.spec("A-06", "RFC 6749 §10.10; ASVS 11.5.1")
def test_codes_are_long_random_and_never_the_same(web: OAuthClient, visitor: Client) -> None:
    codes = [web.get_code(visitor) for _ in range(40)]
    assert len(set(codes)) == len(codes)
    random_parts = [code.removeprefix("gtcode_")[:43] for code in codes]  # then a checksum
    assert {len(part) for part in random_parts} == {43}  # base64url of 256 bits
    for position in range(42):  # a place that repeats would be no random one
        assert len({part[position] for part in random_parts}) > 10


@pytest.mark.spec("A-07", "RFC 9700 §2.1.2, §4.3.2")
@every_answer
@pytest.mark.parametrize("response_mode", [None, "fragment", "form_post"])
def test_nothing_is_in_the_fragment_and_no_token_anywhere(
    web: OAuthClient, visitor: Client, response_mode: str | None, case: Case
) -> None:
    address = location(web, visitor, case.decision, response_mode=response_mode, **case.changes)
    assert "#" not in address
    assert members(address).keys().isdisjoint({"access_token", "id_token", "refresh_token", "token"})
    assert not TokenFamily.objects.filter(access_tokens__isnull=False).exists()


@pytest.mark.spec("A-08", "RFC 9700 §4.12")
@pytest.mark.parametrize("decision", ["allow", "cancel"])
def test_the_form_is_answered_by_a_redirect_that_drops_its_fields(
    web: OAuthClient, visitor: Client, decision: str
) -> None:
    fields = hidden_fields(web.consent_page(visitor).content.decode())
    assert visitor.post(AUTHORIZE, fields | {"decision": decision}).status_code in {302, 303}


@pytest.mark.spec("A-18", "RFC 6749 §4.1.2.1")
def test_cancel_is_told_to_the_client_and_grants_nothing(web: OAuthClient, visitor: Client) -> None:
    answer = members(location(web, visitor, "cancel"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "the state", ISSUER)
    assert "code" not in answer
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()
    assert "code" in members(location(web, visitor, "allow"))
    assert Grant.objects.count() == 1


@pytest.mark.spec("A-18", "RFC 6749 §4.1.2.1")
def test_cancel_after_an_earlier_allow_takes_nothing_back(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    location(web, visitor, "cancel")
    assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("A-19", "RFC 6749 §3.1")
@pytest.mark.parametrize(
    "name", ["search", "nonce", "prompt", "approval_prompt", "display", "audience", "user", "client", "x.y[]"]
)
@pytest.mark.parametrize("value", ["", "none", "\0", "<b>"])
def test_parameters_nobody_knows_change_nothing(
    web: OAuthClient, visitor: Client, name: str, value: str
) -> None:
    query = urlencode([*web.authorization_parameters().items(), (name, value), (name, value)])
    page = visitor.get(f"{AUTHORIZE}?{query}")
    assert page.status_code == 200
    fields = hidden_fields(page.content.decode()) | {"decision": "allow"}
    code = members(visitor.post(AUTHORIZE, fields)["Location"])["code"]
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("A-21", "ASVS 10.4.12")
@pytest.mark.parametrize("response_mode", ["fragment", "form_post", "query", "query.jwt", "web_message"])
def test_the_code_travels_in_the_query_whatever_the_response_mode(
    web: OAuthClient, visitor: Client, response_mode: str
) -> None:
    address = location(web, visitor, response_mode=response_mode)
    assert web.exchange(members(address)["code"]).status_code == 200
    assert "#" not in address
