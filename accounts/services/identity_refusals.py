"""Why a sign-in with a provider finds no account: a sentence for the person, cause and fix for the operator.

Causes name people of this installation by username, and repeat nothing that the provider said.
"""

from accounts.models import IdentityProvider, User
from accounts.oidc.claims import ProviderClaims
from accounts.oidc.failures import ASK_IT, CONTACT_IT, SignInRefusedError


def check_email(claims: ProviderClaims, provider: IdentityProvider) -> None:
    """Refuse a first sign-in without a verified email address in an allowed domain.

    Raises:
        SignInRefusedError: when it is missing, not verified, or of a domain that is not allowed.
    """
    if not claims.email:
        raise SignInRefusedError(
            "no_email",
            f"{provider.name} didn't send your email address, which your first sign-in needs. {CONTACT_IT}",
            "This is the person's first sign-in, and neither the ID token nor the UserInfo endpoint has an "
            "email address in ASCII.",
            "Add “email” to the scopes, and have the provider send the email claim.",
        )
    if not claims.email_is_verified:
        raise SignInRefusedError(
            "unverified_email",
            f"{provider.name} hasn't verified your email address. Verify it there, or {ASK_IT}.",
            "This is the person's first sign-in, and the provider doesn't say that their email address is "
            "verified (email_verified; for Entra ID, xms_edov).",
            "Have the provider verify email addresses and send email_verified. For Entra ID, add the "
            "optional claims email and xms_edov to the ID token.",
        )
    if claims.domain not in provider.allowed_domains:
        allowed = ", ".join(provider.allowed_domains) or "none"
        raise SignInRefusedError(
            "domain_not_allowed",
            f"This email address isn't your organization's. Use your work account, or {ASK_IT}.",
            "This is the person's first sign-in, and the domain of their email address isn't one of this "
            f"provider's allowed email domains: {allowed}.",
            "If people with that domain should have access, add it to the provider under System › Sign-in.",
        )


def nobody(provider: IdentityProvider) -> SignInRefusedError:
    """Return the refusal of somebody who has no account here, if none is created."""
    return SignInRefusedError(
        "no_account",
        "You don't have an account here yet. Ask your organization's IT team to invite you.",
        f"Nobody here has this account or its email address, and {provider.name} doesn't create members.",
        "Invite the person under System › People, or turn on “Create members on first sign-in”.",
    )


def inactive(person: User) -> SignInRefusedError:
    """Return the refusal of somebody who was deactivated."""
    return SignInRefusedError(
        "person_inactive",
        f"Your account here has been deactivated. {CONTACT_IT}",
        f"{person.username} is deactivated.",
        "Activate the person under System › People, if they should have access.",
    )


def invitation_over(person: User) -> SignInRefusedError:
    """Return the refusal of somebody whose invitation has expired, or was withdrawn."""
    return SignInRefusedError(
        "invitation_over",
        "Your invitation has expired or was withdrawn. Ask your organization's IT team for a new one.",
        f"{person.username} was invited, but the invitation is no longer open.",
        "Invite the person again, on their page under System › People.",
    )


def no_way_to_confirm(person: User, provider: IdentityProvider) -> SignInRefusedError:
    """Return the refusal when the account with the email address has no password to confirm with."""
    return SignInRefusedError(
        "cannot_confirm",
        f"The account with your email address can't be linked to {provider.name} yet. {CONTACT_IT}",
        f"{person.username} has this email address, but neither an open invitation nor a password to confirm "
        "with. At the provider, the address may have belonged to somebody else before.",
        "If it is the same person, create a password reset link on their page under System › People. They "
        f"set a password, sign in with {provider.name}, and confirm with that password. If they can't use a "
        "password, choose Allow linking there; then they sign in again.",
    )
