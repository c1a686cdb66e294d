"""How to use an application: lines for a shell and an address for a browser, with its real ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from oauthapps.console.file_names import PRIVATE_KEY, file_name
from oauthapps.models import Application, PublicKey


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do.

    Attributes:
        title: what it does.
        code: the lines to paste.
        note: what to know about it.
        is_address: whether it is for a browser, not for a shell.
    """

    title: str
    code: str
    note: str = ""
    is_address: bool = False


def instructions(
    application: Application, redirect_urls: Sequence[str], keys: Sequence[PublicKey], *, viewer: User
) -> list[Step]:
    """Return the steps of the application's own flow.

    Args:
        application: the application.
        redirect_urls: those that are saved; the first one is shown.
        keys: its live keys; the first one's User ID is shown.
        viewer: whoever reads it; their User ID stands where there is no key yet, as a key they add will have.
    """
    if application.type.flow == "jwt":
        return jwt_steps(application, signer_of(keys, viewer=viewer))
    redirect_url = redirect_urls[0] if redirect_urls else "https://app.example.com/callback"
    return code_steps(application, redirect_url, has_secret=application.type.flow == "code")


def signer_of(keys: Sequence[PublicKey], *, viewer: User) -> User:
    """Return the person whose User ID is the `sub` of a machine's JWTs.

    Args:
        keys: the live keys of the application; the first one's counts.
        viewer: whoever looks: the person that a key they add now would speak for.
    """
    return keys[0].user if keys else viewer


def jwt_steps(application: Application, user: User) -> list[Step]:
    """Return how a machine signs a JWT with a key that this person has added, and exchanges it."""
    sign = f"""\
b64url() {{ openssl base64 -A | tr '+/' '-_' | tr -d '='; }}
HEADER=$(printf '{{"alg":"RS256","typ":"JWT"}}' | b64url)
CLAIMS=$(printf '{{"iss":"%s","sub":"%s","exp":%d}}' \\
  {application.organization.customer_id} {user.user_id} $(($(date +%s) + 60)) | b64url)
SIGNATURE=$(printf '%s' "$HEADER.$CLAIMS" \\
  | openssl dgst -sha256 -sign {file_name(application, PRIVATE_KEY)} -binary | b64url)"""
    exchange = f"""\
curl -X POST {address("oauth2_provider:jwt-exchange")} \\
  -d client_id={application.client_id} \\
  -d "client_secret=$CLIENT_SECRET" \\
  -d "jwt_token=$HEADER.$CLAIMS.$SIGNATURE\""""
    return [
        Step(
            title="Sign a JSON Web Token",
            code=sign,
            note="iss is the Customer ID; sub is the User ID of who added the key, here "
            f"{user.display_name}; exp is at most a day ahead.",
        ),
        Step(title="Exchange it for an access token", code=exchange),
        call_step(),
    ]


def code_steps(application: Application, redirect_url: str, *, has_secret: bool) -> list[Step]:
    """Return the authorization code flow: with a client secret, or with PKCE instead of one."""
    query = {"client_id": application.client_id, "redirect_uri": redirect_url, "response_type": "code"}
    authorize = f"{address('oauth2_provider:authorize')}?{urlencode(query)}&state=STATE"
    replace = "STATE by a random value"
    if not has_secret:
        authorize += "&code_challenge=CHALLENGE&code_challenge_method=S256"
        replace += " and CHALLENGE by the challenge"
    credentials = f'-u "{application.client_id}:$CLIENT_SECRET"' if has_secret else ""
    client = [credentials or f"-d client_id={application.client_id}"]
    exchange = [
        "-d grant_type=authorization_code",
        '-d "code=$CODE"',
        f"-d redirect_uri={quoted(redirect_url)}",
    ]
    if not has_secret:
        exchange.append('-d "code_verifier=$VERIFIER"')
    refresh = ["-d grant_type=refresh_token", '-d "refresh_token=$REFRESH_TOKEN"']
    steps = [
        Step(
            title="Send the person's browser here",
            code=authorize,
            note=f"An address for a browser: replace {replace}. The browser comes back to the Redirect URL "
            "with code and state. A code lives two minutes.",
            is_address=True,
        ),
        Step(title="Exchange the code for tokens", code=token_request(client + exchange)),
        call_step(),
        Step(title="Refresh", code=token_request(client + refresh)),
    ]
    return steps if has_secret else [challenge_step(), *steps]


def challenge_step() -> Step:
    """Return how to make a PKCE verifier and its challenge (RFC 7636 section 4)."""
    code = """\
VERIFIER=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\\n')
CHALLENGE=$(printf '%s' "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A \\
  | tr '+/' '-_' | tr -d '=')
echo "$CHALLENGE\""""
    return Step(title="Make a verifier and its challenge", code=code, note="Each sign-in needs a new pair.")


def call_step() -> Step:
    """Return how to call an API with the token."""
    code = f'curl {address("api:me")} -H "Authorization: Bearer $ACCESS_TOKEN"'
    return Step(title="Call the API", code=code, note="The header sessionID: $ACCESS_TOKEN works as well.")


def token_request(arguments: Sequence[str]) -> str:
    """Return a request to the token endpoint, one argument a line."""
    return " \\\n  ".join([f"curl -X POST {address('oauth2_provider:token')}", *arguments])


def address(name: str) -> str:
    """Return the whole address of an endpoint."""
    return f"{settings.BASE_URL}{reverse(name)}"


def quoted(url: str) -> str:
    """Return a checked Redirect URL as one shell word, percent-encoded for a form."""
    return urlencode({"": url}).removeprefix("=")
