"""How to use an application: commands for a shell and a URL for a browser, with its real IDs."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from common.words import span_in_words
from oauthapps.console.file_names import PRIVATE_KEY, file_name
from oauthapps.models import Application, PublicKey
from oauthapps.rules import scopes
from oauthapps.sql.catalog import current_catalog


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do.

    Attributes:
        title: what it does.
        code: the lines to paste.
        note: what to know about it.
        is_url: whether it is a URL for a browser, not a command for a shell.
    """

    title: str
    code: str
    note: str = ""
    is_url: bool = False


def instructions(
    application: Application, redirect_urls: Sequence[str], keys: Sequence[PublicKey]
) -> list[Step]:
    """Return the steps of the application's own flow.

    Args:
        application: the application.
        redirect_urls: those that are saved; the first one is shown.
        keys: its live keys; the first one's subject is shown.
    """
    if application.type.flow == "jwt":
        return jwt_steps(application, keys)
    redirect_url = redirect_urls[0] if redirect_urls else "https://app.example.com/callback"
    return code_steps(application, redirect_url, has_secret=application.type.flow == "code")


def subject_of(application: Application, keys: Sequence[PublicKey]) -> str:
    """Return the `sub` of a machine's JWTs: a person's User ID, or the application's Service ID.

    Args:
        application: the application.
        keys: its live keys. The first one counts; without any, what is proposed for a new one.
    """
    return keys[0].subject if keys else application.service_id or ""


def explained_subject(keys: Sequence[PublicKey]) -> str:
    """Return whose ID `subject_of` returns, in words."""
    if not keys:
        return "Service ID of the application, for a key that acts as the application itself"
    if keys[0].user is None:
        return "Service ID of the application, because the key acts as the application itself"
    return f"User ID of the person that the key acts as: {keys[0].user.display_name}"


def jwt_steps(application: Application, keys: Sequence[PublicKey]) -> list[Step]:
    """Return how a machine signs a JWT and exchanges it.

    Args:
        application: a Machine to Machine Application.
        keys: its live keys.
    """
    subject, whose = subject_of(application, keys), explained_subject(keys)
    sign = f"""\
b64url() {{ openssl base64 -A | tr '+/' '-_' | tr -d '='; }}
HEADER=$(printf '{{"alg":"RS256","typ":"JWT"}}' | b64url)
CLAIMS=$(printf '{{"iss":"%s","sub":"%s","exp":%d}}' \\
  {application.organization.customer_id} {subject} $(($(date +%s) + 60)) | b64url)
SIGNATURE=$(printf '%s' "$HEADER.$CLAIMS" \\
  | openssl dgst -sha256 -sign {file_name(application, PRIVATE_KEY)} -binary | b64url)"""
    exchange = f"""\
curl -X POST {url_of("oauth2_provider:jwt-exchange")} \\
  -d client_id={application.client_id} \\
  -d "client_secret=$CLIENT_SECRET" \\
  -d "jwt_token=$HEADER.$CLAIMS.$SIGNATURE\""""
    return [
        Step(
            title="Sign a JSON Web Token",
            code=sign,
            note=f"iss is the Customer ID. sub is the {whose}. exp is at most one day ahead.",
        ),
        Step(title="Exchange it for an access token", code=exchange),
        own_step(application),
        call_step(),
    ]


def own_step(application: Application) -> Step:
    """Return how a machine gets a token for itself, without a JWT (RFC 6749 section 4.4)."""
    arguments = [f'-u "{application.client_id}:$CLIENT_SECRET"', "-d grant_type=client_credentials"]
    return Step(
        title="Or get a token for the application itself",
        code=token_request(arguments),
        note="It needs no JWT. The token acts as the application, not as a person.",
    )


def code_steps(application: Application, redirect_url: str, *, has_secret: bool) -> list[Step]:
    """Return the authorization code flow: with a client secret, with PKCE, or with both."""
    has_challenge = application.is_pkce_required
    query = {"client_id": application.client_id, "redirect_uri": redirect_url, "response_type": "code"}
    authorize = f"{url_of('oauth2_provider:authorize')}?{urlencode(query)}&state=STATE"
    replace = "STATE with a random value"
    if has_challenge:
        authorize += "&code_challenge=CHALLENGE&code_challenge_method=S256"
        replace += " and CHALLENGE with the code challenge"
    credentials = f'-u "{application.client_id}:$CLIENT_SECRET"' if has_secret else ""
    code_lifetime = span_in_words(settings.AUTHORIZATION_CODE_SECONDS)
    client = [credentials or f"-d client_id={application.client_id}"]
    exchange = [
        "-d grant_type=authorization_code",
        '-d "code=$CODE"',
        f"-d redirect_uri={quoted(redirect_url)}",
    ]
    if has_challenge:
        exchange.append('-d "code_verifier=$VERIFIER"')
    refresh = ["-d grant_type=refresh_token", '-d "refresh_token=$REFRESH_TOKEN"']
    steps = [
        Step(
            title="Send the user's browser to the authorization endpoint",
            code=authorize,
            note=f"A URL for a browser, not for the shell. Replace {replace}. The browser returns to the "
            f"Redirect URL with code and state. The code expires after {code_lifetime}.",
            is_url=True,
        ),
        *api_steps(application),
        Step(title="Exchange the code for tokens", code=token_request(client + exchange)),
        call_step(),
        Step(title="Refresh the access token", code=token_request(client + refresh)),
    ]
    return [challenge_step(), *steps] if has_challenge else steps


def api_steps(application: Application) -> list[Step]:
    """Return how to ask for one API alone (RFC 8707 section 2), if the application may ask for others."""
    allowed = scopes.parse(application.allowed_scope)
    if set(allowed) <= set(scopes.SCOPES):
        return []
    kept = [scopes.OFFLINE_ACCESS] if scopes.OFFLINE_ACCESS in allowed else []
    queries = [
        urlencode({"scope": scopes.render([*names, *kept]), "resource": api.identifier})
        for api, names in current_catalog().by_api(allowed)
        if not api.is_built_in
    ]
    step = Step(
        title="Ask for one API alone (optional)",
        code="\n".join(f"&{query}" for query in queries),
        note="Add a line to the URL above. The access token is then for that API alone: call that API with "
        "it, not this installation.",
        is_url=True,
    )
    return [step] if queries else []


def challenge_step() -> Step:
    """Return how to create a PKCE code verifier and its challenge (RFC 7636 section 4)."""
    code = """\
VERIFIER=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\\n')
CHALLENGE=$(printf '%s' "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A \\
  | tr '+/' '-_' | tr -d '=')
echo "$CHALLENGE\""""
    return Step(
        title="Create a code verifier and its challenge",
        code=code,
        note="Create a new pair for each sign-in.",
    )


def call_step() -> Step:
    """Return how to call an API with the token."""
    code = f'curl {url_of("api:me")} -H "Authorization: Bearer $ACCESS_TOKEN"'
    return Step(title="Call the API", code=code, note="The header sessionID: $ACCESS_TOKEN works as well.")


def token_request(arguments: Sequence[str]) -> str:
    """Return a request to the token endpoint, one argument a line."""
    return " \\\n  ".join([f"curl -X POST {url_of('oauth2_provider:token')}", *arguments])


def url_of(name: str) -> str:
    """Return the absolute URL of an endpoint."""
    return f"{settings.BASE_URL}{reverse(name)}"


def quoted(url: str) -> str:
    """Return a checked Redirect URL as one shell word, percent-encoded for a form."""
    return urlencode({"": url}).removeprefix("=")
