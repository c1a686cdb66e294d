"""Why a sign-in at a provider leads to nobody: a sentence for the person, cause and fix for the operator.

The causes name people of this installation by username, and nothing of what the provider said.
"""

from accounts.models import IdentityProvider, User
from accounts.oidc.claims import ProviderClaims
from accounts.oidc.failures import ASK_IT, SignInRefusedError


def check_email(claims: ProviderClaims, provider: IdentityProvider) -> None:
    """Refuse a first sign-in without an email address that the provider may vouch for.

    Raises:
        SignInRefusedError: when it is missing, not verified, or of a domain that is not allowed.
    """
    if not claims.email:
        raise SignInRefusedError(
            "no_email",
            f"{provider.name} didn't tell your email address, which a first sign-in needs: {ASK_IT}.",
            "The person signs in for the first time, and neither the ID token nor the UserInfo endpoint has "
            "an email address in ASCII.",
            "Add “email” to the scopes, and have the provider send the claim email.",
        )
    if not claims.email_is_verified:
        raise SignInRefusedError(
            "unverified_email",
            f"{provider.name} hasn't verified your email address: verify it there, or {ASK_IT}.",
            "The person signs in for the first time, and the provider doesn't say that their email address "
            "is verified (email_verified; for Entra ID, xms_edov).",
            "Have the provider verify email addresses and send email_verified. For Entra ID, add the "
            "optional claims email and xms_edov to the ID token.",
        )
    if claims.domain not in provider.allowed_domains:
        allowed = ", ".join(provider.allowed_domains) or "none"
        raise SignInRefusedError(
            "domain_not_allowed",
            f"Your email address isn't your organization's: use your work account, or {ASK_IT}.",
            "The person signs in for the first time, with an email address whose domain isn't among this "
            f"provider's allowed email domains: {allowed}.",
            "If people of that domain belong here, add it to the provider under System › Sign-in.",
        )


def nobody(provider: IdentityProvider) -> SignInRefusedError:
    """Return the refusal of somebody whom nobody here is, where no members are created."""
    return SignInRefusedError(
        "no_account",
        "You don't have an account here yet: ask your organization's IT team to invite you.",
        f"Nobody here has this identity or its email address, and {provider.name} doesn't create members.",
        "Invite the person under System › People, or turn on “Create members on first sign-in”.",
    )


def inactive(person: User) -> SignInRefusedError:
    """Return the refusal of somebody who was deactivated."""
    return SignInRefusedError(
        "person_inactive",
        f"Your account here is turned off: {ASK_IT}.",
        f"{person.username} is deactivated.",
        "Activate the person under System › People, if they should have access.",
    )


def invitation_over(person: User) -> SignInRefusedError:
    """Return the refusal of somebody whose invitation has expired, or was withdrawn."""
    return SignInRefusedError(
        "invitation_over",
        "Your invitation has expired or was withdrawn: ask your organization's IT team for another one.",
        f"{person.username} was invited, and has no open invitation.",
        "Invite the person again, on their page under System › People.",
    )


def no_way_to_confirm(person: User, provider: IdentityProvider) -> SignInRefusedError:
    """Return the refusal where somebody has the email address, and no password to confirm with."""
    return SignInRefusedError(
        "cannot_confirm",
        f"There is an account with your email address that can't be linked to {provider.name} yet: {ASK_IT}.",
        f"{person.username} has this email address, and neither an invitation nor a password to confirm "
        "with. The address may have been somebody else's at the provider before.",
        "If it is the same person, create a password link on their page under System › People. They set a "
        f"password with it, sign in with {provider.name}, and confirm with that password.",
    )
