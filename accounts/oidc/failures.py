"""What can go wrong with an identity provider: a sentence for the person, cause and fix for the operator.

Nothing in any of them is a code, a token or a claim. Causes name what was sent only where it is an error code
or a name of a key, an algorithm or an issuer, and no more of it than fits a line.
"""

import re

from accounts.models import IdentityProvider
from accounts.oidc.errors import ProviderError

ASK_IT = "contact your organization's IT team"
LONGEST_QUOTE = 200
# What is left out of a provider's words: long ones, which may be a credential, and email addresses.
WITHHELD = re.compile(r"[^\s:/?&=]{41,}|[^\s@]+@[^\s@]+")


class SignInRefusedError(ProviderError):
    """A sign-in at a provider that comes to nothing.

    Attributes:
        code: names the refusal in the request inspector.
    """

    def __init__(self, code: str, sentence: str, cause: str, fix: str) -> None:
        super().__init__(sentence, cause, fix)
        self.code = code


def quoted(value: object) -> str:
    """Return what a provider sent as it may stand in a log: one line, cut, without credentials."""
    text = WITHHELD.sub("…", str(value)[: 2 * LONGEST_QUOTE])
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return f"“{printable[:LONGEST_QUOTE]}”"


def unavailable(provider: IdentityProvider, cause: str, fix: str = "") -> SignInRefusedError:
    """Return the refusal where the provider does not answer, or not as it should."""
    return SignInRefusedError(
        "provider_unavailable",
        f"{provider.name} isn't responding right now: try again in a few minutes.",
        cause,
        fix or "Check whether the provider is up, and whether this server can reach it.",
    )


def wrongly_set_up(provider: IdentityProvider, code: str, cause: str, fix: str) -> SignInRefusedError:
    """Return the refusal that lasts until somebody changes what is set up here or at the provider."""
    sentence = f"Sign-in with {provider.name} isn't set up correctly: {ASK_IT}."
    return SignInRefusedError(code, sentence, cause, fix)


def not_believed(provider: IdentityProvider, code: str, cause: str, fix: str) -> SignInRefusedError:
    """Return the refusal where what came cannot be shown to be the provider's answer."""
    return SignInRefusedError(
        code,
        f"The answer of {provider.name} couldn't be verified: sign in again, or {ASK_IT}.",
        cause,
        fix,
    )


def canceled(provider: IdentityProvider, said: str) -> SignInRefusedError:
    """Return the refusal where the person said no at the provider, or the provider said no to them."""
    return SignInRefusedError(
        "access_denied",
        f"Sign-in at {provider.name} was canceled or not allowed: sign in again, or {ASK_IT}.",
        f"The person canceled, or isn't assigned to this application at the provider. It answered {said}.",
        "If the person should have access, assign them to this application at the provider.",
    )


def unknown_state() -> SignInRefusedError:
    """Return the refusal of an answer that this browser, as far as it tells, has not asked for."""
    return SignInRefusedError(
        "unknown_state",
        "This sign-in took too long, was already used, or began in another browser: sign in again.",
        "The state isn't one that this browser's session has begun within 10 minutes and not used yet.",
        "If it happens to everyone, check that BASE_URL has the host that people use and cookies arrive.",
    )
