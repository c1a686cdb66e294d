"""Why an authorization request was refused (RFC 6749 section 4.1.2.1).

Anybody can make such a request, and only the browser of a person carries it: a sentence names nobody who
refused, and repeats of the request what could be no credential.
"""

from datetime import datetime

from oauthapps.explanations import applications, redirect_uris
from oauthapps.explanations.applications import Claimed
from oauthapps.http.messages import Explanation
from oauthapps.models import Application
from oauthapps.rules import masking

CHALLENGE_LENGTH = 43  # characters (RFC 7636 section 4.2)
SEND_S256 = (
    "Send the SHA-256 hash of a random verifier, in base64url, as code_challenge with "
    "code_challenge_method=S256."
)


def no_client(claimed: Claimed, at: datetime) -> Explanation:
    """Return why nobody can sign in to an application by this Client ID.

    Args:
        claimed: as it was sent.
        at: when the request was refused.
    """
    unavailable = applications.unavailable(claimed, at)
    if unavailable is not None:
        return unavailable
    application = Application.objects.get(client_id=claimed.client_id)
    return Explanation(
        f"{application.name} is a {application.type.label}, which nobody signs in to.",
        "Have it get tokens with client_credentials or a JWT, or create a Web or Single Page application.",
    )


def other_redirect_uri(client_id: str, sent: str) -> Explanation:
    """Return where a redirect URI differs from the registered one that is closest."""
    return redirect_uris.not_registered(client_id, sent)


def malformed_redirect_uri(sent: str) -> Explanation:
    """Return that a redirect URI is no absolute URI."""
    fault = "has a # in it" if "#" in sent else "is not an absolute URL"
    return Explanation(
        f"redirect_uri {fault}.",
        "Send a registered Redirect URL, beginning with its scheme and without a fragment.",
        {"sent": masking.without_credentials(sent), "can_add": False},
    )


def no_redirect_uri(client_id: str) -> Explanation:
    """Return that a request names no redirect URI, and why that can't do."""
    application = Application.objects.filter(client_id=client_id).first()
    number = application.redirect_urls.count() if application else 0
    has = f"has {number} Redirect URLs" if number else "has no Redirect URLs"
    fix = "Send one of them as redirect_uri." if number else "Add one under Settings › Redirect URLs."
    return Explanation(f"The request has no redirect_uri, and the application {has}.", fix)


def other_response_type(said: str) -> Explanation:
    """Return that something else than a code is asked for.

    Args:
        said: what a sentence calls what was sent.
    """
    return Explanation(f"response_type is {said}; only code is offered.", "Send response_type=code.")


def no_challenge(client_id: str) -> Explanation:
    """Return that a request has no challenge, which its client must send."""
    application = Application.objects.get(client_id=client_id)
    why = (
        f"a {application.type.label} must use PKCE"
        if application.type.pkce_required
        else "the application requires PKCE under Settings › Tokens"
    )
    return Explanation(f"The request has no code_challenge, and {why}.", SEND_S256)


def bad_challenge(length: int, method: str) -> Explanation:
    """Return what is wrong with a challenge.

    Args:
        length: how many characters it has.
        method: what a sentence calls the method.
    """
    if method != "S256":
        return Explanation(f"code_challenge_method is {method}; only S256 is offered.", SEND_S256)
    if length != CHALLENGE_LENGTH:
        return Explanation(
            f"code_challenge has {length} characters; the SHA-256 hash in base64url has {CHALLENGE_LENGTH}.",
            SEND_S256,
        )
    return Explanation("code_challenge has characters that aren't base64url, such as + or /.", SEND_S256)


def request_object(name: str) -> Explanation:
    """Return that a request comes as an object, which is not offered (RFC 9101)."""
    return Explanation(
        f"The request has the parameter {name}; request objects are not offered.",
        "Send the parameters themselves, in the URL.",
    )


def too_long(size: int, limit: int) -> Explanation:
    """Return that the parameters have too many bytes together."""
    return Explanation(
        f"The parameters are {size:,} bytes long in total; the limit is {limit:,}.",
        "Send a shorter state: a random value, under which the client keeps the data on its side.",
        {"bytes": size, "limit": limit},
    )


def sent_twice(name: str) -> Explanation:
    """Return that a parameter came more than once."""
    return Explanation(f"The parameter {name} was sent more than once.", f"Send {name} once.")


def not_text(name: str) -> Explanation:
    """Return that a parameter is no text."""
    return Explanation(
        f"The parameter {name} has a NUL character or broken Unicode in it.",
        f"Encode {name} as UTF-8, then percent-encode it.",
    )


def canceled() -> Explanation:
    """Return that the person did not allow what was asked for."""
    return Explanation(
        "The person chose Cancel on the consent page.",
        "Nothing is wrong. Let the person try again from the application, once it says what it needs access "
        "for.",
    )


def answered_before() -> Explanation:
    """Return that the same consent page had been answered."""
    return Explanation(
        "The consent page had already been answered, and its code no longer works.",
        "Let the person start over from the application.",
    )


def not_shown() -> Explanation:
    """Return that the form did not come from a consent page that was shown here."""
    return Explanation(
        "The form did not come from a consent page that was shown here, or it was changed on the way.",
        "Let the person start over from the application.",
    )


def redirect_url_removed(sent: str) -> Explanation:
    """Return that the redirect URL was removed while the consent page was open."""
    return Explanation(
        "The Redirect URL was removed from the application while the consent page was open.",
        "Add it under Settings › Redirect URLs if the client still uses it.",
        {"sent": redirect_uris.without_credentials(sent)},
    )
