"""What can go wrong with an identity provider: a sentence for the person, cause and fix for the operator.

None of these contains a code, a token, or a claim. Causes quote what was sent only if it is an error code or
the name of a key, an algorithm, or an issuer, and no more than one line of it.
"""

import re

from accounts.models import IdentityProvider
from accounts.oidc.errors import ProviderError

ASK_IT = "contact your organization's IT team"
CONTACT_IT = "Contact your organization's IT team."
LONGEST_QUOTE = 200
# What is left out of a provider's text: long words, which may be credentials, and email addresses.
WITHHELD = re.compile(r"[^\s:/?&=]{41,}|[^\s@]+@[^\s@]+")


class SignInRefusedError(ProviderError):
    """A sign-in with a provider that is refused.

    Attributes:
        code: names the refusal in the request inspector.
    """

    def __init__(self, code: str, sentence: str, cause: str, fix: str) -> None:
        super().__init__(sentence, cause, fix)
        self.code = code


def quoted(value: object) -> str:
    """Return what a provider sent, safe for a log: one line, cut, without credentials."""
    text = WITHHELD.sub("…", str(value)[: 2 * LONGEST_QUOTE])
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return f"“{printable[:LONGEST_QUOTE]}”"


def unavailable(provider: IdentityProvider, cause: str, fix: str = "") -> SignInRefusedError:
    """Return the refusal when the provider doesn't answer, or not as it should."""
    return SignInRefusedError(
        "provider_unavailable",
        f"{provider.name} isn't responding right now. Try again in a few minutes.",
        cause,
        fix or "Check whether the provider is up, and whether this server can reach it.",
    )


def wrongly_set_up(provider: IdentityProvider, code: str, cause: str, fix: str) -> SignInRefusedError:
    """Return the refusal that lasts until somebody fixes the configuration here or at the provider."""
    sentence = f"Sign-in with {provider.name} isn't set up correctly. {CONTACT_IT}"
    return SignInRefusedError(code, sentence, cause, fix)


def not_believed(provider: IdentityProvider, code: str, cause: str, fix: str) -> SignInRefusedError:
    """Return the refusal when the response can't be shown to be the provider's."""
    return SignInRefusedError(
        code,
        f"The response from {provider.name} couldn't be verified. Sign in again, or {ASK_IT}.",
        cause,
        fix,
    )


def canceled(provider: IdentityProvider, said: str) -> SignInRefusedError:
    """Return the refusal when the person canceled at the provider, or the provider turned them away."""
    return SignInRefusedError(
        "access_denied",
        f"Sign-in with {provider.name} was canceled or denied. Sign in again, or {ASK_IT}.",
        f"The person canceled, or isn't assigned to this application at the provider. It answered {said}.",
        "If the person should have access, assign them to this application at the provider.",
    )


def unknown_state() -> SignInRefusedError:
    """Return the refusal of a response to a sign-in that this browser's session didn't start."""
    return SignInRefusedError(
        "unknown_state",
        "This sign-in took too long, was already used, or was started in another browser. Sign in again.",
        "The state doesn't belong to an unfinished sign-in that this browser's session started in the last "
        "10 minutes.",
        "If it happens to everyone, check that BASE_URL has the host people use, and that cookies arrive.",
    )
