"""Who is affected when an identity provider is deleted."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef

from accounts.models import IdentityProvider, Organization, PasswordRule, User

PASSKEYS = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True, kw_only=True)
class DeletionImpact:
    """What deleting a provider would do.

    Attributes:
        people: how many active people can sign in with it.
        stranded: how many of them have no other linked account, password, or passkey.
        opens_passwords: whether passwords are restricted now, and wouldn't be anymore.
    """

    people: int
    stranded: int
    opens_passwords: bool


def impact_of_deletion(provider: IdentityProvider) -> DeletionImpact:
    """Return who deleting a provider would affect."""
    identities = SocialAccount.objects.filter(user=OuterRef("pk"))
    there, elsewhere = (
        identities.filter(provider=provider.issuer),
        identities.exclude(provider=provider.issuer),
    )
    people = User.objects.filter(Exists(there), is_active=True)
    stranded = people.filter(
        ~Exists(elsewhere), ~Exists(PASSKEYS), password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    others = IdentityProvider.objects.filter(is_enabled=True).exclude(pk=provider.pk)
    restricts = Organization.objects.exclude(password_rule=PasswordRule.EVERYBODY)
    return DeletionImpact(
        people=people.count(),
        stranded=stranded.count(),
        opens_passwords=provider.is_enabled and restricts.exists() and not others.exists(),
    )
